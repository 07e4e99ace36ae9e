"""The laws of the schedule of edits, under any load and in any world that Slack may be."""

import heapq
import math
from bisect import bisect
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.schedules.edits import EditSchedule
from tests.benchmarks.worlds import Bucket, Limit, Window

TOOK = 0.1  # seconds that an edit takes; Slack counts it at its end

questions = st.lists(st.tuples(st.floats(0, 240), st.integers(1, 4), st.floats(1, 40)), min_size=1, max_size=6)
worlds = st.one_of(
    st.just(Window(50)).map(lambda _: Window(50)),
    st.builds(Bucket, st.floats(40, 60), st.integers(2, 30), st.sampled_from([1.0, 5.0, 10.0])),
)


class Play:
    """Lets answers grow and end, and edits fly, be granted and be refused."""

    def __init__(self, limit: Limit) -> None:
        self.edits = EditSchedule(50)
        self.limit = limit
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.late: dict[object, float] = {}
        self.refused_lasts = 0
        self.due: set[object] = set()  # messages that do not show their last text, nor is it on its way
        self._wakes_at = math.inf
        self._order = count()
        self._events: list[tuple[float, int, str, object]] = []

    def add(self, at: float, kind: str, key: object) -> None:
        """Have something happen at a time."""
        heapq.heappush(self._events, (at, next(self._order), kind, key))

    def ask(self, at: float, answers: int, seconds: float) -> None:
        """Have a question asked, and answered."""
        for place in range(answers):
            key = (at, answers, seconds, place)
            self.add(at, "watch", key)
            for step in range(1, round(seconds) + 1):
                self.add(at + seconds * step / (round(seconds) + 1), "grow", key)
            self.add(at + seconds, "finish", key)

    def run(self, until: float = math.inf) -> None:
        """Play until nothing is left, or a time."""
        while self._events and self._events[0][0] <= until:
            now, _, kind, key = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(key, now)
            while (turn := self.edits.next(now)).key is not None:
                self._start(turn.key, now)
            if now >= self._wakes_at:
                self._wakes_at = math.inf
            if turn.at < self._wakes_at:
                self._wakes_at = turn.at
                self.add(turn.at, "wake", None)

    def _watch(self, key: object, now: float) -> None:
        self.edits.watch(key, now)
        self.due.add(key)

    def _grow(self, key: object, now: float) -> None:
        self.edits.grow(key, now)

    def _finish(self, key: object, now: float) -> None:
        self.edits.finish(key, now)
        self.late[key] = now

    def _wake(self, key: object, now: float) -> None:
        """Nothing: it is seen what is next."""

    def _start(self, key: object, now: float) -> None:
        is_last = key in self.late
        self.edits.start(key, now)
        self.starts.append(now)
        self.due -= {key} if is_last else set()
        taken = len(self.starts) - bisect(self.ends, now - 60 + 1e-9)
        assert taken <= 50
        assert is_last or 50 - taken >= len(self.due), "no preview takes what a last text needs"
        self.add(now + TOOK, "end", key)

    def _end(self, key: object, now: float) -> None:
        refused = self.limit.take(now)
        if refused:
            self.starts.pop()
            self.edits.refuse(key, now, retry_after=refused)
            self.refused_lasts += key in self.late
            self.due |= {key}
            return
        self.ends.append(now)
        if self.edits.land(key, now):
            self.late[key] = now - self.late[key]


@settings(max_examples=min(25, settings().max_examples // 2))
@given(questions, worlds)
@pytest.mark.heavy
def test_no_preview_takes_what_a_last_text_needs_and_nothing_starves(
    asked: list[tuple[float, int, float]], limit: Limit
) -> None:
    """Under any load, in a window and in any bucket; and the budget is never exceeded."""
    play = Play(limit)
    for one in asked:
        play.ask(*one)
    play.run()
    assert not play.due
    # At the worst, all last texts were waiting for all slots, some refusals' pauses in between.
    assert max(play.late.values()) <= 60 + len(play.late) * 60 / 40 + 60


@settings(max_examples=6)
@given(st.sets(st.integers(0, 60), min_size=1, max_size=8))
@pytest.mark.heavy
def test_after_any_refusals_the_pace_comes_back(refused: set[int]) -> None:
    """Where Slack grants everything again: within an hour as many edits as before, or nearly."""

    class Whimsical:
        calls = 0

        def take(self, _: float) -> float:
            self.calls += 1
            return 5.0 if self.calls in refused else 0.0

        def gap(self, _: int) -> float:
            return 0.0

        spacing = (50, 60.0, 0.0)

    play = Play(Whimsical())
    for place in range(4):
        play.add(0, "watch", place)
        for step in range(1, 3_600, 3):
            play.add(float(step), "grow", place)
    play.run(3_599)
    assert sum(start > 3_539 for start in play.starts) >= 40
