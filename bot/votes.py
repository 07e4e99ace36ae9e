"""What people think of the answers: what `python -m bot votes` prints, for whoever runs the bot."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence

from bot.durable.store import Store
from bot.durable.tables.votes import Count
from bot.errors import StoreError
from bot.printable import printable
from bot.settings import read_database_url

STORE_TIMEOUT = 10.0  # seconds to open the database and to count; `check` gives it as many
HEADINGS = ("perspective", "model", "language", "good", "bad")
NONE = "There are no votes yet."
GAP = "  "  # between two columns


async def read_votes(environment: Mapping[str, str]) -> list[Count]:
    """Count the votes in the database of `DATABASE_URL`, the only setting that matters here.

    Raises:
        SettingsError: no database can be there.
        StoreError: it cannot be read.
    """
    try:
        async with (
            asyncio.timeout(STORE_TIMEOUT),
            Store(read_database_url(environment), owner="votes", clock=time.time) as store,
        ):
            await store.open()
            counts = await store.count_votes()
            await store.leave()
    except TimeoutError as error:
        raise StoreError(f"DATABASE_URL: no answer within {STORE_TIMEOUT:.0f} s") from error
    return counts


def table(counts: Sequence[Count]) -> Iterator[str]:
    """The counts as lines for a terminal, names to the left and numbers to the right; without any, a word of that."""
    if not counts:
        yield NONE
        return
    rows = [
        (*(printable(name) or "-" for name in (one.name, one.model, one.language)), f"{one.good:,}", f"{one.bad:,}")
        for one in counts
    ]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for row in (HEADINGS, *rows):
        names = [cell.ljust(width) for cell, width in zip(row[:3], widths[:3], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
        yield GAP.join(names + numbers)
