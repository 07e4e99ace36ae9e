"""What is sent to a model's server, and how what it streams back is read: bytes in, an answer's state out. Pure."""
