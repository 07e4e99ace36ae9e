"""Slack's own text format: escaping on the way out, once, and back on the way in, once. Pure.

Slack reads `<…>` in a text as a mention, a channel, a link or a call to everybody, and hands over what people type
with `&`, `<` and `>` escaped. What people and models write is data: whatever leaves this project passes through here,
so that it can ring nobody and forge no link.
"""

import re
from itertools import takewhile

from bot.markup.fences import rewrite

JOINER = "\u2060"  # word joiner: takes no room, and stands between `<` and what would make it a token
_TOKEN_IN_CODE = re.compile(
    rf"<(?=[@#]|!(?!doctype\b|--|\[CDATA)|[a-z][a-z0-9+.-]*:(?![:\s])|[^<>|\s.{JOINER}]*\.[^<>|\s]*\|)", re.IGNORECASE
)
"""A `<` that Slack would read as the beginning of a mention, a call, a date or a link, if it read code."""
_TOKEN_OR_TAG = re.compile(r"<(?=[@#!?/a-z])", re.IGNORECASE)
"""The same, and what would begin a tag of HTML, where it is not certain that the text is code."""

_INCOMING = re.compile(r"<([^<>]*)>")
NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")

MOST_ENTITIES = 1_000  # in a text that become words; each costs a microsecond or two, and nobody means more
MOST_MENTIONS = 100  # of which each is taken out with care; nobody means more
UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"  # what apps put around mentions
_BLANK = " \t\n\r\v\f\u00a0\u2007\u2009\u202f\u3000" + UNSEEN
_SPACE = _BLANK + "\x85\u2028\u2029"
_PAUSES = ",:;、，：；،–—-"  # after a name, or before it
_ENDING = ".!?…。！？؟"
_AROUND = dict(zip("*_~`([{\"'“‘«‹「『（＜", "*_~`)]}\"'”’»›」』）＞", strict=True))
_OPENING, _CLOSING = "".join(_AROUND), "".join(_AROUND.values())
_QUOTE = "&gt;"
_QUOTED = re.compile(rf"\s*{_QUOTE}\s*$")


def escape(text: str) -> str:
    """Text for `text` fields and mrkdwn elements, where `&`, `<` and `>` have a meaning."""
    return straighten(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def straighten(text: str) -> str:
    """A text without what has letters read against their own direction; a joiner, which cannot be seen, in its place.

    By it one address could look like another. No language needs it: letters that are written from the right know so.
    What embeds or isolates a direction stays.
    """
    return text.replace("\u202d", JOINER).replace("\u202e", JOINER)


def escape_markdown(text: str) -> str:
    """Text for `markdown` blocks, where `<` begins a token, or a tag: it becomes `&lt;`, which is shown as `<`.

    `>` and `&` stay: with no token to end, `>` is a quote's mark or itself, and `&amp;` would break the query strings
    of links. Code is shown as it is written, entities too, so a `<` stays there; only where it could begin a token,
    should Slack look for them even in code, an invisible word joiner stands behind it. So nothing rests on what Slack
    takes for code: there is no `<` before a token's sign in the whole text, and before a tag's only in certain code.
    """
    if "<" not in text:
        return text
    return rewrite(text, prose=escape_prose, certain=escape_code, doubtful=escape_doubtful)


def escape_prose(text: str) -> str:
    """A stretch that is no code."""
    return text.replace("<", "&lt;")


def escape_code(text: str) -> str:
    """A stretch that is certain to be code."""
    return _TOKEN_IN_CODE.sub("<" + JOINER, text) if "<" in text else text


def escape_doubtful(text: str) -> str:
    """A stretch that looks like code."""
    return _TOKEN_OR_TAG.sub("<" + JOINER, text) if "<" in text else text


def unescape(text: str) -> str:
    """What a person typed, from what Slack made of it: entities become the words that Slack would show.

    `<@U1|ann>` becomes `@ann`, `<#C1|general>` `#general`, `<!here>` `@here`, `<!subteam^S1>` `@S1`, and
    `<https://a.b|a.b>` `a.b`; another label stands before its address. Each is looked at once, so that somebody's
    `&amp;lt;` ends as the `&lt;` that was typed. From the 1,001st on entities stay as they came. What is no character
    becomes U+FFFD.
    """
    pieces = _INCOMING.split(text, maxsplit=MOST_ENTITIES)  # between two of them there is what stands in `<…>`
    pieces[::2] = map(_typed_characters, pieces[::2])
    pieces[1::2] = map(_typed, pieces[1::2])
    return NO_CHARACTER.sub("\ufffd", "".join(pieces))


def without_mention(text: str, user: str) -> str:
    """The text (still as Slack hands it over) without the mentions of `user`, an id.

    With each goes what belongs to it alone: emphasis, brackets or quotation marks around it, and the punctuation that
    set it off from what was said. What ends the sentence stays.
    """
    mention = rf"<@{re.escape(user)}(?:\|[^<>]*)?>"
    pieces = re.split(rf"{mention}(?:[\s{UNSEEN}]*{mention})*", text, maxsplit=MOST_MENTIONS)
    pieces[-1] = re.sub(mention, " ", pieces[-1])
    if len(pieces) == 1:
        return text.strip(_SPACE)
    kept: list[str] = []
    left = pieces[0]
    for place, piece in enumerate(pieces[1:], 2):
        right = piece
        pairs = zip(reversed(left), right, strict=False)
        around = sum(1 for _ in takewhile(lambda pair: _AROUND.get(pair[0]) == pair[1], pairs))
        left, right = left[: len(left) - around], right[around:]
        is_first = not kept and not left.strip(_SPACE + _OPENING)
        is_last = place == len(pieces) and not right.strip(_SPACE + _ENDING + _CLOSING)
        if is_first:
            left, right = left.strip(_SPACE), _without_address(right)
        elif is_last:
            left = left.rstrip(_SPACE + _PAUSES)
            right = right.strip(_SPACE + (_ENDING if left[-1:] in _ENDING else ""))
        else:
            left, right = _join(left, right)
        if left:
            kept.append(left)
        left = right
    rest = "".join([*kept, left]).strip(_SPACE)
    is_quoted = _QUOTED.match(pieces[0])
    return rest.removeprefix(_QUOTE).strip(_SPACE) if is_quoted and rest.count(_QUOTE) == 1 else rest


def _without_address(text: str) -> str:
    """What was said to somebody, without the punctuation after their name."""
    bare = text.lstrip(UNSEEN)
    attached = bare.lstrip(_PAUSES + _ENDING)
    said = attached.lstrip(_BLANK)
    if "\n" in attached[: len(attached) - len(said)]:
        return said  # what begins a line is no more the name's: a list, perhaps
    pause = re.match(rf"[{re.escape(_PAUSES)}]+[{_BLANK}]", said)
    return said[pause.end() :].lstrip(_BLANK) if pause else said


def _join(left: str, right: str) -> tuple[str, str]:
    """Two parts of a sentence, without what was between them."""
    before, after = left.rstrip(_SPACE), right.lstrip(_SPACE)
    gap = left[len(before) :] + right[: len(right) - len(after)]
    if after and after[0] in _PAUSES + _ENDING and after[:2].strip(_PAUSES + _ENDING + _SPACE) == "":
        return before.rstrip(_PAUSES), after
    if "\n" in gap:
        return before + "\n" * min(gap.count("\n"), 2), after
    is_apart = bool(gap) or (before[-1:].isascii() and after[:1].isascii())
    return before + " " * is_apart, after


def _typed(entity: str) -> str:
    target, _, label = map(_typed_characters, entity.partition("|"))
    sign = target[:1]
    if sign in {"@", "#"}:
        return sign + (label.removeprefix(sign) or target[1:])
    if sign == "!":
        return _typed_command(target[1:], label)
    shown = re.sub(r"^(?:mailto|tel):", "", target)
    if not label or label in {target, shown, re.sub(r"^https?://", "", target).removesuffix("/")}:
        return label or shown
    return f"{label} ({shown})"


def _typed_command(command: str, label: str) -> str:
    """What Slack shows of `<!…>`: a call, a group or a date."""
    name, _, rest = command.partition("^")
    if name == "date":
        return label or rest.partition("^")[0]  # seconds since 1970, where there are no words for it
    return "@" + (label.removeprefix("@") or rest or name)


def _typed_characters(text: str) -> str:
    """What Slack had escaped; `&amp;` last, or it would make others of what was typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
