from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.protocol.dialect import Form
from bot.engine.protocol.provider_errors import MOST_WORDS, code_of, find_cause, find_status, read_report
from bot.engine.reasons import Code

# What a server says of these is of no use in another form.
LASTING = {
    *(Code.NO_QUOTA, Code.PROBLEM_TOO_LONG, Code.PROBLEM_FILTERED, Code.BAD_KEY, Code.NO_MODEL, Code.UNVERIFIED),
    *(Code.NO_SYSTEM_ROLE, Code.BAD_REGION, Code.BAD_ADDRESS, Code.REDIRECTED),
}
# Which causes are found in which words is in `test_dialects`, through the whole client.


def test_an_error_is_gathered_whatever_its_shape() -> None:
    """From outside inwards."""
    body = [{"error": {"code": 400, "message": "Bad KEY", "details": [{"reason": "X", "loc": ["body", "a"]}]}}]
    report = read_report(400, body)
    assert report.names == {"400", "x"}
    assert report.parameters == {"body", "a"}
    assert report.words.split("\n") == ["400", "bad key", "x", "body", "a"]
    assert not report.is_page
    assert read_report(404, "<html>").is_page
    assert read_report(404, "").is_blank


def test_a_long_error_is_not_read_to_its_end() -> None:
    """What it is about stands at its beginning."""
    assert len(read_report(400, "x" * 100_000).words) == MOST_WORDS
    assert len(read_report(400, ["word"] * 100_000).words) < 5 * 600
    assert read_report(400, [["a"] * 10] * 1_000).words.count("a") < 600
    deep: Any = "deep"
    for _ in range(100):
        deep = {"error": deep}
    assert read_report(400, deep).words == ""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 429}}, 429),
        ({"status": 503}, 503),
        ({"code": "429"}, None),
        ({"code": 1}, None),
        ({"code": True}, None),
        ("x", None),
    ],
)
def test_an_error_may_give_itself_a_status(body: Any, status: int | None) -> None:
    """Where it came in a stream."""
    assert find_status(body) == status


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, Code.BAD_KEY),
        (403, Code.FORBIDDEN),
        (404, Code.NOT_FOUND),
        (418, Code.REQUEST_REFUSED),
        (429, Code.TOO_MANY_REQUESTS),
        (500, Code.SERVER_FAILED),
        (503, Code.SERVER_FAILED),
        (529, Code.OVERLOADED),
    ],
)
def test_a_status_says_something_by_itself(status: int, code: Code) -> None:
    """That of an overloaded provider too, which is nobody's failure."""
    assert code_of(status) is code


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["error", "code", "message", "param", "loc", "type", "retryDelay"]), inner)
    ),
)


@given(body=json, status=st.integers(300, 599) | st.none())
def test_nothing_that_a_server_says_breaks_the_search(body: Any, status: int | None) -> None:
    """Nor does it make one ask again in the same form."""
    report = read_report(status, body)
    cause = find_cause(report)
    assert cause is None or cause in LASTING
    form: Form | None = Form()
    for _ in range(4):
        assert form is not None
        other = form.without_what_is_refused(report)
        assert other != form
        form = other
        if form is None:
            return
    pytest.fail("it could be asked again without end")
