"""What a thread consists of: the parent, a reply for each answer, their pages and their buttons. Pure."""
