"""Slack refuses a message for its size, in a unit that it does not tell: the board sends it smaller."""

import asyncio
import math
from collections.abc import Callable

import pytest

from bot.delivery.fitting import LEAST, LESSON
from bot.delivery.message import Message
from bot.delivery.outcomes import Loss
from bot.delivery.sections.section import Found
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.errors import FormRefusedError, SizeRefusedError, SlackError
from bot.markup.characters import octets
from bot.slack import blocks
from bot.slack.api import Mark
from bot.slack.body import Body
from bot.texts.en import ENGLISH
from tests.delivery.test_board import Writer, board_on
from tests.support.ledger import Ledger
from tests.support.stage import Stage, Text

JAPANESE = "最初の一週間がすべてを決める。誰もそれに責任を持っていない。\n\n"
LONG = "".join(f"{number}{JAPANESE}" for number in range(364))  # more than 10,920 characters, 30,000 bytes


def measure(body: Body) -> int:
    """What Slack counts of a message: all that it shows, in bytes."""
    return sum(
        octets(text)
        for block in body.blocks
        for text in (
            [block["text"]]
            if block["type"] == "markdown"
            else [one["text"] for one in block.get("elements", [block.get("text")])]
        )
    )


def text_of(body: Body) -> str:
    """The model's text that a message shows, in whichever form."""
    return "".join(
        block["text"] if block["type"] == "markdown" else block["text"]["text"]
        for block in body.blocks
        if block["type"] != "context"
    )


class Strict(Writer):
    """A Slack that refuses what `is_too_long`, and remembers how many sentences were shown after each edit."""

    def __init__(
        self, is_too_long: Callable[[Body], bool], refusal: type[FormRefusedError] = SizeRefusedError, kind: str = ""
    ) -> None:
        super().__init__()
        self.is_too_long = is_too_long
        self.refusal = refusal
        self.kind = kind  # the only kind of call that is refused
        self.refused: list[Body] = []
        self.visible: list[int] = []

    async def _call(self, kind: str, place: str, body: Body) -> None:
        await super()._call(kind, place, body)
        if self.kind in {"", kind} and self.is_too_long(body):
            assert body not in self.refused, "sent twice, unchanged"
            self.refused.append(body)
            raise self.refusal("msg_blocks_too_long")

    async def edit(self, channel: str, ts: str, body: Body) -> None:
        await super().edit(channel, ts, body)
        self.visible.append(len(set(self.all_text().split("。"))))

    def all_text(self) -> str:
        """All text on the screen, in the order of the messages."""
        return "".join(text_of(body) for body in self.screen.values())


def over(limit: int) -> Callable[[Body], bool]:
    """Whether a message has more bytes than `limit`."""
    return lambda body: measure(body) > limit


def units_over(limit: int) -> Callable[[Body], bool]:
    """The same in characters."""
    return lambda body: len(text_of(body)) > limit


LIMITS = [over(13_000), over(5_000), units_over(6_000), units_over(1_500)]


@pytest.mark.parametrize("text", [LONG, "words and words. " * 2_000, "😀 `a < b`\n" * 900])
@pytest.mark.parametrize("is_too_long", LIMITS)
@pytest.mark.heavy
async def test_a_text_that_is_there_at_once_lands_whole_in_smaller_pages(
    text: str, is_too_long: Callable[[Body], bool]
) -> None:
    """Whatever Slack counts. No call is repeated unchanged, and nothing is said to be refused."""
    writer = Strict(is_too_long)
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        thread.show(reply, Draft.of(text, State.DONE, model="m"))
        await thread.settle()
    assert writer.all_text() == text
    assert "✅ done" in str(list(writer.screen.values())[-1].blocks)
    assert len(writer.refused) <= 6


@pytest.mark.parametrize("is_too_long", LIMITS)
@pytest.mark.heavy
async def test_a_growing_text_never_shows_less_than_before(is_too_long: Callable[[Body], bool]) -> None:
    """What stands of a page is kept; the rest goes on below."""
    writer = Strict(is_too_long)
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        for end in range(100, len(LONG), 100):
            thread.show(reply, Draft.of(LONG[:end], State.WRITING))
            await asyncio.sleep(0.4)
        thread.show(reply, Draft.of(LONG, State.DONE, model="m"))
        await thread.settle()
    assert writer.all_text() == LONG
    assert writer.visible == sorted(writer.visible)
    assert len(writer.refused) <= 12


async def test_the_workspace_learns_for_an_hour() -> None:
    """Another answer is cut as small at once; after the hour, a large page is tried again."""
    writer = Strict(over(13_000))
    async with board_on(writer) as board:
        for calls in (2, 0, 2):
            thread = Stage(board, Ledger(), "C", "0")
            reply = thread.reply(PERSPECTIVES[0])
            writer.refused.clear()
            thread.show(reply, Draft.of(LONG, State.DONE, model="m"))
            await thread.settle()
            assert len(writer.refused) == calls
            if not calls:
                await asyncio.sleep(LESSON)


async def test_where_no_size_helps_what_stands_stays_and_the_rest_is_told() -> None:
    """Below it, in a message of its own."""
    said = "The first half of it, which stands. " * 60
    writer = Strict(lambda body: "new" in text_of(body))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        thread.show(reply, Draft.of(said, State.WRITING))
        await asyncio.sleep(5)
        thread.show(reply, Draft.of(said + "new " * 300, State.DONE, model="m"))
        await thread.settle()
        assert board._lesson.room(asyncio.get_running_loop().time()) == math.inf
    shown = [text_of(body) for body in writer.screen.values()]
    assert shown[0] == said
    assert set(shown[1:]) == {"Slack refuses to show this text."}
    assert "✅ done" in str(list(writer.screen.values())[-1].blocks[0])


async def test_a_message_that_has_one_page_only_keeps_what_stands() -> None:
    """And says that there is more."""
    writer = Strict(lambda body: "new" in text_of(body))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message, content = thread.post("What stands.")
        await thread.stands(message)
        content.text = "What is new."
        thread.finish(message)
        await thread.settle()
    assert text_of(writer.screen["1"]) == "What stands.Slack refuses to show the rest of this text."


async def test_what_stands_of_a_page_stays_where_the_next_is_lost() -> None:
    """It is not cut to its length: what is behind the cut would be nowhere."""
    writer = Strict(over(13_000))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        writer.failures["post"] = [SlackError("ekm_access_denied")]
        for end in range(100, 6_000, 100):
            thread.show(reply, Draft.of(LONG[:end], State.WRITING))
            await asyncio.sleep(0.4)
        thread.show(reply, Draft.of(LONG[:6_000], State.DONE, model="m"))
        await thread.settle()
    longest = max(
        len(text_of(body)) for _, kind, _, body in writer.calls if kind == "edit" and body not in writer.refused
    )
    assert len(text_of(writer.screen["1"])) == longest
    assert "interrupted" in str(writer.screen["1"].blocks[0])


async def test_a_page_that_is_refused_after_the_next_is_lost_still_ends() -> None:
    """Nobody waits for what will not come."""
    writer = Strict(over(13_000), kind="edit")
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        writer.failures["post"] = [SlackError("ekm_access_denied")]
        thread.show(reply, Draft.of("words and words. " * 1_000 + LONG, State.DONE, model="m"))
        writer.is_too_long = over(3_000)
        async with asyncio.timeout(600):
            await thread.settle()
    assert "words and words" in writer.all_text()


@pytest.mark.heavy
async def test_edits_that_are_all_refused_leave_what_stands_and_end() -> None:
    """The last text is posted instead."""
    writer = Strict(lambda _: True, kind="edit")
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        thread.show(reply, Draft.of("Many words. " * 2_500, State.DONE, model="m"))
        await thread.settle()
    assert "Many words. " * 2_500 in writer.all_text().replace("Slack refuses to show this text.", "")


async def test_a_message_whose_text_is_not_known_is_left_as_it_is() -> None:
    """Another process has sent it: the barest form would take that away."""
    writer = Strict(lambda body: "more" in text_of(body), kind="edit")
    writer.put(Mark("run", "a"), Body("", [{"type": "markdown", "text": "What stands."}]))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        message = thread.add("a", Text("more"), found=Found({"a": "1"}))
        thread.finish(message)
        await thread.settle()
    assert writer.all_text() == "What stands."
    assert message.loss is Loss.LOCKED


async def test_a_placeholder_that_is_refused_once_still_grows() -> None:
    """It has no text that Slack could have refused; what comes has."""
    writer = Writer()
    writer.failures["post"] = [FormRefusedError("invalid_blocks")]
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        await thread.stands(reply.placeholder)
        thread.show(reply, Draft.of("It ends.", State.DONE, model="m"))
        await thread.settle()
    assert text_of(writer.screen["1"]) == "It ends."


async def test_a_refusal_that_does_not_say_for_what_is_tried_smaller_twice() -> None:
    """Then without Markdown; what it was refused for is not held for its size."""
    writer = Strict(lambda body: body.blocks[-1]["type"] == "markdown", FormRefusedError)
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C", "0")
        reply = thread.reply(PERSPECTIVES[0])
        thread.show(reply, Draft.of("words " * 600, State.DONE, model="m"))
        await thread.settle()
        assert board._lesson.room(asyncio.get_running_loop().time()) == reply.placeholder.fitting.room == math.inf
    assert writer.all_text() == "words " * 600
    assert len(writer.refused) >= 3


@pytest.mark.parametrize("limit", [12_500, 12_400, 7_000])
@pytest.mark.heavy
async def test_the_parent_and_its_index_are_made_shorter(limit: int) -> None:
    """First the lines of the index, and never the problem that stands."""
    problem, answers = JAPANESE * 128, [(one, Draft.of("言葉" * 200, State.DONE)) for one in PERSPECTIVES]
    writer = Strict(over(limit))
    async with board_on(writer) as board:
        thread = Stage(board, Ledger(), "C")

        def body(message: Message) -> Body:
            below = message.fitting.refused_size
            if message.is_last:
                return blocks.index(problem, "U1", answers, ENGLISH, below=below, over=message.shown)
            return blocks.parent(problem, "U1", ENGLISH, below=below)

        message = thread.add("parent", body, is_index=True)
        await thread.stands(message)
        before = text_of(writer.screen["1"])
        thread.finish(message)
        await thread.settle()
    after = text_of(writer.screen["1"])
    assert after.startswith(before)
    assert ("…" in before) == (limit < 12_000)
    if limit == 12_400:  # that is less than the shortest index has
        assert "*Time*" not in after
    else:
        assert "*Time*" in after
        assert "refuses" not in after


def test_the_least_page_is_smaller_than_any_limit_that_was_seen() -> None:
    """And a text of no more is not refused for its size."""
    assert LEAST < 1_000
