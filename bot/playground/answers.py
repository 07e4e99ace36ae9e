"""What a person reads in a thread: the message that opens it, and the answers below. Pure.

It is read from what stands there, as people do, whichever language the bot speaks: lines have an emoji for each state.
Only which messages are pages of one answer, and which another answer of the same name, is taken from their metadata.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.playground.slack.block_kit.elements import find_buttons
from bot.playground.slack.block_kit.nodes import Kind, Node, strip
from bot.playground.slack.block_kit.shown import plain, see
from bot.playground.slack.workspace import Message, Version, Whisper

GROWING = ("💭", "🤔", "✍")  # how the state of an answer begins to which more may come
WHOLE = ("✅", "✂")  # and that of one which is as whole as it gets: one that the model cut at its longest is shown
LEFT_OVER = "⤴"  # of a page that has no text any more: the answer ends above


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer as the thread shows it: its name, the line above its text, the text of all its messages, and these.

    `number` is its place among the answers to the problem, from 1 on; 0 for what goes on with them.
    """

    name: str
    line: str
    text: str
    messages: tuple[Message, ...] = ()
    number: int = 0

    @property
    def run(self) -> str:
        """What tells the answers that were asked at once from others."""
        return mark_of(self.messages[-1], "run")

    @property
    def part(self) -> str:
        """What its bot knows it by, in whichever language: its perspective's key."""
        return mark_of(self.messages[0], "part")

    @property
    def title(self) -> str:
        """The line's first part: the emoji and the name."""
        return self.line.partition(" · ")[0]

    @property
    def heading(self) -> str:
        """The line without its state: the emoji, the name, and what it is."""
        return self.line.rpartition(" · ")[0]

    @property
    def state(self) -> str:
        """The line's last part: waiting, writing, done by whom, failed and why."""
        return self.line.rpartition(" · ")[2]

    @property
    def is_growing(self) -> bool:
        """Whether more of it may come."""
        return self.state.startswith(GROWING)

    @property
    def is_whole(self) -> bool:
        """Whether it came to an end of its own."""
        return self.state.startswith(WHOLE)


def read_answers(thread: Sequence[Message], names: Mapping[str, str] | None = None) -> list[Shown]:
    """The answers of a thread (the parent, then the replies), in their order; `names` are those of users, by id."""
    answers: dict[tuple[str, str], Shown] = {}
    for reply in thread[1:]:
        head, *_ = see(reply, names)
        run, name = mark_of(reply, "run"), strip(_find_name(head))
        new = Shown(name, strip(head), _text(reply), (reply,))
        if before := answers.get((run, name)):
            line = before.line if new.state.startswith(LEFT_OVER) else new.line
            new = Shown(name, line, before.text + new.text, (*before.messages, reply), before.number)
        elif run == mark_of(thread[0], "run"):
            new = replace(new, number=len(answers) + 1)
        answers[run, name] = new
    return list(answers.values())


def read_head(parent: Message, names: Mapping[str, str]) -> str:
    """What the message that opens a thread says, but for its buttons, which nobody can press here."""
    return "\n".join(_read(node) for node in see(parent, names) if node.kind is not Kind.ROW)


def read_whisper(whisper: Whisper) -> str:
    """All that its reader is shown of a message for one person only."""
    return plain(whisper)


def find_growth(answer: Shown, began: float) -> Iterator[float]:
    """When, after `began`, the text of an answer has changed: the times of the loop at which its readers saw it."""
    changes: list[float] = []
    for message in answer.messages:
        before = ""
        for version in message.versions:
            text = _text(version)
            if text and text != before and version.at >= began:
                changes.append(version.at)
            before = text
    yield from sorted(changes)


def has_button(message: Message, action: str) -> bool:
    """Whether a message has a button for an action."""
    return any(button.action_id == action for button in find_buttons(message.blocks))


def is_growing(message: Message) -> bool:
    """Whether more text may come into a message, as far as the line above it says."""
    if not (message.bot_id and message.blocks and message.blocks[0]["type"] == "context"):
        return False
    return Shown("", strip(see(message)[0]), "").is_growing


def mark_of(message: Message, name: str) -> str:
    """What the bot has marked a message with: its run, or its part in that; nothing where it is somebody else's."""
    return str(((message.metadata or {}).get("event_payload") or {}).get(name, ""))


def _text(message: Message | Version) -> str:
    return "".join(node.text for node in see(message) if node.kind is Kind.MARKDOWN)


def _read(node: Node) -> str:
    """A block's text; of styles there are none, but Markdown's."""
    return "\n".join(map(strip, node.within)) or node.text


def _find_name(head: Node) -> Node:
    """The name of an answer: what is bold first in the line above its text."""
    return next(one for line in head.within for one in line.within if one.kind is Kind.BOLD)
