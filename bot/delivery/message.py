"""One message's life, from its place in the queue to its last text. Pure: times come in as `now`, in seconds.

    Unposted ──► Queued ──► Posting ──► Standing ──► Lost
                    ▲         │  ▲
                    └─────────┤  │  Slack has not done it, for certain
                              ▼  │
                           Doubtful      it was perhaps posted: it is looked up, and never repeated on a guess

`post_failed`, `looked_up` and `edit_failed` are the table of what is to be done after each answer of Slack's.
"""

import math
from dataclasses import replace

from bot.backoff import CALL_PAUSES, nth
from bot.delivery.fitting import Fitting, Lesson
from bot.delivery.outcomes import (
    AWAY,
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
)
from bot.slack.body import Body

SECOND_LOOK = 3.0  # seconds until a message that was not there is looked up again; a call takes well under one
LATE = 10.0  # seconds in which a call may still be carried out whose answer was given up after 15
MOST_ATTEMPTS = 1_440  # calls in a row for one message, before it is given up: six hours
MOST_UNNAMED = 5  # edits in a row that Slack refused for a reason that is not known here


class Message:
    """One message of a thread; `part` is its name within the run. What it shows is for its section to say.

    With `is_index` its last text comes after those of all others of its thread. One that `can_wait` is posted later
    where edits are few: what is posted whole needs none.
    """

    def __init__(self, part: str, *, is_index: bool = False, can_wait: bool = False) -> None:
        self.part = part
        self.is_index = is_index
        self.can_wait = can_wait
        self.state: State = Unposted()
        self.ending = Ending.OPEN
        self.fitting = Fitting()
        self.shown: Body | None = None  # what Slack has confirmed last; None where another process has sent it
        self.shows_text = False  # whether text of it stands on the screen, `shown` or not
        self.has_news = False  # whether there is more to show than was handed on
        self.edited_until = -math.inf  # until when an edit may land whose answer was given up
        self._attempts = 0  # calls that failed in a row
        self._unnamed = 0  # edits of them that Slack refused for a reason which is not known here

    @property
    def ts(self) -> str | None:
        """Where it stands, if it does."""
        return self.state.ts if isinstance(self.state, Standing) else None

    @property
    def loss(self) -> Loss | None:
        """Why nothing of it is sent any more."""
        return self.state.loss if isinstance(self.state, Lost) else None

    @property
    def is_last(self) -> bool:
        """Whether what there is to show is the last."""
        return self.ending is not Ending.OPEN

    @property
    def is_unposted(self) -> bool:
        """Whether it neither stands nor is to be posted."""
        return isinstance(self.state, Unposted)

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be posted, or to be looked up."""
        return isinstance(self.state, (Queued, Doubtful))

    @property
    def is_urgent(self) -> bool:
        """Whether its post is not to wait for anything: it is needed at once, or is whole, or is perhaps there."""
        return not self.can_wait or self.is_last or self.is_doubtful

    @property
    def is_doubtful(self) -> bool:
        """Whether it was perhaps posted."""
        return isinstance(self.state, Doubtful)

    # What there is to show.

    def grow(self) -> None:
        """Note that there is more to show."""
        self.has_news = True

    def finish(self) -> None:
        """Note that what there is to show now is the last."""
        if self.loss is None:
            self.ending = Ending.DUE
            self.has_news = True

    def reopen(self) -> None:
        """Note that what was the last is not: there is something else to show."""
        self.ending = Ending.OPEN
        self.has_news = True

    def dress(self, body: Body) -> Body | None:
        """What it is sent as, where it should show `body`; None where no form is left, and it is lost."""
        sent = self.fitting.dress(body, self.shown, is_known=self._is_known)
        if sent is None:
            self.lose(Loss.LOCKED)
        return sent

    def hand_on(self) -> None:
        """Note that what there is to show is on its way, or is known to whoever sees to that."""
        self.has_news = False

    # How it comes to stand.

    def queue(self) -> None:
        """Note that it is to be posted."""
        self.state = Queued()

    def adopt(self, ts: str | None, *, shows_text: bool, pending_until: float, edited_until: float) -> None:
        """Go on with what another process has posted at `ts`; where that is None, perhaps, and then before a time."""
        if ts is None:
            self.state = Doubtful(pending_until)
            return
        self.state = Standing(ts)
        self.shows_text = shows_text
        self.edited_until = edited_until

    def start_post(self) -> None:
        """Note that its post is prepared, and will be sent; what is in doubt is looked up before."""
        if not self.is_doubtful:
            self.state = Posting()

    def put_back(self) -> None:
        """Note that its post has to wait after all."""
        if not self.is_doubtful:
            self.state = Queued()

    def withdraw(self) -> bool:
        """Take it out of the queue, for good; whether it was there."""
        if not isinstance(self.state, (Unposted, Queued)):
            return False
        self.lose(Loss.REFUSED)
        return True

    def not_posted(self) -> None:
        """Note that there was nothing to post."""
        if not isinstance(self.state, Lost):
            self.state = Unposted()

    def posted(self, ts: str, body: Body, *, was_last: bool) -> None:
        """Note that `body` was posted, which was its last text or not."""
        self.state = Standing(ts)
        self.shown = body
        self.shows_text = body.has_text
        self._attempts = 0
        if was_last and self.ending is Ending.DUE and not self.has_news:
            self.ending = Ending.SHOWN
        elif self.ending is Ending.DUE:
            self.has_news = True

    def post_failed(self, failure: Failure, now: float, *, retry_after: float, has_other_form: bool) -> Again | Verdict:
        """What to do once its post has failed."""
        match failure:
            case Failure.LIMITED:
                self.queue()
                return Again(retry_after, holds_all=True)
            case Failure.UNSENT:
                self.queue()
            case Failure.DENIED:
                self.state = Doubtful(was_denied=True)
            case Failure.UNKNOWN:
                self.state = Doubtful()
            case Failure.PENDING:
                self.state = Doubtful(now + LATE)
            case Failure.FORM | Failure.SIZE if has_other_form:
                self.queue()
                return Again()
            case Failure.FATAL:
                return Verdict.FATAL
            case _:
                return self.lose(Loss.REFUSED)
        if self._attempts >= MOST_ATTEMPTS:
            return self.lose(Loss.UNKNOWN if self.is_doubtful else Loss.REFUSED)
        return Again(self._pause(), holds_all=failure in {Failure.UNSENT, Failure.DENIED})

    def looked_up(self, ts: str | None, now: float) -> Again | Verdict:
        """What to do once it was looked up, and found at `ts` or, with None, not found."""
        doubt = self._doubt
        if ts is not None:
            self.state = Standing(ts)
            self.shown = None
            self.shows_text = True
            self._attempts = 0
            self.has_news = True
            return Verdict.FOUND
        if doubt.was_missed:
            self.state = Posting()
            return Verdict.POST
        self.state = replace(doubt, was_missed=True)
        return Again(max(SECOND_LOOK, doubt.pending_until - now))  # what was sent may be on its way still

    def look_failed(self, failure: Failure, *, retry_after: float) -> Again | Verdict:
        """What to do once looking it up has failed."""
        if failure is Failure.LIMITED or failure in AWAY:
            pause = self._pause()
            if self._attempts >= MOST_ATTEMPTS:
                return self.lose(Loss.UNKNOWN)
            return Again(retry_after if failure is Failure.LIMITED else pause)
        if self._doubt.was_denied:
            self.state = Posting()  # Slack has said that it was not posted, and its word has to do
            return Verdict.POST
        return self.lose(Loss.UNKNOWN)  # once more would perhaps be twice

    # How its edits fare.

    def landed(self, body: Body, now: float, *, was_last: bool) -> bool:
        """Note that an edit shows `body`, its last text or not; whether it has to be sent once more."""
        self._attempts = self._unnamed = 0
        self.shown = body
        self.shows_text = body.has_text
        if not was_last or self.ending is Ending.OPEN:
            return False
        self.ending = Ending.LATE if self.edited_until > now else Ending.SHOWN
        return self.ending is Ending.LATE

    def edit_failed(self, failure: Failure, now: float, *, retry_after: float, has_other_form: bool) -> Again | Verdict:
        """What to do once an edit has failed."""
        if failure is Failure.PENDING:
            self.edited_until = now + LATE
        match failure:
            case Failure.LIMITED:
                step: Again | Verdict = Again(retry_after, holds_all=True)
            case Failure.FORM | Failure.SIZE if has_other_form:
                step = Again()
            case Failure.GONE:
                step = self.lose(Loss.DELETED)
            case Failure.FORM | Failure.SIZE | Failure.LOCKED:
                step = self.lose(Loss.LOCKED)
            case Failure.FATAL:
                step = Verdict.FATAL
            case _:
                step = Again(self._pause())
                self._unnamed += failure is Failure.UNNAMED
                if self._attempts >= MOST_ATTEMPTS or self._unnamed >= MOST_UNNAMED:
                    step = self.lose(Loss.LOCKED)
        return step

    def refuse_form(self, body: Body, failure: Failure, lesson: Lesson, now: float) -> bool:
        """Have it sent smaller from now on, or plainer, if `failure` is of that kind; whether there is a way left."""
        is_for_size = failure is Failure.SIZE
        if not (is_for_size or failure is Failure.FORM):
            return False
        known = self._is_known
        return self.fitting.refuse(body, self.shown, lesson, now, is_for_size=is_for_size, is_known=known)

    def lose(self, loss: Loss) -> Verdict:
        """Give it up: nothing of it is sent any more."""
        self.state = Lost(loss)
        return Verdict.LOST

    @property
    def _doubt(self) -> Doubtful:
        return self.state if isinstance(self.state, Doubtful) else Doubtful()

    @property
    def _is_known(self) -> bool:
        """Whether it is known what stands of it: what this process has sent, or no text."""
        return self.shown is not None or not self.shows_text

    def _pause(self) -> float:
        """Seconds before the next try, once a call has failed."""
        self._attempts += 1
        return nth(CALL_PAUSES, self._attempts)
