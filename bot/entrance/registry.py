"""Where the bot is installed: in one workspace, whose token the settings have, or wherever people install it.

What the two have in common is all that whoever puts the bot together has to know.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
from slack_bolt.async_app import AsyncApp

from bot.entrance.departures import Departures
from bot.errors import StoreError
from bot.settings import Distribution, Settings
from bot.slack.http.installs import App, Installs
from bot.slack.installation import OPTIONAL_SCOPES, SCOPES, Installation, find_only
from bot.slack.removals import register_removals
from bot.slack.wires.remembered import Remembered

if TYPE_CHECKING:
    from bot.durable.store import Store
    from bot.durable.tables.installations import InstallationTable

logger = logging.getLogger(__name__)


class OneWorkspace:
    """The one whose token the settings have; whoever wants to remove the bot there takes its token away."""

    installs = None

    def __init__(self, installation: Installation) -> None:
        self.find = self.find_lasting = find_only(installation)

    def register(self, app: AsyncApp, end: Callable[[str], None]) -> None:
        """Nothing is to be heard of."""

    async def check(self) -> None:
        """Nothing is written down."""

    async def serve(self) -> None:
        """Nothing is to be done."""


class AnyWorkspace:
    """Those that are written down in `table`: `find` is quick, and says what it said some seconds ago."""

    def __init__(self, table: "InstallationTable") -> None:
        self.find_lasting = table.find
        self.installs: Installs | None = None  # the pages on which people install the bot
        self._table = table
        self._remembered = Remembered(table.find)
        self.find = self._remembered.find
        self._departures = Departures(table, self._end)
        self._end_in_process: Callable[[str], None] = lambda _: None

    async def save(self, installation: Installation, name: str, at: float) -> None:
        """Write an installation down: the next payload is answered by it."""
        await self._table.save(installation, name=name, at=at)
        self._remembered.forget(installation.team_id)

    def register(self, app: AsyncApp, end: Callable[[str], None]) -> None:
        """Hear at `app` of workspaces that have removed the bot; `end` ends what goes on in one."""
        self._end_in_process = end
        register_removals(app, self._departures.leave, self._departures.withdraw)

    async def check(self) -> None:
        """See whether what is written down can be read, unless the database is away. Raises `SettingsError`."""
        try:
            await self._table.check()
        except StoreError as error:
            logger.warning("installations.unchecked error=%s", error)  # nothing is read or written by a wrong key

    async def serve(self) -> None:
        """Forget what was left where the bot was removed, until cancelled."""
        await self._departures.serve()

    def _end(self, team_id: str) -> None:
        self._remembered.forget(team_id)
        self._end_in_process(team_id)


def make_registry(
    one: Installation | None,
    settings: Settings,
    store: "Store",
    session: aiohttp.ClientSession,
    clock: Callable[[], float],
) -> OneWorkspace | AnyWorkspace:
    """Where the bot is installed: as `one` says, or else in whatever workspaces `settings` and `store` let it be."""
    if one is not None:
        return OneWorkspace(one)
    distribution = settings.distribution
    assert isinstance(distribution, Distribution), "either a token or a client's id is set"  # noqa: S101 - a law of settings
    from bot.durable.sealing import Sealer  # noqa: PLC0415 - what one workspace does not need

    states, registry = store.oauth_states, AnyWorkspace(store.installations(Sealer(distribution.token_keys)))
    registry.installs = Installs(
        App(
            distribution.client_id,
            distribution.client_secret,
            distribution.public_url,
            (*SCOPES, *OPTIONAL_SCOPES),
        ),
        api_url=settings.slack_api_url,
        session=session,
        proxies=settings.proxies,
        remember=states.add,
        use=states.take,
        keep=registry.save,
        clock=clock,
    )
    return registry
