"""An answer while it comes: chunks of a completion in, drafts out. Pure; knows the protocol, but no network.

Servers that speak OpenAI's protocol take liberties, so chunks are read tolerantly: what is missing or null is nothing,
text may come with the finish reason or behind it. What has the wrong type is a `MalformedError`. What no text may have,
a NUL or half a character, is U+FFFD in its place.
"""

from typing import Any, TypeVar

from bot.draft import Draft, State, Transcript

T = TypeVar("T")

TEXT_LIMIT = 40_000  # characters; four messages. An answer that is asked to stay under 350 words does not end by itself
MODEL_LIMIT = 80  # characters of a model's name; it stands in a line of its own and comes from the server

_ENDLESS = f"it went on beyond {TEXT_LIMIT:,} characters; this is its beginning."
_LONGEST = "the model reached the longest answer that it may give."
_FILTERED = "the provider's content filter withheld the rest. Put the problem in other words."
_DECLINED = "the model declined to answer. Putting the problem in other words may help."
_EMPTY = "the model gave an empty answer. Ask again."
_BROKEN = "the connection to the model ended before the answer did. Ask again."


class MalformedError(ValueError):
    """A chunk is not what the protocol says."""


class Answer:
    """What has come of one completion. Times are the caller's, in seconds."""

    def __init__(self, model: str, now: float) -> None:
        self.has_finished = False  # whether the model has said that it is done
        self.has_ended = False  # whether the state is final
        self.has_usage = False
        self._text = Transcript()
        self._half = ""  # the first half of a character that the server has cut in two
        self._state = State.WAITING
        self._reason = ""
        self._finish_reason = ""
        self._has_declined = False
        self._model = model
        self._tokens = 0
        self._began = now
        self._seconds = 0.0

    @property
    def length(self) -> int:
        """How many characters have come."""
        return self._text.length

    def take(self, chunk: dict[str, Any], now: float) -> bool:
        """Add a chunk; whether it shows that the model is at work: text, or thoughts that are not shown.

        Raises:
            MalformedError: it is not what the protocol says.
        """
        # This runs for every token: most of what a chunk may have is not there, and is not looked at twice.
        if (model := chunk.get("model")) and model != self._model:
            self._model = _joined(_checked(model, str)[:MODEL_LIMIT]).replace("\0", "\ufffd")
        if usage := chunk.get("usage"):
            self._take_usage(_checked(usage, dict))
        for choice in _checked(chunk.get("choices") or [], list):
            if not _checked(choice, dict).get("index"):
                return self._take_choice(choice, now)
        return False

    def end(self, now: float, *, failure: str = "", is_orderly: bool = False) -> None:
        """Note that nothing more comes; the first end counts.

        `failure` says why; without one it is a matter of what the model has said last, or, where it has said nothing,
        of whether the server has ended the stream as the protocol wants it (`is_orderly`).
        """
        if self.has_ended:
            return
        self._text.add("\ufffd" if self._half else "")
        self.has_ended = True
        self._seconds = now - self._began
        self._state, self._reason = (State.FAILED, failure) if failure else self._conclude(is_orderly=is_orderly)

    def draft(self) -> Draft:
        """The answer as it stands."""
        if not self.has_ended:
            return Draft(self._text, self._state, length=self._text.length)
        return Draft(
            self._text, self._state, self._reason, self._model, self._seconds, self._tokens, length=self._text.length
        )

    def _take_choice(self, choice: dict[str, Any], now: float) -> bool:
        delta = _checked(choice.get("delta") or {}, dict)
        if content := delta.get("content"):
            self._add(_checked(content, str), now)
        if refusal := delta.get("refusal"):
            self._has_declined = True
            self._add(_checked(refusal, str), now)
        if finish_reason := choice.get("finish_reason"):
            self.has_finished = True
            self._finish_reason = _checked(finish_reason, str)
        return bool(content or any(value for name, value in delta.items() if name != "role"))

    def _add(self, piece: str, now: float) -> None:
        if self.has_ended:
            return
        if not piece.isascii() or self._half:
            piece = self._join_halves(piece)
        if "\0" in piece:
            piece = piece.replace("\0", "\ufffd")
        room = TEXT_LIMIT - self._text.length
        self._text.add(piece[:room])
        self._state = State.WRITING
        if len(piece) > room:
            self.has_ended = True
            self._seconds = now - self._began
            self._state, self._reason = State.STOPPED, _ENDLESS

    def _join_halves(self, piece: str) -> str:
        """Make characters of their halves: JSON may have them cut in two, in two chunks or in one."""
        piece, self._half = self._half + piece, ""
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._half = piece[:-1], piece[-1]
        return _joined(piece)

    def _take_usage(self, usage: dict[str, Any]) -> None:
        tokens = usage.get("total_tokens")
        if isinstance(tokens, int):
            self.has_usage = True
            self._tokens = tokens

    def _conclude(self, *, is_orderly: bool) -> tuple[State, str]:
        if self._finish_reason == "length":
            return State.STOPPED, _LONGEST
        if self._finish_reason == "content_filter":
            return State.FAILED, _FILTERED
        if not self.has_finished and not is_orderly:
            return State.FAILED, _BROKEN
        if self._has_declined:
            return State.FAILED, _DECLINED
        if not self._text.read(self._text.length).strip():
            return State.FAILED, _EMPTY
        return State.DONE, ""


def _joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _checked(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise MalformedError(f"{type(value).__name__} in place of {kind.__name__}")
    return value
