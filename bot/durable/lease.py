"""The lease of this process: until when the runs that it has in the database are surely its own. Pure.

Laws:

- A lease begins when the database is asked to renew it, and not when it answers: other processes count from no later.
- Once it may have ended, another process may have claimed the runs. Nothing is sent of them until the database has said
  whose they are.
- While no process can reach the database, none can claim the runs. That is assumed after `MOST_FAILURES` renewals that
  failed beyond the end of the lease, and sending goes on.
- A run that the database no longer has as this process's is missing if the lease was held, since nobody else can have
  claimed it: it is written anew. If the lease may have ended, it is lost.
"""

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

LEASE = 9.0  # seconds; what a killed process leaves is claimed so much later, and a pause as long costs no run
MOST_FAILURES = 2  # renewals beyond the lease's end; the first may only have found its connection dead


class Lease:
    """Until when this process may send. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._until = -math.inf
        self._failures = 0  # renewals in a row that failed, of those asked for beyond the end

    def is_held(self, now: float) -> bool:
        """Whether no other process can have claimed its runs."""
        return now < self._until

    def renew(self, asked_at: float) -> None:
        """Note that the database has carried out a renewal."""
        self._until = asked_at + LEASE
        self._failures = 0

    def fail(self, asked_at: float) -> None:
        """Note that it has not."""
        if not self.is_held(asked_at):
            self._failures += 1

    def send_until(self, *, has_runs: bool, is_away: bool, has_company: bool = False) -> float:
        """Until when anything may be sent.

        `has_runs` says whether the database knows runs of this process, `is_away` whether it failed the last time,
        `has_company` whether others are there that serve the same workspaces: they may reach what this one cannot.
        """
        is_out_of_reach = not has_company and (self._failures >= MOST_FAILURES or (is_away and not has_runs))
        return math.inf if is_out_of_reach else self._until


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a renewal has shown of runs, by their keys."""

    lost: frozenset[str]  # another process's now
    missing: frozenset[str]  # no longer known to the database, and nobody else's
    saved: frozenset[str]  # known to it since this write: begun, claimed or renewed later than was thought
    strays: frozenset[str]  # this process's, which does not know them: it had given up waiting for its claim


def judge(
    held: AbstractSet[str],
    *,
    live: AbstractSet[str],
    saved: AbstractSet[str],
    saved_before: AbstractSet[str],
    begun: AbstractSet[str],
    ended: AbstractSet[str],
    ended_since: AbstractSet[str],
    was_held: bool,
) -> Verdict:
    """What it means that `held` are the open runs of this process in the database, as of a write.

    `live` are those on which it works; `saved` those of them that it took the database to have, `saved_before` as of
    the beginning of the write; `begun` and `ended` were written as such with it, `ended_since` have ended meanwhile.
    `was_held` says whether the lease was held when the renewal was asked for.
    """
    gone = (saved_before & saved) - held
    refused = (begun & live) - saved - held
    lost = refused if was_held else refused | gone
    held = held - ended
    return Verdict(
        lost=frozenset(lost),
        missing=frozenset(gone - lost),
        saved=frozenset((held & live) - saved),
        strays=frozenset(held - live - ended_since),
    )
