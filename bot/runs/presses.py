"""What a press of a button does: stop, try again, draw together, a vote.

Slack may lose a press or send it twice, and two people may press at once. So each is written down, or carried out, once
whatever comes: a run is reopened by one of two who try it again, and what draws answers together is known by what it
draws. Whoever presses counts it against their own limits, and is told where nothing comes of it.
"""

import hashlib
import logging
from dataclasses import replace
from uuid import uuid4

from bot.delivery.sections.buttons import is_lacking
from bot.durable.journal import Journal
from bot.durable.record import Conversation, Record
from bot.engine.conversation.followups import LEAST_TOGETHER, TOGETHER, Kind
from bot.engine.draft import Draft, State
from bot.errors import StoreError
from bot.runs.admission import Admission
from bot.runs.preparing import Again
from bot.runs.reception import Reception
from bot.runs.supervisor import Supervisor
from bot.slack import notices
from bot.slack.question import Action, Press, Question
from bot.texts.phrases import Phrase

logger = logging.getLogger(__name__)


class Presses:
    """Carries out what people press, in one workspace."""

    def __init__(self, supervisor: Supervisor, reception: Reception, journal: Journal, admission: Admission) -> None:
        self._supervisor = supervisor
        self._reception = reception
        self._journal = journal
        self._admission = admission
        self._beginning: set[str] = set()  # runs of which something is just being begun that writes their index

    async def press(self, press: Press) -> None:
        """Carry out a press; return once it is written down, or its presser is being told why it is not."""
        try:
            refused = await self._carry_out(press)
        except StoreError as error:
            logger.warning("press.lost action=%s run=%s error=%s", press.action.value, press.run, error)
            refused = Phrase.STORE_AWAY
        logger.info(
            "press.done action=%s run=%s side=%s refused=%s",
            press.action.value,
            press.run,
            press.side or "-",
            refused.name.lower() if refused else "-",
        )
        if refused:
            self._reception.tell(_question(press), lambda language: notices.not_done(refused, language))

    async def _carry_out(self, press: Press) -> Phrase | None:
        match press.action:
            case Action.STOP:
                return await self._stop(press)
            case Action.AGAIN | Action.TOGETHER if not self._journal.company.owns(press.workspace):
                await self._journal.company.signal(press)  # whoever serves the workspace knows what else goes on there
                return None
            case Action.AGAIN | Action.TOGETHER:
                return await self._begin(press, press.run)
            case _:
                is_known = await self._journal.vote(
                    press.workspace, press.run, press.side, press.user, is_good=press.is_good
                )
                return None if is_known else Phrase.UNKNOWN_RUN

    async def _stop(self, press: Press) -> Phrase | None:
        is_live = self._supervisor.stop(press.run, press.user)  # first, since its streams cost
        is_open = await self._journal.stop(press.workspace, press.run, press.user)
        return None if is_live or is_open else Phrase.ALREADY_STOPPED

    async def _begin(self, press: Press, root: str) -> Phrase | None:
        """Try again or draw together what belongs to the run `root`.

        Of two who begin at once what writes the same index, the second is told that one goes on.
        """
        if root in self._beginning:
            return Phrase.IS_GOING_ON
        self._beginning.add(root)
        try:
            conversation = await self._journal.recall(press.workspace, root)
            if conversation is None:
                return Phrase.UNKNOWN_RUN
            if further := conversation.root.question.root:
                return await self._begin(press, further)  # it goes on with that one
            if press.action is Action.TOGETHER:
                return await self._draw_together(press, conversation)
            return await self._try_again(press, conversation)
        finally:
            self._beginning.discard(root)

    async def _try_again(self, press: Press, conversation: Conversation) -> Phrase | None:
        records = {record.question.key: record for record in (conversation.root, *conversation.further)}
        record = records.get(press.run)
        if record is None:
            return Phrase.UNKNOWN_RUN
        writes_index = record.question.kind is not Kind.DEEPER
        if record.outcome is None or (writes_index and _is_index_open(conversation)):
            return Phrase.IS_GOING_ON
        names = [
            name
            for name in self._supervisor.names_of(record.question)
            if is_lacking(record.answers.get(name, Draft())) and press.side in {"", name}
        ]
        if not names:
            return Phrase.NOTHING_TO_TRY_AGAIN
        if not self._reception.admit(_question(press)):
            return None
        reopened = None
        try:
            reopened = await self._journal.reopen(press.workspace, press.run, names, press.user)
        finally:
            if reopened is None:
                self._admission.withdraw(press.user)
        if reopened is None:
            return Phrase.IS_GOING_ON
        self._supervisor.go_on(reopened, Again(names, conversation))
        return None

    async def _draw_together(self, press: Press, conversation: Conversation) -> Phrase | None:
        root = conversation.root
        if _is_index_open(conversation):
            return Phrase.IS_GOING_ON
        if sum(draft.state is State.DONE for draft in root.answers.values()) < LEAST_TOGETHER:
            return Phrase.TOO_FEW
        question = replace(
            _question(press),
            key=_name_drawing(conversation),
            language=root.question.language,
            kind=Kind.TOGETHER,
            root=root.question.key,
        )
        if not self._reception.admit(question):
            return None
        return None if await self._reception.take(question) else Phrase.ALREADY_DRAWN


def _is_index_open(conversation: Conversation) -> bool:
    """Whether something goes on that writes the index in the end: of two at once, one would take the other's away."""
    return conversation.root.outcome is None or any(record.outcome is None for record in _drawn(conversation))


def _drawn(conversation: Conversation) -> list[Record]:
    """What has drawn the answers together, or was to."""
    return [record for record in conversation.further if record.question.kind is Kind.TOGETHER]


def _name_drawing(conversation: Conversation) -> str:
    """The key of what draws the answers together as they stand: once drawn, they are not drawn again.

    What has come to nothing does not count, wherever it failed.
    """
    name = f"{conversation.root.question.key}/{TOGETHER}/{_fingerprint(conversation)}"
    lost = sum(
        all(draft.state is not State.DONE for draft in record.answers.values())
        for record in _drawn(conversation)
        if record.question.key.startswith(name)
    )
    return f"{name}/{lost}" if lost else name


def _fingerprint(conversation: Conversation) -> str:
    """What tells the answers that are drawn together from others: once drawn, they are not drawn again."""
    drafts = [
        (name, draft.text)
        for record in (conversation.root, *conversation.further)
        if record.question.kind is not Kind.TOGETHER
        for name, draft in sorted(record.answers.items())
        if draft.state is State.DONE
    ]
    return hashlib.sha256(repr(drafts).encode()).hexdigest()[:16]


def _question(press: Press) -> Question:
    """Who is to be told, and where, or begins something: a question without words, by a key of its own."""
    thread_ts = press.thread_ts or press.ts
    return Question(
        f"{press.run}/{press.action.value}/{uuid4().hex}",
        "",
        press.user,
        press.channel,
        thread_ts,
        thread_ts,
        press.response_url,
        press.language,
        kind=Kind.DEEPER,
        workspace=press.workspace,
        enterprise=press.enterprise,
    )
