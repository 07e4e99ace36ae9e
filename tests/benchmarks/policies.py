"""Policies of the benchmark of freshness: when which answer is edited. `ours` is the bot's.

Each shows runs in a Slack and returns which message shows which answer. Ours alone also edits its index, once a run.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.delivery.board import Board
from bot.delivery.schedules.learned import Learned
from bot.delivery.sections.parent import Parent
from bot.delivery.sections.reply import Reply
from bot.delivery.thread import Thread
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.turns import Turns
from bot.engine.wire import Moments
from bot.errors import RateLimitedError
from bot.runs.run import until_next_look
from bot.slack.api import Mark
from bot.slack.body import Body
from bot.texts.en import ENGLISH
from tests.benchmarks.worlds import CLOSE, LATENCY, MINUTE, Slack
from tests.support.ledger import Ledger

PER_MINUTE = 50  # edits; what every policy is set to, whatever the world's limit is
CHANNEL = "C"
ELSEWHERE = "0"  # a message of before
MARK = Mark("run", "part")


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A stream of tokens, each a character: when, in seconds of the loop, each is produced."""

    tokens: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many tokens there will be."""
        return len(self.tokens)

    def length(self, now: float) -> int:
        """How many tokens there are."""
        return bisect_right(self.tokens, now + CLOSE)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What is asked `at` a time, and the answers to it; one that `follows` another needs no parent."""

    at: float
    answers: tuple[Answer, ...]
    follows: bool = False


Messages = list[tuple[Answer, str]]
Policy = Callable[[Slack, Sequence[Run]], Coroutine[Any, Any, Messages]]


async def ours(slack: Slack, runs: Sequence[Run], learned: str = "", *, lessons: list[str] | None = None) -> Messages:
    """The bot's board, with all that is below it, and with what was `learned`; what it learns is put into `lessons`."""
    board = Board(slack, PER_MINUTE)
    board.edits.recall(Learned.from_text(learned), _now())
    messages: Messages = []
    serving = asyncio.create_task(board.serve())
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(_run_ours(board, run, messages))
    serving.cancel()
    await asyncio.wait([serving])
    if lessons is not None:
        lessons.append(board.edits.learned.to_text())
    return messages


async def _run_ours(board: Board, run: Run, messages: Messages) -> None:
    await _sleep_until(run.at)
    replies = [Reply(perspective, ENGLISH) for perspective in PERSPECTIVES[: len(run.answers)]]
    parent = None if run.follows else Parent("Why?", "U", ENGLISH, replies)
    thread = Thread(
        "run", CHANNEL, ELSEWHERE if run.follows else None, sections=[*([parent] if parent else []), *replies]
    )
    board.open(thread, Ledger())
    await _show(board, thread, replies, run.answers)
    await board.settle(thread)
    if parent:
        parent.finish()
        await board.settle(thread)
    messages += [(answer, reply.placeholder.ts or "") for reply, answer in zip(replies, run.answers, strict=True)]
    board.close(thread)


async def _show(board: Board, thread: Thread, replies: Sequence[Reply], answers: Sequence[Answer]) -> None:
    """Show what is produced as a run does: all that is new, then a pause until the next look."""
    lengths = [0] * len(answers)
    moments = Moments(Turns(1))
    while coming := [one.tokens[length] for one, length in zip(answers, lengths, strict=True) if length < one.size]:
        await _sleep_until(min(coming))
        for place, (reply, answer) in enumerate(zip(replies, answers, strict=True)):
            length = answer.length(_now())
            if length > lengths[place]:
                lengths[place] = length
                reply.show(Draft.of("x" * length, State.DONE if length == answer.size else State.WRITING))
        board.look(thread)
        await asyncio.sleep(until_next_look(moments.next, _now()))


class SharedWindow:
    """The edits of the last minute, of all answers; with a limit there is no more of them."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._started: deque[float] = deque()

    def room_at(self) -> float:
        """When the next edit may start."""
        while self._started and self._started[0] + MINUTE + LATENCY <= _now():
            self._started.popleft()
        return _now() if len(self._started) < self._limit else self._started[0] + MINUTE + LATENCY

    def take(self) -> None:
        """Note that an edit starts."""
        self._started.append(_now())


async def on_timers(slack: Slack, runs: Sequence[Run], *, interval: float, per_minute: float) -> Messages:
    """Edit each answer on a timer of its own, when it has something new, and once it is whole.

    When the shared window of `per_minute` edits is full, previews are dropped, and last texts wait. After a refusal an
    answer sleeps as long as it was told to, then shows what is newest.
    """
    messages: Messages = []
    window = SharedWindow(per_minute)
    async with asyncio.TaskGroup() as group:

        async def show(run: Run) -> None:
            await _sleep_until(run.at)
            parent = ELSEWHERE if run.follows else await _post(slack, None, None)
            for answer in run.answers:
                ts = await _post(slack, answer, parent)
                messages.append((answer, ts))
                group.create_task(_keep_edited(slack, ts, answer, interval, window))

        for run in runs:
            group.create_task(show(run))
    return messages


async def _keep_edited(slack: Slack, ts: str, answer: Answer, interval: float, window: SharedWindow) -> None:
    shown = slack.shown[int(ts)][-1][1]
    tick = _now() + interval
    while shown < len(answer.tokens):
        await _sleep_until(max(_now(), min(tick, answer.tokens[-1])))
        length = answer.length(_now())
        tick = _now() + interval
        if length == shown:
            continue
        room_at = window.room_at()
        if room_at > _now():
            if length == len(answer.tokens):
                await _sleep_until(room_at)
            continue
        window.take()
        try:
            await slack.edit(CHANNEL, ts, _body(length))
        except RateLimitedError as refusal:
            await asyncio.sleep(refusal.retry_after)
            tick = _now()
        else:
            shown = length


async def _post(slack: Slack, answer: Answer | None, parent: str | None) -> str:
    while True:
        try:
            return await slack.post(CHANNEL, _body(answer.length(_now()) if answer else 0), parent, MARK)
        except RateLimitedError as refusal:
            await asyncio.sleep(refusal.retry_after)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of Slack's, to start `at` a time: an edit of an answer, its post, or a parent's post."""

    at: float
    answer: Answer | None
    is_edit: bool


async def by_plan(slack: Slack, calls: Sequence[Call]) -> Messages:
    """Do what was planned. A plan that Slack refuses is a bug."""
    messages: dict[Answer | None, str] = {}

    async def carry_out(call: Call) -> None:
        await _sleep_until(call.at)
        body = _body(call.answer.length(_now()) if call.answer else 0)
        if call.is_edit:
            await slack.edit(CHANNEL, messages[call.answer], body)
        else:
            messages[call.answer] = await slack.post(CHANNEL, body, None, MARK)

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(carry_out(call))
    return [(answer, ts) for answer, ts in messages.items() if answer]


POLICIES: dict[str, Policy] = {
    "ours": ours,
    "ours, learned": ours,
    "timer 1 s": partial(on_timers, interval=1.0, per_minute=float("inf")),
    "timer 3 s": partial(on_timers, interval=3.0, per_minute=float("inf")),
    "shared window": partial(on_timers, interval=1.0, per_minute=PER_MINUTE),
}


def _body(length: int) -> Body:
    return Body("", [{"type": "markdown", "text": "x" * length}])


async def _sleep_until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()
