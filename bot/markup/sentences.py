"""Where a sentence ends, in the languages that people write here. Pure.

A sign that ends sentences ends none within brackets or quotation marks that go on behind it; nor does a dot that
belongs to an abbreviation, an initial or a number. Whether it does can often only be told from the word that follows:
there are lists of those that matter, and in doubt the sentence goes on, since a takeaway that is too long is still one.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from bot.markup.characters import columns, is_wide

_CLOSING = "\"'”’»«›“)]}」』）】》〉］"
_END = re.compile(rf"[.!?…‥。！？．｡।॥؟۔።။։។]+[{re.escape(_CLOSING)}]*")
_WIDE_ENDS = "。！？．｡"
_OTHER_ENDS = "।॥؟۔።။։។"  # of Hindi, Arabic, Urdu, Amharic, Burmese, Armenian and Khmer
_QUESTIONS = "?？؟"
_PAIRS = dict(zip("([{「『（【《〈［“‘«", ")]}」』）】》〉］”’»", strict=True)) | {"„": "“”", "‚": "‘’", '"': '"'}
_BRACKET = re.compile(f"[{re.escape(''.join(_PAIRS) + ''.join(_PAIRS.values()))}]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PARTICLES = frozenset("とっのをはがにでもなかやへ、，")
"""What goes on with a sentence behind a Japanese quotation; and a comma."""

_ALWAYS = _set(
    """vs approx cf dr mr mrs ms prof st mt messrs e.g i.e viz resp dept est rev gen sen rep gov capt lt col sgt hon
    bzw ca evtl ggf inkl exkl bspw sog vgl z.b d.h u.a o.ä i.d.r m.e p.ex p.ej sra srta dra т.е т.д напр"""
)
_BEFORE_NUMBERS = _set("""no nos nr fig figs eq eqs p pp vol ch sec ver art abs abb tab s l n º núm nº № стр рис par""")
_MAY_END = _set("""inc ltd corp co jr sr bros etc usw ff al llc gmbh mio mrd др пр""")
_STARTERS = _set(
    """a after all also an and another any as at because before both but by do each either even every find first for
    from give had has have he her here his how however i if in instead it its just later let make many measure most
    my neither never no nobody nor not nothing now of on once one only or other others our people rather say she so
    some still stop such take tell that the their them then there therefore these they this those though three thus to
    two under unless until use we what when where whether which while who why with without yes yet you your
    der die das ein eine es er sie wir ihr und aber doch wenn weil dann so nur im in den mit auf man
    le la les un une il elle ils on mais et si puis el los las una pero y entonces o os as um uma mas e"""
)
_LETTERED = _set(
    """plan option team group type vitamin grade class version variant step part series phase point case side section
    appendix exhibit path door scenario branch arm model site building room product item choice candidate round level
    variante typ klasse gruppe plan phase"""
)
_ORDINALS = _set(
    """der die das den dem des am im vom zum zur ab bis jeder jede jedes ihr sein unser ein eine einen dein mein ihre
    unsere seine diese dieser dieses"""
)
_MONTHS = re.compile(
    r"(?:jan|feb|mär|märz|apr|mai|jun|jul|aug|sep|okt|nov|dez)(?:uar|ruar|il|i|ust|tember|ober|ember)?\b", re.IGNORECASE
)
_TIMES = _set("a.m p.m")
_DAYS = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[A-Z]{2,4}\b|[^\w\s]|[0-9]")
_FIRST_WORD = re.compile(r"[\"'“„«(\[]*(\w+)")
_WORD = re.compile(r"[^\s(\[{“„\"'«「（]+$")
MOST_WORD = 40  # characters that a word before a dot is looked for in
SHORT = 4  # columns; a word of Japanese or Chinese that is no sentence: `はい`, `不是`
_WORDS = _set("いいえ まだです もちろん もちろんです そうです 違います ちがいます 还没有 還沒有 还不行 不一定")

_ANSWERS = re.compile(
    r"(?:not|yes|no|it depends|probably|maybe|perhaps|of course|only|absolutely|definitely|noch|ja|nein|pas|todavía|"
    r"aún|ancora|non|ainda|não|sí|oui|sim|ещё|еще|да|нет|아직|네|아니요)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"(?:の|です|ます|でしょう|ました|だろう)か[。．]$|[吗嗎]。$|까요?\.$")
_SUGGESTS = re.compile(
    r"(?:(?:では|じゃ)ないの?(?:でしょう|だろう|です)|(?:どう|いかが)で(?:しょう|す))か[。．？?]$|아닐까요?[.?]$"
)
"""Questions without a mark; and what is no question, whatever its mark, but asserts or proposes something politely."""
_LEAVES_OPEN = re.compile(
    r"the (?:real |actual |main |key )?question is (?:whether|why|how|what|which|who|when|if)\b|"
    r"die frage ist,? (?:ob|warum|wie|wer|was)\b|la question est de savoir\b|la pregunta es (?:si|por qué|cómo)\b",
    re.IGNORECASE,
)
MOST_ANSWER = 2  # words: `Not yet.`
_UNSPACED = re.compile("[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]{11}")  # a sentence of Thai, Lao, Burmese or Khmer
_ARTICLES = _set("a an the der die das le la les el los las")
_FEW = 3  # words: `Yes and no.`


def sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph, which has no line breaks, one by one, with the blanks before them."""
    within = _within(text)
    start = 0
    for match in _END.finditer(text):
        if _ends(text, match, start, within):
            yield text[start : match.end()]
            start = match.end()
    if text[start:].strip():
        yield text[start:]


def needs_next(sentence: str) -> bool:
    """Whether a sentence says too little by itself: a question, or an answer of a word or two."""
    sentence = sentence.strip()
    bare = sentence.rstrip(_CLOSING)
    if _SUGGESTS.search(bare):
        return False
    if bare[-1:] in _QUESTIONS or _ASKS.search(bare) or _LEAVES_OPEN.match(bare):
        return True
    words = bare.split()
    if sentence[:1] in _PAIRS:
        return False  # what somebody quotes is no answer
    if len(words) == 1 and any(is_wide(sign) and not "\uac00" <= sign <= "\ud7a3" for sign in bare):
        said = bare.rstrip(_WIDE_ENDS + ".!")
        return columns(said) <= (SHORT if is_wide(bare[0]) else SHORT + 2) or said in _WORDS  # `OKです!`
    is_answer = len(words) <= _FEW and bool(_ANSWERS.match(bare.lstrip("\"'“«„")))
    if len(words) == 2 and words[0].casefold() in _ARTICLES:  # noqa: PLR2004 - `The symptom.`
        return True
    return (len(words) <= 1 and not _UNSPACED.search(bare)) or (
        is_answer and (len(words) <= MOST_ANSWER or " and " in bare)
    )


def _within(text: str) -> list[int]:
    """For each place of a text, how many brackets and quotation marks are open, of those that are closed later."""
    changes = [0] * (len(text) + 2)
    opened: list[tuple[str, int]] = []
    closing: Counter[str] = Counter()  # what would close one of them
    for match in _BRACKET.finditer(text):
        sign, place = match.group(), match.start()
        if closing[sign] and (sign not in _PAIRS or sign in _PAIRS[opened[-1][0]]):
            start = -1
            while start < 0:
                mark, begun = opened.pop()
                closing.subtract(_PAIRS[mark])
                start = begun if sign in _PAIRS[mark] else -1
            changes[start + 1] += 1
            changes[place + 1] -= 1
        elif sign in _PAIRS:
            opened.append((sign, place))
            closing.update(_PAIRS[sign])
    return list(accumulate(changes))


def _ends(text: str, match: re.Match[str], start: int, within: list[int]) -> bool:
    """Whether a sign that may end a sentence does."""
    signs, end = match.group().rstrip(_CLOSING), match.end()
    coming = text[end : end + MOST_WORD]
    if within[end] > 0 or text[match.start() - 1 : match.start()] in {"(", "（"}:
        return False
    if not coming.strip():
        return True
    is_quoted = within[match.start() + len(signs)] > 0
    if signs[-1] in _WIDE_ENDS:
        return _ends_wide(text, match, coming[0], is_quoted=is_quoted)
    if signs[-1] in _OTHER_ENDS:
        return not is_quoted or (signs[-1] not in _QUESTIONS and coming[0].isspace())
    if coming[0].isspace():
        return _ends_before_blank(text, match, start, coming.lstrip(), is_quoted=is_quoted)
    return signs[-1] in "!?" and is_wide(coming[0]) and not is_quoted and coming[0] not in _PARTICLES


def _ends_before_blank(text: str, match: re.Match[str], start: int, coming: str, *, is_quoted: bool) -> bool:
    """The same of the signs of languages that put a blank between sentences."""
    is_dot = match.group().rstrip(_CLOSING) == "."
    is_aside = is_quoted and not is_dot and match.group()[-1] in ")]}）］"
    return not (coming[:1].islower() or is_aside or (is_dot and _is_abbreviated(text, start, match.start(), coming)))


def _ends_wide(text: str, match: re.Match[str], follows: str, *, is_quoted: bool) -> bool:
    """The same of the signs of Chinese and Japanese, which no blank follows."""
    sign = match.group().rstrip(_CLOSING)[-1]
    if sign == "．" and text[match.start() - 1 : match.start()].isdigit() and follows.isdigit():
        return False
    if is_quoted:
        # Somebody goes on about what they quote; a statement that is quoted may stand for itself.
        return follows.isspace() or (sign in "。｡．" and follows not in _PARTICLES and text[match.end() - 1] in "」』”")
    return not (sign in "！？" and follows in "と、，")


def _is_abbreviated(text: str, start: int, dot: int, coming: str) -> bool:
    """Whether a dot belongs to an abbreviation, an initial or a number, where `coming` goes on behind it."""
    found = _WORD.search(text[max(start, dot - MOST_WORD) : dot])
    word = found.group() if found else ""
    key = word.casefold()
    before = dot - len(word)
    previous = "".join(text[max(start, before - MOST_WORD) : before].casefold().split()[-1:]).strip(_CLOSING + "(“„")
    first = _FIRST_WORD.match(coming)
    following = first[1].casefold() if first else ""
    if key in _BEFORE_NUMBERS and (coming[0].isdigit() or coming[0] == "#"):
        return True
    if key in _ALWAYS:
        return True
    if word.isdigit():
        return not previous or bool(_MONTHS.match(coming)) or (previous in _ORDINALS and following not in _STARTERS)
    if len(word) == 1 and word.isalpha():
        return following not in _STARTERS and previous not in _LETTERED and not (word == "I" and bool(previous))
    parts = word.split(".")
    if key in _MAY_END or (len(parts) > 1 and all(part.isalpha() and len(part) <= 2 for part in parts)):  # noqa: PLR2004 - `Ph.D`
        return bool(_DAYS.match(coming)) if key in _TIMES else following not in _STARTERS
    return False
