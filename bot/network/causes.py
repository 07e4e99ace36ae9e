"""What may keep a client from reaching a server, and what that is called. Data; pure.

A lasting failure is one that waiting does not mend: somebody has to change a setting, a certificate or a proxy.
"""

from enum import Enum


class ConnectionFailure(Enum):
    """What kept a client from reaching a server."""

    CERTIFICATE = "certificate"  # nobody whom we trust vouches for it: self-signed, expired, another host's
    NOT_TLS = "not_tls"  # https was asked for, and what answered speaks something else
    HANDSHAKE = "handshake"  # TLS on both sides, but no version or method in common, or it asks for our certificate
    NOT_HTTP = "not_http"  # what answers is no HTTP
    NO_SUCH_HOST = "no_such_host"  # the name service knows that there is none
    NO_SUCH_PROXY = "no_such_proxy"  # the same of the proxy
    NO_NAME_SERVICE = "no_name_service"  # the name service does not answer: it may later
    REFUSED = "refused"  # nothing listens at that port
    NO_ROUTE = "no_route"  # the network says that there is no way there
    PROXY_AWAY = "proxy_away"  # the proxy is out of reach, or says that the server is
    PROXY_REFUSED = "proxy_refused"  # the proxy does not let us through

    @property
    def is_lasting(self) -> bool:
        """Whether no waiting mends it."""
        return self in _LASTING


_LASTING = frozenset(
    {ConnectionFailure.CERTIFICATE, ConnectionFailure.NOT_TLS, ConnectionFailure.HANDSHAKE}
    | {ConnectionFailure.NOT_HTTP}
    | {ConnectionFailure.NO_SUCH_HOST, ConnectionFailure.NO_SUCH_PROXY, ConnectionFailure.PROXY_REFUSED}
)

CAUSES = {
    ConnectionFailure.CERTIFICATE: "the certificate of {host} is not trusted{detail}",
    ConnectionFailure.NOT_TLS: "{host} does not speak https at that port",
    ConnectionFailure.HANDSHAKE: "no TLS connection to {host} could be agreed upon{detail}",
    ConnectionFailure.NOT_HTTP: "what answers at {host} is no HTTP",
    ConnectionFailure.NO_SUCH_HOST: "there is no host of the name {host}",
    ConnectionFailure.NO_SUCH_PROXY: "the proxy on the way to {host} does not exist: there is no host of its name",
    ConnectionFailure.NO_NAME_SERVICE: "the name {host} cannot be looked up at the moment (DNS)",
    ConnectionFailure.REFUSED: "nothing listens at {host}",
    ConnectionFailure.NO_ROUTE: "the network knows no way to {host}",
    ConnectionFailure.PROXY_AWAY: "the proxy on the way to {host} is out of reach, or does not reach it",
    ConnectionFailure.PROXY_REFUSED: "the proxy on the way to {host} does not let us through{detail}",
}
"""The causes in English, as parts of a sentence; `connection_failures.examine` has the arguments."""
