"""What comes over HTTP: Slack's events, people who install the bot, and hosts that ask how it is."""
