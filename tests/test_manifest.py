"""The manifest against Slack's form for it, against what the bot registers, and against what it calls."""

import ast
import inspect
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.api import Slack
from bot.slack.listeners import COMMAND, register
from tests.support.world import running

ROOT = Path(__file__).parent.parent

SCOPE_OF = {"app_mention": "app_mentions:read", "command": "commands"} | dict.fromkeys(
    ("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"), "chat:write"
)
WITHOUT_SCOPE = {"auth.test", "apps.connections.open", "response_url"}
# The bot tries them and can do without: whoever wants them adds their scopes, channels:history and groups:history.
OPTIONAL = {"conversations.replies", "conversations.history"}


def form(most: int, least: int = 1, **more: Any) -> dict[str, Any]:
    """The form of a text."""
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def group(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """The form of a group of settings, with nothing else in it."""
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


SWITCH = {"type": "boolean"}
MANIFEST = group(
    "display_information",
    _metadata=group(major_version={"const": 2}),
    display_information=group(
        "name", name=form(35), description=form(140), background_color=form(7, 4, pattern="^#[0-9a-f]{3,6}$")
    ),
    features=group(
        bot_user=group("display_name", display_name=form(80, pattern="^[a-z0-9._-]+$"), always_online=SWITCH),
        slash_commands={
            "type": "array",
            "minItems": 1,
            "items": group(
                "command",
                "description",
                command=form(32, 2, pattern=r"^/[a-z0-9_-]+$"),
                description=form(2_000),
                usage_hint=form(1_000),
                should_escape=SWITCH,
            ),
        },
    ),
    oauth_config=group(scopes=group(bot={"type": "array", "items": form(100), "uniqueItems": True})),
    settings=group(
        event_subscriptions=group(bot_events={"type": "array", "items": form(100), "uniqueItems": True}),
        interactivity=group("is_enabled", is_enabled=SWITCH),
        org_deploy_enabled=SWITCH,
        socket_mode_enabled=SWITCH,
        token_rotation_enabled=SWITCH,
    ),
)


@pytest.fixture(scope="module")
def manifest() -> Any:
    """The file, read."""
    return yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))


class Registered(AsyncApp):
    """An app that remembers what was registered with it."""

    def __init__(self) -> None:
        super().__init__(client=AsyncWebClient(token="xoxb-1"))
        self.commands: list[Any] = []
        self.events: list[Any] = []

    def command(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        self.commands.append(command)
        return super().command(command, *args, **kwargs)

    def event(self, event: Any, *args: Any, **kwargs: Any) -> Any:
        self.events.append(event)
        return super().event(event, *args, **kwargs)


@pytest.fixture
def registered() -> Registered:
    """What the bot listens to."""
    app = Registered()

    async def take(_: object) -> None:
        pass

    slack = Slack(AsyncWebClient(token="xoxb-1"))
    register(app, bot_user="U1", receive=take, press=take, consider=lambda _: None, slack=slack)
    return app


def test_it_has_the_form_that_slack_accepts(manifest: Any) -> None:
    """The parts of Slack's schema (version 2) that it uses, with their limits."""
    jsonschema.validate(manifest, MANIFEST)


def test_it_goes_through_socket_mode_and_escapes(manifest: Any) -> None:
    """No address to be reached at, and names typed in a command arrive as what they are."""
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert [command["should_escape"] for command in manifest["features"]["slash_commands"]] == [True]


def test_it_names_the_commands_and_events_that_the_bot_listens_to(manifest: Any, registered: Registered) -> None:
    """No more, and no less."""
    assert (
        [command["command"] for command in manifest["features"]["slash_commands"]] == registered.commands == [COMMAND]
    )
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == registered.events


def methods_in(source: str) -> set[str]:
    """The methods of Slack's Web API that code calls through the SDK's client, under Slack's own names.

    The client names a method as Slack does, with `_` in place of the dots.
    """
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert "api_call" not in names, "the client has a method for each of Slack's"
    offered = {name for name, value in vars(AsyncWebClient).items() if inspect.iscoroutinefunction(value)}
    return {name.replace("_", ".") for name in names & offered}


@pytest.fixture(scope="module")
def called() -> set[str]:
    """What the bot may ever call; the stand-in for Slack is no part of it."""
    paths = [path for path in (ROOT / "bot").rglob("*.py") if "playground" not in path.parts]
    return {name for path in paths for name in methods_in(path.read_text(encoding="utf-8"))}


def test_methods_are_found_where_they_are_called() -> None:
    """Whatever the client is called, and nothing else that looks like them."""
    source = "await self._client.chat_postMessage(channel=c)\nawait web.apps_connections_open()\nboard.chat_wait()"
    assert methods_in(source) == {"chat.postMessage", "apps.connections.open"}


def test_its_scopes_are_those_of_what_the_bot_calls_and_listens_to(
    manifest: Any, registered: Registered, called: set[str]
) -> None:
    """None is missing, and none is spare: each is one more thing that an administrator has to allow."""
    used = (
        (called - WITHOUT_SCOPE - OPTIONAL) | set(registered.events) | ({"command"} if registered.commands else set())
    )
    assert {SCOPE_OF[name] for name in used} == set(manifest["oauth_config"]["scopes"]["bot"])


async def test_a_run_calls_nothing_that_was_not_found(called: set[str]) -> None:
    """Not even in a way that cannot be read off the code."""
    async with running() as world:
        await world.ask()
        seen = world.workspace.methods_seen
    assert {"chat.postMessage", "chat.update"} <= seen
    assert seen <= called | {"response_url"}
