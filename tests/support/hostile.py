"""Markdown put together so that one parser may read it otherwise than another, and parsers to read it with."""

from hypothesis import strategies as st
from markdown_it import MarkdownIt

PARSERS = [
    MarkdownIt("commonmark"),
    MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]),
    MarkdownIt("gfm-like", {"linkify": False}),
]
for parser in PARSERS:
    setattr(parser, "validateLink", lambda _: True)  # noqa: B010 - Slack may take every scheme; a method, to mypy

PIECES = [
    *("[", "]", "(", ")", "](", "]:", "][", "![", "`", "``", "```", "~~~", "\\", "|", "<", ">", "&", "*", "_", "!"),
    *(
        "\n",
        "\n\n",
        "\r",
        "\x0b",
        "\u2028",
        "\t",
        "  ",
        "   ",
        "    ",
        "> ",
        "- ",
        "1. ",
        "# ",
        "---\n",
        "|-|\n",
        "=\n",
    ),
    *(
        "a",
        "x.y",
        "https://evil.example",
        "[a](https://b.c)",
        "[a]: https://b.c\n",
        "<a>",
        "<!--",
        "-->",
        "<b `",
        '"',
        "'",
        "&#93;",
        ":",
    ),
    *("\n```\n", "\n~~~\n", "\n   ```\n", "\n- ```\n", "\n> ```\n", "\n[a]: b\n", "`[a](b)`", "| `a | b` |\n"),
]
hostile = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
