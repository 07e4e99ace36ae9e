from bot.engine.perspectives import PERSPECTIVES, SIDES, Side, make_set

RISK = Side(key="Risk", name="Risk", emoji="⚡", angle="what may go wrong", hint="warns", task="Name the risks.")


def test_a_key_is_what_databases_have_since_the_first_version() -> None:
    """Runs that are open there go on with it; a name may change."""
    assert [one.key for one in PERSPECTIVES] == ["Depth", "Breadth", "Structure", "Time"]


def test_each_is_told_what_the_others_take() -> None:
    """And how many they are; whether there are four, five or one less."""
    five = make_set([*SIDES, RISK])
    for perspective in five:
        others = [f"{one.name} ({one.angle})" for one in five if one is not perspective]
        beginning, _, _ = perspective.instruction.partition(" Keep to your side")
        assert beginning.startswith("You are one of five analysts")
        assert beginning.endswith(f"Your side is {perspective.name}; the others take {', '.join(others)}.")
    assert "Name the risks." in five[-1].instruction
    assert make_set(SIDES[:3])[0].instruction.startswith("You are one of three analysts")
