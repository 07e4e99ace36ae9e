"""An owner that stands still, in the middle of a write: its lease ends all the same, and nothing of it lands later."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import psycopg
import pytest

from bot.durable.lease import LEASE
from tests.scenarios.test_kills import note
from tests.support.databases import query
from tests.support.fleet import LONG, fleet, on_postgresql
from tests.support.process import until

pytestmark = [pytest.mark.slow, on_postgresql]

FROZEN = 15.0  # seconds
WRITES = """
CREATE TABLE writes (who TEXT NOT NULL, at DOUBLE PRECISION NOT NULL);
CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO writes VALUES (current_setting('application_name'), extract(epoch FROM clock_timestamp()));
    RETURN NULL;
END $$;
CREATE TRIGGER note_run AFTER INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION note_write();
CREATE TRIGGER note_message AFTER INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION note_write();
CREATE TRIGGER note_answer AFTER INSERT OR UPDATE ON answers FOR EACH ROW EXECUTE FUNCTION note_write();
"""  # who has written what of runs


@asynccontextmanager
async def caught_writing(url: str) -> AsyncIterator[None]:
    """Within the block, somebody is in the middle of a write, after the renewal of the lease."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO edits%'"
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute("LOCK TABLE edits IN EXCLUSIVE MODE")
        while await query(url, waits) == [(0,)]:
            pass
        yield


async def test_who_stands_still_in_the_middle_of_a_write_lets_go(kind: str, tmp_path: Path) -> None:
    """Another takes its run up within 15 s. What it writes and sends after that lands nowhere, and it hands over."""
    async with fleet(kind, tmp_path) as there:
        [team] = there.teams
        owner, other = await there.start_all(owner={"database": f"{there.url}?application_name=owner"}, other={})
        await query(there.url, WRITES)
        there.model.paces[team] = LONG
        assert await there.ask(owner, team) is not None
        await there.until(lambda: there.is_writing(team))
        there.model.paces.clear()

        async with caught_writing(there.url):
            owner.process.signal(signal.SIGSTOP)
        began = monotonic()
        await until(lambda: other.count("run.taken_up") == 1, within=FROZEN + 5)
        note(kind, "taken up", took := monotonic() - began)
        assert took <= FROZEN
        [(now,)] = await query(there.url, "SELECT extract(epoch FROM clock_timestamp())::float")
        sent = len(there.sent(owner))
        await there.until_whole([team])
        await until(lambda: monotonic() - began >= FROZEN, within=FROZEN)
        owner.process.signal(signal.SIGCONT)
        await owner.process.logged("process.fenced", within=LEASE)
        assert await query(there.url, f"SELECT at FROM writes WHERE who = 'owner' AND at > {now}") == []  # noqa: S608
        assert await there.ask(owner, team) is not None
        await there.until_whole([team], 1)
        there.assert_whole(team)
        there.assert_whole(team, 1)
        assert len(there.sent(owner)) == sent
