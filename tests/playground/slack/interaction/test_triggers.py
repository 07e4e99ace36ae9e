import pytest

from bot.playground.slack.interaction.triggers import REMEMBERED, TriggerError, Triggers


def test_a_trigger_opens_one_thing_within_three_seconds() -> None:
    """For whoever it came from."""
    triggers = Triggers()
    early, late = triggers.issue("U0ADA", 10.0), triggers.issue("U0BEN", 10.0)
    assert early != late
    assert triggers.exchange(early, 12.9) == "U0ADA"
    with pytest.raises(TriggerError, match="expired_trigger_id"):
        triggers.exchange(late, 13.0)
    with pytest.raises(TriggerError, match="exchanged_trigger_id"):
        triggers.exchange(early, 13.0)


@pytest.mark.parametrize("made_up", ["", "1.1.0123456789abcdef", "1.1", "1.1.xyz", "none"])
def test_a_trigger_that_was_made_up_opens_nothing(made_up: str) -> None:
    """Whether it looks like one or not."""
    triggers = Triggers()
    triggers.issue("U0ADA", 10.0)
    with pytest.raises(TriggerError, match="invalid_trigger_id"):
        triggers.exchange(made_up, 10.0)


def test_old_triggers_are_forgotten() -> None:
    """So that a long run needs no room for them; however many there are, none is before its time."""
    triggers = Triggers()
    first = triggers.issue("U0ADA", 10.0)
    others = [triggers.issue("U0ADA", 11.0) for _ in range(1_000)]
    triggers.issue("U0BEN", 13.0 + REMEMBERED)
    assert set(triggers._triggers) > set(others)
    with pytest.raises(TriggerError, match="invalid_trigger_id"):
        triggers.exchange(first, 13.0 + REMEMBERED)
    with pytest.raises(TriggerError, match="expired_trigger_id"):
        triggers.exchange(others[0], 13.0 + REMEMBERED)
