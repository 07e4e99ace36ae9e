"""The examples of the documentation, run as they stand. `uv run --group examples` installs what some need."""

import asyncio
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.model_server import KEY, MODEL, ModelServer, Script, words
from tests.support.world import NAMES

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
LONGEST = 40  # lines
PROBLEM = "Why do our releases slip?"


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


class Caller:
    """Calls an ASGI application as a server would, and goes away after so many pieces of the body."""

    def __init__(self, app: Any, most: float = float("inf")) -> None:
        self.app = app
        self.body: list[bytes] = []
        self._most = most
        self._gone = asyncio.Event()

    async def get(self, path: str, query: str) -> None:
        """Ask for a path."""
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
        incoming = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop()
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body" and message["body"]:
                self.body.append(message["body"])
                if len(self.body) >= self._most:
                    self._gone.set()

        # Not the newest version of the protocol: with that one, a send fails in place of a message that says so.
        await self.app({**scope, "asgi": {"spec_version": "2.3"}, "app": self.app}, receive, send)


@pytest.mark.skipif(not importlib.util.find_spec("fastapi"), reason="FastAPI comes with `--group examples`")
async def test_fastapi(model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that grow; and who goes away closes the streams."""
    async with model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.url)
        example = importlib.import_module("docs.examples.fastapi_lines")
        async with example.lifespan(example.app):
            whole = Caller(example.app)
            await whole.get("/perspectives", "problem=Why")
            lines = [json.loads(line) for line in whole.body]
            assert lines[-1] == {name: f"{name}. More." for name in NAMES}
            assert lines[0] == {name: f"{name}." for name in NAMES}
            model.scripts = {name: words(600, 10) for name in NAMES}
            gone = Caller(example.app, most=5)
            await gone.get("/perspectives", "problem=Why")
            await asyncio.sleep(0.5)
            assert (len(gone.body) >= 5, model.open_streams) == (True, 0)
