"""The examples of the documentation, run as they stand. `uv run --group examples` installs what some need."""

import asyncio
import importlib
import json
import os
import shlex
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.model_server import KEY, MODEL, ModelServer, Script, words
from tests.support.ports import free_port
from tests.support.process import ROOT, until
from tests.support.world import NAMES

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
LONGEST = 40  # lines
PROBLEM = "Why do our releases slip?"
REASON = "it comes with `--group examples`"
SLOWEST = (
    4.0  # seconds that the first answer is silent before its end; the others are whole by then, however busy it is
)
SCRIPTS = {name: Script((*["word "] * 19, SLOWEST * (name == "Depth"), f"{name}."), 1 / 60) for name in NAMES}
WHOLE = {name: script.text for name, script in SCRIPTS.items()}
LONGEST_START = 120.0  # seconds; gradio is large, and is compiled at its first start
QUIET = {  # They would open a browser, and tell their makers that they were started.
    "STREAMLIT_SERVER_HEADLESS": "true",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ModelServer:
    """A stand-in; what it takes to be asked is in the environment but for the address."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_MODEL", MODEL)
    return ModelServer(**{name: Script((f"{name}.", " More.")) for name in NAMES})


def test_an_example_is_short_and_none_is_forgotten() -> None:
    """And each stands in the documentation."""
    told = (EXAMPLES.parent / "engine.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        if path.suffix == ".py":
            assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST, path.name
            assert f"(examples/{path.name})" in told


async def test_plain_asyncio(
    model: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every answer is printed whole."""
    async with model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        await importlib.import_module("docs.examples.terminal").main(PROBLEM)
    shown = capsys.readouterr().out
    assert [f"# {name} (done in 0.2 s)\n\n{name}. More." in shown for name in NAMES] == [True] * 4


@asynccontextmanager
async def started(name: str, port_variable: str, model: ModelServer) -> AsyncIterator[str]:
    """Run an example by the command that its first line tells, at a free port; its address, once something answers."""
    first = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8").partition("\n")[0]
    command = shlex.split(first.partition(": python ")[2].removesuffix('"""'))
    port = free_port()
    of_model = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "OPENAI_MODEL": MODEL}
    environment = os.environ | QUIET | of_model | {port_variable: str(port)}
    child = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, env=environment, stdout=DEVNULL)
    url = f"http://127.0.0.1:{port}/"
    try:
        async with asyncio.timeout(LONGEST_START), aiohttp.ClientSession() as client:
            while child.returncode is None:
                with suppress(aiohttp.ClientConnectionError):
                    async with client.get(url):
                        break
                await asyncio.sleep(0.1)
        yield url
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()


@pytest.mark.slow
async def test_fastapi() -> None:
    """Lines that grow; and who goes away closes the streams."""
    pytest.importorskip("uvicorn", reason=REASON)
    async with (
        ModelServer(**SCRIPTS) as model,
        started("fastapi_lines", "UVICORN_PORT", model) as url,
        aiohttp.ClientSession() as client,
    ):
        asked = {"problem": PROBLEM}
        async with client.get(f"{url}perspectives", params=asked) as response:
            lines = [json.loads(line) async for line in response.content]
        assert lines[-1] == WHOLE
        assert is_quick_first([list(line.values()) for line in lines])
        model.scripts = dict.fromkeys(NAMES, words(600, 20))
        async with client.get(f"{url}perspectives", params=asked) as response:
            while b"word" not in await response.content.readline():
                pass
            assert model.open_streams == 4
            response.close()
        await until(lambda: model.open_streams == 0, within=2)
        assert model.requests[-1].is_cut_off


@pytest.mark.slow
async def test_gradio() -> None:
    """Tuples for four boxes, by gradio's own client; and who leaves the page closes the streams."""
    gradio_client = pytest.importorskip("gradio_client", reason=REASON)
    async with (
        ModelServer(**SCRIPTS) as model,
        started("gradio_boxes", "GRADIO_SERVER_PORT", model) as url,
        aiohttp.ClientSession() as client,
    ):

        def ask() -> list[tuple[str, ...]]:
            return list(gradio_client.Client(url, verbose=False).submit(PROBLEM, api_name="/perspectives"))

        shown = await asyncio.to_thread(ask)
        assert dict(zip(NAMES, shown[-1], strict=True)) == WHOLE
        assert is_quick_first(shown)
        model.scripts = dict.fromkeys(NAMES, words(600, 20))
        async with client.get(f"{url}config") as response:
            functions = {one["api_name"]: one["id"] for one in (await response.json())["dependencies"]}
        body = {"data": [PROBLEM], "fn_index": functions["perspectives"], "session_hash": "page"}
        async with client.post(f"{url}gradio_api/queue/join", json=body) as response:
            assert response.status == 200
        async with client.get(f"{url}gradio_api/queue/data", params={"session_hash": "page"}) as response:
            async for line in response.content:
                if b"word" in line:
                    break
            assert model.open_streams == 4
            response.close()
        await until(lambda: model.open_streams == 0, within=2)


@pytest.mark.slow
async def test_streamlit() -> None:
    """Its page is there, and its script fills four boxes."""
    testing = pytest.importorskip("streamlit.testing.v1", reason=REASON)
    async with ModelServer(**SCRIPTS) as model, started("streamlit_boxes", "STREAMLIT_SERVER_PORT", model):
        of_model = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.url, "OPENAI_MODEL": MODEL}

        def ask() -> Any:
            with pytest.MonkeyPatch.context() as environment:
                for name, value in of_model.items():
                    environment.setenv(name, value)
                app = testing.AppTest.from_file(str(EXAMPLES / "streamlit_boxes.py"), default_timeout=30).run()
                assert not app.markdown
                return app.text_area[0].set_value(PROBLEM).run()

        app = await asyncio.to_thread(ask)
        assert not app.exception
        boxes = {box.value.split("\n\n")[0].split()[-1]: box.value.split("\n\n")[1] for box in app.markdown}
        assert boxes == WHOLE


def is_quick_first(shown: Sequence[Sequence[str]]) -> bool:
    """Whether the quick answers stood whole before the slow one did: nobody waits for the slowest."""
    whole = list(WHOLE.values())
    return any(list(one)[1:] == whole[1:] and one[0] != whole[0] for one in shown)
