"""Tokens are opened with the key that sealed them, and with no other."""

import pytest

from bot.durable.sealing import Sealer, fingerprint
from bot.errors import StoreError

OLD = "0123456789abcdef0123456789abcdef0123456789A="
NEW = "abcdef0123456789abcdef0123456789abcdef0123A="
TOKEN = "xoxb-1-secret"


def test_what_is_sealed_shows_nothing_and_is_opened() -> None:
    """Twice the same token looks different each time."""
    sealer = Sealer([OLD])
    sealed = sealer.seal(TOKEN)
    assert TOKEN not in sealed
    assert sealed != sealer.seal(TOKEN)
    assert sealer.open(sealed, sealer.newest) == TOKEN


def test_two_keys_while_one_takes_the_others_place() -> None:
    """The first seals, both open."""
    old, both = Sealer([OLD]), Sealer([NEW, OLD])
    assert both.newest == fingerprint(NEW)
    assert both.known == {fingerprint(NEW), fingerprint(OLD)}
    assert both.open(old.seal(TOKEN), old.newest) == TOKEN


@pytest.mark.parametrize("by", [fingerprint(OLD), fingerprint(NEW)])
def test_another_key_opens_nothing(by: str) -> None:
    """And its failure quotes nothing."""
    with pytest.raises(StoreError) as raised:
        Sealer([NEW]).open(Sealer([OLD]).seal(TOKEN), by)
    assert str(raised.value) == "A token in the database cannot be opened with TOKEN_KEY."
