"""What the web page and its API say besides what the bot says in Slack too: a file a language. Pure."""

from bot.texts.web.en import ENGLISH
from bot.texts.web.ja import JAPANESE
from bot.texts.web.words import Words

WORDS: dict[str, Words] = {"en": ENGLISH, "ja": JAPANESE}
"""By the keys of `texts.LANGUAGES`."""
