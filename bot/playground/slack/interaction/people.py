"""What people do in a workspace: they write, press, fill in and choose, as far as Slack's own client lets them.

What it does not let them do is a mistake of whoever plays them, and a ValueError.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.playground.slack.arguments import RefusedError
from bot.playground.slack.interaction.deliveries import Deliveries
from bot.playground.slack.interaction.modals import answer_submission, fill_in
from bot.playground.slack.interaction.payloads import (
    describe_closing,
    describe_press,
    describe_shortcut,
    describe_submission,
    find_button,
)
from bot.playground.slack.interaction.response_url import Source, answer
from bot.playground.slack.payloads import describe_command, describe_mention, escape
from bot.playground.slack.records import Channel, Message, Press, User, View, Whisper
from bot.playground.slack.workspace import SLACKBOT, Workspace


class People:
    """The people of one workspace; `issue_response_url` makes the address at which one of them may be answered."""

    def __init__(
        self, workspace: Workspace, deliveries: Deliveries, issue_response_url: Callable[[Channel, User, Source], str]
    ) -> None:
        self.workspace = workspace
        self._deliveries = deliveries
        self._issue_response_url = issue_response_url

    async def command(
        self, text: str, *, command: str = "/perspectives", user: str = "ada", channel: str = "general"
    ) -> float | None:
        """Type a slash command, as a person (name or id) in a channel (name or id).

        Returns the seconds until the app acknowledged it, or None when it did not in time, or has no commands; the
        person then gets Slack's whisper about it.

        Raises:
            ValueError: the person is not in the channel.
        """
        workspace = self.workspace
        sender, place = self._find_place(user, channel)
        if "commands" not in workspace.scopes:
            workspace.whisper(place.id, sender.id, f"{command} is not a valid command.", sender=SLACKBOT)
            return None
        payload = describe_command(
            workspace,
            command=command,
            text=text,
            user=sender,
            channel=place,
            response_url=self._issue_response_url(place, sender, None),
            trigger_id=self._issue_trigger(sender),
        )
        acknowledged = await self._deliveries.command(payload)
        problem = "" if acknowledged else "operation_timeout"
        if acknowledged and acknowledged.payload:
            try:
                answer(workspace, place.id, sender.id, acknowledged.payload)
            except RefusedError as refused:
                problem = refused.code
        if problem:
            words = f'{command} failed with the error "{problem}"'
            workspace.whisper(place.id, sender.id, words, sender=SLACKBOT)
        return acknowledged.seconds if acknowledged else None

    def join(self, name: str) -> User:
        """Let somebody into the workspace, and into all its channels that are no two people's own.

        Raises:
            ValueError: somebody has that name.
        """
        workspace = self.workspace
        if any(user.name == name for user in workspace.users.values()):
            raise ValueError(f"{name} is there")
        user = User(f"U0{name.upper()}", name)
        workspace.users[user.id] = user
        for channel in workspace.channels.values():
            if not channel.is_direct:
                channel.members.add(user.id)
        workspace.announce()
        return user

    async def write(
        self, text: str, *, user: str = "ada", channel: str = "general", thread_ts: str | None = None
    ) -> Message:
        """Post what a person types, which is no command; where it mentions the bot, the app is told, as in `mention`.

        Raises:
            ValueError: the person is not in the channel, or `thread_ts` names no message there.
        """
        sender, place = self._find_place(user, channel)
        words = escape(self.workspace, text, with_labels=False)
        message = self._write(sender, place, words, thread_ts)
        if f"<@{self.workspace.bot.id}>" in words:
            self._tell_of_mention(message, place)
        return message

    async def mention(
        self,
        text: str,
        *,
        user: str = "ada",
        channel: str = "general",
        thread_ts: str | None = None,
        edited: bool = False,
    ) -> str:
        """Post a person's message that mentions the bot, and return its ts.

        Slack tells the app, again and again until it acknowledges, while the caller goes on; where the bot is no
        member, or may not read mentions, it tells nothing, and in a direct channel what it tells of every message
        there. With `edited`, it is the edit of a message.

        Raises:
            ValueError: the person is not in the channel, or `thread_ts` names no message there.
        """
        workspace = self.workspace
        sender, place = self._find_place(user, channel)
        words = f"<@{workspace.bot.id}> {escape(workspace, text, with_labels=False)}"
        message = self._write(sender, place, words, thread_ts)
        if edited:
            workspace.edit(message, words, [])
        self._tell_of_mention(message, place)
        return message.ts

    async def direct_message(self, text: str, *, user: str = "ada", thread_ts: str | None = None) -> str:
        """Write to the bot alone, and return the message's ts.

        Slack tells the app as it does of mentions, where it may read direct messages. It tells of every change there:
        of edits (`Workspace.edit`) and deletions too, and of what the bot itself writes.

        Raises:
            ValueError: `thread_ts` names no message there.
        """
        sender, place = self.workspace.user(user), self.workspace.direct_channel(user)
        return self._write(sender, place, escape(self.workspace, text, with_labels=False), thread_ts).ts

    async def click(
        self, message: Message | Whisper, action_id: str, *, user: str = "ada", value: str | None = None
    ) -> float | None:
        """Press a button of a message as it stands, and confirm it; `value` tells apart those of one `action_id`.

        Returns the seconds until the app acknowledged it, or None when it did not in time: `Workspace.warnings` then
        has Slack's warning.

        Raises:
            ValueError: the person does not see the message, or it has no such button.
        """
        workspace = self.workspace
        presser, place = self._find_place(user, message.channel)
        if isinstance(message, Message):
            is_seen = any(one is message for one in workspace.messages)
        else:
            is_seen = message.user == presser.id and any(one is message for one in workspace.whispers)
        if not is_seen:
            raise ValueError(f"{user} sees no message {message.ts}")
        at, button = workspace.now(), find_button(message, action_id, value, presser)
        payload = describe_press(
            workspace,
            message,
            button,
            presser,
            trigger_id=self._issue_trigger(presser),
            response_url=self._issue_response_url(place, presser, message),
        )
        acknowledged = await self._deliveries.interaction(payload, presser)
        seconds = acknowledged.seconds if acknowledged else None
        workspace.keep(Press(at, presser.id, message.ts, action_id, button.value, seconds))
        return seconds

    async def shortcut(
        self, message_ts: str, callback_id: str, *, user: str = "ada", channel: str = "general"
    ) -> float | None:
        """Choose the app's shortcut on a message, whoever wrote it; the bot need not be a member of the channel.

        Returns the seconds until the app acknowledged it, or None when it did not in time.

        Raises:
            ValueError: the person does not see the message, or the app has no shortcuts.
        """
        workspace = self.workspace
        person, place = self._find_place(user, channel)
        message = self._find_message(place, message_ts)
        if "commands" not in workspace.scopes:
            raise ValueError(f"no shortcut {callback_id}")
        payload = describe_shortcut(
            workspace,
            message,
            callback_id,
            person,
            trigger_id=self._issue_trigger(person),
            response_url=self._issue_response_url(place, person, None),
        )
        acknowledged = await self._deliveries.interaction(payload, person)
        return acknowledged.seconds if acknowledged else None

    async def submit(self, view: View, texts: Mapping[str, str] | None = None, user: str | None = None) -> float | None:
        """Type `texts`, by `block_id/action_id`, into a form, and send it.

        It closes when the app acknowledges it with nothing, and stays, with `view.errors`, when it says so. What
        Slack's own client finds wrong with it is in `view.errors` too, and the app hears nothing.

        Returns the seconds until the app acknowledged it, or None when it did not in time, or heard nothing.

        Raises:
            ValueError: it is not open before the person, or has no such field.
        """
        person = self._find_reader(view, user)
        values = fill_in(view, texts or {})
        self.workspace.announce()
        if view.errors:
            return None
        trigger_id = self._issue_trigger(person)
        payload = describe_submission(self.workspace, view, values, person, trigger_id=trigger_id)
        acknowledged = await self._deliveries.interaction(payload, person, takes_answer=True)
        if acknowledged is None:
            return None
        try:
            answer_submission(self.workspace, view, acknowledged.payload)
        except RefusedError as refused:
            self._deliveries.warn(person, "view_submission", "invalid_response", refused.code)
        return acknowledged.seconds

    async def close(self, view: View, user: str | None = None) -> float | None:
        """Close a form without sending it; the app is told if it has asked for that.

        Returns the seconds until the app acknowledged it, or None when it did not, or was told nothing.

        Raises:
            ValueError: it is not open before the person.
        """
        person = self._find_reader(view, user)
        view.is_open = False
        self.workspace.announce()
        if not view.content["notify_on_close"]:
            return None
        payload = describe_closing(self.workspace, view, person)
        acknowledged = await self._deliveries.interaction(payload, person, is_watched=False)
        return acknowledged.seconds if acknowledged else None

    async def event(self, event: dict[str, Any], *, event_id: str | None = None) -> float | None:
        """Tell the app of any event, again until it acknowledges.

        Returns the seconds from the delivery that was acknowledged until it was, or None when none was.
        """
        return await self._deliveries.event(event, event_id)

    def _issue_trigger(self, person: User) -> str:
        return self.workspace.triggers.issue(person.id, self.workspace.now())

    def _write(self, sender: User, place: Channel, text: str, thread_ts: str | None) -> Message:
        if thread_ts is not None:
            self._find_message(place, thread_ts)
        return self.workspace.post(place.id, sender.id, text, thread_ts=thread_ts)

    def _tell_of_mention(self, message: Message, place: Channel) -> None:
        workspace = self.workspace
        hears = "app_mention" in workspace.events and "app_mentions:read" in workspace.scopes
        if hears and workspace.bot.id in place.members and not place.is_direct:
            self._deliveries.start(describe_mention(workspace, message))

    def _find_place(self, user: str, channel: str) -> tuple[User, Channel]:
        sender, place = self.workspace.user(user), self.workspace.channel(channel)
        if sender.id not in place.members:
            raise ValueError(f"{sender.name} is not in {place.name}")
        return sender, place

    def _find_message(self, place: Channel, ts: str) -> Message:
        message = self.workspace.find(place.id, ts)
        if message is None:
            raise ValueError(f"no message {ts} in {place.name}")
        return message

    def _find_reader(self, view: View, user: str | None) -> User:
        person = self.workspace.user(user or view.user)
        if not view.is_open or person.id != view.user:
            raise ValueError(f"{person.name} sees no form {view.id}")
        return person
