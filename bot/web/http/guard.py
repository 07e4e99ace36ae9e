"""Who may use the server, and from where. Pure; times come in as `now`, in seconds.

Laws:

- On loopback, where whoever has this machine's user may ask, the server answers by its own names alone: a page of
  another site can have its name lead here (DNS rebinding), and then says its own name in the request.
- What a page of another site sends is refused, whatever it is, but for somebody who follows a link to the page. There
  is no CORS: no other site may read an answer.
- Where a token is set, it is asked for: as a bearer's, or, of a browser, as a cookie that was given for it. It is
  compared in constant time, and who has given wrong ones has to wait.
"""

import hashlib
import hmac
import ipaddress
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.texts.web.words import Fault
from bot.web.http.refusals import RefusedError

SESSION = 12 * 3_600.0  # seconds that a cookie is good for: a working day
MOST_FAILURES = 5  # within `FAILURES_FOR`, from one address
FAILURES_FOR = 60.0  # seconds
MOST_ADDRESSES = 10_000  # of which failures are known
IPV6_NETWORK = 64  # bits; one person has at least as many addresses as the rest has bits for


@dataclass(frozen=True, slots=True)
class Guard:
    """Asks who comes. `names` are those that it answers by, None for any; an empty `token` asks for none."""

    names: frozenset[str] | None
    token: str = field(default="", repr=False)

    def check_source(self, headers: Mapping[str, str], *, is_page: bool) -> None:
        """Refuse what another site's page sends, or what is sent to another name.

        `is_page` is whether the page itself is asked for: others may link to it.

        Raises:
            RefusedError: it is.
        """
        host = headers.get("Host", "").lower()
        if self.names is not None and host not in self.names:
            raise RefusedError(Fault.FOREIGN_HOST)
        origin = headers.get("Origin")
        if origin is not None and _host_of(origin) != host:
            raise RefusedError(Fault.FOREIGN_ORIGIN)
        is_link = is_page and headers.get("Sec-Fetch-Mode") == "navigate"
        if headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"} and not is_link:
            raise RefusedError(Fault.FOREIGN_ORIGIN)

    def is_token(self, given: str) -> bool:
        """Whether that is the token."""
        return hmac.compare_digest(_digest(given), _digest(self.token))

    def make_session(self, now: float) -> str:
        """A cookie's value for who has given the token."""
        ends = f"{now + SESSION:.0f}"
        return f"{ends}.{self._sign(ends)}"

    def is_session(self, value: str, now: float) -> bool:
        """Whether a cookie was given for this token, and not too long ago."""
        ends, _, signature = value.partition(".")
        is_ours = hmac.compare_digest(_digest(signature), _digest(self._sign(ends)))
        return is_ours and now < float(ends)

    def _sign(self, ends: str) -> str:
        return hmac.new(self.token.encode(), f"session {ends}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Failures:
    """The wrong tokens that came from each address of late."""

    _failed: dict[str, deque[float]] = field(default_factory=dict)

    def check(self, address: str, now: float) -> None:
        """Refuse an address from which too many came, without a look at the one that comes now.

        Raises:
            RefusedError: too many did.
        """
        failed = self._failed.get(address, deque())
        while failed and failed[0] <= now - FAILURES_FOR:
            failed.popleft()
        if len(failed) >= MOST_FAILURES:
            wait = failed[0] + FAILURES_FOR - now
            raise RefusedError(Fault.TOO_MANY_FAILURES, retry_after=wait, count=max(1, round(wait)))
        if not failed:
            self._failed.pop(address, None)

    def note(self, address: str, now: float) -> None:
        """Note that a wrong one came."""
        while len(self._failed) >= MOST_ADDRESSES and address not in self._failed:
            del self._failed[next(iter(self._failed))]
        self._failed.setdefault(address, deque()).append(now)


def find_party(peer: str) -> str:
    """By what a client is known: its address, or its network where it has as many as it likes."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)


def own_names(host: str, port: int) -> frozenset[str]:
    """By which names, as the Host header has them, who is on this machine reaches it."""
    hosts = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host.lower()}
    return frozenset({f"{one}:{port}" for one in hosts} | (hosts if port == 80 else set()))  # noqa: PLR2004 - http's


def _host_of(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
