import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it.token import Token

from bot.markup.fences import code, lines, rewrite
from bot.slack.markup.links import make_safe
from tests.support.hostile import PARSERS, hostile

TEXTS = [
    ("plain", "plain"),
    ("a `b` c", "a CCC c"),
    ("a `b", "a `b"),
    ("`` b ` c `` d", "CCCCCCCCCCC d"),
    ("`a` and ``b ` and `c`", "CCC and ``b DDDDDDDc`"),
    ("\\`a` b`", "\\`aCCCC"),
    ("\\``a` b", "\\`CCC b"),
    ("`a\\` b` c", "CCCC b` c"),
    ("`a\nb` `c`", "DDDDD DDD"),
    ("`a\n\nb` `c`", "`a\n\nbCCC" + "c`"),
    ("| `a | b` | `c` |", "| DDDDDDD | DDD |"),
    ("```\na\n```\nb", "DDDDCCCCCCb"),
    ("~~~ x\na\n```\n~~~ y\n~~~~\nb", "DDDDDDCCCCCCCCCCCCCCCCCb"),
    ("```a`\nb", "```a`\nb"),
    ("  ```\na\n```\nb\n```\nc", None),
    ("- ```\n  a\n  ```\n- `b`", "DDDDDDDDDDDDDDDD- DDD"),
    ("> ```\n> a\n> ```\n`b`", None),
    ("    a\n\n    b\nc", "DDDDDD\nDDDDDDc"),
    ("a\n    b", "a\n    b"),
    ("- a\n\n    b\n\nc\n\n    d", "- a\n\n    b\n\nc\n\nDDDDD"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_finds_what_is_code_and_what_only_looks_like_it(text: str, shown: str | None) -> None:
    """C for what is certain, D for what is doubtful."""
    marked = rewrite(text, prose=str, certain=lambda part: "C" * len(part), doubtful=lambda part: "D" * len(part))
    assert len(marked) == len(text)
    if shown is not None:
        assert marked == shown


@given(hostile)
def test_what_is_held_to_be_code_for_certain_is_code_for_a_parser(text: str) -> None:
    """Never less strict: a letter that stands there is found in no text of a parser's but in code."""
    text = make_safe(text)
    marked, place = "", 0
    for stretch in code(text):
        if stretch.is_certain:
            written = text[stretch.start : stretch.end].replace("a", "\u0394")
            marked, place = marked + text[place : stretch.start] + written, stretch.end
    marked += text[place:]
    for parser in PARSERS:
        assert "\u0394" not in _prose(parser.parse(marked))


def _prose(tokens: list[Token]) -> str:
    return "".join(
        _prose(token.children) if token.children else token.content if token.type == "text" else "" for token in tokens
    )


@given(st.text("ab \r\n\x0b\x0c\x1c\x85\u2028\ud83d"))
def test_lines_end_where_markdown_has_it(text: str) -> None:
    """And nowhere else: a separator of Unicode is none."""
    assert list(lines(text)) == re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text)
