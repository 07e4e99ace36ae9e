import json

import pytest

from bot.engine.draft import Draft, State
from bot.engine.reasons import Code, Reason
from tests.benchmarks.answers.problems import PROBLEMS
from tests.benchmarks.answers.records import Answer, Asked, RecordsError, Run

ANSWERS = [
    Answer("Depth", "会議が…\n\n**確認**：今週。", State.DONE, tokens=512, seconds=3.25),
    Answer("Time", "", State.FAILED, "no_quota"),
]
RUN = Run("a-model", [Asked(PROBLEMS[2], ANSWERS), Asked(PROBLEMS[3], ANSWERS[:1])])


def test_what_is_written_is_read_again() -> None:
    """The problem with it, so that a change of the set does not matter."""
    assert Run.read(RUN.write()) == RUN


def test_people_can_read_the_file() -> None:
    """Japanese is not escaped."""
    assert "会議が減りません" in RUN.write()
    assert '"state": "failed"' in RUN.write()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"model": "m", "asked": [1]}',
        json.dumps({"model": "m", "asked": [{"problem": {"key": "k", "text": "t", "scripts": []}, "answers": [{}]}]}),
        RUN.write().replace("japanese", "klingon"),
        RUN.write().replace('"failed"', '"lost"'),
    ],
)
def test_another_file_is_refused(text: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(RecordsError, match="no answers"):
        Run.read(text)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (None, ""),
        (Reason(Code.NO_QUOTA), "no_quota"),
        (Reason(Code.SILENT, {"seconds": 60}), "silent"),
        (Reason(Code.FAILED_AGAIN, {"cause": Reason(Code.BROKEN)}), "failed_again broken"),
    ],
)
def test_a_draft_is_kept_with_the_code_of_its_reason(reason: Reason | None, code: str) -> None:
    """With that of the cause behind it."""
    draft = Draft.of("Text", State.CUT, reason=reason, model="m", seconds=1.2345, tokens=7)
    assert Answer.of("Depth", draft) == Answer("Depth", "Text", State.CUT, code, 7, 1.23)
