"""What a server says of a request that it refuses, or of an answer that failed; and which cause that is. Pure.

Every provider has words of its own. So all that an error says is gathered, whatever its shape (`Report`), and looked
through: first for the names that are known, then for phrases, then for the status. What is found is a cause that will
not pass by itself; where there is none, the status tells whether it may.

Nothing of what the server said goes further than here, since it may quote the key or the problem.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.engine.reasons import Code

MOST_WORDS = 2_000  # characters of an error that are looked at: a dozen patterns, three times, in the loop
MOST_VALUES = 500  # of an error that are looked at
MOST_DEPTH = 8

BAD_REQUEST, UNAUTHORIZED, PAYMENT_REQUIRED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED = 400, 401, 402, 403, 404, 405
PRECONDITION_FAILED, TOO_LARGE, UNPROCESSABLE, TOO_MANY, SERVER_ERROR = 412, 413, 422, 429, 500
OVERLOADED = 529  # Anthropic's


class WrongAddressError(Exception):
    """What answers is nothing that speaks of completions."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that an error says, in small letters: its `names`, the parameters that it names, and all its `words`."""

    status: int | None = None
    names: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    words: str = ""
    is_page: bool = False  # whether it is HTML
    is_blank: bool = False


def read_report(status: int | None, body: object) -> Report:
    """Gather what `body` says, which is JSON as it was read, or a text."""
    names: set[str] = set()
    parameters: set[str] = set()
    words: list[str] = []
    length = 0
    for name, value in _walk(body):
        text = str(value)[: MOST_WORDS - length].lower()
        if name in _NAME_FIELDS:
            names.add(text.strip())
        elif name in _PARAMETER_FIELDS:
            parameters.add(text)
        if "retry" in name:
            words.append(name)
        words.append(text)
        length += len(text)
        if length >= MOST_WORDS:
            break
    is_page = isinstance(body, str) and body.lstrip()[:1] == "<"
    return Report(status, frozenset(names), frozenset(parameters), "\n".join(words), is_page, is_blank=not body)


def find_cause(report: Report) -> Code | None:
    """Which cause an error has, if one that will not pass by itself, until somebody changes something."""
    by_name = next((_BY_NAME[name] for name in sorted(report.names) if name in _BY_NAME), None)
    if by_name:
        return by_name
    if "stream" in report.parameters and "unsupported_value" in report.names and "support true" not in report.words:
        return Code.UNVERIFIED  # OpenAI's, whose sentence has not always said so
    status = report.status
    if status is not None and (status >= SERVER_ERROR or status < BAD_REQUEST):
        return Code.REDIRECTED if 300 <= status < BAD_REQUEST else None  # noqa: PLR2004 - HTTP's
    by_words = next((cause for cause, statuses, phrase in _PHRASES if _says(report, statuses, phrase)), None)
    if by_words:
        return by_words
    is_page = report.is_page and status in {None, BAD_REQUEST, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED}
    if is_page or (status == NOT_FOUND and (report.is_blank or _BARE.issuperset(report.words.split("\n")))):
        return Code.BAD_ADDRESS
    return _BY_STATUS.get(status) if status else None


def code_of(status: int) -> Code:
    """What a status says by itself."""
    if status >= SERVER_ERROR:
        return Code.OVERLOADED if status == OVERLOADED else Code.SERVER_FAILED
    return _CODES.get(status, Code.REQUEST_REFUSED)


def says_no_system_role(report: Report) -> bool:
    """Whether an instruction has to be given otherwise than by a message of the role `system`."""
    return bool(_NO_SYSTEM_ROLE.search(report.words))


def find_status(body: object) -> int | None:
    """The status of HTTP that an error gives itself, where it came without one."""
    for name, value in _walk(body):
        if name in {"code", "status", "status_code", "statuscode"} and type(value) is int and 400 <= value < 600:  # noqa: PLR2004 - HTTP's
            return value
    return None


def _walk(body: object) -> Iterator[tuple[str, object]]:
    """Each text and number in `body` with the name of its field, from outside inwards, up to a bound."""
    level: list[tuple[str, object]] = [("", body)]
    seen = 0
    for _ in range(MOST_DEPTH):
        inner: list[tuple[str, object]] = []
        for name, value in level:
            seen += 1
            if seen > MOST_VALUES:
                return
            if isinstance(value, dict):
                inner += [(str(key)[:80].lower(), one) for key, one in list(value.items())[:MOST_VALUES]]
            elif isinstance(value, list):
                inner += [(name, one) for one in value[:MOST_VALUES]]
            elif isinstance(value, str | int) and not isinstance(value, bool):
                yield name, value
        level = inner


def _says(report: Report, statuses: frozenset[int | None], phrase: re.Pattern[str]) -> bool:
    if report.status not in statuses or not phrase.search(report.words):
        return False
    if phrase is _NO_MODEL and _PASSES.search(report.words):
        return False
    # A quota of so many a minute is told in the words of one that is used up, with the time at which it is there again.
    return phrase is not _PERHAPS_NO_QUOTA or not _COMES_BACK.search(report.words)


_NAME_FIELDS = {"code", "type", "status", "reason", "error_code", "error_type", "errcode", "kind", "error"}
_PARAMETER_FIELDS = {"param", "params", "parameter", "loc", "field", "fields", "property", "path"}

_NAMES = {
    Code.NO_QUOTA: "insufficient_quota insufficient_balance insufficient_credits insufficient_user_quota arrearage "
    "billing_not_active billing_hard_limit_reached billing_error payment_required exceeded_current_quota_error "
    "quota_exceeded_error credits_exhausted credit_required budget_exceeded 1113 1008",
    Code.PROBLEM_TOO_LONG: "context_length_exceeded exceed_context_size_error string_above_max_length context_too_long "
    "context_window_exceeded prompt_too_long request_too_large payload_too_large",
    Code.PROBLEM_FILTERED: "content_filter content_policy_violation responsibleaipolicyviolation "
    "data_inspection_failed content_filter_error moderation_blocked 1301",
    Code.BAD_KEY: "invalid_api_key api_key_invalid invalidapikey invalid_authentication_error authentication_error "
    "invalid_authentication api_key_service_blocked unauthenticated incorrect_api_key account_deactivated",
    Code.NO_MODEL: "model_not_found model_not_available model_decommissioned modelnotfound deploymentnotfound "
    "invalid_model unknown_model model_not_exist key_model_access_denied team_model_access_denied "
    "user_model_access_denied org_model_access_denied project_model_access_denied",
    Code.BAD_REGION: "unsupported_country_region_territory",
    Code.BAD_ADDRESS: "unknown_url",
}
_BY_NAME = {name: cause for cause, names in _NAMES.items() for name in names.split()}
_BY_STATUS = {PAYMENT_REQUIRED: Code.NO_QUOTA, TOO_LARGE: Code.PROBLEM_TOO_LONG, METHOD_NOT_ALLOWED: Code.BAD_ADDRESS}
_CODES = {
    UNAUTHORIZED: Code.BAD_KEY,
    FORBIDDEN: Code.FORBIDDEN,
    NOT_FOUND: Code.NOT_FOUND,
    TOO_MANY: Code.TOO_MANY_REQUESTS,
}
# What servers say where there is nothing at an address.
_BARE = {"not found", "404 not found", "404", "404 page not found", "resource not found", "not_found", "notfound"}
_BARE |= {"error", "not_found_error"}  # the types that Anthropic gives it

_PERHAPS_NO_QUOTA = re.compile(
    r"exceeded your current quota|quota (was |has been |is )?exceeded|check your (plan|billing)|usage limit"
    r"|(daily|weekly|monthly) (quota|limit)|limit for (the|this) (day|week|month)|free tier"
    r"|(calls|requests) ?(/|per) ?(day|week|month)\b"
)
_COMES_BACK = re.compile(r"retry ?delay|retryinfo|(retry|try again|wait) in |per[ _-]?minute|per[ _-]?second")
_NO_SYSTEM_ROLE = re.compile(
    r"system (role|message|prompt|instruction)s?[^.\n]{0,40}(not|n't|un)\s?(be )?(support|allow|enabl|permit|accept)"
    r"|(not|n't) support[^.\n]{0,30}(system|developer) (role|message|prompt|instruction)"
    r"|(not|n't) support '?\"?(system|developer)\b|(unsupported|invalid|unknown|unexpected) role[^.\n]{0,20}system"
    r"|role[^.\n]{0,20}system[^.\n]{0,30}(not|unsupported|invalid)"
    r"|developer instructions? (is|are) not|roles must alternate|only (user|'user'|\"user\") (and|or|,)"
    r"|only '?\"?user'?\"?[^.\n]{0,30}roles? (is|are) (supported|allowed)"
    r"|input should be '?user|system[^.\n]{0,20} is not one of"
)

_NO_MODEL = re.compile(
    r"models?\b[^\n]{0,80}(not (found|exist|available|supported|loaded|allowed|a valid|been loaded|deployed)"
    r"|does ?n[o']t exist|decommission|retired|no longer|unknown|invalid|shut ?down)"
    r"|(unknown|invalid|unsupported|unrecognized|no such|no|wrong) models?\b|deployment[^.\n]{0,60}not "
    r"|no endpoints? found|not a chat model|not a valid model|pull(ing)? (it|the model)|模型不存在"
)
_PASSES = re.compile(r"overloaded|temporar|currently|try again|loading|busy|at the moment|capacity")


def _phrases() -> Iterator[tuple[Code, frozenset[int | None], re.Pattern[str]]]:
    """What is looked for, the surer one first, at which statuses; None is that of an error in a stream."""
    refusals = frozenset({None, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, UNPROCESSABLE, TOO_MANY})
    requests = frozenset({None, BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE, UNPROCESSABLE, 451})
    quota = refusals | {PAYMENT_REQUIRED, PRECONDITION_FAILED}
    yield (
        Code.BAD_ADDRESS,
        refusals | {METHOD_NOT_ALLOWED},
        re.compile(
            r"unexpected endpoint|invalid url|unknown (request )?(url|endpoint|path|route)|cannot (post|get) "
            r"|no (such )?(route|endpoint|path|handler)\b(?!s? found for)|(page|route|endpoint|path|url) not found"
            r"|method not allowed|api[ -]version (query )?(parameter|(is )?(not supported|invalid|missing|required))"
            r"|unsupported api[ -]version|http request (was sent )?to (an )?https (server|port)"
        ),
    )
    yield (
        Code.UNVERIFIED,
        refusals,
        re.compile(r"organi[sz]ation must be verified|verify organi[sz]ation|must be verified to"),
    )
    yield (
        Code.NO_QUOTA,
        quota,
        re.compile(
            r"insufficient[ _-]?(account |user |api )?(balance|credit|fund|quota)|credit balance|out of credit"
            r"|(credits?|balance|funds|quota)[^.\n]{0,20} (exhausted|depleted|too low|used up|not enough|insufficient"
            r"|negative)|(no|not enough|without|run out of|more|have any) (credits?|balance|funds)\b|payment required"
            r"|billing[^.\n]{0,20}(not active|hard limit|inactive|disabled|not enabled)|enable billing|arrear|in debt"
            r"|spend(ing)? limit|(top|topping)[ -]?up|recharge|trial (has |period )?(ended|expired|is over)"
            r"|budget[^.\n]{0,20}exceeded|exceeded[^.\n]{0,10}budget|over budget|余额|欠费"
            # Of a day's requests; what they say of when to retry is that of a minute's.
            r"|free-models-per-day|requestsperday"
        ),
    )
    yield Code.NO_QUOTA, quota, _PERHAPS_NO_QUOTA
    yield (
        Code.PROBLEM_TOO_LONG,
        requests | {TOO_MANY},
        re.compile(
            r"context[ _](length|window|size|limit)|maximum context|too many (input |prompt )?tokens"
            r"|(prompt|input|request|messages?|content|payload|entity|body)( is| are)? too (long|large|big)"
            r"|reduce (the|your) (length|size|prompt|input|message)|input length|maximum (input|prompt) length"
        ),
    )
    yield (
        Code.PROBLEM_TOO_LONG,
        requests,  # with too many requests it may be said of a minute's tokens
        re.compile(
            r"inputs?`?[^.\n]{0,40} must (be <=|have (less|fewer) than)|exceed(s|ed)?[^.\n]{0,40} token limit"
            r"|(exceed(s|ed)?|more than) the max(imum)? (number of )?(input |prompt )?(tokens|token count)"
        ),
    )
    yield (
        Code.PROBLEM_FILTERED,
        requests,
        re.compile(
            r"content[ _-]?(filter|management|polic|moderation)|moderation|responsible ai|data[ _]inspection"
            r"|inappropriate|flagged|sensitive (content|information|word)|safety (system|filter|polic|setting|reason)"
            r"|prohibited content|usage polic|敏感"
        ),
    )
    yield (
        Code.BAD_REGION,
        requests,
        re.compile(r"country, region|(country|region|location|territory)[^.\n]{0,30}not (supported|available|allowed)"),
    )
    yield (
        Code.BAD_KEY,
        frozenset({None, BAD_REQUEST, FORBIDDEN}),
        re.compile(
            r"(invalid|incorrect|expired|missing|wrong|unknown|revoked|disabled|no|malformed|provide)[^.\n]{0,30}"
            r"(api|access|secret)[ _-]?key|(api|access|secret)[ _-]?key[^.\n]{0,60}(invalid|incorrect|expired|missing"
            r"|not |required|revoked|disabled|leaked|suspended)|unauthenticated|authentication (failed|fails|error"
            r"|required)|invalid (bearer|access|auth|credential)|unregistered callers|unauthori[sz]ed"
        ),
    )
    yield Code.NO_SYSTEM_ROLE, requests, _NO_SYSTEM_ROLE
    yield (
        Code.NO_MODEL,
        frozenset({None, BAD_REQUEST, NOT_FOUND, UNPROCESSABLE}),
        _NO_MODEL,
    )


_PHRASES = tuple(_phrases())
