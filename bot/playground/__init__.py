"""A stand-in for Slack and a small local model, for trying the bot with no account and for its tests."""
