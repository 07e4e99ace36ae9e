"""The bot as it is installed in the workspace of the stand-in, and a desk there for tests of what reaches one."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.playground.slack.workspace import Workspace
from bot.slack.body import Body
from bot.slack.installation import Installation, find_only
from bot.slack.question import Press, Question

INSTALLATION = Installation(Workspace.team_id, None, Workspace.bot_token, Workspace.bot_id, Workspace().bot.id)
FIND = find_only(INSTALLATION)

Take = Callable[[Any], Awaitable[Any]]


class TestedDesk:
    """A desk whose work is done by whoever tests."""

    __test__ = False

    def __init__(self, slack: Any, take: Take, carry_out: Take, look: Take, where: Installation = INSTALLATION) -> None:
        self.slack, self.installation = slack, where
        self._take, self._carry_out, self._look = take, carry_out, look

    async def receive(self, question: Question) -> Body | None:
        answer: Body | None = await self._take(question)
        return answer

    async def press(self, press: Press) -> None:
        await self._carry_out(press)

    async def consider(self, question: Question) -> str | None:
        answer: str | None = await self._look(question)
        return answer
