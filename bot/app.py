"""The bot, put together: who needs what, what is started before what, and what is closed when it stops."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from bot.backoff import CONNECTION_PAUSES, nth
from bot.durable.journal import Journal
from bot.durable.sharing.clock import SharedClock
from bot.durable.sharing.reach import Reach
from bot.durable.sql.kinds import Kind, find_kind
from bot.engine.completions import Completions
from bot.engine.conversation.followups import FURTHER, Further
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.entrance.doors import Doors
from bot.entrance.registry import make_registry
from bot.errors import RateLimitedError, SlackError, UnavailableError, find_leaf
from bot.network.tls import make_context
from bot.runs.admission import MOST_RUNS
from bot.runs.workspace import Rules, Shared
from bot.runs.workspaces import Workspaces
from bot.settings import Settings
from bot.slack.api import Identity, Slack, make_client
from bot.slack.installation import Installation
from bot.slack.listeners import register
from bot.slack.wires.session import make_session
from bot.tally import Levels, Tally

if TYPE_CHECKING:
    from bot.durable.store import Store
    from bot.metrics.page import Metrics

T = TypeVar("T")

logger = logging.getLogger(__name__)

GRACE = 20.0  # seconds that running answers get when the bot is stopped; hosts give 30 before they kill
ASK_TIMEOUT = 6.0  # seconds to be told who the bot is


async def serve(
    settings: Settings,
    *,
    stop: asyncio.Event,
    hurry: asyncio.Event | None = None,
    perspectives: Sequence[Perspective] = PERSPECTIVES,
    further: Further = FURTHER,
    on_connected: Callable[[], None] = lambda: None,
    make_store: Callable[..., "Store"] | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Connect to Slack and answer what is asked there, until `stop` is set.

    Then running answers get `GRACE` seconds, or until `hurry` is set; what is not whole by then is left to be taken up.
    While Slack is out of reach it tries again. `make_store` is `durable.store.Store` unless told otherwise; `clock`
    gives seconds since 1970, for what another process is to read.

    Raises:
        SettingsError: the database's address makes no sense, or its schema is newer than this program.
        TokenRefusedError: Slack knows one of the tokens no more.
        SlackError: Slack answers what makes no sense.
    """
    tls, proxies, lease_clock = make_context(), settings.proxies, _find_steady(clock)
    tally, owner, store_clock = Tally(), uuid4().hex, SharedClock(clock)
    metrics = _make_metrics(settings, tally)
    is_shared = find_kind(settings.database_url) is Kind.POSTGRESQL  # a file is one process's
    try:
        async with (
            make_session(tls) as session,
            Completions(
                api_key=settings.openai_api_key,
                base_url=settings.openai_base_url,
                model=settings.openai_model,
                idle_timeout=settings.openai_stream_idle_timeout,
                max_streams=settings.max_streams,
                proxy=proxies.find(settings.openai_base_url),
                tls=tls,
                is_alone=not is_shared,
            ) as completions,
            Doors(settings, session, pages=metrics.pages if metrics else None, clock=clock) as doors,
        ):
            slack = Slack(make_client(settings.slack_bot_token, settings.slack_api_url, session, proxies), proxies)
            if (begun := await _unless(stop, _begin(slack, settings, doors, make_store))) is None:
                return
            one, make_store = begun
            store = make_store(
                settings.database_url,
                owner=owner,
                clock=store_clock,
                workspace=one.workspace if one else None,
                is_shared=is_shared,
            )
            _tell_place(store, settings)

            def note_open() -> None:
                team = one.team_id if one else "any"
                logger.info("bot.start process=%s team=%s model=%s", owner[:8], team, settings.openai_model)
                on_connected()

            def make_slack(installation: Installation) -> Slack:
                client = make_client(installation.bot_token, settings.slack_api_url, session, proxies)
                return Slack(client, proxies, own=(installation.bot_user_id, installation.bot_id))

            async with (
                Journal(
                    store, clock=store_clock, history_days=settings.history_days, lease_clock=lease_clock
                ) as journal,
                asyncio.TaskGroup() as background,
            ):
                shared = Shared(
                    journal,
                    completions,
                    perspectives,
                    further,
                    settings.bot_language,
                    _make_rules(settings),
                    lease_clock,
                    tally,
                )
                registry = make_registry(one, settings, store, session, clock)
                is_only_one = one is not None
                async with Workspaces(
                    shared, registry.find_lasting, make_slack=make_slack, is_only_one=is_only_one
                ) as workspaces:
                    if one:
                        workspaces.find_desk(one)
                    register(
                        doors.app,
                        find_desk=workspaces.find_desk,
                        respond=slack.respond,
                        language=settings.bot_language,
                    )
                    registry.register(doors.app, workspaces.leave)
                    writing = background.create_task(workspaces.attend())
                    # The first question is kept as all others are, so the database comes before the connection.
                    await _unless(stop, journal.tried())
                    await _unless(stop, registry.check())
                    tending = background.create_task(registry.serve())
                    reach = Reach({"slack": doors.reaches_slack, "model": completions.reaches_server})
                    watching = background.create_task(reach.watch(journal.company))
                    doors.find_store(store, registry.installs)
                    if metrics:
                        metrics.watch(partial(_read_levels, workspaces, completions))
                    opening = background.create_task(doors.serve(registry.find, journal.company, note_open))
                    await stop.wait()
                    deadline = _now() + GRACE
                    await doors.close()
                    opening.cancel()
                    tending.cancel()
                    watching.cancel()
                    journal.rest()
                    if not await _unless(hurry or asyncio.Event(), _done(workspaces.end(deadline - _now()))):
                        workspaces.drop()
                writing.cancel()
    except BaseExceptionGroup as failures:
        raise find_leaf(failures) from failures
    logger.info("bot.stop")


def _make_metrics(settings: Settings, tally: Tally) -> "Metrics | None":
    """The page of metrics, where somebody may ask for it; else what it is made with is not loaded."""
    if not (settings.http and settings.http.metrics_token):
        return None
    from bot.metrics.page import Metrics  # noqa: PLC0415

    return Metrics(settings.http.metrics_token, tally)


def _read_levels(workspaces: Workspaces, completions: Completions) -> Levels:
    turns = completions.turns
    return replace(workspaces.read_levels(), streams=turns.held, streams_waiting=turns.waiting)


def _find_steady(clock: Callable[[], float]) -> Callable[[], float]:
    """A clock that nobody sets, and that goes on while the machine sleeps, where there is any.

    Leases go by it: they last as long on a host whose clock is put right meanwhile.
    """
    if clock is time.time and hasattr(time, "CLOCK_BOOTTIME"):
        return partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    return clock


def _make_rules(settings: Settings) -> Rules:
    return Rules(
        edits_per_minute=settings.slack_edits_per_minute,
        most_runs=max(MOST_RUNS, settings.max_streams),
        runs_at_once=settings.runs_per_workspace,
        runs_per_person=settings.runs_per_person,
        runs_per_person_per_hour=settings.runs_per_person_per_hour,
        problem_limit=settings.problem_limit,
    )


def _tell_place(store: "Store", settings: Settings) -> None:
    """Say where runs are kept, where somebody looks."""
    for name, reason in store.dropped.items():
        logger.info("store.parameter name=%s: left out of its address, for %s", name, reason)
    if store.is_file and settings.is_disk_lost:
        logger.warning(
            "store.start place=%s: this host's disk is lost when the process ends, and what is kept on it. "
            "Set DATABASE_URL to a PostgreSQL database.",
            store.location,
        )
    else:
        logger.info("store.start place=%s", store.location)


async def _begin(
    slack: Slack, settings: Settings, doors: Doors, make_store: Callable[..., "Store"] | None
) -> tuple[Installation | None, Callable[..., "Store"]]:
    """Ask Slack who the bot is, where it has a token, until it says so; load what makes the store beside that.

    The installation is None where it is in whatever workspaces people install it.
    """

    async def load() -> Callable[..., "Store"]:
        make: Callable[..., Store] = make_store or (await asyncio.to_thread(import_module, "bot.durable.store")).Store
        return make

    async def find_one() -> Installation | None:
        if settings.distribution:
            return None
        bot = await _identify(slack)
        return Installation(bot.team_id, None, settings.slack_bot_token, bot.bot_id, bot.user_id, bot.scopes)

    async with asyncio.TaskGroup() as group:
        group.create_task(doors.prepare())
        finding = group.create_task(find_one())
        loading = group.create_task(load())
    return finding.result(), loading.result()


async def _identify(slack: Slack) -> Identity:
    attempt = 0
    while True:
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                return await slack.identify()
        except (RateLimitedError, UnavailableError, TimeoutError) as error:
            pause = nth(CONNECTION_PAUSES, attempt + 1)
            if isinstance(error, RateLimitedError):
                pause = max(pause, error.retry_after)
            attempt += 1
            _note_failure(error, pause)
            await asyncio.sleep(pause)


def _note_failure(error: SlackError | TimeoutError, pause: float) -> None:
    """Log why Slack was not reached.

    What does not pass by itself is an error, with what to check, and still no end: a certificate is renewed, a name
    comes back, and a bot that had ended would then be gone.
    """
    hint = error.hint if isinstance(error, UnavailableError) else ""
    level = logging.ERROR if isinstance(error, UnavailableError) and error.is_lasting else logging.WARNING
    code = error.code if isinstance(error, SlackError) else "no answer"
    suffix = f": {hint}" if hint else ""
    logger.log(level, "slack.unavailable error=%s: trying again in %.0f s%s", code, pause, suffix)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do `work` and return its result, unless `stop` is set before that: then None."""
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work)
        stopping = group.create_task(stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopping.cancel()
    return None if working.cancelled() else working.result()


async def _done(work: Coroutine[Any, Any, None]) -> bool:
    await work
    return True


def _now() -> float:
    return asyncio.get_running_loop().time()
