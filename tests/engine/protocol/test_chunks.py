import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.protocol.answer import Answer
from bot.engine.protocol.chunks import (
    MalformedError,
    ReportedError,
    Said,
    check,
    count_tokens,
    find_choice,
    name_model,
    read_choice,
)

CHOICES: list[tuple[Any, Said]] = [
    ({}, Said()),
    ({"delta": {}}, Said()),
    ({"delta": None, "text": "x"}, Said("x", is_alive=True)),
    ({"text": 5}, Said()),
    ({"delta": {"content": "x"}}, Said("x", is_alive=True)),
    ({"message": {"role": "assistant", "content": "x"}}, Said("x", is_alive=True)),
    ({"delta": {"content": ["x", {"text": "y"}, None, ""]}}, Said("xy", is_alive=True)),
    ({"delta": {"content": [{"type": "image_url", "image_url": {}}]}}, Said(is_alive=True)),
    ({"delta": {"content": [{"type": "refusal", "refusal": "x"}]}}, Said("x", is_alive=True, is_refusal=True)),
    ({"delta": {"content": [{"thinking": "hm"}]}}, Said(is_alive=True, is_thought=True)),
    ({"delta": {"content": {"type": "reasoning", "summary": []}}}, Said(is_alive=True, is_thought=True)),
    ({"delta": {"content": "x", "reasoning": "hm"}}, Said("x", is_alive=True, is_thought=True)),
    ({"delta": {"content": "x", "refusal": "y"}}, Said("xy", is_alive=True, is_refusal=True)),
    ({"delta": {"tool_calls": [1]}}, Said(is_alive=True)),
    ({"delta": {"reasoning": ""}}, Said()),
]


@pytest.mark.parametrize(("choice", "said"), CHOICES)
def test_what_a_choice_says_is_read_wherever_it_stands(choice: Any, said: Said) -> None:
    """In a delta, a message, a text; in parts, with thoughts or a refusal."""
    assert read_choice(choice) == said


@pytest.mark.parametrize("chunk", [{"choices": [{"index": 1}, {"index": 0}]}, {"choices": {"a": {"index": 0}}}])
def test_the_first_choice_is_the_one_with_the_first_index(chunk: Any) -> None:
    """Wherever it stands."""
    assert find_choice(chunk) == {"index": 0}


FIELDS = [
    "choices",
    "delta",
    "message",
    "content",
    "text",
    "index",
    "finish_reason",
    "error",
    "usage",
    "model",
    "total_tokens",
    "type",
    "role",
    "refusal",
    "reasoning",
    "object",
    "code",
    "detail",
    "base_resp",
    "thought",
]

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(st.dictionaries(st.sampled_from(["choices", "usage", "model", "error", "message"]), json), max_size=5))
def test_nothing_that_json_can_say_breaks_an_answer(chunks: list[dict[str, Any]]) -> None:
    """It is taken, or it is malformed, or an error; and there is an end in words."""
    answer = Answer("asked", 0.0)
    with contextlib.suppress(MalformedError, ReportedError):
        for chunk in chunks:
            answer.take(chunk, 1.0)
    answer.end(2.0)
    last = answer.draft()
    last.text.encode()
    assert last.model.isprintable()
    assert 0 <= last.tokens < 2**31
    assert last.state.is_final


@given(json)
def test_only_what_is_an_error_is_one(value: Any) -> None:
    """The check raises nothing else."""
    with contextlib.suppress(ReportedError, MalformedError):
        check({"choices": value})


@given(json)
def test_a_count_of_tokens_fits_the_database(value: Any) -> None:
    """Or is none."""
    tokens = count_tokens({"total_tokens": value})
    assert tokens is None or 0 <= tokens < 2**31
    assert count_tokens(value) is None or isinstance(value, dict)


@pytest.mark.parametrize(
    ("said", "asked", "shown"),
    [
        ("", "/models/a.gguf", "a.gguf"),
        ("/models/b.gguf", "C:\\models\\a.gguf\\", "a.gguf"),
        ("file:///models/b", "a", "a"),
        (None, "org/a", "org/a"),
        ("org/b", "a", "org/b"),
    ],
)
def test_a_path_is_not_shown(said: Any, asked: str, shown: str) -> None:
    """Neither the server's nor the one that was asked for."""
    assert name_model(said, asked) == shown


@given(st.text())
def test_a_name_is_one_line_that_can_be_seen(said: str) -> None:
    """And short."""
    name = name_model(said, "asked")
    assert name.isprintable()
    assert 0 < len(name) <= 80
