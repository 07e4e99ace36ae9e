"""Delivery keeps Slack showing the newest drafts inside its limits. Pure but for `board`, which makes the calls."""
