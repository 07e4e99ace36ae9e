"""Slack, with as many workspaces as are wanted, and the model, in a process of their own.

    python -m tests.benchmarks.scale.stand_in TEAMS TOKENS SECONDS

Each answer has so many tokens, in so many seconds. What it is told to do is in `Child`.
"""

import asyncio
import json
import sys
import time
from typing import Any

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from tests.benchmarks.scale.child import obey, say
from tests.support.model_server import MODEL, ModelServer, Script

INDEX = "Perspectives for"  # what the notification of a parent begins with once its run has ended
LATENCY = 0.08  # seconds of each call of Slack's
PATIENCE = 180.0  # seconds for all that was asked to be answered


def make_team(number: int) -> Workspace:
    """A workspace, the same for whoever makes it."""
    return Workspace(team=f"S{number}", clock=time.time)


def write(tokens: int, seconds: float) -> Script:
    """An answer, encoded before it is asked for: what the stand-in takes of the machine, what is measured has not."""
    pieces = []
    for number in range(tokens):
        choice = {"index": 0, "delta": {"content": f"word{number} "}, "finish_reason": None}
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}
        pieces.append(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    return Script(tuple(pieces), seconds / tokens, 0.1)


class World:
    """All workspaces."""

    def __init__(self, slack: SlackServer, model: ModelServer) -> None:
        self._slack = slack
        self._model = model
        self._teams = [people.workspace for people in slack.people.values()]

    async def ask(self, url: str, over: float) -> dict[str, Any]:
        """Ask a question in each workspace, evenly over so many seconds, of the bot at `url`; what was seen.

        Times are seconds: `acks` those until each question was acknowledged, `seconds` until all was shown. What was
        not acknowledged in time is waited for no longer; `failures` are what people were told then, or in place of an
        answer.
        """
        self._slack.send_to(url)
        self._model.requests.clear()
        for team in self._teams:
            team.messages.clear()
            team.calls.clear()
            team.whispers.clear()
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def ask_one(number: int, team: Workspace) -> float | None:
            await asyncio.sleep(began + over * number / len(self._teams) - loop.time())
            acknowledged = await self._slack.people[team.team_id].command("Why do new hires leave?")
            if acknowledged is not None:
                await team.until(lambda: bool(team.whispers) or any(INDEX in one.text for one in team.messages))
            return acknowledged

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask_one(number, team)) for number, team in enumerate(self._teams)]
        edits = [call for team in self._teams for call in team.calls if call.method == "chat.update"]
        return {
            "acks": [task.result() for task in tasks],
            "seconds": loop.time() - began,
            "failures": [whisper.text for team in self._teams for whisper in team.whispers],
            "edits": len(edits),
            "refused": sum(call.error == "ratelimited" for call in edits),
            "fastest": most_in_a_second(call.at for call in edits),
        }


def most_in_a_second(moments: Any) -> int:
    """How many there were in the busiest second."""
    counts: dict[int, int] = {}
    for at in moments:
        counts[int(at)] = counts.get(int(at), 0) + 1
    return max(counts.values(), default=0)


async def stand_in(teams: int, tokens: int, seconds: float) -> None:
    """Serve until the input ends."""
    model = ModelServer()
    model.default = write(tokens, seconds)
    first, *others = (make_team(number) for number in range(teams))
    async with SlackServer(first, latency=LATENCY, others=others) as slack, model:
        say({"slack": slack.url, "model": model.url})
        await obey({"ask": World(slack, model).ask})


if __name__ == "__main__":
    asyncio.run(stand_in(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
