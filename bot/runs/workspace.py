"""One Slack workspace as the process knows it. There is one today; whoever needs something of it is told which."""

from dataclasses import dataclass

from bot.delivery.board import Board
from bot.runs.admission import Admission
from bot.slack.api import Slack


@dataclass(frozen=True, slots=True)
class Workspace:
    """Its client, what keeps its threads showing the newest drafts, and who may ask how much in it."""

    slack: Slack
    board: Board
    admission: Admission
