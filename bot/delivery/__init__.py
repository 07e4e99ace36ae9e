"""Keeps Slack showing the newest drafts inside its limits. `board` makes the calls, `outcomes` judges failures."""
