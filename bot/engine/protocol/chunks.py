"""What stands in one chunk of a completion, whichever server sent it. Pure.

Servers that speak OpenAI's protocol take liberties. What is missing or null is nothing. What nobody needs may have any
type. A whole `message`, or the `text` of the older completions, may stand where a `delta` should. A content may come in
parts, thoughts among them. An error may stand anywhere. Only a text that is none is a `MalformedError`.
"""

import re
from dataclasses import dataclass
from typing import Any

from bot.printable import printable

MODEL_LIMIT = 80  # characters of a model's name; it stands in a line of its own and comes from the server
MOST_CHOICES = 8  # that are looked at; one was asked for
MOST_DEPTH = 8  # of parts within parts
MOST_PARTS = 1_000  # of a content, on each level
MOST_FIELDS = 100  # of a delta
MOST_TOKENS = 2**31 - 1  # what the database's column holds

# Where servers put thoughts, besides the content: DeepSeek, vLLM, Groq, OpenRouter, Ollama, gateways before Gemini.
THOUGHT_FIELDS = frozenset(
    {"reasoning_content", "reasoning", "reasoning_details", "reasoning_text", "thinking", "thinking_content"}
    | {"thinking_blocks", "thought", "thoughts"}
)
_IS_THOUGHT = re.compile("think|thought|reason", re.IGNORECASE)  # in the type of a part
_TEXT_FIELDS = ("text", "content", "value", "output_text")  # of a part
_BESIDE_AN_ERROR = ("code", "status", "type", "statusCode")  # without choices, one of these makes a message an error

# A model's name that is the path of a file: absolute or relative to a directory, or with a file's ending.
_PATH = re.compile(r"file:|[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|.*\\|.*/.*\.(gguf|ggml|bin|safetensors|pt|pth|onnx|mlx)$")


class MalformedError(ValueError):
    """A chunk is not what the protocol says."""


class ReportedError(Exception):
    """The server reports an error in place of an answer; `body` is what it says, of any type."""

    def __init__(self, body: object) -> None:
        super().__init__("the server reports an error")
        self.body = body


@dataclass(frozen=True, slots=True)
class Said:
    """What a choice says: the next of the `text`; and whether there is a sign of work, of thoughts, of a refusal."""

    text: str = ""
    is_alive: bool = False
    is_thought: bool = False
    is_refusal: bool = False


def check(chunk: dict[str, Any]) -> None:
    """Look for an error on every level of `chunk`.

    Raises:
        ReportedError: there is one.
    """
    if (error := chunk.get("error")) or chunk.get("object") == "error":
        raise ReportedError(error or chunk)
    for value in chunk.values():  # Groq says in `x_groq` why it stops early
        if value.__class__ is dict and (error := value.get("error")):
            raise ReportedError(error)
    choices = chunk.get("choices")
    if not choices:
        if _is_error(chunk):
            raise ReportedError(chunk)
        return
    for choice in choices if choices.__class__ is list and len(choices) == 1 else _as_list(choices)[:MOST_CHOICES]:
        if choice.__class__ is not dict:
            continue
        part = choice.get("delta") or choice.get("message")
        error = choice.get("error") or (part.__class__ is dict and part.get("error"))
        if error:
            raise ReportedError(error)


def find_choice(chunk: dict[str, Any]) -> dict[str, Any] | None:
    """The first choice; None where there is none in the chunk.

    Raises:
        MalformedError: the choices are no choices.
    """
    choices = chunk.get("choices")
    for choice in choices if choices.__class__ is list and len(choices) == 1 else _as_list(choices)[:MOST_CHOICES]:
        if choice.__class__ is not dict:
            raise _malformed(choice)
        if choice.get("index") in (None, 0, "0", ""):
            return choice
    return None


def read_choice(choice: dict[str, Any]) -> Said:
    """What a choice says.

    Raises:
        MalformedError: the text is none.
    """
    delta = choice.get("delta") or choice.get("message")
    if delta is None or delta == {}:
        text = choice.get("text")
        return Said(text, is_alive=True) if text and isinstance(text, str) else _NOTHING
    if not isinstance(delta, dict) or len(delta) > MOST_FIELDS:
        raise _malformed(delta)
    said = _NOTHING
    for name, value in delta.items():
        if not value or name == "role":
            continue
        if name == "content":
            more = _read_content(value)
        elif name == "refusal":
            more = Said(_text_of(value), is_alive=True, is_refusal=True)
        else:
            more = Said(is_alive=True, is_thought=name in THOUGHT_FIELDS)
        said = more if said is _NOTHING else _join(said, more)
    return said


def count_tokens(usage: object) -> int | None:
    """The tokens that a server counts, where it does."""
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if type(total) is int and 0 <= total <= MOST_TOKENS else None


def name_model(said: object, asked: str) -> str:
    """The model's name to be shown: what the server says, in one printable line, and not where the file of it lies."""
    if (name := printable(said, MODEL_LIMIT)) and isinstance(said, str) and not _PATH.match(name):
        return name
    last = re.split(r"[/\\]", asked.strip().rstrip("/\\"))[-1] if _PATH.match(asked.strip()) else asked
    return printable(last, MODEL_LIMIT)


_NOTHING = Said()


def _join(one: Said, other: Said) -> Said:
    return Said(
        one.text + other.text,
        one.is_alive or other.is_alive,
        one.is_thought or other.is_thought,
        one.is_refusal or other.is_refusal,
    )


def _read_content(content: object, depth: int = 0) -> Said:
    """A text, or parts of one, of which some are thoughts."""
    if isinstance(content, str):
        return Said(content, is_alive=bool(content))
    if isinstance(content, list) and depth < MOST_DEPTH and len(content) <= MOST_PARTS:
        said = [_read_content(part, depth + 1) for part in content if part]
        return Said(
            "".join(one.text for one in said),
            any(one.is_alive for one in said),
            any(one.is_thought for one in said),
            any(one.is_refusal for one in said),
        )
    if not isinstance(content, dict) or depth >= MOST_DEPTH:
        raise _malformed(content)
    kind = content.get("type")
    if (isinstance(kind, str) and _IS_THOUGHT.search(kind)) or content.get("thought") is True:
        return Said(is_alive=True, is_thought=True)
    if kind == "refusal":
        return Said(_text_of(content.get("refusal") or ""), is_alive=True, is_refusal=True)
    if error := content.get("error"):
        raise ReportedError(error)
    if kind is None and not any(name in content for name in _TEXT_FIELDS) and THOUGHT_FIELDS & content.keys():
        return Said(is_alive=True, is_thought=True)
    text = next((value for name in _TEXT_FIELDS if (value := content.get(name))), None)
    return _read_content(text, depth + 1) if text else Said(is_alive=bool(content))


def _text_of(value: object) -> str:
    if not isinstance(value, str):
        raise _malformed(value)
    return value


def _as_list(choices: object) -> list[Any]:
    if choices.__class__ is list:
        return choices
    if not choices:
        return []
    if isinstance(choices, dict):  # one choice, or choices by their index
        return [choices] if {"delta", "message", "text", "finish_reason"} & choices.keys() else [*choices.values()]
    raise _malformed(choices)


def _is_error(chunk: dict[str, Any]) -> bool:
    """Whether a chunk without choices tells of an error, in one of the ways that have no `error` in them."""
    kind = chunk.get("type")
    if isinstance(kind, str) and kind.lower().endswith("error"):
        return True
    if any(value and name.lower().startswith("err") for name, value in chunk.items()):  # errors, error_msg, errcode
        return True
    if (state := chunk.get("base_resp")) and isinstance(state, dict) and state.get("status_code"):  # MiniMax
        return True
    if chunk.get("detail") or chunk.get("exception") or chunk.get("fault"):  # FastAPI; Java's servers; Apigee
        return True
    if chunk.get("success") is False or chunk.get("status") in ("error", "failed", "failure"):  # Cloudflare; others
        return True
    message = chunk.get("message") or chunk.get("msg")
    return isinstance(message, str) and ("usage" not in chunk or any(chunk.get(name) for name in _BESIDE_AN_ERROR))


def _malformed(value: object) -> MalformedError:
    return MalformedError(f"{type(value).__name__} where none of its kind or size is expected")
