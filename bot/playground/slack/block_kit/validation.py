"""`blocks.validate`: says what is wrong with blocks, a message or a form, and shows them to nobody. Pure.

Each problem is an object with the place, a code and the words. Slack's also has the limit that was passed, in a form
that depends on the code; nothing here needs it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from bot.playground.slack.arguments import Args, RefusedError, read_json
from bot.playground.slack.block_kit.blocks import find_problems
from bot.playground.slack.block_kit.checks import check_properties, say
from bot.playground.slack.block_kit.views import find_view_problems

CODE = "failed_constraint"  # of every problem; Slack's list of codes is unpublished
MESSAGE = frozenset({"text", "blocks"})


def validate(args: Args) -> None:
    """See whether the one argument is what it should be.

    Raises:
        RefusedError: it is not, or there are several, or none.
    """
    if len(args) != 1:
        raise RefusedError("invalid_arguments")
    ((name, value),) = args.items()
    if problems := [_describe(problem) for problem in CHECKS[name](read_json(value, "invalid_arguments"))]:
        raise RefusedError(f"invalid_{name}", errors=problems)


def _check_message(message: Any) -> Iterator[str]:
    if not isinstance(message, dict):
        yield say("must be an object", "")
        return
    yield from check_properties(message, MESSAGE, "")
    yield from find_problems(message.get("blocks", []))


def _describe(problem: str) -> dict[str, str]:
    words, _, pointer = problem.removesuffix("]").rpartition(" [json-pointer:")
    return {"pointer": pointer, "code": CODE, "message": words}


CHECKS: dict[str, Callable[[Any], Any]] = {
    "blocks": lambda blocks: find_problems(blocks, at=""),
    "message": _check_message,
    "view": lambda view: find_view_problems(view, at=""),
}
