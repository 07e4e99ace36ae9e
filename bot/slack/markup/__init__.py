"""Text in the forms that Slack takes: escaped, its Markdown made fit, and cut into `pages`. Pure."""
