import pytest

from bot.engine.conversation.followups import DRAW_TOGETHER
from bot.engine.conversation.material import Former
from bot.engine.draft import Draft
from bot.engine.perspectives import PERSPECTIVES
from bot.playground.model import CONTEXT, LONGEST_ANSWER, SLOTS
from bot.playground.prompts import CHAT_TEMPLATE, MOST_ANSWERS, SIMPLY, compose, simplify


def answers(*texts: str) -> list[Former]:
    """Answers of all sides, one after the other."""
    sides = [PERSPECTIVES[number % 4].key for number in range(len(texts))]
    return [Former(side, Draft.of(text)) for side, text in zip(sides, texts, strict=True)]


def test_what_goes_on_has_simple_instructions_that_differ() -> None:
    """From each other, from those of the four, and from what a large model gets; what people see stays."""
    deeper = SIMPLY.deepen(PERSPECTIVES[0])
    simple = {one.instruction for one in (deeper, SIMPLY.together, *map(simplify, PERSPECTIVES))}
    assert len(simple) == 6
    assert all(len(instruction) < 120 for instruction in simple)
    assert (deeper.key, deeper.emoji) == (PERSPECTIVES[0].key, PERSPECTIVES[0].emoji)
    assert (SIMPLY.together.key, SIMPLY.together.emoji) == (DRAW_TOGETHER.key, DRAW_TOGETHER.emoji)


def test_going_deeper_knows_the_newest_answer_and_what_was_added() -> None:
    """In plain sentences, the added ones last: that is what a small model goes on with."""
    told = compose("Why?", answers=answers("The old one.", "The job is\n\nanother."), added="They said so.")
    assert told == "Why?\n\nOne answer is: The job is another.\n\nThey said so."


def test_without_words_the_weakest_point_is_asked_for() -> None:
    """As the form says."""
    assert "uncertain" in compose("Why?", answers=answers("So."), added="")


def test_drawing_together_knows_the_beginning_of_each_answer() -> None:
    """Whole sentences, where there is room for one."""
    texts = [f"{name} begins so. " + "And it goes on and on. " * 40 for name in ("One", "Two", "Three", "Four")]
    told = compose("Why?", answers=answers(*texts))
    lines = told.splitlines()[3:]
    assert [line.split()[1] for line in lines] == ["One", "Two", "Three", "Four"]
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize("letter", ["a", "a. ", "問", "問。", "\N{FAMILY}", "\n"])
@pytest.mark.parametrize("count", [0, 1, 4, 40])
@pytest.mark.parametrize("added", [None, 3_000])
def test_all_of_it_fits_into_a_slot(letter: str, count: int, added: int | None) -> None:
    """However long what people and models wrote is, and in whatever script: no token has less than a byte."""
    long = letter * 5_000
    told = compose(long, answers=answers(*[long] * count), added=None if added is None else letter * added)
    asked = SIMPLY.together if added is None else SIMPLY.deepen(PERSPECTIVES[0])
    prompt = len((told + asked.instruction).encode())
    template = 60  # tokens, counted: the rest of `CHAT_TEMPLATE` is its program
    assert "helpful AI assistant" in CHAT_TEMPLATE
    assert prompt + template + LONGEST_ANSWER <= CONTEXT // SLOTS
    assert told.count("- ") <= MOST_ANSWERS
