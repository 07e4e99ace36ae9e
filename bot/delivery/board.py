"""The board keeps Slack showing the newest drafts of all runs of one workspace, inside its limits.

It is the only one that writes into threads. Laws:

- What a post or an edit shows is built when it is sent; what an edit shows is written down in between, which is brief.
- It counts as shown when Slack has confirmed it. What a failed edit carried is unseen again, and the next try carries
  what is newest then; nothing is sent twice unchanged for its form.
- The messages of a thread are posted one after another, in the order in which they were asked for. That a post is about
  to be sent is written down before. One that may have been carried out is looked up, where Slack lets the bot look, and
  is never repeated on a guess.
- Nothing is sent while the lease of this process may have ended: its runs may be another's.
- What a thread cannot go on from ends that thread and no other.

One task, `serve()`, owns every call that is under way.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, cast

from bot.delivery.edit_schedule import Edits
from bot.delivery.post_schedule import Posts
from bot.delivery.thread import Form, Ledger, Loss, Message, Thread
from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    ThreadLostError,
    TokenRefusedError,
    UnavailableError,
)
from bot.slack.api import Mark
from bot.slack.blocks import Body

logger = logging.getLogger(__name__)

LONG_TEXT = 4_000  # characters; about where Slack folds a message up
SECOND_LOOK = 3.0  # seconds until a message that was not there is looked up again; a call takes well under one
LATE = 10.0  # seconds in which a call may still be carried out whose answer was given up after 15
MOST_ATTEMPTS = 1_440  # calls in a row for one message, before it is given up: six hours
MOST_UNNAMED = 5  # calls in a row that Slack refused for a reason that is not known here
RETRY_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds, the last one again and again; Slack's outages last minutes

LEAST = 400  # bytes of text; what Slack refuses of no more than that, it does not refuse for its size
MOST_HALVINGS = 5  # of a message that is too long: from 36,000 bytes, a full page of Japanese, to 1,100
MOST_DOUBTFUL = 2  # of one of which Slack does not say whether it is too long
LESSON = 3_600.0  # seconds for which a size that was refused is kept to in the workspace; the limit moves


class Writer(Protocol):
    """What the board needs of Slack. All methods raise `SlackError` or `TokenRefusedError`."""

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        """Post a message, under `thread_ts` if there is one, and return its timestamp."""

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        """The timestamp of the message that was posted with `mark`, if it was."""

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        """Replace a message."""


class Board:
    """All threads of one workspace, under one schedule of `edits_per_minute`.

    Nothing is sent from the time on that `hold_after` was told last, by `clock`, in seconds since 1970.
    """

    def __init__(self, slack: Writer, edits_per_minute: int, *, clock: Callable[[], float] = time.time) -> None:
        self._slack = slack
        self._clock = clock
        self._hold_at = math.inf
        self._edits = Edits(edits_per_minute)
        self._posts = Posts()
        self._watched: dict[Thread, set[Message]] = {}  # what the schedule of edits knows
        self._wake = asyncio.Event()
        self._posting: set[Thread] = set()  # of which a post is on its way
        self._threaded: set[str] = set()  # channels in which replies stand: they take threads
        self._is_resting = False
        self._room = math.inf  # bytes; see `room`
        self._room_until = -math.inf

    def thread(self, ledger: Ledger, channel: str, ts: str | None = None, *, person: str = "") -> Thread:
        """Open a thread in `channel` for `person`: under the message `ts`, or else under the first that it posts."""
        thread = Thread(self, ledger, channel, ts, person=person, takes_replies=channel in self._threaded)
        self._watched[thread] = set()
        return thread

    @property
    def wait(self) -> float:
        """Seconds from one edit of an answer to its next, as things stand."""
        return self._edits.wait

    @property
    def room(self) -> float:
        """How many bytes of text a message may show, by what Slack has refused within the last hour."""
        return self._room if _now() < self._room_until else math.inf

    def queue(self, thread: Thread) -> None:
        """Note that `thread` has something to post."""
        if thread in self._watched and not thread.is_posting:
            self._posts.queue(
                thread,
                _now(),
                thread.channel,
                is_parent=thread.ts is None,
                person=thread.person,
                not_before=thread.post_not_before,
            )
            self._wake.set()

    def unqueue(self, thread: Thread) -> None:
        """Note that `thread` has nothing to post any more."""
        self._posts.forget(thread)

    def note_spent(self, ago: Sequence[float]) -> None:
        """Count edits that another process has sent, so many seconds ago each."""
        self._edits.note_spent(_now(), ago)
        self._wake.set()

    def hold_after(self, at: float) -> None:
        """Send nothing from `at` on, by the clock: until then, and no longer, the runs are surely this process's."""
        was_held = self._is_held
        self._hold_at = at
        if was_held:
            self._wake.set()

    @property
    def _is_held(self) -> bool:
        return self._clock() >= self._hold_at

    async def rest(self, patience: float) -> None:
        """Send nothing more, and wait so many seconds for posts under way: only their answers tell where they stand."""
        self._is_resting = True
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._posting:
                    self._wake.clear()
                    await self._wake.wait()

    def adopt(self, message: Message, *, shows_text: bool) -> None:
        """Take up a message that stands already."""
        if message.thread in self._watched:
            self._watched[message.thread].add(message)
            self._edits.watch(message, _now(), shows_text=shows_text, is_index=message.is_index)

    def grow(self, message: Message) -> None:
        """Note that a message has something new to show, or its last text."""
        watched = self._watched.get(message.thread, set())
        if message not in watched and message.ts is not None and not message.is_lost:
            self.adopt(message, shows_text=True)  # it had settled, and has something to show after all
        if message not in watched:
            message.is_stale = True
        elif message.is_last:
            self._edits.finish(message, _now())
            self._wake.set()
        elif self._edits.grow(message, _now()):
            self._wake.set()

    def close(self, thread: Thread) -> None:
        """Send nothing more of `thread`."""
        self._posts.forget(thread)
        for message in self._watched.pop(thread, ()):
            self._edits.forget(message)
        self._wake.set()

    async def serve(self) -> None:
        """Post and edit, until cancelled."""
        async with asyncio.TaskGroup() as calls:
            while True:
                self._wake.clear()
                is_free = not (self._is_held or self._is_resting)
                deadline = min(self._start_posts(calls), self._start_edits(calls)) if is_free else math.inf
                try:
                    async with asyncio.timeout_at(deadline if deadline < math.inf else None):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    def _start_posts(self, calls: asyncio.TaskGroup) -> float:
        """Start every post whose time has come; return when the next one's will have."""
        while True:
            key, at = self._posts.next(_now())
            if key is None:
                return at
            thread = cast("Thread", key)
            thread.is_posting = True
            calls.create_task(self._post(thread, thread.waiting.popleft()))

    def _start_edits(self, calls: asyncio.TaskGroup) -> float:
        """Start every edit whose time has come; return when the next one's will have."""
        while True:
            turn = self._edits.next(_now())
            if turn.key is None:
                return turn.at
            message = cast("Message", turn.key)
            body = self._build(message)
            if body is None:
                if not message.is_lost:
                    self._edits.skip(message)
                continue
            self._edits.start(message, _now(), is_long=body.size > LONG_TEXT)
            calls.create_task(self._edit(message, body))

    def _build(self, message: Message) -> Body | None:
        """What a message should show now."""
        try:
            body = message.body()
        except Exception as bug:  # noqa: BLE001 - it ends this thread, and is raised to the run, which owns it
            message.loss = Loss.REFUSED
            message.thread.fail(bug)
            return None
        if body is None:
            return None
        sent = _in_form(message, body)
        # What cannot be made smaller is made plainer; what has no Markdown is plain already.
        while _was_refused(message, sent) or (message.form is Form.PLAIN and body.has_text and not body.size):
            if message.form is Form.PLAIN and not _is_known(message):
                self._lose(message, Loss.LOCKED)
                return None
            _make_plainer(message)
            sent = _in_form(message, body)
        return sent

    async def _post(self, thread: Thread, message: Message) -> None:
        body: Body | None = None
        try:
            if message.is_unknown and not await self._is_missing(message):
                return
            await thread.ledger.record_intent(message.part)
            if thread not in self._watched or self._is_resting or self._is_held:
                # Writing that down took its time. Perhaps the run is another process's now.
                thread.ledger.not_posted(message.part)
                _put_back(message)
                return
            message.is_stale = False
            body = self._build(message)
            is_last = message.is_last
            if body:
                self._posting.add(thread)
                ts = await self._slack.post(thread.channel, body, thread.ts, _mark(message))
                thread.ledger.posted(message.part, ts)
                self._note_posted(message, ts, body, is_last=is_last)
            else:
                thread.ledger.not_posted(message.part)
        except Exception as error:  # noqa: BLE001 - Slack's, or a bug, which is raised to the run that owns the thread
            self._note_post_failure(message, error, body)
        finally:
            self._posting.discard(thread)
            self._wake.set()
            thread.is_posting = False
            thread.changed()
            if thread.waiting:
                self.queue(thread)

    def _note_post_failure(self, message: Message, error: Exception, body: Body | None) -> None:
        thread = message.thread
        if isinstance(error, UnavailableError) and error.effect in {Effect.UNKNOWN, Effect.PENDING}:
            message.is_unknown = True
            _note_pending(message, error)
        elif isinstance(error, UnavailableError) and error.effect is Effect.DENIED:
            message.is_unknown = message.is_refused = True
        elif isinstance(error, (SlackError, TokenRefusedError)) and not message.is_unknown:
            thread.ledger.not_posted(message.part)
        match error:
            case RateLimitedError():
                thread.refusals += 1
                self._posts.hold(_now() + error.retry_after)
                _put_back(message)
            case UnavailableError() if message.attempts < MOST_ATTEMPTS:
                pause = self._pause(message)
                if error.effect in {Effect.NONE, Effect.DENIED}:
                    self._posts.hold(_now() + pause)
                _put_back(message, pause)
            case FormRefusedError() if body and self._has_other_form(message, error, body):
                _put_back(message)
            case SlackError() if thread.ts is not None and not isinstance(error, ChannelClosedError):
                logger.warning("post.lost code=%s", error.code)
                self._lose(message, Loss.UNKNOWN if message.is_unknown else Loss.REFUSED)
            case _:
                thread.fail(error)

    async def _is_missing(self, message: Message) -> bool:
        """Look up a message that was perhaps posted; whether it was not. What was found stands from now on."""
        thread = message.thread
        try:
            ts = await self._slack.find(thread.channel, thread.ts, _mark(message))
        except (RateLimitedError, UnavailableError) as error:
            pause = self._pause(message)
            if message.attempts < MOST_ATTEMPTS:
                _put_back(message, error.retry_after if isinstance(error, RateLimitedError) else pause)
            else:
                self._lose(message, Loss.UNKNOWN)
            return False
        except (SlackError, TokenRefusedError) as error:
            if isinstance(error, TokenRefusedError) and error.code != "missing_scope":
                raise
            if message.is_refused:
                message.is_unknown = message.is_refused = False  # Slack said that it was not, and its word has to do
                return True
            # The bot may not look. It was perhaps posted: once more would perhaps be twice.
            logger.warning("post.unknown code=%s", error.code)
            self._lose(message, Loss.UNKNOWN)
            return False
        if ts is not None:
            thread.ledger.posted(message.part, ts)
            self._note_posted(message, ts, None, is_last=False)
            self.grow(message)
            return False
        if not message.was_missed:
            # What was sent may be on its way still.
            message.was_missed = True
            _put_back(message, max(SECOND_LOOK, message.pending_until - _now()))
            return False
        message.is_unknown = message.was_missed = message.is_refused = False
        return True

    def _note_posted(self, message: Message, ts: str, body: Body | None, *, is_last: bool) -> None:
        thread = message.thread
        has_text = body is not None and body.has_text
        message.ts = ts
        message.shown = body
        message.shows_text = body is None or has_text
        message.is_unknown = False
        message.attempts = 0
        if thread.ts is not None:
            self._threaded.add(thread.channel)
        thread.ts = thread.ts or ts
        if thread not in self._watched:
            return
        if is_last:
            thread.unsettled.discard(message)
        else:
            self._watched[thread].add(message)
            self._edits.watch(message, _now(), shows_text=has_text, is_index=message.is_index)
            if message.is_stale:
                self.grow(message)
        message.on_placed()

    async def _edit(self, message: Message, body: Body) -> None:
        thread = message.thread
        try:
            await thread.ledger.record_edit(message.part)
            if thread not in self._watched or self._is_held:
                # Writing that down took its time. Perhaps the run is another process's now.
                self._edits.fail(message, _now())
                _note_answered(message)
                return
            thread.edits += 1
            await self._slack.edit(thread.channel, message.ts or "", body)
        except Exception as error:  # noqa: BLE001 - Slack's, or a bug, which is raised to the run that owns the thread
            self._note_edit_failure(message, error, body)
            _note_answered(message)
        else:
            message.attempts = message.refusals = 0
            message.shown = body
            message.shows_text = body.has_text
            if self._edits.carries_last(message) and message.pending_until > _now():
                # An older edit may land on this one: it is sent once more, when none is under way any longer.
                # What comes after it, an index, need not wait for that.
                self._edits.repeat(message, _now(), at=message.pending_until)
                thread.unsettled.discard(message)
                thread.late.add(message)
                thread.changed()
            if self._edits.land(message, _now()):
                self._watched.get(thread, set()).discard(message)
                thread.unsettled.discard(message)
                thread.late.discard(message)
                thread.changed()
            _note_answered(message)
        finally:
            self._wake.set()

    def _note_edit_failure(self, message: Message, error: Exception, body: Body) -> None:
        if isinstance(error, RateLimitedError):
            message.thread.refusals += 1
            self._edits.refuse(message, _now(), retry_after=error.retry_after)
            return
        if isinstance(error, UnavailableError):
            _note_pending(message, error)
        is_plain_refusal = isinstance(error, (FormRefusedError, MessageLockedError))
        pause = 0.0 if is_plain_refusal or not isinstance(error, SlackError) else self._pause(message)
        self._edits.fail(message, _now(), retry_after=pause)
        match error:
            case UnavailableError() if message.attempts < MOST_ATTEMPTS:
                pass
            case FormRefusedError() if self._has_other_form(message, error, body):
                pass
            case MessageGoneError():
                self._lose(message, Loss.DELETED)
            case FormRefusedError() | MessageLockedError() | UnavailableError():
                logger.warning("edit.lost code=%s", error.code)
                self._lose(message, Loss.LOCKED)
            case SlackError() if not isinstance(error, ChannelClosedError):
                message.refusals += 1
                if message.refusals >= MOST_UNNAMED:
                    logger.warning("edit.lost code=%s", error.code)
                    self._lose(message, Loss.LOCKED)
            case _:
                message.thread.fail(error)

    def _has_other_form(self, message: Message, error: FormRefusedError, body: Body) -> bool:
        """Have a message sent smaller from now on, or in a plainer form; whether there is one left to be tried."""
        logger.warning("form.refused code=%s form=%s bytes=%s", error.code, message.form.name, body.weight)
        is_for_size = isinstance(error, SizeRefusedError)
        most = MOST_HALVINGS if is_for_size else MOST_DOUBTFUL
        if message.form is Form.BARE:
            return False
        if body.weight > LEAST and message.halvings < most and (is_for_size or message.form is Form.MARKDOWN):
            # What is shown of it already was not too long, if it was less.
            shown = message.shown.weight if message.shown else 0
            message.room = max(body.weight // 2, LEAST, shown if shown < body.weight else 0)
            message.refused_size, message.refused_form = body.weight, message.form
            message.halvings += 1
            if is_for_size:
                self._room, self._room_until = min(self.room, message.room), _now() + LESSON
            return True
        if is_for_size:
            self._room_until = -math.inf  # it was not the size, or there is no size that helps
        else:
            message.room = message.refused_size = math.inf
        _make_plainer(message)
        # Over a text that stands and is not known, the barest form would take it away.
        return message.form < Form.BARE or _is_known(message)

    def _lose(self, message: Message, loss: Loss) -> None:
        thread = message.thread
        self._edits.forget(message)
        self._watched.get(thread, set()).discard(message)
        thread.lose(message, loss)
        if thread.ts is None:
            thread.fail(ThreadLostError())
        elif thread.failure is None:
            message.on_lost(loss)

    def _pause(self, message: Message) -> float:
        """Seconds before the next try of a message whose call has just failed."""
        message.attempts += 1
        return RETRY_PAUSES[min(message.attempts, len(RETRY_PAUSES)) - 1]


def _was_refused(message: Message, body: Body) -> bool:
    """Whether Slack has refused as much of a message in this form."""
    is_form = message.form is message.refused_form and message.form is not Form.BARE
    return is_form and body.weight >= message.refused_size


def _make_plainer(message: Message) -> None:
    message.form = Form(message.form + 1)
    message.halvings = 0


def _is_known(message: Message) -> bool:
    """Whether it is known what stands of a message: what this process has sent, or no text."""
    return message.shown is not None or not message.shows_text


def _in_form(message: Message, body: Body) -> Body:
    match message.form:
        case Form.MARKDOWN:
            return body
        case Form.PLAIN:
            return body.plainer()
        case Form.BARE:
            return body.barest(message.shown)


def _put_back(message: Message, pause: float = 0.0) -> None:
    """Have a message posted after all, before the others of its thread, in `pause` seconds at the earliest."""
    message.thread.post_not_before = _now() + pause
    message.thread.waiting.appendleft(message)


def _note_pending(message: Message, error: UnavailableError) -> None:
    if error.effect is Effect.PENDING:
        message.pending_until = _now() + LATE


def _note_answered(message: Message) -> None:
    """Once an edit was answered, or was not sent: note that none is under way, unless an older one is."""
    if message.pending_until <= _now():
        message.thread.ledger.edit_answered(message.part)


def _mark(message: Message) -> Mark:
    return Mark(message.thread.ledger.key, message.part)


def _now() -> float:
    return asyncio.get_running_loop().time()
