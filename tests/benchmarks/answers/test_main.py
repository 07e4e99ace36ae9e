from pathlib import Path

import pytest

from bot.engine.draft import State
from bot.engine.perspectives import PERSPECTIVES
from bot.settings import read_settings
from tests.benchmarks.answers.__main__ import NO_SLACK, ask_all_of, main
from tests.benchmarks.answers.counts.recorded import load
from tests.benchmarks.answers.problems import PROBLEMS
from tests.benchmarks.answers.records import Answer, Asked, Run
from tests.support.model_server import KEY, MODEL, ModelServer


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a key in the environment nor a `.env` file."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)


def save(path: Path, *answers: Answer) -> str:
    """A file with these answers on the first problem."""
    path.write_text(Run("a-model", [Asked(PROBLEMS[0], answers)]).write(), encoding="utf-8")
    return str(path)


def test_a_missing_key_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It names the variable."""
    assert main([]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("OPENAI_API_KEY is not set.")
    assert output.err.count("\n") == 1


def test_answers_are_counted_again_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With no key, and for each answer where that is wanted."""
    bad = load("bad")[0]
    file = save(tmp_path / "answers.json", Answer(bad.perspective, bad.text, State.DONE))
    assert main(["--from", file]) == 0
    assert "1 problem, answered by a-model" in (short := capsys.readouterr().out)
    assert main(["--from", file, "--each"]) == 0
    each = capsys.readouterr().out
    assert each.startswith(short)
    assert each.endswith("leavers · Structure: takeaway not by itself, headings (2)\n")


def test_nothing_at_all_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report names it all the same."""
    file = save(tmp_path / "answers.json", Answer("Depth", "", State.FAILED, "bad_key"))
    assert main(["--from", file]) == 1
    output = capsys.readouterr()
    assert "leavers · Depth: failed, bad_key, no text" in output.out
    assert output.err == "Nothing came that could be counted.\n"


@pytest.mark.parametrize(
    ("content", "words"), [(b"{}", "It holds no answers"), (b"\xff\xfe", "no text in UTF-8"), (None, "No such file")]
)
def test_a_file_that_cannot_be_counted_is_one_line(
    content: bytes | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the file."""
    file = tmp_path / "other.json"
    if content is not None:
        file.write_bytes(content)
    assert main(["--from", str(file)]) == 2
    assert (line := capsys.readouterr().err).startswith(f"{file}: ")
    assert words in line
    assert line.count("\n") == 1


def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answers cost money."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobody")
    assert main(["--save", str(tmp_path / "nowhere" / "answers.json")]) == 2
    assert "No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--problems", "0"], ["--at-once", "none"]])
def test_a_number_that_makes_no_sense_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By name."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"argument {arguments[0]}: it takes a whole number from 1 on" in capsys.readouterr().err


async def test_a_model_is_asked_as_the_settings_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is a line for each problem, and the file has all that came."""
    file = tmp_path / "answers.json"
    async with ModelServer() as server:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url, "OPENAI_MODEL": MODEL}
        run = await ask_all_of(read_settings({**environment, **NO_SLACK}), PERSPECTIVES, PROBLEMS[:2], 1, file)
        assert len(server.requests) == 8
    assert run.model == MODEL
    assert {answer.text for asked in run.asked for answer in asked.answers} == {"An answer."}
    assert Run.read(file.read_text(encoding="utf-8")) == run
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": Depth done")[0] for line in lines] == ["1 of 2: leavers", "2 of 2: free-tier"]
