import pytest

from bot.playground.slack.block_kit.blocks import find_problems
from bot.slack.controls import LABEL_LIMIT, buttons, votes
from bot.slack.question import Action
from bot.texts import LANGUAGES
from bot.texts.language import Language

PRESSED = [Action.STOP, Action.AGAIN, Action.DEEPER, Action.TOGETHER]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_button_is_one_that_slack_takes(language: Language) -> None:
    """Side by side, with the longest key of a run."""
    blocks = [*buttons(PRESSED, "k" * 255, language, side="Structure"), *votes("k" * 255, "Structure", language)]
    assert find_problems(blocks) == []


def test_a_screen_reader_says_which_answer_a_button_is_about() -> None:
    """In its place a person sees where the button stands."""
    (row,) = buttons([Action.DEEPER], "K", LANGUAGES["en"], side="Time")
    assert row["elements"][0]["accessibility_label"] == "Go deeper: Time"
    assert row["elements"][0]["text"]["text"] == "Go deeper"
    (row,) = buttons([Action.STOP], "K", LANGUAGES["ja"])
    assert row["elements"][0]["accessibility_label"] == "停止"
    (row,) = buttons([Action.AGAIN], "K", LANGUAGES["en"], side="x" * 100)
    assert len(row["elements"][0]["accessibility_label"]) == LABEL_LIMIT


def test_without_a_button_there_is_no_row() -> None:
    """Slack refuses an empty one."""
    assert buttons([], "K", LANGUAGES["en"]) == []
