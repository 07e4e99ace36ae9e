"""Texts that parsers choke on: CommonMark's own list of them, what was tried on this bot, and combinations of both."""

import random
from collections.abc import Callable, Iterator

WORDS = "why do our releases slip every month and what would it take to ship them on the day that we said "


def _repeat(pattern: str) -> Callable[[int], str]:
    return lambda size: (pattern * (size // len(pattern) + 1))[:size]


def _nested(before: str, within: str, after: str) -> Callable[[int], str]:
    def make(size: int) -> str:
        depth = size // (len(before) + len(after))
        return (before * depth + within + after * depth)[:size]

    return make


def _after(first: str, share: float, pattern: str) -> Callable[[int], str]:
    """A part of the text is `first`, repeated; the rest is `pattern`."""
    return lambda size: _repeat(first)(int(size * share)) + _repeat(pattern)(size - int(size * share))


def _growing(sign: str, between: str) -> Callable[[int], str]:
    """Runs of a sign, each longer than the one before."""

    def make(size: int) -> str:
        runs: list[str] = []
        length = 0
        while length < size:
            runs.append(sign * (len(runs) + 1) + between)
            length += len(runs[-1])
        return "".join(runs)[:size]

    return make


def _table(columns: int, cell: str) -> Callable[[int], str]:
    head = "|" + "a|" * columns + "\n|" + "-|" * columns + "\n"
    return lambda size: (head + _repeat("|" + f"{cell}|" * columns + "\n")(size))[:size]


def _references(size: int) -> str:
    half = size // 2
    return "".join(f"[{number}]: /{number}\n" for number in range(half // 12))[:half] + _repeat("[1][2][3] ")(half)


PATHOLOGICAL: dict[str, Callable[[int], str]] = {
    # From the list that CommonMark's reference implementations are tested with.
    "nested strong emphasis": _nested("*a **a ", "b", " a** a*"),
    "emphasis closers without openers": _repeat("a_ "),
    "emphasis openers without closers": _repeat("_a "),
    "link closers without openers": _repeat("a]"),
    "link openers without closers": _repeat("[a"),
    "mismatched openers and closers": _repeat("*a_ "),
    "openers and closers, a multiple of 3": _after("a**b", 0.1, "c* "),
    "link openers and emphasis closers": _repeat("[ a_"),
    "pattern [ (](": _repeat("[ (]("),
    "nested brackets": _nested("[", "a", "]"),
    "nested quotes": _nested("> ", "a", ""),
    "nested lists": lambda size: "".join(f"{'  ' * depth}* a\n" for depth in range(int(size**0.5)))[:size],
    "backticks of growing length": _growing("`", "e"),
    "backticks of growing length, apart": _growing("`", " "),
    "unclosed links": _repeat("[a](b"),
    "unclosed links in angle brackets": _repeat("[a](<b"),
    "unclosed comments": _repeat("</<!-- "),
    "![[]()": _repeat("![[]()"),
    "empty lines in lists": _repeat("-\n\n"),
    "open declarations": _repeat("<!A "),
    "open instructions": _repeat("<?x "),
    "many references": _references,
    "long autolinks": _repeat("https://a.example/b?c="),
    "hard breaks": _repeat("a  \n"),
    "deep nested images": _nested("![", "a", "](b)"),
    "tables without rows": _repeat("a|b\n-|-\n"),
    "one wide row": _repeat("a|"),
    "entities": _repeat("&#x0;&amp;lt;"),
    "unclosed tags": _repeat("<a b='c' d=\"e"),
    # Tried on this bot.
    "](": _repeat("]("),
    "[ and then ](": _after("[", 0.025, "]("),
    "[ and then ](, half and half": _after("[", 0.5, "]("),
    "[ and then ]:": _after("[", 0.5, "]:"),
    "[a](https://": _repeat("[a](https://"),
    "labels without an end": _repeat("[" + "a" * 290),
    "brackets and blanks": _after("]", 0.1, " "),
    "many brackets before blanks": _repeat("]" + " " * 60),
    "a wide table with empty rows": _table(200, ""),
    "a table": _table(5, "cell"),
    "quotes of depth 100 before many lines": lambda size: (">" * 100 + "a\n" + _repeat("b\n")(size))[:size],
    "quotes of depth 100 in each line": _repeat(">" * 100 + "a\n"),
    "list markers in one line": _repeat("- "),
    "fences": _repeat("```\n"),
    "fences in lists": _repeat("- ```\n"),
    "indented fences": _repeat("   ```\n   ~~~\n"),
    "fences of growing length": _growing("~", "\n"),
    "rules": _repeat("- - - -x\n"),
    "a rule without an end": _repeat("- "),
    "delimiters of a table": _repeat("|:-"),
    "<": _repeat("<"),
    "< in spans": _repeat("`<` "),
    "< and |": _repeat("<a.b"),
    "tokens": _repeat("<@U1|a>"),
    "open tokens": _repeat("<@B1|"),
    "escaped entities": _repeat("&amp;lt;"),
    "backslashes": _repeat("\\"),
    "backslashes and backticks": _repeat("\\\\\\`"),
    "the bot's own mentions": _repeat("<@B1> , "),
    "mentions in emphasis": _nested("*", "<@B1>", "*"),
    "blanks behind a mention": _after("<@B1>", 0.0002, "\u200b "),
    "mentions among blanks": _repeat("<@B1>" + " " * 40),
    "combining marks": _after("a", 0.0001, "\u0301"),
    "families": _repeat("👩\u200d"),
    "flags": _repeat("🇩"),
    "carriage returns": _repeat("\r"),
    "empty lines": _repeat("\n"),
    "one word": _repeat("a"),
    "Japanese": _repeat("最初の一週間がすべてを決める。"),
    "abbreviations": _repeat("e.g. "),
    "ends of sentences": _repeat("."),
    "headings": _repeat("# a\n"),
    "images in one line": _repeat("![i](u) "),
    "asterisks": _repeat("は**「a」**"),
    "bold text within Japanese": _repeat("必要なのは**「速さ」**なのではなく、"),
    "bold code within Japanese": _repeat("必要なのは**`code`**なのではなく、"),
    "bold text that is open": _repeat("必要なのは**「速さ\n\n"),
    "bold text over lines": _repeat("必要なのは**「速さ\nなの"),
    "bold text in a wide row": _after("|", 0.0001, "必要なのは**「速さ」**なのだ|"),
    "bold text and fences": _repeat("は**「a」**は\n```\n**「a」**は\n```\n"),
    "blanks in bold text": _repeat("**" + "a" + " " * 60 + "**"),
    "backticks in a line": _repeat("`a``b"),
    "small tables": _repeat("|a|b|c|\n|-|-|-|\n|d|e|f|\n\n"),
    "lines of a table without an end": _repeat("|:-" * 40 + "x\n"),
    "breaks of HTML": _repeat("some words <br>a"),
    "breaks of HTML before blanks": _repeat("<br" + " " * 60),
    "quotation marks": _repeat("「a。」"),
    "open quotation marks": _repeat('“「„"a. B'),
    "only what cannot be seen": _repeat("\u200b\u3164"),
    "prose": _repeat(WORDS),
}
"""Texts of a size, by name."""

GRAMMAR = [
    *("[", "]", "](", "]:", "(", ")", "![", "`", "``", "```\n", "~~~\n", "\n", "\n\n", "> ", ">", "- ", "|", "|-|-|\n"),
    *(
        "*",
        "**",
        "_",
        "<",
        "<@B1>",
        "<!--",
        "&amp;",
        "\\",
        " ",
        "    ",
        "\t",
        "# ",
        "---\n",
        "a",
        "word ",
        "あ",
        "👩\u200d",
    ),
    *("[a]: https://b.c\n", "[a](https://b.c)", "| a | b |\n", "1. ", "https://a.b/c?d=", "\u0301", "\u200b", "\r"),
]


def generated(seed: int, size: int) -> str:
    """A text of the grammar's pieces: a few of them, put together at random, repeated, one of them growing."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    pattern = "".join(chance.choices(GRAMMAR, k=chance.randint(1, 6)))
    if chance.random() < 0.5:
        return _repeat(pattern)(size)
    return _after("".join(chance.choices(GRAMMAR, k=2)), chance.random(), pattern)(size)


def texts(size: int, *, seeds: int) -> Iterator[tuple[str, str]]:
    """All of them, by name."""
    for name, make in PATHOLOGICAL.items():
        yield name, make(size)
    for seed in range(seeds):
        yield f"generated {seed}", generated(seed, size)
