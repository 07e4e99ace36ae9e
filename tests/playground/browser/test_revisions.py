from hypothesis import given
from hypothesis import strategies as st

from bot.playground.browser.items import Item, Json
from bot.playground.browser.revisions import Revisions

PEOPLE = ("ada", "ben")
STATES = st.dictionaries(
    st.sampled_from("abc"),
    st.builds(
        lambda content, readers: Item({"is": content}, readers and frozenset(readers)),
        st.integers(0, 2),
        st.sampled_from([None, ["ada"], ["ben"], ["ada", "ben"]]),
    ),
)


def item(content: int, *readers: str) -> Item:
    """An item that these see, or all."""
    return Item({"is": content}, frozenset(readers) if readers else None)


def test_only_what_is_new_is_sent_and_of_that_the_newest() -> None:
    """However often it changed between."""
    revisions = Revisions()
    assert revisions.take({"a": item(1), "b": item(1)})
    assert not revisions.take({"a": item(1), "b": item(1)})
    seen = revisions.number
    revisions.take({"a": item(2), "b": item(1)})
    revisions.take({"a": item(3), "b": item(1)})
    assert revisions.since(seen, "ada") == {"a": {"is": 3}}
    assert revisions.since(revisions.number, "ada") == {}


def test_what_is_gone_is_told_to_those_who_saw_it() -> None:
    """And to nobody who comes later."""
    revisions = Revisions()
    revisions.take({"a": item(1), "b": item(1, "ben")})
    seen = revisions.number
    revisions.take({})
    assert revisions.since(seen, "ada") == {"a": None}
    assert revisions.since(seen, "ben") == {"a": None, "b": None}
    assert revisions.since(0, "ben") == {}
    assert revisions.take({"a": item(1)})
    assert revisions.since(0, "ada") == {"a": {"is": 1}}


@given(st.lists(STATES, min_size=1, max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_page_that_comes_and_goes_ends_with_all_that_its_person_sees(
    states: list[dict[str, Item]], listens: list[bool]
) -> None:
    """And never has what is for the other."""
    revisions = Revisions()
    pages: dict[str, dict[str, Json]] = {person: {} for person in PEOPLE}
    seen = dict.fromkeys(PEOPLE, 0)
    # Readers of an item stay who they are, but for those who come.
    readers = {name: one.readers for state in reversed(states) for name, one in state.items()}
    for place, state in enumerate(states):
        revisions.take({name: Item(one.content, readers[name]) for name, one in state.items()})
        for person in PEOPLE:
            if not listens[place] and place < len(states) - 1:
                continue
            for name, content in revisions.since(seen[person], person).items():
                if content is None:
                    pages[person].pop(name, None)
                else:
                    pages[person][name] = content
            seen[person] = revisions.number
    for person in PEOPLE:
        visible = {name: one for name, one in states[-1].items() if person in (readers[name] or PEOPLE)}
        assert pages[person] == {name: one.content for name, one in visible.items()}
