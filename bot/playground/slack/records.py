"""What a workspace keeps: its people and channels, what was written, shown and pressed, and the calls of its app.

Times (`at`) are of the running loop's clock; the timestamps that name messages (`ts`) are seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Block = dict[str, Any]


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
    is_direct: bool = False  # whether it is what one person and the bot write to each other


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


Shown = Message | Version | Whisper
"""What has a text and blocks."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was answered, without its token: `error` is None when it was done, `ts` what it made or edited.

    `method` is a method of the Web API or `response_url`; `process` is who has called, where processes are told apart
    by the addresses that they call (`SlackServer.address_for`).
    """

    at: float
    method: str
    args: Mapping[str, Any]
    error: str | None = None
    ts: str | None = None
    process: str = ""


@dataclass(slots=True, eq=False)
class View:
    """A form that was opened for one person: `content` is what Slack tells apps of it, but for what was typed."""

    at: float
    user: str
    content: dict[str, Any]
    is_open: bool = True
    typed: dict[str, str] = field(default_factory=dict)  # by `block_id/action_id`
    errors: dict[str, str] = field(default_factory=dict)  # what stands at its fields, by their block_ids

    @property
    def id(self) -> str:
        """Slack's name for it."""
        name: str = self.content["id"]
        return name


@dataclass(frozen=True, slots=True)
class Press:
    """A button that somebody pressed at `at`; acknowledged `seconds` later, or not in time."""

    at: float
    user: str
    message_ts: str
    action_id: str
    value: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Warned:
    """What Slack told `user` alone when the app had not taken what they did, or had answered it with nonsense.

    `kind` is the type of the payload, `code` is `operation_timeout` where no acknowledgement came in time and
    `invalid_response` where one came that Slack cannot use; `reason` then says why, for whoever reads the test.
    """

    at: float
    user: str
    kind: str
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DirectChange:
    """A message of a direct channel that was written, changed or deleted, as it was before and is now."""

    ts: str
    before: Message | None
    now: Message | None
