"""The questions in what Slack sends: of a command, a mention, a message to the bot, or one that was chosen. Pure.

What starts nothing is no question: the bot's own messages and other bots', and edits of what was asked before.
"""

from uuid import uuid4

from bot.slack.markup.mrkdwn import unescape, without_mention
from bot.slack.payloads.fields import Json, read_id, read_object, read_optional_id, read_text, read_url
from bot.slack.question import Question
from bot.texts import choose

SAID = ("file_share", "thread_broadcast")  # the subtypes of messages in which a person says something; most have none


def read_command(command: Json, language: str) -> Question:
    """The question of a slash command; its problem may be empty."""
    problem = unescape(read_text(command)).strip()
    return Question(
        key=read_id(command, "trigger_id") if command.get("trigger_id") else uuid4().hex,
        problem=problem,
        user=read_id(command, "user_id"),
        channel=read_id(command, "channel_id"),
        response_url=read_url(command),
        language=choose(problem, language),
    )


def read_mention(event: Json, bot_user: str, language: str) -> Question | None:
    """The question of a mention, if a person asks one; in a thread it may be that thread alone."""
    return _read_message(event, bot_user, language)


def read_direct_message(event: Json, bot_user: str, language: str) -> Question | None:
    """The question of a message to the bot itself, if it is one; its edits come as messages of another subtype."""
    subtype = event.get("subtype")
    if event.get("channel_type") != "im" or event.get("hidden") or subtype not in (None, *SAID):
        return None
    return _read_message(event, bot_user, language)


def read_chosen_message(body: Json, language: str) -> Question:
    """What somebody may ask of a message that they chose: its text, under it. It is no question yet: it has no key."""
    message = read_object(body, "message")
    problem = unescape(read_text(message)).strip()
    thread_ts = read_optional_id(message, "thread_ts")
    return Question(
        key="",
        problem=problem,
        user=read_id(read_object(body, "user"), "id"),
        channel=read_id(read_object(body, "channel"), "id"),
        thread_ts=thread_ts or read_id(message, "ts"),
        ephemeral_ts=thread_ts,
        response_url=read_url(body),
        language=choose(problem, language),
    )


def _read_message(event: Json, bot_user: str, language: str) -> Question | None:
    if event.get("bot_id") or event.get("edited") or event.get("user") is None or event["user"] == bot_user:
        return None
    channel, ts = read_id(event, "channel"), read_id(event, "ts")
    thread_ts = read_optional_id(event, "thread_ts")
    problem = unescape(without_mention(read_text(event), bot_user))
    return Question(
        key=f"{channel}:{ts}",
        problem=problem,
        user=read_id(event, "user"),
        channel=channel,
        thread_ts=thread_ts or ts,
        ephemeral_ts=thread_ts,
        language=choose(problem, language),
        reads_thread=thread_ts is not None and thread_ts != ts,
    )
