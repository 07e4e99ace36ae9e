"""English. Data."""

from collections.abc import Mapping

from bot.engine.draft import State
from bot.engine.reasons import Code
from bot.network.causes import CAUSES
from bot.texts.language import Language, Plural, Side
from bot.texts.phrases import Phrase

_SIDES: Mapping[str, Side] = {
    "Depth": Side("Depth", "why, nine times", "asks why, nine times"),
    "Breadth": Side("Breadth", "other approaches and viewpoints", "looks for other approaches"),
    "Structure": Side("Structure", "causes, factors, the lever", "for causes and the lever"),
    "Time": Side("Time", "how it came, changes and will go", "for how it came and when to act"),
    "Together": Side("Together", "what the sides come to"),
}

_REASONS: Mapping[Code, tuple[str, str]] = {
    Code.QUEUED: ("many questions are being answered, and this one waits its turn", ""),
    Code.RESUMED: ("it was interrupted; it starts over", ""),
    Code.CONNECTION_LOST: ("the connection to the model broke; it starts over", ""),
    Code.FELL_SILENT: ("the model fell silent; it starts over", ""),
    Code.RETRYING: ("{cause}; trying again in {seconds} s", ""),
    Code.NO_QUOTA: (
        "the account with the model's provider has no balance or no quota left",
        "{check} its plan and billing, and that OPENAI_API_KEY is of this account.",
    ),
    Code.PROBLEM_TOO_LONG: ("the problem is too long for the model", "Ask again with a shorter one."),
    Code.PROBLEM_FILTERED: ("the provider's content filter refused the problem", "Put it in other words."),
    Code.BAD_KEY: ("the model's provider refused the key", "{check} OPENAI_API_KEY."),
    Code.NO_MODEL: ("there is no model “{model}” for this key", "{check} OPENAI_MODEL."),
    Code.UNVERIFIED: (
        "the provider streams the model “{model}” only to organizations that it has verified",
        "{check} that the organization of OPENAI_API_KEY is verified, or name another OPENAI_MODEL.",
    ),
    Code.NO_SYSTEM_ROLE: (
        "the model “{model}” takes no instructions beside the problem (no system role)",
        "{check} OPENAI_MODEL.",
    ),
    Code.BAD_REGION: (
        "the model's provider does not serve the region from which this bot asks",
        "{check} OPENAI_BASE_URL and where the bot runs.",
    ),
    Code.BAD_ADDRESS: (
        "what answers at the model's address is not a model's API",
        "{check} OPENAI_BASE_URL (does it end in /v1?).",
    ),
    Code.REDIRECTED: (
        "the model's address sends elsewhere ({status}), where nothing is sent",
        "{check} OPENAI_BASE_URL (https, and the address that it is sent to?).",
    ),
    Code.FORBIDDEN: ("the key may not use the model “{model}”", "{check} OPENAI_API_KEY and OPENAI_MODEL."),
    Code.NOT_FOUND: ("there is no model “{model}” there", "{check} OPENAI_MODEL and OPENAI_BASE_URL."),
    Code.TOO_MANY_REQUESTS: (
        "the model's provider has too many requests at the moment",
        "Ask again in a minute.",
    ),
    Code.OVERLOADED: (
        "the model's provider has more to do than it can at the moment ({status})",
        "Ask again later.",
    ),
    Code.SERVER_FAILED: ("the model's provider has a failure of its own ({status})", "Ask again later."),
    Code.REQUEST_REFUSED: ("the model's provider refused the request ({status})", "{check} OPENAI_MODEL."),
    **{
        Code(failure.value): (
            f"the model cannot be reached: {cause}",
            "{check} OPENAI_BASE_URL."
            if failure.is_lasting
            else "Ask again in a moment; or have OPENAI_BASE_URL checked.",
        )
        for failure, cause in CAUSES.items()
    },
    Code.SILENT: ("the model was silent for {seconds:.0f} seconds", "Ask again."),
    Code.BROKEN: ("the connection to the model broke", "Ask again in a moment."),
    Code.REPORTED: ("the model's provider reported an error in the middle of the answer", "Ask again."),
    Code.NONSENSE: ("the model's provider sent something that makes no sense", "Ask again."),
    Code.OVERSIZED: ("the model's provider sent more than makes sense", "Ask again."),
    Code.ENDLESS: ("the model had not come to an end after {minutes} minutes", "Ask again."),
    Code.CUT_HERE: ("it went on beyond {characters:,} characters; this is its beginning", ""),
    Code.CUT: ("the model reached the longest answer that it may give", ""),
    Code.CUT_THINKING: ("the model reached the longest answer that it may give while it was thinking", ""),
    Code.ANSWER_FILTERED: ("the provider's content filter withheld the rest", "Put the problem in other words."),
    Code.DECLINED: ("the model declined to answer", "Putting the problem in other words may help."),
    Code.WANTS_TOOL: ("the model wanted to use a tool, and has none here", "Ask again."),
    Code.UNKNOWN_END: ("the model's provider ended the answer without a word that it is whole", "Ask again."),
    Code.ONLY_THOUGHTS: ("the model only thought, and gave no answer", "Ask again."),
    Code.EMPTY: ("the model gave an empty answer", "Ask again."),
    Code.UNFINISHED: ("the connection to the model ended before the answer did", "Ask again."),
    Code.FAILED_AGAIN: ("{cause}; it was started over, and this is as far as it came", "{advice}"),
    Code.FAILED_AGAIN_EMPTY: ("{cause}; it was started over, and nothing came", "{advice}"),
    Code.POST_UNANSWERED: ("Slack gave no answer when it was posted", "Ask again."),
    Code.POST_REFUSED: ("Slack refused to take it", "Ask again."),
    Code.REPLY_DELETED: ("somebody deleted its reply", ""),
    Code.STOPPED_BY: ("somebody stopped it", ""),
    Code.BOT_RESTARTS: ("the bot is being restarted, and goes on with this in a moment", ""),
    Code.BOT_STOPPED: ("the bot was stopped", "Ask again."),
    Code.BOT_BROKEN: ("something went wrong in the bot itself", "Ask again."),
    Code.BOT_AWAY: ("the bot was away for too long", "Ask again."),
    Code.TOLD: ("{words}", ""),
}

_STATES = {
    State.WAITING: "waiting",
    State.THINKING: "thinking",
    State.WRITING: "writing",
    State.DONE: "done",
    State.FAILED: "failed",
    State.CUT: "stopped",
    State.STOPPED: "stopped",
    State.INTERRUPTED: "interrupted",
}

_BACK = "Here is your problem back:"
_TO_BE_SHORTENED = "Nothing was asked yet. Here it is back, so that you can shorten it and send it again:"

_PHRASES: Mapping[Phrase, str | Plural] = {
    Phrase.ASKS: "{user} asks for perspectives on:",
    Phrase.ASKS_WHAT: "{user} asks: {problem}",
    Phrase.PERSPECTIVES_ON: "Perspectives for {user} on: {problem}",
    Phrase.ORIGIN: "From these words alone, by a model; each answer ends with a way to test it.",
    Phrase.WAITING: "waiting…",
    Phrase.WAITING_FOR: "waiting: {reason}",
    Phrase.THINKING: "thinking…",
    Phrase.WRITING: "writing…",
    Phrase.WRITING_AGAIN: "writing: {reason}",
    Phrase.WRITING_SLOWLY: "writing, with many others: Slack lets me show more every {seconds:.0f} s or so",
    Phrase.DONE: "done in {seconds:.0f} s by {model}",
    Phrase.FAILED: "failed: {reason}",
    Phrase.CUT: "stopped: {reason}",
    Phrase.STOPPED: "stopped",
    Phrase.INTERRUPTED: "interrupted: {reason}",
    Phrase.STOPPED_EARLY: "(stopped early)",
    Phrase.CONTINUED: "continued ({number})",
    Phrase.GOES_ON_BELOW: "goes on below",
    Phrase.PAGE: "page {number}",
    Phrase.ENDS_ABOVE: "the answer was started over, and ends above",
    Phrase.SAYS: "{name}: {words}",
    Phrase.NAME_GOES_ON_BELOW: "{name} goes on below",
    Phrase.NAME_ENDS_ABOVE: "{name} ends above",
    Phrase.NOT_SHOWN: "Slack refuses to show this text.",
    Phrase.REST_NOT_SHOWN: "Slack refuses to show the rest of this text.",
    Phrase.FOLLOW_UP: "follow-up for {user}: {words}",
    Phrase.WEAKEST: "follow-up for {user}: the weakest point",
    Phrase.STOPPED_BY: "stopped by {user}",
    Phrase.THREAD_UNREAD: "I could not read what was said in this thread before.",
    Phrase.STOP: "Stop",
    Phrase.STOP_LABEL: "Stop: {name}",
    Phrase.AGAIN: "Try again",
    Phrase.AGAIN_LABEL: "Try again: {name}",
    Phrase.DEEPER: "Go deeper",
    Phrase.DEEPER_LABEL: "Go deeper: {name}",
    Phrase.TOGETHER: "Draw together",
    Phrase.TOGETHER_LABEL: "Draw together: {name}",
    Phrase.GOOD: "Helpful",
    Phrase.BAD: "Not helpful",
    Phrase.IS_GOING_ON: "This is being answered just now.",
    Phrase.TOO_FEW: "At least two answers have to be whole before I can draw them together.",
    Phrase.TOO_OFTEN: "{reason} Nothing was begun.",
    Phrase.STORE_AWAY: "I cannot look that up at the moment. Press again in a minute.",
    Phrase.HINT: (
        "Tell me a problem and I show it from {number} sides at once: {example} or mention me with it. {sides}."
    ),
    Phrase.SIDE: "{name} {does}",
    Phrase.SIDES: "{first}; {other}",
    Phrase.EXAMPLE: "/perspectives Why do our releases slip every month?",
    Phrase.TOO_MANY_CHARACTERS: (
        f"Your problem has {{length:,}} characters, and I take up to {{limit:,}}. {_TO_BE_SHORTENED}"
    ),
    Phrase.TOO_LONG_FOR_SLACK: (
        f"Your problem is too long for one message of Slack, where some characters count as several. {_TO_BE_SHORTENED}"
    ),
    Phrase.IN_LINE: Plural(
        "I am looking at as many problems here as I can at once. Yours is next in line, and begins by itself.",
        "I am looking at as many problems here as I can at once. Yours is number {count} in line; it begins by itself.",
    ),
    Phrase.TOO_MANY_RUNS: Plural(
        "You have one run going on already, as many as one person may. Ask again when one has ended.",
        "You have {count} runs going on already, as many as one person may. Ask again when one has ended.",
    ),
    Phrase.TOO_MANY_WITHIN_THE_HOUR: Plural(
        "You have asked {limit} times within the hour, which is what one person may. Ask again in {count} minute.",
        "You have asked {limit} times within the hour, which is what one person may. Ask again in {count} minutes.",
    ),
    Phrase.CROWDED: "I am busy: too many questions are being answered at the moment. Ask again in a few minutes.",
    Phrase.GIVEN_BACK: f"{{reason}} Nothing was asked yet. {_BACK}",
    Phrase.WITH_PROBLEM: f"{{words}} {_BACK}",
    Phrase.INTERRUPTED_PRESS: "I was interrupted, and what you pressed is not finished. To go on, press again.",
    Phrase.BROKEN_PRESS: "Something went wrong in me, and I stopped. To go on, press again.",
    Phrase.INTERRUPTED_RUN: "I was interrupted. To ask again, send your problem again:",
    Phrase.NOT_ALL_SHOWN: ("I was interrupted, and {names} cannot be shown. To ask again, send your problem again:"),
    Phrase.BOTH: "{first} and {other}",
    Phrase.SLACK_REFUSES: "Slack refused to let me open a thread ({code}).",
    Phrase.NOT_A_MEMBER: (
        "I am not in this channel ({channel}), so I cannot open a thread here. Invite me with {command}, followed by "
        "my name with an @, and ask again."
    ),
    Phrase.ARCHIVED: "This channel ({channel}) is archived: nobody can write here any more.",
    Phrase.MESSAGE_GONE: "The message that I was to answer is gone, so I stopped.",
    Phrase.NO_THREADS: ("I answer in a thread, and this channel ({channel}) takes none. Ask me in another channel."),
    Phrase.NO_ANSWERS_THERE: (
        "Slack lets nobody answer under that message. Ask me in the channel, or under another message."
    ),
    Phrase.THREADS_ONLY: ("In this channel ({channel}) people write in threads only. Mention me in one of them."),
    Phrase.NO_DIRECT_MESSAGES: "My direct messages are switched off. Ask me in a channel.",
    Phrase.RESTRICTED: ("Only some people may write in this channel ({channel}), and I am not one of them."),
    Phrase.PROBLEM_CONTINUED: "Your problem, continued",
    Phrase.BROKEN_RUN: "Something went wrong in me, and I stopped. To ask again, send your problem again:",
    Phrase.FORM_TITLE: "Get perspectives",
    Phrase.FORM_SUBMIT: "Ask",
    Phrase.FORM_CLOSE: "Cancel",
    Phrase.FORM_LABEL: "Your problem",
    Phrase.FORM_HINT: "What is wrong, since when, for whom, and what was tried: the more of it, the better.",
    Phrase.FORM_CUT: "The message is longer than this field may be: this is its beginning.",
    Phrase.FORM_EMPTY: "Write what the problem is.",
    Phrase.FORM_TOO_LONG: "This has {length:,} characters, and I take up to {limit:,}. Make it shorter.",
    Phrase.FORM_TOO_LONG_FOR_SLACK: (
        "This is too long for one message of Slack, where some characters count as several. Make it shorter."
    ),
    Phrase.DEEPER_TITLE: "Go deeper",
    Phrase.DEEPER_ASK: "Ask {name}, or add what you know",
    Phrase.DEEPER_HINT: "Leave it empty to have the weakest point of the answer worked out.",
    Phrase.OTHER_VERSION: (
        "This button is from another version of me, and I do not know what it was to do. Nothing was done; to go on, "
        "ask your problem again."
    ),
    Phrase.UNKNOWN_RUN: (
        "I do not remember this thread any more, so its buttons do nothing. To go on, ask your problem again."
    ),
    Phrase.ALREADY_STOPPED: "This has ended already: there is nothing to stop.",
    Phrase.ALREADY_DRAWN: "These answers are being drawn together already, or were, as they stand: see this thread.",
    Phrase.NOTHING_TO_TRY_AGAIN: "There is nothing to try again: these answers are whole, or are being asked already.",
    Phrase.NOT_A_MEMBER_ANY_MORE: (
        "I am not in this channel ({channel}) any more, so I cannot answer here. Invite me with {command}, followed by "
        "my name with an @, and press again."
    ),
    Phrase.NO_FORM: "Slack did not open the form. Press again.",
    Phrase.NOT_INSTALLED: (
        "I am not installed in this workspace, or not any more. Ask whoever manages its apps to install me again."
    ),
    Phrase.NO_FORM_OF_MESSAGE: "Slack did not open the form. Choose it again, or mention me in a reply to the message.",
}

ENGLISH = Language(
    key="en",
    with_advice="{cause}. {advice}",
    without_advice="{cause}.",
    ask_the_owner="Whoever runs this bot should check",
    check="Check",
    sides=_SIDES,
    reasons=_REASONS,
    states=_STATES,
    phrases=_PHRASES,
    numbers=("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
)
