"""The ways in: Slack's payloads through sockets or over HTTP, and installs; whose they are, and who has left again."""
