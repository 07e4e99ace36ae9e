"""The web page and the streaming API on the engine: `python -m bot web`. It knows neither Slack nor a database."""
