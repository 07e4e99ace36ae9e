"""The takeaway of an answer: the sentence that it begins with, as a person would pick it, for an index. Pure.

It is the first sentence of the first prose; of a list, a heading, a table or code where there is no prose. A question
gets its answer, and an answer of a word the sentence that explains it. A label before it is no part of it.

An index shows it behind an emoji and a name, in a line of 150 columns at the most: 130 are its own, since two are the
emoji's, two are blanks, two are asterisks, and the longest name takes 14. Fifteen English words take some 90, forty
Japanese characters 80: what a model keeps to that is never cut.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from bot.markup.characters import characters, columns, is_wide, units
from bot.markup.preambles import without_preamble
from bot.markup.prose import Kind, join, one_line, words
from bot.markup.sentences import needs_next, sentences
from bot.markup.wrapping import unwrap

TAKEAWAY_LIMIT = 130  # columns
MOST_SENTENCES = 3  # a question, an answer of a word, and why
MOST_LABELS = 2  # before one another: `TL;DR – Bottom line:`
MOST_ROOM = 6  # UTF-16 units for each column: an emoji of four people has 11 for two, and some letters have no end

_LABELS = r"""
    (?:(?:the|my|key|main|core|overall|final|quick|one[ -]line|executive|short|central|most[ ]important)[ ]){0,2}
    (?:take-?aways?|tl;?[ ]?dr|bottom[ ]line|answer|version|conclusion|summary|points?|insights?|verdict|message
    |headline|gist
    |findings?|thesis|recommendation|diagnosis|observation)
    |in[ ](?:short|brief|a[ ]nutshell|summary|one[ ](?:line|sentence))|to[ ]sum[ ]up
    |(?:最終|全体の?|一行|主な|核心の?|今回の)?(?:結論|要点|要旨|まとめ|要約|(?:キー)?ポイント|答え|核心|気づき|メッセージ|回答|診断|提案)
    |(?:一言|ひとこと)で(?:言うと|言えば)?
    |(?:核心|主要|最终|最終|关键|關鍵|总体|總體|一句(?:话|話)|简短|簡短)?(?:的)?(?:结论|結論|观点|觀點|要点|要點|总结|總結|摘要|洞察|洞見|答案|建议|建議
    |发现|發現|重点|重點|诊断|診斷)|关键|關鍵|核心|一句(?:话|話)
    |(?:핵심|최종|한[ ]?줄)?[ ]?(?:결론|요점|핵심|요약|답변?|정리|통찰|메시지|포인트)|한마디로
    |fazit|kernaussage|kernbotschaft|kurz[ ]gesagt|kurzfassung|ergebnis|(?:kurze[ ])?antwort|kernpunkt|zusammenfassung
    |schlussfolgerung|erkenntnis
    |en[ ](?:bref|résumé)|résumé|à[ ]retenir|(?:l['’])?idée[ ]clé|réponse(?:[ ]courte)?|l['’]essentiel|conclusi(?:ó
    |o)n|(?:en[ ])?resumen
    |idea[ ](?:clave|principal)|en[ ]pocas[ ]palabras|respuesta(?:[ ]corta)?|conclusione|in[ ](?:sintesi|breve)
    |conclusão|(?:em[ ])?resumo|вывод|итог|главное
    |коротко|(?:краткий[ ])?ответ|резюме|الخلاص[ةه]|خلاصة|النتيجة|الجواب|निष्कर्ष|सारांश|उत्तर|מסקנה|שורה[ ]תחתונה
    |תקציר|kết[ ]luận|kesimpulan|sonuç|özet|wniosek
    |conclusie|สรุป|ข้อสรุป
"""
_NUMBERED = r"(?:step|stage|level|layer|reason|cause|ステップ|段階|なぜ|步骤|단계|schritt|étape|paso)[ ]?\#?[0-9]{1,2}"
# What a side is called, and what it is asked for. They begin sentences too, and are labels before one of its own only.
_KINDS = r"""
    depth|breadth|structure|time|root(?:[ ]cause)?|moment|another[ ]way
    |causes?|levers?|factors?|options?|symptoms?|深さ|広さ|構造|時間|根(?:本原因)?|真因|てこ|別のやり方|原因|要因
"""
_LABEL = re.compile(
    rf"""[^\w(（"“「『]{{0,6}}(?:[0-9]{{1,2}}[.)][ ])?
    (?:(?:{_KINDS})[ ]?(?=[:：]\s*(?-i:[^\sa-z])|\n|$)|{_NUMBERED}(?=[:：])
    |(?:{_LABELS})[ ]?(?:[(（][^()（）\n]{{0,60}}[)）][ ]?)?)
    (?:[:：]|[】］\]](?:[ ]?[:：])?|[ ]?[–—]|[ ]-(?=[ ])|(?<=dr)(?=[ ])|[ ]*\n|[ ]*$)\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_PAUSES = " ,;:–—-、，；：・·/"
_OPEN = "([{“‘«„「『（【《〈［"
_ENDS = "、。，．！？；：）」』】》”,;:)!?"
_NEVER_FIRST = frozenset("、。，．！？；：）」』】》”・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…")


def takeaway(text: str, *, limit: int = TAKEAWAY_LIMIT) -> str:
    """One line of at most `limit` columns that says what a Markdown text says; empty if it says nothing."""
    found = words(unwrap(text))
    for kind in Kind:
        parts = (rest for of, part in found if of is kind and (rest := _without_beginning(part)))
        # A question may have its answer in another paragraph; what stands in a list or a table stands for itself.
        line = _first_sentences(parts if kind is Kind.PROSE else islice(parts, 1))
        if line and line[-1] in ":：":
            line = _with_items(line, found, limit)
        if line:
            return _cut(line, limit)
    return _cut(next((one_line(part) for _, part in found), ""), limit)  # there is nothing but labels


def _without_beginning(text: str) -> str:
    """A paragraph without the label that stands before it, or before its first line, and without a preamble."""
    text = without_preamble(text)
    for _ in range(MOST_LABELS):
        match = _LABEL.match(text)
        if not match:
            break
        text = text[match.end() :]
    return without_preamble(text)


def _first_sentences(paragraphs: Iterable[str]) -> str:
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


def _with_items(line: str, found: list[tuple[Kind, str]], limit: int) -> str:
    """A line that ends with a colon, with what is listed behind it: a sentence, or the words that there is room for."""
    places = [place for place, (kind, part) in enumerate(found) if kind is Kind.PROSE and one_line(part).endswith(line)]
    listed = [one_line(part) for kind, part in found[places[0] + 1 :] if kind is Kind.ITEM] if places else []
    if not listed:
        return line
    whole = join(line, _first_sentences(listed[:1]))
    if whole[-1].isalnum():
        mark = "、" if is_wide(whole[-1]) else ", "
        for item in listed[1:]:
            if columns(whole + mark + item) > limit:
                break
            whole += mark + item
    return whole


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
