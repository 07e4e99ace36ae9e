import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it.token import Token

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.slack.blocks import index, parent
from bot.slack.markup.links import unmask
from bot.slack.markup.pages import pages
from bot.texts.en import ENGLISH
from tests.support.hostile import PARSERS, hostile

EVIL = "https://evil.example"
MASKS = [
    "[click]({})",
    "[https://login.example]({})",
    "[login.example]({})",
    "[**login.example**]({})",
    "[`login.example`]({})",
    "[lоgin.example]({})",
    "[https://login.example@a]({})",
    "[login.example]({}@evil)",
    "[login&period;example]({})",
    "[login.example&#93;]({})",
    "[login.example\\]]({})",
    "[a\\](b) login.example]({})",
    "[login.example][1]\n\n[1]: {}",
    "[login.example][]\n\n[login.example]: {}",
    "[login.example]\n\n[login.example]: {}",
    "[login.example]\n\n[login.example]:\n{}\n'title'",
    "[login\nexample]\n\n[login\nexample]: {}",
    "[x][1]\n\n> [1]: {}",
    "[x][1]\n\n- [1]: <{}>",
    "[x][1]\n\n[1]: {} (title\nmore)",
    "![login.example]({})",
    "[![login.example](https://a.example/b.png)]({})",
    "[login.example](<{}>)",
    "[login.example]( {} )",
    "[login.example](\n{}\n)",
    '[login.example]({} "https://login.example")',
    "[login.example]({} 'title')",
    "[login.example]({} (title))",
    "[login.example]({}/x_(y))",
    "[login.example]({}/\\))",
    "[a [b](c) login.example]({})",
    "[[login.example]]({})",
    "[" + "x" * 1_200 + "]({})",
    "[" + "[" * 400 + "]" * 400 + "]({})",
    "[login\nexample]({})",
    "[x](javascript:alert(1)) {}",
    "[x](slack://channel?id=1) {}",
    "[x](//evil.example) {}",
    "[x](evil.example) {}",
    "[x](&#104;ttps://evil.example) {}",
    "\\`[login.example]({})\\`",
    "`a\\` [login.example]({}) `",
    "`` ` [login.example]({})",
    "```not`a fence\n[login.example]({})\n```",
    "- ```\n  x\n[login.example]({})\n",
    "- x\n  ```\n[login.example]({})\n  ```",
    "> ```\n[login.example]({})\n> ```",
    "x\n\n     ```\n[login.example]({})\n```\n",
    "- a\n\n      [login.example]({})",
    "x\n    [login.example]({})",
    "    x\n[login.example]({})",
    "`x\n\n[login.example]({}) `",
    "`x\n# [login.example]({}) `",
    "`x\n- [login.example]({}) `",
    "`x\n\x0b\n[login.example]({}) `",
    "a ` b\n\x0b\nx ` [login.example]({}) `",
    "a ` b\n      ~~~\n      ~~~\nx ` [login.example]({}) `",
    "a\n      ~~~\n b ` c\n      ~~~\nx ` [login.example]({}) `",
    "~~~\n> ~~~\n~~~\n[login.example]({})\n~~~",
    "```\n````\n[login.example]({})\n```",
    "| `a | b` |\n|-|-|\n| `x | [login.example]({}) ` |",
    "|a|b|\n|-|-|\n| ` | ` [login.example]({}) ` |",
    "<!--\n```\n-->\n[login.example]({})\n```",
    "<script>\n```\n</script>\n[login.example]({})\n```",
    '<a href="`">[login.example]({})`',
    "<https://a.example/`>[login.example]({})`",
    "\\\\[login.example]({})",
    "\\![login.example]({})",
    "*[*login.example]({})",
    "[~~~](https://a.example)\n[login.example]({})\n~~~",
    "[x][:login]({})\n\n[x]",
    "[login.example]\u200b({})",
    "[login.example] ({})",
    "[login.example]\n({})",
]


def links(markdown: str) -> list[Token]:
    """All links and images that a parser finds; one that is its own label is none."""
    return [token for parser in PARSERS for token in _links(parser.parse(markdown))]


def _links(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "image" or (token.type == "link_open" and token.info != "auto"):
            yield token
        yield from _links(token.children or [])


def sent(text: str) -> list[str]:
    """What is sent of a text: as an answer, and as a problem."""
    problem = parent(text, "U1", ENGLISH).blocks[1]
    return [*(page.markdown for page in pages(text)), problem["text"] if problem["type"] == "markdown" else ""]


@pytest.mark.parametrize("mask", MASKS)
def test_no_link_hides_its_address(mask: str) -> None:
    """In an answer and in a problem: no link that has a label is left, and the address is there to be read."""
    for frame in ("{}", "text {} text", "> {}", "- {}", "# {}\n", "a `b` {}", "```\ncode\n```\n{}"):
        for markdown in sent(frame.format(mask.format(EVIL))):
            assert links(markdown) == [], frame
            assert "evil.example" in markdown, frame


def test_the_masks_are_masks() -> None:
    """Most of them: the others deceive a parser that is laxer than the standard."""
    assert sum(bool(links(mask.format(EVIL))) for mask in MASKS) > len(MASKS) * 0.8


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [the docs](https://a.example/b?c=1&d=2).", "See the docs (https://a.example/b?c=1&d=2)."),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("![a picture](https://a.example/b.png)", "a picture (https://a.example/b.png)"),
        ("- [One](https://a.example/1)\n- [Two](https://a.example/2)", None),
        ("[https://login.example](https://evil.example)", "https://login.example (https://evil.example)"),
        ("[**bold**](https://a.example)", "(**bold**)(https://a.example)"),
        ("[1. a](https://a.example)", "(1. a)(https://a.example)"),
        ("[mail](mailto:a@b.example)", "(mail)(mailto:a@b.example)"),
        ("[a [b] c](https://a.example)", "(a [b] c)(https://a.example)"),
        ("see [1] (page 3), [2]: no, a[0]", "see [1] (page 3), [2]\u2060: no, a[0]"),
        ("- [ ] to do\n- [x] done", "- [ ] to do\n- [x] done"),
    ],
)
def test_a_link_stays_readable(text: str, shown: str | None) -> None:
    """As its label with its address behind it."""
    two = "- One (https://a.example/1)\n- Two (https://a.example/2)"
    assert unmask(text) == (shown or two)


TRAP = "[https://login.example](https://evil.example)"


@pytest.mark.parametrize(
    "text",
    [
        "`handlers[a.b](event)`",
        "Call `handlers[i](event)` or `[](int x) {}`, or `a[0]: b`.",
        f"``{TRAP} ` ``",
        f"```\n{TRAP}\n```",
        "```\n[1]: https://a.example\n```",
        f"~~~~\n~~~\n{TRAP}\n~~~~",
        f"- item\n\n```\n{TRAP}\n```\n",
        "plain",
        "a[0], [x], ]",
    ],
)
def test_code_stays_as_it_is_written(text: str) -> None:
    """Where it is certain to be code."""
    assert unmask(text) == text


@pytest.mark.parametrize("text", [f"- ~~~js\n  {TRAP}\n  ~~~", f"text\n\n    {TRAP}", f"`a\n{TRAP} `"])
def test_what_looks_like_code_goes_on_looking_as_it_is_written(text: str) -> None:
    """What keeps it from being a link cannot be seen."""
    assert unmask(text) != text
    assert unmask(text).replace("\u2060", "") == text


@given(hostile)
@example("```\n[a](b)\n   ```\n[a](b)")
@example("`\u2028\u2028[a](b)`")
def test_no_parser_finds_a_link_in_what_is_sent(text: str) -> None:
    """However brackets, backticks, fences, quotes, lists, tables and HTML are put together."""
    for markdown in sent(text):
        assert links(markdown) == []


@given(hostile)
def test_a_second_look_changes_nothing(text: str) -> None:
    """What is left is no link."""
    assert unmask(unmask(text)) == unmask(text)


@given(st.text("[]()`~ab.\n:> -"))
def test_nothing_but_brackets_changes(text: str) -> None:
    """Words and lengths stay, but for the joiner."""
    shown = unmask(text).replace("\u2060", "")
    assert shown.translate(str.maketrans("[]", "()")) == text.translate(str.maketrans("[]", "()"))


AUTOLINK = re.compile(r"(?:https?://|www\.)[^\s<]*", re.IGNORECASE)  # GitHub's extended autolinks, and more
DISGUISES = [
    "https://login.example@evil.example",
    "HTTPS://login.example:443@evil.example/",
    "http://login.example" + "\u2800" * 300 + "@evil.example",
    "https://login.example%2F@evil.example",
    "https://login.example\\@evil.example",
    "https://a@login.example@evil.example",
    "https://login.example&#64;evil.example",
    "https://login.example&#X0040;evil.example",
    "https://login.example&commat;evil.example",
    "\u202ehttps://evil.example/elpmaxe.nigol//:sptth",
    "https://evil.example/\u202delpmaxe\u202e.nigol//:sptth",
    "[the docs](https://login.example@evil.example)",
]


@pytest.mark.parametrize("text", DISGUISES)
def test_no_address_looks_like_another(text: str) -> None:
    """By a user before its host, or by letters that are turned around."""
    for frame in ("{}", "text {}, text", "> {}", "- {}", "# {}", "**{}**", "a `b` {}", "a `b\n{} `"):
        for markdown in sent(frame.format(text)):
            assert "evil.example" in markdown, frame
            assert not set("\u202d\u202e") & set(markdown), frame
            for link in AUTOLINK.findall(markdown):
                assert "@" not in re.split(r"[/?#]", unescape(link).partition("//")[2])[0], frame


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/@user and ann@a.example",
        "See `https://me@a.example/x.git`.",
        "```\ngit clone https://me@a.example/x.git\n```",
        "\u2067שלום\u2069 \u202bשלום\u202c",
        "postgresql://me:word@host/name",
    ],
)
def test_what_is_no_disguise_stays(text: str) -> None:
    """Code, and directions that languages need."""
    assert sent(text)[0] == text


def test_no_notification_and_no_index_turns_letters_around() -> None:
    """They are mrkdwn, where Slack makes addresses links too."""
    draft = Draft.of("\u202ehttps://evil.example/elpmaxe.nigol//:sptth", State.DONE, model="m")
    bodies = [parent(draft.text, "U1", ENGLISH), index("why?", "U1", [(PERSPECTIVES[0], draft)], ENGLISH)]
    for body in bodies:
        written = json.dumps([body.text, *body.blocks], ensure_ascii=False)
        assert not set("\u202d\u202e") & set(written)
        assert "evil.example" in written
