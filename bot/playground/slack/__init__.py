"""A stand-in for Slack: its Web API, its Socket Mode and its limits, in this process."""
