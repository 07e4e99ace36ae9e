"""A thread and its replies without a loop, a board or a Slack: what is posted and edited next, and what follows."""

import itertools
import math
from dataclasses import replace

import pytest

from bot.delivery.fitting import Lesson
from bot.delivery.message import Message
from bot.delivery.outcomes import Ending, Loss, Verdict
from bot.delivery.sections.buttons import Buttons
from bot.delivery.sections.parent import Parent, Standing
from bot.delivery.sections.reply import Part, Reply
from bot.delivery.sections.section import Found, Section
from bot.delivery.thread import Thread
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.errors import (
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    ThreadLostError,
    UnavailableError,
)
from bot.slack.body import Body
from bot.texts.en import ENGLISH
from tests.support.stage import Texts

DEPTH = PERSPECTIVES[0]
PAGES = "word " * 6_000  # three of them
NOW = 100.0


class Screen:
    """Does what a thread wants, at once; what is on the screen, by the message's part."""

    def __init__(self, *sections: Section, ts: str | None = "0") -> None:
        self.thread = Thread("run", "C", ts, sections=sections)
        self.shown: dict[str, str] = {}
        self.lesson = Lesson()
        self._numbers = itertools.count(1)

    def post(self, failure: Exception | None = None) -> Message:
        """Post the next message, or fail to."""
        self.thread.review()
        assert self.thread.has_posts
        message = self.thread.start_post()
        body = self._body(message)
        if failure:
            self.thread.post_failed(message, failure, body, self.lesson, NOW)
        elif body is None:
            message.not_posted()
        else:
            self.thread.posted(message, f"{next(self._numbers)}", body, was_last=message.is_last)
            self.shown[message.part] = text_of(body)
        self.thread.end_post()
        return message

    def edit(self, message: Message, failure: Exception | None = None) -> None:
        """Edit a message, or fail to."""
        body = self._body(message)
        if body is None:
            return
        if failure:
            self.thread.edit_failed(message, failure, body, self.lesson, NOW)
        else:
            self.thread.landed(message, body, NOW, was_last=message.is_last)
            self.shown[message.part] = text_of(body)

    def show_all(self) -> None:
        """Post and edit until there is nothing to show any more."""
        for _ in range(100):
            self.thread.review()
            news = [one for one in self.thread.standing if one.has_news]
            if self.thread.has_posts:
                self.post()
            elif news:
                self.edit(news[0])
            else:
                return
        raise AssertionError("no end")

    def text(self) -> str:
        """All text on the screen."""
        return "".join(self.shown.values())

    def _body(self, message: Message) -> Body | None:
        return self.thread.body(message, wait=0.0, room=math.inf)


def text_of(body: Body) -> str:
    """The Markdown of a message."""
    return "".join(block["text"] for block in body.blocks if block["type"] == "markdown")


def done(text: str) -> Draft:
    """A whole answer."""
    return Draft.of(text, State.DONE, model="m")


def writing(text: str) -> Draft:
    """A part of one."""
    return Draft.of(text, State.WRITING)


def test_parts_are_known_by_texts_of_their_own() -> None:
    """The store and the messages' metadata know them by these."""
    assert [str(part) for part in (Part("Depth"), Part("Depth", 2), Part("Depth", 2, is_anew=True))] == [
        "Depth",
        "Depth 2",
        "Depth 2 anew",
    ]
    parts = [
        str(Part(one.key, page, is_anew)) for one in PERSPECTIVES for page in range(1, 9) for is_anew in (False, True)
    ]
    assert len({*parts, "parent"}) == len(parts) + 1


def test_a_long_answer_is_shown_in_as_many_messages_as_it_takes() -> None:
    """And loses nothing, whether it comes at once or grows."""
    for steps in ([6_000], [10, 2_000, 2_500, 5_000, 6_000]):
        reply = Reply(DEPTH, ENGLISH)
        screen = Screen(reply)
        screen.show_all()
        for words in steps:
            reply.show(done(PAGES) if words == 6_000 else writing("word " * words))
            screen.show_all()
            full, (last,) = reply.messages[:-1], reply.messages[-1:]
            assert {one.ending for one in full} <= {Ending.SHOWN}
            assert last.ending is (Ending.SHOWN if words == 6_000 else Ending.OPEN)
        assert screen.text() == PAGES
        assert list(screen.shown) == ["Depth", "Depth 2", "Depth 3"]
        assert screen.thread.is_settled


def test_a_page_is_cut_to_its_length_once_the_next_one_stands() -> None:
    """What is behind the cut is shown in one of them at each moment."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(writing("word " * 2_000))
    screen.edit(reply.placeholder)
    before = screen.shown["Depth"]
    reply.show(writing("word " * 3_000))
    screen.edit(reply.placeholder)
    assert screen.shown["Depth"] == before  # it waits for the next one
    screen.post()
    assert screen.shown["Depth"] == before
    screen.show_all()
    assert screen.text() == "word " * 3_000


def test_a_page_that_is_cut_smaller_below_another_waits_for_the_next_one_again() -> None:
    """What has come into it from above would have pushed out of it what is shown nowhere else yet."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    numbers = "".join(f"{number:05} " for number in range(5_000))
    reply.show(writing(numbers))
    screen.edit(reply.placeholder)
    second = screen.post()
    before = screen.shown["Depth 2"]
    screen.edit(reply.placeholder, SizeRefusedError("msg_too_long"))
    screen.edit(reply.placeholder)
    screen.edit(second)
    assert screen.shown["Depth 2"] == before
    assert len(screen.shown["Depth"]) < len(before)
    screen.show_all()
    reply.show(done(numbers))
    screen.show_all()
    assert screen.text() == numbers
    assert screen.thread.is_settled


def test_a_page_that_is_its_last_while_it_is_laid_out_is_shown_as_such() -> None:
    """Nothing more is to be said of it, so nothing else would have it settled."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    reply.show(done(PAGES))
    screen.post()
    assert reply.placeholder.ending is Ending.SHOWN
    assert not reply.placeholder.has_news


def test_a_shorter_text_in_place_of_a_longer_one_leaves_no_page_without_a_word() -> None:
    """And a page that was not posted for that is posted when the text comes to it after all."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(writing("word " * 3_000))
    screen.edit(reply.placeholder)
    reply.show(writing("anew "))
    screen.post()  # there is nothing to post any more
    assert list(screen.shown) == ["Depth"]
    screen.show_all()
    reply.show(done("anew " * 3_000))
    screen.show_all()
    assert screen.text() == "anew " * 3_000
    assert screen.thread.is_settled
    assert [one.ending for one in reply.messages] == [Ending.SHOWN] * 2


def test_a_page_that_stands_from_a_longer_text_says_that_it_ends_above() -> None:
    """It cannot be taken away."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(writing("word " * 3_000))
    screen.show_all()
    reply.show(done("short"))
    screen.show_all()
    assert screen.shown == {"Depth": "short", "Depth 2": ""}
    assert screen.thread.is_settled


LOSSES = [
    (MessageGoneError("message_not_found"), Reason(Code.REPLY_DELETED)),
    (MessageLockedError("edit_window_closed"), None),
]


@pytest.mark.parametrize(("failure", "reason"), LOSSES)
def test_an_answer_whose_message_is_lost_ends_or_is_posted_anew(failure: Exception, reason: Reason | None) -> None:
    """What somebody deleted is not said again; what is locked is, in the end."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(writing("some"))
    screen.edit(reply.placeholder, failure)
    assert reply.is_over is bool(reason)
    reply.show(done("some more"))
    screen.show_all()
    assert (reply.draft.reason, screen.thread.is_settled) == (reason, True)
    assert screen.shown.get("Depth anew") == (None if reason else "some more")


def test_a_locked_page_of_a_whole_answer_is_posted_anew_once() -> None:
    """Where that is locked too, it is not said a third time."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(done("whole"))
    screen.edit(reply.placeholder, MessageLockedError("edit_window_closed"))
    anew = screen.post(SlackError("ekm_access_denied"))
    assert (anew.part, anew.loss, reply.draft.reason) == ("Depth anew", Loss.REFUSED, Reason(Code.POST_REFUSED))
    assert (screen.thread.has_posts, screen.thread.is_settled, reply.is_unread) == (False, True, True)


def test_a_locked_page_of_several_is_posted_anew_as_it_will_stay() -> None:
    """With what stands in it now, and no more."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(done("word " * 3_000))
    screen.edit(reply.placeholder)
    screen.post()
    screen.edit(reply.placeholder, MessageLockedError("edit_window_closed"))
    anew = screen.post()
    assert (anew.part, anew.ending) == ("Depth anew", Ending.SHOWN)
    assert screen.shown.pop("Depth") == ""  # of a placeholder
    assert screen.shown["Depth anew"] + screen.shown["Depth 2"] == "word " * 3_000
    assert screen.thread.is_settled


def test_buttons_know_of_each_draft_of_a_reply() -> None:
    """Of one that was whole before, and of one that nobody can see so."""
    buttons = Buttons("run", ENGLISH, [DEPTH.key])
    reply = Reply(DEPTH, ENGLISH, done("a"), buttons=buttons)
    assert buttons.under_parent() == []
    screen = Screen(reply)
    screen.post(SlackError("ekm_access_denied"))
    screen.thread.review()
    assert "again" in str(buttons.under_parent())


def test_a_parent_shows_what_its_lines_come_to_while_they_grow() -> None:
    """Where it is an index from the beginning."""
    parent = Parent("Why?", "U", ENGLISH, [Standing(DEPTH, done("takeaway"))], is_index=True)
    screen = Screen(parent, ts=None)
    screen.show_all()
    parent.grow()
    assert parent.message.has_news
    assert not parent.message.is_last


def test_an_answer_none_of_which_slack_has_taken_is_unread() -> None:
    """As far as anybody knows. The page before a lost one is whole as far as it goes."""
    for failure, reason in (
        (SlackError("x"), Reason(Code.POST_REFUSED)),
        (UnavailableError("x", Effect.UNKNOWN), Reason(Code.POST_UNANSWERED)),
    ):
        reply = Reply(DEPTH, ENGLISH)
        screen = Screen(reply)
        message = screen.post(failure)
        if isinstance(failure, UnavailableError):
            assert not reply.is_over
            assert screen.thread.start_post() is message
            assert screen.thread.look_failed(message, SlackError("missing_scope"), NOW) is Verdict.LOST
        assert (reply.is_over, reply.is_unread, reply.draft.reason) == (True, True, reason)


def test_what_waits_to_be_posted_is_taken_back_where_an_answer_is_cut_off() -> None:
    """There is no time for it; the page before says so. What is on its way is not."""
    for is_under_way in (False, True):
        reply = Reply(DEPTH, ENGLISH)
        screen = Screen(reply)
        screen.show_all()
        reply.show(writing("word " * 3_000))
        screen.edit(reply.placeholder)
        screen.thread.review()
        if is_under_way:
            screen.thread.start_post()
        reply.cut_off(Reason(Code.BOT_STOPPED))
        assert screen.thread.has_posts is False
        assert len(reply.messages) - sum(one.loss is Loss.REFUSED for one in reply.messages) == 1 + is_under_way
        screen.edit(reply.placeholder)
        assert reply.draft.state is State.INTERRUPTED
        assert ("interrupted" in str(reply.placeholder.shown)) is not is_under_way
        reply.cut_off(Reason(Code.BOT_RESTARTS))
        assert reply.draft.reason == Reason(Code.BOT_STOPPED)


def test_a_placeholder_that_waits_to_be_posted_is_not_taken_back() -> None:
    """What an answer came to has to stand somewhere."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    reply.cut_off(Reason(Code.BOT_STOPPED))
    screen.show_all()
    assert "interrupted" in str(reply.placeholder.shown)


def test_pages_of_a_whole_answer_that_wait_to_be_posted_are_not_taken_back() -> None:
    """It needs no cutting off."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    reply.show(done(PAGES))
    screen.post()
    reply.cut_off(Reason(Code.BOT_STOPPED))
    screen.show_all()
    assert screen.text() == PAGES


def test_whether_a_draft_changed_anything_is_said() -> None:
    """The first final one is the last, and who stops an answer then is told that it had ended."""
    draft = writing("a")
    reply = Reply(DEPTH, ENGLISH)
    assert [reply.show(draft), reply.show(draft), reply.stop("U1"), reply.stop("U2")] == [True, False, True, False]
    assert reply.draft.reason == Reason(Code.STOPPED_BY, {"user": "U1"})
    assert reply.draft.text == "a"
    assert not reply.show(done("a b"))


def test_what_another_process_has_posted_is_gone_on_with() -> None:
    """Pages in their order, one that took the place of a locked one too; what it may have posted is looked up."""
    found = Found({"Depth": "1", "Depth 2 anew": "2", "Depth 3": None, "parent": "0"}, posted_until=7)
    reply = Reply(DEPTH, ENGLISH, done(PAGES), found)
    assert [one.part for one in reply.messages] == ["Depth", "Depth 2 anew", "Depth 3"]
    assert [one.ts for one in reply.messages] == ["1", "2", None]
    screen = Screen(Parent("Why?", "U", ENGLISH, [reply], found), reply)
    assert screen.thread.start_post().is_doubtful
    assert not screen.thread.has_posts
    assert [one.ending for one in reply.messages] == [Ending.DUE] * 3


def test_a_lost_parent_ends_its_thread() -> None:
    """There is nothing to answer under: whatever befell it is raised to whoever waits."""
    for failure in (SlackError("x"), ChannelClosedError("not_in_channel"), ZeroDivisionError()):
        screen = Screen(Parent("Why?", "U", ENGLISH, []), ts=None)
        screen.post(failure)
        assert screen.thread.failure is failure
        assert (screen.thread.is_closed, screen.thread.is_settled, screen.thread.is_safe) == (True, True, True)
    screen = Screen(Parent("Why?", "U", ENGLISH, []), ts=None)
    message = screen.post(UnavailableError("x", Effect.UNKNOWN))
    screen.thread.start_post()
    screen.thread.look_failed(message, SlackError("missing_scope"), NOW)
    assert isinstance(screen.thread.failure, ThreadLostError)


def test_the_first_failure_is_the_threads() -> None:
    """What comes after follows from it."""
    thread = Thread("run", "C")
    first = ChannelClosedError("is_archived")
    for failure in (first, ZeroDivisionError()):
        thread.fail(failure)
    assert thread.failure is first


def test_a_message_in_doubt_is_posted_before_those_behind_it() -> None:
    """Its place in the queue is kept, whatever comes meanwhile; the whole thread waits for it."""
    first, second = Reply(DEPTH, ENGLISH), Reply(PERSPECTIVES[1], ENGLISH)
    screen = Screen(first, second)
    message = screen.post(UnavailableError("x", Effect.UNKNOWN))
    assert screen.thread.post_not_before > NOW
    assert screen.thread.start_post() is message
    assert screen.thread.looked_up(message, None, NOW) is None
    screen.thread.end_post()
    screen.thread.review()
    assert screen.thread.start_post() is message
    screen.thread.review()
    assert screen.thread.looked_up(message, None, NOW) is Verdict.POST
    screen.thread.posted(message, "1", Body("", []), was_last=False)
    screen.thread.end_post()
    assert screen.thread.start_post() is second.placeholder


def test_what_is_found_may_be_the_parent() -> None:
    """Replies go under it from then on."""
    parent = Parent("Why?", "U", ENGLISH, [])
    screen = Screen(parent, ts=None)
    message = screen.post(UnavailableError("x", Effect.PENDING))
    screen.thread.start_post()
    assert screen.thread.looked_up(message, "1.2", NOW) is Verdict.FOUND
    assert (screen.thread.ts, parent.message.has_news) == ("1.2", True)


def test_refusals_and_edits_are_counted() -> None:
    """The log tells of them."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.post(RateLimitedError(2))
    assert screen.thread.post_not_before == NOW + 2
    screen.post()
    screen.edit(reply.placeholder, RateLimitedError(1))
    screen.thread.start_edit()
    assert (screen.thread.refusals, screen.thread.edits) == (2, 1)


def test_a_bug_in_what_a_message_shows_ends_its_thread() -> None:
    """It is raised to whoever waits."""
    texts = Texts()
    message = Message("a")
    message.queue()
    texts.messages.append(message)
    screen = Screen(texts)
    assert screen.thread.body(screen.thread.start_post(), wait=0, room=math.inf) is None
    assert isinstance(screen.thread.failure, KeyError)


def test_the_index_comes_when_all_answers_have_ended() -> None:
    """Under the problem as it is shown."""
    replies = [Reply(one, ENGLISH) for one in PERSPECTIVES]
    parent = Parent("Why?", "U", ENGLISH, replies)
    screen = Screen(parent, *replies, ts=None)
    screen.show_all()
    for reply in replies[1:]:
        reply.show(done("takeaway"))
    screen.edit(parent.message)
    assert "takeaway" not in str(parent.message.shown)
    replies[0].show(done("takeaway"))
    parent.finish()
    assert not screen.thread.is_settled
    screen.show_all()
    assert str(parent.message.shown).count("takeaway") == 4
    assert screen.thread.is_safe


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_an_index_is_led_by_what_draws_the_others_together(state: State) -> None:
    """Where that is whole."""
    side = replace(DEPTH, key="together")
    lead = Standing(side, Draft.of("All in one.", state))
    parent = Parent("Why?", "U", ENGLISH, [Standing(DEPTH, done("takeaway"))], lead=lead)
    screen = Screen(parent, ts=None)
    screen.show_all()
    assert ("All in one." in str(parent.message.shown)) is (state is State.DONE)


def test_whether_a_thread_stands_is_known_once_one_message_does_or_none_will() -> None:
    """Until then nothing is bought."""
    replies = [Reply(one, ENGLISH) for one in PERSPECTIVES[:2]]
    screen = Screen(*replies)
    messages = [reply.placeholder for reply in replies]
    assert not screen.thread.stands(messages)
    screen.post(SlackError("x"))
    assert not screen.thread.stands(messages)
    screen.post()
    assert screen.thread.stands(messages)
    for reply in replies:
        reply.placeholder.lose(Loss.DELETED)
    assert screen.thread.stands(messages)


def test_a_post_that_has_to_wait_waits_no_more_once_its_thread_is_closed() -> None:
    """Nothing of it is sent, nor of what waited behind it."""
    for is_closed in (False, True):
        screen = Screen(*[Reply(one, ENGLISH) for one in PERSPECTIVES[:2]])
        message = screen.thread.start_post()
        if is_closed:
            screen.thread.close()
        screen.thread.put_back(message, NOW, 3)
        screen.thread.review()
        assert screen.thread.has_posts is not is_closed
        assert screen.thread.post_not_before == NOW + 3


def test_a_channel_that_closes_under_an_edit_ends_the_thread() -> None:
    """It is raised to whoever waits."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(done("whole"))
    screen.edit(reply.placeholder, ChannelClosedError("is_archived"))
    assert isinstance(screen.thread.failure, ChannelClosedError)


def test_a_text_that_is_not_known_is_left_as_it_is_where_no_form_is_left() -> None:
    """The barest one would take it away."""
    reply = Reply(DEPTH, ENGLISH, writing("some"), Found({"Depth": "1"}))
    screen = Screen(reply)
    reply.show(done("some more"))
    for _ in range(2):
        screen.edit(reply.placeholder, FormRefusedError("invalid_blocks"))
    assert reply.messages[0].loss is Loss.LOCKED
    assert reply.placeholder.part == "Depth anew"


def test_a_size_that_was_refused_is_kept_to_by_all_pages() -> None:
    """Those that stand are not cut below what they show; what came after the cut goes on below."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    reply.show(writing("word " * 2_000))
    screen.edit(reply.placeholder, SizeRefusedError("msg_too_long"))
    reply.show(writing("word " * 1_500))
    screen.show_all()
    before = screen.shown["Depth"]
    reply.show(done("word " * 6_000))
    screen.show_all()
    assert screen.shown["Depth"].startswith(before)
    assert screen.text() == "word " * 6_000
    assert max(map(len, screen.shown.values())) <= 5_000
    assert screen.thread.is_settled


def test_pages_that_are_longer_than_may_be_are_laid_out_anew() -> None:
    """From the first one on that is; what was the last of those behind it is not any more."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    reply.show(done(PAGES))
    screen.post()
    second = screen.thread.start_post()
    screen.thread.post_failed(second, SizeRefusedError("msg_too_long"), screen._body(second), screen.lesson, NOW)
    screen.thread.end_post()
    screen.show_all()
    assert screen.text() == PAGES
    assert len(screen.shown) > 3
    assert screen.thread.is_settled


def test_what_ended_a_thread_is_raised_to_whoever_asks() -> None:
    """And nothing is, while it goes on."""
    thread = Thread("run", "C")
    thread.check()
    thread.fail(ChannelClosedError("is_archived"))
    with pytest.raises(ChannelClosedError):
        thread.check()


def test_a_page_that_is_full_again_after_a_start_over_is_shown_as_its_last() -> None:
    """What was seen of the former text counts for nothing."""
    reply = Reply(DEPTH, ENGLISH)
    screen = Screen(reply)
    screen.show_all()
    for words in (3_000, 1):
        reply.show(writing(("word " if words > 1 else "anew ") * words))
        screen.show_all()
    assert [one.ending for one in reply.messages] == [Ending.OPEN] * 2
    reply.show(writing("anew " * 3_000))
    screen.show_all()
    assert reply.placeholder.ending is Ending.SHOWN
    reply.show(done("anew " * 3_500))
    screen.show_all()
    assert screen.text() == "anew " * 3_500
    assert [one.ending for one in reply.messages] == [Ending.SHOWN] * 2
