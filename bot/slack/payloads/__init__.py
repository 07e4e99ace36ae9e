"""What Slack sends, read strictly: whatever is missing, or of another type, is odd, and nothing else is made of it."""
