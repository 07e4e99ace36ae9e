"""What each message looks like, as Slack's Block Kit. Pure; everything that people or models wrote is escaped here.

A message is blocks and a short `text`, which is the notification and what a screen reader says. A model's Markdown
goes into one `markdown` block; the line above it, a context block, says what this is and what state it is in.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.slack.markup.characters import octets, units
from bot.slack.markup.links import make_safe
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, Page, has_too_many_items, stretches
from bot.slack.markup.takeaway import TAKEAWAY_LIMIT, takeaway
from bot.texts.en import ENGLISH
from bot.texts.language import Language
from bot.texts.phrases import Phrase

SECTION_LIMIT = 3_000  # UTF-16 units; Slack's for the text of a section
LONG_WAIT = 12.0  # seconds without a change after which people take a text to be frozen
LINE_ROOM = 900  # UTF-16 units that a line of the index may need, escaped; with the problem they are one message
INDEX_LINES = (TAKEAWAY_LIMIT, 75, 30, 10)  # characters of a takeaway, where Slack refuses an index for its size
SHORTEST_PROBLEM = 100  # characters; a problem that Slack refuses for its size is not cut shorter
NOTIFICATION_LIMIT = 140  # characters; about what a phone shows of one

_LINE_BREAK = re.compile(r"\r\n?|\n")

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Body:
    """What a message consists of: `blocks` to show, `text` to notify with; in which `language` we speak in it."""

    text: str
    blocks: Sequence[Block]
    language: Language = field(default=ENGLISH, repr=False, compare=False)

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
        note = _plain_section(self.language.say(Phrase.REST_NOT_SHOWN if standing else Phrase.NOT_SHOWN))
        return Body(self.text, [*lines, *(block for block in standing if block != note), note], self.language)

    def over(self, shown: "Body | None") -> "Body":
        """Its line over the text that is `shown`, where that is more than its own."""
        if shown is None or shown.weight <= self.weight:
            return self
        lines = [block for block in self.blocks if block["type"] == "context"]
        return Body(
            self.text, [*lines, *(block for block in shown.blocks if block["type"] != "context")], self.language
        )

    def plainer(self) -> "Body":
        """The same words with no Markdown to be parsed and no block near a limit, for when Slack refuses the form."""
        blocks: list[Block] = []
        for block in self.blocks:
            if block["type"] == "markdown":
                blocks += _plain_sections(block["text"])
            else:
                blocks.append(block)
        return Body(self.text, blocks, self.language)


def fits_parent(problem: str, answers: int = len(PERSPECTIVES)) -> bool:
    """Whether the parent message can hold the whole problem, quoted, and later a line for each of so many `answers`."""
    most = PAGE_LIMIT - answers * LINE_ROOM
    return units(problem) <= most and sum(units(_text_of(block)) for block in _problem(problem)) <= most


def parent(problem: str, user: str, language: Language, *, below: float = math.inf) -> Body:
    """The message that opens a thread: who asked, mentioned, and the problem, quoted. `problem` must fit.

    Where Slack has refused so many bytes, it shows the beginning of the problem only, so that it has fewer: `below`.
    """
    body = _parent(problem, user, language)
    beginning = problem
    while body.weight >= below and len(beginning) > SHORTEST_PROBLEM:
        beginning = beginning[: len(beginning) // 2]
        body = _parent(beginning.rstrip() + "…", user, language)
    return body


def _parent(problem: str, user: str, language: Language) -> Body:
    asker = f"<@{user}>"
    text = language.say(Phrase.ASKS_WHAT, user=asker, problem=escape(_short(problem)))
    return Body(text, [section(language.say(Phrase.ASKS, user=asker)), *_problem(problem)], language)


def _problem(problem: str) -> list[Block]:
    """A problem, quoted; plain, where Slack would make more blocks of its Markdown than a message may have."""
    if has_too_many_items(problem):
        return _plain_sections(escape(problem))
    return [_markdown(_quote(problem))]


def index(
    problem: str,
    user: str,
    answers: Sequence[tuple[Perspective, Draft]],
    language: Language,
    *,
    below: float = math.inf,
    over: Body | None = None,
) -> Body:
    """The parent when all answers have ended: under the problem, a line for each; and what whole ones rest on.

    Where Slack has refused so many bytes, the lines are shorter, so that it has fewer, and that is left out: `below`.
    The problem stays as it is shown: `over` is that.
    """
    standing = (over or parent(problem, user, language)).blocks
    text = language.say(Phrase.PERSPECTIVES_ON, user=f"<@{user}>", problem=escape(_short(problem)))
    is_whole = below == math.inf and all(draft.state is State.DONE for _, draft in answers)
    origin = [_context(language.say(Phrase.ORIGIN))] if is_whole else []
    for limit in INDEX_LINES:
        lines = [section(f"{_head(one, language)} {_outcome(draft, limit, language)}") for one, draft in answers]
        body = Body(text, [*standing, *lines, *origin], language)
        if body.weight < below:
            break
    return body


def reply(
    perspective: Perspective,
    draft: Draft,
    page: Page,
    language: Language,
    *,
    number: int,
    is_last: bool,
    wait: float = 0.0,
) -> Body:
    """One message of an answer: `page` of its text, the `number`th, under a line with its name and state.

    The state stands on the last page only, where the text grows; a page that is full says that it goes on. Where edits
    of it are `wait` seconds apart, and that is long, the line says so: it would seem frozen.
    """
    angle = language.side(perspective.key).angle
    place = language.say(Phrase.CONTINUED, number=number) if number > 1 else angle
    state = _state(draft, wait, language) if is_last else f"⤵️ {language.say(Phrase.GOES_ON_BELOW)}"
    blocks = [_context(" · ".join(filter(None, (_head(perspective, language), place, state))))]
    if page.markdown.strip():
        blocks += show(page)
    return Body(_notification(perspective, draft, language, is_last=is_last), blocks, language)


def ends_above(perspective: Perspective, number: int, language: Language) -> Body:
    """A page that is left over: the text that takes the place of a longer one ends before it."""
    page = language.say(Phrase.PAGE, number=number)
    words = language.say(Phrase.NAME_ENDS_ABOVE, name=language.side(perspective.key).name)
    line = f"{_head(perspective, language)} · {page} · ⤴️ {language.say(Phrase.ENDS_ABOVE)}"
    return Body(words, [_context(line)], language)


def _head(perspective: Perspective, language: Language) -> str:
    return f"{perspective.emoji} *{language.side(perspective.key).name}*"


def _state(draft: Draft, wait: float, language: Language) -> str:
    match draft.state:
        case State.WAITING:
            sign = "💭"
            words = (
                language.say(Phrase.WAITING) if draft.reason is None else _because(Phrase.WAITING_FOR, draft, language)
            )
        case State.THINKING:
            sign, words = "🤔", language.say(Phrase.THINKING)
        case State.WRITING if draft.reason is not None:
            sign, words = "✍️", _because(Phrase.WRITING_AGAIN, draft, language)
        case State.WRITING:
            is_slow = wait > LONG_WAIT
            sign = "✍️"
            words = language.say(Phrase.WRITING_SLOWLY, seconds=wait) if is_slow else language.say(Phrase.WRITING)
        case State.DONE:
            sign, words = "✅", language.say(Phrase.DONE, seconds=draft.seconds, model=escape(draft.model))
        case State.FAILED:
            sign, words = "⚠️", _because(Phrase.FAILED, draft, language)
        case State.CUT:
            sign, words = "✂️", _because(Phrase.CUT, draft, language)
        case State.STOPPED:
            sign, words = "⏹️", language.say(Phrase.STOPPED)
        case _:
            sign, words = "⏸️", _because(Phrase.INTERRUPTED, draft, language)
    return f"{sign} {words}"


def _because(phrase: Phrase, draft: Draft, language: Language) -> str:
    return language.say(phrase, reason=escape(language.explain(draft.reason)))


def _outcome(draft: Draft, limit: int, language: Language) -> str:
    sentence = escape(takeaway(draft.text, limit=limit))
    match draft.state:
        case State.DONE:
            return sentence
        case State.CUT | State.STOPPED if sentence:
            return f"{sentence} _{language.say(Phrase.STOPPED_EARLY)}_"
        case State.CUT:
            return _because(Phrase.CUT, draft, language)
        case State.STOPPED:
            return language.say(Phrase.STOPPED)
        case State.FAILED:
            return _because(Phrase.FAILED, draft, language)
        case _:
            return _because(Phrase.INTERRUPTED, draft, language)


def _notification(perspective: Perspective, draft: Draft, language: Language, *, is_last: bool) -> str:
    name = language.side(perspective.key).name
    if not is_last:
        return language.say(Phrase.NAME_GOES_ON_BELOW, name=name)
    is_done = draft.state is State.DONE
    words = escape(takeaway(draft.text, limit=NOTIFICATION_LIMIT)) if is_done else language.state(draft.state)
    return language.say(Phrase.SAYS, name=name, words=words)


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
