import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.delivery.board import UNWRITTEN, Board
from bot.delivery.message import Message
from bot.delivery.outcomes import Loss
from bot.delivery.sections.section import Found
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    RateLimitedError,
    SlackError,
    ThreadLostError,
    TokenRefusedError,
    UnavailableError,
)
from bot.slack.api import Mark
from bot.slack.body import Body
from tests.support.ledger import Ledger
from tests.support.stage import Stage, Text

NO_SCOPE = TokenRefusedError("Slack refuses the token", "missing_scope")
TOOK = 0.1  # seconds that each call takes


class Writer:
    """Slack, as the board sees it: writes down what is asked of it, and fails as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[float, str, str, Body]] = []  # start, what, where or which, body
        self.failures: dict[str, list[Exception]] = {"post": [], "edit": [], "find": []}
        self.marks: dict[Mark, str] = {}
        self.in_flight: set[str] = set()
        self.screen: dict[str, Body] = {}

    async def post(self, channel: str, body: Body, thread_ts: str | None, mark: Mark) -> str:
        await self._call("post", thread_ts or channel, body)
        return self.put(mark, body)

    def put(self, mark: Mark, body: Body) -> str:
        ts = f"{len(self.screen) + 1}"
        self.screen[ts] = body
        self.marks[mark] = ts
        return ts

    async def find(self, channel: str, thread_ts: str | None, mark: Mark) -> str | None:
        await self._call("find", thread_ts or channel, Body("", []))
        return self.marks.get(mark)

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        assert ts not in self.in_flight
        self.in_flight.add(ts)
        try:
            await self._call("edit", ts, body)
        finally:
            self.in_flight.discard(ts)
        self.screen[ts] = body

    async def _call(self, kind: str, place: str, body: Body) -> None:
        self.calls.append((round(asyncio.get_running_loop().time() - 1_000, 3), kind, place, body))
        await asyncio.sleep(TOOK)
        if self.failures[kind]:
            raise self.failures[kind].pop(0)

    def texts(self) -> list[str]:
        """What stands on the screen, in the order of posting."""
        return [body.text for body in self.screen.values()]


@asynccontextmanager
async def board_on(writer: Writer, edits_per_minute: int = 50) -> AsyncIterator[Board]:
    """A board that serves."""
    board = Board(writer, edits_per_minute, clock=asyncio.get_running_loop().time)
    serving = asyncio.create_task(board.serve())
    try:
        yield board
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        assert serving.cancelled(), serving.exception()


async def test_messages_of_a_thread_are_posted_one_after_another() -> None:
    """In the order in which they were asked for, under the first."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        for text in "abc":
            thread.post(text)
        await thread.settle()
    assert [(at, place, body.text) for at, _, place, body in writer.calls] == [
        (0, "C", "a"),
        (0.1, "1", "b"),
        (0.2, "1", "c"),
    ]


async def test_a_text_is_built_when_it_is_sent() -> None:
    """What has grown since it was asked for goes along, and costs no edit."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        thread.post("parent")
        message, content = thread.post("placeholder")
        await asyncio.sleep(0.05)
        content.text = "whole"
        thread.finish(message)
        await thread.settle()
    assert writer.texts() == ["parent", "whole"]
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "post"]


async def test_what_grows_while_a_post_is_on_its_way_is_edited_in() -> None:
    """The post carried what was there when it was sent."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, content = thread.post("placeholder")
        await asyncio.sleep(0.05)
        content.text = "whole"
        thread.finish(message)
        await thread.settle()
    assert [(kind, body.text) for _, kind, _, body in writer.calls] == [("post", "placeholder"), ("edit", "whole")]
    assert thread.thread.edits == 1


async def test_parents_go_before_replies_when_posts_must_wait() -> None:
    """A person waits for a sign; placeholders wait, by age."""
    writer = Writer()
    async with board_on(writer) as board:
        first, second = Stage(board, Ledger(), "C"), Stage(board, Ledger(), "C")
        for text in "abcdef":
            first.post(text)
        await asyncio.sleep(0.45)
        second.post("parent")
        second.post("reply")
        await first.settle()
        await second.settle()
    order = [(at, body.text) for at, _, _, body in writer.calls]
    assert order == [
        (0, "a"),
        (0.1, "b"),
        (0.2, "c"),
        (0.3, "d"),
        (0.4, "e"),
        (1.0, "parent"),
        (2.0, "f"),
        (3.0, "reply"),
    ]


async def test_channels_have_posting_limits_of_their_own() -> None:
    """A busy one holds up nobody else."""
    writer = Writer()
    async with board_on(writer) as board:
        busy, idle = Stage(board, Ledger(), "C1"), Stage(board, Ledger(), "C2")
        for _ in range(8):
            busy.post("x")
        await asyncio.sleep(0.7)
        idle.post("y")
        await idle.settle()
        assert asyncio.get_running_loop().time() == pytest.approx(1_000.8)


POST_FAILURES = [
    ([RateLimitedError(3)], [0, 3]),
    ([RateLimitedError(3), RateLimitedError(2)], [0, 3.1, 5.2]),
    ([UnavailableError("unreachable", Effect.NONE)] * 2, [0, 1.1, 3.2]),
]


@pytest.mark.parametrize(("failures", "times"), POST_FAILURES)
async def test_a_post_that_was_not_carried_out_is_tried_again(failures: list[Exception], times: list[float]) -> None:
    """After the pause that Slack asks for, or a growing one."""
    writer = Writer()
    writer.failures["post"] = list(failures)
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        thread.post("a")
        await thread.settle()
    assert writer.texts() == ["a"]
    assert [at for at, *_ in writer.calls] == pytest.approx(times, abs=0.11)


async def test_a_post_that_may_have_been_carried_out_is_not_repeated() -> None:
    """Where the bot may not look it up. The others of its thread go on."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        parent, _ = thread.post("parent")
        await thread.stands(parent)
        writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
        writer.failures["find"] = [NO_SCOPE]
        lost, content = thread.post("lost")
        thread.post("next")
        await thread.settle()
        content.text = "more"
        thread.finish(lost)
        await thread.settle()
    assert writer.texts() == ["parent", "next"]
    assert [body.text for _, _, _, body in writer.calls] == ["parent", "lost", "", "next"]
    assert lost.loss is Loss.UNKNOWN


async def test_a_post_that_was_carried_out_is_found() -> None:
    """By its mark; it shows what is newest as soon as it is known where it stands."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C")
        parent, _ = thread.post("parent")
        await thread.stands(parent)
        writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
        reply, content = thread.post("reply")
        await asyncio.sleep(0.05)
        writer.put(Mark("run", "reply"), Body("reply", []))
        content.text = "whole"
        thread.finish(reply)
        await thread.settle()
    assert writer.texts() == ["parent", "whole"]
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "post", "find", "edit"]
    assert ledger.notes[2:] == [("intent", "reply"), ("posted", "reply", "2"), ("edit", "reply"), ("answered", "reply")]


async def test_a_post_that_was_not_carried_out_is_posted_again() -> None:
    """Once it was looked up twice: what was sent may be on its way still."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
        writer.failures["find"] = [RateLimitedError(4)]
        thread.post("reply")
        await thread.settle()
    assert [(at, kind) for at, kind, _, _ in writer.calls] == [
        (0, "post"),
        (1.1, "find"),
        (5.2, "find"),
        (8.3, "find"),
        (8.4, "post"),
    ]
    assert writer.texts() == ["reply"]


async def test_a_message_of_another_process_is_edited_and_not_posted() -> None:
    """It stands where that one has posted it."""
    writer = Writer()
    writer.put(Mark("run", "reply"), Body("old", []))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message = thread.add("reply", Text("new"), found=Found({"reply": "1"}))
        thread.finish(message)
        await thread.settle()
    assert (writer.texts(), [kind for _, kind, _, _ in writer.calls]) == (["new"], ["edit"])


async def test_an_intent_is_written_down_before_the_post_and_its_end_after_it() -> None:
    """A refusal takes it back: nothing was posted."""
    writer, ledger = Writer(), Ledger(takes=0.5)
    writer.failures["post"] = [RateLimitedError(2)]
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C")
        thread.post("a")
        await thread.settle()
    assert [at for at, _, _, _ in writer.calls] == [0.5, 3.1]
    assert ledger.notes == [("intent", "a"), ("not posted", "a"), ("intent", "a"), ("posted", "a", "1")]


async def test_what_cannot_be_written_down_where_another_would_post_it_too_is_posted_later() -> None:
    """It is tried again every second; what stands is edited meanwhile."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C")
        message, text = thread.post("a")
        await thread.stands(message)
        ledger.is_away = True
        thread.post("b")
        await asyncio.sleep(UNWRITTEN + 0.5)
        text.text = "A"
        thread.grow(message)
        await asyncio.sleep(5)
        assert writer.texts() == ["A"]
        assert ledger.notes.count(("intent", "b")) == ledger.notes.count(("not posted", "b")) <= 7
        ledger.is_away = False
        await asyncio.sleep(UNWRITTEN + TOOK)
        assert writer.texts() == ["A", "b"]


async def test_nothing_is_sent_by_a_process_that_may_have_been_taken_for_dead() -> None:
    """From the time on that it was told, until it is told a later one: at once then, and nothing waits for a timer."""
    writer, loop = Writer(), asyncio.get_running_loop()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        began = loop.time()
        board.hold_after(began + 3)
        message, content = thread.post("a")
        await thread.settle()
        board.hold_after(began + 4)
        await asyncio.sleep(5)
        content.text = "b"
        thread.finish(message)
        thread.post("c")
        await asyncio.sleep(10)
        assert writer.texts() == ["a"]
        board.hold_after(loop.time())
        await asyncio.sleep(10)
        assert writer.texts() == ["a"]
        board.hold_after(loop.time() + 1)
        await thread.settle()
        assert loop.time() - began == pytest.approx(25 + 2 * TOOK, abs=1)
        assert writer.texts() == ["b", "c"]


@pytest.mark.parametrize("is_standing", [False, True])
async def test_what_has_waited_for_the_database_is_not_sent_once_the_board_is_held(*, is_standing: bool) -> None:
    """The process may have been suspended meanwhile: the post and the edit are made when it is known better."""
    writer, ledger, loop = Writer(), Ledger(), asyncio.get_running_loop()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C", "0")
        message, content = thread.post("a")
        if is_standing:
            await thread.settle()
        ledger.takes = 2.0
        content.text = "b"
        thread.finish(message)
        board.hold_after(loop.time() + 1)
        await asyncio.sleep(3)
        assert writer.texts() == ["a"] * is_standing
        assert ledger.notes[-1] == (("answered", "a") if is_standing else ("not posted", "a"))
        board.hold_after(loop.time() + 100)
        await thread.settle()
        assert writer.texts() == ["b"]


async def test_a_lost_parent_ends_its_thread() -> None:
    """There is nothing to answer under."""
    writer = Writer()
    writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
    writer.failures["find"] = [NO_SCOPE]
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        parent, _ = thread.post("parent")
        thread.post("reply")
        with pytest.raises(ThreadLostError):
            await thread.stands(parent)
        for waiting in (thread.settle, thread.outlast):  # whoever comes later is told too
            with pytest.raises(ThreadLostError):
                await waiting()
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "find"]


async def test_a_closed_channel_ends_its_thread_and_no_other() -> None:
    """Whoever waits for it is told why."""
    writer = Writer()
    writer.failures["post"] = [ChannelClosedError("not_in_channel")]
    async with board_on(writer) as board:
        closed, open_one = Stage(board, Ledger(), "C1"), Stage(board, Ledger(), "C2")
        message, _ = closed.post("a")
        closed.post("b")
        open_one.post("c")
        with pytest.raises(ChannelClosedError):
            await closed.stands(message)
        assert isinstance(closed.thread.failure, ChannelClosedError)
        await open_one.settle()
        assert [*board._open] == [open_one.thread]
    assert writer.texts() == ["c"]


EDIT_FAILURES = [
    [RateLimitedError(3)],
    [UnavailableError("internal_error", Effect.NONE)] * 6,
    [UnavailableError("TimeoutError", Effect.UNKNOWN), RateLimitedError(1)],
    [FormRefusedError("invalid_blocks")],
]


@pytest.mark.parametrize("failures", EDIT_FAILURES)
async def test_the_last_text_lands_after_any_failure_of_edits(failures: list[Exception]) -> None:
    """Each try carries what is newest then; the same form is never sent twice for its form."""
    writer = Writer()
    writer.failures["edit"] = list(failures)
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, content = thread.post("placeholder")
        await thread.stands(message)
        content.text = "growing"
        thread.grow(message)
        await asyncio.sleep(0.05)
        content.text = "whole"
        thread.finish(message)
        await thread.settle()
    assert writer.texts() == ["whole"]
    assert [body.text for _, kind, _, body in writer.calls if kind == "edit"][1:] == ["whole"] * len(failures)
    if isinstance(failures[0], FormRefusedError):
        assert writer.screen["1"].blocks[0]["type"] == "section"


async def test_pauses_between_tries_grow_to_their_longest() -> None:
    """Slack's outages last minutes."""
    writer = Writer()
    writer.failures["edit"] = [UnavailableError("internal_error", Effect.NONE)] * 7
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, _ = thread.post("a")
        await thread.stands(message)
        thread.finish(message)
        await thread.settle()
    starts = [at for at, kind, _, _ in writer.calls if kind == "edit"]
    pauses = [after - before - TOOK for before, after in itertools.pairwise(starts)]
    assert pauses == pytest.approx([1, 2, 4, 8, 15, 15, 15])


async def test_a_form_that_is_refused_is_not_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    """A plainer one, then one that says that the text cannot be shown; then the message is given up."""
    writer = Writer()
    writer.failures["edit"] = [FormRefusedError("invalid_blocks")] * 2
    writer.failures["post"] = [FormRefusedError("invalid_blocks")]
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, _ = thread.post("a")
        await thread.stands(message)
        thread.finish(message)
        await thread.settle()
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "post", "edit", "edit"]
    assert len({str(body.blocks) for _, _, _, body in writer.calls}) == 3
    assert caplog.text.count("form.refused code=invalid_blocks form=MARKDOWN bytes=1") == 1
    assert caplog.text.count("form.refused code=invalid_blocks form=PLAIN bytes=1") == 1


async def test_a_deleted_message_is_left_alone() -> None:
    """Nothing more is sent of it, and nobody waits for it."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, content = thread.post("a")
        await thread.stands(message)
        writer.failures["edit"] = [MessageGoneError("message_not_found")]
        content.text = "b"
        thread.grow(message)
        await asyncio.sleep(1)
        thread.grow(message)
        thread.finish(message)
        await thread.settle()
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "edit"]


async def test_an_error_that_nobody_foresaw_costs_one_message() -> None:
    """Where the bot may not look it up. The others of its thread go on."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, _ = thread.post("a")
        await thread.stands(message)
        writer.failures["edit"] = [SlackError("ekm_access_denied")]
        thread.finish(message)
        thread.post("b")
        await thread.settle()
    assert writer.texts() == ["a", "b"]


@pytest.mark.heavy
async def test_a_refusal_without_end_is_given_up() -> None:
    """After six hours, so that nothing waits for ever."""
    writer = Writer()
    writer.failures["edit"] = [UnavailableError("fatal_error", Effect.NONE)] * 2_000
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, _ = thread.post("a")
        await thread.stands(message)
        thread.finish(message)
        await thread.settle()
    edits = [at for at, kind, _, _ in writer.calls if kind == "edit"]
    assert 5.5 * 3_600 < edits[-1] - edits[0] < 6.5 * 3_600


async def test_a_channel_that_closes_under_an_edit_ends_its_thread() -> None:
    """It is raised to the run, which stops paying for its streams."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, _ = thread.post("a")
        await thread.stands(message)
        writer.failures["edit"] = [ChannelClosedError("is_archived")]
        thread.finish(message)
        with pytest.raises(ChannelClosedError):
            await thread.settle()


async def test_a_bug_in_what_a_message_shows_ends_its_thread_and_no_other() -> None:
    """The board goes on, for posts as for edits."""
    writer = Writer()

    def broken(_: Message) -> Body:
        raise ZeroDivisionError

    async with board_on(writer) as board:
        for stands_first in (False, True):
            thread, other = Stage(board, Ledger(), "C1"), Stage(board, Ledger(), "C2")
            if stands_first:
                message, _ = thread.post("a")
                await thread.stands(message)
                thread.texts.contents[message] = broken
                thread.finish(message)
            else:
                thread.add("broken", broken)
            other.post("c")
            with pytest.raises(ZeroDivisionError):
                await thread.settle()
            await other.settle()


async def test_a_closed_thread_sends_nothing_more() -> None:
    """Not even what was in flight is followed up."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        message, content = thread.post("a")
        await thread.stands(message)
        content.text = "b"
        thread.grow(message)
        await asyncio.sleep(0.05)
        for _ in range(2):
            thread.close()
        content.text = "c"
        thread.grow(message)
        thread.finish(message)
        thread.post("d")
        await asyncio.sleep(60)
    assert [(kind, body.text) for _, kind, _, body in writer.calls] == [("post", "a"), ("edit", "b")]


async def test_an_answer_whose_page_is_lost_still_ends() -> None:
    """The page before it is cut to its length, and nobody waits for ever."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
        writer.failures["find"] = [NO_SCOPE]
        thread.show(reply, Draft.of("word " * 3_000, State.DONE, model="m"))
        thread.show(reply, Draft.of("later", State.DONE))
        await thread.settle()
    assert "interrupted: Slack gave no answer" in str(writer.screen["1"].blocks)


async def test_an_answer_that_is_cut_off_says_so_where_it_stands() -> None:
    """Pages that wait to be posted are taken back: there is no time for them."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        for _ in range(5):
            thread.post("in its way")
        await thread.stands(reply.placeholder)
        await asyncio.sleep(1)
        thread.show(reply, Draft.of("word " * 3_000, State.WRITING))
        await asyncio.sleep(0.05)
        for _ in range(5):
            thread.post("in its way")
        thread.cut_off(reply, Reason(Code.BOT_STOPPED))
        thread.cut_off(reply, Reason(Code.BOT_RESTARTS))
        await asyncio.sleep(1)
    assert "interrupted: the bot was stopped." in str(writer.screen["1"].blocks)
    assert not [text for text in writer.texts() if "Depth" in text][1:]


async def test_a_page_that_is_taken_back_leaves_nothing_to_post() -> None:
    """It was all that its thread waited with, and Slack takes nothing for a while; others' posts go on after that."""
    writer = Writer()
    async with board_on(writer) as board:
        thread, other = Stage(board, Ledger(), "C", "0"), Stage(board, Ledger(), "C", "9")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        writer.failures["post"] = [RateLimitedError(30.0)]
        thread.show(reply, Draft.of("word " * 3_000, State.WRITING))
        await asyncio.sleep(5)
        assert thread.thread.has_posts
        thread.cut_off(reply, Reason(Code.REPLY_DELETED))
        other.post("another's")
        await other.settle()
    assert [body.text for _, kind, _, body in writer.calls if kind == "post"][2:] == ["another's"]


async def test_an_answer_that_is_whole_before_its_placeholder_is_posted_whole() -> None:
    """In as many messages as it takes, and with no edit."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")
        thread.post("parent")
        reply = thread.reply(PERSPECTIVES[0])
        thread.show(reply, Draft.of("word " * 6_000, State.DONE, model="m"))
        await thread.settle()
    assert [kind for _, kind, _, _ in writer.calls] == ["post"] * 4
    shown = "".join(
        block["text"] for body in writer.screen.values() for block in body.blocks if block["type"] == "markdown"
    )
    assert shown == "parent" + "word " * 6_000


async def test_a_last_text_on_which_an_older_may_land_is_sent_once_more() -> None:
    """An edit whose answer was given up may be carried out yet."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message, content = thread.post("reply")
        await thread.stands(message)
        writer.failures["edit"] = [UnavailableError("TimeoutError", Effect.PENDING)]
        content.text = "old"
        thread.grow(message)
        await asyncio.sleep(1.05)
        content.text = "new"
        thread.finish(message)
        await asyncio.sleep(5)
        writer.screen["1"] = Body("old", [])
        await thread.settle()  # an index does not wait for it
        assert writer.texts() == ["old"]
        await thread.outlast()
    assert writer.texts() == ["new"]
    assert [at for at, kind, _, _ in writer.calls if kind == "edit"] == [0.1, 1.2, pytest.approx(10.2)]


async def test_an_edit_that_is_known_to_be_over_is_written_down() -> None:
    """Whatever its answer was; not while it, or an older one, may still be carried out."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C", "0")
        message, content = thread.post("reply")
        await thread.stands(message)
        writer.failures["edit"] = [
            RateLimitedError(1.0),
            UnavailableError("TimeoutError", Effect.PENDING),
        ]
        content.text = "last"
        thread.finish(message)
        await thread.settle()
        spent, answered = ("edit", "reply"), ("answered", "reply")
        assert ledger.notes[2:] == [spent, answered, spent, spent]
        await thread.outlast()
        assert ledger.notes[2:] == [spent, answered, spent, spent, spent, answered]


async def test_an_edit_that_is_cut_off_with_its_process_is_not_said_to_be_over() -> None:
    """Slack may carry it out all the same: whoever goes on with the run has to know, and sends the last text anew."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C", "0")
        message, content = thread.post("reply")
        await thread.stands(message)
        content.text = "text"
        thread.grow(message)
        await asyncio.sleep(TOOK / 2)
        assert writer.in_flight == {"1"}
    assert ledger.notes[2:] == [("edit", "reply")]


async def test_a_last_text_on_which_another_processs_edit_may_land_is_sent_once_more() -> None:
    """Of the message that was being edited as that process ended, and of no other."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        found = Found({"edited": "1", "other": "2"}, edited_until={"edited": asyncio.get_running_loop().time() + 20})
        for part, ts in found.posts.items():
            writer.screen[str(ts)] = Body("old", [])
            thread.finish(thread.add(part, Text(f"{part} last"), found=found))
        await thread.settle()
        writer.screen["1"] = Body("older", [])
        await thread.outlast()
    assert writer.texts() == ["edited last", "other last"]
    edits = [(round(at, 1), ts) for at, kind, ts, _ in writer.calls if kind == "edit"]
    assert edits[-1] == (20.0, "1")
    assert len(edits) == 3


async def test_a_text_that_was_not_the_last_as_it_was_sent_is_not_settled() -> None:
    """Though another process's edit may land, and what it showed became old while it was on its way."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        found = Found({"edited": "1"}, edited_until={"edited": asyncio.get_running_loop().time() + 20})
        content = Text("growing")
        writer.screen["1"] = Body("old", [])
        message = thread.add("edited", content, found=found)
        thread.grow(message)
        await asyncio.sleep(TOOK / 2)
        assert writer.in_flight == {"1"}
        content.text = "last"
        thread.finish(message)
        await thread.settle()
        assert writer.texts() == ["last"]


async def test_a_post_that_may_be_carried_out_yet_is_not_repeated_soon() -> None:
    """It is looked up again when it would be there."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        writer.failures["post"] = [UnavailableError("TimeoutError", Effect.PENDING)]
        thread.post("reply")
        await asyncio.sleep(5)
        writer.put(Mark("run", "reply"), Body("late", []))
        await thread.settle()
    assert [kind for _, kind, _, _ in writer.calls] == ["post", "find", "find", "edit"]


async def test_in_a_closed_thread_nothing_changes_any_more() -> None:
    """Who waits for that waits until it is cancelled, and does not spin."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        waiting = asyncio.create_task(board.changed(thread.thread))
        await asyncio.sleep(1)
        thread.close()
        await waiting
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await board.changed(thread.thread)


async def test_edits_of_other_processes_count() -> None:
    """Slack counts them too: with all of a minute's spent, the next goes when the oldest is a minute old."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message, _ = thread.post("a")
        await thread.settle()
        board.note_spent([20.0] * 50)
        thread.finish(message)
        await thread.settle()
    assert [at for at, kind, _, _ in writer.calls if kind == "edit"] == [pytest.approx(40.1, abs=0.2)]


async def test_nothing_is_sent_by_a_board_that_rests() -> None:
    """It waits for the posts under way, whose answers tell where they stand."""
    writer = Writer()
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message, _ = thread.post("a")
        thread.post("b")
        await asyncio.sleep(TOOK / 2)
        began = asyncio.get_running_loop().time()
        await board.rest(5)
        assert asyncio.get_running_loop().time() - began == pytest.approx(TOOK / 2)
        thread.finish(message)
        await asyncio.sleep(60)
    assert writer.texts() == ["a"]
    assert message.ts == "1"


async def test_a_board_that_rests_waits_for_all_posts_under_way() -> None:
    """Whoever is woken first by the end of one."""
    writer = Writer()
    async with board_on(writer) as board:
        busy = Stage(board, Ledger(), "C", "0")
        for _ in range(6):
            busy.post("x")  # the last one's time comes at 1.0, while the board rests
        for channel, until in (("D", 0.95), ("E", 0.98)):
            await asyncio.sleep(1_000 + until - asyncio.get_running_loop().time())
            Stage(board, Ledger(), channel, "1").post("y")
        await asyncio.sleep(0.01)
        await board.rest(5)
        assert asyncio.get_running_loop().time() == pytest.approx(1_000 + 0.98 + TOOK)
    assert len(writer.screen) == 7


async def test_an_answer_that_stands_still_for_long_says_how_long() -> None:
    """As the schedule has it at that moment."""
    writer = Writer()
    async with board_on(writer, edits_per_minute=6) as board:
        thread = Stage(board, Ledger(), "C", "0")
        replies = [thread.reply(one) for one in PERSPECTIVES]
        await asyncio.sleep(1)
        for reply in replies:
            thread.show(reply, Draft.of("a", State.WRITING))
        await asyncio.sleep(30)
    assert any("every" in str(body.blocks) for _, kind, _, body in writer.calls if kind == "edit")


async def test_a_token_that_is_refused_in_a_look_ends_the_thread() -> None:
    """But for one that lacks a scope, which is no worse than before."""
    writer = Writer()
    writer.failures["post"] = [UnavailableError("TimeoutError", Effect.UNKNOWN)]
    writer.failures["find"] = [TokenRefusedError("refused", "token_revoked")]
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        thread.post("a")
        with pytest.raises(TokenRefusedError):
            await thread.settle()


@pytest.mark.parametrize("is_standing", [False, True])
async def test_what_is_being_written_down_as_its_thread_is_closed_is_not_sent(*, is_standing: bool) -> None:
    """The run is another process's now, perhaps; and nothing of it is left in the schedules."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C", "0")
        message, _ = thread.post("a")
        if is_standing:
            await thread.settle()
        ledger.takes = 2.0
        thread.finish(message)
        thread.post("b")
        await asyncio.sleep(1)
        thread.close()
        assert (board.posts._waiting, board.edits._tracks) == ({}, {})
        await asyncio.sleep(60)
    assert writer.texts() == ["a"] * is_standing
    assert len(writer.calls) == is_standing


async def test_a_thread_that_is_closed_while_it_waits_to_post_waits_no_more() -> None:
    """A refusal has it wait; who waits for others is not kept by it."""
    writer = Writer()
    writer.failures["post"] = [RateLimitedError(30)]
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        thread.post("a")
        await asyncio.sleep(1)
        assert len(board.posts._waiting) == 1
        thread.close()
        assert board.posts._waiting == {}


async def test_a_reply_waits_for_a_slot_and_is_posted_whole_where_there_is_none() -> None:
    """It costs no edit and is not late; no more messages than otherwise, and those that are whole go first."""
    writer = Writer()
    async with board_on(writer, edits_per_minute=6) as board:
        board.note_spent([5.0] * 4)
        thread = Stage(board, Ledger(), "C", "0")
        replies = [thread.reply(perspective) for perspective in PERSPECTIVES]
        await asyncio.sleep(2)
        assert [reply.placeholder.ts is not None for reply in replies] == [True, True, False, False]
        thread.show(replies[3], Draft.of("whole", State.DONE))
        await asyncio.sleep(0.5)
        assert [reply.placeholder.ts is not None for reply in replies] == [True, True, False, True]
        for reply in replies[:3]:
            thread.show(reply, Draft.of("whole too", State.DONE))
        await asyncio.sleep(1)
        assert thread.thread.is_settled
    assert sorted(kind for _, kind, _, _ in writer.calls) == ["edit"] * 2 + ["post"] * 4
    assert len(writer.screen) == 4


async def test_a_reply_that_waits_is_posted_when_there_is_a_slot() -> None:
    """With what there is by then."""
    writer = Writer()
    async with board_on(writer, edits_per_minute=6) as board:
        board.note_spent([45.0] * 4)
        thread = Stage(board, Ledger(), "C", "0")
        replies = [thread.reply(perspective) for perspective in PERSPECTIVES]
        thread.show(replies[3], Draft.of("grows"))
        await asyncio.sleep(10)
        assert len(writer.screen) == 2
        await asyncio.sleep(6)
    assert len(writer.screen) == 4
    assert "grows" in str(writer.screen["4"].blocks)


async def test_a_channel_takes_replies_once_one_stands() -> None:
    """A parent alone says nothing of it."""
    async with board_on(Writer()) as board:
        thread = Stage(board, Ledger(), "C")
        for text, takes in (("parent", False), ("reply", True)):
            message, _ = thread.post(text)
            await thread.stands(message)
            assert board.takes_replies("C") is takes
        assert not board.takes_replies("D")


async def test_where_there_is_nothing_to_post_the_next_is_posted() -> None:
    """And that it was not posted is written down."""
    writer, ledger = Writer(), Ledger()
    async with board_on(writer) as board:
        thread = Stage(board, ledger, "C", "0")
        nothing = thread.add("nothing", lambda _: None)
        thread.post("a")
        await thread.settle()
    assert [body.text for _, _, _, body in writer.calls] == ["a"]
    assert ledger.notes == [("intent", "nothing"), ("not posted", "nothing"), ("intent", "a"), ("posted", "a", "1")]
    assert nothing.is_unposted


@pytest.mark.parametrize(
    ("error", "at"),
    [(RateLimitedError(30), 30.1), (UnavailableError("away", Effect.NONE), 1.1), (FormRefusedError("x"), 0.1)],
)
async def test_what_slack_takes_from_nobody_holds_up_all_posts(error: Exception, at: float) -> None:
    """Those of other threads too, in other channels; what is one message's fault holds up none."""
    writer = Writer()
    writer.failures["post"] = [error]
    async with board_on(writer) as board:
        thread, other = Stage(board, Ledger(), "C", "0"), Stage(board, Ledger(), "D", "9")
        thread.post("a")
        await asyncio.sleep(0.1)
        other.post("b")
        await other.settle()
    assert next(begun for begun, _, _, body in writer.calls if body.text == "b") == pytest.approx(at, abs=0.01)


async def test_until_it_is_known_that_replies_can_be_posted_they_do_not_wait() -> None:
    """A completion is paid for only then; a parent alone says nothing of it, unless there were others."""
    writer = Writer()
    async with board_on(writer, edits_per_minute=6) as board:
        board.note_spent([5.0] * 6)
        for number in (2, 1):
            thread = Stage(board, Ledger(), "C")
            thread.post("parent")
            replies = [thread.reply(perspective) for perspective in PERSPECTIVES]
            await asyncio.sleep(2)
            assert sum(message.ts is not None for message in thread.thread.standing) == number
            assert (replies[0].placeholder.ts is not None) is (number == 2)
            thread.close()
