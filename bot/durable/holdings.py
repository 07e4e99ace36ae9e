"""Which runs this process has in the database, as far as it knows, and until when they are surely its own.

Each write shows which they are. What has changed by that is told as events: a run was claimed, lost to another process,
or stopped by somebody whom another process has heard.
"""

import logging
from collections.abc import Callable

from bot.durable.events import Claimed, Event, LeaseLost, Stopped
from bot.durable.lease import Lease, judge
from bot.durable.record import Changes, Outcome, Record, Saved
from bot.durable.unsaved import Unsaved

logger = logging.getLogger(__name__)


class Holdings:
    """Those of one process, which works on what is in `unsaved`."""

    def __init__(self, unsaved: Unsaved, clock: Callable[[], float]) -> None:
        self._unsaved = unsaved
        self.clock = clock  # by which the lease goes
        self.lease = Lease()
        self.adding: set[str] = set()  # runs that are just being written for the first time
        self.reopening: set[str] = set()  # runs that are just being reopened
        self.saved: set[str] = set()  # runs that the database knows to be this process's
        self.strays: frozenset[str] = frozenset()  # runs that it has as such, and that are unknown here
        self.has_missing = False  # runs that it knows no more, and that are to be written anew
        self.owned: frozenset[str] | None = None  # the workspaces that are served here; None where they are not shared
        self._was_fenced = False  # as of the last write: it may stay so for as long as Slack is out of reach
        self.has_company = False  # whether others serve workspaces of the same database
        self.is_away = False  # whether the database has not done what it was asked last

    def owns(self, workspace: str) -> bool:
        """Whether a workspace is this process's to serve."""
        return self.owned is None or workspace in self.owned

    def is_kept(self, key: str) -> bool:
        """Whether another process could go on with a run."""
        return key in self.saved and not self.is_away

    def may_be_taken(self, key: str) -> bool:
        """Whether another process may go on with a run, with what is written of it, while this one works on it."""
        return key in self.saved and self.has_company

    def may_take(self) -> bool:
        """Whether a question may be answered here: not where the database is away, and others may serve by now."""
        return not (self.is_away and self.has_company) or self.clock() < self.send_until()

    def send_until(self) -> float:
        """Until when anything may be sent of runs."""
        return self.lease.send_until(has_runs=bool(self.saved), is_away=self.is_away, has_company=self.has_company)

    @property
    def known(self) -> set[str]:
        """The runs that need not be written whole."""
        return self.saved | self.adding

    def claim(self, record: Record) -> None:
        """Work on a run that the database has given to this process."""
        self._unsaved.claim(record)
        self.saved.add(record.question.key)

    def end(self, key: str, outcome: Outcome) -> None:
        """Work on a run no more: it has ended."""
        self._unsaved.end(key, outcome, is_saved=key in self.saved)
        self.saved.discard(key)

    def fail(self, error: Exception, *, asked_at: float) -> None:
        """Take note that a write has failed that was begun at `asked_at`."""
        self.lease.fail(asked_at)
        if not self.is_away:
            logger.warning("store.away error=%s", str(error) or "no answer")
        self.is_away = True

    def note(self, saved: Saved, changes: Changes, saved_before: set[str], *, asked_at: float) -> list[Event]:
        """Take note of what a write has shown that was begun at `asked_at`, and renew the lease; what is to be told."""
        if self.is_away:
            logger.warning("store.back")
        self.is_away = False
        verdict = judge(
            saved.held,
            live=self._unsaved.live,
            saved=self.saved,
            saved_before=saved_before,
            begun=changes.begins.keys(),
            ended=changes.ends.keys(),
            ended_since=self._unsaved.ended | self.reopening,  # no strays either: somebody is about to work on them
            was_held=self.lease.is_held(asked_at) and not saved.was_fenced,
        )
        self._note_owned(saved)
        news: list[Event] = []
        for key in verdict.missing:
            logger.warning("run.missing key=%s", key)
        for key in verdict.lost:
            logger.warning("run.lost key=%s", key)
            self._unsaved.drop(key)
            news.append(LeaseLost(key))
        for key in verdict.saved - self.adding:
            logger.info("run.durable key=%s", key)
        self.saved = (self.saved - verdict.missing - verdict.lost) | verdict.saved
        self.strays, self.has_missing = verdict.strays, bool(verdict.missing)
        for key, user in saved.stopped.items():
            if self._unsaved.learn_of_stop(key, user):
                logger.info("run.stopped_elsewhere key=%s", key)
                news.append(Stopped(key, user))
        for record in saved.claimed:
            logger.info("run.taken_up key=%s", record.question.key)
            self.claim(record)
            news.append(Claimed(record))
        self.lease.renew(asked_at)
        return news

    def _note_owned(self, saved: Saved) -> None:
        if saved.was_fenced:
            if not self._was_fenced:
                logger.warning("process.fenced")
            self.owned = frozenset()
        self._was_fenced = saved.was_fenced
        if saved.owned is not None:
            self.owned = saved.owned
        if saved.others is not None:
            self.has_company = saved.others > 0
