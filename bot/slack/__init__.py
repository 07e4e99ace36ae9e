"""Slack's formats and wires: what messages and their `controls` (buttons) look like, and how all comes and goes.

No other folder imports Slack's SDKs.
"""
