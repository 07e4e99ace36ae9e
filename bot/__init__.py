"""A Slack bot that shows a problem from four sides at once, while all four answers grow."""
