"""What Slack's blocks consist of: texts, buttons and fields, forms, and the blocks that Slack makes of those it got."""
