from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.slack.markup import emphasis
from bot.slack.markup.emphasis import embolden
from bot.slack.markup.links import make_safe
from bot.slack.markup.mending import forget
from tests.support.hostile import hostile

PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

MENDED = [
    ("必要なのは**「速さ」**ではなく", "必要なのは「**速さ**」ではなく"),
    ("**確認：**直近の", "**確認**：直近の"),
    ('이것은 **"속도"**가 문제', '이것은 "**속도**"가 문제'),
    ("**결론:**이것", "**결론**:이것"),
    ("关键是**“速度”**，不是", "关键是“**速度**”，不是"),
    ("は**「（速さ）」**で", "は「（**速さ**）」で"),
    ("は**「速さ」と質**で", "は「**速さ」と質**で"),
    ("は**質と「速さ」**で", "は**質と「速さ**」で"),
    ("**「a」：**は", "**「a」**：は"),
    ("は**（例）**と**「質」**で", "は（**例**）と「**質**」で"),
    ("は**（例）**と\n**「質」**で", "は（**例**）と\n「**質**」で"),
    ("は***「質」***で", "は「***質***」で"),
    ("は**「a：**は", "は「**a**：は"),
    ("は**`code`**です", "は**\u2060`code`\u2060**です"),
    ("は**`code`**と**「`b`」**で", "は**\u2060`code`\u2060**と「**`b`**」で"),
    ("は**80%**が", "は**80%\u2060**が"),
    ("は**🚀速い**で", "は**\u2060🚀速い**で"),
    ("は**:rocket:**で", "は**\u2060:rocket:\u2060**で"),
    ("は**(Markdown)**の", "は**\u2060(Markdown)\u2060**の"),
    ("速い→**「質」**→次", "速い→「**質**」→次"),
    ("は**「 a 」**で", "は**\u2060「 a 」\u2060**で"),
    ("は**a。：**で", "は**a。**：で"),
    ("は**a ：**で", "は**a ：\u2060**で"),
    ("は**「」**で", "は「」で"),
    ("は**「**で", "は「で"),
    ("**速さ **は重要", "**速さ** は重要"),
    ("**速さ： **は重要", "**速さ**： は重要"),
    ("**a **b **「c」**は", "**a** b 「**c**」は"),
    ("| は**「a」**は | **b：**は |", "| は「**a**」は | **b**：は |"),
    ("| は**「a」**は | `|` **b：**は \\| |", "| は「**a**」は | `|` **b**：は \\| |"),
    ("> **引用：**です", "> **引用**：です"),
    ("は**a|b：**は", "は**a|b**：は"),
    ("は**a。：**で", "は**a。**：で"),
    ("`**「a」**は` **b：**は", "`**「a」**は` **b**：は"),
    ("``a`` `**「b」**は` **「c」**は", "``a`` `**「b」**は` 「**c**」は"),
    ("a `b`\n\n```\n**a：**は\n```\n**b：**は", "a `b`\n\n```\n**a：**は\n```\n**b**：は"),
    ("`a` **b：**は\n```\nc\n```", "`a` **b**：は\n```\nc\n```"),
    ("**a：**は\n\n```\n**b：**は\n\n**b：**は", "**a**：は\n\n```\n**b：**は\n\n**b：**は"),
    ("```\na\n```\n`**a：**は` **b：**は", "```\na\n```\n`**a：**は` **b**：は"),
    ("- 「`」は\n- **「速さ」**と「`」\n\n    x", "- 「`」は\n- 「**速さ**」と「`」\n\n    x"),
    ("- a\n\n    `x`は**「b」**は\n\n    y", "- a\n\n    `x`は「**b**」は\n\n    y"),
    ("a\n\n    **「b」**は\n`c`は**「d」**は", "a\n\n    **「b」**は\n`c`は「**d**」は"),
    ("    **a：**は\n\n**b：**は", "    **a：**は\n\n**b**：は"),
    ("- a `b\n- **b：**は `b`", "- a `b\n- **b**：は `b`"),
    ("`c` ***a** は**「b」**は", "`c` ***a** は「**b**」は"),
    ("必要なのは***「速さ」**です。`c`", "必要なのは*「**速さ**」です。`c`"),
    ("は***#a**は", "は***\u2060#a**は"),
    ("**结论：**应该取消的是`a`，不是**“免费版”**。", "**结论**：应该取消的是`a`，不是“**免费版**”。"),
    ("**確認：**`a`と**b**は\n- `x|y`は**「c」**で", "**確認：**`a`と**b**は\n- `x|y`は「**c**」で"),
    ("| `x` | **確認：**a**b**は | c |", "| `x` | **確認**：a**b**は | c |"),
    ("a | b\n**確認：**a**b**は", "a | b\n**確認**：a**b**は"),
    ("**注意**：**「a」**と`SELECT *`を**確認**する", "**注意**：「**a**」と`SELECT *`を**確認**する"),
    ("**確認：**a**b**は `*.py`", "**確認**：a**b**は `*.py`"),
    ("**確認：**a**b**は\n次は**長い\n話**です", "**確認**：a**b**は\n次は**長い\n話**です"),
    ("| **確認：**a**b**は | ``x`` |", "| **確認**：a**b**は | ``x`` |"),
    ("| **確認：**a**b**は | \\| | `*` |", "| **確認**：a**b**は | \\| | `*` |"),
    ("確認 | x\n---|---\n**確認：**a**b**は | c", "確認 | x\n---|---\n**確認**：a**b**は | c"),
    ("**foo(**bar**)** `x`", "**foo(\u2060**bar**\u2060)** `x`"),
    ("**（a）**\u3000の**「b」**は", "**（a）**\u3000の「**b**」は"),
]
OPEN = [
    ("a **bold", "a **bold**"),
    ("a **bold ", "a **bold** "),
    ("a **bold*", "a **bold**"),
    ("a **bold *em", "a **bold *em***"),
    ("a **bold *em*", "a **bold *em***"),
    ("***a", "***a***"),
    ("***a*", "***a***"),
    ("- **", "- "),
    ("必要なのは**", "必要なのは"),
    ("必要なのは**\n", "必要なのは\n"),
    ("は**「", "は「"),
    ("は**「速", "は「**速**"),
    ("は**`co`", "は**\u2060`co`**"),
    ("**a\\", "**a\\\u2060**"),
    ("| **a | b |", "| **a** | b |"),
    ("| は**「a | b」**は |", "| は「**a** | b」**は** |"),
    ("**one\n\ntwo", "**one**\n\ntwo"),
    ("# **one\ntwo", "# **one**\ntwo"),
    ("**one\ntwo", "**one\ntwo**"),
    ("**a** and **b", "**a** and **b**"),
    ("**a：**は**b", "**a**：は**b**"),
]
KEPT = [
    "plain",
    "~~~\nは**「a」**は\n~~~",
    "a **bold** word, **(another)** one: **b**.",
    "速さ**が**大事",
    "**速さ**が",
    "x**2 + y",
    "x**2 and **bold**",
    "src/**/x.py",
    "2 ** 3 ** 4",
    "2 * 3 * 4, snake_case and __init__",
    "** p < 0.05",
    "a\\**b:** c",
    "***",
    "****a：****は",
    "***a** b*",
    "は***a** b*。",
    "`は**「a」**は`",
    "```\nは**「a」**は",
    "\n\n    は**「a」**は",
    "は**「a」***は",
    "2**10 = 1024 and 3 ** 4 = 81",
]


@pytest.mark.parametrize("inner", ["> ```\n> x", "- ```\n  x", "1. ```py\n   x", "- a\n  ~~~\n  x"])
def test_code_behind_a_fence_that_ended_with_its_item_stays(inner: str) -> None:
    """The next fence begins code, and does not end it."""
    text = f"{inner}\n\n```\n\n**a：**は\n\n```\n"
    assert embolden(text) == text


@pytest.mark.parametrize(("text", "shown"), [*MENDED, *OPEN])
def test_bold_text_is_bold_where_a_person_sees_it(text: str, shown: str) -> None:
    """In languages without blanks, and where it is still open; the words are the same."""
    assert embolden(text) == shown
    assert "**" not in words(make_safe(shown))


@pytest.mark.parametrize("text", KEPT)
def test_what_the_standard_reads_as_it_was_meant_stays(text: str) -> None:
    """And what is code, a power, a pattern of files, a rule, or too odd to be understood."""
    assert embolden(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("は***「a：**は", "は*「**a**：は"), ("\\**「a」**は", "\\**「a」**は**")],
)
def test_what_stands_beside_odd_asterisks_is_bold(text: str, shown: str) -> None:
    """Of three the last two are meant, and what is escaped is none."""
    assert embolden(text) == shown


@pytest.mark.parametrize("text", [text for text, _ in OPEN])
def test_nothing_is_closed_where_a_page_does_not_end(text: str) -> None:
    """It may end in code."""
    assert embolden(text, is_open=False).count("*") == text.count("*")


def test_code_decides_in_a_text_with_blocks_of_it() -> None:
    """Wherever they stand."""
    block = "~~~\nは**「a」**は\n~~~\n"
    assert embolden(f"{block}は**「a」**は\n{block}`**「b」**` は**「b」**は\n{block}") == (
        f"{block}は「**a**」は\n{block}`**「b」**` は「**b**」は\n{block}"
    )
    assert embolden("\tは\n\nは**「a」**は") == "\tは\n\nは「**a**」は"
    assert embolden("a    b\n\nは**「a」**は") == "a    b\n\nは「**a**」は"


@contextmanager
def by_paragraphs() -> Iterator[None]:
    """Have nothing mended line by line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emphasis, "_mend_lines", lambda _text, **_: None)
        forget()
        try:
            yield
        finally:
            forget()


def tokens(markdown: str) -> Iterator[Token]:
    """All that a parser finds in a text."""
    for block in PARSER.parse(markdown):
        yield from block.children or ()


def words(markdown: str) -> str:
    """What a parser takes for words, code apart."""
    return "".join(token.content for token in tokens(markdown) if token.type == "text")


PLAIN = [
    "は",
    "必要なのは",
    "ではなく、",
    "と",
    "이 ",
    "가 ",
    "，不是",
    "。",
    "word ",
    " word",
    "→",
    "・",
    "1. ",
    "🚀",
    "（注）",
    "Ａ",
]
INNER = """速さ|「速さ」|「速さ」と「質」|確認：|「確認」：|速度，|“速度”
"속도"|'속도'|속도:|（例）|80%|80％|a|a.|(a)|Takeaway:
`code`|「`code`」|→ 次|次→|🚀|🚀速い|なぜ？|……|#1|a b|$5|～""".replace("\n", "|").split("|")
pieces = st.lists(st.tuples(st.sampled_from(PLAIN), st.sampled_from(INNER)), min_size=1, max_size=6)


@given(pieces, st.sampled_from(["", *PLAIN]), st.sampled_from(["", "- ", "> ", "# ", "3. "]))
def test_every_pair_that_a_person_sees_is_bold(parts: list[tuple[str, str]], end: str, lead: str) -> None:
    """Whatever stands before it, in it and behind it: no asterisk is shown, and no word is lost."""
    text = lead + "x" + "".join(f"{plain}**{bold}**" for plain, bold in parts) + end
    shown = embolden(text)
    assert "*" not in words(shown)
    assert sum(token.type == "strong_open" for token in tokens(shown)) == len(parts)
    assert "".join(token.content for token in tokens(shown)).replace("\u2060", "") == "".join(
        token.content for token in tokens(text.replace("**", ""))
    )


@given(hostile)
@example("**「**「**")
@example("**a**「**「**「**は")
@example("`*****`：**「は**")
def test_nothing_but_asterisks_changes_its_place(text: str) -> None:
    """However they are put together: no other sign is lost, added or moved behind another."""
    shown = embolden(text)
    assert shown.replace("*", "").replace("\u2060", "") == text.replace("*", "").replace("\u2060", "")


@pytest.mark.parametrize("text", [*(text for text, _ in [*MENDED, *OPEN]), *KEPT])
@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_mended_line_by_line_is_as_by_paragraphs(text: str, *, is_open: bool) -> None:
    """Which is what is done where a text is harder than most; and code before it changes nothing."""
    shown = embolden(text, is_open=is_open)
    block = "~~~\n~~~\n\n"
    assert embolden(block + text, is_open=is_open) == block + shown
    with by_paragraphs():
        assert embolden(text, is_open=is_open) == shown


@given(hostile)
def test_what_is_mended_stays(text: str) -> None:
    """A second look changes nothing in a text without what is left over."""
    shown = embolden(text)
    if "**" not in words(shown) and "**" in text:
        assert "**" not in words(embolden(shown))
