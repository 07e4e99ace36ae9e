"""What people and models write, whoever shows it: its first sentence, and its characters as they are seen. Pure."""
