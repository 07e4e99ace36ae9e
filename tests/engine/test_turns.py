import asyncio

from bot.engine.turns import Turns


class Office:
    """Turns, those who hold or want one, and the order in which they were given."""

    def __init__(self, most: int) -> None:
        self.turns = Turns(most)
        self.given: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def hold(self, name: str) -> None:
        """Ask for a turn of the party that the name begins with, a letter a circle, and hold it."""
        end = self.ends[name] = asyncio.Event()
        async with self.turns.take(tuple(name[:-1])):
            self.given.append(name)
            await end.wait()

    async def end(self, *names: str) -> None:
        """Have turns given back, one after another."""
        for name in names:
            self.ends[name].set()
            await asyncio.sleep(0.01)


async def test_turns_go_round_by_party() -> None:
    """Somebody who asks once does not wait behind all that another has asked before."""
    office = Office(2)
    async with asyncio.TaskGroup() as group:
        for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
            group.create_task(office.hold(name))
        await asyncio.sleep(0.01)
        assert office.given == ["a1", "a2"]
        assert office.turns.are_taken
        assert (office.turns.held, office.turns.waiting) == (2, 5)
        await office.end("a1", "a2")
        assert office.given == ["a1", "a2", "b1", "a3"]
        await office.end("b1", "a3", "c1", "b2", "a4")
        assert office.given == ["a1", "a2", "b1", "a3", "c1", "b2", "a4"]
    assert not office.turns.are_taken
    assert (office.turns.held, office.turns.waiting) == (0, 0)


async def test_who_holds_fewest_is_next() -> None:
    """However long another has waited; where they hold as many, that decides."""
    office = Office(3)
    async with asyncio.TaskGroup() as group:
        for name in ("a1", "a2", "a3", "a4", "b1", "b2", "b3"):
            group.create_task(office.hold(name))
        await asyncio.sleep(0.01)
        await office.end("a1")
        assert office.given[3:] == ["b1"]
        await office.end("a2")
        assert office.given[3:] == ["b1", "a4"]
        await office.end("a3", "a4", "b1", "b2", "b3")


async def test_of_a_party_that_waits_twice_one_may_leave() -> None:
    """The other keeps its place."""
    office = Office(1)
    async with office.turns.take(("a",)):
        waiting = [asyncio.create_task(office.hold(name)) for name in ("b1", "b2")]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    assert office.given == ["b2"]
    await office.end("b2")
    await waiting[1]


async def test_who_waits_no_more_takes_no_turn_away() -> None:
    """Whenever it leaves: while it waits, and in the very moment in which it is given one."""
    office = Office(1)
    async with office.turns.take(("a",)):
        waiting = [asyncio.create_task(office.hold(name)) for name in ("b1", "c1", "d1")]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0.01)
    waiting[1].cancel()  # it has been given the turn, and has not run since
    await asyncio.sleep(0.01)
    assert office.given == ["d1"]
    office.ends["d1"].set()
    await waiting[2]
    assert (office.turns.are_taken, office.turns._waiting, office.turns._held) == (False, {}, {})


async def test_turns_go_round_by_workspace_and_then_by_person() -> None:
    """A workspace in which many people ask gets no more than one in which somebody does."""
    office = Office(4)
    async with asyncio.TaskGroup() as group:
        for name in ("xa1", "xa2", "xb1", "xc1", "xa3", "xd1", "xe1", "xb2", "ya1", "ya2", "yb1"):
            group.create_task(office.hold(name))
        await asyncio.sleep(0.01)
        assert office.given == ["xa1", "xa2", "xb1", "xc1"]
        await office.end("xa1", "xb1")
        assert office.given[4:] == ["ya1", "yb1"], "the other workspace, and there the other person"
        await office.end("xc1")
        assert office.given[6:] == ["xd1"], "where both hold as many, whoever holds none"
        await office.end("xa2", "ya1", "yb1", "xd1", "xa3", "xe1", "xb2", "ya2")
    assert not office.turns.are_taken
