import pytest

from bot.engine.reasons import ARGUMENTS, Code, Reason
from bot.network.causes import ConnectionFailure
from bot.texts.en import ENGLISH

HOST = {"host": "model.example:443", "detail": ""}
MODEL = {"model": "gpt-5"}

# What people read: each code with its sentence, and with the setting that it is about.
SENTENCES = [
    (Reason(Code.QUEUED), "many questions are being answered, and this one waits its turn.", ""),
    (Reason(Code.RESUMED), "it was interrupted; it starts over.", ""),
    (Reason(Code.CONNECTION_LOST), "the connection to the model broke; it starts over.", ""),
    (Reason(Code.FELL_SILENT), "the model fell silent; it starts over.", ""),
    (
        Reason(Code.RETRYING, {"cause": Reason(Code.SERVER_FAILED, {"status": 503}), "seconds": 5}),
        "the model's provider has a failure of its own (503); trying again in 5 s.",
        "",
    ),
    (
        Reason(Code.NO_QUOTA),
        (
            "the account with the model's provider has no balance or no quota left. Whoever runs this bot should "
            "check its plan and billing, and that OPENAI_API_KEY is of this account."
        ),
        "OPENAI_API_KEY",
    ),
    (Reason(Code.PROBLEM_TOO_LONG), "the problem is too long for the model. Ask again with a shorter one.", ""),
    (Reason(Code.PROBLEM_FILTERED), "the provider's content filter refused the problem. Put it in other words.", ""),
    (
        Reason(Code.BAD_KEY),
        "the model's provider refused the key. Whoever runs this bot should check OPENAI_API_KEY.",
        "OPENAI_API_KEY",
    ),
    (
        Reason(Code.NO_MODEL, MODEL),
        "there is no model “gpt-5” for this key. Whoever runs this bot should check OPENAI_MODEL.",
        "OPENAI_MODEL",
    ),
    (
        Reason(Code.UNVERIFIED, MODEL),
        (
            "the provider streams the model “gpt-5” only to organizations that it has verified. Whoever runs this bot"
            " should check that the organization of OPENAI_API_KEY is verified, or name another OPENAI_MODEL."
        ),
        "OPENAI_API_KEY",
    ),
    (
        Reason(Code.NO_SYSTEM_ROLE, MODEL),
        (
            "the model “gpt-5” takes no instructions beside the problem (no system role). Whoever runs this bot "
            "should check OPENAI_MODEL."
        ),
        "OPENAI_MODEL",
    ),
    (
        Reason(Code.BAD_REGION),
        (
            "the model's provider does not serve the region from which this bot asks. Whoever runs this bot should "
            "check OPENAI_BASE_URL and where the bot runs."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.BAD_ADDRESS),
        (
            "what answers at the model's address is not a model's API. Whoever runs this bot should check "
            "OPENAI_BASE_URL (does it end in /v1?)."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.REDIRECTED, {"status": 307}),
        (
            "the model's address sends elsewhere (307), where nothing is sent. Whoever runs this bot should check "
            "OPENAI_BASE_URL (https, and the address that it is sent to?)."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.FORBIDDEN, MODEL),
        "the key may not use the model “gpt-5”. Whoever runs this bot should check OPENAI_API_KEY and OPENAI_MODEL.",
        "OPENAI_API_KEY",
    ),
    (
        Reason(Code.NOT_FOUND, MODEL),
        "there is no model “gpt-5” there. Whoever runs this bot should check OPENAI_MODEL and OPENAI_BASE_URL.",
        "OPENAI_MODEL",
    ),
    (
        Reason(Code.TOO_MANY_REQUESTS),
        "the model's provider has too many requests at the moment. Ask again in a minute.",
        "",
    ),
    (
        Reason(Code.OVERLOADED, {"status": 529}),
        "the model's provider has more to do than it can at the moment (529). Ask again later.",
        "",
    ),
    (
        Reason(Code.SERVER_FAILED, {"status": 500}),
        "the model's provider has a failure of its own (500). Ask again later.",
        "",
    ),
    (
        Reason(Code.REQUEST_REFUSED, {"status": 418}),
        "the model's provider refused the request (418). Whoever runs this bot should check OPENAI_MODEL.",
        "OPENAI_MODEL",
    ),
    (
        Reason(Code.CERTIFICATE, {**HOST, "detail": " (self-signed certificate)"}),
        (
            "the model cannot be reached: the certificate of model.example:443 is not trusted (self-signed "
            "certificate). Whoever runs this bot should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NOT_TLS, HOST),
        (
            "the model cannot be reached: model.example:443 does not speak https at that port. Whoever runs this bot "
            "should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.HANDSHAKE, {**HOST, "detail": " (NO_SHARED_CIPHER)"}),
        (
            "the model cannot be reached: no TLS connection to model.example:443 could be agreed upon "
            "(NO_SHARED_CIPHER). Whoever runs this bot should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NOT_HTTP, HOST),
        (
            "the model cannot be reached: what answers at model.example:443 is no HTTP. Whoever runs this bot should "
            "check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NO_SUCH_HOST, HOST),
        (
            "the model cannot be reached: there is no host of the name model.example:443. Whoever runs this bot "
            "should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NO_SUCH_PROXY, HOST),
        (
            "the model cannot be reached: the proxy on the way to model.example:443 does not exist: there is no host "
            "of its name. Whoever runs this bot should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NO_NAME_SERVICE, HOST),
        (
            "the model cannot be reached: the name model.example:443 cannot be looked up at the moment (DNS). Ask "
            "again in a moment; or have OPENAI_BASE_URL checked."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.REFUSED, HOST),
        (
            "the model cannot be reached: nothing listens at model.example:443. Ask again in a moment; or have "
            "OPENAI_BASE_URL checked."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.NO_ROUTE, HOST),
        (
            "the model cannot be reached: the network knows no way to model.example:443. Ask again in a moment; or "
            "have OPENAI_BASE_URL checked."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.PROXY_AWAY, HOST),
        (
            "the model cannot be reached: the proxy on the way to model.example:443 is out of reach, or does not "
            "reach it. Ask again in a moment; or have OPENAI_BASE_URL checked."
        ),
        "OPENAI_BASE_URL",
    ),
    (
        Reason(Code.PROXY_REFUSED, {**HOST, "detail": " (HTTP 407)"}),
        (
            "the model cannot be reached: the proxy on the way to model.example:443 does not let us through (HTTP "
            "407). Whoever runs this bot should check OPENAI_BASE_URL."
        ),
        "OPENAI_BASE_URL",
    ),
    (Reason(Code.SILENT, {"seconds": 60.0}), "the model was silent for 60 seconds. Ask again.", ""),
    (Reason(Code.BROKEN), "the connection to the model broke. Ask again in a moment.", ""),
    (Reason(Code.REPORTED), "the model's provider reported an error in the middle of the answer. Ask again.", ""),
    (Reason(Code.NONSENSE), "the model's provider sent something that makes no sense. Ask again.", ""),
    (Reason(Code.OVERSIZED), "the model's provider sent more than makes sense. Ask again.", ""),
    (Reason(Code.ENDLESS, {"minutes": 20}), "the model had not come to an end after 20 minutes. Ask again.", ""),
    (Reason(Code.CUT_HERE, {"characters": 40_000}), "it went on beyond 40,000 characters; this is its beginning.", ""),
    (Reason(Code.CUT), "the model reached the longest answer that it may give.", ""),
    (Reason(Code.CUT_THINKING), "the model reached the longest answer that it may give while it was thinking.", ""),
    (
        Reason(Code.ANSWER_FILTERED),
        "the provider's content filter withheld the rest. Put the problem in other words.",
        "",
    ),
    (Reason(Code.DECLINED), "the model declined to answer. Putting the problem in other words may help.", ""),
    (Reason(Code.WANTS_TOOL), "the model wanted to use a tool, and has none here. Ask again.", ""),
    (Reason(Code.UNKNOWN_END), "the model's provider ended the answer without a word that it is whole. Ask again.", ""),
    (Reason(Code.ONLY_THOUGHTS), "the model only thought, and gave no answer. Ask again.", ""),
    (Reason(Code.EMPTY), "the model gave an empty answer. Ask again.", ""),
    (Reason(Code.UNFINISHED), "the connection to the model ended before the answer did. Ask again.", ""),
    (
        Reason(Code.FAILED_AGAIN, {"cause": Reason(Code.DECLINED)}),
        (
            "the model declined to answer; it was started over, and this is as far as it came. Putting the problem in"
            " other words may help."
        ),
        "",
    ),
    (
        Reason(Code.FAILED_AGAIN_EMPTY, {"cause": Reason(Code.BAD_KEY)}),
        (
            "the model's provider refused the key; it was started over, and nothing came. Whoever runs this bot "
            "should check OPENAI_API_KEY."
        ),
        "",
    ),
    (Reason(Code.POST_UNANSWERED), "Slack gave no answer when it was posted. Ask again.", ""),
    (Reason(Code.POST_REFUSED), "Slack refused to take it. Ask again.", ""),
    (Reason(Code.REPLY_DELETED), "somebody deleted its reply.", ""),
    (Reason(Code.STOPPED_BY, {"user": "U1"}), "somebody stopped it.", ""),
    (Reason(Code.BOT_RESTARTS), "the bot is being restarted, and goes on with this in a moment.", ""),
    (Reason(Code.BOT_STOPPED), "the bot was stopped. Ask again.", ""),
    (Reason(Code.BOT_BROKEN), "something went wrong in the bot itself. Ask again.", ""),
    (Reason(Code.BOT_AWAY), "the bot was away for too long. Ask again.", ""),
    (Reason(Code.TOLD, {"words": "it broke {so}. Ask."}), "it broke {so}. Ask.", ""),
]


@pytest.mark.parametrize(("reason", "sentence", "setting"), SENTENCES, ids=[one[0].code.value for one in SENTENCES])
def test_each_code_has_its_words(reason: Reason, sentence: str, setting: str) -> None:
    """And its setting, where somebody can change something."""
    assert ENGLISH.explain(reason) == sentence
    assert reason.setting == setting
    assert reason.args.keys() == set(ARGUMENTS.get(reason.code, ()))


def test_no_code_is_without_words() -> None:
    """Nor is a failure of a connection without a code."""
    assert {reason.code for reason, *_ in SENTENCES} == set(Code)
    connections = {code for code, args in ARGUMENTS.items() if "host" in args}
    assert connections == {Code(failure.value) for failure in ConnectionFailure}


def test_no_reason_has_no_words() -> None:
    """An answer that is done needs none."""
    assert ENGLISH.explain(None) == ""


def test_whoever_runs_the_bot_is_told_what_to_check() -> None:
    """And not to turn to themselves; of a cause within a reason too."""
    reason = Reason(Code.BAD_KEY)
    assert ENGLISH.explain(reason, is_for_owner=True) == "the model's provider refused the key. Check OPENAI_API_KEY."
    told = ENGLISH.explain(Reason(Code.FAILED_AGAIN_EMPTY, {"cause": reason}), is_for_owner=True)
    assert told.endswith("and nothing came. Check OPENAI_API_KEY.")
