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
from bot.engine.perspectives import Perspective
from bot.runs.quotas import Refusal
from bot.slack.links import make_safe
from bot.slack.markdown import (
    PAGE_LIMIT,
    TAKEAWAY_LIMIT,
    Page,
    has_too_many_items,
    octets,
    pages,
    stretches,
    takeaway,
    units,
)
from bot.slack.mrkdwn import escape
from bot.texts import explain

SECTION_LIMIT = 3_000  # UTF-16 units; Slack's for the text of a section
LONG_WAIT = 12.0  # seconds without a change after which people take a text to be frozen
INDEX_ROOM = 3_600  # UTF-16 units that four takeaways may need, escaped; with the problem they are one message
INDEX_LINES = (TAKEAWAY_LIMIT, 75, 30, 10)  # characters of a takeaway, where Slack refuses an index for its size
SHORTEST_PROBLEM = 100  # characters; a problem that Slack refuses for its size is not cut shorter
NOTIFICATION_LIMIT = 140  # characters; about what a phone shows of one

HINT = (
    "Tell me a problem and I show it from four sides at once: `/perspectives Why do our releases slip every month?` "
    "or mention me with it. *Depth* asks why, nine times; *Breadth* looks for other approaches; *Structure* for "
    "causes and the lever; *Time* for how it came and when to act."
)

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
        note = _plain_section(f"Slack refuses to show {'the rest of ' if standing else ''}this text.")
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


def whisper(words: str) -> Body:
    """A message for one person; `words` are ours, in mrkdwn."""
    return Body(words, [_section(words)])


def cannot_write(code: str, channel: str, problem: str) -> list[Body]:
    """What the sender is told where the bot cannot write, for Slack's `code`, and the problem, given back."""
    here = f"this channel (<#{channel}>)"
    match code:
        case "is_archived":
            reason = f"{here[0].upper()}{here[1:]} is archived: nobody can write here any more."
        case "thread_not_found":
            reason = "The message that I was to answer is gone, so I stopped."
        case "restricted_action_non_threadable_channel":
            reason = f"I answer in a thread, and {here} takes none. Ask me in another channel."
        case "cannot_reply_to_message" | "restricted_action_thread_locked":
            reason = "Slack lets nobody answer under that message. Ask me in the channel, or under another message."
        case "restricted_action_thread_only_channel":
            reason = f"In {here} people write in threads only. Mention me in one of them."
        case "messages_tab_disabled":
            reason = "My direct messages are switched off. Ask me in a channel."
        case _ if code.startswith("restricted_action"):
            reason = f"Only some people may write in {here}, and I am not one of them."
        case _:
            reason = (
                f"I am not in {here}, so I cannot open a thread here. Invite me with `/invite`, "
                "followed by my name with an @, and ask again."
            )
    return _give_back(f"{reason} Here is your problem back:", problem)


def busy(refusal: Refusal, problem: str) -> list[Body]:
    """What the sender is told who asks for more than one person may, and the problem, given back."""
    if refusal.wait is None:
        runs = "one run" if refusal.limit == 1 else f"{refusal.limit} runs"
        reason = f"You have {runs} going on already, as many as one person may. Ask again when one has ended."
    else:
        minutes = max(1, math.ceil(refusal.wait / 60))
        reason = (
            f"You have asked {refusal.limit} times within the hour, which is what one person may. "
            f"Ask again in {minutes} minute{'s' if minutes > 1 else ''}."
        )
    return _give_back(f"{reason} Nothing was asked yet. Here is your problem back:", problem)


def crowded(problem: str) -> list[Body]:
    """What the sender is told where too many others ask at the same time, and the problem, given back."""
    return _give_back(
        "I am busy: too many questions are being answered at the moment. Ask again in some minutes. Nothing was asked "
        "yet. Here is your problem back:",
        problem,
    )


def interrupted(problem: str, *, names: Sequence[str] = ()) -> list[Body]:
    """What the sender is told of a run that was broken off; `names` are the answers that nobody can see, if not all."""
    what = f"I was interrupted, and {' and '.join(names)} cannot be shown" if names else "I was interrupted"
    return _give_back(f"{what}. To ask again, send your problem again:", problem)


def broken(problem: str) -> list[Body]:
    """What the sender is told of a run that a fault of the bot's own has ended, and the problem, given back."""
    return _give_back("Something went wrong in me, and I stopped. To ask again, send your problem again:", problem)


def refused(code: str, problem: str) -> list[Body]:
    """What the sender is told where Slack would not take the message that opens a thread, for Slack's `code`."""
    return _give_back(f"Slack refused to let me open a thread ({escape(code)}). Here is your problem back:", problem)


def too_long(problem: str, limit: int) -> list[Body]:
    """What the sender is told of a problem that is too long: how long it may be, and all that was typed, given back."""
    reason = (
        f"Your problem has {len(problem):,} characters, and I take up to {limit:,}."
        if len(problem) > limit
        else "Your problem is too long for one message of Slack, where some characters count as several."
    )
    return _give_back(
        f"{reason} Nothing was asked yet. Here it is back, so that you can shorten it and send it again:", problem
    )


def _give_back(words: str, problem: str) -> list[Body]:
    # In bytes, since a message for one person is sent once, and cannot be made smaller after a refusal.
    first, *others = pages(problem, room=PAGE_LIMIT)
    return [
        Body(words, [_section(words), *_show(first)]),
        *(Body("Your problem, continued", _show(page)) for page in others),
    ]


def fits_parent(problem: str) -> bool:
    """Whether the parent message can hold the whole problem, quoted."""
    most = PAGE_LIMIT - INDEX_ROOM
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
    asker = f"<@{user}> asks for perspectives on:"
    return Body(f"<@{user}> asks: {escape(_short(problem))}", [_section(asker), *_problem(problem)])


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
    text = f"Perspectives for <@{user}> on: {escape(_short(problem))}"
    for limit in INDEX_LINES:
        lines = [_section(f"{one.emoji} *{one.name}* {_outcome(draft, limit)}") for one, draft in answers]
        body = Body(text, [*standing, *lines])
        if body.weight < below:
            break
    return body


def reply(perspective: Perspective, draft: Draft, page: Page, *, number: int, is_last: bool, wait: float = 0.0) -> Body:
    """One message of an answer: `page` of its text, the `number`th, under a line with its name and state.

    The state stands on the last page only, where the text grows; a page that is full says that it goes on. Where edits
    of it are `wait` seconds apart, and that is long, the line says so: it would seem frozen.
    """
    name = f"{perspective.emoji} *{perspective.name}*"
    place = f"continued ({number})" if number > 1 else perspective.angle
    state = _state(draft, wait) if is_last else "⤵️ goes on below"
    blocks = [_context(f"{name} · {place} · {state}")]
    if page.markdown.strip():
        blocks += _show(page)
    return Body(_notification(perspective, draft, is_last=is_last), blocks)


def ends_above(perspective: Perspective, number: int) -> Body:
    """A page that is left over: the text that takes the place of a longer one ends before it."""
    name = f"{perspective.emoji} *{perspective.name}*"
    words = f"{perspective.name} ends above"
    return Body(words, [_context(f"{name} · page {number} · ⤴️ the answer was started over, and ends above")])


def _state(draft: Draft, wait: float) -> str:
    reason = escape(explain(draft.reason))
    match draft.state:
        case State.WAITING:
            state = f"💭 waiting{': ' + reason if reason else '…'}"
        case State.THINKING:
            state = "🤔 thinking…"
        case State.WRITING:
            backlog = f", and much is asked: Slack lets me show more every {wait:.0f} s or so"
            state = f"✍️ writing{': ' + reason if reason else backlog if wait > LONG_WAIT else '…'}"
        case State.DONE:
            state = f"✅ done in {draft.seconds:.0f} s by {escape(draft.model)}"
        case State.FAILED:
            state = f"⚠️ failed: {reason}"
        case State.CUT:
            state = f"✂️ stopped: {reason}"
        case State.STOPPED:
            state = "⏹️ stopped"
        case _:
            state = f"⏸️ interrupted: {reason}"
    return state


def _outcome(draft: Draft, limit: int) -> str:
    sentence = escape(takeaway(draft.text, limit=limit))
    match draft.state:
        case State.DONE:
            return sentence
        case State.CUT | State.STOPPED if sentence:
            return f"{sentence} _(stopped early)_"
        case State.FAILED:
            return f"failed: {escape(explain(draft.reason))}"
        case State.CUT:
            return f"stopped: {escape(explain(draft.reason))}"
        case State.STOPPED:
            return "stopped"
        case _:
            return f"{draft.state.value}: {escape(explain(draft.reason))}"


def _notification(perspective: Perspective, draft: Draft, *, is_last: bool) -> str:
    if not is_last:
        return f"{perspective.name} goes on below"
    if draft.state is State.DONE:
        return f"{perspective.name}: {escape(takeaway(draft.text, limit=NOTIFICATION_LIMIT))}"
    return f"{perspective.name}: {'stopped' if draft.state is State.CUT else draft.state.value}"


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


def _section(mrkdwn: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn}}


def _plain_sections(escaped: str) -> list[Block]:
    """As many as a text needs, which is escaped already."""
    return [_plain_section(stretch) for stretch in stretches(escaped, limit=SECTION_LIMIT)]


def _show(page: Page) -> list[Block]:
    """A page of a text."""
    return _plain_sections(page.markdown) if page.is_plain else [_markdown(page.markdown)]


def _plain_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": text or " ", "emoji": False}}


def _context(mrkdwn: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn}]}


def _markdown(text: str) -> Block:
    return {"type": "markdown", "text": text}
