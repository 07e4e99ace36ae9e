import pytest

from bot.engine.perspectives import PERSPECTIVES, SIDES, Side, make_set
from bot.slack import notices
from bot.slack.body import Body
from bot.slack.markup.pages import pages
from bot.texts.en import ENGLISH
from bot.texts.ja import JAPANESE
from bot.texts.phrases import Phrase

BACK = "Here is your problem back:"
HINT = (
    "Tell me a problem and I show it from four sides at once: `/perspectives Why do our releases slip every month?` "
    "or mention me with it. *Depth* asks why, nine times; *Breadth* looks for other approaches; *Structure* for "
    "causes and the lever; *Time* for how it came and when to act."
)
RISK = Side(
    key="Risk",
    emoji="⚡",
    scope="what may go wrong",
    takeaway="a risk",
    task="Name the risks.",
    last="A sign.",
)


def test_the_hint_says_how_to_ask_and_what_comes_of_it() -> None:
    """Nothing else is in it."""
    (body,) = notices.hint(PERSPECTIVES, [ENGLISH])
    assert body == Body(HINT, [{"type": "section", "text": {"type": "mrkdwn", "text": HINT}}])


def test_the_hint_names_those_perspectives_that_there_are() -> None:
    """Also where there are five, or one is taken away."""
    (five,), (three,) = notices.hint(make_set([*SIDES, RISK]), [ENGLISH]), notices.hint(make_set(SIDES[:3]), [ENGLISH])
    assert "from five sides" in five.text
    assert five.text.endswith("and when to act; *Risk*.")
    assert "from three sides" in three.text
    assert three.text.endswith("causes and the lever.")


REFUSALS = [
    ("not_in_channel", "/invite"),
    ("channel_not_found", "/invite"),
    ("is_archived", "archived"),
    ("thread_not_found", "is gone"),
    ("restricted_action_read_only_channel", "Only some people may write"),
    ("restricted_action_some_new_kind", "Only some people may write"),
    ("restricted_action_non_threadable_channel", "takes none"),
    ("restricted_action_thread_only_channel", "in threads only"),
    ("restricted_action_thread_locked", "under that message"),
    ("cannot_reply_to_message", "under that message"),
    ("messages_tab_disabled", "direct messages"),
]


@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_where_it_cannot_write_the_sender_is_told_why(code: str, words: str) -> None:
    """In words that a person can act on, with the problem to send again."""
    (told,) = notices.cannot_write(code, "C1", "Why?", ENGLISH)
    assert words in told.text
    assert told.blocks[-1] == {"type": "markdown", "text": "Why?"}


@pytest.mark.parametrize(
    "bodies",
    [
        notices.cannot_write("not_in_channel", "C1", "", ENGLISH, goes_on=True),
        notices.refused("some_error", "", ENGLISH),
        notices.interrupted("", ENGLISH),
        notices.interrupted("", ENGLISH, names=["Depth"]),
        notices.broken("", ENGLISH),
    ],
)
def test_where_there_are_no_words_none_are_given_back(bodies: list[Body]) -> None:
    """Who pressed a button typed nothing, and Slack refuses a block without text."""
    (body,) = bodies
    assert "problem" not in body.text
    assert body.blocks == [{"type": "section", "text": {"type": "mrkdwn", "text": body.text}}]


LIMITS = [
    (
        notices.too_many_runs(1, "Why?", ENGLISH),
        "You have one run going on already, as many as one person may. Ask again when one has ended.",
    ),
    (
        notices.too_many_runs(2, "Why?", ENGLISH),
        "You have 2 runs going on already, as many as one person may. Ask again when one has ended.",
    ),
    (
        notices.too_many_within_the_hour(20, 61.0, "Why?", ENGLISH),
        "You have asked 20 times within the hour, which is what one person may. Ask again in 2 minutes.",
    ),
    (
        notices.too_many_within_the_hour(20, 3.0, "Why?", ENGLISH),
        "You have asked 20 times within the hour, which is what one person may. Ask again in 1 minute.",
    ),
    (
        notices.crowded("Why?", ENGLISH),
        "I am busy: too many questions are being answered at the moment. Ask again in a few minutes.",
    ),
]


@pytest.mark.parametrize(("bodies", "words"), LIMITS)
def test_a_refused_problem_is_given_back_with_the_reason(bodies: list[Body], words: str) -> None:
    """Whoever typed it in a command has it nowhere else."""
    (body,) = bodies
    assert body.text == f"{words} Nothing was asked yet. {BACK}"
    assert body.blocks[0]["text"] == {"type": "mrkdwn", "text": body.text}
    assert body.blocks[1:] == [{"type": "markdown", "text": "Why?"}]


def test_a_problem_is_given_back_whole() -> None:
    """In as many messages as it needs; plainly, where it has more parts than text."""
    problem = "word " * 5_000
    first, *others = notices.too_long(problem, 4_000, ENGLISH)
    assert first.text.startswith("Your problem has 25,000 characters, and I take up to 4,000. Nothing was asked yet.")
    assert {body.text for body in others} == {"Your problem, continued"}
    texts = [block["text"] for body in [first, *others] for block in body.blocks if block["type"] == "markdown"]
    assert "".join(texts) == problem
    assert len(texts) == len(pages(problem))
    assert {block["type"] for one in notices.too_long("-\n\n" * 500, 9, ENGLISH) for block in one.blocks} == {"section"}


def test_a_problem_that_only_grows_too_long_by_escaping_is_told_so() -> None:
    """Its characters are as many as they may be."""
    assert "count as several" in notices.too_long("<" * 4_000, 4_000, ENGLISH)[0].text


def test_slacks_word_is_told_as_what_it_is() -> None:
    """Escaped."""
    (body,) = notices.refused("some_<error>", "Why?", ENGLISH)
    assert body.text == f"Slack refused to let me open a thread (some_&lt;error&gt;). {BACK}"


def test_who_is_interrupted_learns_what_is_missing_and_how_to_ask_again() -> None:
    """All of it, or some answers."""
    again = "To ask again, send your problem again:"
    assert notices.interrupted("Why?", ENGLISH)[0].text == f"I was interrupted. {again}"
    assert notices.broken("Why?", ENGLISH)[0].text == f"Something went wrong in me, and I stopped. {again}"
    told = {
        ("Depth",): "I was interrupted, and Depth cannot be shown.",
        ("Depth", "Time"): "I was interrupted, and Depth and Time cannot be shown.",
        ("Depth", "Breadth", "Time"): "I was interrupted, and Depth and Breadth and Time cannot be shown.",
    }
    for names, words in told.items():
        assert notices.interrupted("Why?", ENGLISH, names=names)[0].text == f"{words} {again}"
    assert len(notices.interrupted("Why? " * 5_000, ENGLISH)) > 1


def test_who_waits_in_line_is_told_for_how_many() -> None:
    """In their language."""
    (first,), (third,) = notices.in_line(1, ENGLISH), notices.in_line(3, JAPANESE)
    assert first.text == ENGLISH.say(Phrase.IN_LINE, count=1)
    assert "3" in third.text


def test_who_pressed_a_button_is_told_why_nothing_came_of_it() -> None:
    """There is no problem to be given back."""
    (body,) = notices.too_many_runs(2, "", ENGLISH)
    assert body.text.endswith("Ask again when one has ended. Nothing was begun.")
    assert body.blocks == [{"type": "section", "text": {"type": "mrkdwn", "text": body.text}}]
    (told,) = notices.not_done(Phrase.TOO_FEW, ENGLISH)
    assert told.text == ENGLISH.say(Phrase.TOO_FEW)


def test_a_problem_of_nothing_but_marks_is_given_back_as_it_is() -> None:
    """Slack takes no block without text."""
    (body,) = notices.too_long("**", 1, ENGLISH)
    assert body.blocks[1] == {"type": "markdown", "text": "**"}
    (body,) = notices.too_long("**bold is open", 1, ENGLISH)
    assert body.blocks[1] == {"type": "markdown", "text": "**bold is open"}
