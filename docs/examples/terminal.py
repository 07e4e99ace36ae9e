"""Four answers that grow, in a terminal: python -m docs.examples.terminal 'Why do our releases slip?'"""

import asyncio
import os
import sys

from bot.engine import ask
from bot.engine.completions import Completions
from bot.engine.perspectives import PERSPECTIVES


async def main(problem: str) -> None:
    """Show how far each answer is, then all of them."""
    async with (
        Completions(
            api_key=os.environ["OPENAI_API_KEY"],
            base_url=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
            model=os.environ.get("OPENAI_MODEL", "gpt-5.4-mini"),
            idle_timeout=60,
        ) as model,
        ask(problem, model=model) as drafts,
    ):
        async for newest in drafts:  # whenever one has grown: never a backlog, and nobody waits for the slowest
            lengths = [f"{one.key} {draft.length if draft else 0:5}" for one, draft in zip(PERSPECTIVES, newest)]
            print("   ".join(lengths), end="\r", flush=True)
    for one, draft in zip(PERSPECTIVES, newest):
        print(f"\n\n# {one.key} ({draft.state.value} in {draft.seconds:.1f} s)\n\n{draft.text}", end="")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
