"""Who sits before which window: each window has a person of its own, and keeps it when it is loaded anew.

A window is known by a key, which its page keeps for as long as it is open. Whoever has the key acts as the person, so
it is not to be guessed; that the pages of this demo are asked for by nobody else, the server sees to.
"""

import secrets
from dataclasses import dataclass, field

from bot.playground.slack.records import User
from bot.playground.slack.server import SlackServer

NAMES = ("cleo", "dan", "eve", "finn", "gita", "hugo", "iris", "juan")
"""Those who come when everybody that is there has a window."""
MOST_PEOPLE = 50  # as many as anybody opens windows


class NobodyLeftError(Exception):
    """There are as many people as there may be."""


@dataclass(slots=True)
class Windows:
    """The windows that were opened, by their keys."""

    slack: SlackServer
    _people: dict[str, User] = field(default_factory=dict)

    def find(self, key: str) -> User | None:
        """Return who sits before a window."""
        return self._people.get(key)

    def open(self) -> str:
        """Return the key of a new window; somebody who has none sits before it.

        Raises:
            NobodyLeftError: there are enough of them.
        """
        if len(self._people) >= MOST_PEOPLE:
            raise NobodyLeftError
        key = secrets.token_urlsafe(16)
        person = self._find_next()
        self._people[key] = person
        self.slack.workspace.direct_channel(person.id)
        self.slack.workspace.announce()
        return key

    def _find_next(self) -> User:
        workspace = self.slack.workspace
        seated = {workspace.bot.id, *(person.id for person in self._people.values())}
        for user in workspace.users.values():
            if user.id not in seated:
                return user
        names = {user.name for user in workspace.users.values()}
        later = (f"guest{number}" for number in range(1, MOST_PEOPLE + 1))
        return self.slack.join(next(name for name in (*NAMES, *later) if name not in names))
