"""An app that workspaces install, as far as it can be seen from here: its client, its key, its installs."""

import re

import aiohttp

from bot.check.lines import Line, Verdict
from bot.durable.sealing import Sealer
from bot.durable.store import Store
from bot.errors import BotError, SettingsError
from bot.settings import Distribution, Settings
from bot.slack.http.installs import App, probe

_SIGNING_SECRET = re.compile("[0-9a-f]{32}")
CLIENT, INSTALLS = "SLACK_CLIENT_ID", "installs"  # what they are called in their lines


async def look_at_client(settings: Settings, known: Distribution, session: aiohttp.ClientSession) -> list[Line]:
    """See whether Slack knows the client by its secret, without installing anything."""
    app = App(known.client_id, known.client_secret, known.public_url, ())
    try:
        code = await probe(app, api_url=settings.slack_api_url, session=session, proxies=settings.proxies)
    except BotError as error:
        return [Line(Verdict.WRONG, CLIENT, str(error))]
    match code:
        case "invalid_client_id":
            return [Line(Verdict.WRONG, CLIENT, "Slack knows no such client: see Basic Information")]
        case "bad_client_secret":
            return [Line(Verdict.WRONG, "SLACK_CLIENT_SECRET", "Slack says that it is another client's, or none")]
        case "bad_redirect_uri" | "invalid_redirect_uri":
            return [
                Line(Verdict.WRONG, "PUBLIC_URL", "your app's Redirect URLs do not have it: see OAuth & Permissions")
            ]
        case "invalid_code":
            return [Line(Verdict.OK, CLIENT, "Slack knows the app by what is set")]
    return [Line(Verdict.NOTE, CLIENT, f"not seen: Slack answers {code}")]


async def look_at_installs(store: Store, known: Distribution) -> Line:
    """See whether `TOKEN_KEY` opens the tokens in a database that is open, and how many there are."""
    table = store.installations(Sealer(known.token_keys))
    try:
        await table.check()
        count = len(await table.list_all())
    except SettingsError as error:
        return Line(Verdict.WRONG, "TOKEN_KEY", str(error))
    except BotError as error:
        return Line(Verdict.WRONG, INSTALLS, str(error))
    where = f"{known.public_url}/slack/install"
    return Line(Verdict.OK, INSTALLS, f"{count}, whose tokens TOKEN_KEY opens; people install it at {where}")


def look_at_http(settings: Settings) -> list[Line]:
    """What there is to say of a bot that Slack reaches over HTTP, if at all."""
    if settings.http is None or not settings.http.signing_secret:
        return []
    said = "whether Slack reaches it cannot be seen from here; your app's page says so when its Request URLs are saved"
    lines = [Line(Verdict.NOTE, "/slack/events", said)]
    if not _SIGNING_SECRET.fullmatch(settings.http.signing_secret):
        said = "SLACK_SIGNING_SECRET has not 32 hexadecimal digits, as Slack's have: see Basic Information. Where it is"
        lines.append(Line(Verdict.WARN, "/slack/events", f"{said} another, all that Slack sends is refused"))
    return lines
