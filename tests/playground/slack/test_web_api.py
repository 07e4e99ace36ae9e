import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.playground.slack.fault import Fault
from bot.playground.slack.records import Block
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Workspace

TASK = {"event_type": "task_created", "event_payload": {"id": "11", "urgent": True}}
HISTORY = {"channels:history", "groups:history"}
MARKDOWN: list[Block] = [{"type": "markdown", "text": "**bold**"}]


async def refusal(client: AsyncWebClient, method: str, **args: Any) -> AsyncSlackResponse:
    """Make a call that Slack has to refuse, and return its answer."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=args)
    response = caught.value.response
    assert isinstance(response, AsyncSlackResponse)
    return response


async def post(client: AsyncWebClient, **args: Any) -> str:
    """Post into `general` and return the ts."""
    response = await client.chat_postMessage(channel="C0GENERAL", **{"text": "hello", **args})
    ts = response["ts"]
    assert isinstance(ts, str)
    return ts


async def test_auth_test_says_who_the_bot_is_and_what_it_may(client: AsyncWebClient, workspace: Workspace) -> None:
    """The scopes come in a header, unless something between Slack and us takes it away."""
    response = await client.auth_test()
    assert (response["user_id"], response["bot_id"], response["team_id"]) == ("U0PERSPECT", "B0PERSPECT", "T0PLAYGRND")
    assert response["url"] == "https://playground.slack.com/"
    assert response.headers["x-oauth-scopes"] == "app_mentions:read,chat:write,commands"
    workspace.names_scopes = False
    assert "x-oauth-scopes" not in (await client.auth_test()).headers


async def test_a_post_and_its_replies_make_a_thread(client: AsyncWebClient, workspace: Workspace) -> None:
    """Each call is recorded with the ts that it made, and without the token."""
    parent = await post(client)
    reply = await post(client, thread_ts=parent, blocks=MARKDOWN, unfurl_links=False)
    first, second = workspace.thread("general", parent)
    assert (first.text, first.user, first.bot_id) == ("hello", "U0PERSPECT", "B0PERSPECT")
    assert (second.ts, second.thread_ts, second.blocks) == (reply, parent, MARKDOWN)
    assert [(call.method, call.error, call.ts) for call in workspace.calls] == [
        ("chat.postMessage", None, parent),
        ("chat.postMessage", None, reply),
    ]
    assert workspace.calls[0].args == {"channel": "C0GENERAL", "text": "hello"}
    assert workspace.methods_seen == {"chat.postMessage"}


async def test_an_edit_with_blocks_is_silent_and_one_without_deletes_them(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """As in Slack: only the latter shows "(edited)"."""
    ts = await post(client)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="a", blocks=MARKDOWN)
    message = workspace.find("general", ts)
    assert message is not None
    assert (message.text, message.blocks, message.edited) == ("a", MARKDOWN, False)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="b")
    assert (message.text, message.blocks, message.edited) == ("b", [], True)


async def test_a_whisper_is_for_one_person(client: AsyncWebClient, workspace: Workspace) -> None:
    """It stands in no channel."""
    response = await client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="psst", blocks=MARKDOWN)
    (whisper,) = workspace.whispers
    assert (whisper.ts, whisper.user, whisper.text, whisper.sender) == (
        response["message_ts"],
        "U0ADA",
        "psst",
        "U0PERSPECT",
    )
    assert workspace.messages == []


async def test_markdown_text_is_shown_as_a_markdown_block(client: AsyncWebClient, workspace: Workspace) -> None:
    """With the limit of one."""
    await client.chat_postMessage(channel="C0GENERAL", markdown_text="*" * 12_000)
    assert workspace.messages[0].blocks == [{"type": "markdown", "text": "*" * 12_000}]


async def test_a_form_does_as_well_as_json(client: AsyncWebClient, workspace: Workspace) -> None:
    """There everything is a string, blocks are JSON, and the token may be among the arguments."""
    form = {
        "channel": "C0GENERAL",
        "text": "hello",
        "blocks": '[{"type": "divider"}]',
        "unfurl_links": "false",
        "token": workspace.bot_token,
    }
    client.token = None
    await client.api_call("chat.postMessage", data=form)
    assert workspace.messages[0].blocks == [{"type": "divider"}]
    assert "token" not in workspace.calls[0].args


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.meMessage", {"channel": "C0GENERAL"}, "unknown_method"),
        ("chat.delete", {"channel": "C0GENERAL", "ts": "1.0"}, "message_not_found"),
        ("chat.postMessage", {"text": "a"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": 7}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": None}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "colour": "red"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "unfurl_links": ["0"]}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0PRIVATE", "text": "a"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0RANDOM", "text": "a"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C0GENERAL"}, "no_text"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "", "blocks": []}, "no_text"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "blocks": "["}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "blocks": [{"type": "input"}]}, "invalid_blocks"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "markdown_text": "b"}, "markdown_text_conflict"),
        ("chat.postMessage", {"channel": "C0GENERAL", "markdown_text": "b" * 12_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "thread_ts": "1.000000"}, "thread_not_found"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "\ud83d"}, "invalid_json"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "metadata": "{"}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "metadata": []}, "invalid_metadata_format"),
        ("chat.postMessage", {"channel": "C0GENERAL", "text": "a", "metadata": {}}, "invalid_metadata_format"),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": "a", "metadata": {"event_type": " ", "event_payload": {}}},
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": "a", "metadata": {"event_type": "a", "event_payload": []}},
            "invalid_metadata_format",
        ),
        (
            "chat.postMessage",
            {"channel": "C0GENERAL", "text": "a", "metadata": TASK | {"a": 1}},
            "invalid_metadata_format",
        ),
        (
            "chat.postEphemeral",
            {"channel": "C0GENERAL", "user": "U0ADA", "text": "a", "metadata": TASK},
            "invalid_arguments",
        ),
        ("conversations.replies", {"channel": "C0GENERAL", "ts": "1.000000"}, "missing_scope"),
        ("conversations.history", {"channel": "C0GENERAL"}, "missing_scope"),
        ("chat.postEphemeral", {"channel": "C0GENERAL", "text": "a"}, "invalid_arguments"),
        ("chat.postEphemeral", {"channel": "C0GENERAL", "user": "U0NOBODY", "text": "a"}, "user_not_in_channel"),
        ("chat.postEphemeral", {"channel": "C0RANDOM", "user": "U0ADA", "text": "a"}, "not_in_channel"),
        ("chat.postEphemeral", {"channel": "C0GENERAL", "user": "U0ADA", "text": "a" * 40_001}, "msg_too_long"),
        ("chat.update", {"channel": "C0GENERAL", "text": "a"}, "invalid_arguments"),
        ("chat.update", {"channel": "C0GENERAL", "ts": "1.000000", "text": "a"}, "message_not_found"),
    ],
)
async def test_a_call_that_slack_would_refuse_is_refused(
    client: AsyncWebClient, workspace: Workspace, method: str, args: dict[str, Any], error: str
) -> None:
    """With Slack's word for it; it has no effect, and is recorded."""
    response = await refusal(client, method, **args)
    assert response["error"] == error
    assert (workspace.messages, workspace.whispers) == ([], [])
    assert [(call.method, call.error) for call in workspace.calls] == [(method, error)]


async def test_a_refusal_names_the_place(client: AsyncWebClient) -> None:
    """Of a block, and of an argument."""
    response = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a", blocks=[{"type": "markdown"}])
    assert response["errors"] == ["must be a string [json-pointer:/blocks/0/text]"]
    response = await refusal(client, "chat.update", channel="C0GENERAL", thread_ts="1")
    assert response["response_metadata"]["messages"] == [
        "[ERROR] missing required field: ts",
        "[ERROR] unknown argument: thread_ts",
    ]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"text": "a" * 4_000}, ""),
        ({"text": "a" * 4_001}, "msg_too_long"),
        ({"text": "a" * 4_001, "blocks": MARKDOWN}, "msg_too_long"),
        ({"text": "\N{GRINNING FACE}" * 2_001}, "msg_too_long"),
        ({"blocks": MARKDOWN}, ""),
        ({"text": "a", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 2_600}}] * 5}, ""),
        (
            {"text": "a", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 2_601}}] * 5},
            "msg_blocks_too_long",
        ),
        ({"blocks": []}, "no_text"),
    ],
)
async def test_an_edit_keeps_slacks_limits(
    client: AsyncWebClient, workspace: Workspace, args: dict[str, Any], error: str
) -> None:
    """It fails whole, and the message stays as it was."""
    ts = await post(client)
    if error:
        assert (await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, **args))["error"] == error
        assert len(workspace.messages[0].versions) == 1
    else:
        await client.api_call("chat.update", json={"channel": "C0GENERAL", "ts": ts, **args})
        assert len(workspace.messages[0].versions) == 2


async def test_a_post_that_is_too_long_is_cut(client: AsyncWebClient, workspace: Workspace) -> None:
    """At 40,000 UTF-16 units, not within a character."""
    await post(client, text="a" + "\N{GRINNING FACE}" * 20_000)
    assert workspace.messages[0].text == "a" + "\N{GRINNING FACE}" * 19_999


async def test_only_its_own_messages_can_be_edited(client: AsyncWebClient, workspace: Workspace) -> None:
    """Not a person's, and not one that was deleted."""
    message = workspace.post("C0GENERAL", "U0ADA", "mine")
    answer = await refusal(client, "chat.update", channel="C0GENERAL", ts=message.ts, text="a")
    assert answer["error"] == "cant_update_message"
    ts = await post(client)
    workspace.delete(workspace.messages[1])
    assert (await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, text="a"))["error"] == "message_not_found"


async def test_a_reply_opens_no_thread(client: AsyncWebClient) -> None:
    """Its ts names no thread."""
    reply = await post(client, thread_ts=await post(client))
    answer = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a", thread_ts=reply)
    assert answer["error"] == "thread_not_found"


async def test_an_archived_channel_takes_nothing(client: AsyncWebClient, workspace: Workspace) -> None:
    """Neither posts nor edits."""
    ts = await post(client)
    workspace.channel("general").is_archived = True
    assert (await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a"))["error"] == "is_archived"
    assert (await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, text="a"))["error"] == "is_archived"


async def test_a_public_channel_needs_no_invitation_with_the_scope_for_it(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """`chat:write.public`; a private one still does."""
    workspace.scopes.add("chat:write.public")
    await client.chat_postMessage(channel="C0RANDOM", text="hello")
    assert (await refusal(client, "chat.postMessage", channel="C0PRIVATE", text="a"))["error"] == "channel_not_found"


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", None, "not_authed"),
        ("auth.test", "xoxb-other", "invalid_auth"),
        ("auth.test", Workspace.app_token, "not_allowed_token_type"),
        ("apps.connections.open", Workspace.bot_token, "not_allowed_token_type"),
    ],
)
async def test_each_method_takes_its_own_token(client: AsyncWebClient, method: str, token: str, error: str) -> None:
    """The bot's, or the app's for Socket Mode."""
    client.token = token
    assert (await refusal(client, method))["error"] == error


async def test_the_team_may_be_named_if_it_is_the_right_one(client: AsyncWebClient, workspace: Workspace) -> None:
    """The client that Bolt gives to listeners names it in every call."""
    await client.api_call("auth.test", params={"team_id": workspace.team_id})
    assert (await refusal(client, "auth.test", team_id="T0OTHER"))["error"] == "team_access_not_granted"


async def test_a_scope_that_was_not_granted_is_missing(client: AsyncWebClient, workspace: Workspace) -> None:
    """The answer says which, and which there are."""
    workspace.scopes = {"commands", "app_mentions:read"}
    response = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a")
    assert (response["error"], response["needed"], response["provided"]) == (
        "missing_scope",
        "chat:write",
        "app_mentions:read,commands",
    )


async def test_metadata_are_kept_until_others_come(client: AsyncWebClient, workspace: Workspace) -> None:
    """From JSON or a form; an edit that says nothing of them leaves them."""
    ts = await post(client, metadata=TASK)
    message = workspace.messages[0]
    assert message.metadata == TASK
    await client.chat_update(channel="C0GENERAL", ts=ts, text="a")
    assert message.metadata == TASK
    other = {**TASK, "event_type": "task_done"}
    await client.api_call(
        "chat.update", data={"channel": "C0GENERAL", "ts": ts, "text": "b", "metadata": json.dumps(other)}
    )
    assert message.metadata == other
    answer = await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, text="c", metadata={"event_type": "a"})
    assert (answer["error"], message.text) == ("invalid_metadata_format", "b")


async def look(client: AsyncWebClient, method: str, **args: Any) -> AsyncSlackResponse:
    """Ask for a part of what was said in `general`, as a form, in which all is text."""
    return await client.api_call(f"conversations.{method}", params={"channel": "C0GENERAL", **args})


def texts(response: AsyncSlackResponse) -> list[str]:
    """What the messages of an answer say."""
    return [message["text"] for message in response["messages"]]


async def test_a_thread_can_be_read_parent_first(client: AsyncWebClient, workspace: Workspace) -> None:
    """Metadata come when they are asked for; the parent tells of its replies."""
    workspace.scopes |= HISTORY
    parent = workspace.post("C0GENERAL", "U0ADA", "why?")
    workspace.post("C0GENERAL", "U0BEN", "lunch?")
    replies = [await post(client, text=text, thread_ts=parent.ts, metadata=TASK) for text in ("one", "two")]
    plain = await look(client, "replies", ts=parent.ts)
    assert texts(plain) == ["why?", "one", "two"]
    assert [message["ts"] for message in plain["messages"]] == [parent.ts, *replies]
    assert not any("metadata" in message for message in plain["messages"])
    first = plain["messages"][0]
    assert (first["thread_ts"], first["reply_count"], first["latest_reply"]) == (parent.ts, 2, replies[1])
    assert (plain["has_more"], plain["response_metadata"]["next_cursor"]) == (False, "")
    told = await look(client, "replies", ts=parent.ts, include_all_metadata=True)
    assert [message.get("metadata") for message in told["messages"]] == [None, TASK, TASK]


async def test_a_ts_that_names_no_thread_names_itself(client: AsyncWebClient, workspace: Workspace) -> None:
    """A message that nobody answered, or a reply; one that is not there is refused."""
    workspace.scopes |= HISTORY
    lone = await post(client, text="lone")
    reply = await post(client, text="reply", thread_ts=await post(client))
    assert texts(await look(client, "replies", ts=lone)) == ["lone"]
    assert texts(await look(client, "replies", ts=reply)) == ["reply"]
    answer = await refusal(client, "conversations.replies", channel="C0GENERAL", ts="1.000000")
    assert answer["error"] == "thread_not_found"


async def test_a_thread_is_read_in_pages(client: AsyncWebClient, workspace: Workspace) -> None:
    """Each message once, also when one is deleted or posted between two pages; the parent on the first."""
    workspace.scopes |= HISTORY
    parent = workspace.post("C0GENERAL", "U0ADA", "why?")
    replies = [workspace.post("C0GENERAL", "U0BEN", str(number), thread_ts=parent.ts) for number in range(5)]
    first = await look(client, "replies", ts=parent.ts, limit=2)
    assert (texts(first), first["has_more"]) == (["why?", "0", "1"], True)
    workspace.delete(replies[1])
    workspace.post("C0GENERAL", "U0BEN", "5", thread_ts=parent.ts)
    cursor = first["response_metadata"]["next_cursor"]
    second = await look(client, "replies", ts=parent.ts, limit=3, cursor=cursor)
    assert (texts(second), second["has_more"]) == (["2", "3", "4"], True)
    third = await look(client, "replies", ts=parent.ts, limit=3, cursor=second["response_metadata"]["next_cursor"])
    assert (texts(third), third["has_more"]) == (["5"], False)


async def test_a_channel_is_read_newest_first_and_without_replies(client: AsyncWebClient, workspace: Workspace) -> None:
    """In pages too."""
    workspace.scopes |= HISTORY
    for number in range(3):
        message = workspace.post("C0GENERAL", "U0ADA", str(number))
        workspace.post("C0GENERAL", "U0BEN", "a reply", thread_ts=message.ts)
    workspace.post("C0RANDOM", "U0ADA", "elsewhere")
    assert texts(await look(client, "history")) == ["2", "1", "0"]
    first = await look(client, "history", limit=2)
    assert (texts(first), first["has_more"]) == (["2", "1"], True)
    second = await look(client, "history", limit=2, cursor=first["response_metadata"]["next_cursor"])
    assert (texts(second), second["has_more"]) == (["0"], False)
    assert (await look(client, "history", limit=3))["has_more"] is False


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ({"oldest": 1}, ["2", "3"]),
        ({"oldest": 1, "inclusive": True}, ["1", "2", "3"]),
        ({"latest": 2}, ["0", "1"]),
        ({"latest": 2, "inclusive": True}, ["0", "1", "2"]),
        ({"oldest": 0, "latest": 2}, ["1"]),
        ({"oldest": 1, "latest": 1}, []),
        ({"inclusive": True}, ["0", "1", "2", "3"]),
    ],
)
async def test_a_part_is_cut_by_time(
    client: AsyncWebClient, workspace: Workspace, edges: dict[str, int], found: list[str]
) -> None:
    """To the microsecond; the parent of a thread comes all the same."""
    workspace.scopes |= HISTORY
    parent = workspace.post("C0GENERAL", "U0ADA", "why?")
    replies = [workspace.post("C0GENERAL", "U0BEN", str(number), thread_ts=parent.ts) for number in range(4)]
    args = {name: value if value is True else replies[value].ts for name, value in edges.items()}
    assert texts(await look(client, "replies", ts=parent.ts, **args)) == ["why?", *found]
    workspace.delete(parent)
    for reply in replies:
        reply.thread_ts = None
    assert texts(await look(client, "history", **args)) == found[::-1]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1_000}, "invalid_limit"),
        ({"limit": "many"}, "invalid_arguments"),
        ({"limit": True}, "invalid_arguments"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "1.2.3"}, "invalid_ts_latest"),
        ({"cursor": "next"}, "invalid_cursor"),
        ({"cursor": "bmV4dF90czoxeA=="}, "invalid_cursor"),
        ({"cursor": "MS4wMDAwMDA="}, "invalid_cursor"),
        ({"channel": "C0PRIVATE"}, "channel_not_found"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0RANDOM"}, "not_in_channel"),
    ],
)
async def test_a_part_that_cannot_be_given_is_refused(
    client: AsyncWebClient, workspace: Workspace, args: dict[str, Any], error: str
) -> None:
    """With Slack's word for it."""
    workspace.scopes |= HISTORY
    answer = await refusal(client, "conversations.history", **{"channel": "C0GENERAL", **args})
    assert answer["error"] == error


async def test_what_was_said_is_read_with_the_scope_of_its_channel(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """One for public channels, one for private ones; an archived channel can still be read."""
    workspace.channel("private").members.add(workspace.bot.id)
    workspace.channel("general").is_archived = True
    workspace.scopes.add("channels:history")
    await look(client, "history")
    answer = await refusal(client, "conversations.history", channel="C0PRIVATE")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:history")
    workspace.scopes.add("groups:history")
    await look(client, "history", channel="C0PRIVATE")


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [
        ({"Content-Type": "application/json"}, b"{", "invalid_json"),
        ({"Content-Type": "application/json"}, b"[]", "json_not_object"),
        ({"Content-Type": "text/plain"}, b"{}", "invalid_post_type"),
    ],
)
async def test_a_body_must_be_what_it_says(
    server: SlackServer, session: aiohttp.ClientSession, headers: dict[str, str], body: bytes, error: str
) -> None:
    """A form, or a JSON object."""
    async with session.post(f"{server.url}chat.postMessage", data=body, headers=headers) as response:
        assert await response.json() == {"ok": False, "error": error}


async def test_the_edit_over_the_limit_is_told_when_to_come_again(client: AsyncWebClient, workspace: Workspace) -> None:
    """Status 429, whole seconds, and no effect."""
    ts = await post(client)
    for number in range(50):
        await client.chat_update(channel="C0GENERAL", ts=ts, text=str(number))
        await asyncio.sleep(1.0)
    response = await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, text="one more")
    assert (response.status_code, response["error"], response.headers["Retry-After"]) == (429, "ratelimited", "10")
    assert workspace.messages[0].text == "49"
    await asyncio.sleep(10.0)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="one more")
    assert len(workspace.messages[0].versions) == 52


async def test_posts_are_limited_by_channel(client: AsyncWebClient, workspace: Workspace) -> None:
    """A burst passes; what is refused in one channel passes in another."""
    for _ in range(6):
        await post(client)
    response = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    await asyncio.sleep(1.0)
    await post(client)
    workspace.channel("random").members.add(workspace.bot.id)
    await client.chat_postMessage(channel="C0RANDOM", text="a")


async def test_a_fault_can_refuse(client: AsyncWebClient, workspace: Workspace) -> None:
    """With any error, once; nothing is carried out."""
    workspace.faults.append(Fault("chat.postMessage", error="internal_error", http_status=503))
    response = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a")
    assert (response.status_code, response["error"]) == (503, "internal_error")
    assert workspace.messages == []
    await post(client)
    assert [call.error for call in workspace.calls] == ["internal_error", None]


async def test_a_fault_can_ask_for_patience_and_means_it(client: AsyncWebClient, workspace: Workspace) -> None:
    """An earlier call is refused too, though no fault is left and the quota has room."""
    ts = await post(client)
    workspace.faults.append(Fault("chat.update", error="ratelimited", retry_after=7))
    for _ in range(2):
        response = await refusal(client, "chat.update", channel="C0GENERAL", ts=ts, text="a")
        assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert workspace.faults == []


@pytest.mark.parametrize(
    ("retry_after", "header"), [(0, "0"), (30, "30"), (None, None), ("soon", "soon"), ("", ""), ("-1", "-1")]
)
async def test_a_fault_can_ask_for_patience_in_any_words(
    client: AsyncWebClient, workspace: Workspace, retry_after: int | str | None, header: str | None
) -> None:
    """No time, a long one, none named, or no number: it is status 429, and nothing was done."""
    workspace.faults.append(Fault("chat.postMessage", error="ratelimited", retry_after=retry_after))
    response = await refusal(client, "chat.postMessage", channel="C0GENERAL", text="a")
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers.get("Retry-After") == header
    assert workspace.messages == []
    await asyncio.sleep(30.0)
    await post(client)


async def test_a_fault_can_answer_with_a_page_as_if_all_were_well(client: AsyncWebClient, workspace: Workspace) -> None:
    """Status 200 and HTML, as a proxy does that wants a login; the call was carried out or not."""
    for after in (False, True):
        workspace.faults.append(Fault("chat.postMessage", page=True, after=after))
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0GENERAL", text="a")
        assert caught.value.response.status_code == 200
        assert caught.value.response.headers["Content-Type"].startswith("text/html")
        assert len(workspace.messages) == after
    assert [call.error for call in workspace.calls] == ["http_200", None]


@pytest.mark.parametrize(
    ("how", "done_at"), [({"after": True}, 0.0), ({}, 20.0), ({"breaks": True}, None)], ids=["soon", "late", "never"]
)
async def test_a_fault_can_outlast_the_clients_patience(
    workspace: Workspace, how: dict[str, Any], done_at: float | None
) -> None:
    """What the call does is done soon, late, or never; the client knows no more than that it waited."""
    loop = asyncio.get_running_loop()
    timeout = aiohttp.ClientTimeout(total=15.0)
    async with SlackServer(workspace) as server, aiohttp.ClientSession(timeout=timeout) as session:
        client = AsyncWebClient(workspace.bot_token, base_url=server.url, session=session, retry_handlers=[])
        workspace.faults.append(Fault("chat.postMessage", delay=20.0, **how))
        started = loop.time()
        with pytest.raises(TimeoutError):
            await post(client)
        assert loop.time() - started == pytest.approx(15.0)
        await asyncio.sleep(15.0)
        done = [message.versions[0].at - started for message in workspace.messages]
        assert done == ([] if done_at is None else [pytest.approx(done_at)])


async def test_a_fault_can_answer_with_a_page(client: AsyncWebClient, workspace: Workspace) -> None:
    """As a gateway does, which knows no JSON."""
    workspace.faults.append(Fault("chat.postMessage", http_status=502))
    with pytest.raises(SlackApiError) as caught:
        await post(client)
    assert caught.value.response.status_code == 502
    assert workspace.calls[0].error == "http_502"


@pytest.mark.parametrize("after", [False, True])
async def test_a_fault_can_break_the_connection(client: AsyncWebClient, workspace: Workspace, after: bool) -> None:  # noqa: FBT001
    """Before the call was carried out or after it; the client cannot tell."""
    workspace.faults.append(Fault("chat.postMessage", breaks=True, after=after))
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(client)
    assert len(workspace.messages) == after
    assert [call.error for call in workspace.calls] == [None if after else "connection_broken"]
    await post(client)


async def test_a_fault_can_delay(client: AsyncWebClient, workspace: Workspace) -> None:
    """The call, or with `after` its answer; then all is well."""
    loop = asyncio.get_running_loop()
    for after in (False, True):
        workspace.faults.append(Fault("chat.postMessage", delay=8.0, after=after))
        started = loop.time()
        await post(client)
        assert loop.time() - started == pytest.approx(8.0)
        assert workspace.calls[-1].at - started == pytest.approx(0.0 if after else 8.0)


async def test_latency_comes_before_the_call(workspace: Workspace, session: aiohttp.ClientSession) -> None:
    """The message is as late as the answer."""
    async with SlackServer(workspace, latency=0.25) as server:
        started = asyncio.get_running_loop().time()
        await post(AsyncWebClient(workspace.bot_token, base_url=server.url, session=session))
        assert workspace.messages[0].versions[0].at - started == pytest.approx(0.25)


async def test_a_post_that_the_sdk_repeats_appears_twice(
    server: SlackServer, workspace: Workspace, session: aiohttp.ClientSession
) -> None:
    """Its default retry handler cannot know that the call was carried out before the connection broke."""
    workspace.faults.append(Fault("chat.postMessage", breaks=True, after=True))
    await post(AsyncWebClient(workspace.bot_token, base_url=server.url, session=session))
    assert len(workspace.messages) == 2
