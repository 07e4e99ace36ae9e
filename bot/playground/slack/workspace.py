"""A workspace of Slack, without any network: its people, channels, messages and whispers, and the calls made to it.

It keeps what happened (`records`); what is allowed is for the methods to say. Times (`at`) are of the running loop's
clock, so that a virtual clock drives them; the timestamps that name messages are of `clock`, unique and increasing.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.playground.slack.clock import Clock
from bot.playground.slack.interaction.triggers import Triggers
from bot.playground.slack.quota import Gates
from bot.playground.slack.records import (
    Block,
    Call,
    Channel,
    DirectChange,
    Message,
    Press,
    User,
    Version,
    View,
    Warned,
    Whisper,
)

if TYPE_CHECKING:
    from bot.playground.slack.fault import Fault

__all__ = [
    "BOT_EVENTS",
    "BOT_SCOPES",
    "HISTORY_SCOPES",
    "SLACKBOT",
    "Call",
    "Channel",
    "Message",
    "User",
    "Version",
    "Whisper",
    "Workspace",
]

SLACKBOT = "USLACKBOT"  # the sender of Slack's own whispers
BOT_SCOPES = ("commands", "app_mentions:read", "chat:write")  # what the app's manifest asks for
HISTORY_SCOPES = ("channels:history", "groups:history", "im:history")  # what whoever installs the app may decline
BOT_EVENTS = ("app_mention", "message.im")  # what the app subscribes to; it is told of what it has the scope for


class Workspace:
    """The team "playground" with an app installed in it.

    There are ada and ben; `general`, where everybody is, the bot included; `random`, public, and `private`, both
    without the bot. What somebody and the bot write to each other has a channel of its own: see `direct_channel`.

    Limits are Slack's unless told otherwise: `edit_burst` None counts edits in a sliding minute, a number makes that
    many tokens of a bucket which refills at the same rate; posts are counted by channel. `scopes` are what was granted,
    `events` what the app subscribes to. `clock` gives seconds since 1970. A `team` makes another one, with another
    name, and ids and a token of its own, which may be one of an organisation.
    """

    team_id = "T0PLAYGRND"
    domain = "playground"
    app_id = "A0PERSPECT"
    bot_id = "B0PERSPECT"
    bot_token = "xoxb-playground-bot"  # noqa: S105 - opens nothing
    app_token = "xapp-playground-app"  # noqa: S105 - opens nothing

    def __init__(
        self,
        *,
        edits_per_minute: int = 50,
        edit_burst: int | None = None,
        posts_per_second: float = 1.0,
        post_burst: int = 6,
        minimum_retry_after: int = 1,
        scopes: Iterable[str] = BOT_SCOPES,
        events: Iterable[str] = BOT_EVENTS,
        clock: Callable[[], float] | None = None,
        team: str = "",
        enterprise_id: str | None = None,
    ) -> None:
        if team:
            self.team_id, self.domain, self.bot_id = f"T0{team.upper()}", team.lower(), f"B0{team.upper()}"
            self.bot_token = f"xoxb-{team.lower()}-bot"
        self.enterprise_id = enterprise_id
        self.is_installed = True  # whether its token is good
        self._installs = 0
        self.scopes = set(scopes)
        self.events = set(events)
        self.app_scopes = {"connections:write"}
        self.names_scopes = True  # whether auth.test's answer does, in its header
        self.clock = Clock(clock)
        self.gates = Gates(
            edits_per_minute=edits_per_minute,
            edit_burst=edit_burst,
            posts_per_second=posts_per_second,
            post_burst=post_burst,
            minimum_retry_after=minimum_retry_after,
        )
        end = team.upper()
        self.bot = User(f"U0PERSPECT{end}", "perspectives")
        people = [User(f"U0ADA{end}", "ada"), User(f"U0BEN{end}", "ben")]
        self.users = {user.id: user for user in (self.bot, *people)}
        ids = {user.id for user in people}
        channels = [
            Channel(f"C0GENERAL{end}", "general", {self.bot.id, *ids}),
            Channel(f"C0RANDOM{end}", "random", set(ids)),
            Channel(f"C0PRIVATE{end}", "private", set(ids), is_private=True),
        ]
        self.channels = {channel.id: channel for channel in channels}
        self.messages: list[Message] = []
        self.whispers: list[Whisper] = []
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.views: list[View] = []
        self.presses: list[Press] = []
        self.warnings: list[Warned] = []
        self.triggers = Triggers()
        self.direct_changes: asyncio.Queue[DirectChange] = asyncio.Queue()  # that the app was not told of yet
        self._change = asyncio.Event()

    @property
    def methods_seen(self) -> set[str]:
        """The names of all methods that were called."""
        return {call.method for call in self.calls}

    def now(self) -> float:
        """Return the running loop's time."""
        return asyncio.get_running_loop().time()

    def install(self, scopes: Iterable[str]) -> None:
        """Have the app installed, or once more: with a token of its own where the one before is good no more."""
        if not self.is_installed:
            self._installs += 1
            self.bot_token = f"{self.bot_token.partition('-bot')[0]}-bot-{self._installs}"
        self.is_installed, self.scopes = True, set(scopes)

    def user(self, key: str) -> User:
        """Return the user with this name or id.

        Raises:
            KeyError: there is none.
        """
        return next((user for user in self.users.values() if user.name == key), None) or self.users[key]

    def channel(self, key: str) -> Channel:
        """Return the channel with this name or id.

        Raises:
            KeyError: there is none.
        """
        return next((channel for channel in self.channels.values() if channel.name == key), None) or self.channels[key]

    def direct_channel(self, key: str) -> Channel:
        """Return the channel of the bot and the person with this name or id.

        Raises:
            KeyError: there is no such person.
        """
        person = self.user(key)
        new = Channel(f"D{person.id[1:]}", f"@{person.name}", {self.bot.id, person.id}, is_direct=True)
        return self.channels.setdefault(new.id, new)

    def find(self, channel: str, ts: str) -> Message | None:
        """Return the message, unless it never was or was deleted."""
        channel = self.channel(channel).id
        return next((message for message in self.messages if (message.channel, message.ts) == (channel, ts)), None)

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return the messages of a thread: the parent, then the replies in order."""
        channel = self.channel(channel).id
        return [
            message for message in self.messages if message.channel == channel and ts in {message.ts, message.thread_ts}
        ]

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: list[Block] | None = None,
        *,
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Message:
        """Put a new message into a channel."""
        message = Message(
            channel=channel,
            ts=self.clock.stamp(),
            user=user,
            thread_ts=thread_ts,
            bot_id=self.bot_id if user == self.bot.id else None,
            versions=[Version(self.now(), text, blocks or [])],
            metadata=metadata,
        )
        self.messages.append(message)
        self._note(None, message)
        return message

    def edit(
        self, message: Message, text: str, blocks: list[Block], *, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Give a message a new version; one without blocks marks it edited, as in Slack. Metadata stay, or change."""
        before = self._copy(message)
        message.versions.append(Version(self.now(), text, blocks))
        message.edited = message.edited or not blocks
        message.metadata = metadata or message.metadata
        self._note(before, message)

    def delete(self, message: Message) -> None:
        """Take a message away, as a person does."""
        self.messages.remove(message)
        self._note(message, None)

    def whisper(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: list[Block] | None = None,
        *,
        sender: str | None = None,
        thread_ts: str | None = None,
    ) -> Whisper:
        """Show `user` alone a message; it is from the bot unless `sender` says otherwise."""
        whisper = Whisper(
            at=self.now(),
            ts=self.clock.stamp(),
            channel=channel,
            user=user,
            sender=sender or self.bot.id,
            text=text,
            blocks=blocks or [],
            thread_ts=thread_ts,
        )
        self.whispers.append(whisper)
        self.announce()
        return whisper

    def replace_original(self, source: Message | Whisper, content: tuple[str, list[Block]] | None) -> bool:
        """Show other text and blocks in the place of a message, or nothing; whether it was still there."""
        if isinstance(source, Message):
            if not any(message is source for message in self.messages):
                return False
            if content:
                self.edit(source, *content)
            else:
                self.delete(source)
            return True
        place = next((place for place, whisper in enumerate(self.whispers) if whisper.ts == source.ts), None)
        if place is None:
            return False
        new = [replace(source, at=self.now(), text=content[0], blocks=content[1])] if content else []
        self.whispers[place : place + 1] = new
        self.announce()
        return True

    def record(self, call: Call) -> None:
        """Keep a call that has been answered."""
        self.calls.append(call)
        self.announce()

    def keep(self, record: View | Press | Warned) -> None:
        """Keep what somebody was shown or did."""
        kept: dict[type, list[Any]] = {View: self.views, Press: self.presses, Warned: self.warnings}
        kept[type(record)].append(record)
        self.announce()

    async def changed(self) -> None:
        """Return after the next change. Look first, then wait: with no await between the two, nothing is missed."""
        await self._change.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as `condition` holds; it is asked now and after each change."""
        while not condition():
            await self.changed()

    def _note(self, before: Message | None, now: Message | None) -> None:
        """Keep a direct message's change for whoever tells the app of it."""
        was, is_now = self._copy(before), self._copy(now)
        if was or is_now:
            ts = is_now.ts if is_now and not was else self.clock.stamp()
            self.direct_changes.put_nowait(DirectChange(ts, was, is_now))
        self.announce()

    def _copy(self, message: Message | None) -> Message | None:
        """A direct message as it stands, for it may have changed again when the app is told; no other is told of."""
        channel = message and self.channels.get(message.channel)
        return replace(message, versions=[*message.versions]) if message and channel and channel.is_direct else None

    def announce(self) -> None:
        """Wake whoever waits for a change."""
        self._change.set()
        self._change = asyncio.Event()
