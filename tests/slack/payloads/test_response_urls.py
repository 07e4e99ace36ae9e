import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.payloads.response_urls import may_be_answered_at

SLACK = "https://slack.com/api/"
GOV = "https://slack-gov.com/api/"
HERE = "http://127.0.0.1:4000/api/"
MOCK = "http://slack-mock:8080/api"

URLS = [
    (SLACK, "https://hooks.slack.com/commands/T1/2/x", True),
    (SLACK, "https://slack.com/x", True),
    (SLACK, "https://HOOKS.Slack.com./x", True),
    (SLACK, "https://hooks.slack.com:8443/x", True),
    (SLACK, "http://hooks.slack.com/x", False),
    (SLACK, "https://hooks.slack.com.evil.example/x", False),
    (SLACK, "https://evilslack.com/x", False),
    (SLACK, "https://evil.example/hooks.slack.com", False),
    (SLACK, "https://hooks.slack.com@evil.example/x", False),
    (SLACK, "https://evil.example\\@hooks.slack.com/x", False),
    (SLACK, "https://evil.example#hooks.slack.com", False),
    (SLACK, "https://127.0.0.1/x", False),
    (SLACK, "http://169.254.169.254/latest/meta-data", False),
    (SLACK, "ftp://hooks.slack.com/x", False),
    (SLACK, "file:///etc/passwd", False),
    (SLACK, "//hooks.slack.com/x", False),
    (SLACK, "https:///x", False),
    (SLACK, "https://hooks.slack.com/\nx", False),
    (SLACK, "https://hooks.slack.com/" + "x" * 2_000, False),
    (SLACK, "https://hooks.slack.com:99999/x", False),
    (SLACK, "https://[::1/x", False),
    (SLACK, "", False),
    (GOV, "https://hooks.slack-gov.com/commands/x", True),
    (GOV, "http://hooks.slack-gov.com/commands/x", False),
    (HERE, "http://127.0.0.1:4000/commands/x", True),
    (HERE, "http://127.0.0.1:4001/commands/x", True),
    (HERE, "http://localhost:4000/commands/x", True),
    (HERE, "http://[::1]:4000/commands/x", True),
    (HERE, "https://hooks.slack.com/commands/x", True),
    (HERE, "http://10.0.0.1:4000/x", False),
    (HERE, "http://evil.127.0.0.1/x", False),
    (MOCK, "http://slack-mock:8081/hook", True),
    (MOCK, "https://slack-mock/hook", True),
    (MOCK, "http://other:8080/hook", False),
    ("http://10.0.0.7/api/", "http://10.0.0.7:81/hook", True),
    ("http://10.0.0.7/api/", "http://1.10.0.0.7/hook", False),
]


@pytest.mark.parametrize(("api", "url", "may_be"), URLS)
def test_only_slacks_hosts_and_the_settings_own_are_answered_at(api: str, url: str, *, may_be: bool) -> None:
    """Whatever looks like them."""
    assert may_be_answered_at(url, api) is may_be


@given(st.text(), st.text())
def test_any_text_is_judged(url: str, host: str) -> None:
    """Nothing is raised, and no other host comes through."""
    assert not may_be_answered_at(url, SLACK) or url.lower().startswith("https://")
    assert not may_be_answered_at(f"https://{host}.example/", SLACK)
