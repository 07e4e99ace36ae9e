"""What models put an answer into, instead of writing it down: JSON, a fence, something to unfold. Pure."""

import json
import re

MOST = 12_000  # characters that are looked at
MOST_UNFOLDED = 5

_FENCED = re.compile(
    r"\s*(`{3,}|~{3,})[ ]?(?:json|markdown|md|text|txt)?[ \t]*\r?\n(.*?)(?:\n[ ]{0,3}\1[`~]*\s*|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_PROSE_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[ ]?(?:markdown|md|text|txt)\b", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary\b[^<>]{0,300}>(.{0,300}?)</summary>", re.DOTALL | re.IGNORECASE)
_FIELD = re.compile(r'"([^"\\\n]{1,60})"\s*:\s*(?:\[\s*)?"((?:[^"\\]|\\.)*)')
_JSON = re.compile(r'\s*[\[{][\s\[{]*"')
_SAYS = re.compile(r"take-?away|answer|summary|conclusion|headline|message|結論|要点|结论|결론", re.IGNORECASE)


def unwrap(text: str) -> str:
    """The Markdown that a text is, or the sentence of it that comes first where it is JSON."""
    text = text[:MOST]
    if text.lstrip()[:3] in {"```", "~~~"} and (found := _FENCED.match(text)):
        inside = found[2]
        if _JSON.match(inside):
            return _from_json(inside) or text
        return inside + "\n\n" + text[found.end() :] if _PROSE_FENCE.match(text) else text
    if _JSON.match(text):
        return _from_json(text) or text
    # What one unfolds a text by is its heading.
    return _SUMMARY.sub(r"\n\n# \1\n\n", text, count=MOST_UNFOLDED) if "<summary" in text else text


def _from_json(text: str) -> str:
    """What its fields say: the one called so, or the first of more than a word; empty if it is no JSON."""
    fields = _FIELD.findall(text)
    worded = [value for _, value in fields if len(value.split()) > 1 or not value.isascii()]
    said = next((value for key, value in fields if _SAYS.search(key)), next(iter(worded), ""))
    try:
        read = str(json.loads(f'"{said}"', strict=False))
        return read.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except ValueError:  # it is cut within an escape
        return said
