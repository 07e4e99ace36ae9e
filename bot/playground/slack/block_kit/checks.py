"""The simplest parts of Block Kit, and what is wrong with them: strings, numbers, switches, texts, arrays.

Each check yields its problems as Slack says them, each with a JSON pointer to its place. Lengths are counted in UTF-16
units of the text as it was sent. Pure.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any


def count_units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def say(words: str, at: str) -> str:
    """Return a problem, with its place."""
    return f"{words} [json-pointer:{at}]"


def check_properties(holder: dict[str, Any], known: Collection[str], at: str) -> Iterator[str]:
    """Only what is documented, and means something here, may be there."""
    for name in sorted(holder.keys() - set(known)):
        yield say(f"invalid additional property: {name}", at)


def check_string(value: Any, at: str, limit: int) -> Iterator[str]:
    """A string that says something, of `limit` characters at most."""
    if not isinstance(value, str):
        yield say("must be a string", at)
    elif not value.strip():
        yield say("must be more than 0 characters", at)
    elif count_units(value) > limit:
        yield say(f"must be less than {limit + 1} characters", at)


def check_strings(holder: dict[str, Any], limits: dict[str, int], at: str) -> Iterator[str]:
    """Strings that may be left out, by their names, with how long each may be."""
    for name, limit in limits.items():
        if name in holder:
            yield from check_string(holder[name], f"{at}/{name}", limit)


def check_number(holder: dict[str, Any], name: str, at: str, *, least: int, most: int) -> Iterator[str]:
    """A whole number that may be left out."""
    value = holder.get(name, least)
    if type(value) is not int:
        yield say("must be an integer", f"{at}/{name}")
    elif not least <= value <= most:
        yield say(f"must be from {least} to {most}", f"{at}/{name}")


def check_flags(holder: dict[str, Any], names: tuple[str, ...], at: str) -> Iterator[str]:
    """Switches that may be left out."""
    for name in names:
        if not isinstance(holder.get(name, False), bool):
            yield say("must be a boolean", f"{at}/{name}")


def check_choice(holder: dict[str, Any], name: str, choices: tuple[str, ...], at: str) -> Iterator[str]:
    """One of a few words, which may be left out."""
    if name in holder and holder[name] not in choices:
        yield say(f"must be one of: {', '.join(choices)}", f"{at}/{name}")


def check_text(text: Any, at: str, limit: int, *, is_plain: bool = False) -> Iterator[str]:
    """A text object; with `is_plain`, one in which nothing is marked up."""
    kind = text.get("type") if isinstance(text, dict) else None
    if kind not in ("plain_text", "mrkdwn"):
        yield say("must be a text object", at)
        return
    option = "emoji" if kind == "plain_text" else "verbatim"
    yield from check_properties(text, {"type", "text", option}, at)
    yield from check_flags(text, (option,), at)
    yield from check_string(text.get("text"), f"{at}/text", limit)
    if is_plain and kind == "mrkdwn":
        yield say("must be plain_text", f"{at}/type")


def check_size(items: Any, at: str, most: int) -> Iterator[str]:
    """An array with something in it, and not more than `most` things."""
    if not isinstance(items, list) or not 1 <= len(items) <= most:
        yield say(f"must be an array of 1 to {most} items", at)


def check_kind(
    thing: Any,
    at: str,
    kinds: Collection[str],
    table: Mapping[str, tuple[Callable[[Any, str], Iterator[str]], Collection[str]]],
    identifier: tuple[str, int],
) -> Iterator[str]:
    """A block or an element, of one of `kinds`: by `table`, which has each kind's own check and its properties.

    `identifier` is the name of what all of them are known by, and how long that may be.
    """
    kind = thing.get("type") if isinstance(thing, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        yield say(f"unsupported type: {kind}", f"{at}/type")
        return
    check, properties = table[kind]
    name, limit = identifier
    yield from check_properties(thing, {*properties, "type", name}, at)
    yield from check_strings(thing, {name: limit}, at)
    yield from check(thing, at)
