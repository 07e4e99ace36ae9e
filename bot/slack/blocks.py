"""What each message looks like, as Slack's Block Kit. Pure; everything that people or models wrote is escaped here.

A message is blocks and a short `text`, which is the notification and what a screen reader says. A model's Markdown
goes into one `markdown` block; the line above it, a context block, says what this is and what state it is in.
"""

import math
import re
from collections.abc import Sequence
from itertools import takewhile

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.engine.reasons import Code
from bot.markup.characters import units
from bot.markup.takeaway import TAKEAWAY_LIMIT, takeaway
from bot.slack.body import Block, Body, context, is_plain, markdown, plain_sections, section, show, text_of
from bot.slack.markup.links import make_safe
from bot.slack.markup.mrkdwn import escape
from bot.slack.markup.pages import PAGE_LIMIT, Page, has_too_many_items
from bot.texts.language import Language
from bot.texts.phrases import Phrase

LONG_WAIT = 12.0  # seconds without a change after which people take a text to be frozen
LINE_ROOM = 900  # UTF-16 units that a line of the index may need, escaped; with the problem they are one message
INDEX_LINES = (TAKEAWAY_LIMIT, 75, 30, 10)  # columns of a takeaway, where Slack refuses an index for its size
SHORTEST_PROBLEM = 100  # characters; a problem that Slack refuses for its size is not cut shorter
NOTIFICATION_LIMIT = 140  # characters, of a takeaway columns; about what a phone shows of one

_ENDS = {State.CUT: Phrase.CUT, State.FAILED: Phrase.FAILED, State.INTERRUPTED: Phrase.INTERRUPTED}
_LINE_BREAK = re.compile(r"\r\n?|\n")


def fits_parent(problem: str, answers: int = len(PERSPECTIVES)) -> bool:
    """Whether the parent message can hold the whole problem, quoted, and later a line for each of so many `answers`."""
    most = PAGE_LIMIT - answers * LINE_ROOM
    return units(problem) <= most and sum(units(text_of(block)) for block in _problem(problem)) <= most


def parent(
    problem: str, user: str, language: Language, *, controls: Sequence[Block] = (), below: float = math.inf
) -> Body:
    """The message that opens a thread: who asked, mentioned, and the problem, quoted. `problem` must fit.

    Where Slack has refused so many bytes, it shows the beginning of the problem only, so that it has fewer: `below`.
    """
    body = _parent(problem, user, language, controls)
    beginning = problem
    while body.weight >= below and len(beginning) > SHORTEST_PROBLEM:
        beginning = beginning[: len(beginning) // 2]
        body = _parent(beginning.rstrip() + "…", user, language, controls)
    return body


def _parent(problem: str, user: str, language: Language, controls: Sequence[Block]) -> Body:
    asker = f"<@{user}>"
    text = language.say(Phrase.ASKS_WHAT, user=asker, problem=escape(_short(problem)))
    return Body(text, [section(language.say(Phrase.ASKS, user=asker)), *_problem(problem), *controls], language)


def _asked(shown: Body | None) -> list[Block]:
    """The part of a parent that is shown which says who asked what: all before the lines and the buttons."""
    if shown is None:
        return []
    first, *rest = shown.blocks
    return [first, *takewhile(lambda block: block["type"] == "markdown" or is_plain(block), rest)]


def _problem(problem: str) -> list[Block]:
    """A problem, quoted; plain, where Slack would make more blocks of its Markdown than a message may have."""
    if has_too_many_items(problem):
        return plain_sections(escape(problem))
    return [markdown(_quote(problem))]


def index(
    problem: str,
    user: str,
    answers: Sequence[tuple[Perspective, Draft]],
    language: Language,
    *,
    lead: tuple[Perspective, Draft] | None = None,
    controls: Sequence[Block] = (),
    below: float = math.inf,
    over: Body | None = None,
) -> Body:
    """The parent when all answers have ended: under the problem, a line for each; and what whole ones rest on.

    What draws them together, the `lead`, stands before them; `controls` under all.

    Where Slack has refused so many bytes, the lines are shorter, so that it has fewer, and that is left out: `below`.
    The problem stays as it is shown: `over` is that.
    """
    standing = _asked(over) or parent(problem, user, language).blocks
    text = language.say(Phrase.PERSPECTIVES_ON, user=f"<@{user}>", problem=escape(_short(problem)))
    is_whole = below == math.inf and all(draft.state is State.DONE for _, draft in answers)
    origin = [context(language.say(Phrase.ORIGIN))] if is_whole else []
    for limit in INDEX_LINES:
        told = [*([lead] if lead else []), *answers]
        lines = [section(f"{_head(one, language)} {_outcome(draft, limit, language)}") for one, draft in told]
        body = Body(text, [*standing, *lines, *origin, *controls], language)
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
    place: str = "",
    controls: Sequence[Block] = (),
) -> Body:
    """One message of an answer: `page` of its text, the `number`th, under a line with its name and state.

    The state stands on the last page only, where the text grows; a page that is full says that it goes on. Where edits
    of it are `wait` seconds apart, and that is long, the line says so: it would seem frozen. `place` says what it is in
    the thread, in mrkdwn, where that is not what its side does; `controls` stand under it.
    """
    what = place or language.side(perspective.key).angle
    what = language.say(Phrase.CONTINUED, number=number) if number > 1 else what
    state = _state(draft, wait, language) if is_last else f"⤵️ {language.say(Phrase.GOES_ON_BELOW)}"
    blocks = [context(" · ".join(filter(None, (_head(perspective, language), what, state))))]
    if page.markdown.strip():
        blocks += show(page)
    blocks += controls
    return Body(_notification(perspective, draft, language, is_last=is_last), blocks, language)


def ends_above(perspective: Perspective, number: int, language: Language) -> Body:
    """A page that is left over: the text that takes the place of a longer one ends before it."""
    page = language.say(Phrase.PAGE, number=number)
    words = language.say(Phrase.NAME_ENDS_ABOVE, name=language.side(perspective.key).name)
    line = f"{_head(perspective, language)} · {page} · ⤴️ {language.say(Phrase.ENDS_ABOVE)}"
    return Body(words, [context(line)], language)


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
            sign, words = "⏹️", _stopped(draft, language)
        case _:
            sign, words = "⏸️", _because(Phrase.INTERRUPTED, draft, language)
    return f"{sign} {words}"


def _because(phrase: Phrase, draft: Draft, language: Language) -> str:
    return language.say(phrase, reason=escape(language.explain(draft.reason)))


def _outcome(draft: Draft, limit: int, language: Language) -> str:
    sentence = escape(takeaway(draft.text, limit=limit))
    match draft.state:
        case State.DONE:
            words = sentence
        case State.CUT if sentence:
            words = f"{sentence} _{language.say(Phrase.STOPPED_EARLY)}_"
        case State.STOPPED if sentence:
            words = f"{sentence} · {_stopped(draft, language)}"
        case State.STOPPED:
            words = _stopped(draft, language)
        case State.CUT | State.FAILED | State.INTERRUPTED:
            words = _because(_ENDS[draft.state], draft, language)
        case _:
            words = language.say(Phrase.WRITING)
    return words


def _stopped(draft: Draft, language: Language) -> str:
    """Who has stopped it, mentioned."""
    if draft.reason is None or draft.reason.code is not Code.STOPPED_BY:
        return language.say(Phrase.STOPPED)
    return language.say(Phrase.STOPPED_BY, user=f"<@{escape(str(draft.reason.args['user']))}>")


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
