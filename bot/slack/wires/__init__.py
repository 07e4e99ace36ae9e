"""How what Slack sends and is sent comes and goes: sessions, the socket, what a failed call means, where to answer."""
