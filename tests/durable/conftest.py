"""What the tests of the database share."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.databases import KINDS, database
from tests.support.stores import World


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """On each kind of database."""
    async with database(request.param, tmp_path) as url, AsyncExitStack() as stack:
        yield World(url, stack)
