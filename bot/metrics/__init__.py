"""What Prometheus is told of the bot's work: what was counted of it, read when it asks. Loaded only where it may."""
