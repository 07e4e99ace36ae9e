import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links import unmask

TRAP = "[https://login.example](https://evil.example)"
OPEN = "(https://login.example)(https://evil.example)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (TRAP, OPEN),
        (f"See {TRAP}, and {TRAP}.", f"See {OPEN}, and {OPEN}."),
        ("[bank.example](https://evil.example/x_(y))", "(bank.example)(https://evil.example/x_(y))"),
        ("[**login.example**](https://evil.example)", "(**login.example**)(https://evil.example)"),
        ("![login.example](https://evil.example)", "!(login.example)(https://evil.example)"),
        ("[a [b.example] c](https://evil.example)", "(a [b.example] c)(https://evil.example)"),
        ("[x][1]\n\n[1]: https://evil.example", "[x][1]\n\n(1): https://evil.example"),
        ("> [1]: https://evil.example", "> (1): https://evil.example"),
    ],
)
def test_a_label_that_names_another_address_hides_none(text: str, shown: str) -> None:
    """The address stands open beside it."""
    assert unmask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "[the report](https://a.example)",
        "[a.example](https://a.example/x)",
        "`handlers[a.b](event)`",
        f"``{TRAP} ` ``",
        f"```\n{TRAP}\n```",
        f"- ~~~js\n{TRAP}",
        "```\n[1]: https://a.example\n```",
        "a[0](b), ](, [x](",
        "plain",
    ],
)
def test_other_links_and_code_stay_as_they_are_written(text: str) -> None:
    """Code that looks like a link is none."""
    assert unmask(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[click](https://evil.example)", "(click)(https://evil.example)"),
        ("`[click](x)` [click](x)", "`[click](x)` (click)(x)"),
        ("a ` b\n\n[click](x) ` c", "a ` b\n\n(click)(x) ` c"),
        ("```\ncode\n```\n[click](x)", "```\ncode\n```\n(click)(x)"),
    ],
)
def test_what_a_person_typed_masks_nothing(text: str, shown: str) -> None:
    """It stands there under the bot's name."""
    assert unmask(text, all_labels=True) == shown


@given(st.text("[]()`~ab.\n:> -"), st.booleans())
def test_nothing_but_brackets_changes(text: str, all_labels: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """However it is built: lengths and words stay, and a second time changes nothing of them either."""
    shown = unmask(text, all_labels=all_labels)
    assert len(shown) == len(text)
    assert shown.translate(str.maketrans("[]", "()")) == text.translate(str.maketrans("[]", "()"))
