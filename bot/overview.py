"""Where the bot is installed, who serves it there, and what goes on: what `python -m bot workspaces` prints."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bot.durable.overview import Overview, Place, read_overview
from bot.errors import SettingsError, StoreError
from bot.markup.characters import characters, columns
from bot.printable import printable
from bot.settings import read_database_url

STORE_TIMEOUT = 10.0  # seconds to open the database and to read; `check` gives it as many
MOST = 100  # lines, unless all are wanted: a vendor has thousands
SHOWN_OF_ID = 8  # of a process's characters; `bot.start` in its log has as many
NONE = "No workspace has installed the bot, and nothing goes on in this database."
GAP = "  "  # between two columns
HEADINGS = ("name", "workspace", "organisation", "since", "served by", "going on", "waiting")
NUMBERS = 2  # of the columns, at the end
LEAST_NAME, MOST_NAME = 8, 30  # columns
NARROW = 20  # columns, below which nothing is cut any further


async def find_places(environment: Mapping[str, str]) -> Overview:
    """Read what the database of `DATABASE_URL` has, the only setting that matters here.

    Raises:
        SettingsError: there is none, or it cannot be read: this command has nothing else to look at.
    """
    try:
        async with asyncio.timeout(STORE_TIMEOUT):
            return await read_overview(read_database_url(environment), time.time)
    except TimeoutError as error:
        raise SettingsError(f"DATABASE_URL: no answer within {STORE_TIMEOUT:.0f} s") from error
    except StoreError as error:
        raise SettingsError(f"DATABASE_URL: {error}") from error


def tell(overview: Overview, *, width: int, is_whole: bool = False) -> Iterator[str]:
    """It as lines for a terminal of so many columns: a table, or, where that has no room, some lines for each place.

    Those where something goes on come first, then the newest; `MOST` of them, unless it `is_whole`.
    """
    places = sorted(overview.places, key=lambda one: (-one.running - one.waiting, -(one.installed_at or 0.0), one.team))
    if not places:
        yield NONE
        return
    shown = places if is_whole else places[:MOST]
    cells = [_cells(place) for place in shown]
    yield from _table(cells, width) or _blocks(cells, max(width, NARROW))
    if len(shown) < len(places):
        yield f"… and {len(places) - len(shown):,} more: --all"
    running, waiting = sum(one.running for one in places), sum(one.waiting for one in places)
    yield ""
    yield from _wrapped([f"workspaces {len(places):,}", f"processes {overview.processes:,}"], width)
    yield from _wrapped([f"going on {running:,}", f"waiting {waiting:,}"], width)


def _cells(place: Place) -> tuple[str, ...]:
    since = "-" if place.installed_at is None else _date(place.installed_at)
    owner = "gone" if place.is_gone else printable(place.owner)[:SHOWN_OF_ID]
    words = (printable(place.name, MOST_NAME), printable(place.team, 20), printable(place.enterprise, 20), since, owner)
    return (*(word or "-" for word in words), f"{place.running:,}", f"{place.waiting:,}")


def _date(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "-"


def _table(cells: Sequence[Sequence[str]], width: int) -> list[str]:
    """A line for each; none where there is no room for that."""
    rows = [HEADINGS, *cells]
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    room = width - sum(widths[1:]) - len(GAP) * (len(widths) - 1)
    if room < min(widths[0], LEAST_NAME):
        return []
    widths[0] = min(widths[0], room)
    return [
        GAP.join(
            _pad(cell, wide, is_right=at >= len(HEADINGS) - NUMBERS)
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _blocks(cells: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    for name, *rest in cells:
        yield _cut(next((one for one in (name, *rest) if one != "-"), name), width)
        told = [f"{heading} {cell}" for heading, cell in zip(HEADINGS[1:], rest, strict=True) if cell != "-"]
        yield from (f"  {line}" for line in _wrapped(told, width - 2))


def _wrapped(parts: Sequence[str], width: int) -> Iterator[str]:
    """The parts in lines that are no wider, with commas between them."""
    line = ""
    for part in parts:
        longer = f"{line}, {part}" if line else part
        if line and columns(longer) > width:
            yield line
            longer = part
        line = _cut(longer, width)
    yield line


def _pad(cell: str, width: int, *, is_right: bool) -> str:
    cut = _cut(cell, width)
    space = " " * (width - columns(cut))
    return space + cut if is_right else cut + space


def _cut(text: str, width: int) -> str:
    if columns(text) <= width:
        return text
    taken = end = 0
    for place, wide in characters(text):
        if taken + wide > width - 1:
            break
        taken, end = taken + wide, place
    return f"{text[:end]}…"
