"""What is asked, and by which settings, where the small local model answers in place of OpenAI."""

from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.playground.model import ModelAddress
from bot.playground.prompts import simplify

PROBLEM_LIMIT = "600"  # characters; the local model reads some 60 tokens a second, for all four together


def find_settings(address: ModelAddress) -> dict[str, str]:
    """The variables that point the bot at a local model."""
    return {
        "OPENAI_API_KEY": address.api_key,
        "OPENAI_BASE_URL": address.base_url,
        "OPENAI_MODEL": address.name,
        "PROBLEM_LIMIT": PROBLEM_LIMIT,
    }


def simplify_all() -> list[Perspective]:
    """The perspectives, as a small model can follow them."""
    return [simplify(perspective) for perspective in PERSPECTIVES]
