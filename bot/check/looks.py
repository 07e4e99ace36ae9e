"""What is looked at: the settings, both of Slack's tokens, the model and the database.

Laws:

- Everything is looked at, whatever else is wrong, unless it hangs on what is; what was not looked at is said.
- Nothing is posted, and nothing is connected to for longer than it takes to see that it answers.
- No line has a token, a key, or a whole address in it, for that may hold a password.

What does not depend on another is looked at at the same time; the lines come in one order.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import fields
from urllib.parse import urlsplit

import aiohttp

from bot.check.distribution import look_at_client, look_at_http, look_at_installs
from bot.check.layouts import LAYOUTS, look_at_layouts
from bot.check.lines import Line, Verdict, pass_over
from bot.check.scopes import compare
from bot.durable.store import Store
from bot.engine.completions import Completions
from bot.engine.draft import Draft, State
from bot.engine.perspectives import Perspective
from bot.errors import BotError, SettingsError, TokenRefusedError
from bot.network.tls import make_context
from bot.settings import WAYS, Settings, read_settings
from bot.slack.api import Slack, make_client
from bot.slack.wires.authorization import find_none, make_bolt
from bot.slack.wires.session import make_session
from bot.slack.wires.socket import Socket
from bot.texts.en import ENGLISH

MODEL_TIMEOUT = 30.0  # seconds to the first text; whoever waits at a terminal has then seen enough
RETRY_TIMEOUT = 5.0  # seconds, where it is told what is waited for: that is the answer
STORE_TIMEOUT = 10.0  # seconds to open the database; it is given a second or two for each step

# Values that are in order, to see what is wrong with each of the others by itself. They open nothing.
_STAND_INS = {"SLACK_BOT_TOKEN": "xoxb-0", "SLACK_APP_TOKEN": "xapp-0", "OPENAI_API_KEY": "0"}

# As short as can be: it costs money, and only the first word of the answer is waited for.
_GREETING = Perspective(key="check", emoji="👋", instruction="Answer in one word.")
_GREETING_PROBLEM = "Say hello."


async def check(environment: Mapping[str, str], tell: Callable[[Line], object]) -> bool:
    """Look at everything, `tell` what was found as soon as its turn comes, and return whether nothing is wrong.

    Raises:
        SettingsError: a proxy cannot be used, so nothing can be looked at; the message names its variable.
    """
    settings, wrong, problems = _read(environment)
    is_well = not problems
    for line in problems or [Line(Verdict.OK, "settings", "complete")]:
        tell(line)
    tls = make_context()
    async with make_session(tls) as session, asyncio.TaskGroup() as group:
        looks = [
            group.create_task(look)
            for look in (
                _look_at_bot(settings, wrong, session),
                _look_at_client(settings, session),
                _look_at_app(settings, wrong, session),
                _look_at_model(settings, wrong, tls),
                _look_at_store(settings, wrong, has_passing_disk=bool(environment.get("DYNO"))),
            )
        ]
        for look in looks:
            for line in await look:
                tell(line)
                is_well = is_well and line.verdict is not Verdict.WRONG
    return is_well


def _read(environment: Mapping[str, str]) -> tuple[Settings, set[str], list[Line]]:
    """The settings, with stand-ins for the variables that are wrong; their names; and what is wrong with them."""
    told = {}
    names = [field.name.upper() for field in fields(Settings)]
    ways = {name: environment[name] for name in WAYS if environment.get(name, "").strip()}
    if ways.keys() - _STAND_INS.keys():  # more than one workspace's tokens: what is missing hangs on what is there
        names = [name for name in names if name not in WAYS]
        address = {"SLACK_API_URL": environment.get("SLACK_API_URL", "")}
        is_known = not _find_problem({**_STAND_INS, **address})
        if problem := _find_problem({"OPENAI_API_KEY": "0", **ways, **(address if is_known else {})}):
            told = dict.fromkeys(WAYS, problem)
    for name in names:
        if problem := _find_problem({**_STAND_INS, name: environment.get(name, "")}):
            told[name] = problem
    usable = {**environment, **{name: _STAND_INS.get(name, "") for name in told}}
    problems = [*dict.fromkeys(told.values())]
    whole = _find_problem(environment)
    if whole and whole not in problems:  # it is about two of them: tokens that are swapped
        problems = [whole, *(problem for name, problem in told.items() if name not in whole)]
    lines = [Line(Verdict.WRONG, "settings", problem) for problem in problems]
    return read_settings(usable), set(told), lines


def _find_problem(environment: Mapping[str, str]) -> str:
    try:
        read_settings(environment)
    except SettingsError as error:
        return str(error)
    return ""


async def _look_at_bot(settings: Settings, wrong: Collection[str], session: aiohttp.ClientSession) -> list[Line]:
    subject, hanging = "SLACK_BOT_TOKEN", ("scopes", LAYOUTS)
    if settings.distribution:
        return []  # each install has a token of its own
    if line := pass_over(subject, wrong, subject, "SLACK_API_URL"):
        return [line, *(Line(Verdict.NOTE, name, line.text) for name in hanging)]
    slack = Slack(make_client(settings.slack_bot_token, settings.slack_api_url, session, settings.proxies))
    try:
        identity = await slack.identify()
    except BotError as error:
        return [
            Line(Verdict.WRONG, subject, str(error)),
            *(Line(Verdict.NOTE, name, f"not checked: put {subject} right first") for name in hanging),
        ]
    name = Line(Verdict.OK, subject, f"@{identity.name} in the workspace “{identity.team}”")
    return [name, *compare(identity.scopes), await look_at_layouts(slack)]


async def _look_at_client(settings: Settings, session: aiohttp.ClientSession) -> list[Line]:
    return await look_at_client(settings, settings.distribution, session) if settings.distribution else []


async def _look_at_app(settings: Settings, wrong: Collection[str], session: aiohttp.ClientSession) -> list[Line]:
    subject = "SLACK_APP_TOKEN"
    if not settings.slack_app_token:
        return look_at_http(settings)
    if line := pass_over(subject, wrong, subject, "SLACK_API_URL"):
        return [line]
    proxies = settings.proxies
    socket = Socket(
        make_bolt(find_none, api_url=settings.slack_api_url, session=session, proxies=proxies),
        app_token=settings.slack_app_token,
        api_url=settings.slack_api_url,
        session=session,
        proxies=settings.proxies,
    )
    try:
        await socket.prepare()
        await socket.probe()
    except TokenRefusedError as error:
        hint = " It needs the scope connections:write." if error.code == "missing_scope" else ""
        return [Line(Verdict.WRONG, subject, f"{error}{hint}")]
    except BotError as error:
        return [Line(Verdict.WRONG, subject, str(error))]
    unseen = (
        "whether Slack sends presses cannot be seen from here; it does with manifest.yml. If one does nothing: on your"
    )
    return [
        Line(Verdict.OK, subject, "Slack lets it connect (Socket Mode)"),
        Line(Verdict.NOTE, "buttons and forms", f"{unseen} app's page, Interactivity & Shortcuts, switch them on"),
        *look_at_http(settings),
    ]


async def _look_at_model(settings: Settings, wrong: Collection[str], tls: ssl.SSLContext | None = None) -> list[Line]:
    subject = "model"
    if line := pass_over(subject, wrong, "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        return [line]
    model = f"{settings.openai_model} at {urlsplit(settings.openai_base_url).hostname}"
    loop = asyncio.get_running_loop()
    started = loop.time()
    draft = await _ask(settings, tls)
    if draft.text or draft.state is State.THINKING:
        return [Line(Verdict.OK, subject, f"{model} answers, after {loop.time() - started:.1f} s")]
    reason = ENGLISH.explain(draft.reason, is_for_owner=True)
    if not draft.state.is_final:
        limit = RETRY_TIMEOUT if reason else MODEL_TIMEOUT
        reason = f"no answer within {limit:.0f} s{': ' if reason else ''}{reason}"
    return [Line(Verdict.WRONG, subject, f"{model}: {reason}")]


async def _ask(settings: Settings, tls: ssl.SSLContext | None) -> Draft:
    """The first draft with a text or with thoughts; where there is none in time, the last that told of something."""
    told = Draft()
    completions = Completions(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        idle_timeout=MODEL_TIMEOUT,
        proxy=settings.proxies.find(settings.openai_base_url),
        tls=tls,
    )
    async with completions, aclosing(completions.stream(_GREETING, _GREETING_PROBLEM)) as drafts:
        try:
            async with asyncio.timeout(MODEL_TIMEOUT) as limit:
                retried_by = asyncio.get_running_loop().time() + RETRY_TIMEOUT
                async for draft in drafts:
                    if draft.text or draft.state is State.THINKING or draft.state.is_final:
                        return draft
                    if draft.reason:
                        told = draft
                        limit.reschedule(retried_by)
        except TimeoutError:
            pass  # what was told last is what was waited for
    return told


async def _look_at_store(settings: Settings, wrong: Collection[str], *, has_passing_disk: bool) -> list[Line]:
    subject = "database"
    if line := pass_over(subject, wrong, "DATABASE_URL"):
        return [line]
    try:
        async with asyncio.timeout(STORE_TIMEOUT):
            async with Store(settings.database_url, owner="check", clock=time.time) as store:
                await store.open()
                await store.try_out()
                installs = [await look_at_installs(store, settings.distribution)] if settings.distribution else []
                await store.leave()  # no process is there that anybody would wait for
    except TimeoutError:
        return [Line(Verdict.WRONG, subject, f"DATABASE_URL: no answer within {STORE_TIMEOUT:.0f} s")]
    except BotError as error:
        return [Line(Verdict.WRONG, subject, str(error))]
    lines = [Line(Verdict.OK, subject, f"runs are kept in {store.location}")]
    if store.is_file and has_passing_disk:
        loss = "this host's disk ends with the process (DYNO is set), and the runs with it"
        lines.append(Line(Verdict.WARN, subject, f"{loss}: let DATABASE_URL name a PostgreSQL database"))
    return [*lines, *installs]
