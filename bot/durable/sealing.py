"""Tokens as they are kept: sealed, so that whoever can read the database alone can do nothing in Slack.

Sealing is `cryptography`'s Fernet. Each sealed token stands beside the fingerprint of its key, so that a key which is
wrong or was changed is found out before anything is written under it.
"""

import hashlib
from collections.abc import Sequence

from bot.errors import StoreError

_CONTEXT = b"perspectives token key "  # what is fingerprinted is this and the key, and nothing else ever is


class Sealer:
    """Seals with the first of `keys`, and opens what any of them has sealed."""

    def __init__(self, keys: Sequence[str]) -> None:
        # It takes a tenth of a second to load, and most bots have a token of their own.
        from cryptography.fernet import Fernet  # noqa: PLC0415

        self._keys = {fingerprint(key): Fernet(key) for key in keys}
        self.newest = fingerprint(keys[0])

    @property
    def known(self) -> frozenset[str]:
        """The fingerprints of all keys."""
        return frozenset(self._keys)

    def seal(self, token: str) -> str:
        """Seal a token with the newest key."""
        return self._keys[self.newest].encrypt(token.encode()).decode()

    def open(self, sealed: str, by: str) -> str:
        """The token in what was sealed with the key of the fingerprint `by`.

        Raises:
            StoreError: the key is none of these, or it was not sealed with it.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - see above

        try:
            return self._keys[by].decrypt(sealed.encode()).decode()
        except (KeyError, InvalidToken, UnicodeError) as error:
            raise StoreError("A token in the database cannot be opened with TOKEN_KEY.") from error


def fingerprint(key: str) -> str:
    """By what a key is known; the key cannot be found from it, since it was chosen at random."""
    return hashlib.sha256(_CONTEXT + key.encode()).hexdigest()[:16]
