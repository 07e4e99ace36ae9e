"""People who press whatever button they see, at random, and send the forms that open."""

import random
from collections import Counter
from collections.abc import Iterator

from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Message

PEOPLE = ("ada", "ben")
EVERY = 0.6  # presses a second, on the average


def buttons_of(message: Message) -> Iterator[tuple[str, str]]:
    """What can be pressed under a message: actions and their values."""
    for block in message.blocks:
        for element in block.get("elements", []):
            if element.get("type") == "button":
                yield element["action_id"], element["value"]
            elif element.get("type") == "feedback_buttons":
                for side in ("positive_button", "negative_button"):
                    yield element["action_id"], element[side]["value"]


class Pressers:
    """Press in one workspace, as `chance` has it; what was acknowledged is counted."""

    def __init__(self, slack: SlackServer, chance: random.Random) -> None:
        self._slack = slack
        self._chance = chance
        self.acknowledged: Counter[str] = Counter()
        self.taken: set[str] = set()  # forms that were closed by the acknowledgement: what was typed is the bot's
        self.lost = 0  # presses that found no connection: Slack itself says so to whoever pressed

    async def press(self) -> None:
        """Press some button, if there is one; of two people who do at once, each does."""
        messages = self._slack.workspace.messages
        choices = [(one, *button) for one in messages for button in buttons_of(one)]
        if not choices:
            return
        message, action, value = self._chance.choice(choices)
        user = self._chance.choice(PEOPLE)
        try:
            seconds = await self._slack.click(message, action, user=user, value=value)
        except ValueError:
            return  # it has just gone, with its message or by an edit
        self._count(action, seconds)
        if action == "deeper":
            await self._send(self._slack.workspace.user(user).id)

    async def _send(self, user: str) -> None:
        views = [view for view in self._slack.workspace.views if view.is_open and view.user == user]
        for view in views:
            words = self._chance.choice([{}, {"words/words": "And then?"}])
            try:
                self._count("form", await self._slack.submit(view, words))
            except ValueError:
                continue  # somebody else plays the same person
            if not view.is_open:
                self.taken.add(view.id)

    def _count(self, action: str, seconds: float | None) -> None:
        if seconds is None:
            self.lost += 1
        else:
            self.acknowledged[action] += 1
