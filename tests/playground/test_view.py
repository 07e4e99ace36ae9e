import io
from typing import Any

import pytest
from rich.console import Console

from bot.playground.answers import read_answers, read_head, read_whisper
from bot.playground.slack.workspace import Message, Version, Whisper
from bot.playground.view import Lines, Panels, Scene
from bot.slack.notices import too_long
from bot.texts.en import ENGLISH

NAMES = ["🔍 Depth", "🌐 Breadth", "🧩 Structure", "⏳ Time"]
STATES = [
    "✍️ writing…",
    "waiting",
    "✅ done in 3 s by a model of a long name",
    "❌ failed: the model was silent.",
]


def message(*blocks: dict[str, Any], ts: str) -> Message:
    """A message of the bot's as the stand-in keeps it."""
    return Message("C0GENERAL", ts, "U0BOT", None, "B0BOT", [Version(0.0, "", list(blocks))])


def section(text: str) -> dict[str, Any]:
    """A block of the bot's own words."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def thread(words: int) -> list[Message]:
    """A parent and four answers of so many words each."""
    parent = message(section("<@U0ADA> asks for perspectives on:\n&gt; Why?"), ts="1.0")
    replies = [
        message(
            section(f"{name.replace(' ', ' *')}* · in a few words · {state}"),
            *([{"type": "markdown", "text": " ".join(f"word{n}" for n in range(words))}] if words else []),
            ts=f"{place}.1",
        )
        for place, (name, state) in enumerate(zip(NAMES, STATES, strict=True))
    ]
    return [parent, *replies]


def scene(words: int, answers: int = 4, keys: str = "") -> Scene:
    """The last so many answers of that thread."""
    there = thread(words)
    return Scene(read_head(there[0], {"U0ADA": "ada"}), "3 s", read_answers(there)[4 - answers :], keys)


def screen(width: int, height: int, shown: Scene) -> list[str]:
    """What the panels put on a screen of this size."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    panels = Panels(console, is_numbered=bool(shown.keys))
    panels.show(shown, 3.0)
    frame = panels._live.renderable
    with console.capture() as captured:
        console.print(frame)
    return captured.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 15), (100, 40), (300, 90), (40, 12), (41, 11)])
@pytest.mark.parametrize("words", [0, 5, 300])
def test_the_panels_fit_on_the_screen_and_show_each_state(width: int, height: int, words: int) -> None:
    """The end of every answer is in sight; no line is broken, none pushed out."""
    lines = screen(width, height, scene(words))
    assert len(lines) <= height
    assert all(len(line.rstrip()) <= width for line in lines)
    whole = "\n".join(lines)
    for name, state in zip(NAMES, STATES, strict=True):
        assert name.split()[1] in whole
        assert state.split()[1 if " " in state else 0][:7] in whole
    assert whole.count(f"word{words - 1}") == (4 if words else 0)


@pytest.mark.parametrize(("width", "height"), [(80, 8), (30, 24), (20, 4), (80, 2)])
def test_where_there_is_no_room_for_panels_the_states_stand(width: int, height: int) -> None:
    """A line each, as many as there are lines."""
    lines = [line for line in screen(width, height, scene(300)) if line[0] not in "╭│╰"]  # the parent, where it fits
    assert [line.split(" · ")[0].rstrip() for line in lines] == NAMES[:height]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 12), (80, 8), (30, 24), (80, 5)])
@pytest.mark.parametrize("answers", [1, 4])
def test_the_keys_stand_below_and_the_answers_have_their_numbers(width: int, height: int, answers: int) -> None:
    """In few columns and lines too."""
    lines = screen(width, height, scene(300, answers, "s stop · Ctrl-C ends"))
    assert len(lines) <= height
    assert lines[-1].rstrip() == "s stop · Ctrl-C ends"
    assert all(f"{number} {NAMES[number - 1].split()[0]}" in "\n".join(lines) for number in range(5 - answers, 5))


def test_where_there_are_lines_for_the_answers_alone_the_keys_give_way() -> None:
    """They are known by then."""
    assert "stop" not in "".join(screen(80, 4, scene(300, 4, "s stop · Ctrl-C ends")))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 12)])
def test_what_grows_alone_has_the_whole_width(width: int, height: int) -> None:
    """With what it is above it, and most of the lines."""
    lines = screen(width, height, scene(300, answers=1))
    top = next(line for line in lines if "in a few words" in line)
    assert len(lines) <= height
    assert len(top) >= width - 2  # two of its cells are one character
    assert lines[-1].startswith("╰─ ❌ failed: the model was silent.")
    assert len(lines) - lines.index(top) > height / 2


def test_a_problem_that_is_given_back_is_shown_whole() -> None:
    """Every block of it, and every message of it; as it was typed, but for the labels of links."""
    problem = "Why *do* <we> `a -> b` & [leave](https://a.example)?\n" * 20
    whispers = [
        Whisper(0.0, "1.1", "C", "U", "B", body.text, list(body.blocks))
        for body in too_long(problem.strip(), 600, ENGLISH)
    ]
    shown = problem.strip().replace("[leave](https://a.example)", "leave (https://a.example)")
    assert shown in "".join(read_whisper(whisper) for whisper in whispers)


def test_lines_say_what_has_changed_only() -> None:
    """For a pipe: no escape codes, no line broken."""
    console = Console(file=io.StringIO(), width=40)
    lines = Lines(console)
    with console.capture() as shown:
        lines.show(scene(0), 1.0)
        lines.show(scene(5), 2.0)
    assert "\x1b" not in shown.get()
    assert shown.get().count("\n") == 4
