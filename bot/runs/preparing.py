"""What has to be known before a run begins: what it is shown in, and what the models are to look at.

For most questions all of it is there. A thread that the bot was called into is read, for a moment, and never fatally;
what goes on with a run needs that run. Both are kept, so that a process which takes the run up knows them too.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.delivery.sections.parent import Standing
from bot.delivery.sections.section import Found
from bot.durable.entry import Entry
from bot.durable.journal import Journal
from bot.durable.record import Conversation, Record
from bot.engine.conversation.followups import FURTHER, TOGETHER, Further, Kind
from bot.engine.conversation.material import Former, compose
from bot.engine.draft import State
from bot.engine.perspectives import Perspective
from bot.errors import SlackError, StoreError, TokenRefusedError
from bot.markup.characters import is_blank
from bot.runs.outline import Outline, find_lead, lay_out_again, lay_out_further, lay_out_question
from bot.runs.run import Run
from bot.runs.teller import Teller
from bot.runs.workspace import Workspace
from bot.slack import notices
from bot.slack.body import Body
from bot.slack.question import Question
from bot.texts import AUTO, choose
from bot.texts.language import Language
from bot.texts.phrases import Phrase

logger = logging.getLogger(__name__)

CALL_LIMIT = 25.0  # seconds after which no call of a dead process is carried out: it waited 15, and is long sent
TOO_OLD = 3_600.0  # seconds; who asked an hour ago has gone on without an answer


class NotBegunError(Exception):
    """A run cannot begin, for a cause that is nobody's fault; `write` makes the words for whoever asked."""

    def __init__(self, write: Callable[[Language], Sequence[Body]]) -> None:
        super().__init__()
        self.write = write


@dataclass(frozen=True, slots=True)
class Again:
    """Which answers of a run are asked anew, and what there is of it."""

    names: Collection[str]
    conversation: Conversation


class Preparing:
    """Makes the runs of one workspace."""

    def __init__(
        self,
        workspace: Workspace,
        journal: Journal,
        teller: Teller,
        perspectives: Sequence[Perspective],
        *,
        hint: Callable[[Language], Sequence[Body]],
        further: Further = FURTHER,
        language: str = AUTO,
    ) -> None:
        self._slack = workspace.slack
        self._board = workspace.board
        self._journal = journal
        self._teller = teller
        self._perspectives = perspectives
        self._hint = hint
        self._further = further
        self._language = language

    async def prepare(
        self, question: Question, entry: Entry, record: Record | None, again: Again | None
    ) -> tuple[Run, Callable[[], Awaitable[str]]]:
        """A run, with what another process has left of it, as `record` says; and the way to the problem that it asks.

        The latter may take a moment, in which the run's placeholders are posted.

        Raises:
            NotBegunError: there is nothing to look into, or what it goes on with is not known any more.
        """
        if again is not None and record is not None:
            return await self._prepare_again(record, entry, again)
        if question.kind is not Kind.PERSPECTIVES:
            conversation = await self._recall(question)
            found = None if record is None else self._find(record)
            answers = {} if record is None else record.answers
            outline = lay_out_further(question, conversation, self._perspectives, found, answers, further=self._further)
            return self._open(question, outline, entry), _known(_compose_further(question, conversation, self._further))
        is_begun = record is not None and (record.posts or record.material)  # else the thread was never read
        if not is_begun and question.reads_thread and is_blank(question.problem):
            thread = await self._read(question, entry)
            if not thread:
                raise NotBegunError(self._hint)
            # The thread is the problem, and has its language.
            spoken = replace(question, language=choose(thread, self._language))
            entry.note_language(spoken.language)
            run = self._open(spoken, lay_out_question(spoken, self._perspectives), entry)
            return run, _known(compose("", thread=thread))
        lead = await self._find_lead(record) if record else None
        run = self._open(question, self._lay_out(question, record, lead), entry)
        known = record.material if record else ""

        async def read() -> str:
            thread = known if known or not question.reads_thread else await self._read(question, entry)
            return compose(question.problem, thread=thread)

        return run, read

    def is_too_old(self, record: Record) -> bool:
        """Whether nobody waits for a run any more."""
        return self._journal.clock() - record.begun_at >= TOO_OLD

    def _open(self, question: Question, outline: Outline, entry: Entry) -> Run:
        return Run(question, outline, self._board, entry)

    async def _find_lead(self, record: Record) -> Standing | None:
        """What has drawn the answers together, of a run that was taken up while some of them were tried again."""
        if not record.reopened_at:
            return None
        try:
            conversation = await self._journal.recall(record.question.workspace, record.question.key)
        except StoreError:
            return None  # the index goes without; nobody waits for that
        return find_lead(conversation) if conversation else None

    def _lay_out(self, question: Question, record: Record | None, lead: Standing | None) -> Outline:
        if record is None:
            return lay_out_question(question, self._perspectives)
        perspectives, found = self._perspectives, self._find(record)
        if self.is_too_old(record):
            perspectives = [one for one in perspectives if one.key in found.posts]
        return lay_out_question(question, perspectives, found, record.answers, lead=lead)

    async def _prepare_again(
        self, record: Record, entry: Entry, again: Again
    ) -> tuple[Run, Callable[[], Awaitable[str]]]:
        question, conversation = record.question, again.conversation
        if question.kind is Kind.PERSPECTIVES:
            problem = compose(question.problem, thread=record.material)
        else:
            conversation = await self._recall(question)
            problem = _compose_further(question, conversation, self._further)
        outline = lay_out_again(
            record,
            self._perspectives,
            again.names,
            self._find(record),
            conversation,
            further=self._further,
        )
        return self._open(question, outline, entry), _known(problem)

    def _find(self, record: Record) -> Found:
        """What another process has left of a run."""
        posts = record.posts
        if self.is_too_old(record):
            # Nothing more is posted, and what was perhaps posted is left alone: it is too late to find out.
            posts = {part: ts for part, ts in posts.items() if ts}
        ends_at = _now() + CALL_LIMIT - self._journal.clock()  # of a call that was made at 0 by the journal's clock
        return Found(
            posts,
            posted_until=ends_at + record.left_at if record.left_at else -math.inf,
            edited_until={part: ends_at + at for part, at in record.calls.items()},
        )

    async def _recall(self, question: Question) -> Conversation:
        """The run that a question goes on with."""
        try:
            conversation = await self._journal.recall(question.workspace, question.root)
        except StoreError as error:
            raise NotBegunError(partial(_refuse, Phrase.STORE_AWAY, question.problem)) from error
        is_known = question.kind is Kind.TOGETHER or question.side in {one.key for one in self._perspectives}
        if conversation is None or not is_known:
            raise NotBegunError(partial(_refuse, Phrase.UNKNOWN_RUN, question.problem))
        return conversation

    async def _read(self, question: Question, entry: Entry) -> str:
        """What was said in the thread of a question; nothing where it cannot be read, of which its sender is told."""
        thread = ""
        try:
            # It ends in time by itself. A limit of ours, as long as that, would throw away what has come by then.
            thread = await self._slack.read_thread(
                question.channel, question.thread_ts or "", before_ts=question.asked_at_ts
            )
        except (SlackError, TokenRefusedError) as error:
            logger.info("thread.unread key=%s error=%s", question.key, error.code)
            await self._teller.tell(question, lambda language: notices.not_done(Phrase.THREAD_UNREAD, language))
        else:
            entry.note_material(thread)
        return thread


def _compose_further(question: Question, conversation: Conversation, further: Further) -> str:
    """What the model is to go on with: the problem, its answers and the follow-ups of them, what was added."""
    root = conversation.root
    is_all = question.kind is Kind.TOGETHER
    former = [
        Former(name, draft)
        for name, draft in root.answers.items()
        if draft.text and (draft.state is State.DONE if is_all else name == question.side)
    ]
    former += [
        Former(name, draft, record.question.problem)
        for record in conversation.further
        if record.question.kind is Kind.DEEPER and record.question.key != question.key
        for name, draft in record.answers.items()
        if draft.state is State.DONE and name != TOGETHER and (is_all or name == question.side)
    ]
    added = None if is_all else question.problem
    return further.compose(root.question.problem, thread=root.material, answers=former, added=added)


def _refuse(phrase: Phrase, problem: str, language: Language) -> Sequence[Body]:
    return notices.not_done(phrase, language, problem)


def _known(problem: str) -> Callable[[], Awaitable[str]]:
    async def tell() -> str:
        return problem

    return tell


def _now() -> float:
    return asyncio.get_running_loop().time()
