import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.protocol.endings import Ending, read_ending

WORDS = {
    Ending.WHOLE: [
        "stop",
        "STOP",
        "end_turn",
        "endTurn",
        "eos",
        "eos_token",
        "stop_sequence",
        "STOP_SEQUENCE",
        "COMPLETE",
    ],
    Ending.CUT: ["length", "max_tokens", "MAX_TOKENS", "model_length", "maxPredictedTokensReached", "max-tokens"],
    Ending.FILTERED: [
        "content_filter",
        "content-filter",
        "SAFETY",
        "RECITATION",
        "sensitive",
        "guardrail_intervened",
        "content_filter: X",
    ],
    Ending.DECLINED: ["refusal"],
    Ending.NONE: ["null", "None", "FINISH_REASON_UNSPECIFIED"],
    Ending.TOOL: ["tool_calls", "function_call", "tool_use", "TOOL_CALL"],
    Ending.UNKNOWN: [
        "error",
        "ERROR",
        "insufficient_system_resource",
        "abort",
        "unknown",
        "pause_turn",
        "",
        "stopx",
        "stop: error",
        "function_call_filter: MALFORMED_FUNCTION_CALL",
    ],
}


@pytest.mark.parametrize(("ending", "word"), [(ending, word) for ending, words in WORDS.items() for word in words])
def test_a_word_is_known_in_any_spelling(ending: Ending, word: str) -> None:
    """Only its letters count."""
    assert read_ending(word) is ending
    assert read_ending(f"FinishReason.{word.removeprefix('FINISH_REASON_')}") is ending
    assert read_ending(word.upper()) is ending


@given(st.text())
def test_any_other_word_is_unknown(word: str) -> None:
    """None can be made that is good by chance, unless it has the letters of one."""
    letters = "".join(one for one in word.lower() if one.isascii() and one.isalpha())
    if not letters:
        assert read_ending(word) is Ending.UNKNOWN
    assert read_ending(word + "zz") is Ending.UNKNOWN


def test_a_long_word_is_not_looked_through() -> None:
    """A server may send megabytes."""
    assert read_ending("stop" + " " * 1_000_000) is Ending.WHOLE
    assert read_ending(" " * 1_000_000 + "stop") is Ending.UNKNOWN
