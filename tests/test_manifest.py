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
from bot.slack.http.events import PATH
from bot.slack.http.installs import REDIRECT
from bot.slack.listeners import COMMAND, register
from bot.slack.removals import register_removals
from tests.support.installed import TestedDesk
from tests.support.world import running

ROOT = Path(__file__).parent.parent

SCOPE_OF = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "command": "commands",
    "shortcut": "commands",
} | dict.fromkeys(("chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"), "chat:write")
WITHOUT_SCOPE = {"auth.test", "apps.connections.open", "response_url", "views.open", "blocks.validate"}
WITHOUT_SCOPE |= {"api.test", "oauth.v2.access", "app_uninstalled", "tokens_revoked", "team_access_revoked"}
# Their scope is that of the kind of channel. The bot tries them and can do without, so whoever installs it may decline.
HISTORY = {"conversations.replies", "conversations.history"}
HISTORIES = {"channels:history", "groups:history", "im:history"}
# What the SDK names for listeners, and the manifest for what is subscribed: a listener of messages gets all kinds.
SUBSCRIBED = {"message": "message.im"}


def form(most: int, least: int = 1, **more: Any) -> dict[str, Any]:
    """The form of a text."""
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def group(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """The form of a group of settings, with nothing else in it."""
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


SWITCH = {"type": "boolean"}
SCOPES = {"type": "array", "maxItems": 255, "items": form(50), "uniqueItems": True}
MANIFEST = group(
    "display_information",
    _metadata=group(major_version={"const": 2}),
    display_information=group(
        "name", name=form(35), description=form(140), background_color=form(7, 4, pattern="^#[0-9a-f]{3,6}$")
    ),
    features=group(
        app_home=group(home_tab_enabled=SWITCH, messages_tab_enabled=SWITCH, messages_tab_read_only_enabled=SWITCH),
        shortcuts={
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "items": group(
                *("name", "type", "callback_id", "description"),
                name=form(24),
                type={"enum": ["message", "global"]},
                callback_id=form(255),
                description=form(150),
            ),
        },
        bot_user=group("display_name", display_name=form(80, pattern="^[a-z0-9._-]+$"), always_online=SWITCH),
        slash_commands={
            "type": "array",
            "minItems": 1,
            "items": group(
                "command",
                "description",
                command=form(32, 2, pattern=r"^/[a-z0-9_-]+$"),
                description=form(2_000),
                url=form(3_000, pattern="^https://"),
                usage_hint=form(1_000),
                should_escape=SWITCH,
            ),
        },
    ),
    oauth_config=group(
        scopes=group(bot=SCOPES, bot_optional=SCOPES),
        redirect_urls={"type": "array", "maxItems": 1_000, "items": form(3_000, pattern="^https://")},
    ),
    settings=group(
        event_subscriptions=group(
            request_url=form(3_000, pattern="^https://"),
            bot_events={"type": "array", "items": form(100), "uniqueItems": True},
        ),
        interactivity=group("is_enabled", is_enabled=SWITCH, request_url=form(3_000, pattern="^https://")),
        org_deploy_enabled=SWITCH,
        socket_mode_enabled=SWITCH,
        token_rotation_enabled=SWITCH,
    ),
)


ONE, ANY = "manifest.yml", "docs/manifest-distribution.yml"


@pytest.fixture(scope="module", params=[ONE, ANY])
def name(request: pytest.FixtureRequest) -> str:
    """That of one workspace's app, and that of an app which workspaces install."""
    return str(request.param)


@pytest.fixture(scope="module")
def manifest(name: str) -> Any:
    """The file, read."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


class Registered(AsyncApp):
    """An app that remembers what was registered with it."""

    def __init__(self) -> None:
        super().__init__(client=AsyncWebClient(token="xoxb-1"))
        self.commands: list[Any] = []
        self.events: list[Any] = []
        self.shortcuts: list[Any] = []

    def command(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        self.commands.append(command)
        return super().command(command, *args, **kwargs)

    def event(self, event: Any, *args: Any, **kwargs: Any) -> Any:
        self.events.append(event)
        return super().event(event, *args, **kwargs)

    def shortcut(self, constraints: Any, *args: Any, **kwargs: Any) -> Any:
        self.shortcuts.append(constraints)
        return super().shortcut(constraints, *args, **kwargs)


@pytest.fixture
def registered(name: str) -> Registered:
    """What the bot listens to."""
    app = Registered()

    async def take(*_: object) -> None:
        pass

    desk = TestedDesk(Slack(AsyncWebClient(token="xoxb-1")), take, take, take)
    register(app, find_desk=lambda _: desk, respond=desk.slack.respond)
    if name == ANY:
        register_removals(app, take, take)
    return app


def test_it_has_the_form_that_slack_accepts(manifest: Any) -> None:
    """The parts of Slack's schema (version 2) that it uses, with their limits."""
    jsonschema.validate(manifest, MANIFEST)


def test_it_goes_the_way_that_it_is_for_and_escapes(manifest: Any, name: str) -> None:
    """Without an address through sockets, or to the bot's own; names typed in a command arrive as what they are."""
    settings, commands = manifest["settings"], manifest["features"]["slash_commands"]
    assert settings["socket_mode_enabled"] is (name == ONE)
    addresses = [
        *(command.get("url") for command in commands),
        *(settings[group].get("request_url") for group in ("event_subscriptions", "interactivity")),
    ]
    address = None if name == ONE else f"https://perspectives.example.com{PATH}"
    assert set(addresses) == {address}
    back = None if name == ONE else [f"https://perspectives.example.com{REDIRECT}"]
    assert manifest["oauth_config"].get("redirect_urls") == back
    assert [command["should_escape"] for command in manifest["features"]["slash_commands"]] == [True]


def test_it_names_what_the_bot_listens_to(manifest: Any, registered: Registered) -> None:
    """No more, and no less."""
    assert (
        [command["command"] for command in manifest["features"]["slash_commands"]] == registered.commands == [COMMAND]
    )
    events = [SUBSCRIBED.get(event, event) for event in registered.events]
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == events
    # Slack calls the same thing by two names: in the manifest, and in what it sends.
    kinds = {"message": "message_action", "global": "shortcut"}
    shortcuts = manifest["features"]["shortcuts"]
    assert registered.shortcuts == [
        {"type": kinds[one["type"]], "callback_id": one["callback_id"]} for one in shortcuts
    ]


def test_what_is_pressed_and_written_to_the_bot_is_let_through(manifest: Any) -> None:
    """Buttons and forms need no scope, but a switch; and so does the tab that people write in."""
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    home = manifest["features"]["app_home"]
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)


def methods_in(source: str) -> set[str]:
    """The methods of Slack's Web API that code calls through the SDK's client, under Slack's own names.

    The client names a method as Slack does, with `_` in place of the dots.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    offered = {name for name, value in vars(AsyncWebClient).items() if inspect.iscoroutinefunction(value)}
    named = [call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "api_call"]
    by_name = {str(one.value) for one in named if isinstance(one, ast.Constant)}
    assert by_name <= {"oauth.v2.access"}, "the client has a method for each of Slack's"
    return {name.replace("_", ".") for name in names & offered} | by_name


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
    events = {SUBSCRIBED.get(event, event) for event in registered.events}
    used = (called | events) - WITHOUT_SCOPE - HISTORY
    used |= {"command"} if registered.commands else set()
    used |= {"shortcut"} if registered.shortcuts else set()
    scopes = manifest["oauth_config"]["scopes"]
    assert {SCOPE_OF[name] for name in used} | (HISTORIES if called & HISTORY else set()) == set(scopes["bot"])
    assert set(scopes["bot_optional"]) == HISTORIES


async def test_a_run_calls_nothing_that_was_not_found(called: set[str]) -> None:
    """Not even in a way that cannot be read off the code."""
    async with running() as world:
        await world.ask()
        seen = world.workspace.methods_seen
    assert {"chat.postMessage", "chat.update"} <= seen
    assert seen <= called | {"response_url"}
