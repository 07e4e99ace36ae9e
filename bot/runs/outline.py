"""Which messages a run is shown in: built from what was asked, and from what stands already.

A question has a reply for each perspective, and opens a thread with a parent unless there is one. What goes on with a
run has one reply of its own, in that run's thread. Answers that stand already and are not gone on with are lines of the
index, and nothing of theirs is touched.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.delivery.sections.buttons import Buttons
from bot.delivery.sections.parent import PART, Parent, Standing
from bot.delivery.sections.reply import Reply
from bot.delivery.sections.section import Found
from bot.durable.record import Conversation, Record
from bot.engine.conversation.followups import DRAW_TOGETHER, FURTHER, TOGETHER, Further, Kind
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.engine.reasons import Code, Reason
from bot.slack.markup.mrkdwn import escape
from bot.slack.question import Question
from bot.texts.phrases import Phrase

WORDS = 150  # characters of what was asked for a follow-up that stand above it

Answers = Mapping[str, Draft]  # by their perspectives' keys


@dataclass(frozen=True, slots=True)
class Outline:
    """The replies of a run, in their order, and the message that has the index, if there is one.

    `is_opened_by_it` is whether that message belongs to the run, which then stands or falls with it.
    """

    replies: Sequence[Reply]
    parent: Parent | None = None
    is_opened_by_it: bool = False


def lay_out_question(
    question: Question,
    perspectives: Sequence[Perspective],
    found: Found | None = None,
    answers: Answers | None = None,
    *,
    lead: Standing | None = None,
) -> Outline:
    """All sides of a problem; `lead` has drawn them together before, where some of them are tried again."""
    drafts = answers or {}
    opens_thread = question.thread_ts is None
    keys = [one.key for one in perspectives]
    buttons = Buttons(question.key, question.language, keys, has_parent=opens_thread)
    replies = [Reply(one, question.language, drafts.get(one.key), found, buttons=buttons) for one in perspectives]
    if not (opens_thread and perspectives):
        return Outline(replies)
    parent = Parent(question.problem, question.user, question.language, replies, found, buttons=buttons, lead=lead)
    return Outline(replies, parent, is_opened_by_it=True)


def lay_out_again(
    record: Record,
    perspectives: Sequence[Perspective],
    names: Collection[str],
    found: Found,
    conversation: Conversation,
    *,
    further: Further = FURTHER,
) -> Outline:
    """Those answers of a run that are asked anew, by their `names`; the others stand."""
    question = record.question
    if question.kind is not Kind.PERSPECTIVES:
        return lay_out_further(question, conversation, perspectives, found, record.answers, further=further)
    has_parent = PART in record.posts
    keys = [one.key for one in perspectives]
    buttons = Buttons(question.key, question.language, keys, has_parent=has_parent)
    lines: list[Reply | Standing] = []
    for one in perspectives:
        if one.key in names:
            lines.append(Reply(one, question.language, record.answers.get(one.key), found, buttons=buttons))
        else:
            lines.append(_stand(one, record))
            buttons.note(one.key, lines[-1].draft)
    replies = [line for line in lines if isinstance(line, Reply)]
    if not has_parent:
        return Outline(replies)
    lead = find_lead(conversation)
    parent = Parent(
        question.problem, question.user, question.language, lines, found, buttons=buttons, lead=lead, is_index=True
    )
    parent.grow()
    return Outline(replies, parent, is_opened_by_it=True)


def lay_out_further(
    question: Question,
    conversation: Conversation,
    perspectives: Sequence[Perspective],
    found: Found | None = None,
    answers: Answers | None = None,
    *,
    further: Further = FURTHER,
) -> Outline:
    """What goes on with a run: one answer, in its thread."""
    perspective = choose_perspective(question, perspectives, further)
    language = question.language
    buttons = Buttons(
        question.key, language, [perspective.key], kind=question.kind, root=question.root, has_parent=False
    )
    draft = (answers or {}).get(perspective.key)
    reply = Reply(perspective, language, draft, found, place=_place(question), buttons=buttons)
    root = conversation.root
    if question.kind is Kind.DEEPER or not (index := root.posts.get(PART)):
        return Outline([reply])
    lines = [_stand(one, root) for one in perspectives]
    below = Buttons(root.question.key, root.question.language, [line.perspective.key for line in lines])
    for line in lines:
        below.note(line.perspective.key, line.draft)
    asked = root.question
    there = Found({PART: index})
    parent = Parent(asked.problem, asked.user, asked.language, lines, there, buttons=below, lead=reply)
    return Outline([reply], parent)


def choose_perspective(question: Question, perspectives: Sequence[Perspective], further: Further) -> Perspective:
    """The one that answers what goes on with a run. Raises `KeyError` for a side that there is no more."""
    if question.kind is Kind.TOGETHER:
        return further.together
    return further.deepen({one.key: one for one in perspectives}[question.side])


def find_lead(conversation: Conversation) -> Standing | None:
    """What has drawn the answers of a run together last."""
    drawn = [one.answers.get(TOGETHER) for one in conversation.further if one.question.kind is Kind.TOGETHER]
    whole = [draft for draft in drawn if draft is not None and draft.state is State.DONE]
    return Standing(DRAW_TOGETHER, whole[-1]) if whole else None


def _stand(perspective: Perspective, record: Record) -> Standing:
    """An answer of a run that has ended: whatever was written of it, it does not go on."""
    draft = record.answers.get(perspective.key, Draft())
    if not draft.state.is_final:
        draft = replace(draft, state=State.INTERRUPTED, reason=Reason(Code.BOT_AWAY))
    return Standing(perspective, draft)


def _place(question: Question) -> str:
    """What a follow-up is, for whom, and what for."""
    if question.kind is Kind.TOGETHER:
        return ""
    user, words = f"<@{question.user}>", " ".join(question.problem.split())
    if not words:
        return question.language.say(Phrase.WEAKEST, user=user)
    short = words if len(words) <= WORDS else words[: WORDS - 1].rstrip() + "…"
    return question.language.say(Phrase.FOLLOW_UP, user=user, words=escape(short))
