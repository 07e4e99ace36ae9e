"""The playground in a browser: a small Slack to click in, over the stand-in, with a person for each window."""
