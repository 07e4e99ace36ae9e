import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from bot.engine.perspectives import PERSPECTIVES
from bot.errors import SettingsError
from bot.playground import libgomp, model
from bot.playground.model import (
    LocalModel,
    LocalModelError,
    ModelAddress,
    check_weights,
    explain_import,
    find_weights,
    make_command,
)
from bot.playground.prompts import simplify

slow = pytest.mark.slow

PARENT = """\
import asyncio, json, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background has it ignored
from bot.playground.model import LocalModel
with LocalModel() as local:
    address = asyncio.run(local.wait_until_ready())
    print(json.dumps([address.base_url, address.api_key]), flush=True)
    time.sleep(60)
"""


def test_each_perspective_has_an_instruction_of_its_own() -> None:
    """One that nobody has written one for too: made from its key."""
    simple = [simplify(one).instruction for one in PERSPECTIVES]
    assert len(set(simple)) == len(PERSPECTIVES)
    assert "explain the depth" not in "".join(simple)
    risk = simplify(replace(PERSPECTIVES[0], key="Risk"))
    assert risk.instruction == "In one paragraph, explain the risk of this problem at work."


def test_the_command_line_has_no_key() -> None:
    """It is all that the child is told where others can read it."""
    assert make_command(None)[1:] == ["-m", "bot.playground.model"]


def test_a_path_is_passed_on_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child has another working directory."""
    monkeypatch.chdir(tmp_path)
    assert make_command(Path("other.gguf"))[-1] == str(tmp_path / "other.gguf")


def test_a_path_to_nothing_is_a_setting_that_is_wrong(tmp_path: Path) -> None:
    """It is told before anything is started."""
    with pytest.raises(SettingsError, match="LOCAL_MODEL_PATH"), LocalModel(tmp_path / "nothing.gguf"):
        pytest.fail("it was entered")


def test_weights_that_are_not_installed_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The playground's packages are a group of their own, which may be left out."""
    monkeypatch.setattr(model, "WEIGHTS_PACKAGE", "no-such-package")
    with pytest.raises(LocalModelError, match=r"no-such-package is not installed.*uv sync"):
        find_weights()


def test_a_package_without_weights_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version might hold another file."""
    monkeypatch.setattr(model, "WEIGHTS_PACKAGE", "pytest")
    with pytest.raises(LocalModelError, match="without its weights"):
        find_weights()


def test_other_weights_are_refused(tmp_path: Path) -> None:
    """A file that is not the one we know is not loaded for it."""
    path = tmp_path / "other.gguf"
    path.write_bytes(b"GGUF")
    with pytest.raises(LocalModelError, match="is not the file"):
        check_weights(path)


IMPORTS = [
    (ModuleNotFoundError("No module named 'xllamacpp'", name="xllamacpp"), "there is no xllamacpp for this system"),
    (ImportError("libgomp.so.1: cannot open shared object file: No such file"), "this system has no libgomp.so.1."),
    (
        ImportError("libstdc++.so.6: version `GLIBCXX_3.4.29'\n not found"),
        "libstdc++.so.6: version `GLIBCXX_3.4.29'",
    ),
]


@pytest.mark.parametrize(("error", "words"), IMPORTS)
def test_what_is_missing_is_told_with_what_helps(error: ImportError, words: str) -> None:
    """In one line; and there is always another way."""
    told = explain_import(error)
    assert told.startswith(words)
    assert told.endswith("Or set OPENAI_API_KEY, and OpenAI answers in its place.")
    assert "\n" not in told
    if "libgomp" in words:
        assert all(command in told for command in ("apt-get install lib", "dnf install lib", "apk add lib"))


@pytest.mark.skipif(libgomp.find_libgomp() is None, reason="there is no wheel of pykdtree for this machine")
def test_where_the_system_has_no_libgomp_the_child_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that the linker looks for; before what LD_LIBRARY_PATH holds already, no longer than it is used."""
    monkeypatch.setattr(libgomp, "_has_libgomp", lambda: False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    with libgomp.with_libgomp(dict(os.environ)) as environment:
        directory, kept = environment["LD_LIBRARY_PATH"].split(":")
        assert kept == "/elsewhere"
        load = f"import ctypes; ctypes.CDLL({str(Path(directory) / 'libgomp.so.1')!r}).omp_get_max_threads()"
        subprocess.run([sys.executable, "-c", load], check=True)  # noqa: S603 - by this interpreter
    assert not Path(directory).exists()


@pytest.mark.parametrize("is_installed", [True, False])
def test_else_the_childs_environment_is_ours(monkeypatch: pytest.MonkeyPatch, *, is_installed: bool) -> None:
    """Where the system has its own, or none comes along."""
    monkeypatch.setattr(libgomp, "_has_libgomp", lambda: is_installed)
    monkeypatch.setattr(libgomp, "find_libgomp", lambda: None)
    with libgomp.with_libgomp(dict(os.environ)) as environment:
        assert environment == dict(os.environ)


def test_the_key_does_not_show_in_an_address() -> None:
    """It would show in logs."""
    assert "sesame" not in repr(ModelAddress("http://127.0.0.1:1/v1", "sesame", "name", "description"))


@slow
def test_the_parent_imports_nothing_heavy() -> None:
    """It starts the child before anything else."""
    code = "import sys, bot.playground.model; print({'openai', 'aiohttp', 'xllamacpp'} & set(sys.modules))"
    with run_python(code) as child:
        assert read_line(child) == "set()"


@slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit('one\\ntwo\\nthree\\nfour')", "did not start: two three four"),
        ("import sys; sys.exit(3)", "it ended with code 3"),
        ("import os; os.kill(os.getpid(), 4)", "AVX2"),
        ("import time; time.sleep(60)", "not ready after 1 s"),
    ],
)
async def test_a_failed_start_says_why(code: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last words of the child, as far as it had any."""
    monkeypatch.setattr(model, "START_TIMEOUT", 1.0)
    monkeypatch.setattr(model, "make_command", lambda _: [sys.executable, "-c", code])
    with LocalModel() as local, pytest.raises(LocalModelError) as failure:
        await local.wait_until_ready()
    assert words in str(failure.value)


@slow
async def test_a_file_that_is_no_model_says_so(tmp_path: Path) -> None:
    """In llama.cpp's words."""
    path = tmp_path / "junk.gguf"
    path.write_bytes(b"junk" * 1_000)
    with LocalModel(path) as local, pytest.raises(LocalModelError, match="failed to load model"):
        await local.wait_until_ready()


@slow
async def test_waiting_can_be_cancelled() -> None:
    """The child is ended all the same."""
    with LocalModel() as local:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await local.wait_until_ready()
        began = time.monotonic()
    assert time.monotonic() - began < 0.6
    assert local._child.returncode is not None


@slow
async def test_it_answers_with_its_own_defaults() -> None:
    """The bot sends no sampling parameters, and people are told the model's name."""
    async with serve_model() as (_, address, client), ask(client, "Our releases slip every month.") as chunks:
        first = await anext(chunks)
        slots = await get(address, "/slots")
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    params = next(slot["params"] for slot in slots if slot["is_processing"])
    assert first.model == address.name == "SmolLM2-135M"
    assert [slot["n_ctx"] for slot in slots] == [2_048] * 4
    assert params["temperature"] == pytest.approx(0.2)
    assert params["repeat_penalty"] == pytest.approx(1.1)
    assert params["n_predict"] == model.LONGEST_ANSWER
    assert len(text) > 40


@slow
async def test_another_model_is_named_after_its_file(tmp_path: Path) -> None:
    """And asked in its own form of a chat."""
    path = tmp_path / "Other-1B.gguf"
    path.symlink_to(find_weights())
    async with serve_model(path) as (_, address, client):
        models = [each.id async for each in await client.models.list()]
    assert models == [address.name] == ["Other-1B"]


@slow
async def test_it_refuses_in_json() -> None:
    """The bot's words for a problem that is too long hang on the error's type: its code is a number."""
    async with serve_model() as (_, __, client):
        with pytest.raises(openai.BadRequestError) as too_long:
            await client.chat.completions.create(model="any", messages=[{"role": "user", "content": "word " * 3_000}])
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="wrong").models.list()
    assert too_long.value.type == "exceed_context_size_error"


@slow
async def test_a_closed_stream_frees_its_slot() -> None:
    """Four run at once; those that nobody reads would hold up the next."""
    async with serve_model() as (_, address, client):
        async with ask(client, "Why is bread good?") as chunks:
            await anext(chunks)
        await asyncio.sleep(0.5)
        assert not any(slot["is_processing"] for slot in await get(address, "/slots"))


@slow
async def test_it_ends_while_it_generates() -> None:
    """Nobody who presses Ctrl-C waits for the end of an answer."""
    async with serve_model() as (local, _, client), ask(client, "Why is bread good?") as chunks:
        await anext(chunks)
        began = time.monotonic()
        local.__exit__()
        took = time.monotonic() - began
        assert local._child.returncode == 0
    assert took < 0.5


@slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_it_ends_with_its_parent(number: signal.Signals) -> None:
    """However that ends, and while it generates."""
    with run_python(PARENT) as parent:
        base_url, key = json.loads(read_line(parent))
        async with AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0) as client:
            async with ask(client, "Why is bread good?") as chunks:
                await anext(chunks)
                parent.send_signal(number)
                with pytest.raises(openai.APIConnectionError):
                    async with asyncio.timeout(10):
                        await wait_for_end(chunks)
            with pytest.raises(openai.APIConnectionError):
                await client.models.list()


def run_python(code: str) -> subprocess.Popen[bytes]:
    """Another process, whose words are read here."""
    return subprocess.Popen(  # noqa: S603 - this test's code
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def read_line(process: subprocess.Popen[bytes]) -> str:
    """The next line that it prints."""
    assert process.stdout
    return process.stdout.readline().decode().strip()


@asynccontextmanager
async def serve_model(path: Path | None = None) -> AsyncIterator[tuple[LocalModel, ModelAddress, AsyncOpenAI]]:
    """The model, its address and the SDK's client for it."""
    with LocalModel(path) as local:
        address = await local.wait_until_ready()
        async with AsyncOpenAI(base_url=address.base_url, api_key=address.api_key, max_retries=0) as client:
            yield local, address, client


@asynccontextmanager
async def ask(client: AsyncOpenAI, problem: str) -> AsyncIterator[AsyncIterator[Any]]:
    """Ask as the bot does."""
    async with await client.chat.completions.create(
        model="any",
        messages=[
            {"role": "system", "content": simplify(PERSPECTIVES[0]).instruction},
            {"role": "user", "content": problem},
        ],
        stream=True,
    ) as stream:
        yield aiter(stream)


async def wait_for_end(chunks: AsyncIterator[Any]) -> None:
    """Read to the end."""
    async for _ in chunks:
        pass


async def get(address: ModelAddress, path: str) -> Any:
    """What llama.cpp's server says of itself."""
    headers = {"Authorization": f"Bearer {address.api_key}"}
    url = address.base_url.removesuffix("/v1") + path
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return await response.json()
