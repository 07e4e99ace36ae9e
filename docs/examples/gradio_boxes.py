"""Four boxes behind gradio, as an async generator of tuples: python -m docs.examples.gradio_boxes"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import gradio as gr

from bot.engine import ask
from bot.engine.completions import Completions
from bot.engine.perspectives import PERSPECTIVES


@asynccontextmanager
async def lifespan(app: gr.routes.App) -> AsyncIterator[None]:
    key, url = os.environ["OPENAI_API_KEY"], os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    name = os.environ.get("OPENAI_MODEL", "gpt-5.4-mini")
    async with Completions(api_key=key, base_url=url, model=name, idle_timeout=60) as app.state.model:
        yield


async def perspectives(problem: str, request: gr.Request) -> AsyncIterator[tuple[str, ...]]:
    async with ask(problem, model=request.app.state.model) as drafts:
        async for newest in drafts:
            yield tuple(draft.text if draft else "" for draft in newest)


page = gr.Interface(
    perspectives,
    gr.Textbox(label="Problem", lines=3),
    [gr.Markdown(label=one.key, show_label=True, container=True) for one in PERSPECTIVES],
    concurrency_limit=None,  # gradio would let one person ask at a time
    flagging_mode="never",
    analytics_enabled=False,
)

if __name__ == "__main__":
    page.launch(app_kwargs={"lifespan": lifespan})
