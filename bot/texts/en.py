"""English. Data."""

from collections.abc import Mapping

from bot.engine.reasons import Code
from bot.network.connection_failures import CAUSES
from bot.texts.language import Language

_REASONS: Mapping[Code, tuple[str, str]] = {
    Code.QUEUED: ("many are asked at the moment, and its turn comes", ""),
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
    Code.BOT_RESTARTS: ("the bot is being restarted, and goes on with this in a moment", ""),
    Code.BOT_STOPPED: ("the bot was stopped", "Ask again."),
    Code.BOT_BROKEN: ("something went wrong in the bot itself", "Ask again."),
    Code.BOT_AWAY: ("the bot was away for too long", "Ask again."),
    Code.TOLD: ("{words}", ""),
}

ENGLISH = Language(
    with_advice="{cause}. {advice}",
    without_advice="{cause}.",
    ask_the_owner="Whoever runs this bot should check",
    check="Check",
    reasons=_REASONS,
)
