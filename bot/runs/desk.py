"""One workspace's desk: it takes in what people ask and press there, and has all behind it that works on that.

It is opened for the first question, and stands until nobody has asked anything for a while: then nothing is left of it
but what the database keeps. Laws:

- Nothing is taken in, or taken up, before it is known what was asked and spent there lately; where the database does
  not say so in time, it goes on without.
- Its runs, its board and its limits are its own: what ends them ends no other's.
"""

import asyncio
from functools import partial

from bot.delivery.board import Board
from bot.delivery.schedules.learned import Learned
from bot.durable.events import Asked, Spent, Taught
from bot.durable.record import Record
from bot.quotas import Limits
from bot.runs.admission import Admission
from bot.runs.presses import Presses
from bot.runs.reception import Reception
from bot.runs.refusals import Refusals
from bot.runs.supervisor import Supervisor
from bot.runs.teller import Teller
from bot.runs.workspace import Shared, Workspace
from bot.slack.api import Slack
from bot.slack.blocks import fits_parent
from bot.slack.body import Body
from bot.slack.installation import Installation
from bot.slack.question import Press, Question
from bot.texts import speak_first

LAST_ANSWERS = 1.0  # seconds for Slack to say where the last posts stand; without that they cannot be gone on with
LINGER = 60.0  # seconds after its last run for which it stands: Slack counts edits by the minute
LINGER_REFUSED = 600.0  # seconds after Slack refused an edit for its rate: how fast one may go is then just being found


class Desk:
    """That of the workspace in which the bot is installed as `installation` says; `slack` makes its calls."""

    def __init__(self, installation: Installation, slack: Slack, shared: Shared) -> None:
        rules = shared.rules
        self.installation = installation
        self.slack = slack
        self.board = Board(slack, rules.edits_per_minute, shared.tally, clock=shared.clock)
        self.admission = Admission(
            Limits(rules.runs_per_person, rules.runs_per_person_per_hour),
            problem_limit=rules.problem_limit,
            fits=partial(fits_parent, answers=len(shared.perspectives)),
            most_runs=rules.most_runs,
        )
        teller = Teller(slack)
        refusals = Refusals(shared.perspectives, speak_first(shared.language), problem_limit=rules.problem_limit)
        self.supervisor = Supervisor(
            workspace=Workspace(slack, self.board, self.admission, shared.tally),
            journal=shared.journal,
            model=shared.model,
            perspectives=shared.perspectives,
            teller=teller,
            refusals=refusals,
            further=shared.further,
            language=shared.language,
            most_at_once=rules.runs_at_once,
        )
        self._journal = shared.journal
        self._reception = Reception(self.supervisor, shared.journal, self.admission, teller, refusals)
        self._presses = Presses(self.supervisor, self._reception, shared.journal, self.admission)
        self._opened = asyncio.Event()
        self._is_closing = asyncio.Event()
        self._used_at = _now()

    @property
    def is_open(self) -> bool:
        """Whether it is known what was asked and spent lately."""
        return self._opened.is_set()

    @property
    def workspace(self) -> str:
        """Its workspace, as runs are kept by it."""
        return self.installation.workspace

    def renew(self, installation: Installation) -> None:
        """Go on with the token of a newer installation, if it is another."""
        if installation.bot_token != self.installation.bot_token:
            self.slack.renew(installation.bot_token)
        self.installation = installation
        self._used_at = _now()

    async def receive(self, question: Question) -> Body | None:
        """Take a question, as `Reception.receive` says."""
        await self._opened.wait()
        return await self._reception.receive(question)

    async def consider(self, question: Question) -> str | None:
        """Why a question cannot be asked now, in words; None if it can."""
        await self._opened.wait()
        return self._reception.consider(question)

    async def press(self, press: Press) -> None:
        """Carry out a press, as `Presses.press` says."""
        await self._opened.wait()
        await self._presses.press(press)

    async def take_up(self, record: Record) -> None:
        """Go on with a run that another has left, unless it is lost again by the time that the desk is open."""
        await self._opened.wait()
        if record.question.key in self._journal.unsaved.live:
            self.take_up_now(record)

    def take_up_now(self, record: Record) -> None:
        """The same, at a desk that is open."""
        if record.is_admitted:
            self.supervisor.take_up(record)
        else:
            self._reception.take_in(record.question)

    def recall(self, past: Asked | Spent | Taught) -> None:
        """Count what was asked or spent in the workspace before, or elsewhere; or go on with what it has taught."""
        match past:
            case Asked(user=user, ago=ago):
                self.admission.recall(user, _now() - ago)
            case Spent(ago=spent):
                self.board.note_spent(spent)
            case Taught(what=what):
                self.board.edits.recall(Learned.from_text(what), _now())

    async def serve(self) -> None:
        """Serve the workspace until the desk is closed, and its runs have ended.

        Raises:
            BaseExceptionGroup: what has ended it, of which `errors.find_leaf` finds the first.
        """
        async with asyncio.TaskGroup() as background:
            showing = background.create_task(self.board.serve())
            async with self.supervisor:
                await self._journal.attend(self.workspace)
                self._opened.set()
                await self._is_closing.wait()
            await self.board.rest(LAST_ANSWERS)
            showing.cancel()

    def close(self) -> None:
        """Serve it no longer than it takes to end what goes on."""
        self._is_closing.set()

    @property
    def needed_until(self) -> float:
        """Until when it is to stand at the least, by the loop's time; infinity while it is in use."""
        idle_since = max(self._used_at, self.supervisor.idle_since)
        return max(idle_since + LINGER, self.board.edits.refused_at + LINGER_REFUSED)


def _now() -> float:
    return asyncio.get_running_loop().time()
