import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

from bot.errors import SettingsError
from bot.playground.model import find_weights
from bot.settings import read_environment
from tests.support.model_server import KEY, MODEL, ModelServer

ROOT = Path(__file__).parent.parent
NOWHERE = "http://127.0.0.1:9/"
COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "OPENAI_API_KEY": "sk-1",
    "SLACK_API_URL": NOWHERE,
    "OPENAI_BASE_URL": NOWHERE,
}
DEMO = "demo", "Why do new hires leave?"


def start(directory: Path, *arguments: str, **env: str) -> subprocess.Popen[str]:
    """Start `python -m bot` in this directory with this environment, and no other."""
    return subprocess.Popen(  # noqa: S603 - this project, by this interpreter
        [sys.executable, "-m", "bot", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], **env, "PYTHONPATH": env.get("PYTHONPATH", "") + os.pathsep + str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )


def run(directory: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Run it until it ends: its code, and what it wrote into both outputs."""
    with start(directory, *arguments, **env) as process:
        try:
            out, err = process.communicate(timeout=90)
        finally:
            process.kill()
    return process.returncode, out or "", err or ""


def shell(directory: Path, line: str, **env: str) -> tuple[int, str, str]:
    """Run a line of bash, in which `$BOT` is `python -m bot`."""
    ended = subprocess.run(  # noqa: S603 - literal lines
        ["/bin/bash", "-c", f"set -o pipefail; {line}"],
        cwd=directory,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "BOT": f"{sys.executable} -m bot", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


FILES = [
    ("SSL_CERT_FILE", "missing", "cannot be used: No such file or directory"),
    ("SSL_CERT_FILE", ".", "cannot be used: Is a directory"),
    ("SSL_CERT_FILE", "text", "holds no certificates"),
    ("SSL_CERT_DIR", "missing", "cannot be used: No such file or directory"),
    ("SSL_CERT_DIR", "text", "cannot be used: Not a directory"),
    ("SSLKEYLOGFILE", "missing/keys", "cannot be used: No such file or directory"),
    ("SSLKEYLOGFILE", ".", "cannot be used: Is a directory"),
]


@pytest.mark.parametrize(("variable", "value", "told"), FILES)
def test_a_file_of_openssls_that_cannot_be_used_is_told_by_its_variable(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Else a library fails over it, or trusts nobody and says nothing."""
    (tmp_path / "text").write_text("no certificate", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        read_environment()
    assert str(error.value).startswith(f"{variable} names a ")
    assert told in str(error.value)


def test_a_list_of_directories_of_certificates_needs_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """OpenSSL passes over the others."""
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join([str(tmp_path / "missing"), str(tmp_path)]))
    monkeypatch.chdir(tmp_path)
    assert read_environment()["SSL_CERT_DIR"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied"), ".env cannot be read: Permission denied."),
        (OSError(5, "Input/output error"), ".env cannot be read: Input/output error."),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), ".env is not a text in UTF-8."),
        (ValueError("embedded null byte"), ".env has a value that no variable can have."),
    ],
)
def test_an_env_file_that_cannot_be_read_is_told(error: Exception, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reason: the tests' user may be one who may read everything."""

    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr("bot.settings.environment.load_dotenv", fail)
    with pytest.raises(SettingsError) as raised:
        read_environment()
    assert str(raised.value).startswith(told)


@pytest.mark.parametrize("arguments", [(), ("check",), ("votes",), DEMO])
def test_a_wrong_variable_is_told_before_anything_uses_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """One line and code 2, whichever command it is."""
    code, out, err = run(tmp_path, *arguments, **COMPLETE, SSLKEYLOGFILE="missing/keys")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("SSLKEYLOGFILE names a file that cannot be used")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_env_file_of_somebody_elses_is_one_line(tmp_path: Path) -> None:
    """As it is where a service runs as a user of its own."""
    (tmp_path / ".env").touch(0o000)
    code, out, err = run(tmp_path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(".env cannot be read: Permission denied.")


def test_a_directory_named_like_the_env_file_is_none(tmp_path: Path) -> None:
    """Some call their virtual environment so."""
    (tmp_path / ".env").mkdir()
    code, _, err = run(tmp_path)
    assert code == 2
    assert err.startswith("SLACK_BOT_TOKEN is not set.")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("ModuleNotFoundError(\"No module named 'dotenv'\")", "Something is not installed: No module named 'dotenv'."),
        ("ImportError('libx.so.1:\\ncannot open')", "Something is not installed: libx.so.1: cannot open."),
        ("MemoryError", "There is not enough memory."),
        ("RuntimeError('secret')", "This is a fault of the bot's own; "),
        ("ExceptionGroup('secret', [KeyError('secret')])", "This is a fault of the bot's own; "),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("check",), ("votes",), DEMO])
def test_whatever_goes_wrong_while_it_imports_is_one_line(
    raised: str, told: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """A package that is missing, a library of the system that is, a fault of ours: code 1, and nothing is quoted."""
    (tmp_path / "dotenv.py").write_text(f"raise {raised}", encoding="utf-8")
    code, out, err = run(tmp_path, *arguments, PYTHONPATH=str(tmp_path))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(told)
    assert "secret" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("arguments", "is_bot"), [((), True), (("check",), False), (("votes",), False), (DEMO, False)])
def test_a_signal_while_it_imports_ends_it_quietly(
    number: signal.Signals, arguments: tuple[str, ...], tmp_path: Path, *, is_bot: bool
) -> None:
    """The bot with code 0, for it was to be stopped; the others as shells expect of what a signal has ended."""
    hanging = "import time, pathlib; pathlib.Path('importing').touch(); time.sleep(60)"
    (tmp_path / "dotenv.py").write_text(hanging, encoding="utf-8")
    with start(tmp_path, *arguments, PYTHONPATH=str(tmp_path), **COMPLETE) as process:
        deadline = time.monotonic() + 20
        while not (tmp_path / "importing").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0 if is_bot else 128 + number, "", "")


def test_arguments_that_make_no_sense_are_told_as_ever(tmp_path: Path) -> None:
    """By the usage, with code 2."""
    code, out, err = run(tmp_path, "nonsense")
    assert (code, out) == (2, "")
    assert "invalid choice: 'nonsense'" in err


def test_an_output_that_is_full_is_told(tmp_path: Path) -> None:
    """What could not be written was asked for."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    code, out, err = shell(tmp_path, "$BOT --help > /dev/full")
    assert (code, out) == (1, "")
    assert err == "The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_whatever_is_closed_from_the_start_it_says_what_it_can(closed: str, tmp_path: Path) -> None:
    """And nothing that is opened later takes the place of what is closed."""
    code, _, err = shell(tmp_path, f"$BOT {closed}")
    assert code == 2
    assert err.startswith("SLACK_BOT_TOKEN is not set.") or "2>&-" in closed


SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def answered() -> Iterator[dict[str, str]]:
    """Settings by which the demo is answered at once, and not by its small model, which takes both processors."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(ModelServer()) as model:
        yield {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "OPENAI_MODEL": MODEL}


@SLOW
def test_a_reader_who_wants_no_more_is_left_in_peace(answered: dict[str, str], tmp_path: Path) -> None:
    """`check | head -1`: not a word of it, and the check says by its code that something is wrong."""
    for command in ("check", "demo x"):
        env = COMPLETE if command == "check" else answered
        code, out, err = shell(tmp_path, f"$BOT {command} | head -1", **env)
        assert (code, out.count("\n"), err) == (1, 1, ""), command


@SLOW
def test_ascii_is_enough_for_an_output(answered: dict[str, str], tmp_path: Path) -> None:
    """What it lacks becomes a question mark."""
    code, out, err = run(tmp_path, "check", **COMPLETE, PYTHONIOENCODING="ascii")
    assert (code, err) == (1, "")
    assert out.isascii()
    code, out, err = run(tmp_path, *DEMO, PYTHONIOENCODING="ascii", **answered)
    assert (code, err) == (0, "")
    assert out.isascii()
    assert out.count(" done ") >= 4


@SLOW
def test_the_demo_needs_neither_input_nor_output(answered: dict[str, str], tmp_path: Path) -> None:
    """Without an input it has no problem to ask for; without an output its code still says how it went."""
    code, out, err = shell(tmp_path, "$BOT demo <&-", **answered)
    assert (code, err) == (0, "")
    assert out.endswith("A problem to look at (Ctrl-C ends): ")
    assert shell(tmp_path, "$BOT demo x >&-", **answered) == (0, "", "")


@SLOW
def test_a_problem_that_is_no_text_is_taken_as_far_as_it_is_one(answered: dict[str, str], tmp_path: Path) -> None:
    """From the arguments and from the input: bytes that are no UTF-8."""
    for line in ("$BOT demo $'wh\\xffy'", "printf 'wh\\xffy\\n' | $BOT demo"):
        code, out, err = shell(tmp_path, line, **answered)
        assert (code, err) == (0, ""), out
        assert "wh\ufffdy" in out


@SLOW
@pytest.mark.parametrize("arguments", [(), ("check",), ("votes",), DEMO])
def test_no_directory_that_can_be_written_to_is_no_reason_for_a_traceback(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The working directory has gone, and there is no home."""
    env = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"} | (COMPLETE if arguments != DEMO else {})
    gone = tmp_path / "gone"
    seconds = 60 if arguments else 4  # the bot does not end by itself
    command = f"timeout --preserve-status -s TERM {seconds} $BOT " + " ".join(f"'{one}'" for one in arguments)
    code, out, err = shell(tmp_path, f"mkdir {gone} && cd {gone} && rmdir {gone} && {command}", **env)
    # A database cannot be kept there; the bot may have been stopped before it needs it.
    assert code in ({(): {0, 2}, ("check",): {1}, ("votes",): {2}, DEMO: {0}}[arguments]), out + err
    assert "Traceback" not in out + err
    assert "fault of the bot's own" not in out + err


def await_handlers(process: subprocess.Popen[str]) -> None:
    """Wait until a process handles signals by itself: a busy machine takes its time to start Python."""
    status, deadline = Path(f"/proc/{process.pid}/status"), time.monotonic() + 10
    while status.exists() and time.monotonic() < deadline:
        if int(status.read_text().partition("SigCgt:")[2].split()[0], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)


@SLOW
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("arguments", [(), ("check",), DEMO])
def test_a_signal_at_any_moment_ends_it_quietly(
    number: signal.Signals, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """While it starts, while it works, while it ends."""
    env = {} if arguments == DEMO else COMPLETE
    wanted = 128 + number if arguments else 0
    for pause in (0.0, 0.1, 0.3, 0.6, 0.9, 1.3, 2.0):
        with start(tmp_path, *arguments, **env) as process:
            await_handlers(process)
            time.sleep(pause)
            process.send_signal(number)
            _, err = process.communicate(timeout=10)
        assert process.returncode == wanted, pause
        assert "Traceback" not in err


@SLOW
def test_nothing_but_the_demo_is_on_its_screen(tmp_path: Path) -> None:
    """Where Python and asyncio are told to talk of all that is slow or left open; of a model's file its name only."""
    file = tmp_path / "deep" / "tiny-model.gguf"
    file.parent.mkdir()
    file.symlink_to(find_weights())
    talkative = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "PYTHONWARNINGS": "always"}
    code, out, err = run(tmp_path, *DEMO, LOCAL_MODEL_PATH=str(file), **talkative)
    assert (code, err) == (0, "")
    assert "took" not in out
    assert "Warning" not in out
    assert out.count("by tiny-model") + out.count("✂️") >= 4
    assert str(tmp_path) not in out


@SLOW
def test_the_demo_gives_back_a_problem_that_is_too_long(tmp_path: Path) -> None:
    """All of it, to be copied."""
    problem = "Why do *new* hires <leave> & go? `a -> b` " * 20
    code, out, err = run(tmp_path, "demo", problem)
    assert (code, err) == (1, "")
    assert "Only ada sees this: Your problem has 8" in out
    assert problem.strip() in out.partition("Only ada sees this")[2]
