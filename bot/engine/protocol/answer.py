"""An answer while it comes: chunks of a completion in, drafts out. Pure; knows the protocol, but no network.

Laws:

- An answer is whole when its server has said so, in a word that is known to be good (`protocol.endings`), or has ended
  the stream as the protocol wants it and said no word at all. An unknown word is not good.
- Such a word is final if nothing follows it. Some servers say it with every chunk, or before the text: then it counts
  only where the stream ends with it.
- Thoughts are no text (`protocol.thoughts`). An answer that has nothing else is not whole.

What no text may have, a NUL or half a character, is U+FFFD in its place.
"""

from enum import Enum
from typing import Any

from bot.engine.draft import Draft, State, Transcript
from bot.engine.protocol.chunks import MalformedError, check, count_tokens, find_choice, name_model, read_choice
from bot.engine.protocol.endings import Ending, read_ending
from bot.engine.protocol.thoughts import Thoughts
from bot.engine.reasons import Code, Reason

TEXT_LIMIT = 40_000  # characters; four messages. An answer that is asked to stay under 350 words does not end by itself
PIECE = 4_096  # characters that are worked on at once: what is beyond the limit is not looked at


class Word(Enum):
    """The server's word that ends an answer, which is final if nothing follows it."""

    UNSAID = "unsaid"
    LAST = "last"  # it was said, and nothing has followed
    FOLLOWED = "followed"  # by a text, or by another word

    is_said: bool

    def __init__(self, value: str) -> None:
        # Asked for each token: a member of an enum is looked up slowly, its attribute is not.
        self.is_said = value != "unsaid"


class Answer:
    """What has come of one completion. Times are the caller's, in seconds.

    `omits_opening_tag` is for a server that is known to leave out the tag with which thoughts begin.
    """

    def __init__(self, model: str, now: float, *, omits_opening_tag: bool = False) -> None:
        self.state = State.WAITING
        self.is_counted = False  # whether the count of tokens came by itself, behind the word: the last that is sent
        self.has_begun_anew = False  # whether the text until then turned out to be thoughts
        self.thoughts = Thoughts(is_held=omits_opening_tag)
        self._text = Transcript()
        self._half = ""  # the first half of a character that the server has cut in two
        self._word = Word.UNSAID
        self._reason: Reason | None = None
        self._ending = Ending.UNKNOWN
        self._has_declined = False
        self._has_thought = False
        self._has_deltas = False
        self._asked = model
        self._model = name_model("", model)
        self._said_model = ""
        self._tokens = 0
        self._began = now
        self._seconds = 0.0

    @property
    def length(self) -> int:
        """How many characters have come."""
        return self._text.length

    @property
    def is_thinking(self) -> bool:
        """Whether there are thoughts, and no text yet."""
        return self.state is State.THINKING

    @property
    def has_finished(self) -> bool:
        """Whether the server has said a word that ends an answer."""
        return self._word.is_said

    @property
    def has_final_word(self) -> bool:
        """Whether the server's word can be taken for the last: nothing has followed it, and there is an answer."""
        return self._word is Word.LAST and (self._text.length > 0 or self._ending is not Ending.WHOLE)

    def take(self, chunk: dict[str, Any], now: float) -> bool:
        """Add a chunk; whether it shows that the model is at work, or done: text, thoughts, the word at the end.

        Raises:
            MalformedError: it is not what the protocol says.
            ReportedError: it is an error.
        """
        # This runs for every token: most of what a chunk may have is not there, and is not looked at twice.
        check(chunk)
        if (model := chunk.get("model")) and model != self._said_model:
            self._said_model = model
            self._model = name_model(model, self._asked)
        usage = chunk.get("usage")
        if usage and (tokens := count_tokens(usage)) is not None:
            self._tokens = tokens
        choice = find_choice(chunk)
        if choice is not None:
            return self._take_choice(choice, now)
        is_count = bool(usage) and self.has_finished and not chunk.get("choices") and not self.is_counted
        self.is_counted = self.is_counted or is_count
        return is_count

    def end(self, now: float, *, failure: Reason | None = None, is_orderly: bool = False) -> None:
        """Note that nothing more comes; the first end counts.

        `failure` says why; without one it is a matter of what the model has said last, or, where it has said nothing,
        of whether the server has ended the stream as the protocol wants it (`is_orderly`).
        """
        if self.state.is_final:
            return
        self._show(self.thoughts.finish(self._text), now)
        self._show("\ufffd" if self._half else "", now)
        if self.state.is_final:
            return
        self._seconds = now - self._began
        self.state, self._reason = (State.FAILED, failure) if failure else self._conclude(is_orderly=is_orderly)

    def cut(self, now: float, reason: Reason) -> None:
        """End it before the model does, for `reason`; what has come is its beginning."""
        self.end(now, failure=reason)
        if self._text.length and self.state is State.FAILED:
            self.state = State.CUT

    def draft(self) -> Draft:
        """The answer as it stands."""
        if not self.state.is_final:
            return Draft(self._text, self._text.length, self.state)
        return Draft(
            self._text,
            self._text.length,
            self.state,
            reason=self._reason,
            model=self._model,
            seconds=self._seconds,
            tokens=self._tokens,
        )

    def _take_choice(self, choice: dict[str, Any], now: float) -> bool:
        delta = choice.get("delta")
        if delta.__class__ is dict and len(delta) == 1 and (text := delta.get("content")).__class__ is str:
            is_alive = bool(text)  # as nearly every one is
            self._has_deltas = True
        else:
            text, is_alive = self._take_odd(choice)
        if text:
            if self._word.is_said:
                self._word = Word.FOLLOWED
            self._add(text, now)
        if self.thoughts.is_thinking and self.state is State.WAITING:
            self.state = State.THINKING
        if not text and self._word.is_said and self._text.length:
            is_alive = False  # behind the last word nothing but text shows that it was not the last
        if word := choice.get("finish_reason"):
            is_alive = self._finish(word) or is_alive
        return is_alive

    def _take_odd(self, choice: dict[str, Any]) -> tuple[str, bool]:
        """The text of a choice that has more or less than a text, and whether it shows that the model is at work."""
        said = read_choice(choice)
        self._has_declined = self._has_declined or said.is_refusal
        if said.is_thought:
            self._has_thought = True
            if self.state is State.WAITING:
                self.state = State.THINKING
        if choice.get("delta"):
            self._has_deltas = self._has_deltas or bool(said.text)
        elif self._has_deltas:
            return "", said.is_alive  # the whole once more, at the end
        return said.text, said.is_alive

    def _finish(self, word: object) -> bool:
        """Take a word that ends an answer; whether it is the first."""
        if isinstance(word, dict):
            word = word.get("type")  # SGLang's own, with what was matched
        if not isinstance(word, str):
            raise MalformedError(f"{type(word).__name__} in place of a finish reason")
        ending = read_ending(word)
        if ending is Ending.NONE:
            return False
        is_first = not self._word.is_said
        if is_first:
            self._word = Word.LAST
        # A gateway may end with a word of its own what its server has ended otherwise.
        if is_first or self._word is Word.FOLLOWED or ending is not Ending.WHOLE or self._ending is Ending.CUT:
            if not is_first and ending is not self._ending:
                self._word = Word.FOLLOWED
            self._ending = ending
        return is_first

    def _add(self, text: str, now: float) -> None:
        for start in range(0, len(text), PIECE):  # one, nearly always
            if self.state.is_final:
                return
            piece = text[start : start + PIECE]
            if not piece.isascii() or self._half:
                piece = self._join_halves(piece)
            if "\0" in piece:
                piece = piece.replace("\0", "\ufffd")
            self._show(self.thoughts.feed(piece, self._text), now)

    def _show(self, piece: str, now: float) -> None:
        if self.thoughts.has_been_wrong and not self.has_begun_anew:
            self.has_begun_anew = True
            self._text = Transcript()
            self.state = State.THINKING
        if not piece:
            return
        room = TEXT_LIMIT - self._text.length
        self._text.add(piece[:room])
        self.state = State.WRITING
        if len(piece) > room:
            self._seconds = now - self._began
            self.state, self._reason = State.CUT, Reason(Code.CUT_HERE, {"characters": TEXT_LIMIT})

    def _join_halves(self, piece: str) -> str:
        """Make characters of their halves: JSON may have them cut in two, in two chunks or in one."""
        piece, self._half = self._half + piece, ""
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return piece.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _conclude(self, *, is_orderly: bool) -> tuple[State, Reason | None]:
        has_text = bool(self._text.read(self._text.length).strip())
        has_thought = self._has_thought or self.thoughts.have_come
        if self.has_finished and self._ending is not Ending.WHOLE:
            if self._ending is Ending.CUT:
                return State.CUT, Reason(Code.CUT_THINKING if has_thought and not has_text else Code.CUT)
            return State.FAILED, Reason(_CODES[self._ending])
        if not self.has_finished and not is_orderly:
            return State.FAILED, Reason(Code.UNFINISHED)
        if self._has_declined:
            return State.FAILED, Reason(Code.DECLINED)
        if not has_text:
            return State.FAILED, Reason(Code.ONLY_THOUGHTS if has_thought else Code.EMPTY)
        return State.DONE, None


_CODES = {
    Ending.FILTERED: Code.ANSWER_FILTERED,
    Ending.DECLINED: Code.DECLINED,
    Ending.TOOL: Code.WANTS_TOOL,
    Ending.UNKNOWN: Code.UNKNOWN_END,
}
