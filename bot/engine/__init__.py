"""The engine: a problem in, drafts of its answers out. It knows neither Slack nor a database."""
