"""What each message looks like, as Slack's Block Kit. Pure; everything that people or models wrote is escaped here.

A message is blocks and a short `text`, which is the notification and what a screen reader says. A model's Markdown
goes into one `markdown` block; the line above it, a context block, says what this is and what state it is in.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.slack.markup.characters import octets, units
from bot.slack.markup.links import make_safe
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, Page, has_too_many_items, stretches
from bot.slack.markup.takeaway import TAKEAWAY_LIMIT, takeaway
from bot.texts import explain, name, say
from bot.texts.phrases import Phrase

SECTION_LIMIT = 3_000  # UTF-16 units; Slack's for the text of a section
LONG_WAIT = 12.0  # seconds without a change after which people take a text to be frozen
LINE_ROOM = 900  # UTF-16 units that a line of the index may need, escaped; with the problem they are one message
INDEX_LINES = (TAKEAWAY_LIMIT, 75, 30, 10)  # columns of a takeaway, where Slack refuses an index for its size
SHORTEST_PROBLEM = 100  # characters; a problem that Slack refuses for its size is not cut shorter
NOTIFICATION_LIMIT = 140  # characters, of a takeaway columns; about what a phone shows of one

_LINE_BREAK = re.compile(r"\r\n?|\n")

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """What a message consists of: `blocks` to show, `text` to notify with."""

    text: str
    blocks: Sequence[Block]

    @property
    def has_text(self) -> bool:
        """Whether it shows anything that somebody or a model wrote."""
        return any(block["type"] != "context" for block in self.blocks)

    @property
    def size(self) -> int:
        """How many characters of Markdown it shows."""
        return sum(len(block["text"]) for block in self.blocks if block["type"] == "markdown")

    @property
    def weight(self) -> int:
        """How long what it shows is, but for the line above, in bytes: no unit of Slack's can count more."""
        return sum(octets(_text_of(block)) for block in self.blocks if block["type"] != "context")

    def barest(self, shown: "Body | None" = None) -> "Body":
        """What it is and in what state, over what is `shown` there already, and that Slack does not show the rest."""
        standing = [] if shown is None else [block for block in shown.blocks if block["type"] != "context"]
        lines = [block for block in self.blocks if block["type"] == "context"]
        note = _plain_section(say(Phrase.REST_NOT_SHOWN if standing else Phrase.NOT_SHOWN))
        return Body(self.text, [*lines, *(block for block in standing if block != note), note])

    def over(self, shown: "Body | None") -> "Body":
        """Its line over the text that is `shown`, where that is more than its own."""
        if shown is None or shown.weight <= self.weight:
            return self
        lines = [block for block in self.blocks if block["type"] == "context"]
        return Body(self.text, [*lines, *(block for block in shown.blocks if block["type"] != "context")])

    def plainer(self) -> "Body":
        """The same words with no Markdown to be parsed and no block near a limit, for when Slack refuses the form."""
        blocks: list[Block] = []
        for block in self.blocks:
            if block["type"] == "markdown":
                blocks += _plain_sections(block["text"])
            else:
                blocks.append(block)
        return Body(self.text, blocks)


def fits_parent(problem: str, answers: int = len(PERSPECTIVES)) -> bool:
    """Whether the parent message can hold the whole problem, quoted, and later a line for each of so many `answers`."""
    most = PAGE_LIMIT - answers * LINE_ROOM
    return units(problem) <= most and sum(units(_text_of(block)) for block in _problem(problem)) <= most


def parent(problem: str, user: str, *, below: float = math.inf) -> Body:
    """The message that opens a thread: who asked, mentioned, and the problem, quoted. `problem` must fit.

    Where Slack has refused so many bytes, it shows the beginning of the problem only, so that it has fewer: `below`.
    """
    body = _parent(problem, user)
    beginning = problem
    while body.weight >= below and len(beginning) > SHORTEST_PROBLEM:
        beginning = beginning[: len(beginning) // 2]
        body = _parent(beginning.rstrip() + "…", user)
    return body


def _parent(problem: str, user: str) -> Body:
    asker = f"<@{user}>"
    text = say(Phrase.ASKS_WHAT, user=asker, problem=escape(_short(problem)))
    return Body(text, [section(say(Phrase.ASKS, user=asker)), *_problem(problem)])


def _problem(problem: str) -> list[Block]:
    """A problem, quoted; plain, where Slack would make more blocks of its Markdown than a message may have."""
    if has_too_many_items(problem):
        return _plain_sections(escape(problem))
    return [_markdown(_quote(problem))]


def index(
    problem: str,
    user: str,
    answers: Sequence[tuple[Perspective, Draft]],
    *,
    below: float = math.inf,
    over: Body | None = None,
) -> Body:
    """The parent when all answers have ended: under the problem, a line for each.

    Where Slack has refused so many bytes, the lines are shorter, so that it has fewer: `below`. The problem stays as it
    is shown: `over` is that.
    """
    standing = (over or parent(problem, user)).blocks
    text = say(Phrase.PERSPECTIVES_ON, user=f"<@{user}>", problem=escape(_short(problem)))
    for limit in INDEX_LINES:
        lines = [section(f"{one.emoji} *{one.name}* {_outcome(draft, limit)}") for one, draft in answers]
        body = Body(text, [*standing, *lines])
        if body.weight < below:
            break
    return body


def reply(perspective: Perspective, draft: Draft, page: Page, *, number: int, is_last: bool, wait: float = 0.0) -> Body:
    """One message of an answer: `page` of its text, the `number`th, under a line with its name and state.

    The state stands on the last page only, where the text grows; a page that is full says that it goes on. Where edits
    of it are `wait` seconds apart, and that is long, the line says so: it would seem frozen.
    """
    head = f"{perspective.emoji} *{perspective.name}*"
    place = say(Phrase.CONTINUED, number=number) if number > 1 else perspective.angle
    state = _state(draft, wait) if is_last else f"⤵️ {say(Phrase.GOES_ON_BELOW)}"
    blocks = [_context(f"{head} · {place} · {state}")]
    if page.markdown.strip():
        blocks += show(page)
    return Body(_notification(perspective, draft, is_last=is_last), blocks)


def ends_above(perspective: Perspective, number: int) -> Body:
    """A page that is left over: the text that takes the place of a longer one ends before it."""
    head = f"{perspective.emoji} *{perspective.name}*"
    page = say(Phrase.PAGE, number=number)
    words = say(Phrase.NAME_ENDS_ABOVE, name=perspective.name)
    return Body(words, [_context(f"{head} · {page} · ⤴️ {say(Phrase.ENDS_ABOVE)}")])


def _state(draft: Draft, wait: float) -> str:
    match draft.state:
        case State.WAITING:
            sign, words = "💭", say(Phrase.WAITING) if draft.reason is None else _because(Phrase.WAITING_FOR, draft)
        case State.THINKING:
            sign, words = "🤔", say(Phrase.THINKING)
        case State.WRITING if draft.reason is not None:
            sign, words = "✍️", _because(Phrase.WRITING_AGAIN, draft)
        case State.WRITING:
            is_slow = wait > LONG_WAIT
            sign, words = "✍️", say(Phrase.WRITING_SLOWLY, seconds=wait) if is_slow else say(Phrase.WRITING)
        case State.DONE:
            sign, words = "✅", say(Phrase.DONE, seconds=draft.seconds, model=escape(draft.model))
        case State.FAILED:
            sign, words = "⚠️", _because(Phrase.FAILED, draft)
        case State.CUT:
            sign, words = "✂️", _because(Phrase.CUT, draft)
        case State.STOPPED:
            sign, words = "⏹️", say(Phrase.STOPPED)
        case _:
            sign, words = "⏸️", _because(Phrase.INTERRUPTED, draft)
    return f"{sign} {words}"


def _because(phrase: Phrase, draft: Draft) -> str:
    return say(phrase, reason=escape(explain(draft.reason)))


def _outcome(draft: Draft, limit: int) -> str:
    sentence = escape(takeaway(draft.text, limit=limit))
    match draft.state:
        case State.DONE:
            return sentence
        case State.CUT | State.STOPPED if sentence:
            return f"{sentence} _({say(Phrase.STOPPED_EARLY)})_"
        case State.CUT:
            return _because(Phrase.CUT, draft)
        case State.STOPPED:
            return say(Phrase.STOPPED)
        case State.FAILED:
            return _because(Phrase.FAILED, draft)
        case _:
            return _because(Phrase.INTERRUPTED, draft)


def _notification(perspective: Perspective, draft: Draft, *, is_last: bool) -> str:
    if not is_last:
        return say(Phrase.NAME_GOES_ON_BELOW, name=perspective.name)
    is_done = draft.state is State.DONE
    words = escape(takeaway(draft.text, limit=NOTIFICATION_LIMIT)) if is_done else name(draft.state)
    return say(Phrase.SAYS, name=perspective.name, words=words)


def _quote(problem: str) -> str:
    # The lines of Markdown, and no others: a separator of Unicode is none, and a code span may go on behind it.
    lines = _LINE_BREAK.split(make_safe(problem))
    return "\n".join(f"> {line}" for line in (lines if lines[-1] else lines[:-1]))


def _short(problem: str) -> str:
    words = " ".join(problem.split())
    return words if len(words) <= NOTIFICATION_LIMIT else words[: NOTIFICATION_LIMIT - 1] + "…"


def _text_of(block: Block) -> str:
    """The text that a block shows, as it is sent; none of one that is a line of elements."""
    text = block.get("text", "")
    return text if isinstance(text, str) else str(text["text"])


def section(mrkdwn: str) -> Block:
    """A block of mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def _plain_sections(escaped: str) -> list[Block]:
    """As many as a text needs, which is escaped already."""
    return [_plain_section(stretch) for stretch in stretches(escaped, limit=SECTION_LIMIT)]


def show(page: Page) -> list[Block]:
    """The blocks that show a page of a text."""
    return _plain_sections(page.markdown) if page.is_plain else [_markdown(page.markdown)]


def _plain_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": text or " ", "emoji": False}}


def _context(mrkdwn: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn}]}


def _markdown(text: str) -> Block:
    return {"type": "markdown", "text": text}
