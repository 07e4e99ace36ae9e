"""A workspace of Slack, without any network: its people, channels, messages and whispers, and the calls made to it.

It keeps what happened; what is allowed is for the methods to say. Times (`at`) are of the running loop's clock, so that
a virtual clock drives them; the timestamps that name messages are of `clock`, unique and increasing.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.blocks import Block
from bot.playground.slack.fault import Fault
from bot.playground.slack.quota import Gates

SLACKBOT = "USLACKBOT"  # the sender of Slack's own whispers
BOT_SCOPES = ("commands", "app_mentions:read", "chat:write")  # what the app's manifest asks for


@dataclass(frozen=True, slots=True)
class User:
    """A person or the bot."""

    id: str
    name: str


@dataclass(slots=True, eq=False)
class Channel:
    """A channel and the ids of its members."""

    id: str
    name: str
    members: set[str]
    is_private: bool = False
    is_archived: bool = False
    takes_threads: bool = True  # whether its admins let people answer under its messages


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said from `at` (loop time) on."""

    at: float
    text: str
    blocks: list[Block]


@dataclass(slots=True, eq=False)
class Message:
    """A message that stands in a channel, with every version it had, the newest last."""

    channel: str
    ts: str
    user: str
    thread_ts: str | None
    bot_id: str | None
    versions: list[Version]
    edited: bool = False  # whether Slack shows "(edited)"
    metadata: Mapping[str, Any] | None = None  # what apps tell apps, and no person sees

    @property
    def text(self) -> str:
        """The newest text."""
        return self.versions[-1].text

    @property
    def blocks(self) -> list[Block]:
        """The newest blocks."""
        return self.versions[-1].blocks


@dataclass(frozen=True, slots=True)
class Whisper:
    """An ephemeral message, which only `user` sees; `sender` is the bot, or `SLACKBOT` for what Slack itself says."""

    at: float
    ts: str
    channel: str
    user: str
    sender: str
    text: str
    blocks: list[Block] = field(default_factory=list)
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was answered, without its token: `error` is None when it was done, `ts` what it made or edited.

    `method` is a method of the Web API or `response_url`.
    """

    at: float
    method: str
    args: Mapping[str, Any]
    error: str | None = None
    ts: str | None = None


class Workspace:
    """The team "playground" with an app installed in it.

    There are ada and ben; `general`, where everybody is, the bot included; `random`, public, and `private`, both
    without the bot. Limits are Slack's unless told otherwise: `edit_burst` None counts edits in a sliding minute, a
    number makes that many tokens of a bucket which refills at the same rate; posts are counted by channel. `clock`
    gives seconds since 1970.
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
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.scopes = set(scopes)
        self.app_scopes = {"connections:write"}
        self.names_scopes = True  # whether auth.test's answer does, in its header
        self.clock = clock or self._read_clock
        self.gates = Gates(
            edits_per_minute=edits_per_minute,
            edit_burst=edit_burst,
            posts_per_second=posts_per_second,
            post_burst=post_burst,
            minimum_retry_after=minimum_retry_after,
        )
        self.bot = User("U0PERSPECT", "perspectives")
        people = [User("U0ADA", "ada"), User("U0BEN", "ben")]
        self.users = {user.id: user for user in (self.bot, *people)}
        ids = {user.id for user in people}
        channels = [
            Channel("C0GENERAL", "general", {self.bot.id, *ids}),
            Channel("C0RANDOM", "random", set(ids)),
            Channel("C0PRIVATE", "private", set(ids), is_private=True),
        ]
        self.channels = {channel.id: channel for channel in channels}
        self.messages: list[Message] = []
        self.whispers: list[Whisper] = []
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self._epoch: float | None = None
        self._last_ts = 0
        self._change = asyncio.Event()

    @property
    def methods_seen(self) -> set[str]:
        """The names of all methods that were called."""
        return {call.method for call in self.calls}

    def now(self) -> float:
        """Return the running loop's time."""
        return asyncio.get_running_loop().time()

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
            ts=self._stamp(),
            user=user,
            thread_ts=thread_ts,
            bot_id=self.bot_id if user == self.bot.id else None,
            versions=[Version(self.now(), text, blocks or [])],
            metadata=metadata,
        )
        self.messages.append(message)
        self._announce()
        return message

    def edit(
        self, message: Message, text: str, blocks: list[Block], *, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Give a message a new version; one without blocks marks it edited, as in Slack. Metadata stay, or change."""
        message.versions.append(Version(self.now(), text, blocks))
        message.edited = message.edited or not blocks
        message.metadata = metadata or message.metadata
        self._announce()

    def delete(self, message: Message) -> None:
        """Take a message away, as a person does."""
        self.messages.remove(message)
        self._announce()

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
            ts=self._stamp(),
            channel=channel,
            user=user,
            sender=sender or self.bot.id,
            text=text,
            blocks=blocks or [],
            thread_ts=thread_ts,
        )
        self.whispers.append(whisper)
        self._announce()
        return whisper

    def record(self, call: Call) -> None:
        """Keep a call that has been answered."""
        self.calls.append(call)
        self._announce()

    def take_fault(self, method: str, args: Mapping[str, Any]) -> Fault | None:
        """Return the first fault that befalls this call, and count it as used."""
        fault = next((fault for fault in self.faults if fault.befalls(method, args)), None)
        if fault is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.faults.remove(fault)
        return fault

    async def changed(self) -> None:
        """Return after the next change. Look first, then wait: with no await between the two, nothing is missed."""
        await self._change.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as `condition` holds; it is asked now and after each change."""
        while not condition():
            await self.changed()

    def _announce(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _read_clock(self) -> float:
        if self._epoch is None:
            self._epoch = time.time() - self.now()
        return self._epoch + self.now()

    def _stamp(self) -> str:
        self._last_ts = max(round(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"
