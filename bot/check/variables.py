"""What is wrong with the settings: all of it at once, where whoever only starts the bot is told of the first. Pure."""

import re
from collections.abc import Mapping
from dataclasses import fields

from bot.check.lines import Line, Verdict
from bot.errors import SettingsError
from bot.settings import WAYS, Settings, read_settings

# Values that are in order, to see what is wrong with each of the others by itself. They open nothing.
_STAND_INS = {"SLACK_BOT_TOKEN": "xoxb-0", "SLACK_APP_TOKEN": "xapp-0", "OPENAI_API_KEY": "0"}
_MORE_STAND_INS = {
    "SLACK_CLIENT_ID": "0",
    "SLACK_CLIENT_SECRET": "0",
    "SLACK_SIGNING_SECRET": "0",
    "PUBLIC_URL": "https://perspectives.example.com",
    "TOKEN_KEY": f"{'0' * 42}A=",
    "PORT": "8000",
    "WEB_HOST": "127.0.0.1",
    "METRICS_TOKEN": "0" * 16,
}

_NAMES = re.compile(r"([A-Z_]{4,})(?: and ([A-Z_]{4,}))?\b")  # that a message begins with


def read_all(environment: Mapping[str, str]) -> tuple[Settings, set[str], list[Line]]:
    """The settings, with stand-ins for the variables that are wrong; their names; and what is to be said of them."""
    told: dict[str, str] = {}
    names = [field.name.upper() for field in fields(Settings)]
    ways = {name: environment[name] for name in WAYS if environment.get(name, "").strip()}
    if ways.keys() - _STAND_INS.keys():  # more than one workspace's tokens: what is missing hangs on what is there
        names = [name for name in names if name not in WAYS]
        address = {"SLACK_API_URL": environment.get("SLACK_API_URL", "")}
        is_known = not _find_problem({**_STAND_INS, **address})
        found = _find_problems({"OPENAI_API_KEY": "0", **(address if is_known else {})}, ways)
        if found:  # nothing of it can be looked at then
            told = dict.fromkeys(WAYS, next(iter(found.values()))) | found
    for name in names:
        if problem := _find_problem({**_STAND_INS, name: environment.get(name, "")}):
            told[name] = problem
    usable = {**environment, **{name: _STAND_INS.get(name, "") for name in told}}
    problems = [*dict.fromkeys(told.values())]
    whole = _find_problem(environment)
    if whole and whole not in problems:  # it is about two of them: tokens that are swapped
        problems = [whole, *(problem for name, problem in told.items() if name not in whole)]
    settings = read_settings(usable)
    if problems:
        return settings, set(told), [Line(Verdict.WRONG, "settings", problem) for problem in problems]
    return settings, set(), [Line(Verdict.OK, "settings", f"complete: {_describe(settings)}"), *_notes(environment)]


def _find_problems(rest: Mapping[str, str], ways: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with those variables, one after the other, by the name of each."""
    found: dict[str, str] = {}
    while problem := _find_problem({**rest, **ways}):
        named = _NAMES.match(problem)
        names = [name for name in (named.groups() if named else ()) if name and name not in found]
        if not names:
            return found or {"": problem}
        found |= dict.fromkeys(names, problem)
        ways = {**ways, **{name: (_STAND_INS | _MORE_STAND_INS).get(name, "") for name in names}}
    return found


def _find_problem(environment: Mapping[str, str]) -> str:
    try:
        read_settings(environment)
    except SettingsError as error:
        return str(error)
    return ""


def _describe(settings: Settings) -> str:
    """Whose it is, and how Slack reaches it."""
    whose = "for any workspace that installs it" if settings.distribution else "for one workspace"
    is_over_http = settings.http is not None and settings.http.signing_secret
    ways = [*(["sockets"] if settings.slack_app_token else []), *(["HTTP"] if is_over_http else [])]
    return f"{whose}, over {' and '.join(ways)}"


def _notes(environment: Mapping[str, str]) -> list[Line]:
    """What is set and does nothing."""

    def is_set(name: str) -> bool:
        return bool(environment.get(name, "").strip())

    lines = []
    if is_set("SLACK_CLIENT_ID") and is_set("SLACK_BOT_TOKEN"):
        text = "not used: SLACK_CLIENT_ID is set, and each workspace that installs it has a token of its own"
        lines.append(Line(Verdict.NOTE, "SLACK_BOT_TOKEN", text))
    if not is_set("PORT"):
        told = "PORT is not set, and so nothing listens"
        lines += [Line(Verdict.NOTE, one, f"not used: {told}") for one in ("METRICS_TOKEN", "WEB_HOST") if is_set(one)]
    return lines
