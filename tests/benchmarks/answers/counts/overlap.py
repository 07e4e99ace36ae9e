"""How much of what one perspective says stands in another too. Pure.

Of each sentence the *content* is taken: of Latin text the words of three letters and more, without the commonest and
without endings, so that `releases` is `release`; of Japanese and Chinese all pairs of neighbours in a stretch of
katakana or Han characters, or the character that stands alone: hiragana is grammar mostly. What stands in the problem
too is left out: all four have to speak of that. A question is one sentence with its answer, as in a chain of whys.

A sentence is compared with each sentence of the other perspectives, and the one that has most of its content counts: it
has a share of it, from 0 to 1. Two figures come of that:

- the *overlap* of a perspective: of all its content, the part that the likest sentences of the others have;
- the *retold* sentences: those of which another one has `RETOLD` or more, and `LEAST_SHARED` at least, since two words
  in common are chance. Sentences of less than `LEAST` are left out of both.

It compares with sentences and not with whole texts, since in a long text any word occurs. It sees words, not ideas:
what is said again in other words counts for nothing, so it is always too low. It is there to compare prompts on the
same problems, one run with another. Of the good answers in `good.toml`, which were written to share nothing but their
subject and their form, it is 11 to 21 % by chance.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.answers.counts.words import split_sentences

LEAST = 4  # words or pairs of a sentence that is compared
RETOLD = 0.5  # of a sentence's content
LEAST_SHARED = 3  # words or pairs of it

_WORD = re.compile(r"[a-z\u00c0-\u024f][a-z\u00c0-\u024f'’-]{2,}", re.IGNORECASE)
_STRETCH = re.compile(r"[\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々]+")
_ASKING = ("?", "？", "か。")
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s|ly|e)$")
_COMMON_WORDS = """
about after all also and any are because been before being both but can cannot could did does each even every
for from get gets had has have her here him his how into its just less like made make makes many may might more
most much must nor not now off once one only onto other our out over own same she should since some still such
than that the their them then there these they this those though through too two under until very was were what
when where which while who whom whose why will with within without would yet you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True, slots=True)
class Overlap:
    """Of one perspective: how much content its sentences have, what of it others have, and how many are retold."""

    content: int
    shared: int
    sentences: int
    retold: int

    @property
    def share(self) -> float:
        """The part of its content that others have, 0 to 1."""
        return self.shared / self.content if self.content else 0.0


def find_content(text: str) -> frozenset[str]:
    """The content of a text: words without their endings, and pairs of characters."""
    words = {
        _ENDING.sub("", word.replace("’", "'").removesuffix("'s"))
        for word in _WORD.findall(text.lower())
        if word not in _COMMON
    }
    pairs = {run[place : place + 2] for run in _STRETCH.findall(text) for place in range(max(len(run) - 1, 1))}
    return frozenset(words | pairs)


def compare(problem: str, texts: Sequence[Sequence[str]]) -> list[Overlap]:
    """Compare each text, of which the lines are given, with all the others on the same `problem`."""
    known = find_content(problem)
    contents = [
        [content for line in lines for one in _sentences(line) if len(content := find_content(one) - known) >= LEAST]
        for lines in texts
    ]
    return [
        _compare(own, [one for place, other in enumerate(contents) if place != mine for one in other])
        for mine, own in enumerate(contents)
    ]


def _sentences(line: str) -> list[str]:
    """The sentences of a line, questions with what follows them."""
    found: list[str] = []
    for sentence in split_sentences(line):
        if found and found[-1].endswith(_ASKING):
            found[-1] += f" {sentence}"
        else:
            found.append(sentence)
    return found


def _compare(own: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> Overlap:
    shared = [max((len(one & other) for other in others), default=0) for one in own]
    return Overlap(
        content=sum(map(len, own)),
        shared=sum(shared),
        sentences=len(own),
        retold=sum(part >= max(RETOLD * len(one), LEAST_SHARED) for one, part in zip(own, shared, strict=True)),
    )
