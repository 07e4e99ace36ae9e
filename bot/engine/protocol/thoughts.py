"""Thoughts that stand within the text of an answer, told apart from what is to be read. Pure.

Reasoning models think before they answer. Where their server does not part the two, the thoughts stand in the content,
between tags, and a tag may be cut anywhere between two chunks. What is a thought, and what only talks of tags:

- An opening tag opens thoughts only at the beginning of an answer, where nothing but white space or other thoughts is
  before it. Later it is text, as in prose or code about such tags.
- Some templates open the thoughts themselves, so that only the closing tag comes. Then all before it was thoughts. It
  is taken for that unless it is clearly spoken of: in code, in quotes, behind an opening tag, or within a sentence
  (white space before it, and behind it a small letter, a punctuation mark or nothing). Only the first one is asked.
- Thoughts that never end are thoughts to the end.

What people have seen as text may turn out to be thoughts by that. Then the text begins anew; and the server's next
answers are held until their closing tag comes, or the end.
"""

import re
from enum import Enum

from bot.engine.draft import Transcript

# Opening tags and what closes them. A closing tag alone may stand for both, but for those that text has otherwise too.
_HARMONY_FINAL = "<|channel|>final<|message|>"  # of OpenAI's open models: what is to be read follows
_PAIRS = {
    "<think>": ("</think>",),
    "<thinking>": ("</thinking>",),
    "<thought>": ("</thought>",),
    "<thoughts>": ("</thoughts>",),
    "<reasoning>": ("</reasoning>",),
    "<reflection>": ("</reflection>",),
    "<seed:think>": ("</seed:think>",),  # Seed-OSS
    "[think]": ("[/think]",),  # Magistral
    "◁think▷": ("◁/think▷",),  # Kimi
    "<|start_thinking|>": ("<|end_thinking|>",),  # Command
    "<|begin_of_thought|>": ("<|end_of_thought|>",),
    "<|channel|>analysis<|message|>": (_HARMONY_FINAL, "<|end|>"),
    "<|channel|>commentary<|message|>": (_HARMONY_FINAL, "<|end|>"),
    "<|start|>assistant<|channel|>analysis<|message|>": (_HARMONY_FINAL, "<|end|>"),
    "<|start|>assistant<|channel|>commentary<|message|>": (_HARMONY_FINAL, "<|end|>"),
    "<|channel>thought": ("<channel|>",),  # Gemma
}
_STRAY = (
    *("</think>", "</thinking>", "</thought>", "</reasoning>", "</seed:think>", "[/think]", "◁/think▷"),
    *("<|end_thinking|>", "<|end_of_thought|>", _HARMONY_FINAL),
)
# What may stand where an answer begins, and nobody is to read; and what then stands behind the answer.
_FRAMES = (_HARMONY_FINAL, f"<|start|>assistant{_HARMONY_FINAL}", "<|start_response|>", "<|begin_of_solution|>")
_FRAME_ENDS = ("<|return|>", "<|end|>", "<|end_response|>", "<|end_of_solution|>")
# The same, behind thoughts, in words that text may have too: at the end of an answer only they close it.
_PLAIN_FRAMES = {"<answer>": ("</answer>",), "<response>": ("</response>",)}  # Hunyuan, ERNIE

_IN_CAPITALS = "[think]"  # in other letters it is prose: an answer may begin with a word in brackets
_AT_THE_BEGINNING = (*_PAIRS, *_FRAMES, *_STRAY)
_FIRST = frozenset(tag[0] for tag in _AT_THE_BEGINNING)
_LONGEST = max(map(len, _AT_THE_BEGINNING))
_OPENING = re.compile(
    r"<(think|thought|reasoning|reflection|seed:think)|\[think\]|◁think▷|<\|(start_thinking|begin_of_thought)",
    re.IGNORECASE,
)

MOST_BLANKS = 1_000  # characters of white space that may stand before a tag
MOST_HELD = 40_001  # characters; no more of an answer is shown, and one more tells that there is more
_AHEAD = 3  # characters behind a closing tag that tell what it is, at the most
_QUOTES = "\"'“”‘’«»„(`"


def _any_of(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(tags, key=len, reverse=True))), re.IGNORECASE)


_PATTERNS = {tags: _any_of(tags) for tags in {*_PAIRS.values(), *_PLAIN_FRAMES.values(), _STRAY, _FRAME_ENDS}}


class _Place(Enum):
    """Where in an answer its next piece stands."""

    BEGINNING = "beginning"  # nothing to be read has come
    THOUGHTS = "thoughts"  # behind an opening tag
    HELD = "held"  # thoughts, perhaps: a closing tag tells, or the end
    TEXT = "text"  # text, perhaps: a closing tag tells
    FRAME = "frame"  # text, up to the end of its frame
    PLAIN = "plain"  # text, whatever it says
    BEHIND = "behind"  # behind the end of the frame


class Thoughts:
    """Takes the pieces of one answer, and gives what is to be read of them.

    `is_held` is for a server that is known to leave out the opening tag.
    """

    def __init__(self, *, is_held: bool = False) -> None:
        self.is_thinking = is_held  # whether thoughts come at the moment, as far as is known
        self.have_come = False  # whether there were any
        self.has_been_wrong = False  # whether all text that was given turned out to be thoughts: it begins anew
        self.was_held_for_nothing = False  # whether what was held turned out to be text
        self.is_held = is_held  # whether all that came may be text yet
        self._held = Transcript()
        self._place = _Place.BEGINNING
        self._rest = ""  # what may be half a tag, or white space at the beginning
        self._closing: tuple[str, ...] = _STRAY
        self._has_content = False  # whether there is anything but white space in the frame

    def feed(self, piece: str, before: Transcript) -> str:
        """What is to be read of the next `piece`; `before` is the text up to there."""
        if self._place is _Place.TEXT and not self._rest and "<" not in piece and "[" not in piece and "◁" not in piece:
            return piece
        rest, self._rest = self._rest + piece, ""
        return self._take(rest, before, is_last=False)

    def finish(self, before: Transcript) -> str:
        """What is to be read of what was kept, when nothing more comes."""
        rest, self._rest = self._rest, ""
        text = self._take(rest, before, is_last=True)
        return text + self._release() if self.is_held else text

    def _take(self, rest: str, before: Transcript, *, is_last: bool) -> str:
        match self._place:
            case _Place.BEGINNING:
                return self._take_beginning(rest, before, is_last=is_last)
            case _Place.THOUGHTS:
                return self._take_thoughts(rest, before, is_last=is_last)
            case _Place.HELD | _Place.TEXT:
                return self._take_text(rest, before, is_last=is_last)
            case _Place.FRAME:
                return self._take_frame(rest, is_last=is_last)
            case _Place.PLAIN:
                return rest
            case _:  # behind the end of the frame
                return ""

    def _take_beginning(self, rest: str, before: Transcript, *, is_last: bool) -> str:
        text = rest.lstrip()
        if not text and not is_last and len(rest) < MOST_BLANKS:
            self._rest = rest
            return ""
        if text and text[0] in _FIRST:
            low = text[:_LONGEST].lower()
            tags = (*_AT_THE_BEGINNING, *_PLAIN_FRAMES) if self.have_come else _AT_THE_BEGINNING
            tag = next((tag for tag in tags if low.startswith(tag)), None)
            if tag == _IN_CAPITALS and not text.startswith(_IN_CAPITALS.upper()):
                tag = None
            if tag:
                return self._pass_tag(tag, text[len(tag) :], before, is_last=is_last)
            if not is_last and any(tag.startswith(low) for tag in tags):
                self._rest = rest
                return ""
        if self.have_come:
            self._place, rest = _Place.PLAIN, text
        else:
            self._place = _Place.HELD if self.is_held else _Place.TEXT
        self.is_thinking = self._place is _Place.HELD
        return self._take(rest, before, is_last=is_last)

    def _pass_tag(self, tag: str, behind: str, before: Transcript, *, is_last: bool) -> str:
        """Go on behind a tag that nobody is to read."""
        self.is_thinking = tag in _PAIRS
        self.have_come = self.have_come or tag in _PAIRS or tag in _STRAY
        self.is_held = False
        if tag in _PAIRS:
            self._place, self._closing = _Place.THOUGHTS, _PAIRS[tag]
        elif tag in _FRAMES or tag in _PLAIN_FRAMES:
            self._place, self._closing = _Place.FRAME, _PLAIN_FRAMES.get(tag, _FRAME_ENDS)
        else:
            self._place = _Place.BEGINNING
        return self._take(behind, before, is_last=is_last)

    def _take_thoughts(self, rest: str, before: Transcript, *, is_last: bool) -> str:
        found = _PATTERNS[self._closing].search(rest)
        if not found:
            self._rest = _half_tag(rest, self._closing)
            return ""
        return self._pass_tag(found[0].lower(), rest[found.end() :], before, is_last=is_last)

    def _take_text(self, rest: str, before: Transcript, *, is_last: bool) -> str:
        found = _PATTERNS[_STRAY].search(rest)
        if not found:
            self._rest = "" if is_last else _half_tag(rest, _STRAY)
            return self._give(rest[: len(rest) - len(self._rest)])
        behind = rest[found.end() :]
        if not is_last and len(behind) < _AHEAD and not behind.strip(" \t"):
            self._rest = rest
            return ""
        so_far = self._held if self.is_held else before
        if _is_spoken_of(so_far.read(so_far.length) + rest[: found.start()], behind):
            text = self._give(rest)
            text += self._release() if self.is_held else ""
            self._place = _Place.PLAIN
            return text
        self.has_been_wrong = not self.is_held
        self._held = Transcript()
        return self._pass_tag(found[0].lower(), behind, before, is_last=is_last)

    def _take_frame(self, rest: str, *, is_last: bool) -> str:
        if not self._has_content:
            rest = rest.lstrip()
            self._has_content = bool(rest)
        found = _PATTERNS[self._closing].search(rest)
        if not found:
            self._rest = "" if is_last else _half_tag(rest, self._closing)
            return rest[: len(rest) - len(self._rest)]
        behind = rest[found.end() :]
        if self._closing is _FRAME_ENDS:
            self._place = _Place.BEHIND
        elif behind.strip() or len(behind) > MOST_BLANKS:
            self._place = _Place.PLAIN
            return rest
        elif not is_last:
            self._rest = rest[found.start() :]
        return rest[: found.start()]

    def _give(self, text: str) -> str:
        """Give what is taken for text, or hold it."""
        if not self.is_held:
            return text
        self._held.add(text[: MOST_HELD - self._held.length])
        return ""

    def _release(self) -> str:
        """Give all that was held: it was text."""
        self.was_held_for_nothing = self._held.length > 0
        text, self._held = self._held.read(self._held.length), Transcript()
        self.is_held = self.is_thinking = False
        return text


def _half_tag(text: str, tags: tuple[str, ...]) -> str:
    """The end of `text` that may be the beginning of one of `tags`; the longest."""
    tail = text[-_LONGEST:]
    for place, one in enumerate(tail):
        if one in _FIRST and any(tag.startswith(tail[place:].lower()) for tag in tags):
            return tail[place:]
    return ""


def _is_spoken_of(before: str, behind: str) -> bool:
    """Whether a closing tag between the two is one that the text talks about."""
    line = before.rpartition("\n")[2]
    is_code = before.count("```") % 2 == 1 or line.count("`") % 2 == 1
    if is_code or _OPENING.search(before):
        return True
    if before[-1:] and before[-1] in _QUOTES:
        return True
    if not line.strip() or not before[-1].isspace():
        return False
    following = behind.lstrip(" \t")[:1]
    return not following or following.islower() or following in _QUOTES or following in ".,;:!?)"
