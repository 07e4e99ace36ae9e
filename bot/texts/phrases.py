"""What the bot says besides why an answer stands as it does (`engine.reasons`): a name for each phrase. Pure.

In brackets, the arguments. A name of a person, a channel or a command comes as the reader's medium shows it, and what
others have written as that medium has it escaped.
"""

from enum import Enum, auto


class Phrase(Enum):
    """A phrase. Nothing of these is written down, so that any may change."""

    # The message that opens a thread, and what notifies of it.
    ASKS = auto()  # user
    ASKS_WHAT = auto()  # user, problem
    PERSPECTIVES_ON = auto()  # user, problem
    ORIGIN = auto()  # what the answers rest on

    # The line above an answer: what it is doing, or how it ended.
    WAITING = auto()
    WAITING_FOR = auto()  # reason
    THINKING = auto()
    WRITING = auto()
    WRITING_AGAIN = auto()  # reason
    WRITING_SLOWLY = auto()  # seconds between two edits
    DONE = auto()  # seconds, model
    FAILED = auto()  # reason
    CUT = auto()  # reason
    STOPPED = auto()
    INTERRUPTED = auto()  # reason
    STOPPED_EARLY = auto()
    # Of an answer in several messages.
    CONTINUED = auto()  # number
    GOES_ON_BELOW = auto()
    PAGE = auto()  # number
    ENDS_ABOVE = auto()
    # The same, as notifications.
    SAYS = auto()  # name, words
    NAME_GOES_ON_BELOW = auto()  # name
    NAME_ENDS_ABOVE = auto()  # name
    # In place of a text that Slack refuses in every form.
    NOT_SHOWN = auto()
    REST_NOT_SHOWN = auto()

    # Whom an answer follows up for, in place of what its side does.
    FOLLOW_UP = auto()  # user, words
    WEAKEST = auto()  # user
    STOPPED_BY = auto()  # user
    # What was not read.
    THREAD_UNREAD = auto()
    # Buttons, and what a screen reader says of them.
    STOP = auto()
    STOP_LABEL = auto()  # name
    AGAIN = auto()
    AGAIN_LABEL = auto()  # name
    DEEPER = auto()
    DEEPER_LABEL = auto()  # name
    TOGETHER = auto()
    TOGETHER_LABEL = auto()  # name
    GOOD = auto()
    BAD = auto()

    # To one person, who has pressed a button: why nothing came of it.
    IS_GOING_ON = auto()
    TOO_FEW = auto()
    TOO_OFTEN = auto()  # reason
    INTERRUPTED_PRESS = auto()
    BROKEN_PRESS = auto()
    STORE_AWAY = auto()

    # To one person: how to ask.
    HINT = auto()  # number of perspectives in words, example, sides
    SIDE = auto()  # name, does
    SIDES = auto()  # first, other
    EXAMPLE = auto()
    # To one person: their problem begins later, and which in line it is.
    IN_LINE = auto()  # count
    # A problem is given back, and behind these it stands.
    TOO_MANY_CHARACTERS = auto()  # length, limit
    TOO_LONG_FOR_SLACK = auto()
    TOO_MANY_RUNS = auto()  # count
    TOO_MANY_WITHIN_THE_HOUR = auto()  # limit, count of minutes
    CROWDED = auto()
    GIVEN_BACK = auto()  # reason
    WITH_PROBLEM = auto()  # words: why nothing came of it
    INTERRUPTED_RUN = auto()
    BROKEN_RUN = auto()
    NOT_ALL_SHOWN = auto()  # names
    BOTH = auto()  # first, other
    SLACK_REFUSES = auto()  # code
    NOT_A_MEMBER = auto()  # channel, command
    ARCHIVED = auto()  # channel
    MESSAGE_GONE = auto()
    NO_THREADS = auto()  # channel
    NO_ANSWERS_THERE = auto()
    THREADS_ONLY = auto()  # channel
    NO_DIRECT_MESSAGES = auto()
    RESTRICTED = auto()  # channel
    PROBLEM_CONTINUED = auto()

    # The forms. A title, and the words on a form's buttons, have 24 characters at the most.
    FORM_TITLE = auto()
    FORM_SUBMIT = auto()
    FORM_CLOSE = auto()
    FORM_LABEL = auto()
    FORM_HINT = auto()
    FORM_CUT = auto()  # in place of the hint, where the message was too long for the field
    FORM_EMPTY = auto()
    FORM_TOO_LONG = auto()  # length, limit
    FORM_TOO_LONG_FOR_SLACK = auto()
    DEEPER_TITLE = auto()
    DEEPER_ASK = auto()  # name of the side
    DEEPER_HINT = auto()
    # To whoever pressed a button that did nothing, or in a form that cannot be sent.
    OTHER_VERSION = auto()
    UNKNOWN_RUN = auto()
    ALREADY_STOPPED = auto()
    ALREADY_DRAWN = auto()
    NOTHING_TO_TRY_AGAIN = auto()
    NOT_A_MEMBER_ANY_MORE = auto()  # channel, command
    NO_FORM = auto()
    NO_FORM_OF_MESSAGE = auto()
    NOT_INSTALLED = auto()
