"""What the pages say to whoever installs the bot in a workspace, in each language. Pure."""

from collections.abc import Mapping
from enum import Enum


class Page(Enum):
    """What became of an install; in brackets, the arguments of its words."""

    INSTALLED = "installed"  # team
    CANCELLED = "cancelled"
    OTHER_BROWSER = "other_browser"
    TOO_LATE = "too_late"
    REFUSED = "refused"  # code
    UNREACHABLE = "unreachable"
    NOT_KEPT = "not_kept"
    NOT_NOW = "not_now"


TITLE = "Perspectives"

AGAIN: Mapping[str, str] = {"en": "Start the installation again", "ja": "インストールをやり直す"}

PAGES: Mapping[str, Mapping[Page, str]] = {
    "en": {
        Page.INSTALLED: (
            "Perspectives is installed in {team}. In Slack, invite it to a channel (/invite @perspectives) and type "
            "/perspectives with a problem."
        ),
        Page.CANCELLED: "The installation was cancelled in Slack. Nothing was installed.",
        Page.OTHER_BROWSER: (
            "This installation was begun in another browser, or cookies are switched off here. Begin it again, and "
            "finish it in the same browser."
        ),
        Page.TOO_LATE: "This installation was finished before, or begun more than ten minutes ago. Begin it again.",
        Page.REFUSED: "Slack refused the installation ({code}). Nothing was installed. Begin it again.",
        Page.UNREACHABLE: "Slack could not be reached just now. Begin the installation again in a minute.",
        Page.NOT_KEPT: (
            "Slack has installed Perspectives, and it could not be written down here, so it will not answer yet. Begin "
            "the installation again in a minute."
        ),
        Page.NOT_NOW: "Nothing can be installed just now. Try again in a minute.",
    },
    "ja": {
        Page.INSTALLED: (
            "{team} に Perspectives をインストールしました。Slack でチャンネルに招待し（/invite @perspectives）、"
            "/perspectives のあとに問題を書いてください。"
        ),
        Page.CANCELLED: "Slack でインストールがキャンセルされました。何もインストールされていません。",
        Page.OTHER_BROWSER: (
            "このインストールは別のブラウザーで始められたか、ここでは Cookie が無効になっています。"
            "もう一度始めて、同じブラウザーで最後まで進めてください。"
        ),
        Page.TOO_LATE: (
            "このインストールはすでに終わっているか、始めてから十分以上たっています。もう一度始めてください。"
        ),
        Page.REFUSED: (
            "Slack がインストールを受け付けませんでした（{code}）。何もインストールされていません。"
            "もう一度始めてください。"
        ),
        Page.UNREACHABLE: "今、Slack につながりません。一分ほど待って、もう一度始めてください。",
        Page.NOT_KEPT: (
            "Slack へのインストールは済みましたが、こちらで記録できなかったため、まだ応答しません。"
            "一分ほど待って、もう一度始めてください。"
        ),
        Page.NOT_NOW: "今はインストールできません。一分ほど待って、もう一度お試しください。",
    },
}
