"""What is counted of posts and edits, in literal times, of one reply and its parent."""

import pytest

from bot.delivery.fitting import Lesson
from bot.delivery.message import Message
from bot.delivery.outcomes import Loss
from bot.delivery.schedules.edits import EditSchedule
from bot.delivery.sections.parent import Parent
from bot.delivery.sections.reply import Reply
from bot.delivery.slots import Slots
from bot.delivery.thread import Thread
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.errors import Effect, RateLimitedError, SlackError, UnavailableError
from bot.slack.body import Body
from bot.tally import FAILED, REFUSED, SHOWN, Tally
from bot.texts.en import ENGLISH


class Played:
    """A thread that began at 100, and its slots."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.edits = EditSchedule(50)
        self.slots = Slots(self.edits, Lesson(), self.tally)
        self.reply = Reply(PERSPECTIVES[0], ENGLISH)
        self.parent = Parent("Why?", "U", ENGLISH, [self.reply])
        self.thread = Thread("run", "C", sections=[self.parent, self.reply])
        self.slots.expect(self.thread, 100.0)

    def post(self, now: float, failure: Exception | None = None) -> None:
        """Post what is next."""
        message = self.thread.start_post()
        body = self._body(message)
        if failure:
            self.slots.post_failed(self.thread, message, failure, body, now)
        else:
            self.slots.posted(self.thread, message, message.part, body, now, was_last=False)
        self.thread.end_post()

    def show(self, text: str, now: float, state: State = State.WRITING) -> bool:
        """A newer draft; whether that is news to the schedule."""
        self.reply.show(Draft.of(text, state))
        self.thread.review()
        return self.slots.follow(self.thread, now)

    def edit(self, message: Message, now: float, failure: Exception | None = None) -> None:
        """Edit a message, which takes a second."""
        body = self._body(message)
        self.slots.start(self.thread, message, body, now)
        if failure:
            self.slots.fail(self.thread, message, failure, body, now + 1)
        else:
            self.slots.land(self.thread, message, body, now + 1)

    def _body(self, message: Message) -> Body:
        body = self.thread.body(message, wait=0.0, room=1e9)
        assert body
        return body

    @property
    def ages(self) -> tuple[int, float]:
        """How many were counted, and their sum."""
        return sum(self.tally.ages.counts), self.tally.ages.total


@pytest.fixture
def played() -> Played:
    """Both messages stand."""
    played = Played()
    played.post(101)
    played.post(102)
    return played


def test_whoever_asks_is_expected_to_do_so_again(played: Played) -> None:
    """With as many messages, by and by: there were five, and are two."""
    assert played.edits.learned.messages == pytest.approx(5 - 0.2 * 3)
    assert len(played.edits.learned.pauses) == 1


def test_what_a_reader_waits_for_is_counted(played: Played) -> None:
    """How old each text is as it is shown, and when an answer's first one is."""
    message = played.reply.placeholder
    assert played.show("a", 103)
    played.edit(message, 105)
    assert played.ages == (1, 3)
    assert played.tally.first_texts.total == 6
    assert played.show("a b", 110)
    assert not played.show("a b c", 111)  # there is older text that nobody has seen
    played.edit(message, 112)
    assert played.ages == (2, 6)
    assert sum(played.tally.first_texts.counts) == 1


def test_what_shows_no_text_the_index_and_what_is_shown_once_more_have_no_age(played: Played) -> None:
    """The index waits for all others."""
    message = played.reply.placeholder
    played.show("", 103, State.THINKING)
    played.edit(message, 104)
    assert played.ages == (0, 0)
    message.edited_until = 120
    played.show("a", 106, State.DONE)
    for now in (107, 121):
        played.edit(message, now)
    assert played.ages == (1, 2)
    played.parent.finish()
    played.slots.follow(played.thread, 130)
    played.edit(played.parent.message, 131)
    assert played.ages == (1, 2)
    assert played.tally.edits[SHOWN] == 4
    assert played.edits.next(1_000).key is None


@pytest.mark.parametrize(
    ("error", "name"),
    [(RateLimitedError(3), REFUSED), (SlackError("x"), FAILED), (UnavailableError("x", Effect.NONE), FAILED)],
)
def test_what_fails_is_counted_by_what_it_came_to(played: Played, error: Exception, name: str) -> None:
    """Posts and edits apart."""
    played.show("a", 103)
    played.edit(played.reply.placeholder, 104, error)
    assert (played.tally.edits[name], played.tally.edits.total()) == (1, 1)
    other = Played()
    other.post(101, error)
    assert (other.tally.posts[name], other.tally.posts.total()) == (1, 1)
    assert played.tally.posts[SHOWN] == 2


def test_a_last_text_is_news_once(played: Played) -> None:
    """However often somebody looks."""
    assert played.show("a", 103, State.DONE)
    assert not played.slots.follow(played.thread, 104)


def test_what_became_the_last_as_it_was_laid_out_is_sent_as_that(played: Played) -> None:
    """The schedule need not have been told before; then it is done with it. A preview is none."""
    slot = (played.thread, played.reply.placeholder)
    played.show("a", 103)
    played.slots.start(*slot, Body("", []), 104)
    assert not played.edits.carries_last(slot)
    played.slots.put_back(*slot, 105)
    played.reply.show(Draft.of("a b", State.DONE))
    played.slots.start(*slot, Body("", []), 106)
    assert played.edits.carries_last(slot)


def test_a_message_that_is_lost_is_let_go(played: Played) -> None:
    """By the schedule, and once."""
    played.show("a", 103)
    played.reply.placeholder.lose(Loss.DELETED)
    played.slots.follow(played.thread, 104)
    played.slots.skip(played.thread, played.reply.placeholder)
    assert played.edits.next(1_000).key is None
