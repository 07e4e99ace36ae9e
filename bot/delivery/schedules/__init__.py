"""What is sent next, and when: edits and posts, each inside Slack's limit. Pure."""
