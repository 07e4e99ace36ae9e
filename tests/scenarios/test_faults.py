"""The fault table: whatever Slack, the network or OpenAI do, what must hold in the end holds.

Each row is a fault (or some of a kind, one after another), how it is put in, and in what the end differs from that of a
run that nothing befell: the last text of each answer is the model's, there are four replies, no text was replaced by an
older one, nothing is left in a working state, no stream is open, the bot answers the next question, and no log line
says what anybody wrote. The whole bot runs, with the real SDKs, on the virtual clock.
"""

import asyncio
import itertools
import json
import logging
import random
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import TokenRefusedError
from bot.playground.slack.fault import Fault
from bot.playground.slack.workspace import BOT_SCOPES, Call, Message, Version, Workspace
from bot.slack.markup import mending
from bot.slack.markup.links import unmask
from bot.slack.markup.pages import fit
from tests.slack.markup.test_pages import open_fence
from tests.support.clock import VirtualLoop
from tests.support.model_server import KEY, ModelServer, Script
from tests.support.world import NAMES, World, body_of, running, shown

MEANS = ("name", "faults", "strike", "scripts", "scopes", "seconds", "edits")  # what a row may have

PROBLEM = "Why does the confidential gearbox rattle?"
NEXT = "And who answers after that?"
EVERY = 0.5  # seconds between two pieces of an answer
STATES = ("waiting", "writing")
HISTORY = ("channels:history",)
ALWAYS = 1_000_000
AFTERWARDS = 10.0  # seconds in which nothing may change any more; what Slack carries out late comes within them
AT_ONCE = 0.5  # seconds in which streams are closed that nobody can read; an edit takes a sixth of them


def answer(name: str, pieces: int = 12, **how: Any) -> Script:
    """What the model says for a perspective, in the table's tests: some seconds of it."""
    how = {"every": EVERY, "first": 1.0} | how
    return Script(tuple(f"{name} wordy-{number}. " for number in range(pieces)), **how)


USUAL = {name: answer(name) for name in NAMES}
SHORT = Script(("Alive.",))


@dataclass(frozen=True)
class Row:
    """A fault, and what of the end it changes.

    `faults` lie in wait from the beginning; `strike` is awaited once all four answers are being written. `ends` is what
    the line above an answer says in the end, `texts` what stands under it, `index` what the index says of it; by name,
    where they differ. The replies of those who are `gone` are not there to be looked at. `told` is what the person who
    asked is told alone.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    strike: Callable[[World], Awaitable[None]] | None = None
    scripts: Mapping[str, tuple[Script, ...]] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    replies: int = 4
    ends: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)  # where a page stands that the bot knows nothing of
    texts: Mapping[str, str] = field(default_factory=dict)
    index: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    has_thread: bool = True  # whether there is one that can be looked at
    is_frozen: bool = False  # whether nothing can be written any more, not even how it ended
    has_index: bool = True
    is_rewritten: bool = False  # whether another text takes the place of the one that was shown
    closes_on: str = ""  # Slack's refusal on which the streams (of those who are gone) are closed at once
    stops_on: str = ""  # Slack's refusal that ends the bot
    edits: int = ALWAYS  # that Slack refuses, at the most
    seconds: float = 3_600.0  # that the run takes, at the most


def text_of(version: Version | Message) -> str:
    """The model's text that a version of a reply shows, in whichever form."""
    plain = [one["text"]["text"] for one in version.blocks if one["type"] == "section"]
    return body_of(version) or "".join(plain).replace("&lt;", "<").replace("&gt;", ">")


def line_of(version: Version | Message) -> str:
    """The line above it, which names the answer and its state."""
    return str(version.blocks[0]["elements"][0]["text"]) if version.blocks else ""


def name_of(message: Message) -> str:
    """Whose answer a reply shows."""
    return line_of(message).split("*")[1]


def reply_of(world: World, name: str) -> Message:
    """The first reply that shows an answer."""
    return next(one for one in world.workspace.messages if one.thread_ts and name_of(one) == name)


def is_working(message: Message) -> bool:
    """Whether it says that more is to come."""
    return message.thread_ts is not None and line_of(message).rpartition(" · ")[2].split(" ")[1].startswith(STATES)


async def play(row: Row, log: "Log") -> None:
    """Ask, let the fault strike, see what became of it, ask once more."""
    workspace = Workspace(scopes=(*BOT_SCOPES, *row.scopes))
    workspace.faults += [replace(fault) for fault in row.faults]
    scripts = {name: row.scripts.get(name, (USUAL[name],)) for name in NAMES}
    async with running(ModelServer(**scripts), workspace=workspace, **row.settings) as world:
        await world.slack.command(PROBLEM)
        if row.strike:
            await world.until(lambda: sum("writing" in line_of(one) for one in workspace.messages[1:]) >= 4)
            await row.strike(world)
        await log.ended(world)
        assert log.seconds() < row.seconds
        await asyncio.sleep(AFTERWARDS)
        messages, calls = list(workspace.messages), list(workspace.calls)
        check(row, world, messages, calls)
        if row.stops_on:
            assert world.bot.done()
            return
        workspace.faults.clear()
        world.model.scripts.clear()
        world.model.default = SHORT
        versions = [len(message.versions) for message in messages]
        await world.slack.connected()
        for channel in workspace.channels.values():
            channel.is_archived = False
        thread = await world.ask(NEXT)
        assert ["✅ done" in line_of(one) for one in thread[1:]] == [True] * 4
        assert [len(message.versions) for message in messages] == versions
        assert not [one for one in messages if one not in workspace.messages]
    assert world.model.open_streams == 0


def text_for(row: Row, name: str) -> str:
    """What stands in the end."""
    return row.texts.get(name, row.scripts.get(name, (USUAL[name],))[-1].text)


def check_streams(row: Row, world: World, calls: list[Call]) -> None:
    """None is open; those that nobody could read any more were closed at once."""
    assert world.model.open_streams == 0
    if row.closes_on:
        refused = min(call.at for call in calls if call.error == row.closes_on)
        for request in world.model.requests:
            if not row.gone or request.name in row.gone:
                assert request.is_cut_off
                assert request.ended_at is not None
                assert request.ended_at - refused < AT_ONCE


def check(row: Row, world: World, messages: list[Message], calls: list[Call]) -> None:
    """What must hold once the run has ended."""
    told = world.whispers()
    assert len(told) == len(row.told)
    assert all(words in whisper for words, whisper in zip(row.told, told, strict=True))
    assert sum(call.error is not None for call in calls if call.method == "chat.update") <= row.edits
    check_streams(row, world, calls)
    for message in messages:
        seen = [text_of(version) for version in message.versions]
        if message.thread_ts and not row.is_rewritten:
            assert all(new.startswith(old) for old, new in itertools.pairwise(seen))
    if not row.has_thread:
        return
    parent, *replies = messages
    assert len(replies) == row.replies
    assert [one.thread_ts for one in replies] == [parent.ts] * row.replies
    if row.is_frozen:
        return
    for name in sorted({*NAMES} - row.gone):
        *others, last = [one for one in replies if name_of(one) == name][: row.pages.get(name)]
        pages = [*(one for one in others if "goes on below" in line_of(one)), last]
        assert "".join(text_of(page) for page in pages).rstrip() == text_for(row, name).rstrip()
        assert row.ends.get(name, "✅ done") in line_of(last)
        assert not is_working(last)
    if not row.has_index:
        return
    index = [line for line in shown(parent).splitlines() if not line.startswith(("From these", "[ "))]
    lines = dict(zip(NAMES, index[-4:], strict=True))

    assert "Perspectives for" in parent.text
    for name in NAMES:
        assert row.index.get(name, "" if name in row.ends else f"{name} wordy-0.") in lines[name]


class Log(logging.Handler):
    """Keeps what our loggers say, and sees that none of it quotes anybody."""

    SECRETS = ("xoxb-", "xapp-", KEY, "gearbox", "wordy", "who answers", "Alive")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._ended = asyncio.Event()
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
        if "run.end" in self.lines[-1]:
            self._ended.set()

    async def ended(self, world: World) -> None:
        """Return once the run has ended, or the bot has."""
        ending = asyncio.create_task(self._ended.wait())
        async with asyncio.timeout(3_600):
            await asyncio.wait((ending, world.bot), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()

    def count(self, event: str) -> int:
        """How many lines tell of an event."""
        return sum(event in line for line in self.lines)

    def seconds(self) -> float:
        """How long the first run took."""
        found = (re.search(r"run.end .* seconds=([\d.]+)", line) for line in self.lines)
        return next((float(match[1]) for match in found if match), 0.0)

    def quotes(self) -> list[str]:
        """The lines that say what they must not."""
        return [line for line in self.lines if any(secret in line for secret in self.SECRETS)]


@contextmanager
def logged() -> Iterator[Log]:
    """What `bot` logs, at its most talkative."""
    log, logger = Log(), logging.getLogger("bot")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        logger.removeHandler(log)
        logger.setLevel(level)


def run(row: Row) -> Log:
    """Play a row on a virtual clock of its own, since tests that are marked `slow` have the real one."""
    with logged() as log, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        if row.stops_on:
            with pytest.raises(TokenRefusedError, match=row.stops_on):
                runner.run(play(row, log))
        else:
            runner.run(play(row, log))
    return log


def edits(**how: Any) -> Fault:
    """A fault of edits."""
    return Fault("chat.update", **how)


def posts(text: str, **how: Any) -> Fault:
    """A fault of the post with a notification."""
    return Fault("chat.postMessage", where={"text": text}, **how)


PARENT = f"<@U0ADA> asks: {PROBLEM}"
PLACEHOLDER = "Structure: waiting"
CONTINUATION = "Structure: writing"

EDITS = [
    Row("edits: 429, to be tried again at once", (edits(times=3, error="ratelimited", retry_after=0),)),
    Row("edits: 429 with 1 s", (edits(times=3, error="ratelimited", retry_after=1),)),
    Row("edits: 429 with 5 s", (edits(times=3, error="ratelimited", retry_after=5),)),
    Row("edits: 429 with 30 s", (edits(times=3, error="ratelimited", retry_after=30),)),
    Row("edits: 429 that names no time", (edits(times=2, error="ratelimited", retry_after=None),)),
    Row("edits: 429 that names no number", (edits(times=2, error="ratelimited", retry_after="soon"),)),
    Row("edits: a page with 500, 502, 503, 504", tuple(edits(http_status=500 + n, times=2) for n in (0, 2, 3, 4))),
    Row("edits: a page with 200", (edits(page=True, times=4),)),
    Row("edits: broken before they are done", (edits(breaks=True, times=4),)),
    Row("edits: broken after they are done", (edits(breaks=True, after=True, times=4),)),
    Row("edits: no answer, never done", (edits(delay=20.0, breaks=True, times=2),)),
    Row("edits: no answer, done", (edits(delay=20.0, after=True, times=2),)),
    Row("edits: no answer, done late", (edits(delay=20.0, times=2),), is_rewritten=True),
    Row(
        "edits: Slack's own failures",
        tuple(edits(error=code, times=2) for code in ("internal_error", "fatal_error", "service_unavailable")),
    ),
    Row("edits: an outage of minutes", (edits(http_status=503, times=100),)),
    Row("edits: a failure that nobody knows", (edits(error="ekm_access_denied", times=4),)),
    Row(
        "edits: a failure that nobody knows, for ever",
        (edits(error="ekm_access_denied", times=ALWAYS),),
        replies=8,
        has_index=False,
    ),
    Row("edits: a form that is refused once", (edits(error="invalid_blocks"), edits(error="msg_too_long"))),
]


async def delete(world: World, *names: str) -> None:
    """A person deletes replies."""
    for name in names:
        world.workspace.delete(reply_of(world, name))


EDITS += [
    Row(
        "edits: somebody deletes a reply",
        strike=lambda world: delete(world, "Structure"),
        replies=3,
        gone=frozenset({"Structure"}),
        index={"Structure": "somebody deleted its reply"},
        closes_on="message_not_found",
    ),
    Row(
        "edits: somebody deletes all four",
        strike=lambda world: delete(world, *NAMES),
        replies=0,
        gone=frozenset(NAMES),
        index=dict.fromkeys(NAMES, "somebody deleted its reply"),
    ),
]


async def lock(world: World, code: str) -> None:
    """Slack lets a reply be edited no more."""
    world.workspace.faults.append(edits(where={"ts": reply_of(world, "Structure").ts}, error=code, times=ALWAYS))


async def lock_at_the_end(world: World, code: str) -> None:
    """It does so when all but the end of its text is shown."""
    await world.until(lambda: "wordy-18" in text_of(reply_of(world, "Structure")))
    await lock(world, code)


async def close(world: World, code: str) -> None:
    """Nothing can be written into the channel any more."""
    world.workspace.faults += [
        Fault(method, error=code, times=ALWAYS) for method in ("chat.update", "chat.postMessage", "chat.postEphemeral")
    ]


EDITS += [
    Row(
        f"edits: {code}, {when}",
        strike=lambda world, code=code, strike=strike: strike(world, code),  # type: ignore[misc]
        scripts={name: (answer(name, 24),) for name in NAMES},
        replies=5,
    )
    for code in ("edit_window_closed", "cant_update_message")
    for when, strike in (("while it is written", lock), ("at the end", lock_at_the_end))
]
SILENT = {name: (Script((f"{name} wordy-0. ", *["And. "] * 8, 300.0, "Never."), every=EVERY),) for name in NAMES}
EDITS += [
    Row(
        f"the channel is closed: {code}",
        strike=lambda world, code=code: close(world, code),  # type: ignore[misc]
        scripts=SILENT,
        settings={"openai_stream_idle_timeout": 400.0},
        is_frozen=True,
        closes_on=code,
        told=(words,),
    )
    for code, words in (
        ("channel_not_found", "/invite"),
        ("is_archived", "is archived"),
        ("not_in_channel", "/invite"),
        ("restricted_action", "Only some people may write"),
        ("thread_not_found", "is gone"),
    )
]
EDITS += [
    Row(
        f"the token is refused: {code}",
        strike=lambda world, code=code: close(world, code),  # type: ignore[misc]
        stops_on=code,
        closes_on=code,
        is_frozen=True,
    )
    for code in ("invalid_auth", "account_inactive", "token_revoked")
]


async def storm(world: World) -> None:
    """Twelve seconds of 429 for every edit, with a Retry-After of 5."""
    fault = edits(error="ratelimited", retry_after=5, times=ALWAYS)
    world.workspace.faults.append(fault)
    await asyncio.sleep(12)
    world.workspace.faults.remove(fault)


EDITS += [
    Row("edits: a storm of 429", strike=storm, scripts={name: (answer(name, 40),) for name in NAMES}, edits=6),
    Row(
        "edits: a form that is refused always",
        (edits(error="msg_too_long", times=ALWAYS),),
        replies=8,
        has_index=False,
        is_rewritten=True,
    ),
    Row(
        "edits: a form that is refused always, of one reply",
        strike=lambda world: lock(world, "invalid_blocks"),
        replies=5,
    ),
]

LONG = {
    **{name: (answer(name, 2),) for name in NAMES},
    "Structure": (Script(tuple("Structure wordy-0. And more. " * 20 for _ in range(30)), every=0.2, first=1.0),),
}


FIRST_PAGE = fit(LONG["Structure"][0].text).markdown


def posted(name: str, text: str, *faults: dict[str, Any], **how: Any) -> Row:
    """A row of faults that befall a post."""
    return Row(f"posts: {name}", tuple(posts(text, **fault) for fault in faults), **how)


POSTS = []
for place, text, how in (
    ("the parent", PARENT, {}),
    ("a placeholder", PLACEHOLDER, {}),
    ("a continuation", CONTINUATION, {"scripts": LONG, "replies": 5}),
):
    POSTS += [
        posted(f"{place}, 429", text, {"error": "ratelimited", "retry_after": 5, "times": 2}, **how),
        posted(
            f"{place}, Slack's own failures",
            text,
            *({"error": code} for code in ("internal_error", "fatal_error", "service_unavailable")),
            **how,
        ),
    ]

UNKNOWN: dict[str, dict[str, Any]] = {
    "a page with 503": {"http_status": 503},
    "a page with 200": {"page": True},
    "a page with 200, done": {"page": True, "after": True},
    "broken before it is done": {"breaks": True},
    "broken after it is done": {"breaks": True, "after": True},
    "no answer, never done": {"delay": 20.0, "breaks": True},
    "no answer, done": {"delay": 20.0, "after": True},
    "no answer, done late": {"delay": 20.0},
}


def unknown(cause: str) -> Iterator[Row]:
    """Posts of which the bot cannot know whether they were carried out, where it may look, and where it may not."""
    fault = UNKNOWN[cause]
    is_done = "after" in fault or cause.endswith("late")
    structure = frozenset({"Structure"})
    looked: dict[str, Any] = {"scopes": HISTORY}
    yield posted(f"the parent, {cause}, it may look", PARENT, fault, **looked)
    yield posted(f"a placeholder, {cause}, it may look", PLACEHOLDER, fault, **looked)
    yield posted(f"a continuation, {cause}, it may look", CONTINUATION, fault, scripts=LONG, replies=5, **looked)
    yield posted(f"the parent, {cause}", PARENT, fault, has_thread=False, told=("I was interrupted",))
    yield posted(
        f"a placeholder, {cause}",
        PLACEHOLDER,
        fault,
        replies=4 if is_done else 3,
        gone=structure,
        index={"Structure": "Slack gave no answer"},
        told=("Structure cannot be shown",),
    )
    yield posted(
        f"a continuation, {cause}",
        CONTINUATION,
        fault,
        scripts=LONG,
        replies=5 if is_done else 4,
        ends={"Structure": "interrupted: Slack gave no answer"},
        pages={"Structure": 1},
        texts={"Structure": FIRST_PAGE},
    )


POSTS += [row for cause in UNKNOWN for row in unknown(cause)]
POSTS += [
    posted(
        "the parent, refused",
        PARENT,
        {"error": "ekm_access_denied"},
        has_thread=False,
        told=("Slack refused to let me open a thread",),
    ),
    posted(
        "a placeholder, refused",
        PLACEHOLDER,
        {"error": "ekm_access_denied"},
        replies=3,
        gone=frozenset({"Structure"}),
        index={"Structure": "Slack refused"},
        told=("Structure cannot be shown",),
    ),
    posted(
        "a continuation, refused",
        CONTINUATION,
        {"error": "ekm_access_denied"},
        scripts=LONG,
        ends={"Structure": "interrupted: Slack refused"},
        texts={"Structure": FIRST_PAGE},
    ),
    posted("a placeholder, its form refused", PLACEHOLDER, {"error": "invalid_blocks"}),
    posted(
        "the parent, where the bot is not in the channel, and the response_url fails",
        PARENT,
        {"error": "not_in_channel"},
        has_thread=False,
        told=("/invite",),
    ),
]
POSTS[-1] = replace(POSTS[-1], faults=(*POSTS[-1].faults, Fault("response_url", http_status=500)))
POSTS.append(
    Row(
        "whispers: none can be sent at first",
        (
            posts(PARENT, error="not_in_channel"),
            Fault("response_url", breaks=True),
            Fault("chat.postEphemeral", page=True),
        ),
        has_thread=False,
        told=("/invite",),
    )
)


Strike = Callable[[World], Awaitable[None]]


def until_back(
    strike: Callable[[World], object], seconds: float, mend: Callable[[World], object] = lambda _: None
) -> Strike:
    """A fault of connections that holds for so long; the bot is back within 15 s of its end."""

    async def befall(world: World) -> None:
        done = strike(world)
        if asyncio.iscoroutine(done):
            await done
        await asyncio.sleep(seconds)
        mend(world)
        async with asyncio.timeout(15):
            await world.slack.connected()

    return befall


def spoil(name: str) -> Callable[[World], None]:
    """End every connection, and have the next ones befallen by what the stand-in calls `name`."""

    def strike(world: World) -> None:
        setattr(world.slack.sockets, name, True)
        world.slack.sockets.cut()

    return strike


def mend(name: str) -> Callable[[World], None]:
    """The end of it."""
    return lambda world: setattr(world.slack.sockets, name, False)


def crowd(world: World) -> None:
    """There are too many connections, again and again."""
    world.slack.sockets.dismissals += ["too_many_websockets"] * 5
    world.slack.sockets.cut()


def shut_the_office(world: World) -> None:
    """No connection, and none to be had."""
    world.workspace.faults.append(Fault("apps.connections.open", http_status=503, times=ALWAYS))
    world.slack.sockets.cut()


STEADY = {name: (answer(name, 40),) for name in NAMES}
SOCKETS: dict[str, Strike] = {
    "broken": until_back(lambda world: world.slack.sockets.cut(), 0),
    "reset": until_back(lambda world: world.slack.sockets.cut(reset=True), 0),
    "refreshed": until_back(lambda world: world.slack.disconnect(notice=5), 0),
    "warned": until_back(lambda world: world.slack.disconnect("warning", notice=5), 0),
    "link_disabled": until_back(lambda world: world.slack.disconnect("link_disabled"), 0),
    "half open": until_back(lambda world: world.slack.sockets.freeze(), 0),
    "dead tickets": until_back(spoil("refuses_tickets"), 30, mend("refuses_tickets")),
    "stuck upgrades": until_back(spoil("is_stuck"), 30, mend("is_stuck")),
    "no hello": until_back(spoil("is_mute"), 30, mend("is_mute")),
    "too_many_websockets": until_back(crowd, 20),
    "no connection for minutes": until_back(shut_the_office, 180, lambda world: world.workspace.faults.clear()),
}
ROWS_OF_SOCKETS = [
    Row(f"the socket: {name}", strike=strike, scripts=STEADY, seconds=23.0) for name, strike in SOCKETS.items()
]

WHOLE = USUAL["Breadth"]
BROKEN = replace(WHOLE, pieces=WHOLE.pieces[:6], finish=None, breaks=True)
SHORTER = replace(BROKEN, pieces=WHOLE.pieces[:3])
IDLE = replace(WHOLE, pieces=(*WHOLE.pieces[:6], 100.0, "never"))
REFUSAL = {"choices": [{"index": 0, "delta": {"refusal": "Breadth wordy-0. No."}, "finish_reason": None}], "model": "m"}


def asked(name: str, *scripts: Script, **how: Any) -> Row:
    """A row of what befalls the completion of one perspective."""
    return Row(f"OpenAI: {name}", scripts={"Breadth": scripts}, **how)


def failed(name: str, *scripts: Script, words: str, text: str = "", mark: str = "⚠️ failed", **how: Any) -> Row:
    """A row whose answer is not whole in the end, and says so."""
    ends = {"Breadth": mark}
    return asked(name, *scripts, ends=ends, index={"Breadth": words}, texts={"Breadth": text}, **how)


def status(number: int, code: str = "x", **how: Any) -> Script:
    """A refusal."""
    return Script(status=number, error={"code": code}, **how)


PART = BROKEN.text
ROWS_OF_OPENAI = [
    asked("429 with Retry-After", status(429, retry_after="3"), WHOLE),
    asked("429 without", status(429), WHOLE),
    asked("500, 502, once each", status(500), status(502), WHOLE),
    asked("no answer to the request, once", replace(WHOLE, drops=True), WHOLE),
    *(failed(f"{number}", status(number), words="failed") for number in (400, 401, 403, 404)),
    failed("500, always", status(500), words="(500)"),
    failed("silent before the first token", replace(WHOLE, hangs=500.0), words="silent for 90 seconds"),
    failed("silent behind the headers", replace(WHOLE, first=500.0), words="silent for 90 seconds"),
    asked("broken, once", BROKEN, WHOLE),
    failed("broken, twice", BROKEN, SHORTER, words="started over", text=PART),
    asked("silent in the middle, once", IDLE, WHOLE),
    failed("silent in the middle, twice", IDLE, IDLE, words="started over", text=PART),
    asked("ends without an end, once", replace(BROKEN, breaks=False), WHOLE),
    failed(
        "an error in the stream",
        replace(BROKEN, pieces=(*BROKEN.pieces, {"error": {"message": "Breadth wordy-9"}}), breaks=False),
        words="in the middle of the answer",
        text=PART,
    ),
    failed("an empty answer", Script(()), words="empty answer"),
    failed("the content filter", replace(BROKEN, finish="content_filter", breaks=False), words="filter", text=PART),
    failed(
        "the longest answer",
        replace(BROKEN, finish="length", breaks=False),
        words="Breadth wordy-0.",
        text=PART,
        mark="✂️ stopped",
    ),
    failed("a refusal", Script((REFUSAL,)), words="declined", text="Breadth wordy-0. No."),
    failed(
        "what is no JSON",
        replace(BROKEN, pieces=(*BROKEN.pieces, b"data: {nonsense\n\n"), breaks=False, finish="stop"),
        words="makes no sense",
        text=PART,
    ),
    asked(
        "characters that are none",
        replace(WHOLE, pieces=(*WHOLE.pieces, "\ufffd NUL \0 half \ud83d a whole \ud83d", "\ude00 one.")),
        texts={"Breadth": WHOLE.text + "\ufffd NUL \ufffd half \ufffd a whole 😀 one."},
    ),
]

ROWS = [*EDITS, *POSTS, *ROWS_OF_SOCKETS, *ROWS_OF_OPENAI]

PLAIN = Row("")
BEARABLE = [row for row in ROWS if replace(row, **{name: getattr(PLAIN, name) for name in MEANS}) == PLAIN]
"""Those after which all is as if nothing had been."""


def both(one: Row, other: Row) -> Row:
    """Two faults in one run."""

    async def strike(world: World) -> None:
        for row in (one, other):
            if row.strike:
                await row.strike(world)

    return Row(
        f"{one.name} + {other.name}",
        faults=(*one.faults, *other.faults),
        strike=strike if one.strike or other.strike else None,
        scripts={**one.scripts, **other.scripts},
        scopes=HISTORY,
    )


def pairs(seed: int, count: int) -> list[Row]:
    """So many pairs of faults that a run bears."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return [both(*chance.sample(BEARABLE, 2)) for _ in range(count)]


QUICK = {
    "edits: 429 with 5 s",
    "edits: a page with 500, 502, 503, 504",
    "edits: somebody deletes a reply",
    "edits: edit_window_closed, while it is written",
    "the channel is closed: is_archived",
    "the token is refused: token_revoked",
    "posts: the parent, a page with 503",
    "posts: a placeholder, broken after it is done",
    "whispers: none can be sent at first",
    "the socket: half open",
    "OpenAI: 429 with Retry-After",
    "OpenAI: broken, twice",
    "OpenAI: characters that are none",
}
"""One row of each kind, for the quick look."""


def rows(found: list[Row]) -> list[Any]:
    """What pytest makes tests of."""
    return [pytest.param(row, id=row.name, marks=[] if row.name in QUICK else [pytest.mark.slow]) for row in found]


@pytest.mark.parametrize("row", rows(ROWS))
@pytest.mark.heavy
def test_what_must_hold_holds_whatever(row: Row) -> None:
    """See the module, and the row's name."""
    assert run(row).quotes() == []


@pytest.mark.parametrize("row", rows(pairs(5, 44)))
def test_what_must_hold_holds_after_two_faults_of_one_run(row: Row) -> None:
    """A sample of the pairs."""
    assert run(row).quotes() == []


@pytest.mark.heavy
async def test_streams_beyond_the_limit_wait_in_order_and_say_so() -> None:
    """Three runs at once, where four streams may be open; all end whole."""
    async with running(ModelServer(**{name: answer(name, 4) for name in NAMES}), max_streams=4) as world:
        async with asyncio.TaskGroup() as group:
            for number in range(3):
                group.create_task(world.slack.command(f"Problem {number}?"))
        await world.until(lambda: sum("Perspectives for" in one.text for one in world.workspace.messages) == 3)
        replies = [one for one in world.workspace.messages if one.thread_ts]
        assert len(replies) == 12
        assert all(text_of(one).rstrip() == answer(name_of(one), 4).text.rstrip() for one in replies)
        assert max(request.others for request in world.model.requests) == 3
        lines = [line_of(version) for one in replies for version in one.versions]
        assert any("many questions are being answered" in line for line in lines)


NASTY = [
    "<!channel>",
    "<!here|here>",
    "<@U0BEN>",
    "<@U0BEN|ben>",
    "<#C0RANDOM|random>",
    "<!subteam^S0TEAM>",
    "<https://evil.example|bank>",
    "<mailto:a@b.example|a>",
    "&lt;!channel&gt;",
    "&amp;lt;",
    "<<!channel>>",
    "<script>",
    "\n```\n",
    "\n~~~py\n",
    "`a < b`",
    "**",
    "|a|b|\n|-|-|\n",
    "\n> ",
    "[x](https://a.example/?a=1&b=2)",
    "\n- ",
    "@channel",
    "word ",
    "\u202e",
    "😀",
    "\0",
    "\ud83d",
    " ",
]
nasty = st.lists(st.sampled_from(NASTY), min_size=1, max_size=12).map("".join)


def as_told(text: str) -> str:
    """A text as Slack can hold it: with no halves of characters, and no NUL."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def as_read(markdown: str) -> str:
    """What a reader sees of what was sent; an order to read the other way round is none of it."""
    return markdown.replace("&lt;", "<").replace("\u2060", "").replace("\u202e", "")


async def ask_and_look(problem: str, answers: list[str]) -> None:
    """Ask something hostile, be answered so, and look at all that anybody is shown."""
    scripts = {name: Script((f"{text}.",)) for name, text in zip(NAMES, answers, strict=True)}
    async with running(ModelServer(**scripts)) as world:
        _, *replies = await world.ask(f"why {problem}.")
        for reply, text in zip(replies, answers, strict=True):
            markdown = "".join(block["text"] for block in reply.blocks if block["type"] == "markdown")
            told = as_told(f"{text}.")
            mended = {
                told,
                mending.mend(told),
                mending.mend(told, is_open=False),
            }  # bold text closed, a second table as lines
            assert any(as_read(markdown).startswith(as_read(unmask(one))) for one in mended)
            assert open_fence(markdown) == ""
        await world.slack.command(f"{problem}{'x' * (world.settings.problem_limit + 1)}")
        await world.until(lambda: world.workspace.whispers)
        said = [(one.text, one.blocks) for message in world.workspace.messages for one in message.versions]
        said += [(one.text, one.blocks) for one in world.workspace.whispers]
        for text, blocks in said:
            sent = (text + json.dumps(blocks, ensure_ascii=False)).replace("<@U0ADA>", "")
            assert not re.search("<[@!#]|<[a-z]+:", sent)


@given(problem=nasty, answers=st.lists(nasty, min_size=4, max_size=4))
@example(problem=" ", answers=["word "] * 4)  # what is blank at its ends is not counted by the limit either
@settings(max_examples=4, deadline=None)
@pytest.mark.heavy
def test_nothing_that_anybody_writes_is_live_and_all_of_it_reads_as_written(problem: str, answers: list[str]) -> None:
    """In no message, notification, whisper or line of the index; code is as it was."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(ask_and_look(as_told(problem), answers))


@pytest.mark.slow
@given(problem=nasty, answers=st.lists(nasty, min_size=4, max_size=4))
@settings(max_examples=60, deadline=None)
def test_nothing_of_much_that_anybody_writes_is_live(problem: str, answers: list[str]) -> None:
    """The longer look."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(ask_and_look(as_told(problem), answers))
