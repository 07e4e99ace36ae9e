"""Takes questions in: what may not be asked is refused here, before anything is written down or bought.

A question that may be asked is written down before it is acknowledged, and then its run begins.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

from bot.durable.journal import Journal
from bot.durable.record import Outcome
from bot.durable.sharing.ownership import Arrival
from bot.engine.conversation.followups import Kind
from bot.errors import StoreError
from bot.quotas import Refusal
from bot.runs.admission import Admission, Unfit
from bot.runs.refusals import Refusals, code_of, needs_words
from bot.runs.supervisor import Supervisor
from bot.runs.teller import Teller
from bot.slack import notices
from bot.slack.body import Body
from bot.slack.question import Question
from bot.texts.phrases import Phrase

logger = logging.getLogger(__name__)


class Reception:
    """Takes in what is asked in one workspace, for `supervisor` to answer."""

    def __init__(
        self, supervisor: Supervisor, journal: Journal, admission: Admission, teller: Teller, refusals: Refusals
    ) -> None:
        self._supervisor = supervisor
        self._journal = journal
        self._admission = admission
        self._teller = teller
        self._refusals = refusals

    async def receive(self, question: Question) -> Body | None:
        """Take a question: begin a run once it is written down, or tell its sender why not.

        Returns what is to be said with the acknowledgement: a refusal, where its sender has just been told another, or
        stands before the form in which it was typed.
        """
        if question.kind is Kind.DEEPER and (phrase := await self._look_up_root(question)):
            return notices.not_done(phrase, question.language)[0]
        if not self._journal.company.owns(question.workspace):
            return await self._hand_over(question)
        refusal = self._admit(question)
        if refusal:
            return self._refuse(question, refusal)
        try:
            await self.take(question)
        except StoreError as error:
            return self._give_back(question, error)
        return None

    def take_in(self, question: Question) -> None:
        """Begin the run of a question that another process has written down, or tell its sender why not."""
        if refusal := self._admit(question):
            self._journal.entry(question.key).end(Outcome.REFUSED)
            logger.info("run.refused key=%s code=%s", question.key, code_of(refusal))
            self.tell(question, partial(self._refusals.explain, refusal, question.problem))
        elif not self._supervisor.answer(question):
            self._admission.end(question.user)

    def consider(self, question: Question) -> str | None:
        """Why a question cannot be asked now, in words; None if it can."""
        refusal = self._admission.consider(
            question.problem,
            question.user,
            _now(),
            opens_thread=question.thread_ts is None,
            needs_words=needs_words(question),
        )
        if refusal is None:
            return None
        return self._refusals.explain_in_form(refusal, question.problem, question.language)

    def admit(self, question: Question) -> bool:
        """Whether a question may begin a run, which counts from now on; if not, its sender is being told why."""
        refusal = self._admit(question)
        if refusal:
            self._refuse(question, refusal)
        return refusal is None

    async def take(self, question: Question) -> bool:
        """Write a question down that was admitted, and begin its run; whether it is new."""
        arrival = Arrival.KNOWN
        try:
            arrival = await self._journal.add(question)
        finally:
            if arrival is not Arrival.HERE:
                self._admission.withdraw(question.user)
        if arrival is Arrival.HERE and not self._supervisor.answer(question):
            self._admission.end(question.user)
        return arrival is not Arrival.KNOWN

    def tell(self, question: Question, write: Callable[..., Sequence[Body]]) -> None:
        """Have whoever asked told what `write` makes, beside all else."""
        beside = replace(question, key=f"{question.key}/{uuid4().hex}")
        self._supervisor.begin(beside, self._teller.tell(question, write))

    async def _hand_over(self, question: Question) -> Body | None:
        """Write a question down for whoever serves the workspace, who knows what else is asked there."""
        if unfit := self._admission.judge(question.problem, needs_words=needs_words(question)):
            return self._refuse(question, unfit)
        try:
            await self._journal.company.hand_over(question)
        except StoreError as error:
            return self._give_back(question, error)
        logger.info("run.handed_over key=%s", question.key)
        return None

    def _give_back(self, question: Question, error: StoreError) -> Body:
        """What is said where nothing can be written down, and others may write; an event is left, and comes again."""
        logger.warning("run.not_taken key=%s error=%s", question.key, error)
        if question.asked_at_ts:
            raise error
        return notices.not_done(Phrase.STORE_AWAY, question.language, question.problem)[0]

    async def _look_up_root(self, question: Question) -> Phrase | None:
        """Why what goes on with a run cannot be begun; before it is taken, since its words stand in the form still."""
        try:
            conversation = await self._journal.recall(question.workspace, question.root)
        except StoreError as error:
            logger.warning("press.lost action=deeper run=%s error=%s", question.root, error)
            return Phrase.STORE_AWAY
        return Phrase.UNKNOWN_RUN if conversation is None else None

    def _admit(self, question: Question) -> Unfit | Refusal | None:
        return self._admission.admit(
            question.problem,
            question.user,
            _now(),
            opens_thread=question.thread_ts is None,
            needs_words=needs_words(question),
        )

    def _refuse(self, question: Question, refusal: Unfit | Refusal) -> Body | None:
        """Tell the sender why a question is not answered; what is left to be said with the acknowledgement."""
        if self._admission.may_tell(question.user, _now()):
            logger.info("run.refused key=%s code=%s", question.key, code_of(refusal))
            work = self._teller.tell(question, self._refusals.explain, refusal, question.problem)
            self._supervisor.begin(question, work)
            return None
        # Who asks and asks has been told a moment ago: what costs nothing has to do.
        return self._refusals.explain(refusal, question.problem[: notices.SAMPLE], question.language)[0]


def _now() -> float:
    return asyncio.get_running_loop().time()
