"""Whether the bot would run: what `python -m bot check` looks at, one line for each thing, for whoever runs the bot."""

from bot.check.lines import Line, Verdict
from bot.check.looks import check
from bot.slack.installation import OPTIONAL_SCOPES, SCOPES

__all__ = ["OPTIONAL_SCOPES", "SCOPES", "Line", "Verdict", "check"]
