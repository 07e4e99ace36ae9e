"""Forms: opened with a trigger id, changed while they stand, filled in, and answered by the app when they are sent."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from bot.playground.slack.arguments import Args, Json, RefusedError
from bot.playground.slack.block_kit.checks import count_units
from bot.playground.slack.block_kit.elements import INPUT_LIMIT
from bot.playground.slack.block_kit.stored import store
from bot.playground.slack.block_kit.views import find_view_problems
from bot.playground.slack.interaction.triggers import TriggerError
from bot.playground.slack.records import View
from bot.playground.slack.workspace import Workspace

SIZE_LIMIT = 250_000  # bytes of a view in JSON; documented as 250 kB
ANSWERS: Mapping[str, tuple[str, ...]] = {"clear": (), "update": ("view",), "errors": ("errors",)}
"""What an app may answer to a form that was sent, and what it has to say with it. `push` is not carried out here."""


def open_view(workspace: Workspace, args: Args) -> View:
    """Show a form to whoever did what the trigger id came from.

    Raises:
        RefusedError: nothing was opened, and the trigger id is as good as before.
    """
    _check(workspace, args["view"])
    try:
        user = workspace.triggers.exchange(args["trigger_id"], workspace.now())
    except TriggerError as error:
        raise RefusedError(str(error)) from error
    view = View(workspace.now(), user, _make_content(workspace, args["view"], f"V{uuid.uuid4().hex[:10].upper()}"))
    workspace.keep(view)
    return view


def update_view(workspace: Workspace, args: Args) -> View:
    """Change a form that stands, which is named by its id or its external id.

    Raises:
        RefusedError: it stays as it was.
    """
    names = {name: args[key] for name, key in (("id", "view_id"), ("external_id", "external_id")) if args.get(key)}
    if len(names) != 1:
        raise RefusedError("invalid_arguments")
    view = next((one for one in workspace.views if one.is_open and names.items() <= one.content.items()), None)
    if view is None:
        raise RefusedError("not_found")
    if args.get("hash", view.content["hash"]) != view.content["hash"]:
        raise RefusedError("hash_conflict")
    change_view(workspace, view, args["view"])
    return view


def change_view(workspace: Workspace, view: View, content: Any) -> None:
    """Show another form in the place of `view`, under its id.

    Raises:
        RefusedError: it stays as it was.
    """
    _check(workspace, content, view)
    view.content = _make_content(workspace, content, view.id)
    view.errors = {}
    workspace.announce()


def describe_view(view: View, values: Mapping[str, Any] | None = None) -> Json:
    """Return a form as Slack tells apps of it; `values` are what was typed, by block_id and action_id."""
    return view.content | {"state": {"values": values or {}}}


def fill_in(view: View, texts: Mapping[str, str]) -> Json:
    """Type `texts` into a form, by `block_id/action_id`, and return what it holds then, by block_id and action_id.

    A field that is left alone holds what it had before, or was opened with. What Slack's own client finds wrong with
    what was typed stands in `view.errors` afterwards; such a form is not sent.

    Raises:
        ValueError: it has no such field.
    """
    values: Json = {}
    names = {f"{block['block_id']}/{block['element']['action_id']}": block for block in _fields(view)}
    if odd := texts.keys() - names.keys():
        raise ValueError(f"no fields {sorted(odd)} in the form")
    view.typed |= texts
    view.errors = {}
    for name, block in names.items():
        element = block["element"]
        text = view.typed.get(name, element.get("initial_value", ""))
        values[block["block_id"]] = {element["action_id"]: {"type": element["type"], "value": text or None}}
        if problem := _find_mistake(block, text):
            view.errors[block["block_id"]] = problem
    return values


def answer_submission(workspace: Workspace, view: View, answer: Json | None) -> None:
    """Do with a form that was sent what its app says: close it, show another or what is wrong with it.

    Raises:
        RefusedError: that makes no sense, or is nothing that is carried out here; the form stays as it was.
    """
    if not answer:
        view.is_open = False
        workspace.announce()
        return
    action = answer.get("response_action")
    if not isinstance(action, str) or action not in ANSWERS:
        raise RefusedError(f"unknown response_action: {action}")
    if odd := answer.keys() ^ {"response_action", *ANSWERS[action]}:
        raise RefusedError(f"{action}: missing or unknown: {', '.join(sorted(odd))}")
    if action == "update":
        change_view(workspace, view, answer["view"])
    elif action == "errors":
        view.errors = _read_errors(view, answer["errors"])
    else:
        view.is_open = False
    workspace.announce()


def _fields(view: View) -> list[Json]:
    return [block for block in view.content["blocks"] if block["type"] == "input"]


def _find_mistake(block: Json, text: str) -> str:
    element = block["element"]
    if not text:
        return "" if block["optional"] else "Please complete this required field."
    if count_units(text) > element.get("max_length", INPUT_LIMIT):
        return "This entry is too long."
    return "This entry is too short." if count_units(text) < element.get("min_length", 0) else ""


def _read_errors(view: View, errors: Any) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors:
        raise RefusedError("errors: must be an object with something in it")
    fields = {block["block_id"] for block in _fields(view)}
    for block_id, words in errors.items():
        if block_id not in fields:
            raise RefusedError(f"errors: {block_id} is no field")
        if not isinstance(words, str) or not words.strip():
            raise RefusedError(f"errors: {block_id} has no words")
    return dict(errors)


def _check(workspace: Workspace, content: Any, instead_of: View | None = None) -> None:
    if problems := find_view_problems(content):
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise RefusedError("invalid_arguments", response_metadata={"messages": messages})
    if len(json.dumps(content, ensure_ascii=False).encode()) > SIZE_LIMIT:
        raise RefusedError("view_too_large")
    taken = {view.content["external_id"] for view in workspace.views if view.is_open and view is not instead_of}
    if content.get("external_id") and content["external_id"] in taken:
        raise RefusedError("duplicate_external_id")


def _make_content(workspace: Workspace, content: Json, view_id: str) -> Json:
    version = uuid.uuid4().hex[:8]
    empty: Json = dict.fromkeys(("private_metadata", "callback_id", "external_id"), "")
    return {
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **empty,
        **content,
        "blocks": store(content["blocks"], f"{view_id}/{version}"),
        "id": view_id,
        "root_view_id": view_id,
        "previous_view_id": None,
        "hash": f"{int(workspace.clock())}.{version}",
        "team_id": workspace.team_id,
        "app_installed_team_id": workspace.team_id,
        "app_id": workspace.app_id,
        "bot_id": workspace.bot_id,
    }
