"""Reads one variable after another, each into a value that can be used as it is. Pure.

What is missing or wrong is one line that names the variable and says where to get it; it never shows the value.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.durable.sql.dsn import read_dsn
from bot.durable.sql.kinds import Kind, find_kind
from bot.errors import SettingsError
from bot.printable import printable

LONGEST_MODEL = 200  # characters; the longest names are paths of a hub, or of a cloud's resources

SHORTEST_TOKEN = 16  # characters of what people have chosen; nobody guesses that
LONGEST_WORD = 200  # characters; a client's id has some 25, a secret 32

_PREFIXES = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
TOKEN_SOURCES = {
    "SLACK_BOT_TOKEN": "Copy it from your app's page at api.slack.com/apps: OAuth & Permissions, Bot User OAuth Token.",
    "SLACK_APP_TOKEN": "Make one on your app's page at api.slack.com/apps: Basic Information, App-Level Tokens, "
    "with the scope connections:write.",
}
WEB_TOKEN_SOURCE = "`openssl rand -hex 16` makes one."  # noqa: S105 - words, and none that is secret
_KEY_SOURCE = "Make one at platform.openai.com/api-keys, or use the one of your OPENAI_BASE_URL's server."


class Reader:
    """Reads one variable after another, each into a value that can be used as it is."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str = "") -> str:
        """What a variable says, without the spaces around it."""
        return self._environment.get(name, "").strip() or default

    def check_tokens(self) -> None:
        """See that the tokens of one workspace are in order; that of sockets may be missing."""
        bot, app = self.text("SLACK_BOT_TOKEN"), self.text("SLACK_APP_TOKEN")
        if bot.startswith("xapp-") and app.startswith("xoxb-"):
            raise SettingsError("SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: the bot's begins with xoxb-.")
        self.check_token("SLACK_BOT_TOKEN")

    def key(self) -> str:
        """The key of the model's server."""
        key = self.text("OPENAI_API_KEY")
        if not key:
            raise SettingsError(f"OPENAI_API_KEY is not set. {_KEY_SOURCE}")
        if not _is_header_value(key) or re.match("xox|xapp-", key):
            raise SettingsError(f"OPENAI_API_KEY is not a key. {_KEY_SOURCE}")
        return key

    def name(self, name: str, default: str) -> str:
        """A name that people read."""
        text = self.text(name, default)
        if text != printable(text, LONGEST_MODEL):  # it stands in every reply
            raise SettingsError(
                f"{name} is not a name such as {default}: one line of at most {LONGEST_MODEL} characters."
            )
        return text

    def url(self, name: str, default: str) -> str:
        """An address on the web."""
        url = self.text(name, default)
        try:
            parts = urlsplit(url)
            is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_address = False
        if not is_address or not url.isprintable() or " " in url:
            raise SettingsError(f"{name} is not an address such as {default}.")
        return url

    def database(self, name: str, default: str) -> str:
        """A database's address."""
        url = self.text(name, default)
        kind = find_kind(url)
        if kind is None or not url.isprintable():
            raise SettingsError(f"{name} is not an address such as {default} or postgresql://user:password@host/name.")
        if kind is Kind.POSTGRESQL:
            read_dsn(url)
        return url

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """A number within bounds."""
        try:
            number = float(self.text(name, str(default)))
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise SettingsError(f"{name} is not a number from {least:g} to {most:g}; {default:g} is the default.")
        return number

    def count(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number within bounds."""
        text = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise SettingsError(f"{name} is not a whole number from {least} to {most}; {default} is the default.")
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """One of several words, in any case."""
        text = self.text(name, default)
        choice = next((one for one in choices if one.lower() == text.lower()), None)
        if choice is None:
            raise SettingsError(f"{name} is not one of {', '.join(choices)}; {default} is the default.")
        return choice

    def host(self, name: str, default: str) -> str:
        """An address of this machine's, to listen at."""
        text = self.text(name, default).removeprefix("[").removesuffix("]").lower()
        if not re.fullmatch(r"[0-9A-Za-z.:_-]{1,253}", text):
            raise SettingsError(f"{name} is not an address of this machine such as {default} or 0.0.0.0.")
        return text

    def secret(self, name: str, shortest: int) -> str:
        """Something secret that people have chosen; empty where there is none."""
        text = self.text(name)
        if text and (len(text) < shortest or not _is_header_value(text)):
            raise SettingsError(f"{name} is not {shortest} or more letters, digits and signs. {WEB_TOKEN_SOURCE}")
        return text

    def word(self, name: str, source: str) -> str:
        """What Slack has made up and gives out, such as a secret; empty where there is none."""
        text = self.text(name)
        if not _is_header_value(text) or len(text) > LONGEST_WORD:
            raise SettingsError(f"{name} is not letters, digits and signs as Slack gives them. {source}")
        return text

    def token_keys(self) -> tuple[str, ...]:
        """The keys with which tokens are sealed, as `cryptography` has them."""
        name, source = "TOKEN_KEY", "`openssl rand -base64 32` makes one; keep it as safe as the tokens."
        keys = [one.strip() for one in self.text(name).split(",")]
        if keys == [""]:
            raise SettingsError(f"{name} is not set, and SLACK_CLIENT_ID is. {source}")
        if len(keys) > 2 or not all(map(_is_key, keys)):  # noqa: PLR2004 - the new one and the old
            raise SettingsError(
                f"{name} is not a key of 32 bytes in base64, nor two with a comma between, the new one first. {source}"
            )
        return tuple(key.replace("+", "-").replace("/", "_") for key in keys)

    def check_token(self, name: str, *, hint: str = "") -> None:
        """See that a token of Slack's is there, and looks like one; a `hint` says what else would do."""
        token, prefix, source = self.text(name), _PREFIXES[name], " ".join(filter(None, (TOKEN_SOURCES[name], hint)))
        if token in {"", prefix}:
            raise SettingsError(f"{name} is not set. {source}")
        if not token.startswith(prefix) or not _is_header_value(token):
            raise SettingsError(f"{name} is not such a token: it begins with {prefix}. {source}")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)) == 32  # noqa: PLR2004
    except (binascii.Error, ValueError):
        return False


def _is_header_value(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
