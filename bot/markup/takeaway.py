"""The takeaway of an answer: the sentence that it begins with, as a person would pick it, for an index. Pure.

It is the first sentence of the first prose; of a list, a heading, a table or code where there is no prose. A question
gets its answer, and an answer of a word the sentence that explains it. A label before it is no part of it.

An index shows it behind an emoji and a name, in a line of 150 columns at the most: 130 are its own, since two are the
emoji's, two are blanks, two are asterisks, and the longest name takes 14. Fifteen English words take some 90, forty
Japanese characters 80: what a model keeps to that is never cut.
"""

import re
from collections.abc import Sequence

from bot.markup.characters import characters, columns, is_wide, units
from bot.markup.prose import Kind, join, one_line, words
from bot.markup.sentences import needs_next, sentences

TAKEAWAY_LIMIT = 130  # columns
MOST_SENTENCES = 3  # a question, an answer of a word, and why
MOST_LABELS = 2  # before one another: `TL;DR – Bottom line:`
MOST_ROOM = 6  # UTF-16 units for each column: an emoji of four people has 11 for two, and some letters have no end

_LABELS = r"""
    (?:the[ ]|key[ ]|main[ ])?take-?aways?|tl;?[ ]?dr|(?:the[ ])?bottom[ ]line|in[ ](?:short|brief|a[ ]nutshell)
    |(?:short[ ])?answer|short[ ]version|conclusion|summary|(?:key|main)[ ]points?|(?:key[ ]|main[ ])?insights?|verdict
    |core[ ]message|headline|gist|in[ ]one[ ](?:line|sentence)
    |結論|要点|要旨|まとめ|要約|(?:キー)?ポイント|答え|核心|(?:一言|ひとこと)で(?:言うと|言えば)?|気づき
    |结论|要點|总结|總結|摘要|关键|關鍵|核心(?:观点|觀點)|一句(?:话|話)(?:总结|總結)?|重点|重點
    |결론|요점|핵심|요약|한[ ]?줄[ ]?요약|한마디로
    |fazit|kernaussage|kurz[ ]gesagt|kurzfassung|ergebnis|antwort|kernpunkt|zusammenfassung
    |en[ ](?:bref|résumé)|résumé|à[ ]retenir|réponse|l['’]essentiel|conclusi[óo]n|(?:en[ ])?resumen|idea[ ]clave
    |en[ ]pocas[ ]palabras|respuesta|conclusione|in[ ](?:sintesi|breve)|conclusão|(?:em[ ])?resumo|вывод|итог|главное
    |коротко|ответ|الخلاص[ةه]|خلاصة|النتيجة|निष्कर्ष|सारांश|מסקנה|שורה[ ]תחתונה|kết[ ]luận|kesimpulan|sonuç|özet|wniosek
    |conclusie
"""
# What a side is called, and what it is asked for. They begin sentences too, and are labels before one of its own only.
_KINDS = r"""
    depth|breadth|structure|time|root(?:[ ]cause)?|lever|moment|another[ ]way
    |深さ|広さ|構造|時間|根(?:本原因)?|真因|てこ|別のやり方
"""
_LABEL = re.compile(
    rf"""[^\w(（"“「『]{{0,6}}(?:[0-9]{{1,2}}[.)][ ])?
    (?:(?:{_KINDS})[ ]?(?=[:：]\s*(?-i:[^\sa-z])|\n|$)|(?:{_LABELS})[ ]?(?:[(（][^()（）\n]{{0,60}}[)）][ ]?)?)
    (?:[:：]|[】］\]](?:[ ]?[:：])?|[ ]?[–—]|[ ]-(?=[ ])|(?<=dr)(?=[ ])|[ ]*\n|[ ]*$)\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_INTRODUCTION = re.compile(
    r"(?:(?:sure|certainly|of course|okay|ok|here|below|let['’]?s|let me|hier|voici|aquí|ecco|aqui|以下|もちろん|"
    r"承知|わかりました|当然|好的|다음은|물론)\b|以下|もちろん|承知|わかりました|好的).*[:：]\s*$",
    re.IGNORECASE | re.DOTALL,
)
_COURTESY = re.compile(
    r"(?:(?:sure|certainly|of course|got it|understood|great question|good question)!|"
    r"(?:承知(?:いた)?しました|承知です|了解(?:です|しました|いたしました)|(?:わ|分)かりました|かしこまりました|好的|明白了)"
    r"[。！!]|(?:ご(?:質問|相談)[^。\n]{0,10})?ありがとうございます[。！!]|"
    r"以下[^。\n]{0,30}(?:示し|まとめ|述べ|説明し|分析し|お答えし)ま(?:す|した)[。！!])\s*",
    re.IGNORECASE,
)
_PAUSES = " ,;:–—-、，；：・·/"
_OPEN = "([{“‘«„「『（【《〈［"
_ENDS = "、。，．！？；：）」』】》”,;:)!?"
_NEVER_FIRST = frozenset("、。，．！？；：）」』】》”・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…")


def takeaway(text: str, *, limit: int = TAKEAWAY_LIMIT) -> str:
    """One line of at most `limit` columns that says what a Markdown text says; empty if it says nothing."""
    found = words(text)
    for kind in Kind:
        said = [paragraph for paragraph in (_without_label(part) for of, part in found if of is kind) if paragraph]
        # A question may have its answer in another paragraph; what stands in a list or a table stands for itself.
        line = _first_sentences(_without_introductions(said) if kind is Kind.PROSE else said[:1])
        if line:
            return _cut(line, limit)
    return _cut(next((one_line(part) for _, part in found), ""), limit)  # there is nothing but labels


def _without_label(text: str) -> str:
    """A paragraph without the label that stands before it, or before its first line, and without a courtesy."""
    text = text[found.end() :] if (found := _COURTESY.match(text)) else text
    for _ in range(MOST_LABELS):
        match = _LABEL.match(text)
        if not match:
            break
        text = text[match.end() :]
    return text


def _without_introductions(paragraphs: list[str]) -> list[str]:
    """Those that say something, but for the words of a model that only announce what follows."""
    return [text for text in paragraphs if not _INTRODUCTION.match(text.strip())] or paragraphs


def _first_sentences(paragraphs: list[str]) -> str:
    """The first sentence, and as many more as it needs to say something."""
    line, count = "", 0
    for paragraph in paragraphs:
        if line[-1:].isalnum():
            line += "：" if is_wide(line[-1]) else ":"  # it was a word in a paragraph of its own
        begun = line
        said = ""
        for sentence in sentences(one_line(paragraph)):
            said += sentence
            line = join(begun, said)
            count += 1
            if count == MOST_SENTENCES or not needs_next(sentence):
                return line
    return line


def _cut(line: str, limit: int) -> str:
    """A line that fits, cut where its language can be cut."""
    if columns(line) <= limit and _room(line) <= MOST_ROOM * limit:
        return line
    ends = _places(line, limit)
    least = ends[len(ends) // 2]
    places = (place for place in reversed(ends) if place > least and _is_between_words(line, place))
    return (line[: next(places, ends[-1])].rstrip(_PAUSES + _OPEN) or line[: ends[-1]]) + "…"


def _room(text: str) -> int:
    """UTF-16 units that a text may need once it is escaped."""
    return units(text) + 4 * sum(map(text.count, "&<>"))


def _places(line: str, limit: int) -> Sequence[int]:
    """Where a line may be cut, so that there is room for a mark: behind each character that fits."""
    if line.isascii():
        return range(limit)
    ends, start, used = [0], 0, 0.0
    for end, width in characters(line[: MOST_ROOM * limit]):
        used += max(width, _room(line[start:end]) / MOST_ROOM)
        if used < limit:
            ends.append(end)
        start = end
    return ends


def _is_between_words(line: str, place: int) -> bool:
    """Whether a line may be cut there: at a blank, behind punctuation, before a new word of Chinese or Japanese."""
    before, after = line[place - 1], line[place]
    if after.isspace() or before.isspace():
        return True
    if after in _NEVER_FIRST:
        return False
    if before in _ENDS:
        return is_wide(before)
    # A particle is written in hiragana, and goes with the word before it.
    return _is_hiragana(before) and is_wide(after) and not _is_hiragana(after)


def _is_hiragana(sign: str) -> bool:
    return "\u3041" <= sign <= "\u309f"
