"""How what Slack sends and is sent comes and goes: the `socket`, which is connected anew; failed calls."""
