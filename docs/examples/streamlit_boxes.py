"""Four boxes in Streamlit: python -m streamlit run docs/examples/streamlit_boxes.py --server.address localhost"""

import asyncio
import os

import streamlit as st

from bot.engine import ask
from bot.engine.completions import Completions
from bot.engine.perspectives import PERSPECTIVES


async def show(problem: str) -> None:
    """Fill four boxes. Streamlit ends this where the person asks anew or goes, and so the streams are closed."""
    boxes = [column.empty() for column in st.columns(len(PERSPECTIVES))]
    async with (
        Completions(
            api_key=os.environ["OPENAI_API_KEY"],
            base_url=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
            model=os.environ.get("OPENAI_MODEL", "gpt-5.4-mini"),
            idle_timeout=60,
        ) as model,
        ask(problem, model=model) as drafts,
    ):
        async for newest in drafts:
            for box, one, draft in zip(boxes, PERSPECTIVES, newest):
                box.markdown(f"### {one.emoji} {one.key}\n\n{draft.text if draft else ''}")


st.set_page_config(layout="wide")
if problem := st.text_area("Problem"):
    asyncio.run(show(problem))
