"""The methods of Slack's Web API that the bot uses, as strict as Slack, or stricter where Slack is undocumented.

What is not in the table is an unknown method. An argument that a method does not document, that is mistyped, or that
is documented and not carried out here (`attachments`, `parse`, ...) is refused with `invalid_arguments`: nothing is
waved through. A refused call changes nothing. A call that is refused for its rate spends no quota; one that is refused
for anything else does, once the token is known, for Slack counts requests.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.playground.slack.arguments import (
    OPEN,
    PAGE,
    POST,
    UPDATE,
    UPDATE_VIEW,
    VALIDATE,
    WHISPER,
    Args,
    Json,
    RefusedError,
    check_arguments,
    cut,
    read_content,
)
from bot.playground.slack.block_kit.checks import count_units
from bot.playground.slack.block_kit.validation import validate
from bot.playground.slack.history import PageError, select
from bot.playground.slack.interaction.modals import describe_view, open_view, update_view
from bot.playground.slack.payloads import describe_message
from bot.playground.slack.records import Channel, Message
from bot.playground.slack.workspace import Workspace

UPDATE_TEXT_LIMIT = 4_000  # characters; chat.update refuses more
POST_TEXT_LIMIT = 40_000  # characters; chat.postMessage cuts what is beyond, chat.postEphemeral refuses it
REPLIES = {"usual": 1_000, "most": 1_000}  # messages of a page of a thread; documented, as the next one is
HISTORY = {"usual": 100, "most": 999}  # messages of a page of a channel


@dataclass(frozen=True, slots=True)
class Method:
    """What a method asks of its caller, and the name of what carries it out."""

    run: "Callable[[Methods, Args], Json]"
    takes_app_token: bool = False
    needs_token: bool = True
    scope: str = ""
    arguments: Mapping[str, type | str] = field(default_factory=dict)
    required: tuple[str, ...] = ()


class Methods:
    """The methods, carried out in `workspace`; `issue_link` makes a new address for a Socket Mode connection."""

    def __init__(self, workspace: Workspace, issue_link: Callable[[], str]) -> None:
        self._workspace = workspace
        self._issue_link = issue_link

    def call(self, name: str, token: str, args: Args) -> Json:
        """Carry out one call and return its answer.

        Every method takes a `team_id`: Bolt's listeners have a client that adds it to each of its calls.

        Raises:
            RefusedError: nothing was done.
        """
        method = TABLE.get(name)
        if method is None:
            raise RefusedError("unknown_method", req_method=name)
        self._authorize(method, token)
        gate = self._workspace.gates.find(name, str(args.get("channel")))
        if gate is not None and (retry_after := gate.admit(self._workspace.now())):
            raise RefusedError("ratelimited", retry_after=retry_after)
        checked = check_arguments({**method.arguments, "team_id": str}, method.required, args)
        if checked.pop("team_id", self._workspace.team_id) != self._workspace.team_id:
            raise RefusedError("team_access_not_granted")
        return {"ok": True, **method.run(self, checked)}

    def test(self, _args: Args) -> Json:
        """`auth.test`."""
        workspace = self._workspace
        return {
            "url": f"https://{workspace.domain}.slack.com/",
            "team": workspace.domain,
            "user": workspace.bot.name,
            "team_id": workspace.team_id,
            "user_id": workspace.bot.id,
            "bot_id": workspace.bot_id,
            "is_enterprise_install": False,
        } | ({"enterprise_id": workspace.enterprise_id} if workspace.enterprise_id else {})

    def answer(self, _args: Args) -> Json:
        """`api.test`."""
        return {}

    def open_connection(self, _args: Args) -> Json:
        """`apps.connections.open`."""
        return {"url": self._issue_link()}

    def post(self, args: Args) -> Json:
        """`chat.postMessage`."""
        channel = self._find_channel(args, public_scope="chat:write.public")
        text, blocks = read_content(args)
        thread_ts = self._find_thread(channel, args)
        if thread_ts is not None and not channel.takes_threads:
            raise RefusedError("restricted_action_non_threadable_channel")
        message = self._workspace.post(
            channel.id,
            self._workspace.bot.id,
            cut(text, POST_TEXT_LIMIT),
            blocks,
            thread_ts=thread_ts,
            metadata=args.get("metadata"),
        )
        return {"channel": channel.id, "ts": message.ts, "message": describe_message(self._workspace, message)}

    def update(self, args: Args) -> Json:
        """`chat.update`."""
        channel = self._find_channel(args, public_scope="chat:write.public")
        message = self._workspace.find(channel.id, args["ts"])
        if message is None:
            raise RefusedError("message_not_found")
        if message.user != self._workspace.bot.id:
            raise RefusedError("cant_update_message")
        text, blocks = read_content(args)
        if count_units(text) > UPDATE_TEXT_LIMIT:
            raise RefusedError("msg_too_long")
        self._workspace.edit(message, text, blocks, metadata=args.get("metadata"))
        return {
            "channel": channel.id,
            "ts": message.ts,
            "text": text,
            "message": describe_message(self._workspace, message),
        }

    def delete(self, args: Args) -> Json:
        """`chat.delete`: the bot's own messages."""
        channel = self._find_channel(args, public_scope="chat:write.public")
        message = self._workspace.find(channel.id, args["ts"])
        if message is None:
            raise RefusedError("message_not_found")
        if message.user != self._workspace.bot.id:
            raise RefusedError("cant_delete_message")
        self._workspace.delete(message)
        return {"channel": channel.id, "ts": message.ts}

    def whisper(self, args: Args) -> Json:
        """`chat.postEphemeral`."""
        channel = self._find_channel(args)
        if args["user"] not in channel.members:
            raise RefusedError("user_not_in_channel")
        text, blocks = read_content(args)
        if count_units(text) > POST_TEXT_LIMIT:
            raise RefusedError("msg_too_long")
        thread_ts = self._find_thread(channel, args)
        return {"message_ts": self._workspace.whisper(channel.id, args["user"], text, blocks, thread_ts=thread_ts).ts}

    def replies(self, args: Args) -> Json:
        """`conversations.replies`: the parent, then the replies, oldest first."""
        channel = self._find_history(args)
        first = self._workspace.find(channel.id, args["ts"])
        if first is None:
            raise RefusedError("thread_not_found")
        thread = self._workspace.thread(channel.id, first.ts)  # the ts of a reply names nothing but itself
        # Slack gives the parent whatever the range, for without it the replies are hard to understand.
        rest = self._give_page(thread[1:] if len(thread) > 1 else thread, args, **REPLIES)
        if len(thread) > 1 and not args.get("cursor"):
            rest["messages"].insert(0, self._tell(first, args))
        return rest

    def history(self, args: Args) -> Json:
        """`conversations.history`: the messages that are no replies, newest first."""
        channel = self._find_history(args)
        messages = [one for one in self._workspace.messages if one.channel == channel.id and one.thread_ts is None]
        return self._give_page(messages, args, **HISTORY, newest_first=True)

    def open_view(self, args: Args) -> Json:
        """`views.open`."""
        return {"view": describe_view(open_view(self._workspace, args))}

    def update_view(self, args: Args) -> Json:
        """`views.update`."""
        return {"view": describe_view(update_view(self._workspace, args))}

    def validate(self, args: Args) -> Json:
        """`blocks.validate`."""
        validate(args)
        return {}

    def _authorize(self, method: Method, token: str) -> None:
        workspace = self._workspace
        scopes = {workspace.bot_token: workspace.scopes, workspace.app_token: workspace.app_scopes}
        if not token and not method.needs_token:
            return
        if not token:
            raise RefusedError("not_authed")
        if token not in scopes:
            raise RefusedError("invalid_auth")
        if token == workspace.bot_token and not workspace.is_installed:
            raise RefusedError("account_inactive")
        if (token == workspace.app_token) is not method.takes_app_token:
            raise RefusedError("not_allowed_token_type")
        if method.scope:
            self._require(method.scope, scopes[token])

    def _require(self, scope: str, scopes: Iterable[str]) -> None:
        if scope not in scopes:
            raise RefusedError("missing_scope", needed=scope, provided=",".join(sorted(scopes)))

    def _find_channel(self, args: Args, *, public_scope: str = "") -> Channel:
        channel = self._workspace.channels.get(args["channel"])
        is_member = channel is not None and self._workspace.bot.id in channel.members
        if channel is None or (channel.is_private and not is_member):
            raise RefusedError("channel_not_found")
        if not is_member and public_scope not in self._workspace.scopes:
            raise RefusedError("not_in_channel")
        if channel.is_archived:
            raise RefusedError("is_archived")
        return channel

    def _find_history(self, args: Args) -> Channel:
        """The channel of which the bot may read what was said."""
        channel = self._workspace.channels.get(args["channel"])
        kind = "channels"
        if channel and (channel.is_private or channel.is_direct):
            kind = "im" if channel.is_direct else "groups"
        self._require(f"{kind}:history", self._workspace.scopes)
        is_member = channel is not None and self._workspace.bot.id in channel.members
        if channel is None or (channel.is_private and not is_member):
            raise RefusedError("channel_not_found")
        if not is_member:
            raise RefusedError("not_in_channel")
        return channel

    def _find_thread(self, channel: Channel, args: Args) -> str | None:
        ts: str | None = args.get("thread_ts")
        if ts is None:
            return None
        parent = self._workspace.find(channel.id, ts)
        if parent is None or parent.thread_ts is not None:
            # Slack advises against a reply's ts and does not say what becomes of it, so here it is a mistake.
            raise RefusedError("thread_not_found")
        return ts

    def _give_page(self, messages: Sequence[Message], args: Args, **how: Any) -> Json:
        try:
            page = select(messages, args, **how)
        except PageError as error:
            raise RefusedError(str(error)) from error
        return {
            "messages": [self._tell(message, args) for message in page.messages],
            "has_more": bool(page.next_cursor),
            "response_metadata": {"next_cursor": page.next_cursor},
        }

    def _tell(self, message: Message, args: Args) -> Json:
        """A message as it stands in a history, which tells of replies and, if it is asked to, of metadata."""
        told = describe_message(self._workspace, message)
        if not args.get("include_all_metadata", False):
            told.pop("metadata", None)
        if replies := self._workspace.thread(message.channel, message.ts)[1:]:
            told |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        return told


TABLE: Mapping[str, Method] = {
    "api.test": Method(Methods.answer, needs_token=False),
    "auth.test": Method(Methods.test),
    "apps.connections.open": Method(Methods.open_connection, takes_app_token=True, scope="connections:write"),
    "chat.postMessage": Method(Methods.post, scope="chat:write", arguments=POST, required=("channel",)),
    "chat.update": Method(Methods.update, scope="chat:write", arguments=UPDATE, required=("channel", "ts")),
    "chat.delete": Method(
        Methods.delete, scope="chat:write", arguments={"channel": str, "ts": str}, required=("channel", "ts")
    ),
    "chat.postEphemeral": Method(Methods.whisper, scope="chat:write", arguments=WHISPER, required=("channel", "user")),
    # Their scopes hang on the channel: see `_find_history`.
    "conversations.replies": Method(Methods.replies, arguments={**PAGE, "ts": str}, required=("channel", "ts")),
    "conversations.history": Method(Methods.history, arguments=PAGE, required=("channel",)),
    "views.open": Method(Methods.open_view, arguments=OPEN, required=("trigger_id", "view")),
    "views.update": Method(Methods.update_view, arguments=UPDATE_VIEW, required=("view",)),
    "blocks.validate": Method(Methods.validate, needs_token=False, arguments=VALIDATE),
}
