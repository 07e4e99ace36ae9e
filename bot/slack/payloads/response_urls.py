"""The address at which a command may be answered: whether it is one that what people wrote may be sent to. Pure.

It comes with the command, so whoever can forge a command names it. Slack's own are on https at hooks.slack.com; those
of another server that speaks its protocol (SLACK_API_URL) are on that server's host, at whatever port, or below it.
"""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST = 2_000  # characters; Slack's have some 100
SLACK = "slack.com"


def may_be_answered_at(url: str, api_url: str) -> bool:
    """Whether `url` belongs to Slack, or to the server whose Web API is at `api_url`."""
    if len(url) > LONGEST or not re.fullmatch(r"[!-~]+", url):
        return False
    try:
        address, api = urlsplit(url), urlsplit(api_url)
        host, own = _host(address), _host(api)
        has_port = address.port != 0
    except ValueError:
        return False
    if not host or not has_port or "@" in address.netloc or "\\" in url:
        return False
    if address.scheme == "https" and _is_below(host, SLACK):
        return True
    schemes = {"https", "http"} if api.scheme == "http" else {"https"}
    return address.scheme in schemes and _is_below(host, own)


def _host(parts: SplitResult) -> str:
    """The host in lower case; all names of this machine are one."""
    host = (parts.hostname or "").rstrip(".")
    try:
        is_here = ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"
    return "localhost" if is_here else host


def _is_below(host: str, domain: str) -> bool:
    return host == domain or (host.endswith(f".{domain}") and not re.fullmatch(r"[0-9.]*", domain))
