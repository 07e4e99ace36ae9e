"""What is sent next, and when, inside Slack's limits: `edits` and `posts` choose, by what the others reckon. Pure."""
