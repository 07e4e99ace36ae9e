"""Slack's formats and wires: what messages look like, and how they come and go.

No other folder imports Slack's SDKs.
"""
