"""What Slack has for an app that many workspaces install: OAuth, and payloads that go to an address of the app's."""
