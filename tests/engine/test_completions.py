import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.completions import HEARD, Completions
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.texts.en import ENGLISH
from tests.support.certificates import server_context
from tests.support.clock import VirtualLoop
from tests.support.model_server import KEY, MODEL, ModelServer, Script

DEPTH = PERSPECTIVES[0]
PROBLEM = "Why do our releases slip?"
SAID = "what the server said, with sk-test-key in it"


@asynccontextmanager
async def asking(*scripts: Script, max_streams: int = 64) -> AsyncIterator[tuple[Completions, ModelServer]]:
    """The completions against a server that follows one script after another, then the last again and again."""
    async with (
        ModelServer(Depth=scripts) as server,
        Completions(
            api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=60.0, max_streams=max_streams
        ) as completions,
    ):
        yield completions, server


async def drafts_of(*scripts: Script, previous: str = "") -> tuple[list[Draft], ModelServer]:
    """All drafts of one completion, and the server as it was left."""
    async with asking(*scripts) as (completions, server):
        return [draft async for draft in completions.stream(DEPTH, PROBLEM, previous=previous)], server


async def timed(*scripts: Script, previous: str = "") -> tuple[list[tuple[float, str, str, str]], ModelServer]:
    """The drafts as they were given: at what time, text, state, reason."""
    async with asking(*scripts) as (completions, server):
        began = now()
        return [
            (round(now() - began, 1), draft.text, draft.state.value, ENGLISH.explain(draft.reason))
            async for draft in completions.stream(DEPTH, PROBLEM, previous=previous)
        ], server


def gaps(server: ModelServer) -> list[float]:
    """The seconds between two requests."""
    return [round(after.at - before.at, 2) for before, after in itertools.pairwise(server.requests)]


def now() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


def chunk(**changed: Any) -> dict[str, Any]:
    """A chunk that says "x", with changes to it."""
    choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **changed}


def choice(**changed: Any) -> dict[str, Any]:
    """The same with changes to its only choice."""
    return chunk(choices=[{"index": 0, "delta": {"content": "x"}, "finish_reason": None, **changed}])


async def test_drafts_are_the_whole_text_so_far() -> None:
    """One for each block of bytes, in order; the final one comes with the last of the text and the count of tokens."""
    drafts, _ = await drafts_of(Script(("Ask ", "why ", "nine ", "times."), every=0.5, first=1.0))
    assert drafts == [
        Draft.of("Ask ", State.WRITING),
        Draft.of("Ask why ", State.WRITING),
        Draft.of("Ask why nine ", State.WRITING),
        Draft.of("Ask why nine times.", State.DONE, model="test-model-2026", seconds=drafts[-1].seconds, tokens=42),
    ]
    assert drafts[-1].seconds == pytest.approx(2.5)


async def test_drafts_come_when_their_pieces_do() -> None:
    """None waits for the next."""
    async with asking(Script(("a", "b", "c"), every=0.5, first=1.0)) as (completions, _):
        began = now()
        times = [now() - began async for _ in completions.stream(DEPTH, PROBLEM)]
    assert times == pytest.approx([1.0, 1.5, 2.0])


async def test_the_final_draft_does_not_wait_for_the_end_of_the_stream() -> None:
    """The server lingers for a minute; the finish reason is enough, with the count of tokens behind it."""
    async with asking(Script(linger=60.0)) as (completions, server):
        began = now()
        ends = [(draft.state, draft.tokens, now() - began) async for draft in completions.stream(DEPTH, PROBLEM)]
        assert [end[:2] for end in ends] == [(State.DONE, 42)]
        assert ends[0][2] == pytest.approx(0.1)
        await asyncio.sleep(0.1)
        assert server.open_streams == 0


async def test_silence_behind_a_finish_reason_is_no_end_while_the_connection_stands() -> None:
    """Text may still come, on some servers; what holds is the time-out of a silence, and then the answer is whole."""
    async with asking(Script(usage=None, linger=90.0)) as (completions, server):
        began = now()
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert [(draft.state, draft.tokens) for draft in drafts] == [(State.WRITING, 0), (State.DONE, 0)]
        assert now() - began == pytest.approx(60.1, abs=0.01)
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


async def test_a_request_is_the_prompt_the_problem_and_nothing_else() -> None:
    """What other servers may not know is not sent."""
    _, server = await drafts_of(Script())
    assert [request.body for request in server.requests] == [
        {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": DEPTH.instruction},
                {"role": "user", "content": PROBLEM},
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_a_refusal_before_the_first_token_is_tried_again(status: int) -> None:
    """After the delay that the server asks for, to the second; nothing of it shows in the end."""
    drafts, server = await drafts_of(Script(status=status, retry_after="7"), Script(("Well.",)))
    assert [(draft.text, draft.state, ENGLISH.explain(draft.reason)) for draft in drafts][-1] == (
        "Well.",
        State.DONE,
        "",
    )
    assert gaps(server) == [7.0]


async def test_the_placeholder_says_what_is_waited_for_and_how_long() -> None:
    """And no longer once it is over."""
    seen, _ = await timed(
        Script(status=429, retry_after="5"), Script(status=500), Script(drops=True), Script(("Well.",), first=2.0)
    )
    assert seen == [
        (0.0, "", "waiting", "the model's provider has too many requests at the moment; trying again in 5 s."),
        (5.0, "", "waiting", ""),
        (5.0, "", "waiting", "the model's provider has a failure of its own (500); trying again in 1 s."),
        (6.0, "", "waiting", ""),
        (6.0, "", "waiting", "the connection to the model broke; trying again in 2 s."),
        (8.0, "", "waiting", ""),
        (10.0, "Well.", "done", ""),
    ]


async def test_it_is_tried_eight_times_and_no_oftener() -> None:
    """With pauses that grow; the eighth refusal is the answer's."""
    drafts, server = await drafts_of(Script(status=429, error={"message": SAID}))
    assert gaps(server) == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert drafts[-1] == Draft.of(
        "", State.FAILED, reason=Reason(Code.TOO_MANY_REQUESTS), model=MODEL, seconds=drafts[-1].seconds
    )
    assert drafts[-1].seconds == pytest.approx(31.5, abs=0.01)


async def test_the_last_try_lies_within_the_time_of_the_first_token() -> None:
    """Nobody waits for a pause behind which there is no time to ask."""
    drafts, server = await drafts_of(Script(status=503, retry_after="40"))
    assert gaps(server) == [40.0, 40.0]
    assert ENGLISH.explain(drafts[-1].reason) == "the model's provider has a failure of its own (503). Ask again later."


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After-Ms": "1500"}, 1.5),
        ({"Retry-After": "7", "Date": "Tue, 01 Dec 2026 10:00:00 GMT"}, 7.0),
        ({"Retry-After": "Tue, 01 Dec 2026 10:00:07 GMT", "Date": "Tue, 01 Dec 2026 10:00:00 GMT"}, 7.0),
        ({"Retry-After": "soon"}, 0.5),
    ],
)
async def test_the_servers_delay_is_read_in_all_its_forms(headers: dict[str, str], pause: float) -> None:
    """Milliseconds, seconds, a date; one that makes no sense is none."""
    _, server = await drafts_of(Script(status=429, headers=headers), Script())
    assert gaps(server) == [pause]


async def test_a_delay_that_is_too_long_is_not_cut_short() -> None:
    """The server would refuse again; the person is told at once."""
    drafts, server = await drafts_of(Script(status=429, retry_after="3600"), Script())
    assert len(server.requests) == 1
    assert drafts[-1].seconds < 1


@pytest.mark.parametrize(("status", "word", "requests"), [(500, "false", 1), (400, "true", 2), (429, "maybe", 2)])
async def test_the_servers_word_on_trying_again_is_obeyed(status: int, word: str, requests: int) -> None:
    """It knows better than its status says."""
    _, server = await drafts_of(Script(status=status, headers={"X-Should-Retry": word}), Script())
    assert len(server.requests) == requests


@pytest.mark.parametrize("code", ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"])
async def test_an_empty_account_is_not_tried_again(code: str) -> None:
    """Although its status is that of too many requests."""
    drafts, server = await drafts_of(Script(status=429, retry_after="1", error={"message": SAID, "code": code}))
    assert [(draft.state, "no quota left" in ENGLISH.explain(draft.reason)) for draft in drafts] == [
        (State.FAILED, True)
    ]
    assert len(server.requests) == 1


@pytest.mark.parametrize("retry_after", ["5", None])
async def test_streams_that_are_refused_together_do_not_come_back_together(retry_after: str | None) -> None:
    """Nor sooner than the server asks; the pauses of their own differ by up to a quarter."""
    scripts = [Script(status=429, retry_after=retry_after)] * 4 * 4 + [Script()]
    async with asking(*scripts) as (completions, server), asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(last_of(completions))
    fourth = [round(request.at - server.requests[0].at, 2) for request in server.requests[12:16]]
    assert len(server.requests) == 20
    assert len(set(fourth)) == 4
    assert fourth == ([15.0, 15.71, 16.85, 17.56] if retry_after else [2.75, 2.96, 3.29, 3.5])


async def last_of(completions: Completions) -> Draft:
    """The final draft of one more completion."""
    return [draft async for draft in completions.stream(DEPTH, PROBLEM)][-1]


async def test_no_more_streams_are_open_than_may_be_and_the_others_wait_in_order() -> None:
    """Each says that it waits, and has all its time once its turn has come."""
    seen: dict[int, list[tuple[float, str, str]]] = {}

    async def read(number: int) -> None:
        seen[number] = [
            (round(now() - began, 1), draft.text, ENGLISH.explain(draft.reason))
            async for draft in completions.stream(DEPTH, PROBLEM)
        ]

    scripts = [Script((text,), first=80.0, usage=2) for text in "abcde"]
    async with asking(*scripts, max_streams=2) as (completions, server):
        began = now()
        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(read(number))
                await asyncio.sleep(0.05)
        assert [request.others for request in server.requests] == [0, 1, 1, 1, 1]
    queued = "many questions are being answered, and this one waits its turn."
    assert {number: drafts[-1][1] for number, drafts in seen.items()} == dict(enumerate("abcde"))
    assert [drafts[-1][0] for drafts in seen.values()] == pytest.approx([80, 80, 160, 160, 240], abs=0.2)
    assert [drafts[0][2] for drafts in seen.values()] == ["", "", queued, queued, queued]
    assert [drafts[1][1:] for drafts in list(seen.values())[2:]] == [("", "")] * 3


@pytest.mark.parametrize("drafts", [1, 2])
async def test_leaving_gives_the_turn_back(drafts: int) -> None:
    """Whether it was waited for, or had; also in a pause."""
    scripts = (Script(("a", "b"), every=30.0), Script(("Next.",)))
    async with asking(*scripts, max_streams=1) as (completions, _):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as first:
            await anext(first)
            async with aclosing(completions.stream(DEPTH, PROBLEM)) as second:
                assert ENGLISH.explain((await anext(second)).reason).startswith("many questions")
        assert (await last_of(completions)).text == "Next."
    async with asking(Script(status=429, retry_after="5"), scripts[1], max_streams=1) as (completions, _):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as first:
            for _ in range(drafts):
                await anext(first)
        assert (await last_of(completions)).text == "Next."


async def test_a_cancelled_wait_gives_the_turn_to_the_next() -> None:
    """Whoever stands behind does not wait for somebody who has left."""
    async with asking(Script(("a", "b"), every=30.0), Script(("Next.",)), max_streams=1) as (completions, server):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as first:
            await anext(first)
            left = asyncio.ensure_future(last_of(completions))
            await asyncio.sleep(1.0)
            behind = asyncio.ensure_future(last_of(completions))
            await asyncio.sleep(1.0)
            left.cancel()
            await asyncio.wait([left])
        assert (await behind).text == "Next."
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_will_not_get_better_is_not_tried_again(status: int) -> None:
    """The person who asked is told at once."""
    drafts, server = await drafts_of(Script(status=status, retry_after="1"))
    assert [draft.state for draft in drafts] == [State.FAILED]
    assert len(server.requests) == 1


BROKE = "the connection to the model broke; it starts over."
SILENT = "the model fell silent; it starts over."
INTERRUPTED = "it was interrupted; it starts over."
LOST = [
    (Script(("Half ", "a text"), breaks=True, finish=None), 0.2, BROKE),
    (Script(("Half ", "a text"), finish=None), 0.2, BROKE),
    (Script(("Half ", "a text", 90.0), breaks=True), 60.2, SILENT),
]


@pytest.mark.parametrize(("script", "at", "reason"), LOST)
async def test_a_stream_that_is_lost_is_started_over_and_its_text_stands(
    script: Script, at: float, reason: str
) -> None:
    """Until the new one is longer; the drafts say so."""
    seen, server = await timed(script, Script(("Half ", "a text", ", and", " the rest."), first=1.0))
    assert seen == [
        (0.1, "Half ", "writing", ""),
        (0.2, "Half a text", "writing", ""),
        (at, "Half a text", "writing", reason),
        (round(at + 1.2, 1), "Half a text, and", "writing", ""),
        (round(at + 1.3, 1), "Half a text, and the rest.", "done", ""),
    ]
    assert [request.others for request in server.requests] == [0, 0]
    assert [request.is_cut_off for request in server.requests] == [reason == SILENT, False]


async def test_a_shorter_text_that_is_whole_takes_the_place_of_a_longer_one() -> None:
    """That it is the last is worth more than its length; it is not shown before."""
    seen, _ = await timed(Script(("A long beginning",), breaks=True, finish=None), Script(("All ", "of it.")))
    assert [one[1:] for one in seen] == [
        ("A long beginning", "writing", ""),
        ("A long beginning", "writing", BROKE),
        ("All of it.", "done", ""),
    ]


async def test_a_text_that_the_model_stops_is_whole_too() -> None:
    """The longest answer that it may give is one."""
    drafts, _ = await drafts_of(Script(("A long beginning",), finish=None), Script(("All",), finish="length"))
    assert (drafts[-1].text, drafts[-1].state) == ("All", State.CUT)


@pytest.mark.parametrize("first", [Script((), breaks=True, finish=None), Script((), finish=None)])
async def test_a_stream_that_is_lost_before_its_text_is_started_over(first: Script) -> None:
    """The headers had come, and nothing else."""
    seen, server = await timed(first, Script(("Well.",)))
    assert [one[1:] for one in seen] == [("", "waiting", BROKE), ("Well.", "done", "")]
    assert len(server.requests) == 2


SECOND = [
    (Script(("No",), breaks=True, finish=None), "the connection to the model broke; {}. Ask again in a moment."),
    (Script(("No",), finish=None), "the connection to the model ended before the answer did; {}. Ask again."),
    (Script(("No", 90.0)), "the model was silent for 60 seconds; {}. Ask again."),
    (Script(first=900.0), "the model was silent for 90 seconds; {}. Ask again."),
    (Script(hangs=900.0), "the model was silent for 90 seconds; {}. Ask again."),
    (Script(drops=True), "the connection to the model broke; {}. Ask again in a moment."),
    (Script(status=429), "the model's provider has too many requests at the moment; {}. Ask again in a minute."),
    (Script(status=500), "the model's provider has a failure of its own (500); {}. Ask again later."),
    (Script(()), "the model gave an empty answer; {}. Ask again."),
    (Script(("No", b"data: {\n\n")), "the model's provider sent something that makes no sense; {}. Ask again."),
    (
        Script(("No", {"error": {}, "choices": []}, {"error": {"code": 1}})),
        "the model's provider reported an error in the middle of the answer; {}. Ask again.",
    ),
    (
        Script(("No",), finish="content_filter"),
        "the provider's content filter withheld the rest; {}. Put the problem in other words.",
    ),
]


@pytest.mark.parametrize(("second", "words"), SECOND)
@pytest.mark.parametrize("previous", ["", "It stood before."])
@pytest.mark.heavy
async def test_if_that_fails_too_the_longest_text_stays_with_a_mark(second: Script, words: str, previous: str) -> None:
    """Whatever befalls the second stream; there is no third."""
    drafts, server = await drafts_of(Script(("Half",), breaks=True, finish=None), second, previous=previous)
    text = previous or "Half"
    assert (drafts[-1].text, drafts[-1].state) == (text, State.FAILED)
    assert ENGLISH.explain(drafts[-1].reason) == words.format("it was started over, and this is as far as it came")
    assert {draft.text for draft in drafts} == {text}
    assert len(server.requests) == (9 if second.drops or second.status != 200 else 2)


async def test_the_longer_text_stays_also_where_it_is_the_second() -> None:
    """Both are beginnings."""
    first, second = (Script((text,), breaks=True, finish=None) for text in ("Half", "Half a text"))
    drafts, _ = await drafts_of(first, second)
    assert (drafts[-1].text, drafts[-1].state) == ("Half a text", State.FAILED)


async def test_two_streams_without_a_text_are_told_as_such() -> None:
    """There is nothing that has come far."""
    drafts, _ = await drafts_of(Script((), breaks=True, finish=None))
    assert ENGLISH.explain(drafts[-1].reason) == (
        "the connection to the model broke; it was started over, and nothing came. Ask again in a moment."
    )


async def test_a_second_stream_that_is_refused_at_first_says_so_under_the_old_text() -> None:
    """And then what it said before."""
    seen, _ = await timed(
        Script(("Half",), breaks=True, finish=None), Script(status=429, retry_after="5"), Script(("Half a text.",))
    )
    assert seen[1:] == [
        (0.1, "Half", "writing", BROKE),
        (0.1, "Half", "writing", "the model's provider has too many requests at the moment; trying again in 5 s."),
        (5.1, "Half", "writing", BROKE),
        (5.2, "Half a text.", "done", ""),
    ]


async def test_a_previous_text_is_the_first_draft_and_stands_until_there_is_more() -> None:
    """It is of a process that has ended; there is one more start all the same."""
    first = Script(("It ", "stood ", "before"), breaks=True, finish=None)
    second = Script(("It ", "stood ", "before ", "and ", "now."))
    seen, _ = await timed(first, second, previous="It stood")
    assert [one[1:] for one in seen] == [
        ("It stood", "writing", INTERRUPTED),
        ("It stood ", "writing", ""),
        ("It stood before", "writing", ""),
        ("It stood before", "writing", BROKE),
        ("It stood before ", "writing", ""),
        ("It stood before and ", "writing", ""),
        ("It stood before and now.", "done", ""),
    ]
    assert seen[0][0] == 0.0


async def test_a_previous_text_stays_where_the_server_refuses() -> None:
    """At once, if it is for good."""
    seen, _ = await timed(Script(status=401), previous="It stood")
    assert [one[1:3] for one in seen] == [("It stood", "writing"), ("It stood", "failed")]
    assert seen[-1][3].startswith("the model's provider refused the key; it was started over, and this is as far")


async def test_a_previous_text_waits_for_its_turn_in_sight() -> None:
    """The text, and what it waits for."""
    async with asking(Script(("a", "b"), every=5.0), Script(("It stood up.",)), max_streams=1) as (completions, _):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as first:
            await anext(first)
            async with aclosing(completions.stream(DEPTH, PROBLEM, previous="It stood")) as second:
                seen = [
                    (draft.text, ENGLISH.explain(draft.reason)) for draft in (await anext(second), await anext(second))
                ]
        assert seen == [
            ("It stood", INTERRUPTED),
            ("It stood", "many questions are being answered, and this one waits its turn."),
        ]


async def test_the_drafts_of_a_text_that_stands_have_one_source() -> None:
    """By which whoever shows it knows that it is the same text."""
    async with asking(Script(("Half",), finish=None), Script(("All of it",))) as (completions, _):
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
    assert [draft.source is drafts[0].source for draft in drafts] == [True, True, False]
    assert [draft.length for draft in drafts] == [4, 4, 9]


NOT_OVER = [
    Script(("Half", {"error": {"message": SAID, "code": "server_error"}}), finish=None),
    Script(("Half", b"data: {nope\n\n"), finish=None),
    Script(("Half",), finish="content_filter"),
    Script(("Half", choice(delta={"refusal": "!"}))),
    Script(("Half",), finish="length"),
    Script(()),
]


@pytest.mark.parametrize("script", NOT_OVER)
async def test_what_the_server_said_itself_is_not_started_over(script: Script) -> None:
    """It would say it again; what had come stays."""
    drafts, server = await drafts_of(script)
    assert drafts[-1].state is (State.CUT if script.finish == "length" else State.FAILED)
    assert drafts[-1].text.startswith(script.text)
    assert "started over" not in ENGLISH.explain(drafts[-1].reason)
    assert len(server.requests) == 1


@pytest.mark.parametrize("script", [Script(("Half", 90.0)), Script(("Half",), finish=None)])
async def test_cancelling_between_two_streams_opens_no_other(script: Script) -> None:
    """Nor leaves one open."""
    async with asking(script) as (completions, server):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as stream:
            async for draft in stream:
                if ENGLISH.explain(draft.reason):
                    break
            await asyncio.sleep(0.1)
            assert (len(server.requests), server.open_streams) == (1, 0)
        await asyncio.sleep(60.0)
        assert (len(server.requests), server.open_streams) == (1, 0)


texts = st.lists(st.sampled_from(["a", "bb ", "ccc", "é🙂"]), max_size=4)


@given(previous=texts, first=texts, second=texts, has_end=st.booleans(), breaks=st.booleans())
def test_no_draft_but_the_last_is_shorter_than_what_was_seen(
    *, previous: list[str], first: list[str], second: list[str], has_end: bool, breaks: bool
) -> None:
    """Whatever a lost text and the next one are; and a last one that is no whole text is the longest."""

    async def run() -> list[Draft]:
        lost = Script(tuple(first), finish=None, breaks=breaks)
        last = Script(tuple(second), finish="stop" if has_end else None)
        drafts, _ = await drafts_of(lost, last, previous="".join(previous))
        return drafts

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        *growing, last = runner.run(run())
    lengths = [len(draft.text) for draft in growing]
    assert lengths == sorted(lengths)
    assert not any(draft.state.is_final for draft in growing)
    seen = ["".join(pieces) for pieces in (previous, first, second)]
    whole = has_end and bool(seen[2].strip())
    assert last.state is (State.DONE if whole else State.FAILED)
    assert len(last.text) == (len(seen[2]) if whole else max(map(len, seen)))


async def test_closing_the_generator_closes_the_stream_at_the_server() -> None:
    """Nobody pays for what nobody reads."""
    async with asking(Script(("a", "b"), every=30.0)) as (completions, server):
        async with aclosing(completions.stream(DEPTH, PROBLEM)) as stream:
            assert (await anext(stream)).text == "a"
            assert server.open_streams == 1
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


@pytest.mark.parametrize(
    ("script", "after"),
    [
        (Script(first=30.0), 1.0),  # before the first token
        (Script(("a", "b"), every=30.0), 1.0),  # between two
        (Script(usage=None, linger=30.0), 0.2),  # in the wait for the count of tokens
    ],
)
async def test_cancelling_closes_the_stream_at_the_server(script: Script, after: float) -> None:
    """Whenever it happens, and the cancellation is not swallowed."""
    async with asking(script) as (completions, server):

        async def read() -> None:
            async with aclosing(completions.stream(DEPTH, PROBLEM)) as stream:
                async for _ in stream:
                    pass

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(after):
                await read()
        await asyncio.sleep(0.1)
        assert server.requests[0].is_cut_off


async def test_cancelling_while_it_waits_to_try_again_tries_no_more() -> None:
    """The pause that the server asked for ends with the run."""
    async with asking(Script(status=429, retry_after="20"), Script()) as (completions, server):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10.0):
                await last_of(completions)
        await asyncio.sleep(60.0)
        assert len(server.requests) == 1


@pytest.mark.parametrize(("length", "state"), [(40_000, State.DONE), (40_001, State.CUT)])
async def test_a_text_ends_at_40_000_characters(length: int, state: State) -> None:
    """Its stream is closed there, and it says so."""
    pieces = ("x" * (length - 5), "12345", "never read")
    async with asking(Script(pieces if state is State.CUT else pieces[:2])) as (completions, server):
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        await asyncio.sleep(0.5)
        assert (len(drafts[-1].text), drafts[-1].state) == (40_000, state)
        assert max(len(draft.text) for draft in drafts) == 40_000
        assert server.requests[0].is_cut_off == (state is State.CUT)
    assert ("beyond 40,000 characters" in ENGLISH.explain(drafts[-1].reason)) == (state is State.CUT)


FAILURES = [
    (Script(status=401, error={"message": SAID, "code": "invalid_api_key"}), "refused the key"),
    (Script(status=403, error={"message": SAID}), "may not use the model “test-model”"),
    (Script(status=404, error={"message": SAID}), "no model “test-model” there"),
    (Script(status=404, error={"message": SAID, "code": "model_not_found"}), "no model “test-model” for this key"),
    (Script(status=429, error={"message": SAID, "code": SAID}), "too many requests"),
    (Script(status=429, error={"message": SAID, "code": "insufficient_quota"}), "no quota left"),
    (Script(status=500, error={"message": SAID, "type": SAID}), "failure of its own (500)"),
    (Script(status=400, error={"message": SAID, "param": SAID}), "refused the request (400)"),
    (Script(status=400, error={"message": SAID, "code": "context_length_exceeded"}), "too long for the model"),
    (Script(("Half", {"error": {"message": SAID}}), finish=None), "an error in the middle"),
    (Script(("Half", {"error": SAID}), finish=None), "an error in the middle"),
    (Script(("Half", f"data: {SAID}\n\n".encode()), finish=None), "makes no sense"),
    (Script(("Half",), breaks=True, finish=None), "connection to the model broke"),
]


@pytest.mark.parametrize(("script", "words"), FAILURES)
async def test_a_failure_has_words_without_the_key_and_the_servers_own(
    script: Script, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In what people see and in what the bot logs; a server may quote the key, or the problem."""
    drafts, _ = await drafts_of(script)
    assert drafts[-1].state is State.FAILED
    assert words in ENGLISH.explain(drafts[-1].reason)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert len(ours) == 1
    for text in (*ours, repr(drafts)):
        assert KEY not in text
        assert "the server said" not in text


@pytest.mark.parametrize(("is_alone", "tries"), [(True, 8), (False, 11)])
async def test_a_server_out_of_reach_is_a_failure_with_words(tries: int, *, is_alone: bool) -> None:
    """Once it has been tried often; for as long as another process may need to take over, where there may be one."""
    async with ModelServer() as server:
        url = server.url
    async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0, is_alone=is_alone) as completions:
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
    cause = f"the model cannot be reached: nothing listens at 127.0.0.1:{urlsplit(url).port}"
    assert ENGLISH.explain(drafts[0].reason) == f"{cause}; trying again in 1 s."
    assert (drafts[-1].state, ENGLISH.explain(drafts[-1].reason)) == (
        State.FAILED,
        f"{cause}. Ask again in a moment; or have OPENAI_BASE_URL checked.",
    )
    assert len(drafts) == (tries - 1) * 2 + 1


async def test_whether_the_server_is_there_is_seen_without_asking_a_model() -> None:
    """Whatever it answers, and though all streams are taken."""
    async with asking(Script(hangs=60.0), max_streams=1) as (completions, server):
        reading = asyncio.create_task(last_of(completions))
        await asyncio.sleep(1.0)
        assert (completions.turns.are_taken, len(server.requests)) == (True, 1)
        assert [await completions.reaches_server() for _ in range(2)] == [True, True]
        assert len(server.requests) == 1
        reading.cancel()
        await asyncio.wait([reading])


async def test_while_a_stream_brings_something_the_server_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to find out; a server that has too much to do would be slow to say so."""

    async def fail(_: object) -> httpx2.Response:
        raise httpx2.ConnectError("no")

    async with asking(Script(tuple("so it goes"), every=1.0)) as (completions, _):
        reading = asyncio.create_task(last_of(completions))
        await asyncio.sleep(8.0)
        monkeypatch.setattr(completions._wire, "handle_async_request", fail)
        assert await completions.reaches_server()
        assert (await reading).state is State.DONE
        await asyncio.sleep(HEARD)
        assert not await completions.reaches_server()


@pytest.mark.parametrize(
    ("raw", "is_there"),
    [(b"", False), (b"nonsense\r\n\r\n", False), (b"HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\n", True)],
)
async def test_a_server_is_there_that_speaks_http(raw: bytes, *, is_there: bool) -> None:
    """It is told whose key it is, as with each request."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(raw)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Completions(
            api_key=KEY, base_url=f"http://127.0.0.1:{port}/v1/", model=MODEL, idle_timeout=60.0
        ) as completions:
            assert await completions.reaches_server() is is_there
    assert heads[0].startswith(b"HEAD /v1/models HTTP/1.1\r\n")
    assert f"authorization: bearer {KEY}\r\n".encode() in heads[0].lower()


async def test_a_server_where_nothing_listens_is_not_there() -> None:
    """As where the network knows no way."""
    async with ModelServer() as server:
        url = server.url
    async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
        assert not await completions.reaches_server()


def resolve_to(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """Have every name looked up in vain."""

    async def look_up(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


async def test_a_host_that_does_not_exist_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name, and with the setting; one that cannot be looked up at the moment is tried again."""
    url = "http://user:secret@no-such-host.test:80/v1"
    async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
        resolve_to(monkeypatch, socket.gaierror(socket.EAI_NONAME, "no"))
        began = now()
        (last,) = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert now() - began < 0.1
        assert ENGLISH.explain(last.reason) == (
            "the model cannot be reached: there is no host of the name no-such-host.test:80. "
            "Whoever runs this bot should check OPENAI_BASE_URL."
        )
        resolve_to(monkeypatch, socket.gaierror(socket.EAI_AGAIN, "no"))
        drafts = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert len(drafts) == 15


async def test_a_certificate_that_nobody_trusts_and_https_where_http_is_spoken_are_told_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each for what it is; the log names the setting."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    for context, words in ((server_context(tmp_path), "is not trusted"), (None, "does not speak https at that port")):
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
                (last,) = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert words in ENGLISH.explain(last.reason)
        assert ENGLISH.explain(last.reason).endswith("Whoever runs this bot should check OPENAI_BASE_URL.")
        assert "setting=OPENAI_BASE_URL" in caplog.text


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        ("", f"Bearer {KEY}"),
        ("user:pass@", "Basic dXNlcjpwYXNz"),
        ("us%40er:p%2Fw@", "Basic dXNAZXI6cC93"),
        ("user@", "Basic dXNlcjo="),
    ],
)
async def test_a_user_and_a_password_in_the_address_are_sent_in_place_of_the_key(credentials: str, header: str) -> None:
    """There is one header for both; and no compression is asked for."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://{credentials}127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
            last = await last_of(completions)
    (head,) = heads
    assert f"Authorization: {header}\r\n".lower() in head.lower()
    assert head.lower().count("authorization:") == 1
    assert "accept-encoding: identity\r\n" in head.lower()
    assert "pass" not in ENGLISH.explain(last.reason)


async def test_a_problem_does_not_go_along_to_another_host() -> None:
    """Whatever the server says: it was meant for the host that the settings name."""
    async with ModelServer() as other, ModelServer() as server:
        server.default = Script(status=307, headers={"Location": f"{other.url}/chat/completions"})
        async with Completions(api_key=KEY, base_url=server.url, model=MODEL, idle_timeout=60.0) as completions:
            (last,) = [draft async for draft in completions.stream(DEPTH, PROBLEM)]
        assert (len(server.requests), other.requests) == (1, [])
    assert ENGLISH.explain(last.reason).startswith("the model's address sends elsewhere (307)")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
NO_HTTP = [
    (b"", 8),
    (b"what the server said\r\n\r\n", 1),
    (HEAD + b"no header\r\n\r\n", 1),
    (HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n", 1),
    (HEAD + b"Content-Length: 50\r\n\r\nno", 2),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 1),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n: hi\n\r\n", 2),
    (HEAD + b"Content-Encoding: gzip\r\n\r\nno", 2),
    (HEAD + b"\r\n<html>no</html>", 2),
]


@pytest.mark.parametrize(("raw", "requests"), NO_HTTP)
async def test_what_is_no_http_is_a_failure_with_words(raw: bytes, requests: int) -> None:
    """The SDK and what it stands on have many errors; none comes through."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        async with Completions(api_key=KEY, base_url=url, model=MODEL, idle_timeout=60.0) as completions:
            last = await last_of(completions)
    assert (last.state, last.text) == (State.FAILED, "")
    if requests == 1:
        assert "is no HTTP. Whoever runs this bot should check OPENAI_BASE_URL." in ENGLISH.explain(last.reason)
    else:
        assert ENGLISH.explain(last.reason).startswith("the connection to the model ")
    assert count == requests


def event(data: Any) -> bytes:
    """An event with `data`."""
    return b"data: " + json.dumps(data).encode() + b"\n\n"


HARMLESS: list[tuple[Any, str]] = [
    ({}, "Half rest"),
    ({"choices": None}, "Half rest"),
    (chunk(choices=None), "Half rest"),
    (chunk(choices=[]), "Half rest"),
    (choice(delta={}), "Half rest"),
    (choice(delta={"content": None}), "Half rest"),
    (choice(delta={"role": "assistant", "refusal": None}), "Half rest"),
    (choice(delta=None), "Half rest"),
    (chunk(usage={"total_tokens": None}), "Halfx rest"),
    (chunk(choices=[{"index": 1, "delta": {"content": "other"}}]), "Half rest"),
    (b"data:\n\n", "Half rest"),
    (chunk(model=None), "Halfx rest"),
    (b": a comment, which keeps the connection alive\n\n", "Half rest"),
    (b":\n:\n\n\n\n", "Half rest"),
    (event(chunk()).replace(b"\n", b"\r\n"), "Halfx rest"),
    (event(chunk()).replace(b"\n", b"\r"), "Halfx rest"),
    (b"id: 7\nretry: 10\nevent: chunk\n" + event(chunk()), "Halfx rest"),
    (b"data:" + event(chunk())[6:], "Halfx rest"),
]


@pytest.mark.parametrize(("piece", "text"), HARMLESS)
async def test_what_servers_send_beside_the_text_is_no_failure(piece: Any, text: str) -> None:
    """Empty and missing fields, comments, other line ends: the answer goes on."""
    drafts, _ = await drafts_of(Script(("Half", piece, " rest")))
    assert [(drafts[-1].text, drafts[-1].state, drafts[-1].tokens)] == [(text, State.DONE, 42)]


async def test_text_behind_the_finish_reason_is_part_of_the_answer() -> None:
    """Some servers send it with every chunk, or before the last of the text."""
    pieces = ("one ", choice(delta={"content": "two "}, finish_reason="stop"), "three")
    drafts, _ = await drafts_of(Script(pieces))
    assert (drafts[-1].text, drafts[-1].state) == ("one two three", State.DONE)


async def test_an_orderly_end_will_do_without_a_finish_reason() -> None:
    """Some servers send none."""
    drafts, _ = await drafts_of(Script(("All.", b"data: [DONE]\n\n"), finish=None))
    assert (drafts[-1].text, drafts[-1].state) == ("All.", State.DONE)


async def test_characters_that_are_cut_in_two_are_joined_and_lone_halves_marked() -> None:
    """JSON may have surrogates on their own; nothing that is sent may."""
    halves = (choice(delta={"content": "a\ud83d"}), choice(delta={"content": "\ude42b\ud83dc\ud83d"}))
    drafts, _ = await drafts_of(Script(halves))
    assert [draft.text for draft in drafts] == ["a", "a🙂b\ufffdc\ufffd"]


async def test_what_no_text_may_have_is_marked_and_the_rest_can_be_read() -> None:
    """NUL, and bytes that are no UTF-8; the mark itself is a character as others."""
    pieces = ("a\0b", choice(delta={"content": "c\ufffd"}), event(chunk()).replace(b'"x"', b'"d\xff\xe2\x82e"'))
    drafts, _ = await drafts_of(Script(pieces))
    assert [draft.text for draft in drafts] == ["a\ufffdb", "a\ufffdbc\ufffd", "a\ufffdbc\ufffdd\ufffd\ufffde"]
    assert drafts[-1].state is State.DONE


async def test_thoughts_that_are_not_shown_are_signs_of_life() -> None:
    """Comments are not: an answer without a token for so long is given up."""
    thoughts = tuple(choice(delta={"reasoning_content": "hm"}) for _ in range(5))
    drafts, _ = await drafts_of(Script((*thoughts, "Well."), every=40.0))
    assert [(draft.text, draft.state) for draft in drafts] == [("", State.THINKING), ("Well.", State.DONE)]
    began = now()
    drafts, _ = await drafts_of(Script(("Half", *(b": ping\n\n",) * 9), every=40.0), Script(status=401))
    assert ENGLISH.explain(drafts[1].reason) == SILENT
    assert now() - began == pytest.approx(60.1, abs=0.1)


@pytest.mark.parametrize("script", [Script(first=1_000.0), Script(hangs=1_000.0)])
async def test_a_server_that_says_nothing_at_all_is_asked_once_and_given_up(script: Script) -> None:
    """After ninety seconds: nobody looks at a placeholder for longer."""
    began = now()
    drafts, server = await drafts_of(script)
    assert [ENGLISH.explain(draft.reason) for draft in drafts] == ["the model was silent for 90 seconds. Ask again."]
    assert now() - began == pytest.approx(90, abs=0.1)
    assert len(server.requests) == 1


async def test_a_stream_that_is_lost_before_a_sign_of_life_has_had_its_share_of_the_time() -> None:
    """There are ninety seconds in all; nobody looks at a placeholder for longer."""
    seen, _ = await timed(Script((), first=50.0, breaks=True, finish=None), Script(first=60.0))
    assert [(one[0], one[2]) for one in seen] == [(50.0, "waiting"), (90.0, "failed")]
    assert seen[-1][3].startswith("the model was silent for 90 seconds; it was started over")


async def test_a_stream_that_is_lost_after_a_sign_of_life_has_its_time_anew() -> None:
    """Thoughts are one; the next model has to think again."""
    thoughts = tuple(choice(delta={"reasoning_content": "hm"}) for _ in range(5))
    first = Script(thoughts, every=40.0, breaks=True, finish=None)
    seen, _ = await timed(first, Script(("Well.",), first=80.0))
    assert [one[2] for one in seen] == ["thinking", "waiting", "done"]
    # What is no first block may be read `GATHER` later.
    assert [one[0] for one in seen] == pytest.approx([0.1, 160.1, 240.1], abs=0.11)


async def test_an_event_may_be_cut_anywhere() -> None:
    """Also within a character, and between the two ends of a line."""
    whole = "data: " + json.dumps(chunk(), ensure_ascii=False).replace('"x"', '"é…🙂"') + "\r\n\r\n"
    pieces = tuple(bytes([byte]) for byte in whole.encode())
    drafts, _ = await drafts_of(Script(pieces, every=0.01))
    assert (drafts[-1].text, drafts[-1].state) == ("é…🙂", State.DONE)


MALFORMED = [
    b"data: {nope\n\n",
    b"data: [1]\n\n",
    b'data: "ping"\n\n',
    b"data: null\n\n",
    b"data: " + b"[" * 100_000 + b"\n\n",
    chunk(choices="abc"),
    chunk(choices=[1]),
    choice(delta={"content": 5}),
    choice(delta="x"),
    b"data: \xff\xfe\n\n",
    b'data: {"choices": "\xe2\n\n',
    {"error": {"message": SAID, "code": {"a": [1]}, "type": {"b": [2]}}},
]


@pytest.mark.parametrize("piece", MALFORMED)
async def test_a_malformed_event_is_a_failure_of_the_answer(piece: Any) -> None:
    """In words, and what had come stays; nothing is raised."""
    drafts, _ = await drafts_of(Script(("Half", piece, " rest")))
    assert [(draft.text, draft.state) for draft in drafts] == [("Half", State.WRITING), ("Half", State.FAILED)]
    assert ENGLISH.explain(drafts[-1].reason) in {
        "the model's provider sent something that makes no sense. Ask again.",
        "the model's provider reported an error in the middle of the answer. Ask again.",
        "the model's provider sent more than makes sense. Ask again.",
    }


@pytest.mark.parametrize("piece", MALFORMED)
async def test_a_malformed_event_behind_the_end_changes_nothing(piece: Any) -> None:
    """The answer is whole by then."""
    drafts, _ = await drafts_of(Script(("Well.", choice(delta={}, finish_reason="stop"), piece), finish=None))
    assert [(draft.text, draft.state, draft.tokens) for draft in drafts] == [
        ("Well.", State.WRITING, 0),
        ("Well.", State.DONE, 0),
    ]
