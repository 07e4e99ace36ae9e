"""What an answer's form lacks or has too much of, one counter each, and how long it is. Pure.

The form is what the prompts ask for; the limits are theirs. Each counter gives how often a fault occurs in an answer, 0
where it does not. Whether an answer is right, new or useful is nothing that can be counted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from bot.markup.takeaway import takeaway
from bot.slack.blocks import INDEX_LINES
from tests.benchmarks.answers.counts.labels import begins_with_label
from tests.benchmarks.answers.counts.reading import TAKEAWAY_CHARACTERS, TAKEAWAY_WORDS, Reading, plain_lines
from tests.benchmarks.answers.counts.words import Script, count_columns, measure, split_sentences

UNCUT = 10_000  # characters or columns; no takeaway is as long
ANALYSIS_WORDS, ANALYSIS_CHARACTERS = 140, 350
ITEM_COLUMNS = 120  # what a line of a desktop's window shows of a list beside the sidebar, about
WHYS = 9

_CLOSERS = "\"'”’»)]」』）*_ "
_ASKING = ("?", "？", "؟", "か。", "吗。")
_POLITE = re.compile(
    r"(です|ます|ません|でした|ました|でしょう|ましょう|ください|か)(が|ね|よ|から|ので)*[」』）]*[。！？]+$"
)
_ASCII_ARROW = re.compile(r"<?[-=]{1,2}>|<[-=]{1,2}(?=\s)")


def is_cut(answer: Reading) -> bool:
    """Whether the bot's own index shows only a part of what it takes for the takeaway."""
    return takeaway(answer.source, limit=INDEX_LINES[0]) != takeaway(answer.source, limit=UNCUT)


def is_long_takeaway(answer: Reading) -> bool:
    """Whether it has more words, or characters, than it was to have."""
    most = TAKEAWAY_WORDS if answer.script.has_words else TAKEAWAY_CHARACTERS
    return measure(answer.takeaway, answer.script) > most


def is_takeaway_in_company(answer: Reading) -> bool:
    """Whether the takeaway does not begin the answer, or is no paragraph by itself; a label is another fault."""
    return not answer.tokens or answer.tokens[0].type != "paragraph_open" or list(answer.opening) != [answer.takeaway]


def is_question(answer: Reading) -> bool:
    """Whether the takeaway asks: by its last sentence, so that a question with its answer behind it is none."""
    return answer.takeaway.rstrip(_CLOSERS).endswith(_ASKING)


def has_label(answer: Reading) -> bool:
    """Whether a label stands before the takeaway."""
    return begins_with_label(answer.first_line)


def is_long(answer: Reading) -> bool:
    """Whether the analysis is longer than it was to be."""
    most = ANALYSIS_WORDS if answer.script.has_words else ANALYSIS_CHARACTERS
    return measure_analysis(answer) > most


def measure_analysis(answer: Reading) -> int:
    """Its length, in words or characters: all but the takeaway and the labelled last line."""
    parts = answer.text, answer.takeaway, answer.last_line
    whole, first, last = (measure(part, answer.script) for part in parts)
    return max(whole - first - last, 0)


def lacks_last_line(answer: Reading) -> bool:
    """Whether the last line has no label that says what to do with it."""
    return not answer.last_line


def is_in_other_language(answer: Reading) -> bool:
    """Whether it is not in the problem's script; see `words` for what that can tell."""
    return answer.script not in answer.scripts


def count_raw_bold(answer: Reading) -> int:
    """Lines that show a `**` to the reader, outside code."""
    return find_raw_bold(answer.tokens)


def find_raw_bold(tokens: Sequence[Token]) -> int:
    """The same of parsed Markdown."""
    texts = [token for token in tokens if token.type == "inline"]
    return sum("**" in line for token in texts for line in plain_lines(token, with_code=False))


def count_bold_inside(answer: Reading) -> int:
    """Bold that does not stand at the beginning of its line."""
    return sum(not is_first for is_first, _ in _bolds(answer))


def count_bold_unlabelled(answer: Reading) -> int:
    """Bold at the beginning of a line that is no label: no colon follows outside of it."""
    return sum(is_first and not is_label for is_first, is_label in _bolds(answer))


def _bolds(answer: Reading) -> list[tuple[bool, bool]]:
    """Of each bold stretch, whether it stands first in its line, and whether a colon follows."""
    found = []
    for inline in answer.inlines:
        parts = [part for part in inline.children or () if part.content or part.type != "text"]
        starts: list[int] = []
        for place, part in enumerate(parts):
            if part.type == "strong_open":
                starts.append(place)
            elif part.type == "strong_close":
                start = starts.pop()
                is_first = start == 0 or parts[start - 1].type in {"softbreak", "hardbreak"}
                after = parts[place + 1].content.lstrip() if place + 1 < len(parts) else ""
                found.append((is_first, after.startswith((":", "："))))
    return found


def count_headings(answer: Reading) -> int:
    """Headings of both kinds."""
    return sum(token.type == "heading_open" for token in answer.tokens)


def count_tables(answer: Reading) -> int:
    """Tables."""
    return sum(token.type == "table_open" for token in answer.tokens)


def count_nested_lists(answer: Reading) -> int:
    """Lists within an item of another one."""
    return sum(group[0].depth > 1 for group in answer.lists)


def count_broken_items(answer: Reading) -> int:
    """Items of a list that are written on more than one line."""
    return sum(len(item.lines) > 1 for item in answer.items)


def count_wide_items(answer: Reading) -> int:
    """Items of a list that are wider than a line of a window."""
    return sum(any(count_columns(line) > ITEM_COLUMNS for line in item.lines) for item in answer.items)


def lacks_whys(answer: Reading) -> bool:
    """Whether an answer of Depth has no list of nine; others need none, nor do those on a vague problem."""
    return answer.perspective == "Depth" and not answer.is_vague and WHYS not in {len(group) for group in answer.lists}


def count_curt_sentences(answer: Reading) -> int:
    """Japanese sentences with a full stop that do not end in です or ます.

    A line without a full stop may end as it likes, and a question in か: one that is put to oneself.
    """
    if answer.script is not Script.JAPANESE:
        return 0
    sentences = [sentence for line in answer.lines for sentence in split_sentences(line)]
    return sum(sentence.endswith("。") and not _POLITE.search(sentence) for sentence in sentences)


def count_ascii_arrows(answer: Reading) -> int:
    """Arrows that are made of `-`, `=` and `>`, outside code."""
    lines = [line for token in answer.inlines for line in plain_lines(token, with_code=False)]
    return sum(len(_ASCII_ARROW.findall(line)) for line in lines)


FAULTS: Mapping[str, Callable[[Reading], int]] = {
    "takeaway cut by the index": is_cut,
    "takeaway too long": is_long_takeaway,
    "takeaway not by itself": is_takeaway_in_company,
    "takeaway a question": is_question,
    "takeaway with a label": has_label,
    "analysis too long": is_long,
    "no labelled last line": lacks_last_line,
    "another language": is_in_other_language,
    "lines with raw **": count_raw_bold,
    "bold within a line": count_bold_inside,
    "bold that is no label": count_bold_unlabelled,
    "headings": count_headings,
    "tables": count_tables,
    "nested lists": count_nested_lists,
    "list items on two lines": count_broken_items,
    "list items too wide": count_wide_items,
    "not nine whys": lacks_whys,
    "Japanese not in です・ます": count_curt_sentences,
    "arrows not as →": count_ascii_arrows,
}
"""All counters of faults, by the words of the report."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was counted of one answer: its lengths, in words or characters as its script has them, and its faults."""

    script: Script
    takeaway: int
    columns: int  # of the takeaway
    analysis: int
    faults: Mapping[str, int]  # those that occur


def examine(answer: Reading) -> Form:
    """Count all of it."""
    counted = {name: int(count(answer)) for name, count in FAULTS.items()}
    return Form(
        script=answer.script,
        takeaway=measure(answer.takeaway, answer.script),
        columns=count_columns(answer.takeaway),
        analysis=measure_analysis(answer),
        faults={name: number for name, number in counted.items() if number},
    )
