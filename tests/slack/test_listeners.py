"""The listeners, called by the real Bolt, with a Slack that does what it is told."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine.conversation.followups import Kind
from bot.errors import Effect, SlackError, TokenRefusedError, UnavailableError
from bot.playground.slack.payloads import describe_command
from bot.playground.slack.workspace import Workspace
from bot.slack.body import Body
from bot.slack.forms import DEEPER_FORM, PROBLEM_FORM, View, deeper_form, problem_form
from bot.slack.installation import Installation
from bot.slack.listeners import register
from bot.slack.question import Action, Press, Question
from bot.slack.wires.authorization import authorize_by
from tests.support.installed import INSTALLATION, TestedDesk
from tests.support.interactive import (
    CHANNEL,
    PARENT,
    REPLY,
    RESPONSE_URL,
    TRIGGER,
    USER,
    choose_message,
    press,
    silenced,
    submit,
    submit_to,
    write_to_bot,
)

WORKSPACE = Workspace(clock=lambda: 1_800_000_000.0)
BOT = "U0PERSPECT"
FAILURES: list[Exception] = [
    SlackError("expired_trigger_id"),
    SlackError("exchanged_trigger_id"),
    TokenRefusedError("refused", "missing_scope"),
    UnavailableError("broken", Effect.UNKNOWN),
]


@dataclass(slots=True)
class Slack:
    """Notes what is called; each call takes `delay` seconds, then fails if there is a failure, of forms or of all."""

    done: list[Any]
    delay: float = 0.08
    failure: Exception | None = None
    form_failure: Exception | None = None

    async def open_form(self, trigger_id: str, view: View) -> None:
        if self.form_failure:
            raise self.form_failure
        await self._do(("form", trigger_id, view))

    async def answer_press(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None, response_url: str | None
    ) -> None:
        await self._do(("told", channel, user, body.text, thread_ts, response_url))

    async def _do(self, call: Any) -> None:
        await asyncio.sleep(self.delay)
        if self.failure:
            raise self.failure
        self.done.append(call)


@dataclass(slots=True)
class Bot:
    """All that happens, in its order, and Bolt."""

    done: list[Any] = field(default_factory=list)
    refusal: Body | None = None  # what `receive` returns
    objection: str | None = None  # what `consider` returns
    failure: Exception | None = None  # of whoever receives
    installation: Installation | None = INSTALLATION
    looked_up: list[tuple[str, str | None]] = field(default_factory=list)
    slack: Slack = field(init=False)
    app: AsyncApp = field(init=False)

    def __post_init__(self) -> None:
        self.slack = Slack(self.done)
        self.listen()

    def listen(self, language: str = "auto") -> None:
        """Register the listeners."""
        self.app = AsyncApp(name="test", client=AsyncWebClient(), authorize=authorize_by(self.find))
        register(self.app, find_desk=self.find_desk, respond=self.respond, language=language)

    async def respond(self, response_url: str, body: Body) -> None:
        await self.slack._do(("responded", response_url, body.text))

    async def find(self, team_id: str, enterprise_id: str | None) -> Installation | None:
        self.looked_up.append((team_id, enterprise_id))
        return self.installation

    def find_desk(self, installation: Installation) -> TestedDesk:
        return TestedDesk(self.slack, self.receive, self.press, self.consider, installation)

    async def receive(self, question: Question) -> Body | None:
        await asyncio.sleep(0.02)  # it is written down
        if self.failure:
            raise self.failure
        self.note(question)
        return self.refusal

    async def press(self, press: Press) -> None:
        await asyncio.sleep(0.02)
        if self.failure:
            raise self.failure
        self.note(press)

    async def consider(self, question: Question) -> str | None:
        self.done.append(("considered", question.key))
        return self.objection

    def note(self, taken: Question | Press) -> None:
        """Note what was handed over; all are of one workspace here."""
        assert self.installation
        assert taken.workspace == self.installation.workspace
        self.done.append(replace(taken, workspace=""))

    async def get(self, payload: dict[str, Any]) -> tuple[BoltResponse, float]:
        """Send a payload: the response, and after how many seconds it was there."""
        began = asyncio.get_running_loop().time()
        response = await self.app.async_dispatch(AsyncBoltRequest(mode="socket_mode", body=payload))
        return response, asyncio.get_running_loop().time() - began

    async def send(self, payload: dict[str, Any]) -> Any:
        """Send a payload: what it is acknowledged with, None where with nothing; in 0.15 s."""
        response, seconds = await self.get(payload)
        assert response.status == 200
        assert seconds <= 0.15
        return json.loads(response.body) if response.body else None


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """As in the bot."""
    with silenced():
        yield


@pytest.fixture
async def bot() -> Bot:
    """It listens."""
    return Bot()


def command(text: str) -> dict[str, Any]:
    """Somebody types the command."""
    user, channel = WORKSPACE.user("ada"), WORKSPACE.channel("general")
    payload = describe_command(
        WORKSPACE, command="/perspectives", text=text, user=user, channel=channel, response_url=RESPONSE_URL
    )
    return payload | {"trigger_id": TRIGGER}


BUTTONS = [
    (Action.STOP, "", "en - k"),
    (Action.AGAIN, "Depth", "en Depth k"),
    (Action.TOGETHER, "", "en - k"),
    (Action.FEEDBACK, "Time", "-en Time k"),
]


@pytest.mark.parametrize(("action", "side", "value"), BUTTONS)
async def test_a_press_is_taken_before_it_is_acknowledged(bot: Bot, action: Action, side: str, value: str) -> None:
    """With where it was and who it was; twice is twice, and for whoever takes it to see."""
    taken = Press(action, "k", side, USER, CHANNEL, REPLY, PARENT, RESPONSE_URL)
    assert await bot.send(press(action.value, value)) is None
    assert bot.done == [taken]
    await bot.send(press(action.value, value))
    assert bot.done == [taken, taken]


async def test_a_press_that_is_not_taken_is_not_acknowledged(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    """Slack shows whoever pressed that it did nothing."""
    bot.failure = RuntimeError("secret")
    response, _ = await bot.get(press("stop", "en - k"))
    assert response.status == 500
    assert caplog.messages[0].startswith("listener.broken error=RuntimeError at=")
    assert "secret" not in caplog.text


async def test_to_go_deeper_a_form_is_opened_and_nothing_else_is_done(bot: Bot) -> None:
    """Before the acknowledgement, with the trigger of the press."""
    assert await bot.send(press("deeper", "ja Depth k")) is None
    ((kind, trigger, view),) = bot.done
    assert (kind, trigger, view["callback_id"]) == ("form", TRIGGER, DEEPER_FORM)
    assert view["title"]["text"] == "さらに深く"


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_form_that_is_not_opened_is_told(
    bot: Bot, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever kept it from that; and where that cannot be told either, the log says so."""
    bot.slack.form_failure = failure
    assert await bot.send(press("deeper", "en Depth k")) is None
    assert bot.done == [("told", CHANNEL, USER, "Slack did not open the form. Press again.", PARENT, RESPONSE_URL)]
    bot.slack.failure = failure
    assert await bot.send(press("deeper", "en Depth k")) is None
    code = getattr(failure, "code", "")
    assert caplog.messages[-2:] == [f"form.unopened error={code}", f"ephemeral.lost error={code}"]


async def test_a_slack_that_is_slow_keeps_no_press_beyond_its_time(bot: Bot) -> None:
    """It is given up: a second for the form, one to tell it."""
    bot.slack.delay = 60.0
    response, seconds = await bot.get(press("deeper", "en Depth k"))
    assert response.status == 200
    assert 2.0 <= seconds < 2.1
    assert bot.done == []


OTHER = "This button is from another version of me, and I do not know what it was to do. Nothing was done; "


@pytest.mark.parametrize(("action", "value"), [("former", "en - k"), ("stop", "en nothing"), ("feedback", "en - k")])
async def test_a_button_of_another_version_is_told(bot: Bot, action: str, value: str) -> None:
    """To whoever pressed it, and to nobody else; it is acknowledged."""
    assert await bot.send(press(action, value)) is None
    ((*place, words, thread_ts, response_url),) = bot.done
    assert (place, thread_ts, response_url) == (["told", CHANNEL, USER], PARENT, RESPONSE_URL)
    assert words.startswith(OTHER)


@pytest.mark.parametrize(("language", "count"), [("auto", 2), ("en", 1), ("ja", 1)])
async def test_where_its_language_is_not_known_it_is_told_in_all(bot: Bot, language: str, count: int) -> None:
    """Or in the one that is set."""
    bot.listen(language)
    await bot.send(press("former", "{}"))
    (told,) = bot.done
    assert len(told[3].split("\n\n")) == count
    assert ("別のバージョン" in told[3]) is (language != "en")


async def test_an_empty_command_opens_the_form(bot: Bot) -> None:
    """And is not received; one with a problem is, and opens none."""
    assert await bot.send(command("  ")) is None
    ((kind, trigger, view),) = bot.done
    assert (kind, trigger, view["callback_id"]) == ("form", TRIGGER, PROBLEM_FORM)
    assert view["blocks"][0]["label"]["text"] == "Your problem / 問題"
    bot.done.clear()
    assert await bot.send(command("Why?")) is None
    assert [question.problem for question in bot.done] == ["Why?"]


@pytest.mark.parametrize("failure", [*FAILURES, None])
async def test_an_empty_command_is_received_where_the_form_cannot_be_opened(
    bot: Bot, failure: Exception | None
) -> None:
    """As one always was: whoever receives it says how to ask. It does not take long to find out either."""
    bot.slack.failure, bot.slack.delay = failure, 0.08 if failure else 60.0
    bot.refusal = Body("how to ask", [])
    response, seconds = await bot.get(command(""))
    assert json.loads(response.body) == {"response_type": "ephemeral", "text": "how to ask"}
    assert seconds < (0.15 if failure else 1.1)
    assert [question.problem for question in bot.done] == [""]
    bot.done.clear()
    await bot.get(command("") | {"trigger_id": None})
    assert [question.problem for question in bot.done] == [""]


async def test_a_chosen_message_stands_in_the_form(bot: Bot) -> None:
    """As it was typed."""
    assert await bot.send(choose_message("Why &lt;so&gt;?")) is None
    ((_, trigger, view),) = bot.done
    assert trigger == TRIGGER
    assert view["blocks"][0]["element"]["initial_value"] == "Why <so>?"


async def test_where_no_form_can_be_opened_for_a_message_that_is_told(bot: Bot) -> None:
    """With another way to ask."""
    bot.slack.form_failure = SlackError("expired_trigger_id")
    assert await bot.send(choose_message("Why?")) is None
    ((kind, _, _, words, thread_ts, _),) = bot.done
    assert (kind, thread_ts) == ("told", PARENT)
    assert words == "Slack did not open the form. Choose it again, or mention me in a reply to the message."


ASKED = Question("", "Why?", USER, CHANNEL, PARENT, PARENT, RESPONSE_URL)
PRESSED = Press(Action.DEEPER, "k", "Depth", USER, CHANNEL, REPLY, PARENT, RESPONSE_URL)
FORMS = [
    (problem_form(ASKED), "view:V0PKB1ZFV", Kind.PERSPECTIVES),
    (deeper_form(PRESSED), "k/Depth/V0PKB1ZFV", Kind.DEEPER),
]


@pytest.mark.parametrize(("view", "key", "kind"), FORMS)
async def test_what_stands_in_a_form_is_considered_then_received(bot: Bot, view: View, key: str, kind: Kind) -> None:
    """The acknowledgement is empty, which closes the form."""
    assert await bot.send(submit(view, "Why?")) is None
    considered, question = bot.done
    assert considered == ("considered", key)
    assert (question.key, question.kind, question.problem) == (key, kind, "Why?")


@pytest.mark.parametrize(("view", "key", "kind"), FORMS)
async def test_what_cannot_be_asked_now_is_said_in_the_form(bot: Bot, view: View, key: str, kind: Kind) -> None:
    """It stays open, with what was typed; whichever of both finds out."""
    bot.objection = "Not now."
    errors = {"response_action": "errors", "errors": {"words": "Not now."}}
    assert await bot.send(submit(view, "Why?")) == errors
    assert bot.done == [("considered", key)]
    bot.objection, bot.refusal = None, Body("Not now.", [])
    assert await bot.send(submit(view, "Why?")) == errors


@pytest.mark.parametrize("callback_id", [PROBLEM_FORM, DEEPER_FORM])
async def test_a_form_of_another_version_says_so_and_keeps_what_was_typed(bot: Bot, callback_id: str) -> None:
    """It carries something else."""
    answer = await bot.send(submit_to(callback_id, {"place": "elsewhere"}))
    assert answer["response_action"] == "errors"
    assert answer["errors"]["words"].startswith("This button is from another version")
    assert bot.done == []


async def test_a_form_that_is_not_taken_is_not_acknowledged(bot: Bot) -> None:
    """Slack says so in it, and it can be sent again."""
    bot.failure = RuntimeError("secret")
    response, _ = await bot.get(submit(problem_form(ASKED), "Why?"))
    assert response.status == 500


async def test_a_message_to_the_bot_is_received_once_and_its_edits_never(bot: Bot) -> None:
    """Whatever Slack delivers a second time."""
    payload = write_to_bot(WORKSPACE, "Why?", thread_ts=PARENT)
    for again in (payload, payload, write_to_bot(WORKSPACE, "Why?", thread_ts=PARENT)):
        assert await bot.send(again) is None
    assert [(question.problem, question.reads_thread) for question in bot.done] == [("Why?", True)]
    for event in (
        {"subtype": "message_changed", "hidden": True, "user": None, "message": {}},
        {"bot_id": "B0PERSPECT", "user": BOT},
        {"subtype": "channel_join"},
        {"channel_type": "channel"},
    ):
        assert await bot.send(write_to_bot(WORKSPACE, "Why?", ts="1800000000.000009", **event)) is None
    assert len(bot.done) == 1


async def test_a_message_that_is_not_taken_is_not_acknowledged_and_taken_when_it_comes_again(bot: Bot) -> None:
    """It may be the only delivery."""
    payload = write_to_bot(WORKSPACE, "Why?")
    bot.failure = RuntimeError("secret")
    response, _ = await bot.get(payload)
    assert response.status == 500
    bot.failure = None
    await bot.send(payload)
    assert len(bot.done) == 1


async def test_the_workspace_is_the_one_that_the_payload_says_the_bot_answers_in(bot: Bot) -> None:
    """In a channel that several companies share, that is not the one of whoever writes (Slack Connect)."""
    event = write_to_bot(WORKSPACE, "Why?")
    shared = {**event, "team_id": "T0GUESTS", "is_ext_shared_channel": True}
    shared["authorizations"] = [{**event["authorizations"][0], "enterprise_id": "E1"}]
    await bot.send(shared)
    await bot.send({**command("Why?"), "team_id": "T2", "enterprise_id": "E2"})
    assert bot.looked_up == [(WORKSPACE.team_id, "E1"), ("T2", "E2")]


async def test_what_is_of_an_organisation_says_so(bot: Bot) -> None:
    """It is needed to find the installation again."""
    bot.installation = replace(INSTALLATION, enterprise_id="E1")
    await bot.send(command("Why?"))
    assert [one.enterprise for one in bot.done] == ["E1"]


async def test_where_the_bot_is_not_installed_people_are_told_and_nothing_else_is_done(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """In every language that the bot speaks; all is acknowledged, and no text is logged.

    Of a press, at the address that came with it: there is no token for another way.
    """
    bot.installation = None
    told = await bot.send(command("Why is this a secret?"))
    assert "not installed" in told["text"]
    assert "インストール" in told["text"]
    assert "not installed" in str(await bot.send(submit_to(PROBLEM_FORM, {"channel": CHANNEL})))
    for payload in (write_to_bot(WORKSPACE, "Why?"), press("stop", "en - k"), choose_message("Why?")):
        assert await bot.send(payload) is None
    assert [call[:2] for call in bot.done] == [("responded", RESPONSE_URL)] * 2
    assert all("not installed" in words and "インストール" in words for _, _, words in bot.done)
    assert [line.partition(" kind=")[2].partition(" ")[0] for line in caplog.messages] == [
        *("command", "view_submission", "message", "block_actions", "message_action")
    ]
    assert "secret" not in caplog.text


async def test_where_nobody_can_be_told_that_the_bot_is_not_installed_a_press_is_acknowledged(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """The address is missing, or Slack takes nothing there."""
    bot.installation = None
    nowhere = press("stop", "en - k")
    del nowhere["response_url"]
    assert await bot.send(nowhere) is None
    bot.slack.failure = SlackError("expired_url")
    assert await bot.send(press("stop", "en - k")) is None
    assert bot.done == []
    assert [line for line in caplog.messages if line.startswith("ephemeral")] == ["ephemeral.lost error=expired_url"]
