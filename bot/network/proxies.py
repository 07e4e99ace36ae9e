"""Which proxy, if any, is between us and an address: one rule for Slack's clients and the model's.

    https, wss    HTTPS_PROXY, or else ALL_PROXY
    http, ws      HTTP_PROXY, or else ALL_PROXY

A name in lower case beats the one in upper case; an empty value is none. Addresses on this machine (localhost,
127.0.0.0/8, ::1) are never asked through a proxy, nor is what NO_PROXY lists, by commas or spaces:

    example.com, .example.com, *.example.com    that host and all hosts below it
    10.0.0.1, ::1, [::1]                        that address
    10.0.0.0/8, fd00::/8                        these addresses (no name is looked up for it)
    any of them with :port                      only there (an IPv6 address then in brackets)
    *                                           everything

A proxy is spoken to in HTTP, plain or through TLS, with the user and the password that its address holds. There is no
SOCKS. An address that is no such proxy's is told only where something would go through it. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from bot.errors import SettingsError

_SCHEMES = {"https": "https", "wss": "https", "http": "http", "ws": "http"}
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the variable that it came from."""

    variable: str
    url: str = field(repr=False)  # it may hold a password


@dataclass(frozen=True, slots=True)
class Proxies:
    """The environment's proxies, by the scheme that they are for: http, https."""

    by_scheme: Mapping[str, Proxy] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()

    def find(self, url: str) -> str | None:
        """The address of the proxy that `url` is to be asked through; None where it is asked directly.

        Raises:
            SettingsError: it is none that we can speak to; the message names its variable.
        """
        parts = urlsplit(url)
        scheme = _SCHEMES.get(parts.scheme, "")
        proxy = self.by_scheme.get(scheme)
        host = _plain(parts.hostname or "")
        if proxy is None or is_this_machine(host):
            return None
        port = parts.port or _PORTS[scheme]
        if any(_covers(exception, host, port) for exception in self.exceptions):
            return None
        return _check(proxy)


DIRECT = Proxies()
"""No proxy for anything."""


def read_proxies(environment: Mapping[str, str]) -> Proxies:
    """Read them from `environment`. Whether they can be used is seen when one is needed."""
    by_scheme = {}
    for scheme in ("http", "https"):
        proxy = _read(environment, f"{scheme}_proxy") or _read(environment, "all_proxy")
        if proxy:
            by_scheme[scheme] = proxy
    exceptions = _read(environment, "no_proxy")
    return Proxies(by_scheme, tuple(re.findall(r"[^,\s]+", exceptions.url.lower())) if exceptions else ())


def _read(environment: Mapping[str, str], name: str) -> Proxy | None:
    variable = name if name in environment else name.upper()
    value = environment.get(variable, "").strip()
    return Proxy(variable, value) if value else None


def _check(proxy: Proxy) -> str:
    url = proxy.url if "://" in proxy.url else f"http://{proxy.url}"
    scheme = url.partition("://")[0].lower()
    if scheme.startswith("socks"):
        raise SettingsError(
            f"{proxy.variable} names a SOCKS proxy, which the bot cannot use. Name an HTTP proxy in it, or the hosts "
            "that are reached without one in NO_PROXY."
        )
    if scheme not in {"http", "https"} or not _has_host(url):
        raise SettingsError(f"{proxy.variable} is not a proxy's address such as http://proxy.example:3128.")
    return url


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Whether a host, in lower case, is reached by this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, 6.3
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or bool(mapped and mapped.is_loopback)


def _covers(exception: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is about this host and port."""
    if exception == "*":
        return True
    name, wanted = _split(exception)
    if wanted is not None and wanted != port:
        return False
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:  # one of them is a name
        name = _plain(name.removeprefix("*").lstrip("."))
        return bool(name) and (host == name or host.endswith(f".{name}"))


def _split(exception: str) -> tuple[str, int | None]:
    """The host or network, and the port if there is one."""
    if match := re.fullmatch(r"\[(.*)\](?::(\d{1,5}))?|([^:]*):(\d{1,5})", exception):
        bracketed, port, name, other_port = match.groups()
        number = port or other_port
        return bracketed if bracketed is not None else name, int(number) if number else None
    return exception, None


def _plain(host: str) -> str:
    """A host as it is compared: in lower case, without the root's dot, and without a zone."""
    return host.lower().rstrip(".").partition("%")[0]
