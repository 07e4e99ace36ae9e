"""Slack's own text format: escaping on the way out, once, and back on the way in, once. Pure.

Slack reads `<…>` in a text as a mention, a channel, a link or a call to everybody, and hands over what people type
with `&`, `<` and `>` escaped. What people and models write is data: whatever leaves this project passes through here,
so that it can ring nobody and forge no link.
"""

import re

_INCOMING = re.compile(r"<(?P<entity>[^<>]*)>|&(?P<escape>lt|gt|amp);")
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&"}


def escape(text: str) -> str:
    """Text for `text` fields and mrkdwn elements, where `&`, `<` and `>` have a meaning."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_markdown(text: str) -> str:
    """Text for `markdown` blocks. `&` stays: escaped there, it would break the query strings of links."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What a person typed, from what Slack made of it: entities become the words that Slack would show.

    `<@U1|ann>` becomes `@ann`, `<#C1|general>` `#general`, `<!here>` `@here`, `<https://a.b|a.b>` `a.b`. One pass, so
    that somebody's `&amp;lt;` ends as the `&lt;` that was typed. What is no character becomes U+FFFD.
    """
    return _NO_CHARACTER.sub("\ufffd", _INCOMING.sub(_typed, text))


def without_mention(text: str, user: str) -> str:
    """The text (still as Slack hands it over) without the mentions of `user`, an id."""
    return re.sub(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", " ", text).strip()


def _typed(match: re.Match[str]) -> str:
    if match["escape"]:
        return _CHARACTERS[match["escape"]]
    entity = match["entity"]
    sign, target = entity[:1], entity[1:]
    target, _, label = target.partition("|")
    label = _INCOMING.sub(_typed, label)
    if sign in {"@", "#"}:
        return sign + (label or target)
    if sign == "!":
        return label or "@" + target.partition("^")[0]
    link, _, label = entity.partition("|")
    link, label = (_INCOMING.sub(_typed, part) for part in (link, label))
    if not label or label == link:
        return link
    return label if link.endswith(label) else f"{label} ({link})"
