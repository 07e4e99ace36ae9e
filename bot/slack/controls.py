"""The buttons under an answer and under an index, as Slack's Block Kit. Pure.

They ride on edits that are due anyway. What a button is about stands in its `value`, as ids only, since Slack hands
that over again whichever version of this program is running by then (`payloads.presses` has its form).
"""

from collections.abc import Iterable
from typing import Any

from bot.slack.payloads.presses import write_value
from bot.slack.question import Action
from bot.texts.language import Language
from bot.texts.phrases import Phrase

LABEL_LIMIT = 75  # characters of what a screen reader says of a button; Slack's

Block = dict[str, Any]

_LABELS = {
    Action.STOP: (Phrase.STOP, Phrase.STOP_LABEL),
    Action.AGAIN: (Phrase.AGAIN, Phrase.AGAIN_LABEL),
    Action.DEEPER: (Phrase.DEEPER, Phrase.DEEPER_LABEL),
    Action.TOGETHER: (Phrase.TOGETHER, Phrase.TOGETHER_LABEL),
}


def buttons(actions: Iterable[Action], run: str, language: Language, *, side: str = "") -> list[Block]:
    """A row of buttons about a run, or about one `side` of it; no block at all without any."""
    name = language.side(side).name if side else ""
    elements = [_button(action, write_value(language, side, run), name, language) for action in actions]
    return [{"type": "actions", "elements": elements}] if elements else []


def votes(run: str, side: str, language: Language) -> list[Block]:
    """The two buttons that say whether an answer was of use."""
    feedback = {
        "type": "feedback_buttons",
        "action_id": Action.FEEDBACK.value,
        "positive_button": _vote(Phrase.GOOD, write_value(language, side, run, is_good=True), language),
        "negative_button": _vote(Phrase.BAD, write_value(language, side, run, is_good=False), language),
    }
    return [{"type": "context_actions", "elements": [feedback]}]


def _button(action: Action, value: str, name: str, language: Language) -> Block:
    text, label = _LABELS[action]
    words = language.say(label, name=name) if name else language.say(text)
    return {
        "type": "button",
        "action_id": action.value,
        "text": _plain(language.say(text)),
        "accessibility_label": words[:LABEL_LIMIT],
        "value": value,
    }


def _vote(phrase: Phrase, value: str, language: Language) -> Block:
    return {"text": _plain(language.say(phrase)), "value": value}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
