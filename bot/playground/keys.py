"""The keys that a person can press at a terminal, as far as there are buttons for them in a thread. Pure.

Each stands for a button of Slack's and nothing else, so what cannot be pressed there cannot be pressed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.answers import Shown, has_button
from bot.playground.slack.workspace import Message

STOP, AGAIN, DEEPER, TOGETHER = "stop", "again", "deeper", "together"  # the bot's action ids
STOP_KEY, AGAIN_KEY, TOGETHER_KEY = "s", "a", "t"


@dataclass(frozen=True, slots=True)
class Key:
    """A key that can be pressed now, and the button that it presses."""

    sign: str
    action: str
    message: Message


def find_keys(thread: Sequence[Message], answers: Sequence[Shown]) -> list[Key]:
    """The keys for a thread as it stands, with its `answers`, in the order in which they are shown."""
    last = [answer.messages[-1] for answer in answers]
    keys = _find_first(STOP_KEY, STOP, thread)
    keys += [
        Key(str(answer.number), DEEPER, answer.messages[-1])
        for answer in answers
        if answer.number and has_button(answer.messages[-1], DEEPER)
    ]
    keys += _find_first(TOGETHER_KEY, TOGETHER, thread)
    # The parent's button has all that are not whole tried again. What goes on with them has one of its own.
    keys += _find_first(AGAIN_KEY, AGAIN, [*thread[:1], *reversed(last)])
    return keys


def describe(keys: Sequence[Key]) -> str:
    """One line for people: what each key does."""
    numbers = [int(key.sign) for key in keys if key.action == DEEPER]
    words = [f"{key.sign} {key.action}" for key in keys if key.action != DEEPER]
    if numbers:
        words.insert(len([key for key in keys if key.action == STOP]), f"{_join(numbers)} {DEEPER}")
    return " · ".join(words)


def _find_first(sign: str, action: str, messages: Sequence[Message]) -> list[Key]:
    return [Key(sign, action, message) for message in messages if has_button(message, action)][:1]


def _join(numbers: Sequence[int]) -> str:
    """Numbers in a row as their first and last, others one by one."""
    if len(numbers) > 1 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}–{numbers[-1]}"
    return " ".join(map(str, numbers))
