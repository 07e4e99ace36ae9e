"""What people do at both pages."""

from typing import Any

from tests.support.world import PROBLEM


async def start(page: Any, problem: str = PROBLEM) -> None:
    """Ask at the engine's page."""
    await page.get_by_label("Your problem").fill(problem)
    await page.get_by_role("button", name="Start").click()


async def write(page: Any, text: str, place: str = "Message #general") -> None:
    """Type into a composer of the playground, and send."""
    await page.get_by_label(place, exact=True).fill(text)
    await page.keyboard.press("Enter")


async def ask(page: Any) -> None:
    """Ask in #general of the playground, and open the thread."""
    await write(page, f"/perspectives {PROBLEM}")
    await page.get_by_role("button", name="4 replies").click()
