import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.draft import Transcript
from bot.engine.protocol.thoughts import Thoughts


def read(*pieces: str, is_held: bool = False) -> tuple[str, list[str], Thoughts]:
    """The text that is left, what was shown meanwhile, and the reader as it was left."""
    thoughts = Thoughts(is_held=is_held)
    text = Transcript()
    shown: list[str] = []

    def show(piece: str) -> None:
        nonlocal text
        if thoughts.has_been_wrong and not was_wrong:
            text = Transcript()
        text.add(piece)

    for piece in pieces:
        was_wrong = thoughts.has_been_wrong
        show(thoughts.feed(piece, text))
        shown.append(text.read(text.length))
    was_wrong = thoughts.has_been_wrong
    show(thoughts.finish(text))
    return text.read(text.length), shown, thoughts


TABLE: dict[str, tuple[str, str]] = {
    "nothing": ("", ""),
    "a text": ("One two.", "One two."),
    "blanks": (" \n ", " \n "),
    "a text with blanks": ("\n One \n", "\n One \n"),
    "thoughts": ("<think>hm</think>One.", "One."),
    "thoughts with blanks": ("\n<think>\nhm\n</think>\n\nOne.\n", "One.\n"),
    "thoughts twice": ("<think>hm</think>\n<think>hm</think>One.", "One."),
    "in capitals": ("<THINK>hm</Think>One.", "One."),
    "another tag": ("<thinking>hm</thinking>One.", "One."),
    "a third": ("<reasoning>hm</reasoning> One.", "One."),
    "Magistral's": ("[THINK]hm[/THINK]One.", "One."),
    "Kimi's": ("◁think▷hm◁/think▷One.", "One."),
    "Seed's": ("<seed:think>hm</seed:think>One.", "One."),
    "Command's": ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>One.<|END_RESPONSE|>", "One."),
    "Harmony's": (
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>One.<|return|>",
        "One.",
    ),
    "Harmony's, without the start": ("<|channel|>analysis<|message|>hm<|channel|>final<|message|>One.", "One."),
    "Harmony's, without an opening tag": ("hm<|end|><|start|>assistant<|channel|>final<|message|>One.", "One."),
    "Harmony's answer alone": ("<|channel|>final<|message|>One.<|end|>", "One."),
    "Gemma's": ("<|channel>thought\nhm<channel|>One.", "One."),
    "Hunyuan's": ("<think>hm</think>\n<answer>\nOne.\n</answer>\n", "One.\n"),
    "ERNIE's, without an opening tag": ("hm</think>\n\n<response>\nOne.</response>", "One."),
    "a plain frame that is not closed": ("<think>hm</think><answer>One.</ans", "One.</ans"),
    "a plain frame that is spoken of": ("<think>hm</think><answer>a</answer> b.", "a</answer> b."),
    "a plain frame without thoughts": ("<answer>One.</answer>", "<answer>One.</answer>"),
    "another tag behind thoughts": ("<think>hm</think><answers>One.</answers>", "<answers>One.</answers>"),
    "no thoughts in tags": ("<think>\n\n</think>\n\nOne.", "One."),
    "tags within thoughts": ("<think><b>hm</b> <thi [x]</think>One.", "One."),
    "a small letter that grows in another case": ("<think>İİİİ</think>İOne.", "İOne."),
    "never closed": ("<think>hm", ""),
    "half a closing tag": ("<think>hm</thin", ""),
    "half an opening tag": ("<thin", "<thin"),
    "another tag at the beginning": ("<b>One.</b>", "<b>One.</b>"),
    "a word in brackets": ("[Think] of One.", "[Think] of One."),
    "a bracket": ("[x] One.", "[x] One."),
    "only a closing tag": ("</think>\n\nOne.", "One."),
    "no opening tag, attached": ("Okay, hm.</think>One.", "One."),
    "no opening tag, on a line": ("Okay, hm.\n</think>\n\nOne.", "One."),
    "no opening tag, on an indented line": ("Okay, hm.\n  </think>\none.", "one."),
    "no opening tag, behind a blank": ("Okay, hm. </think>\n\nOne.", "One."),
    "no opening tag, within a line": ("Okay, hm. </think> One.", "One."),
    "no opening tag, then CJK": ("嗯。</think>一。", "一。"),
    "no opening tag, tags within": ("Okay, <b>hm</b> and [x].\n</think>\nOne.", "One."),
    "no opening tag, nothing behind": ("Okay, hm.\n</think>", ""),
    "no opening tag, Magistral's": ("hm[/THINK]One.", "One."),
    "spoken of in code": ("The tag `</think>` ends it.", "The tag `</think>` ends it."),
    "spoken of in quotes": ('The tag "</think>" ends it.', 'The tag "</think>" ends it.'),
    "spoken of in brackets": ("The tag (</think>) ends it.", "The tag (</think>) ends it."),
    "spoken of in a sentence": ("It ends with </think> and then.", "It ends with </think> and then."),
    "spoken of at an end": ("It ends with </think>.", "It ends with </think>."),
    "spoken of at the very end": ("It ends with </think>", "It ends with </think>"),
    "both spoken of": ("Parse <think>x</think>y out.", "Parse <think>x</think>y out."),
    "both in a block": ("See:\n```\n<think>\nhm\n</think>\nOne\n```\n", "See:\n```\n<think>\nhm\n</think>\nOne\n```\n"),
    "the closing one in a block": ("See:\n```\nhm\n</think>\nOne\n```\n", "See:\n```\nhm\n</think>\nOne\n```\n"),
    "once spoken of, always": ("The `</think>`.\n</think>\nOne.", "The `</think>`.\n</think>\nOne."),
    "opened in the middle": ("One. <think>hm</think> Two.", "One. <think>hm</think> Two."),
    "behind thoughts": ("<think>hm</think>Use <think>x</think>.", "Use <think>x</think>."),
    "half a tag at the end": ("One </thi", "One </thi"),
}


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("is_held", [False, True])
def test_what_is_to_be_read_is_told_from_thoughts(name: str, *, is_held: bool) -> None:
    """In one piece, character by character, and in two, cut anywhere; with a server known to leave out a tag, too."""
    whole, expected = TABLE[name]
    for place in range(len(whole) + 1):
        assert read(whole[:place], whole[place:], is_held=is_held)[0] == expected
    assert read(*whole, is_held=is_held)[0] == expected


@pytest.mark.parametrize("name", [name for name in TABLE if "no opening tag" not in name and "without an" not in name])
def test_thoughts_are_never_shown_and_text_is_never_taken_back(name: str) -> None:
    """But where the tag is missing that would tell them apart."""
    whole, expected = TABLE[name]
    _, shown, thoughts = read(*whole)
    assert all(expected.startswith(one) for one in shown)
    assert not thoughts.has_been_wrong


@pytest.mark.parametrize("name", [name for name in TABLE if "no opening tag" in name])
def test_a_missing_tag_is_learned_and_what_follows_is_held(name: str) -> None:
    """Then nothing of the thoughts is shown."""
    whole, expected = TABLE[name]
    assert read(whole)[2].has_been_wrong
    _, shown, thoughts = read(*whole, is_held=True)
    assert all(expected.startswith(one) for one in shown)
    assert not thoughts.has_been_wrong
    assert not thoughts.was_held_for_nothing
    assert thoughts.have_come


def test_what_was_held_and_has_no_tag_is_text() -> None:
    """It comes at the end, and that it was for nothing is told."""
    text, shown, thoughts = read(*"One two.", is_held=True)
    assert (text, set(shown), thoughts.was_held_for_nothing) == ("One two.", {""}, True)
    assert read("One two.")[2].was_held_for_nothing is False


def test_whether_thoughts_come_at_the_moment_is_told() -> None:
    """From the opening tag to the closing one; half a tag tells nothing."""
    thoughts = Thoughts()
    seen = []
    for piece in ("\n", "<thi", "nk>", "hm", "</think", ">", "\n", "One."):
        thoughts.feed(piece, Transcript())
        seen.append(thoughts.is_thinking)
    assert seen == [False, False, True, True, True, False, False, False]


pieces = st.lists(
    st.sampled_from(
        [
            "<think>",
            "</think>",
            "<answer>",
            "</answer>",
            "<",
            "</",
            "think>",
            "[/THINK]",
            "hm",
            " ",
            "\n",
            "`",
            "```",
            "One.",
            "<|end|>",
        ]
    ),
    max_size=12,
)


@given(said=pieces, places=st.lists(st.integers(0, 100), max_size=6), is_held=st.booleans())
def test_how_a_text_is_cut_does_not_matter(*, said: list[str], places: list[int], is_held: bool) -> None:
    """Whatever tags are in it."""
    whole = "".join(said)
    ends = [0, *sorted(place % (len(whole) + 1) for place in places), len(whole)]
    cut = [whole[start:end] for start, end in itertools.pairwise(ends)]
    assert read(*cut, is_held=is_held)[0] == read(whole, is_held=is_held)[0]


@given(st.text().filter(lambda text: not any(one in text for one in "<[◁")))
def test_a_text_without_tags_is_as_it_was(text: str) -> None:
    """Character by character."""
    assert read(*text)[0] == text


@pytest.mark.parametrize("piece", ["`</think>", "<", " ", "<think>", "</think", "</think>a "])
def test_the_cost_of_a_piece_does_not_grow_with_what_came(piece: str) -> None:
    """However often a tag, or half of one, stands there: nothing is read again and again."""
    reads = 0

    class Counted(Transcript):
        def read(self, length: int) -> str:
            nonlocal reads
            reads += 1
            return super().read(length)

    thoughts = Thoughts()
    text = Counted()
    text.add(thoughts.feed("So ", text))
    for _ in range(5_000):
        text.add(thoughts.feed(piece, text))
        assert len(thoughts._rest) <= 1_100
    assert reads <= 1
