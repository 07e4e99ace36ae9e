"""The board keeps Slack showing the newest drafts of all runs of one workspace, inside its limits.

It is the only one that writes into threads: the shell around `thread` and the schedules, which decide. Laws:

- What a post or an edit shows is built when it is sent; what an edit shows is written down in between, which is brief.
- It counts as shown when Slack has confirmed it. What a failed edit carried is unseen again, and the next try carries
  what is newest then; nothing is sent twice unchanged for its form.
- The messages of a thread are posted one after another, in the order in which they were asked for. That a post is about
  to be sent is written down before.
- A process does not send while its leases may have ended.
- What a thread cannot go on from ends that thread and no other.

One task, `serve()`, owns every call that is under way.
"""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from bot.delivery.fitting import Lesson
from bot.delivery.holding import Holding
from bot.delivery.message import Message
from bot.delivery.needs import Clock, Ledger, SlackCalls
from bot.delivery.outcomes import Verdict
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.schedules.posts import PostSchedule
from bot.delivery.slots import Slots
from bot.delivery.thread import Thread
from bot.errors import FormRefusedError, SlackError, TokenRefusedError
from bot.slack.api import Mark
from bot.slack.body import Body
from bot.tally import Tally

UNWRITTEN = 1.0  # seconds until a post is tried again that could not be written down

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Open:
    """A thread that is on the board: its ledger, and who waits for a change of it."""

    ledger: Ledger
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Board:
    """All threads of one workspace, under one schedule of `budget` edits a minute. Leases go by `clock`."""

    def __init__(self, slack: SlackCalls, budget: int, tally: Tally | None = None, *, clock: Clock = time.time) -> None:
        self._slack = slack
        self._holding = Holding(clock)
        self.edits = EditSchedule(budget)  # what it learns is for others to keep
        self._lesson = Lesson()
        self._slots = Slots(self.edits, self._lesson, tally or Tally())
        self.posts = PostSchedule()
        self._wait = 0.0  # seconds from one edit of an answer to its next, as things stand
        self._open: dict[Thread, _Open] = {}
        self._wake = asyncio.Event()
        self._posting: set[Thread] = set()  # of which a post is on its way
        self._threaded: set[str] = set()  # channels in which replies stand: they take threads
        self._is_resting = False

    # What runs ask of it.

    def open(self, thread: Thread, ledger: Ledger) -> None:
        """Show a thread, as its sections change, until it is closed."""
        self._open[thread] = _Open(ledger)
        thread.is_sure_of_replies |= self.takes_replies(thread.channel)
        self._slots.expect(thread, _now())
        self.look(thread)

    def takes_replies(self, channel: str) -> bool:
        """Whether messages of a channel are known to take replies."""
        return channel in self._threaded

    def look(self, thread: Thread) -> None:
        """See what there is to post or to show of a thread, once something has changed in its sections."""
        thread.review()
        self._follow(thread)

    async def changed(self, thread: Thread) -> None:
        """Wait until something has changed in a thread; in one that was closed nothing does any more.

        Raises:
            Exception: what ended the thread.
        """
        thread.check()
        changed = self._open[thread].changed if thread in self._open else asyncio.Event()
        changed.clear()
        await changed.wait()
        thread.check()

    async def settle(self, thread: Thread) -> None:
        """Wait until everything that is the last is shown. Raises as `changed` does."""
        self.look(thread)
        thread.check()
        while not thread.is_settled:
            await self.changed(thread)

    async def outlast(self, thread: Thread) -> None:
        """Wait until no older edit can land on that, either. Raises as `changed` does."""
        await self.settle(thread)
        while not thread.is_safe:
            await self.changed(thread)

    def close(self, thread: Thread) -> None:
        """Send nothing more of a thread."""
        thread.close()
        opened = self._open.pop(thread, None)
        if opened is None:
            return
        self.posts.forget(thread)
        self._slots.close(thread)
        opened.changed.set()
        self._wake.set()

    # What others tell it.

    def note_spent(self, ago: Sequence[float]) -> None:
        """Count edits that another process has sent, so many seconds ago each."""
        self.edits.note_spent(_now(), ago)
        self._wake.set()

    def hold_after(self, at: float, *, is_strict: bool = False) -> None:
        """Send nothing from `at` on, by the clock; where it `is_strict`, no call lasts longer either: see `holding`."""
        was_held = self._holding.is_over
        self._holding.end_at(at, is_strict=is_strict)
        if was_held:
            self._wake.set()

    async def rest(self, patience: float) -> None:
        """Send nothing more, and wait so many seconds for posts under way: only their answers tell where they stand."""
        self._is_resting = True
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._posting:
                    self._wake.clear()
                    await self._wake.wait()

    async def serve(self) -> None:
        """Post and edit, until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                self._wake.clear()
                is_free = not (self._holding.is_over or self._is_resting)
                deadline = min(self._start_posts(calls), self._start_edits(calls)) if is_free else math.inf
                try:
                    async with asyncio.timeout_at(deadline if deadline < math.inf else None):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _start_posts(self, calls: asyncio.TaskGroup) -> float:
        """Start every post whose time has come; return when the next one's will have."""
        while True:
            turn = self.posts.next(_now())
            if turn.key is None:
                return turn.at
            thread = cast("Thread", turn.key)
            if thread.has_posts and self._slots.post_at(thread, _now()) > _now():
                self._follow(thread)
                continue
            self.posts.start(thread, _now())
            if thread.has_posts:
                calls.create_task(self._post(thread, thread.start_post(), self._open[thread].ledger))

    def _start_edits(self, calls: asyncio.TaskGroup) -> float:
        """Start every edit whose time has come; return when the next one's will have."""
        while True:
            turn = self.edits.next(_now())
            self._wait = self._wait if turn.wait is None else turn.wait
            if turn.key is None:
                return turn.at
            thread, message = cast("tuple[Thread, Message]", turn.key)
            body = thread.body(message, wait=self._wait, room=self._lesson.room(_now()))
            if body is not None:
                self._slots.start(thread, message, body, _now())
                calls.create_task(self._edit(thread, message, body, self._open[thread].ledger))
            else:
                self._slots.skip(thread, message)
            self._note_change(thread)

    async def _post(self, thread: Thread, message: Message, ledger: Ledger) -> None:
        body: Body | None = None
        try:
            if message.is_doubtful and not await self._look_up(thread, message, ledger):
                return
            may_post = await ledger.record_intent(message.part)
            if thread.is_closed or self._is_resting or self._holding.is_over or not may_post:
                # Writing that down took its time. Perhaps the run is another process's now, or will be.
                ledger.not_posted(message.part)
                thread.put_back(message, _now(), 0.0 if may_post else UNWRITTEN)
                return
            body = thread.body(message, wait=self._wait, room=self._lesson.room(_now()))
            was_last = message.is_last
            if body is None:
                ledger.not_posted(message.part)
                message.not_posted()
                return
            self._posting.add(thread)
            async with self._holding.limited():
                ts = await self._slack.post(thread.channel, body, thread.ts, Mark(thread.key, message.part))
            ledger.posted(message.part, ts)
            if thread.ts is not None:
                self._threaded.add(thread.channel)
            self._slots.posted(thread, message, ts, body, _now(), was_last=was_last)
        except Exception as error:  # noqa: BLE001 - Slack's, or a bug, which is raised to the run that owns the thread
            self._note_post_failure(thread, message, error, body, ledger)
        finally:
            self._posting.discard(thread)
            thread.end_post()
            self._note_change(thread)

    def _note_post_failure(
        self, thread: Thread, message: Message, error: Exception, body: Body | None, ledger: Ledger
    ) -> None:
        _log_form(message, error, body)
        again = self._slots.post_failed(thread, message, error, body, _now())
        if again and again.holds_all:
            self.posts.hold(_now() + again.pause)
        if not message.is_doubtful and isinstance(error, (SlackError, TokenRefusedError)):
            ledger.not_posted(message.part)
        if message.loss:
            logger.warning("post.lost code=%s", getattr(error, "code", ""))

    async def _look_up(self, thread: Thread, message: Message, ledger: Ledger) -> bool:
        """Look up a message that was perhaps posted; whether it was not, and is to be posted now."""
        try:
            ts = await self._slack.find(thread.channel, thread.ts, Mark(thread.key, message.part))
        except (SlackError, TokenRefusedError) as error:
            if isinstance(error, TokenRefusedError) and error.code != "missing_scope":
                raise
            verdict = thread.look_failed(message, error, _now())
            if verdict is Verdict.LOST:
                logger.warning("post.unknown code=%s", error.code)
        else:
            verdict = thread.looked_up(message, ts, _now())
            if ts is not None:
                ledger.posted(message.part, ts)
        return verdict is Verdict.POST

    async def _edit(self, thread: Thread, message: Message, body: Body, ledger: Ledger) -> None:
        try:
            asked_at = _now()
            await ledger.record_edit(message.part)
            self._slots.note_wait(_now() - asked_at)
            if thread.is_closed or self._holding.is_over:
                # Writing that down took its time. Perhaps the run is another process's now.
                self._slots.put_back(thread, message, _now())
            else:
                thread.start_edit()
                async with self._holding.limited():
                    await self._slack.edit(thread.channel, message.ts or "", body)
                self._slots.land(thread, message, body, _now())
        except Exception as error:  # noqa: BLE001 - Slack's, or a bug, which is raised to the run that owns the thread
            _log_form(message, error, body)
            self._slots.fail(thread, message, error, body, _now())
            if message.loss:
                logger.warning("edit.lost code=%s", getattr(error, "code", ""))
        if message.edited_until <= _now():  # else an older one may land; so may one that is cut off with its process
            ledger.edit_answered(message.part)
        self._note_change(thread)

    def _follow(self, thread: Thread) -> None:
        """Have the schedules know what a thread has to post and to show."""
        if thread not in self._open:
            return
        now = _now()
        if self._slots.follow(thread, now):
            self._wake.set()
        if thread.has_posts and not thread.is_posting:
            is_parent, at = thread.ts is None, max(thread.post_not_before, self._slots.post_at(thread, now))
            self.posts.queue(thread, now, thread.channel, is_parent=is_parent, person=thread.person, not_before=at)
            self._wake.set()
        if thread.is_closed:
            self.close(thread)

    def _note_change(self, thread: Thread) -> None:
        """See to what has changed in a thread that was told of a call, and wake whoever waits for that."""
        self._follow(thread)
        if opened := self._open.get(thread):
            opened.changed.set()
        self._wake.set()


def _log_form(message: Message, error: Exception, body: Body | None) -> None:
    if isinstance(error, FormRefusedError) and body:
        form = message.fitting.form.name
        logger.warning("form.refused code=%s form=%s bytes=%s", error.code, form, body.weight)


def _now() -> float:
    return asyncio.get_running_loop().time()
