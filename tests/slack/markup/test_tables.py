import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.markup.pages import _sent_units as sent_units
from bot.slack.markup.pages import fit
from bot.slack.markup.tables import LONGEST_LABEL, list_further, most_growth
from tests.slack.markup.test_emphasis import PARSER
from tests.support.hostile import hostile

FIRST = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"

FURTHER = [
    ("| Step | Wait |\n|---|---:|\n| Review | 4 days |\n", "**Step · Wait**\n- Review · 4 days\n"),
    (
        "| Team | Months | Left |\n|:-:|--|--|\n| **Ann** | 3 | yes |\n| Bob | | no |",
        "**Team · Months · Left**\n- **Ann** · Months: 3 · Left: yes\n- Bob · Left: no",
    ),
    ("Team | Left\n--- | ---\nAnn | yes\n\nend | of it", "**Team · Left**\n- Ann · yes\n\nend | of it"),
    ("| **Team** | | |\n|-|-|-|\n| 1 | 2 | 3 | 4 |\n", "**Team**\n- 1 · 2 · 3 · 4\n"),
    (f"| a | {'b' * 41} | c |\n|-|-|-|\n| 1 | 2 | 3 |\n", f"**a · {'b' * 41} · c**\n- 1 · 2 · c: 3\n"),
    (f"| a | {'b' * 40} | c |\n|-|-|-|\n| 1 | 2 | 3 |\n", f"**a · {'b' * 40} · c**\n- 1 · {'b' * 40}: 2 · c: 3\n"),
    ("| a |\n|---|\n| 1 |\n", "**a**\n- 1\n"),
    ("| | |\n|-|-|\n| | |\n| # x | y |\n", "\n- \u2060# x · y\n"),
    ("| a \\| b | c |\n|-|-|\n| 1 \\| 2 | 3 |\n", "**a | b · c**\n- 1 | 2 · 3\n"),
    ("> | a | b |\n> |-|-|\n> | 1 | 2 |\n", "> **a · b**\n> - 1 · 2\n"),
    ("- | a | b |\n  |-|-|\n  | 1 | 2 |\n", "- **a · b**\n  - 1 · 2\n"),
    ("| a | b |\r\n|-|-|\r\n| 1 | 2 |\r\n", "**a · b**\r\n- 1 · 2\r\n"),
    ("| a | b |\n|-|-|\n| 1 | 2 |\n```\n| 3 |\n```\n| 4 |\n", "**a · b**\n- 1 · 2\n```\n| 3 |\n```\n| 4 |\n"),
    ("| 速さ | 質 | 量 |\n|-|-|-|\n| 速い | 良い | 多い |", "**速さ · 質 · 量**\n- 速い · 質: 良い · 量: 多い"),
]


def test_of_tables_whose_lines_end_in_carriage_returns_one_is_left_as_well() -> None:
    """Old programs end lines so, and models copy it."""
    table = "| a | b |\r|-|-|\r| 1 | 2 |\r"
    assert list_further(f"{table}\r{table}") == f"{table}\r**a · b**\r- 1 · 2\r"


@pytest.mark.parametrize(("table", "listed"), FURTHER)
def test_a_further_table_is_shown_as_a_list(table: str, listed: str) -> None:
    """With its head, and the names of its columns where there are several; the first one stays."""
    assert list_further(FIRST + table) == FIRST + listed
    assert list_further(f"{FIRST}text\n\n{table}\n\n{table}") == f"{FIRST}text\n\n{listed}\n\n{listed}"
    assert list_further(table) == table


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{FIRST}```\n{FIRST}",
        f"{FIRST}~~~\n{FIRST}~~~\n",
        f"{FIRST}a\n|---|\n",
        f"{FIRST}| a | b |\n\n|---|---|\n",
        f"{FIRST}a | b | c\nd | e | f\n",
        f"{FIRST}| a |\n> |-|\n",
        f"{FIRST}> | a |\n|-|\n",
        "|-|-|\n|-|-|",
        "-\n\n-\n",
    ],
)
def test_what_is_no_further_table_stays(text: str) -> None:
    """Code, and rows without a head."""
    assert list_further(text) == text


def test_a_table_that_grows_keeps_its_form() -> None:
    """From the line on that makes it one: the rows that stand are shown alike, whatever comes."""
    table = "| Team | Months | Left |\n|---|---|---|\n| Ann | 3 | yes |\n| Bob | 4 | no |\n"
    whole = f"{FIRST}{table}\nend"
    begun = len(FIRST) + table.index("-|")
    before = ""
    for end in range(begun + 1, len(whole)):
        shown = fit(whole[:end]).markdown
        assert shown.count("|---|") == 1
        assert shown.startswith(f"{FIRST}**Team · Months · Left**\n")
        lines = before.split("\n")[:-1]
        assert shown.split("\n")[: len(lines)] == lines
        before = shown


def count_tables(markdown: str) -> int:
    """The tables that a parser finds."""
    return sum(token.type == "table_open" for token in PARSER.parse(markdown))


cells = st.sampled_from(["a", "速さ", "**「b」**", "", "`x`", "1", "- c", "<br>", "\\|", "👩\u200d👧", "some words"])
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6).map(
        lambda rows: "".join(
            f"| {' | '.join(row)} |\n{'|-' * width + '|' + chr(10) if not number else ''}"
            for number, row in enumerate(rows)
        )
    )
)


@given(st.lists(tables, min_size=2, max_size=5), st.integers(300, 12_000))
def test_a_message_has_one_table_and_all_words(found: list[str], limit: int) -> None:
    """However many there are, and whatever is in them."""
    page = fit("text\n\n".join(found), limit=limit)
    assert len(page.markdown) <= limit
    assert count_tables(page.markdown) <= 1 or page.end < sum(map(len, found))
    if limit == 12_000:
        for word in ("速さ", "some words", "`x`"):
            assert page.markdown.count(word) >= sum(table.count(word) for table in found)


@pytest.mark.parametrize("sign", ["a", "<", "]", "👩"])
@pytest.mark.parametrize("row", ["|2|2|2|2\n", "||||1\n", "a|b\n", "|#|]\n"])
@pytest.mark.parametrize("length", [1, 2, LONGEST_LABEL])
@pytest.mark.parametrize("gap", ["|", " | "])
def test_lists_take_no_more_than_was_counted_on(sign: str, row: str, length: int, gap: str) -> None:
    """However many columns are named again and again, and whatever their names are made of."""
    text = f"{FIRST}|{gap.join([sign * length] * 4)}|\n|-|-|-|-|\n" + 20 * row
    assert sent_units(list_further(text)) <= sent_units(text) + most_growth(text)


@given(hostile)
def test_tables_as_lists_lose_no_letter(text: str) -> None:
    """What goes is bars, lines and blanks, a quote's marks too; a column's name may be said more than once."""
    shown = list_further(FIRST + text)
    for sign in set(text) - set("|-: >*\\\t\r\n\u2028\x0b"):
        assert shown.count(sign) >= (FIRST + text).count(sign), sign
