"""A line of JSON whenever an answer has grown, by FastAPI: python -m uvicorn docs.examples.fastapi_lines:app

curl -N 'http://127.0.0.1:8000/perspectives?problem=Why+do+our+releases+slip'
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from bot.engine import ask
from bot.engine.completions import Completions
from bot.engine.perspectives import PERSPECTIVES


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    key, url = os.environ["OPENAI_API_KEY"], os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1")
    name = os.environ.get("OPENAI_MODEL", "gpt-5.4-mini")
    async with Completions(api_key=key, base_url=url, model=name, idle_timeout=60) as app.state.model:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/perspectives")
async def perspectives(problem: str) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        # A reader who goes away cancels this, and leaving the block closes the streams.
        async with ask(problem, model=app.state.model) as drafts:
            async for newest in drafts:
                pairs = zip(PERSPECTIVES, newest)
                yield json.dumps({one.key: draft.text if draft else "" for one, draft in pairs}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
