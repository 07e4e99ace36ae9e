import json
import time

import pytest

from bot.markup.takeaway import takeaway
from bot.markup.wrapping import unwrap

POINT = "Nobody owns week one."

WRAPPED = [
    json.dumps({"takeaway": POINT, "analysis": "People leave."}),
    json.dumps({"perspective": "depth", "takeaway": POINT}, indent=2),
    json.dumps({"why": "x", "causes": [POINT, "So."]}),
    f"```json\n{json.dumps({'takeaway': POINT})}\n```",
    f"```json\n{json.dumps({'takeaway': POINT})}"[:-2],
    f"```markdown\n**Takeaway:** {POINT}\n\nSo.\n```",
    f"```markdown\n**Takeaway:** {POINT} So.",
    f"<details>\n<summary>Full analysis</summary>\n\n{POINT} So.\n</details>",
    f"<details><summary>Full analysis</summary>{POINT} So.</details>",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_the_takeaway_is_taken_out_of_what_a_model_put_it_into(text: str) -> None:
    """Also while it is still being written."""
    assert takeaway(text) == POINT


@pytest.mark.parametrize(
    "text",
    [
        "```py\nprint(1)\n```\n\nMore.",
        "{1} is a set.",
        '[1] "key": "two words" and so on.',
        '{name} asks: "x": "a b c" is odd.',
        "[a](b) is a link.",
        "{",
        "```\n",
    ],
)
def test_what_is_no_wrapping_stays(text: str) -> None:
    """Code is code, and a bracket a bracket."""
    assert unwrap(text) == text


def test_a_word_of_json_that_cannot_be_sent_is_replaced() -> None:
    """Half of an emoji, or an escape that is cut."""
    assert unwrap('{"takeaway": "It is \\ud83d here."}') == "It is \ufffd here."
    assert unwrap('{"takeaway": "It is \\ud8') == "It is \\ud8"


@pytest.mark.parametrize(
    "text", ['{"a":' + " " * 11_900, '{"takeaway":' + "\n" * 11_900, '{"a":[' + " " * 11_900, "{ " * 5_900]
)
def test_looking_for_its_fields_costs_little(text: str) -> None:
    """Models that are to write JSON and have nothing to say go on with blanks."""
    began = time.thread_time()
    takeaway(text)
    assert time.thread_time() - began < 0.1
