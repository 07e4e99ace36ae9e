"""The listeners: read what people ask and press out of what Slack sends, hand it over, acknowledge it.

Whoever receives it has written it down by then: what Slack believes to be taken is taken, whatever becomes of the
process. Bolt acknowledges events before it calls their listener, so theirs are handed over in a middleware. A form is
opened before anything else is done: Slack takes it within 3 s of the press. What is said to whoever pressed is said
before the acknowledgement too, in `TELL_TIMEOUT` at the most: nothing goes on behind it that nobody awaits.

A payload's desk is its workspace's. Where the bot is not installed there, people are told so, by the acknowledgement or
at the address that came with a press; events are acknowledged.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id. A press may come twice; what has to happen once is kept so by whoever writes it down.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext

from bot.errors import BotError
from bot.markup.characters import is_blank
from bot.printable import as_code, is_code
from bot.slack import forms, notices
from bot.slack.api import Slack
from bot.slack.body import Body
from bot.slack.installation import Installation
from bot.slack.payloads.fields import OddFieldError, read_id, read_url
from bot.slack.payloads.presses import Presser, read_press, read_presser
from bot.slack.payloads.questions import read_chosen_message, read_command, read_direct_message, read_mention
from bot.slack.question import Action, Press, Question
from bot.slack.seen import Seen
from bot.slack.wires.authorization import find_installation
from bot.slack.wires.not_taken import on_error, taken, try_reading
from bot.texts import AUTO, speak_first
from bot.texts.language import Language
from bot.texts.phrases import Phrase

logger = logging.getLogger(__name__)

T = TypeVar("T")
_Asked = TypeVar("_Asked", Question, Press)
Next = Callable[[], Awaitable[Any]]

COMMAND = "/perspectives"
SHORTCUT = "perspectives_on_message"
ANY = re.compile("")  # matches every action_id
OPEN_TIMEOUT = 1.0  # seconds for a form to be opened; after that, there is time to do without
TELL_TIMEOUT = 1.0  # seconds to tell who pressed; Slack waits 3 for the acknowledgement, the form had one of them


Respond = Callable[[str, Body], Awaitable[None]]
"""Answers a press at the address that came with it, with no token. Raises `SlackError`."""


class Desk(Protocol):
    """Who takes in what is asked and pressed in one workspace."""

    @property
    def installation(self) -> Installation:
        """The bot as it is there."""

    @property
    def slack(self) -> Slack:
        """Its calls."""

    async def receive(self, question: Question) -> Body | None:
        """Take a question; what is to be said with a command's acknowledgement, if anything.

        Its problem may be empty: in a thread, to go deeper, and where there is nothing to be asked, to be told how to.
        """

    async def press(self, press: Press) -> None:
        """Take the press of a button; none of `DEEPER`, which opens a form."""

    async def consider(self, question: Question) -> str | None:
        """Why what stands in a form cannot be asked now, if so: that is then shown in the form."""


def register(
    app: AsyncApp, *, find_desk: Callable[[Installation], Desk], respond: Respond, language: str = AUTO
) -> None:
    """Hand every question and every press of a button that arrives at `app` to the desk of its workspace.

    Both are awaited before Slack gets its acknowledgement. `respond` answers presses where there is no desk. `language`
    is the one that is set, or `AUTO`.
    """
    listeners = _Listeners(find_desk, respond, language)
    app.command(COMMAND)(listeners.on_command)
    app.event("app_mention", middleware=[listeners.keep_mention])(on_event)
    app.event("message", middleware=[listeners.keep_message])(on_event)
    app.shortcut({"type": "message_action", "callback_id": SHORTCUT})(listeners.on_shortcut)
    app.view(forms.PROBLEM_FORM)(listeners.on_problem)
    app.view(forms.DEEPER_FORM)(listeners.on_deeper)
    app.action({"type": "block_actions", "action_id": ANY})(listeners.on_press)
    app.error(on_error)


@dataclass(frozen=True, slots=True)
class _Listeners:
    """One method for each kind of payload. Bolt passes what a parameter's name asks for."""

    find_desk: Callable[[Installation], Desk]
    respond: Respond
    language: str
    seen: Seen = field(default_factory=Seen)

    async def on_command(self, ack: AsyncAck, command: dict[str, Any], context: AsyncBoltContext) -> None:
        """A command; an empty one opens the form, or has the desk say how to ask."""
        desk = self._desk("command", context)
        if desk is None:
            await ack(text=self._say(None, Phrase.NOT_INSTALLED), response_type="ephemeral")
            return
        question = try_reading("command", lambda: _at(desk, read_command(command, self.language)))
        if question and is_blank(question.problem) and await self._open_problem(desk, command, question):
            question = None
        words = await taken(desk.receive(question)) if question else None
        if words is None:
            await ack()
        else:
            await ack(text=words.text, blocks=words.blocks, response_type="ephemeral")

    async def keep_mention(
        self,
        event: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        next: Next,  # noqa: A002 - Bolt's
    ) -> None:
        """A mention, before it is acknowledged."""
        await self._keep("app_mention", read_mention, event, body, context)
        await next()

    async def keep_message(
        self,
        event: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
        next: Next,  # noqa: A002 - Bolt's
    ) -> None:
        """A message to the bot itself, before it is acknowledged."""
        await self._keep("message", read_direct_message, event, body, context)
        await next()

    async def _keep(
        self,
        kind: str,
        read: Callable[[dict[str, Any], str, str], Question | None],
        event: dict[str, Any],
        body: dict[str, Any],
        context: AsyncBoltContext,
    ) -> None:
        desk = self._desk(kind, context)
        if desk is None:
            return
        found = try_reading(kind, lambda: read(event, desk.installation.bot_user_id, self.language))
        if found:
            question, event_id = _at(desk, found), body.get("event_id")
            # Both: a message that is mentioned in is one question, however many events tell of it.
            keys = (question.key, event_id if is_code(event_id) else question.key)
            # An event's acknowledgement can say nothing.
            await self.seen.once(keys, lambda: taken(desk.receive(question)))

    async def on_shortcut(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """A message that somebody chose: it stands in the form then."""
        if desk := self._desk("message_action", context):
            asked = try_reading("message_action", lambda: read_chosen_message(body, self.language))
            if asked and not await self._open_problem(desk, body, asked):
                place = Presser(asked.user, asked.channel, "", asked.ephemeral_ts, asked.response_url, asked.language)
                await self._tell(desk, place, Phrase.NO_FORM_OF_MESSAGE)
        else:
            await self._tell_missing(body)
        await ack()

    async def on_press(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """A button of a message, of this version or another."""
        if desk := self._desk("block_actions", context):
            presser = try_reading("block_actions", lambda: read_presser(body))
            pressed = try_reading("block_actions", lambda: read_press(body, presser)) if presser else None
            match pressed:
                case Press(action=Action.DEEPER):
                    if not await self._open(desk, body, forms.deeper_form(pressed)):
                        await self._tell(desk, pressed, Phrase.NO_FORM)
                case Press():
                    await taken(desk.press(_at(desk, pressed)))
                case Presser():
                    logger.info("listener.other_version")
                    await self._tell(desk, pressed, Phrase.OTHER_VERSION)
        else:
            await self._tell_missing(body)
        await ack()

    async def on_problem(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """The form for a problem."""
        await self._submit(ack, context, lambda: forms.read_problem(body, self.language))

    async def on_deeper(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        """The form to go deeper into an answer."""
        await self._submit(ack, context, lambda: forms.read_deeper(body))

    async def _submit(self, ack: AsyncAck, context: AsyncBoltContext, read: Callable[[], Question]) -> None:
        desk = self._desk("view_submission", context)
        question = try_reading("view_submission", read)
        # The form stays open, with what was typed in it.
        words = self._say(None, Phrase.OTHER_VERSION if desk else Phrase.NOT_INSTALLED)
        if desk and question:
            words = await taken(self._ask(desk, _at(desk, question)))
        if words:
            await ack(response_action="errors", errors={forms.WORDS: words})
        else:
            await ack()

    def _desk(self, kind: str, context: AsyncBoltContext) -> Desk | None:
        """The desk of a payload's workspace, if the bot is installed there."""
        if installation := find_installation(context):
            return self.find_desk(installation)
        logger.warning("listener.not_installed kind=%s team=%s", kind, as_code(context.team_id))
        return None

    async def _ask(self, desk: Desk, question: Question) -> str:
        """Have a question received, or return why not, in words."""
        if words := await desk.consider(question):
            return words
        refusal = await desk.receive(question)
        return refusal.text if refusal else ""

    async def _open_problem(self, desk: Desk, payload: dict[str, Any], asked: Question) -> bool:
        """Open the form for a problem; whether that worked."""
        return await self._open(desk, payload, forms.problem_form(asked, speak_first(self.language)))

    async def _open(self, desk: Desk, payload: dict[str, Any], view: forms.View) -> bool:
        """Open a form; whether that worked."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                await desk.slack.open_form(read_id(payload, "trigger_id"), view)
        except (BotError, OddFieldError, TimeoutError) as error:
            logger.warning("form.unopened error=%s", getattr(error, "code", type(error).__name__))
            return False
        return True

    async def _tell(self, desk: Desk, presser: Presser | Press, phrase: Phrase) -> None:
        telling = desk.slack.answer_press(
            presser.channel,
            presser.user,
            self._write(presser.language, phrase),
            thread_ts=presser.thread_ts,
            response_url=presser.response_url,
        )
        await _told(telling)

    async def _tell_missing(self, payload: dict[str, Any]) -> None:
        """Tell whoever pressed that the bot is not installed there: it has no token for any other way."""
        if url := read_url(payload):
            await _told(self.respond(url, self._write(None, Phrase.NOT_INSTALLED)))

    def _write(self, language: Language | None, phrase: Phrase) -> Body:
        return notices.plain(self._say(language, phrase), language or speak_first(self.language)[0])

    def _say(self, language: Language | None, phrase: Phrase) -> str:
        """A phrase in a language; where that is not known, in all that the bot speaks."""
        return "\n\n".join(one.say(phrase) for one in ([language] if language else speak_first(self.language)))


def _at(desk: Desk, what: _Asked) -> _Asked:
    """A question or a press, with its workspace."""
    installation = desk.installation
    return replace(what, workspace=installation.workspace, enterprise=installation.enterprise_id or "")


async def _told(telling: Awaitable[object]) -> None:
    """Wait until somebody has been told something; where that fails, the log says so."""
    try:
        async with asyncio.timeout(TELL_TIMEOUT):
            await telling
    except (BotError, TimeoutError) as error:
        logger.warning("ephemeral.lost error=%s", getattr(error, "code", type(error).__name__))


async def on_event() -> None:
    """Nothing is left to do: Bolt has acknowledged the event by now."""
