"""The settings: the environment, or a `.env` file, read once. Nothing else in this project reads the environment.

What is missing or wrong is told at the start, in one line that names the variable and says where to get it; values are
never shown, since most of them are secrets.
"""

from bot.settings.environment import read_environment
from bot.settings.settings import Settings, WebSettings, read_database_url, read_settings, read_web_settings
from bot.settings.slack import WAYS, Distribution, Http, without_slack

__all__ = [
    "WAYS",
    "Distribution",
    "Http",
    "Settings",
    "WebSettings",
    "read_database_url",
    "read_environment",
    "read_settings",
    "read_web_settings",
    "without_slack",
]
