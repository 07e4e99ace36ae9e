"""When each of four boxes shows its last text behind the same gradio page: the article's program against the engine.

    uv run --group examples python -m tests.benchmarks.article [--quick]

The article's is written here from what is known of it: four streams of the SDK, each an iterator of its text so far,
and its merge, which takes one item from every stream in each round (`merge_in_rounds`). Ours is the example of the
documentation, `docs/examples/gradio_boxes.py`, as it stands. Both are asked one after the other through gradio's
client, so that gradio's queue and events count, in a process of their own. The stand-in for the model streams 60, 40,
22 and 12 tokens a second by its own clock, whether or not somebody reads; it and the client are in this process.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gradio_client import Client
from openai import AsyncOpenAI

from bot.engine.perspectives import PERSPECTIVES, Perspective
from tests.benchmarks.merge import EQUAL_SECONDS, EQUAL_TOKENS, QUICK, RATES, merge_in_rounds
from tests.benchmarks.tokens import say
from tests.support.model_server import KEY, MODEL, ModelServer, words
from tests.support.process import ROOT
from tests.support.world import NAMES

PROBLEM = "Why do our releases slip?"


async def article(problem: str) -> AsyncGenerator[tuple[str, ...]]:
    """The article's: four streams, a token an item, merged in rounds."""
    async with AsyncOpenAI() as client:

        async def texts(perspective: Perspective) -> AsyncGenerator[str]:
            stream = await client.chat.completions.create(
                model=MODEL,
                messages=[
                    {"role": "system", "content": perspective.instruction},
                    {"role": "user", "content": problem},
                ],
                stream=True,
                stream_options={"include_usage": False},
            )
            text = ""
            async for chunk in stream:
                text += chunk.choices[0].delta.content or ""
                yield text

        async for newest in merge_in_rounds(*map(texts, PERSPECTIVES)):
            yield tuple(text or "" for text in newest)


def serve() -> None:
    """Be the process of the pages: print their addresses, and end with the input."""
    import gradio  # noqa: PLC0415 - it takes seconds, and the measuring process does without

    from docs.examples import gradio_boxes  # noqa: PLC0415

    boxes = [gradio.Markdown(label=name, show_label=True, container=True) for name in NAMES]
    field = gradio.Textbox(label="Problem", lines=3)
    options = {"concurrency_limit": None, "flagging_mode": "never", "analytics_enabled": False}
    theirs = gradio.Interface(article, field, boxes, api_name="perspectives", **options)
    _, first, _ = theirs.launch(prevent_thread_lock=True, quiet=True)
    _, second, _ = gradio_boxes.page.launch(
        app_kwargs={"lifespan": gradio_boxes.lifespan}, prevent_thread_lock=True, quiet=True
    )
    say(json.dumps({"article": first, "ours": second}))
    sys.stdin.read()


@asynccontextmanager
async def serving(model_url: str) -> AsyncIterator[dict[str, str]]:
    """The addresses of the pages, by their names; the other process ends when the block is left."""
    of_model = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model_url, "OPENAI_MODEL": MODEL}
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.article", "--serve"]
    child = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=os.environ | of_model | quiet, stdin=PIPE, stdout=PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield json.loads(await child.stdout.readline())
    finally:
        child.stdin.close()
        await child.wait()


def look(url: str, texts: Sequence[str]) -> list[float]:
    """Ask at a page; when each box showed its last text, by the clock of this process."""
    job = Client(url, verbose=False).submit(PROBLEM, api_name="/perspectives")
    shown: dict[int, float] = {}
    for boxes in job:
        now = time.monotonic()
        for place, (box, text) in enumerate(zip(boxes, texts, strict=True)):
            if box == text:
                shown.setdefault(place, now)
    assert len(shown) == len(texts), "every text is shown whole"
    return [shown[place] for place in range(len(texts))]


async def measure(loads: Sequence[Sequence[int]]) -> None:
    """Print the table."""
    async with ModelServer() as model, serving(model.url) as pages:
        for counts in loads:
            scripts = {name: words(*each) for name, *each in zip(NAMES, counts, RATES, strict=True)}
            model.scripts = dict(scripts)
            texts = [script.text for script in scripts.values()]
            say(f"\nSeconds until a box shows its last text; {', '.join(map(str, counts))} tokens")
            say(_line("", *(f"{rate}/s" for rate in RATES)))
            say(_line("sent", *(f"{0.1 + (count - 1) / rate:.1f}" for count, rate in zip(counts, RATES, strict=True))))
            for name, url in pages.items():
                model.requests.clear()
                shown = await asyncio.to_thread(look, url, texts)
                begun = {request.name: request.at for request in model.requests}
                say(_line(name, *(f"{at - begun[key]:.1f}" for key, at in zip(NAMES, shown, strict=True))))


def _line(name: str, *cells: str) -> str:
    return f"{name:<10}" + "".join(f"{cell:>8}" for cell in cells)


def main() -> None:
    """Measure, or serve the pages."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.article",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the tokens, once")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
    elif arguments.quick:
        asyncio.run(measure([[count // QUICK for count in EQUAL_TOKENS]]))
    else:
        asyncio.run(measure([EQUAL_TOKENS, EQUAL_SECONDS]))


if __name__ == "__main__":
    main()
