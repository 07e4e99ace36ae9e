import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.draft import Draft, State, Transcript
from bot.engine.protocol.answer import Answer
from bot.engine.protocol.chunks import MODEL_LIMIT, MalformedError
from bot.engine.reasons import Code, Reason

UNKNOWN = Reason(Code.UNKNOWN_END)
TOOL = Reason(Code.WANTS_TOOL)
ONLY_THOUGHTS = Reason(Code.ONLY_THOUGHTS)
EMPTY = Reason(Code.EMPTY)
DECLINED = Reason(Code.DECLINED)
BROKEN = Reason(Code.UNFINISHED)
LONGEST = Reason(Code.CUT)
FILTERED = Reason(Code.ANSWER_FILTERED)
ENDLESS = Reason(Code.CUT_HERE, {"characters": 40_000})
WHY = Reason(Code.SILENT, {"seconds": 60.0})


def says(content: Any, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    """A chunk of one choice."""
    return {"model": "m", "choices": [{"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}]}


def counts(**usage: Any) -> dict[str, Any]:
    """A chunk with the count of tokens."""
    return {"choices": [], "usage": usage}


def answer_of(*chunks: dict[str, Any]) -> Answer:
    """An answer that has not ended; it began at 10, a chunk comes every second."""
    answer = Answer("asked", 10.0)
    for number, chunk in enumerate(chunks, 11):
        answer.take(chunk, float(number))
    return answer


REFUSAL = says(None, refusal="I will not.")
ENDS: list[tuple[str, list[dict[str, Any]], bool, State, Reason | None]] = [
    ("I.", [says("I."), says("", "stop")], True, State.DONE, None),
    ("I.", [says("I."), says("", "stop")], False, State.DONE, None),
    ("I.", [says("I.", "stop")], False, State.DONE, None),
    ("I.", [says("I."), says(None, "tool_calls")], False, State.FAILED, TOOL),
    ("I.", [says("I."), says(None, "of its own")], True, State.FAILED, UNKNOWN),
    ("I.", [says("I.", "stop"), says(None, "error")], True, State.FAILED, UNKNOWN),
    ("I.", [says("I."), says(None, "error"), says(None, "stop")], True, State.FAILED, UNKNOWN),
    ("I.", [says("I."), says(None, "content_filter"), says(None, "stop")], True, State.FAILED, FILTERED),
    ("I.I.", [says("I.", "odd"), says("I.", "odd"), says(None, "stop")], True, State.DONE, None),
    ("I.I.", [says("I.", "null"), says("I.", "None"), says(None, "stop")], True, State.DONE, None),
    ("I.", [says("I.", "null")], False, State.FAILED, BROKEN),
    ("I.", [says("I.")], True, State.DONE, None),
    ("I.", [says("I.")], False, State.FAILED, BROKEN),
    ("I.", [says("I."), says(None, "length")], True, State.CUT, LONGEST),
    ("I.", [says("I."), says(None, "length"), says(None, "stop")], True, State.DONE, None),
    ("", [says(None, "length")], False, State.CUT, LONGEST),
    ("I.", [says("I."), says(None, "content_filter")], True, State.FAILED, FILTERED),
    ("", [says(None, "content_filter")], True, State.FAILED, FILTERED),
    ("I will not.", [REFUSAL, says(None, "stop")], True, State.FAILED, DECLINED),
    ("I. I will not.", [says("I. "), REFUSAL], True, State.FAILED, DECLINED),
    ("I will not.", [REFUSAL], False, State.FAILED, BROKEN),
    ("I will not.", [REFUSAL, says(None, "length")], True, State.CUT, LONGEST),
    ("", [], True, State.FAILED, EMPTY),
    ("", [], False, State.FAILED, BROKEN),
    ("", [says("", "stop")], True, State.FAILED, EMPTY),
    (" \n\t ", [says(" \n"), says("\t ", "stop")], True, State.FAILED, EMPTY),
    ("", [says(None, reasoning_content="hm"), says(None, "stop")], True, State.FAILED, ONLY_THOUGHTS),
    ("", [says("<think>hm")], True, State.FAILED, ONLY_THOUGHTS),
    ("", [says("<think>hm"), says(None, "length")], True, State.CUT, Reason(Code.CUT_THINKING)),
]


@pytest.mark.parametrize(("text", "chunks", "is_orderly", "state", "reason"), ENDS)
def test_an_end_is_a_matter_of_what_was_said_last(
    text: str, chunks: list[dict[str, Any]], state: State, reason: Reason | None, *, is_orderly: bool
) -> None:
    """A finish reason, or else whether the server has ended it as the protocol wants."""
    answer = answer_of(*chunks)
    answer.end(12.5, is_orderly=is_orderly)
    assert answer.draft() == Draft.of(text, state, reason=reason, model="m" if chunks else "asked", seconds=2.5)
    assert answer.state.is_final


@pytest.mark.parametrize("chunks", [case[1] for case in ENDS])
def test_a_failure_from_outside_goes_before_what_was_said(chunks: list[dict[str, Any]]) -> None:
    """Who calls knows whether it matters; its word is the reason."""
    answer = answer_of(*chunks)
    answer.end(20.0, failure=WHY, is_orderly=True)
    assert (answer.draft().state, answer.draft().reason, answer.draft().seconds) == (State.FAILED, WHY, 10.0)


def test_the_first_end_counts() -> None:
    """Whatever comes later: another end, more text."""
    answer = answer_of(says("I.", "stop"))
    answer.end(12.0)
    before = answer.draft()
    answer.end(15.0, failure=WHY)
    answer.take(says(" More."), 16.0)
    assert answer.draft() == before == Draft.of("I.", State.DONE, model="m", seconds=2.0)


def test_an_answer_waits_until_there_is_text_and_then_is_written() -> None:
    """Model, seconds and tokens are for the end."""
    answer = Answer("asked", 10.0)
    seen = [answer.draft()]
    for chunk in (says("", role="assistant"), says(None, reasoning_content="hm"), says("I"), counts(total_tokens=7)):
        answer.take(chunk, 11.0)
        seen.append(answer.draft())
    assert seen == [Draft()] * 2 + [Draft.of("", State.THINKING)] + [Draft.of("I", State.WRITING)] * 2
    assert not answer.state.is_final


@pytest.mark.parametrize(
    ("chunk", "is_alive", "has_finished", "tokens"),
    [
        (says("x"), True, False, 0),
        (says(" "), True, False, 0),
        (says(""), False, False, 0),
        (says(None), False, False, 0),
        (says(None, role="assistant"), False, False, 0),
        (says("x", role="assistant"), True, False, 0),
        (REFUSAL, True, False, 0),
        (says(None, reasoning_content="hm"), True, False, 0),
        (says(None, tool_calls=[{"index": 0}]), True, False, 0),
        (says(None, reasoning_content=""), False, False, 0),
        (says("", "stop"), True, True, 0),
        (says("x", "stop"), True, True, 0),
        (counts(total_tokens=7), False, False, 7),
        (counts(total_tokens=0), False, False, 0),
        (counts(total_tokens=None), False, False, 0),
        (counts(total_tokens="7"), False, False, 0),
        (counts(prompt_tokens=7), False, False, 0),
        ({**says("x", "stop"), "usage": {"total_tokens": 7}}, True, True, 7),
        ({"choices": [{"index": 1, "delta": {"content": "x"}, "finish_reason": "stop"}]}, False, False, 0),
        ({"choices": [{"delta": {"content": "x"}}]}, True, False, 0),
        ({"choices": [{"index": None, "delta": {"content": "x"}}]}, True, False, 0),
        ({"choices": [{}]}, False, False, 0),
        ({}, False, False, 0),
    ],
)
def test_a_chunk_shows_whether_the_model_is_at_work(
    chunk: dict[str, Any], tokens: int, *, is_alive: bool, has_finished: bool
) -> None:
    """Text, or thoughts that are not shown; not what only frames them."""
    answer = Answer("asked", 10.0)
    assert answer.take(chunk, 11.0) is is_alive
    assert answer.has_finished is has_finished
    answer.end(12.0)
    assert answer.draft().tokens == tokens


@pytest.mark.parametrize(
    "chunk",
    [
        says(5),
        says([5]),
        says(None, refusal=5),
        {"choices": [{"delta": {}, "finish_reason": 5}]},
        {"choices": {"index": 0}},
        {"choices": 5},
        {"choices": ["x"]},
        {"choices": [{"delta": ["x"]}]},
        {"choices": "x"},
    ],
)
def test_what_has_the_wrong_type_is_malformed(chunk: dict[str, Any]) -> None:
    """What is missing is not; and what had come stays."""
    answer = answer_of(says("I."))
    with pytest.raises(MalformedError):
        answer.take(chunk, 12.0)
    assert answer.draft() == Draft.of("I.", State.WRITING)


def test_the_newest_count_of_tokens_is_the_answers() -> None:
    """Some servers send one with every chunk."""
    chunks = [{**says("x"), "usage": {"total_tokens": tokens}} for tokens in (3, 4, 5)]
    answer = answer_of(*chunks, counts(total_tokens=None))
    answer.end(20.0, is_orderly=True)
    assert answer.draft().tokens == 5


@pytest.mark.parametrize(
    ("names", "model"),
    [
        ([], "asked"),
        ([None, ""], "asked"),
        (["one"], "one"),
        (["one", None, "two"], "two"),
        (["m" * 80], "m" * 80),
        (["m" * 81], "m" * 79 + "…"),
        (["m\0\ud83d"], "m"),
        (["\u200b"], "asked"),
    ],
)
def test_the_model_is_what_the_server_says_it_is(names: list[Any], model: str) -> None:
    """In no more than 80 characters."""
    assert MODEL_LIMIT == 80
    answer = answer_of(*({"model": name} for name in names))
    answer.end(20.0)
    assert answer.draft().model == model


@pytest.mark.parametrize(
    ("sizes", "length", "state"),
    [
        ([39_999], 39_999, State.WRITING),
        ([40_000], 40_000, State.WRITING),
        ([40_001], 40_000, State.CUT),
        ([39_999, 1], 40_000, State.WRITING),
        ([39_999, 2], 40_000, State.CUT),
        ([39_999, 1, 1], 40_000, State.CUT),
        ([10_000] * 9, 40_000, State.CUT),
    ],
)
def test_an_endless_text_is_stopped_at_40_000_characters(sizes: list[int], length: int, state: State) -> None:
    """At the moment at which there is one too many, and no later end says otherwise."""
    answer = answer_of(*(says("é" * size) for size in sizes))
    assert (answer.length, len(answer.draft().text), answer.draft().state) == (length, length, state)
    assert answer.state.is_final is (state is State.CUT)
    if answer.state.is_final:
        before = answer.draft()
        answer.end(99.0, failure=WHY)
        assert answer.draft() == before
        assert (before.reason, before.seconds) == (ENDLESS, sizes_until(sizes))


def sizes_until(sizes: list[int]) -> float:
    """The second in which the sum of `sizes` goes beyond 40,000."""
    return float(next(number for number in range(1, len(sizes) + 1) if sum(sizes[:number]) > 40_000))


def test_what_was_kept_to_the_end_counts_too() -> None:
    """Half a tag, which turned out to be text."""
    answer = answer_of(says("x" * 39_998), says("</thin"))
    assert (answer.length, answer.state.is_final) == (39_998, False)
    answer.end(15.0, is_orderly=True)
    assert (answer.draft().state, answer.draft().text[-3:], answer.draft().reason) == (State.CUT, "x</", ENDLESS)


def test_a_character_is_one_however_many_bytes_it_has() -> None:
    """Neither in UTF-8 nor in UTF-16 is it counted."""
    answer = answer_of(says("🙂" * 40_000))
    assert (answer.length, answer.state.is_final) == (40_000, False)


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (["a\ud83d", "\ude42b"], ["a", "a🙂b", "a🙂b"]),
        (["\ud83d\ude42"], ["🙂", "🙂"]),
        (["\ud83d", "", "\ude42"], ["", "", "🙂", "🙂"]),
        (["\ud83d", "x"], ["", "\ufffdx", "\ufffdx"]),
        (["a\ud83d"], ["a", "a\ufffd"]),
        (["\ude42a"], ["\ufffda", "\ufffda"]),
        (["\ud83d\ud83d", "\ude42"], ["\ufffd", "\ufffd🙂", "\ufffd🙂"]),
    ],
)
def test_halves_of_a_character_are_joined_and_lone_ones_marked(pieces: list[str], seen: list[str]) -> None:
    """A first half waits for the second; the end is the last chance."""
    answer = Answer("asked", 10.0)
    shown = []
    for piece in pieces:
        answer.take(says(piece), 11.0)
        shown.append(answer.draft().text)
    answer.end(12.0, is_orderly=True)
    assert [*shown, answer.draft().text] == seen


@pytest.mark.parametrize("piece", ["a\0b", "\0", "é\0", "\ufffd", "\0\0"])
def test_a_nul_is_marked_and_the_mark_itself_stays(piece: str) -> None:
    """Databases refuse it. The length stays as it is."""
    answer = answer_of(says(piece), says("\ud83d"), says("\0"))
    assert answer.draft().text == piece.replace("\0", "\ufffd") + "\ufffd\ufffd"
    assert answer.length == len(piece) + 2


@given(st.lists(st.text(max_size=3) | st.sampled_from(["\0", "\ud83d", "\ude42", "a\udbff", "\udc00\ud800"])))
def test_nothing_that_is_shown_has_half_a_character_or_a_nul(pieces: list[str]) -> None:
    """Slack or the database would refuse it; and how the text was cut does not show."""
    answer = answer_of(*(says(piece) for piece in pieces))
    answer.draft().text.encode()
    answer.end(99.0)
    expected = "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    expected = expected.replace("\0", "\ufffd")
    assert answer.draft().text == expected


@pytest.mark.heavy
def test_the_cost_of_a_token_does_not_grow_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by copying the text nor by keeping one for each draft; a draft reads its own prefix much later."""
    reads = 0
    read = Transcript.read

    def counting(self: Transcript, length: int) -> str:
        nonlocal reads
        reads += 1
        return read(self, length)

    monkeypatch.setattr(Transcript, "read", counting)
    answer = Answer("asked", 0.0)
    drafts = []
    chunk = says("x")
    tracemalloc.start()
    try:
        for number in range(40_000):
            answer.take(chunk, float(number))
            draft = answer.draft()
            if number % 4_000 == 0:
                drafts.append(draft)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reads == 0
    assert (
        peak < 10 * 40_000
    )  # bytes: the text once, while its buffer (4 each) grows; a copy for each kept draft is more
    answer.end(40_000.0, is_orderly=True)
    assert [draft.text for draft in drafts] == ["x" * (4_000 * count + 1) for count in range(10)]
    assert all(draft.state is State.WRITING for draft in drafts)
    assert answer.draft() == Draft.of("x" * 40_000, State.DONE, model="m", seconds=40_000.0)


@pytest.mark.parametrize("pieces", [10_000, 40_000])
def test_drafts_are_cheap_however_long_the_text_is(pieces: int) -> None:
    """The cost of one is its own fields."""
    answer = answer_of(says("x" * pieces))
    answer.draft()
    tracemalloc.start()
    try:
        kept = [answer.draft() for _ in range(1_000)]
        current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == 1_000
    assert current <= peak < 200 * 1_000  # bytes
