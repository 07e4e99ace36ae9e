"""One message's life, as tables: a state, what a call came to, the state after that and what is to be done."""

import math

import pytest

from bot.backoff import CALL_PAUSES
from bot.delivery.fitting import MOST_HALVINGS, Form, Lesson
from bot.delivery.message import LATE, MOST_ATTEMPTS, MOST_UNNAMED, SECOND_LOOK, Message
from bot.delivery.outcomes import (
    Again,
    Doubtful,
    Ending,
    Failure,
    Loss,
    Lost,
    Posting,
    Queued,
    Standing,
    State,
    Unposted,
    Verdict,
    classify,
)
from bot.errors import (
    BotError,
    ChannelClosedError,
    Effect,
    FormRefusedError,
    MessageGoneError,
    MessageLockedError,
    NoThreadsError,
    RateLimitedError,
    SizeRefusedError,
    SlackError,
    StoreError,
    ThreadLostError,
    TokenRefusedError,
    UnavailableError,
)
from bot.slack.body import Body

NOW = 100.0
FIRST_PAUSE = CALL_PAUSES[0]
BODY = Body("a", [{"type": "markdown", "text": "a"}])
LINE = Body("a", [{"type": "context", "elements": []}])


def message(state: State, ending: Ending = Ending.OPEN) -> Message:
    """A message in a state."""
    found = Message("part")
    found.state, found.ending = state, ending
    return found


KINDS = [
    (RateLimitedError(3), Failure.LIMITED),
    (UnavailableError("", Effect.NONE), Failure.UNSENT),
    (UnavailableError("", Effect.DENIED), Failure.DENIED),
    (UnavailableError("", Effect.UNKNOWN), Failure.UNKNOWN),
    (UnavailableError("", Effect.PENDING), Failure.PENDING),
    (FormRefusedError(""), Failure.FORM),
    (SizeRefusedError(""), Failure.SIZE),
    (MessageLockedError(""), Failure.LOCKED),
    (MessageGoneError(""), Failure.GONE),
    (SlackError("ekm_access_denied"), Failure.UNNAMED),
    (ThreadLostError(), Failure.UNNAMED),
    (ChannelClosedError(""), Failure.FATAL),
    (NoThreadsError(""), Failure.FATAL),
    (TokenRefusedError(""), Failure.FATAL),
    (StoreError(""), Failure.FATAL),
    (BotError(""), Failure.FATAL),
    (ZeroDivisionError(), Failure.FATAL),
]


@pytest.mark.parametrize(("error", "failure"), KINDS, ids=lambda one: type(one).__name__)
def test_every_error_means_something_for_its_message(error: Exception, failure: Failure) -> None:
    """What nobody has foreseen is a bug, and ends the thread."""
    assert classify(error) is failure


POSTS: list[tuple[Failure, bool, State, Again | Verdict]] = [
    (Failure.LIMITED, False, Queued(), Again(3, holds_all=True)),
    (Failure.UNSENT, False, Queued(), Again(FIRST_PAUSE, holds_all=True)),
    (Failure.DENIED, False, Doubtful(was_denied=True), Again(FIRST_PAUSE, holds_all=True)),
    (Failure.UNKNOWN, False, Doubtful(), Again(FIRST_PAUSE)),
    (Failure.PENDING, False, Doubtful(NOW + LATE), Again(FIRST_PAUSE)),
    (Failure.FORM, True, Queued(), Again()),
    (Failure.SIZE, True, Queued(), Again()),
    (Failure.FORM, False, Lost(Loss.REFUSED), Verdict.LOST),
    (Failure.SIZE, False, Lost(Loss.REFUSED), Verdict.LOST),
    (Failure.LOCKED, False, Lost(Loss.REFUSED), Verdict.LOST),
    (Failure.GONE, False, Lost(Loss.REFUSED), Verdict.LOST),
    (Failure.UNNAMED, False, Lost(Loss.REFUSED), Verdict.LOST),
    (Failure.FATAL, False, Posting(), Verdict.FATAL),
]


@pytest.mark.parametrize(("failure", "has_other_form", "after", "step"), POSTS)
def test_what_follows_a_post_that_failed(
    *, failure: Failure, has_other_form: bool, after: State, step: Again | Verdict
) -> None:
    """Only what Slack has not done, for certain, is posted again without a look."""
    one = message(Posting())
    assert one.post_failed(failure, NOW, retry_after=3, has_other_form=has_other_form) == step
    assert one.state == after


LOOKS: list[tuple[Doubtful, str | None, State, Again | Verdict]] = [
    (Doubtful(), "1.2", Standing("1.2"), Verdict.FOUND),
    (Doubtful(was_missed=True), "1.2", Standing("1.2"), Verdict.FOUND),
    (Doubtful(), None, Doubtful(was_missed=True), Again(SECOND_LOOK)),
    (Doubtful(NOW + 10), None, Doubtful(NOW + 10, was_missed=True), Again(10)),
    (Doubtful(NOW - 10), None, Doubtful(NOW - 10, was_missed=True), Again(SECOND_LOOK)),
    (Doubtful(was_denied=True), None, Doubtful(was_denied=True, was_missed=True), Again(SECOND_LOOK)),
    (Doubtful(was_missed=True), None, Posting(), Verdict.POST),
    (Doubtful(was_denied=True, was_missed=True), None, Posting(), Verdict.POST),
]


@pytest.mark.parametrize(("before", "ts", "after", "step"), LOOKS)
def test_what_follows_a_look(before: Doubtful, ts: str | None, after: State, step: Again | Verdict) -> None:
    """What is missing twice, and could be there by then, is posted."""
    one = message(before)
    assert one.looked_up(ts, NOW) == step
    assert one.state == after
    assert one.has_news is (ts is not None)  # what it shows is not known


FAILED_LOOKS: list[tuple[Doubtful, Failure, State, Again | Verdict]] = [
    (Doubtful(), Failure.LIMITED, Doubtful(), Again(3)),
    (Doubtful(was_denied=True), Failure.LIMITED, Doubtful(was_denied=True), Again(3)),
    *((Doubtful(), one, Doubtful(), Again(FIRST_PAUSE)) for one in (Failure.UNSENT, Failure.UNKNOWN, Failure.PENDING)),
    *((Doubtful(), one, Lost(Loss.UNKNOWN), Verdict.LOST) for one in (Failure.FATAL, Failure.UNNAMED)),
    (Doubtful(was_missed=True), Failure.FATAL, Lost(Loss.UNKNOWN), Verdict.LOST),
    (Doubtful(was_denied=True), Failure.FATAL, Posting(), Verdict.POST),
]


@pytest.mark.parametrize(("before", "failure", "after", "step"), FAILED_LOOKS)
def test_what_follows_a_look_that_failed(
    before: Doubtful, failure: Failure, after: State, step: Again | Verdict
) -> None:
    """Where the bot may not look, Slack's own word has to do; without one, nothing is posted on a guess."""
    one = message(before)
    assert one.look_failed(failure, retry_after=3) == step
    assert one.state == after


EDITS: list[tuple[Failure, bool, State, Again | Verdict]] = [
    (Failure.LIMITED, False, Standing("1"), Again(3, holds_all=True)),
    *(
        (one, False, Standing("1"), Again(FIRST_PAUSE))
        for one in (Failure.UNSENT, Failure.DENIED, Failure.UNKNOWN, Failure.PENDING, Failure.UNNAMED)
    ),
    (Failure.FORM, True, Standing("1"), Again()),
    (Failure.SIZE, True, Standing("1"), Again()),
    (Failure.FORM, False, Lost(Loss.LOCKED), Verdict.LOST),
    (Failure.SIZE, False, Lost(Loss.LOCKED), Verdict.LOST),
    (Failure.LOCKED, False, Lost(Loss.LOCKED), Verdict.LOST),
    (Failure.GONE, False, Lost(Loss.DELETED), Verdict.LOST),
    (Failure.FATAL, False, Standing("1"), Verdict.FATAL),
]


@pytest.mark.parametrize(("failure", "has_other_form", "after", "step"), EDITS)
def test_what_follows_an_edit_that_failed(
    *, failure: Failure, has_other_form: bool, after: State, step: Again | Verdict
) -> None:
    """And until when it may be carried out after all."""
    one = message(Standing("1"))
    assert one.edit_failed(failure, NOW, retry_after=3, has_other_form=has_other_form) == step
    assert one.state == after
    assert one.edited_until == (NOW + LATE if failure is Failure.PENDING else -math.inf)


def test_pauses_grow_and_an_answer_begins_them_anew() -> None:
    """A call that succeeds ends the row, for edits, posts and looks alike."""
    one = message(Standing("1"))

    def pauses(count: int) -> list[float]:
        steps = [one.edit_failed(Failure.UNSENT, NOW, retry_after=0, has_other_form=False) for _ in range(count)]
        return [step.pause for step in steps if isinstance(step, Again)]

    assert pauses(6) == [1, 2, 4, 8, 15, 15]
    one.landed(BODY, NOW, was_last=False)
    assert pauses(2) == [1, 2]
    one.posted("1", BODY, was_last=False)
    assert pauses(2) == [1, 2]
    one.state = Doubtful()
    one.looked_up("1", NOW)
    assert pauses(1) == [1]


@pytest.mark.parametrize(
    ("state", "loss"),
    [(Posting(), Loss.REFUSED), (Standing("1"), Loss.LOCKED), (Doubtful(), Loss.UNKNOWN)],
)
def test_hours_of_failures_are_an_end(state: State, loss: Loss) -> None:
    """Of a post, an edit and a look."""
    one = message(state)
    for _ in range(MOST_ATTEMPTS + 1):
        if one.loss:
            break
        if isinstance(one.state, Standing):
            one.edit_failed(Failure.UNSENT, NOW, retry_after=0, has_other_form=False)
        elif one.is_doubtful:
            one.look_failed(Failure.UNSENT, retry_after=0)
        else:
            one.post_failed(Failure.UNSENT, NOW, retry_after=0, has_other_form=False)
    assert one.loss is loss


def test_a_post_in_doubt_for_hours_is_lost_as_such() -> None:
    """Nobody knows whether it stands."""
    one = message(Posting())
    one._attempts = MOST_ATTEMPTS
    assert one.post_failed(Failure.UNKNOWN, NOW, retry_after=0, has_other_form=False) is Verdict.LOST
    assert one.loss is Loss.UNKNOWN


def test_an_edit_that_slack_refuses_without_a_reason_is_tried_some_times() -> None:
    """In a row: one that lands begins anew."""
    one = message(Standing("1"))
    for _ in range(2):
        for _ in range(MOST_UNNAMED - 1):
            assert isinstance(one.edit_failed(Failure.UNNAMED, NOW, retry_after=0, has_other_form=False), Again)
        one.landed(BODY, NOW, was_last=False)
    for _ in range(MOST_UNNAMED):
        one.edit_failed(Failure.UNNAMED, NOW, retry_after=0, has_other_form=False)
    assert one.loss is Loss.LOCKED


ENDINGS = [
    (Ending.OPEN, True, -math.inf, Ending.OPEN),  # it was reopened while the edit was on its way
    (Ending.DUE, False, -math.inf, Ending.DUE),
    (Ending.DUE, True, -math.inf, Ending.SHOWN),
    (Ending.DUE, True, NOW, Ending.SHOWN),
    (Ending.DUE, True, NOW + 1, Ending.LATE),
    (Ending.LATE, True, NOW - 1, Ending.SHOWN),
    (Ending.LATE, True, NOW + 1, Ending.LATE),
]


@pytest.mark.parametrize(("before", "was_last", "edited_until", "after"), ENDINGS)
def test_a_last_text_is_shown_once_no_older_edit_can_land(
    *, before: Ending, was_last: bool, edited_until: float, after: Ending
) -> None:
    """Until then it is sent once more."""
    one = message(Standing("1"), before)
    one.edited_until = edited_until
    assert one.landed(BODY, NOW, was_last=was_last) is (after is Ending.LATE and was_last)
    assert (one.ending, one.shown, one.shows_text) == (after, BODY, True)


@pytest.mark.parametrize(
    ("was_last", "grew", "after"), [(True, False, Ending.SHOWN), (True, True, Ending.DUE), (False, True, Ending.DUE)]
)
def test_a_post_shows_the_last_text_if_nothing_came_after(*, was_last: bool, grew: bool, after: Ending) -> None:
    """Else there is news, which an edit shows."""
    one = message(Posting(), Ending.DUE)
    one.has_news = grew
    one.posted("1", LINE, was_last=was_last)
    assert (one.ts, one.ending, one.has_news, one.shows_text) == ("1", after, after is Ending.DUE, False)
    one.posted("1", BODY, was_last=was_last)
    assert (one.shown, one.shows_text) == (BODY, True)


@pytest.mark.parametrize(
    ("state", "is_taken_back"),
    [(Unposted(), True), (Queued(), True), (Posting(), False), (Doubtful(), False), (Standing("1"), False)],
)
def test_only_what_waits_can_be_taken_back(*, state: State, is_taken_back: bool) -> None:
    """What may be in Slack is not."""
    one = message(state)
    assert one.withdraw() is is_taken_back
    assert one.state == (Lost(Loss.REFUSED) if is_taken_back else state)


def test_what_is_in_doubt_stays_so_while_its_post_is_prepared() -> None:
    """It is looked up first; what is not is on its way, and back in the queue if that has to wait."""
    doubtful, queued = message(Doubtful(was_missed=True)), message(Queued())
    for one in (doubtful, queued):
        one.start_post()
    assert (doubtful.state, queued.state) == (Doubtful(was_missed=True), Posting())
    for one in (doubtful, queued):
        one.put_back()
    assert (doubtful.state, queued.state) == (Doubtful(was_missed=True), Queued())
    queued.not_posted()
    assert queued.is_unposted
    queued.lose(Loss.REFUSED)
    queued.not_posted()
    assert queued.loss is Loss.REFUSED


def test_what_is_lost_has_no_last_text() -> None:
    """Nobody waits for it."""
    one = message(Lost(Loss.DELETED))
    one.finish()
    assert (one.ending, one.has_news) == (Ending.OPEN, False)


def test_what_another_process_has_posted_stands_or_is_in_doubt() -> None:
    """Without news: what it shows is about what it should."""
    stands, perhaps = Message("a"), Message("b")
    stands.adopt("1.2", shows_text=True, pending_until=7, edited_until=8)
    perhaps.adopt(None, shows_text=True, pending_until=7, edited_until=8)
    assert (stands.state, stands.shows_text, stands.edited_until, stands.has_news) == (Standing("1.2"), True, 8, False)
    assert (perhaps.state, perhaps.shows_text) == (Doubtful(7), False)


def test_a_refusal_for_something_else_teaches_no_form() -> None:
    """And one for its form does, as long as there is one left."""
    one = message(Standing("1"))
    assert not one.refuse_form(BODY, Failure.LOCKED, Lesson(), NOW)
    assert one.refuse_form(BODY, Failure.FORM, Lesson(), NOW)
    assert one.refuse_form(BODY, Failure.SIZE, Lesson(), NOW)
    assert not one.refuse_form(BODY, Failure.FORM, Lesson(), NOW)


def test_a_message_that_can_be_made_no_smaller_is_left_where_its_text_is_not_known() -> None:
    """Nothing is sent twice unchanged, and the barest form would take away what stands."""
    long = Body("a", [{"type": "markdown", "text": "word " * 100}])
    one = message(Standing("1"))
    one.shows_text = True
    assert one.refuse_form(LINE, Failure.FORM, Lesson(), NOW)
    assert one.refuse_form(long.plainer(), Failure.SIZE, Lesson(), NOW)
    assert one.dress(long) is None
    assert one.loss is Loss.LOCKED


def test_what_was_the_last_text_may_turn_out_not_to_be() -> None:
    """Then there is something else to show."""
    one = message(Standing("1"), Ending.SHOWN)
    one.reopen()
    assert (one.ending, one.has_news, one.is_last) == (Ending.OPEN, True, False)


def test_each_form_is_made_smaller_as_often() -> None:
    """What Slack refuses in the next form may be too long for that."""
    one = message(Standing("1"))
    body = Body("a", [{"type": "markdown", "text": "word " * 8_000}])
    sizes = []
    for form in (Form.MARKDOWN, Form.PLAIN):
        assert one.fitting.form is form
        for _ in range(MOST_HALVINGS + 1):
            assert one.refuse_form(body, Failure.SIZE, Lesson(), NOW)
            sizes.append(one.fitting.form)
    assert sizes == [Form.MARKDOWN] * MOST_HALVINGS + [Form.PLAIN] * (MOST_HALVINGS + 1) + [Form.BARE]


def test_buttons_are_left_out_before_words_are() -> None:
    """Where a form is refused; should it be refused without them too, it was not for them."""
    row = {"type": "actions", "elements": []}
    words = {"type": "markdown", "text": "word " * 100}
    body = Body("a", [words, row])
    one = message(Standing("1"))
    assert one.refuse_form(body, Failure.FORM, Lesson(), NOW)
    assert one.dress(body) == Body("a", [words])
    assert one.fitting.form is Form.MARKDOWN
    assert one.refuse_form(Body("a", [words]), Failure.FORM, Lesson(), NOW)
    assert one.fitting.room < body.weight
    small = Body("a", [{"type": "markdown", "text": "word"}, row])
    assert one.dress(small) == small


def test_buttons_stay_where_a_message_is_refused_for_its_size() -> None:
    """They add nothing to it."""
    body = Body("a", [{"type": "markdown", "text": "word " * 1_000}, {"type": "actions", "elements": []}])
    one = message(Standing("1"))
    assert one.refuse_form(body, Failure.SIZE, Lesson(), NOW)
    assert one.fitting.room == body.weight // 2
