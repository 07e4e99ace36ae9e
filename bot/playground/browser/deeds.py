"""What somebody does at a page, done in the workspace as Slack's own client does it.

A deed is an object of JSON: `do` says what, beside the texts that it needs. What is typed into a composer is a
command, a message to the bot alone, or a message that may mention it: the client tells those apart, not the person.
That the app has not taken what somebody did is no refusal: they are warned, as `Workspace.warnings` has it.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.playground.slack.records import Message, User, View, Whisper
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import SLACKBOT

COMMAND = "/perspectives"
SHORTCUT = "perspectives_on_message"  # these two as in the app's manifest


class NotPossibleError(Exception):
    """What cannot be done, in words for whoever tried."""


class Deeds:
    """Carries out what people do."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack
        self._workspace = slack.workspace

    async def do(self, person: User, deed: Mapping[str, Any]) -> None:
        """Carry out a deed of a person.

        Raises:
            NotPossibleError: they cannot do that.
        """
        known = DEEDS.get(str(deed.get("do")))
        if known is None:
            raise NotPossibleError("There is no such deed.")
        act, needed, optional = known
        given = {name: deed[name] for name in (*needed, *optional) if deed.get(name) is not None}
        if any(name not in given for name in needed) or not all(map(_is_fit, given, given.values())):
            raise NotPossibleError("The deed is not described as it should be.")
        try:
            await act(self, person, **given)
        except (ValueError, KeyError) as error:
            raise NotPossibleError(f"That is not possible: {error}.") from error

    async def write(self, person: User, *, channel: str, text: str, thread: str | None = None) -> None:
        """Send what stands in a composer."""
        place = self._workspace.channel(channel)
        words = text.strip()
        if person.id not in place.members:
            raise NotPossibleError(f"You are not in {place.name}.")
        if not words:
            raise NotPossibleError("There is nothing to send.")
        if words.startswith("/"):
            await self._type_command(person, place.id, words, thread)
        elif place.is_direct:
            await self._slack.direct_message(words, user=person.id, thread_ts=thread)
        else:
            await self._slack.write(words, user=person.id, channel=place.id, thread_ts=thread)

    async def press(self, person: User, *, channel: str, ts: str, action_id: str, value: str | None = None) -> None:
        """Press a button of a message."""
        await self._slack.click(self._find_source(person, channel, ts), action_id, user=person.id, value=value)

    async def choose(self, person: User, *, channel: str, ts: str) -> None:
        """Choose the app's shortcut in a message's menu."""
        await self._slack.shortcut(ts, SHORTCUT, user=person.id, channel=channel)

    async def submit(self, person: User, *, form: str, texts: Mapping[str, str]) -> None:
        """Send a form; what is wrong with it stands in it afterwards."""
        await self._slack.submit(self._find_form(person, form), texts, user=person.id)

    async def close(self, person: User, *, form: str) -> None:
        """Close a form without sending it."""
        await self._slack.close(self._find_form(person, form), user=person.id)

    async def _type_command(self, person: User, channel: str, words: str, thread: str | None) -> None:
        command, _, rest = words.partition(" ")
        problem = ""
        if command != COMMAND:
            problem = f"{command} is not a valid command."
        elif thread is not None:
            problem = f"{command} is not supported in threads. Sorry!"
        if problem:
            self._workspace.whisper(channel, person.id, problem, sender=SLACKBOT, thread_ts=thread)
        else:
            await self._slack.command(rest, user=person.id, channel=channel)

    def _find_source(self, person: User, channel: str, ts: str) -> Message | Whisper:
        for whisper in self._workspace.whispers:
            if (whisper.channel, whisper.ts, whisper.user) == (channel, ts, person.id):
                return whisper
        message = self._workspace.find(channel, ts)
        if message is None:
            raise NotPossibleError("The message is gone.")
        return message

    def _find_form(self, person: User, form: str) -> View:
        for view in self._workspace.views:
            if view.id == form and view.user == person.id and view.is_open:
                return view
        raise NotPossibleError("The form is closed.")


Act = Callable[..., Awaitable[None]]
DEEDS: Mapping[str, tuple[Act, tuple[str, ...], tuple[str, ...]]] = {
    "write": (Deeds.write, ("channel", "text"), ("thread",)),
    "press": (Deeds.press, ("channel", "ts", "action_id"), ("value",)),
    "choose": (Deeds.choose, ("channel", "ts"), ()),
    "submit": (Deeds.submit, ("form", "texts"), ()),
    "close": (Deeds.close, ("form",), ()),
}
"""What can be done: by which method, what it needs, and what else it takes."""


def _is_fit(name: str, value: Any) -> bool:
    """Whether a value has the form that its name takes: a text, but for `texts`, which are some by their names."""
    if name == "texts":
        return isinstance(value, dict) and all(_is_text(text) for named in value.items() for text in named)
    return _is_text(value)


def _is_text(value: Any) -> bool:
    """Whether that is a text in which there are only whole characters."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
