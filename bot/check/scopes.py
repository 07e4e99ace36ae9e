"""A token's scopes against those that the bot needs, or makes use of. Pure."""

from collections.abc import Collection

from bot.check.lines import Line, Verdict
from bot.slack.installation import OPTIONAL_SCOPES, SCOPES

PAGE = "on your app's page at api.slack.com/apps: OAuth & Permissions, Bot Token Scopes; then install the app anew"


def compare(scopes: Collection[str] | None) -> list[Line]:
    """What there is to say of a token's scopes; None where Slack does not say them."""
    if scopes is None:
        return [Line(Verdict.NOTE, "scopes", f"not checked: Slack does not say them; needed are {', '.join(SCOPES)}")]
    missing = [f"{scope} ({reason})" for scope, reason in SCOPES.items() if scope not in scopes]
    lines = [Line(Verdict.OK, "scopes", ", ".join(SCOPES))]
    if missing:
        lines = [Line(Verdict.WRONG, "scopes", f"missing: {', '.join(missing)}. Add what is missing {PAGE}.")]
    spare = [f"{scope} ({where})" for scope, where in OPTIONAL_SCOPES.items() if scope not in scopes]
    if spare:
        direct = " It hears of no direct message either." if "im:history" not in scopes else ""
        lines.append(
            Line(
                Verdict.NOTE,
                "scopes",
                f"without {', '.join(spare)} it reads no thread there that it is called into, and a reply whose "
                f"posting was cut off is told as interrupted instead of being found again.{direct}",
            )
        )
    return lines
