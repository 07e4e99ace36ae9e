"""The listeners: read what people ask and press out of what Slack sends, hand it over, acknowledge it.

Whoever receives it has written it down by then: what Slack believes to be taken is taken, whatever becomes of the
process. Bolt acknowledges events before it calls their listener, so theirs are handed over in a middleware. A form is
opened before anything else is done: Slack takes it within 3 s of the press. What is said to whoever pressed is said
before the acknowledgement too, in `TELL_TIMEOUT` at the most: nothing goes on behind it that nobody awaits.

What starts nothing: the bot's own messages and other bots', edits of a mention (Slack sends it again, under a new id),
and what Slack delivers a second time. A redelivery may be the only delivery, so it is not dropped for being one, but
for its id. A press may come twice; what has to happen once is kept so by whoever writes it down.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from bot.errors import BotError, describe
from bot.markup.characters import is_blank
from bot.printable import is_code
from bot.slack import forms, notices
from bot.slack.body import Body
from bot.slack.payloads.fields import OddFieldError, read_id
from bot.slack.payloads.presses import Presser, read_press, read_presser
from bot.slack.payloads.questions import read_chosen_message, read_command, read_direct_message, read_mention
from bot.slack.question import Action, Press, Question
from bot.texts import AUTO, speak_first
from bot.texts.language import Language
from bot.texts.phrases import Phrase

logger = logging.getLogger(__name__)

T = TypeVar("T")
Next = Callable[[], Awaitable[Any]]

COMMAND = "/perspectives"
SHORTCUT = "perspectives_on_message"
ANY = re.compile("")  # matches every action_id
OPEN_TIMEOUT = 1.0  # seconds for a form to be opened; after that, there is time to do without
TELL_TIMEOUT = 1.0  # seconds to tell who pressed; Slack waits 3 for the acknowledgement, the form had one of them
MOST_REMEMBERED = 20_000  # keys; a flood pushes out the oldest, and the database still knows what was asked
REMEMBERED = 600.0  # seconds; Slack's last redelivery comes after 5 minutes


class Slack(Protocol):
    """What of Slack's Web API is called before an acknowledgement."""

    async def open_form(self, trigger_id: str, view: forms.View) -> None:
        """Open a form for whoever pressed."""

    async def answer_press(
        self, channel: str, user: str, body: Body, *, thread_ts: str | None, response_url: str | None
    ) -> None:
        """Show something to whoever pressed."""


def register(
    app: AsyncApp,
    *,
    bot_user: str,
    receive: Callable[[Question], Awaitable[Body | None]],
    press: Callable[[Press], Awaitable[None]],
    consider: Callable[[Question], str | None],
    slack: Slack,
    language: str = AUTO,
) -> None:
    """Hand every question that arrives at `app` to `receive`, and every press of a button to `press`.

    `bot_user` is the bot's own id; `language` is the one that is set, or `AUTO`. Both are awaited before Slack gets its
    acknowledgement; that of a command says what `receive` returns, if anything. A press of `DEEPER` is not handed over:
    it opens a form. What stands in a form is shown to `consider` first, which says why it cannot be asked now, if so;
    that is then shown in the form. `receive` may be given a problem that is empty: in a thread, which is the problem
    then; to go deeper; and where there is nothing to be asked, for it to say how to.
    """
    listeners = _Listeners(bot_user, receive, press, consider, slack, language)
    app.command(COMMAND)(listeners.on_command)
    app.event("app_mention", middleware=[listeners.keep_mention])(on_event)
    app.event("message", middleware=[listeners.keep_message])(on_event)
    app.shortcut({"type": "message_action", "callback_id": SHORTCUT})(listeners.on_shortcut)
    app.view(forms.PROBLEM_FORM)(listeners.on_problem)
    app.view(forms.DEEPER_FORM)(listeners.on_deeper)
    app.action({"type": "block_actions", "action_id": ANY})(listeners.on_press)
    app.error(on_error)


class NotTakenError(Exception):
    """Whoever is to receive a question or a press has failed, which is the cause."""


class _Seen:
    """The keys of the last ten minutes."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}  # in the order of their ends, since all last as long

    async def once(self, keys: Iterable[str], work: Callable[[], Awaitable[object]]) -> None:
        """Do `work`, unless one of `keys` was here before; all were, from now on, unless it fails."""
        if self._are_known(*keys):
            return
        try:
            await work()
        except Exception:
            for key in keys:
                self._until.pop(key, None)
            raise

    def _are_known(self, *keys: str) -> bool:
        now = asyncio.get_running_loop().time()
        while self._until and (next(iter(self._until.values())) <= now or len(self._until) >= MOST_REMEMBERED):
            del self._until[next(iter(self._until))]
        is_known = any(key in self._until for key in keys)
        for key in keys:
            self._until.setdefault(key, now + REMEMBERED)
        return is_known


@dataclass(frozen=True, slots=True)
class _Listeners:
    """One method for each kind of payload. Bolt passes what a parameter's name asks for."""

    bot_user: str
    receive: Callable[[Question], Awaitable[Body | None]]
    press: Callable[[Press], Awaitable[None]]
    consider: Callable[[Question], str | None]
    slack: Slack
    language: str
    seen: _Seen = field(default_factory=_Seen)

    async def on_command(self, ack: AsyncAck, command: dict[str, Any]) -> None:
        """A command; an empty one opens the form, or has `receive` say how to ask."""
        question = _read("command", lambda: read_command(command, self.language))
        if question and is_blank(question.problem) and await self._open_problem(command, question):
            question = None
        words = await _taken(self.receive(question)) if question else None
        if words is None:
            await ack()
        else:
            await ack(text=words.text, blocks=words.blocks, response_type="ephemeral")

    async def keep_mention(self, event: dict[str, Any], body: dict[str, Any], next: Next) -> None:  # noqa: A002 - Bolt's
        """A mention, before it is acknowledged."""
        question = _read("app_mention", lambda: read_mention(event, self.bot_user, self.language))
        await self._keep(question, body)
        await next()

    async def keep_message(self, event: dict[str, Any], body: dict[str, Any], next: Next) -> None:  # noqa: A002 - Bolt's
        """A message to the bot itself, before it is acknowledged."""
        question = _read("message", lambda: read_direct_message(event, self.bot_user, self.language))
        await self._keep(question, body)
        await next()

    async def _keep(self, question: Question | None, body: dict[str, Any]) -> None:
        if question:
            event_id = body.get("event_id")
            # Both: a message that is mentioned in is one question, however many events tell of it.
            keys = (question.key, event_id if is_code(event_id) else question.key)
            # An event's acknowledgement can say nothing.
            await self.seen.once(keys, lambda: _taken(self.receive(question)))

    async def on_shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A message that somebody chose: it stands in the form then."""
        asked = _read("message_action", lambda: read_chosen_message(body, self.language))
        if asked and not await self._open_problem(body, asked):
            place = Presser(asked.user, asked.channel, "", asked.ephemeral_ts, asked.response_url, asked.language)
            await self._tell(place, Phrase.NO_FORM_OF_MESSAGE)
        await ack()

    async def on_press(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """A button of a message, of this version or another."""
        presser = _read("block_actions", lambda: read_presser(body))
        pressed = _read("block_actions", lambda: read_press(body, presser)) if presser else None
        match pressed:
            case Press(action=Action.DEEPER):
                if not await self._open(body, forms.deeper_form(pressed)):
                    await self._tell(pressed, Phrase.NO_FORM)
            case Press():
                await _taken(self.press(pressed))
            case Presser():
                logger.info("listener.other_version")
                await self._tell(pressed, Phrase.OTHER_VERSION)
        await ack()

    async def on_problem(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The form for a problem."""
        await self._submit(ack, _read("view_submission", lambda: forms.read_problem(body, self.language)))

    async def on_deeper(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """The form to go deeper into an answer."""
        await self._submit(ack, _read("view_submission", lambda: forms.read_deeper(body)))

    async def _submit(self, ack: AsyncAck, question: Question | None) -> None:
        words = self._say(None, Phrase.OTHER_VERSION)  # the form stays open, with what was typed in it
        if question:
            words = await _taken(self._ask(question))
        if words:
            await ack(response_action="errors", errors={forms.WORDS: words})
        else:
            await ack()

    async def _ask(self, question: Question) -> str:
        """Receive a question, or return why not, in words."""
        if words := self.consider(question):
            return words
        refusal = await self.receive(question)
        return refusal.text if refusal else ""

    async def _open_problem(self, payload: dict[str, Any], asked: Question) -> bool:
        """Open the form for a problem; whether that worked."""
        return await self._open(payload, forms.problem_form(asked, speak_first(self.language)))

    async def _open(self, payload: dict[str, Any], view: forms.View) -> bool:
        """Open a form; whether that worked."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                await self.slack.open_form(read_id(payload, "trigger_id"), view)
        except (BotError, OddFieldError, TimeoutError) as error:
            logger.warning("form.unopened error=%s", getattr(error, "code", type(error).__name__))
            return False
        return True

    async def _tell(self, presser: Presser | Press, phrase: Phrase) -> None:
        body = notices.plain(self._say(presser.language, phrase), presser.language or speak_first(self.language)[0])
        try:
            async with asyncio.timeout(TELL_TIMEOUT):
                await self.slack.answer_press(
                    presser.channel,
                    presser.user,
                    body,
                    thread_ts=presser.thread_ts,
                    response_url=presser.response_url,
                )
        except (BotError, TimeoutError) as error:
            logger.warning("ephemeral.lost error=%s", getattr(error, "code", type(error).__name__))

    def _say(self, language: Language | None, phrase: Phrase) -> str:
        """A phrase in a language; where that is not known, in all that the bot speaks."""
        return "\n\n".join(one.say(phrase) for one in ([language] if language else speak_first(self.language)))


async def on_event() -> None:
    """Nothing is left to do: Bolt has acknowledged the event by now."""


async def on_error(error: Exception) -> BoltResponse | None:
    """What a listener raised. Bolt's own words quote the whole request."""
    if isinstance(error, NotTakenError):
        logger.error("listener.broken error=%s", describe(error.__cause__ or error))
        return None  # it is not acknowledged: Slack delivers it again, or says so to whoever pressed
    logger.warning("listener.odd error=%s", type(error).__name__)
    return BoltResponse(status=HTTPStatus.OK)  # Bolt cannot read it, the next time neither


async def _taken(work: Awaitable[T]) -> T:
    try:
        return await work
    except Exception as error:
        raise NotTakenError from error


def _read(kind: str, read: Callable[[], T | None]) -> T | None:
    """What `read` finds; nothing, and a line in the log, where the payload makes no sense."""
    try:
        return read()
    except OddFieldError as odd:
        logger.warning("listener.odd kind=%s field=%s", kind, odd)
        return None
