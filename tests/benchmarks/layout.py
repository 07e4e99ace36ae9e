"""What laying out a text costs, at the worst: an edit, all pages, a problem.

    uv run python -m tests.benchmarks.layout [--quick]

All of it is done in the event loop of a whole company, so a text of 40,000 characters, however hostile, must cost no
more than some milliseconds. It ends with 1 where one costs more than it may.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.markup.characters import is_blank
from bot.markup.takeaway import takeaway
from bot.quotas import Limits
from bot.runs.admission import Admission
from bot.slack import blocks, notices
from bot.slack.markup.mending import forget
from bot.slack.markup.mrkdwn import unescape, without_mention
from bot.slack.markup.pages import fit, pages
from bot.texts.en import ENGLISH
from tests.support.pathological import texts

SIZE = 40_000  # characters; where an answer ends, and ten times what a problem may have
REPEATS = 5  # of which the quickest counts
ATTEMPTS = 4  # for what costs too much: others' work on the same machine may have made it dear, and passes
DRAFT = Draft.of("", State.DONE, model="m")


def edit(text: str) -> None:
    """An edit of the first page, with its notification; the most that is laid out for one."""
    blocks.reply(PERSPECTIVES[0], Draft.of(text, State.DONE, model="m"), fit(text), ENGLISH, number=1, is_last=True)


def edit_in_bytes(text: str) -> None:
    """The same, where Slack has refused more than some bytes."""
    fit(text, room=6_000)


def all_pages(text: str) -> None:
    """All pages of a whole answer, which are cut at once."""
    pages(text)


def index(text: str) -> None:
    """The line of an answer in the index."""
    takeaway(text)


def read(text: str) -> None:
    """What is done with what Slack hands over, before anybody knows how long it is."""
    is_blank(unescape(without_mention(text, "B1")))


def admit(text: str) -> None:
    """Whether a problem may be asked, where it may be as long as that."""
    Admission(Limits(1, 1), problem_limit=SIZE, fits=blocks.fits_parent).admit(text, "ann", 0, opens_thread=True)


def parent(text: str) -> None:
    """The message that shows the longest problem there is."""
    blocks.parent(text[:8_400], "U1", ENGLISH)


def too_long(text: str) -> None:
    """A problem that is given back."""
    notices.too_long(text, 4_000, ENGLISH)


MOST_SLOWNESS = 3.0  # no machine is let off for more
YARDSTICK = 10.0  # milliseconds that `slowness` takes where the bounds below are meant to hold


@dataclass(frozen=True, slots=True)
class Work:
    """A thing that is done with a text, and how many milliseconds it may take in the loop."""

    do: Callable[[str], None]
    most: float


WORKS = [
    *(Work(do, 20.0) for do in (edit, edit_in_bytes, index, read, admit, parent)),
    *(Work(do, 100.0) for do in (all_pages, too_long)),
]


def measure(do: Callable[[str], object], text: str, repeats: int = REPEATS) -> float:
    """Milliseconds of this thread's, at the least: what else the machine does costs nothing.

    Nothing is known of the text, or all times but the first would be of one that was laid out before.
    """
    best = float("inf")
    for _ in range(repeats):
        forget()
        began = time.thread_time()
        do(text)
        best = min(best, time.thread_time() - began)
    return best * 1_000


def judge(work: Work, text: str) -> tuple[float, bool]:
    """What it costs, in milliseconds, and whether that is within what it may cost on this machine at that moment.

    Each attempt is held to the slowness around it, and to no other's.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(0.5)
        before = slowness()
        cost = measure(work.do, text)
        is_within = cost <= work.most * max(before, slowness())
        if is_within:
            break
    return cost, is_within


def slowness() -> float:
    """How much slower this machine is at the moment than the one that the bounds are for; 1 where it is not."""
    return min(MOST_SLOWNESS, max(1.0, min(measure(_count, "x" * 100_000) for _ in range(5)) / YARDSTICK))


def _count(text: str) -> None:
    seen: dict[str, int] = {}
    for place, sign in enumerate(text):
        seen[sign] = seen.get(sign, 0) + place % 7


def main() -> int:
    """Print the worst texts for each kind of work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer texts, once each")
    is_quick = parser.parse_args().quick
    made = list(texts(SIZE, seeds=40 if is_quick else 400))
    failed, slower = False, slowness()
    print(  # noqa: T201 - a person reads it
        f"{len(made)} texts of {SIZE:,} characters; milliseconds, on a machine {slower:.2f} times as slow as was meant"
    )
    print(f"{'':15}{'may take':>9}{'prose':>9}   the worst")  # noqa: T201 - a person reads it
    for work in WORKS:
        taken = sorted(((measure(work.do, text, 1), name, text) for name, text in made), reverse=True)
        judged = [(*judge(work, text), name) for _, name, text in taken[:5]]
        worst = sorted(((cost, name) for cost, _, name in judged), reverse=True)
        prose = measure(work.do, next(text for name, text in made if name == "prose"))
        shown = ", ".join(f"{cost:.1f} {name}" for cost, name in worst[:3])
        print(f"{work.do.__name__:15}{work.most:9.0f}{prose:9.1f}   {shown}")  # noqa: T201 - a person reads it
        failed |= not all(is_within for _, is_within, _ in judged)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
