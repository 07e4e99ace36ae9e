"""What other processes have left behind: their orphaned runs, the edits that they have sent, what has become old.

It says what is to be looked for, and when; that is done with a renewal of the lease, in one transaction, so that an
idle process asks the database once in `SEARCH`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bot.durable.events import Asked, Event, Pressed, Spent, Taught
from bot.durable.holdings import Holdings
from bot.durable.record import Saved, Search
from bot.durable.sharing.ownership import Sight
from bot.errors import StoreError

if TYPE_CHECKING:
    from bot.durable.store import Store

logger = logging.getLogger(__name__)

SEARCH = 2.5  # seconds between two looks for orphaned runs; each renews the lease, of which two may fail
SEARCH_SHARED = 2.0  # seconds where several processes share the workspaces: what a dead one leaves waits for it
SEARCH_UNHEARD = 1.0  # seconds where other processes cannot say that they have written something for this one
BEHIND = 0.1  # seconds after the end of another's lease for the next look, where that is sooner
TIDY = 3_600.0  # seconds between two looks for runs that are old enough to be forgotten
BATCH = 100  # of those at once; other writes wait meanwhile
TIMEOUT = 1.5  # seconds for that
HOUR = 3_600.0  # seconds; persons' limits look back so far
MINUTE = 60.0  # seconds; Slack's limits look back so far
DOUBT = 1.0  # seconds by which an edit of a dead process may have been counted later than it was written down


class Recovery:
    """What one process finds in `store`; runs that have ended are forgotten after `history` seconds.

    `now` is the event loop's time; `clock` tells seconds since 1970.
    """

    def __init__(self, store: "Store", *, clock: Callable[[], float], history: float) -> None:
        self._store = store
        self._clock = clock
        self._history = history
        self._strays: set[str] = set()
        self._unread: set[str] = set()  # workspaces that this process serves, and has not looked back on
        # Of those that it has: the edits that were sent there and are counted, by when they were sent.
        self._counted: dict[str, Counter[float]] = {}
        self._search_at = 0.0
        self._tidy_at = 0.0
        self._every = SEARCH
        self._sight = Sight()
        self._pressed: set[str] = set()  # signals that were told of, and are there still
        self._is_all_claimed = False
        self._is_resting = False
        self._is_shared = False
        self._reached_at: float | None = None
        self._is_reached = False

    def rest(self) -> None:
        """Claim nothing more: this process is about to end.

        Where others share the database, what they are asked in the workspaces that this one still serves is its own.
        """
        self._is_resting = True

    def note_reach(self, at: float, *, is_reached: bool) -> None:
        """Note when all that this process needs was reached last; while it `is_reached`, that goes on."""
        self._reached_at, self._is_reached = at, is_reached

    def hasten(self, *, is_heard: bool) -> None:
        """Look as soon as may be, and more often from now on where no ring is heard."""
        self._search_at = 0.0
        self._every = SEARCH_SHARED if is_heard else SEARCH_UNHEARD

    def attend(self, workspace: str) -> None:
        """Serve a workspace from now on: it is to be looked back on."""
        self._unread.add(workspace)

    def leave(self, workspace: str) -> None:
        """Serve it no more."""
        self._unread.discard(workspace)
        self._counted.pop(workspace, None)

    async def look_back(self, news: list[Event], holdings: Holdings) -> None:
        """Serve workspaces if nobody else does, learn what was begun and spent there before, and add it to `news`."""
        if not self._unread:
            return
        now = self._clock()
        since = {"asked_since": now - HOUR, "edits_since": now - MINUTE}
        pasts, holdings.owned = await self._store.serve(sorted(self._unread), **since)
        if holdings.owned is not None:
            self._every = min(self._every, SEARCH_SHARED)
        for workspace, past in pasts.items():
            if workspace in self._unread:  # else it was left meanwhile
                self._unread.discard(workspace)
                news.append(self._count(workspace, past.edits))
                news += [Asked(workspace, user, now - at) for user, at in past.asked]
                news += [Taught(workspace, past.learned)] if past.learned else []

    def wait(self, now: float) -> float:
        """Seconds until the next look, or the next renewal at the least."""
        return SEARCH if self._is_resting and not self._is_shared else min(self._every, self._search_at - now)

    def search(self, now: float, owned: frozenset[str] | None = None) -> Search | None:
        """What to look for now, if it is time; `owned` are the workspaces of this process, where they are shared."""
        self._is_shared = owned is not None
        if (self._is_resting and not self._is_shared) or now < self._search_at:
            return None
        served = frozenset(self._counted)
        return Search(
            frozenset(self._strays),
            self._clock() - MINUTE,
            workspaces=served,
            left=(owned or frozenset()) - served - self._unread,
            may_fence=self._sight.may_fence(now),
            may_claim=not self._is_resting,
            reached_ago=self._reached_ago(now),
        )

    def note_beat(self, now: float) -> None:
        """Note that the database has renewed the lease."""
        self._sight.note(now)

    def note_strays(self, keys: Iterable[str]) -> None:
        """Have runs released with the next look that are this process's, and that it does not know."""
        self._strays |= set(keys)

    def note(self, search: Search, saved: Saved, now: float) -> list[Event]:
        """Note that something was looked for, and what was found; what is to be told of it."""
        # There may be more of what was found.
        pause = min(self._every, saved.ends_in + BEHIND)
        self._search_at = now if len(saved.claimed) >= search.limit else now + pause
        self._strays -= search.strays
        self._is_all_claimed = not saved.claimed
        pressed = [Pressed(signal) for signal in saved.pressed if signal.id not in self._pressed]
        self._pressed = {signal.id for signal in saved.pressed}
        counted = [one for one in search.workspaces if one in self._counted]
        return [*(self._count(one, saved.edits.get(one, ())) for one in counted), *pressed]

    async def tidy(self, now: float) -> None:
        """Forget what is old, if it is time, but not while there may be orphaned runs among it."""
        if self._is_resting or not self._is_all_claimed or now < self._tidy_at:
            return
        self._tidy_at = now + TIDY
        try:
            async with asyncio.timeout(TIMEOUT):
                count = await self._store.clear(self._clock() - self._history, BATCH)
        except (StoreError, TimeoutError) as error:
            logger.warning("store.untidy error=%s", str(error) or "no answer")
            return
        if count:
            logger.info("store.cleared runs=%s", count)
        if count == BATCH:
            self._tidy_at = now + SEARCH

    def _reached_ago(self, now: float) -> float | None:
        if self._reached_at is None:
            return None
        return 0.0 if self._is_reached else now - self._reached_at

    def _count(self, workspace: str, edits: Iterable[float]) -> Spent:
        """The edits that were not counted before; some are written down late."""
        now = self._clock()
        spent = Counter(edits)
        new = (spent - self._counted.get(workspace, Counter())).elements()
        self._counted[workspace] = spent
        return Spent(workspace, [max(0.0, now - at - DOUBT) for at in new])
