from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.interaction.modals import answer_submission, open_view
from bot.playground.slack.records import View
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace
from tests.playground.slack.pressed import actions, button, field, form, words

OPTIONAL = {**field("more"), "optional": True}


def opened(workspace: Workspace, *blocks: Any, **more: Any) -> View:
    """Open a form before ada."""
    trigger_id = workspace.triggers.issue("U0ADA", workspace.now())
    return open_view(workspace, {"trigger_id": trigger_id, "view": form(*blocks, **more)})


class Answers:
    """An app that answers each form it is sent with `answer`, and keeps what it heard."""

    def __init__(self, app: AsyncApp) -> None:
        self.answer: dict[str, Any] = {}
        self.bodies: list[dict[str, Any]] = []
        app.view("ask")(self._listen)
        app.view_closed("ask")(self._listen)

    async def _listen(self, ack: Any, body: dict[str, Any]) -> None:
        self.bodies.append(body)
        await ack(**self.answer)


@pytest.fixture
def answers(app: AsyncApp) -> Answers:
    """The app."""
    return Answers(app)


async def test_a_form_that_is_sent_tells_what_it_holds(
    server: SlackServer, workspace: Workspace, answers: Answers
) -> None:
    """And what was put into it unseen; it knows neither channel nor thread. Acknowledged, it closes."""
    view = opened(workspace, field(initial_value="Why?"), OPTIONAL, field("third"), private_metadata="C0GENERAL")
    assert await server.submit(view, {"third/text": "a < b"}) == pytest.approx(0.01, abs=0.005)
    (body,) = answers.bodies
    assert (body["type"], body["user"]["id"], body["team"]["id"]) == ("view_submission", "U0ADA", "T0PLAYGRND")
    assert body["view"]["state"]["values"] == {
        "problem": {"text": {"type": "plain_text_input", "value": "Why?"}},
        "more": {"text": {"type": "plain_text_input", "value": None}},
        "third": {"text": {"type": "plain_text_input", "value": "a < b"}},
    }
    assert (body["view"]["id"], body["view"]["private_metadata"]) == (view.id, "C0GENERAL")
    assert body["trigger_id"]
    assert not {"channel", "container", "message", "response_url"} & set(body)
    assert (view.is_open, workspace.warnings) == (False, [])
    with pytest.raises(ValueError, match="sees no form"):
        await server.submit(view)


async def test_errors_stand_at_their_fields(server: SlackServer, workspace: Workspace, answers: Answers) -> None:
    """The form stays open, with what was typed, until the app has nothing against it."""
    view = opened(workspace)
    answers.answer = {"response_action": "errors", "errors": {"problem": "Too short to say much."}}
    await server.submit(view, {"problem/text": "Why"})
    assert (view.is_open, view.errors) == (True, {"problem": "Too short to say much."})
    answers.answer = {}
    await server.submit(view)
    assert (view.is_open, view.errors) == (False, {})
    assert answers.bodies[1]["view"]["state"]["values"]["problem"]["text"]["value"] == "Why"


@pytest.mark.parametrize(
    ("limits", "mistake"),
    [
        ({}, ("", "required")),
        ({"max_length": 3}, ("four", "too long")),
        ({"max_length": 3}, ("\N{GRINNING FACE}" * 2, "too long")),
        ({}, ("a" * 3_001, "too long")),
        ({"min_length": 3}, ("ab", "too short")),
    ],
)
async def test_slack_does_not_send_a_form_that_is_filled_in_wrongly(
    server: SlackServer, workspace: Workspace, answers: Answers, limits: dict[str, Any], mistake: tuple[str, str]
) -> None:
    """The app does not hear of it."""
    text, says = mistake
    view = opened(workspace, field(**limits), OPTIONAL)
    assert await server.submit(view, {"problem/text": text}) is None
    assert says in view.errors["problem"]
    assert (view.is_open, answers.bodies, list(view.errors)) == (True, [], ["problem"])
    await server.submit(view, {"problem/text": "why"})
    assert (view.is_open, len(answers.bodies)) == (False, 1)


async def test_only_what_is_on_the_screen_can_be_filled_in(server: SlackServer, workspace: Workspace) -> None:
    """Fields that are there, by the person who sees them."""
    view = opened(workspace)
    with pytest.raises(ValueError, match="no fields"):
        await server.submit(view, {"other/text": "a"})
    with pytest.raises(ValueError, match="ben sees no form"):
        await server.submit(view, {"problem/text": "a"}, "ben")
    with pytest.raises(ValueError, match="ben sees no form"):
        await server.close(view, "ben")


async def test_another_form_can_take_its_place(server: SlackServer, workspace: Workspace, answers: Answers) -> None:
    """Under the same id; what was typed into a field that is still there stays."""
    view = opened(workspace)
    answers.answer = {"response_action": "update", "view": form(field(), OPTIONAL, title=words("And more"))}
    await server.submit(view, {"problem/text": "Why?"})
    assert (view.is_open, view.content["title"]["text"]) == (True, "And more")
    answers.answer = {"response_action": "clear"}
    await server.submit(view, {"more/text": "Since May."})
    assert not view.is_open
    first, second = answers.bodies
    assert first["view"]["id"] == second["view"]["id"]
    assert first["view"]["hash"] != second["view"]["hash"]
    values = second["view"]["state"]["values"]
    assert [values[name]["text"]["value"] for name in ("problem", "more")] == ["Why?", "Since May."]


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "thanks"},
        {"response_action": "push", "view": form()},
        {"response_action": ["errors"]},
        {"response_action": "clear", "errors": {"problem": "a"}},
        {"response_action": "errors"},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": ["problem"]},
        {"response_action": "errors", "errors": {"text": "not its block_id"}},
        {"response_action": "errors", "errors": {"row": "no field"}},
        {"response_action": "errors", "errors": {"problem": " "}},
        {"response_action": "errors", "errors": {"problem": None}},
        {"response_action": "update"},
        {"response_action": "update", "view": form(title=words("a" * 25))},
    ],
)
async def test_an_answer_that_makes_no_sense_is_refused(workspace: Workspace, answer: dict[str, Any]) -> None:
    """The form stays as it was."""
    view = opened(workspace, field(), actions(button("go"), block_id="row"))
    before = dict(view.content)
    with pytest.raises(RefusedError):
        answer_submission(workspace, view, answer)
    assert (view.is_open, view.errors, view.content) == (True, {}, before)


async def test_who_sent_a_form_sees_that_its_answer_made_no_sense(
    server: SlackServer, workspace: Workspace, answers: Answers
) -> None:
    """Slack says that it had trouble to connect, and leaves the form."""
    view = opened(workspace)
    answers.answer = {"response_action": "errors", "errors": {"other": "a"}}
    assert await server.submit(view, {"problem/text": "why?"}) is not None
    (warned,) = workspace.warnings
    assert (warned.user, warned.kind, warned.code) == ("U0ADA", "view_submission", "invalid_response")
    assert warned.reason == "errors: other is no field"
    assert view.is_open


async def test_a_form_that_nobody_takes_stays(server: SlackServer, app: AsyncApp, workspace: Workspace) -> None:
    """After three seconds, with Slack's warning."""
    view = opened(workspace)
    assert await server.submit(view, {"problem/text": "why?"}) is None
    (warned,) = workspace.warnings
    assert (warned.at, warned.kind, warned.code) == (view.at + 3.0, "view_submission", "operation_timeout")
    assert view.is_open


async def test_an_app_hears_of_a_closed_form_if_it_wants_to(
    server: SlackServer, workspace: Workspace, answers: Answers
) -> None:
    """And of no other."""
    view, told = opened(workspace), opened(workspace, notify_on_close=True)
    assert await server.close(view) is None
    assert answers.bodies == []
    assert await server.close(told) is not None
    (body,) = answers.bodies
    assert (body["type"], body["view"]["id"], body["is_cleared"]) == ("view_closed", told.id, False)
    assert (view.is_open, told.is_open) == (False, False)


async def test_nobody_sees_that_a_closing_was_not_taken(server: SlackServer, workspace: Workspace) -> None:
    """The form is gone by then."""
    view = opened(workspace, notify_on_close=True)
    assert await server.close(view) is None
    assert workspace.warnings == []
