"""What is claimed to be better, measured against what it replaces; in simulated or virtual time."""
