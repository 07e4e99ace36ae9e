"""A URL of PostgreSQL, as hosts, frameworks and other drivers write it, in the words of libpq. Pure.

Each parameter behind the `?` is understood, dropped because it means nothing to this program, or refused by its name:
none is left for the server to stumble over. No message quotes a value, nor a name that may be a piece of the password.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.errors import SettingsError

DEFAULT_PORT = 5432

_QUOTING = (
    "DATABASE_URL is no address of PostgreSQL, such as postgresql://user:password@host/name. Do characters like / # ? "
    "in the password stand as %2F %23 %3F?"
)
# libpq 18's own words, but for `replication`: nothing can be kept on such a connection.
_WORDS = """
    application_name channel_binding client_encoding connect_timeout dbname fallback_application_name gssdelegation
    gssencmode gsslib host hostaddr keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname
    load_balance_hosts max_protocol_version min_protocol_version oauth_client_id oauth_client_secret oauth_issuer
    oauth_scope options passfile password port require_auth requirepeer scram_client_key scram_server_key service
    ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl sslcrldir sslkey
    sslkeylogfile sslmode sslnegotiation sslpassword sslrootcert sslsni target_session_attrs tcp_user_timeout user
"""
PARAMETERS = frozenset(_WORDS.split())

_HOST = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")

# What libpq would only find out when it connects, or what would keep the bot from writing.
_CHOICES = {
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "channel_binding": {"disable", "prefer", "require"},
    "gssencmode": {"disable", "prefer", "require"},
    "sslnegotiation": {"postgres", "direct"},
    "load_balance_hosts": {"disable", "random"},
    "target_session_attrs": {"any", "read-write", "primary"},
}
_TRUE, _FALSE = {"true", "t", "1", "yes", "on", ""}, {"false", "f", "0", "no", "off"}
# Other drivers' words, without regard to case and underscores, for what libpq calls otherwise.
_SYNONYMS = {
    "applicationname": "application_name",
    "loadbalancehosts": "load_balance_hosts",
    "targetservertype": "target_session_attrs",
    "username": "user",
}
_SCHEMA = {"schema", "currentschema", "searchpath"}
_VALUES = {
    "target_session_attrs": {"master": "primary", "preferprimary": "any"},
    "load_balance_hosts": dict.fromkeys(_TRUE, "random") | dict.fromkeys(_FALSE, "disable"),
    "sslmode": {"no-verify": "require"} | dict.fromkeys(_TRUE, "require") | dict.fromkeys(_FALSE, "prefer"),
}
# What is dropped, by its reason; names as above.
_DROPPED = {
    "there is one connection and no pool": """
        connectionlimit pool poolsize poolmode pooltimeout poolrecycle poolprepping poolmaxconns poolminconns pooling
        poolmaxconnlifetime poolmaxconnidletime poolhealthcheckperiod poolmaxconnlifetimejitter poolusejlifo poolclass
        minpoolsize maxpoolsize maxoverflow maxconnections maxconns maxidleconns maxopenconns maxlifetime idletimeout
        maxidleconnectionlifetime connectionlifetime reapingfrequency checkouttimeout connmaxage connhealthchecks max
        min maxuses singleusetransaction""",
    "nothing is prepared on the server": """
        pgbouncer preparethreshold preparedstatements preparedstatementcachesize preparedstatementcachequeries
        preparedstatementcachesizemib preparedstatementnamefunc statementcachesize statementcachecapacity
        statementcachemode descriptioncachecapacity defaultqueryexecmode binaryparameters prefersimpleprotocol
        preferquerymode binarytransfer binarytransferenable binarytransferdisable rewritebatchedinserts
        defaultrowfetchsize disablepreparedbinaryresult maxcachedstatementlifetime maxcacheablestatementsize prepare""",
    "the bot has time-outs of its own": """
        connecttimeout connectiontimeout connectiontimeoutmillis logintimeout sockettimeout timeout commandtimeout
        statementtimeout locktimeout querytimeout idleintransactionsessiontimeout cancelsignaltimeout acquiretimeout
        idletransactiontimeout retrydelay retries""",
    "all text is UTF-8": "clientencoding encoding charset characterencoding useunicode",
    "it is another driver's": """
        adapter advisorylocks asyncfallback autosave cleanupsavepoints databasemetadatacachefields executemanymode
        executemanybatchpagesize fallbackapplicationname hostrecheckseconds insertmanyvaluespagesize keepalive
        keepalivemillis loggerlevel logunclosedconnections multiplehosts plugin servertimezone sslidentity
        sslfactory sslpasswordcallback stringtype supa tcpkeepalive timezone trustservercertificate uselibpqcompat
        usenativehstore usenativeunicode workaround nativeuuid jsondeserializer""",
}
_REASONS = {name: reason for reason, names in _DROPPED.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Dsn:
    """Where a database is, and how it is reached.

    `parameters` are libpq's; `schema` lists the schemas in which tables are looked for, none where that is left to the
    server. `location` is where it is, in words for people, with no user and no password. `dropped` has the parameters
    that were left out, and why.
    """

    parameters: dict[str, str] = field(repr=False)
    schema: tuple[str, ...]
    location: str
    dropped: dict[str, str]


def read_dsn(url: str) -> Dsn:
    """Read a URL.

    Raises:
        SettingsError: it is no such URL, or has a parameter that cannot be followed.
    """
    try:
        parts = urlsplit(url.removeprefix("jdbc:"))
    except ValueError:  # its message quotes what stands in a host's brackets
        raise SettingsError(_QUOTING) from None
    identity, _, hosts = parts.netloc.rpartition("@")
    if parts.fragment:
        raise SettingsError(_QUOTING)
    parameters = _read_hosts(hosts)
    user, has_password, password = identity.partition(":")
    if user:
        parameters["user"] = unquote(user)
    if has_password:
        parameters["password"] = unquote(password)
    if parts.path.strip("/"):
        parameters["dbname"] = unquote(parts.path[1:])
    schema: tuple[str, ...] = ()
    dropped: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        word = re.sub(r"[_-]", "", name).lower()
        if word in _SCHEMA:
            schema = tuple(one.strip(' "') for one in value.split(",") if one.strip(' "'))
        elif word in _REASONS:
            dropped[name] = _REASONS[word]
        else:
            _read_parameter(parameters, name, word, value, may_quote="@" not in parts.query)
    if "," in parameters.get("host", ""):
        parameters.setdefault("target_session_attrs", "read-write")
    host = hosts if not hosts or "," in hosts or _HOST.fullmatch(hosts, 0)[2] else f"{hosts}:{DEFAULT_PORT}"  # type: ignore[index]
    return Dsn(parameters, schema, f"PostgreSQL, {host}{parts.path}", dropped)


def _read_hosts(hosts: str) -> dict[str, str]:
    """The hosts and ports of a URL, each list as libpq has it."""
    names, ports = [], []
    for host in hosts.split(","):
        match = _HOST.fullmatch(unquote(host))
        if not match or int(match[2] or DEFAULT_PORT) not in range(1, 65_536):
            # What stands where a port should is a piece of the password, perhaps.
            raise SettingsError(_QUOTING)
        names.append(match[1].strip("[]"))
        ports.append(match[2] or "")
    parameters = {}
    if any(names):
        parameters["host"] = ",".join(names)
    if any(ports):
        parameters["port"] = ",".join(port or str(DEFAULT_PORT) for port in ports)
    return parameters


def _read_parameter(parameters: dict[str, str], name: str, word: str, value: str, *, may_quote: bool) -> None:
    """Take one parameter over in libpq's words.

    Raises:
        SettingsError: it cannot be followed.
    """
    match word:
        case "readonly" if value.lower() in _FALSE:
            return
        case "ssl" | "usessl":
            parameters.setdefault("sslmode", _read_choice("sslmode", value))
        case "sslaccept":  # Prisma's
            parameters.setdefault("sslmode", "verify-full" if value == "strict" else "require")
        case _ if name in PARAMETERS or word in _SYNONYMS:
            keyword = name if name in PARAMETERS else _SYNONYMS[word]
            if value:
                parameters[keyword] = _read_choice(keyword, value)
        case _:
            said = f"“{name}”" if may_quote and _NAME.fullmatch(name) else "one of its parameters"
            raise SettingsError(f"DATABASE_URL: this program cannot follow {said}. Leave it out.")


def _read_choice(keyword: str, value: str) -> str:
    value = _VALUES.get(keyword, {}).get(value.lower(), value)
    choices = _CHOICES.get(keyword, {value})
    if value not in choices:
        raise SettingsError(f"DATABASE_URL: its {keyword} is not one of {', '.join(sorted(choices))}.")
    return value
