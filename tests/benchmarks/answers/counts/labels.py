"""Labels before a line: the one that the last line is to have, and those that models put before a takeaway. Pure."""

import re

_LABEL = r"[^\W\d_](?:(?!\.\s)[^\r\n:：*。！？!?]){0,39}"
_LABELLED = re.compile(
    rf" {{0,3}}(?:(?P<mark>\*\*|__)(?:{_LABEL}(?P=mark)\s*[:：]|{_LABEL}[:：]\s*(?P=mark))|{_LABEL}(?::(?=\s)|：))\s*\S"
)
_BOLD_OPENING = re.compile(r"(?P<mark>\*\*|__)(?P<bold>[^*_]+)(?P=mark)\s*(?P<rest>.*)")
_KNOWN = re.compile(
    r"((the |my |key |main )?takeaways?|conclusion|summary|in short|tl;?dr|(the )?bottom line|(short )?answer|"
    r"root( cause)?|lever|insight|key (point|moment)|depth|breadth|structure|time|"
    r"結論|要点|要約|まとめ|答え|回答|根本原因|根|てこ|深さ|広さ|構造|時間|结论|总结|要点|答案)"
    r"\s*(?P<colon>[:：]|$)(?P<rest>.*)",
    re.IGNORECASE,
)
_COLONS = (":", "：")
_STOPS = (".", "。", "!", "！", "?", "？")


def is_labelled(line: str) -> bool:
    """Whether a line begins with a label of at most 40 characters and a colon, with something behind it.

    The label may be in bold, and the colon within or without. A sentence that has a colon early on looks the same.
    """
    return bool(_LABELLED.match(line))


def begins_with_label(line: str) -> bool:
    """Whether a label stands before a takeaway: any in bold, else one of those that models use."""
    if bold := _BOLD_OPENING.match(line):
        if not bold["rest"]:
            return not bold["bold"].rstrip().endswith(_STOPS)
        return bold["bold"].rstrip().endswith(_COLONS) or bold["rest"].startswith(_COLONS)
    return bool(_KNOWN.match(line.strip("*_ ")))


def is_bare_label(line: str) -> bool:
    """Whether nothing stands behind the label."""
    if not begins_with_label(line):
        return False
    bold = _BOLD_OPENING.match(line)
    known = _KNOWN.match(line.strip("*_ "))
    rest = bold["rest"] if bold else known["rest"] if known else ""
    return not rest.strip(" :：")
