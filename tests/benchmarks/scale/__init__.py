"""What one process and one database carry, measured, and how far that goes, on paper. See `__main__`."""
