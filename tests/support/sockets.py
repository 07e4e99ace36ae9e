"""A socket to the stand-in, with a Bolt app that nothing is registered with yet."""

import aiohttp

from bot.playground.slack.server import SlackServer
from bot.slack.installation import Find
from bot.slack.wires.authorization import find_none, make_bolt
from bot.slack.wires.socket import Socket


def make_socket(server: SlackServer, session: aiohttp.ClientSession, find: Find = find_none) -> Socket:
    """One that is not connected yet."""
    app = make_bolt(find, api_url=server.url, session=session)
    return Socket(app, app_token=server.workspace.app_token, api_url=server.url, session=session)
