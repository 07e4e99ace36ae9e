"""The tables: what they are, how runs are written into them and read back, and which process owns which run."""
