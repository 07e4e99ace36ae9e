"""A person at a terminal: ada, who types the command into #general, presses buttons, fills in forms and reads on.

All that she does goes by the stand-in's Slack, as a click goes; all that she is shown stands in her thread.
"""

import asyncio

from rich.console import Console

from bot.engine.perspectives import PERSPECTIVES
from bot.playground.answers import Shown, has_button, mark_of, read_answers, read_head, read_whisper
from bot.playground.episode import Episode
from bot.playground.keyboard import END, Keyboard
from bot.playground.keys import AGAIN, DEEPER, STOP, Key, describe, find_keys
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import Message
from bot.playground.view import Lines, Panels, Scene

LAST_WHISPERS = 0.3  # seconds; a problem that is given back may need several messages
STANDSTILL = 60.0  # seconds without a change after which a run is given up; a bot that has failed changes nothing more


class Person:
    """Ada, with the thread of her newest problem; she presses keys at `keyboard`, where that has some."""

    def __init__(self, slack: SlackServer, console: Console, keyboard: Keyboard) -> None:
        self._slack = slack
        self._workspace = slack.workspace
        self._console = console
        self._keyboard = keyboard
        self._names = {user.id: user.name for user in self._workspace.users.values()}
        self._has_screen = console.is_terminal and not console.is_dumb_terminal
        self.has_keys = self._has_screen and keyboard.has_keys
        self._place = 0  # of her problem's parent among all messages
        self._is_refused = False  # whether her newest problem has no thread
        self._whispers = 0  # that she has read
        self._calls = 0  # that had been made before what is shown at the moment began

    @property
    def keys(self) -> list[Key]:
        """What she can press now."""
        return find_keys(self._thread, self._answers) if self.has_keys else []

    @property
    def is_whole(self) -> bool:
        """Whether all answers to her newest problem are whole."""
        answers = [answer for answer in self._answers if answer.number]
        is_there = len(answers) == len(PERSPECTIVES) and not self._is_refused
        return is_there and all(answer.is_whole for answer in answers)

    async def ask(self, problem: str) -> None:
        """Type the command, and show its thread until nothing more comes."""
        before, self._place = self._place, len(self._workspace.messages)
        episode = self._begin()
        self._say(f"ada in #general: /perspectives {problem}\n")
        await self._slack.command(problem)
        await self._follow(episode)
        self._is_refused = not self._thread
        if self._is_refused:
            self._place = before

    async def press(self, key: Key) -> None:
        """Press a button of her thread, and show what comes of it."""
        if key.action == DEEPER:
            await self._go_deeper(key)
            return
        episode = self._begin(mark_of(key.message, "run") if key.action in {AGAIN, STOP} else "")
        await self._slack.click(key.message, key.action)
        await self._follow(episode)

    async def _go_deeper(self, key: Key) -> None:
        """Open the form of a button, fill it in, send it, and show what comes of it."""
        forms = len(self._workspace.views)
        await self._slack.click(key.message, key.action)
        if len(self._workspace.views) == forms:
            await self._read_whispers()
            return
        form = self._workspace.views[forms]
        field = form.content["blocks"][0]
        name = f"{field['block_id']}/{field['element']['action_id']}"
        self._say(f"{field['label']['text']}\n{field['hint']['text']}")
        while form.is_open:
            self._say(f"({form.content['close']['text']}: Ctrl-D) ", end="")
            words = await self._keyboard.line()
            if words is None:
                self._say("")
                await self._slack.close(form)
                return
            episode = self._begin()
            acknowledged = await self._slack.submit(form, {name: words.strip()})
            for error in form.errors.values():
                self._say(error)
            if acknowledged is None and not form.errors:
                self._say("We had some trouble connecting. Try again?")  # Slack's words
        await self._follow(episode)

    def _begin(self, run: str = "") -> Episode:
        self._calls = len(self._workspace.calls)
        return Episode(self._workspace.now(), self._thread, self._answers, run=run)

    async def _follow(self, episode: Episode) -> None:
        """Show what comes of something, as it grows; then all of it, with the figures."""
        view = Panels(self._console, is_numbered=self.has_keys) if self._has_screen else Lines(self._console)
        with view:
            if self.has_keys:
                await self._watch_with_keys(view, episode)
            else:
                await self._watch(view, episode)
        await self._read_whispers()
        changed = episode.choose_changed(self._answers)
        if not changed:
            return
        view.show_end(self._set_scene(changed, self._caption), with_head=episode.changes_head(changed))
        calls = self._workspace.calls[self._calls :]
        errors = [call.error for call in calls if call.method in {"chat.update", "chat.postMessage"}]
        edits = sum(call.method == "chat.update" and not call.error for call in calls)
        figures = [*episode.time(changed), f"{edits} edits, {errors.count('ratelimited')} refusals by Slack's limits"]
        self._say("\n" + "\n".join(figures) + "\n")

    async def _watch(self, view: Panels | Lines, episode: Episode) -> None:
        """Show the thread whenever it has changed, until nothing more comes of what was done."""
        workspace = self._workspace
        while not episode.is_over(self._thread, self._answers) and not self._is_turned_away:
            try:
                async with asyncio.timeout(STANDSTILL):
                    await workspace.changed()
            except TimeoutError:
                return
            if self._thread:
                seconds = workspace.now() - episode.began
                view.show(self._set_scene(episode.choose(self._answers), f"{seconds:.0f} s"), seconds)

    async def _watch_with_keys(self, view: Panels | Lines, episode: Episode) -> None:
        """The same, until Ctrl-D at the most; what goes on can be stopped."""
        with self._keyboard.single_keys():
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._watch(view, episode)), group.create_task(self._stop_by_key())]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()

    async def _stop_by_key(self) -> None:
        """Press Stop whenever its key is pressed; return once the input has ended."""
        while (sign := await self._keyboard.key()) != END:
            for key in self.keys:
                if key.action == STOP and key.sign == sign.lower():
                    await self._slack.click(key.message, key.action)

    @property
    def _is_turned_away(self) -> bool:
        """Whether she was told something alone, and nothing goes on beside."""
        is_told = len(self._workspace.whispers) > self._whispers
        return is_told and not any(has_button(message, STOP) for message in self._thread)

    async def _read_whispers(self) -> None:
        if len(self._workspace.whispers) > self._whispers:
            await asyncio.sleep(LAST_WHISPERS)
        for whisper in self._workspace.whispers[self._whispers :]:
            # No line of it is broken: a problem that is given back is there to be copied.
            self._say(f"Only ada sees this: {read_whisper(whisper)}", is_broken=False)
        self._whispers = len(self._workspace.whispers)

    @property
    def _thread(self) -> list[Message]:
        messages = self._workspace.messages[self._place :]
        return self._workspace.thread(messages[0].channel, messages[0].ts) if messages else []

    @property
    def _answers(self) -> list[Shown]:
        return read_answers(self._thread, self._names)

    @property
    def _caption(self) -> str:
        is_open = any(has_button(message, STOP) for message in self._thread[:1])
        return "the parent" if is_open else "the parent, now the index"

    def _set_scene(self, answers: list[Shown], caption: str) -> Scene:
        stop = [key for key in self.keys if key.action == STOP]
        keys = f"{describe(stop)} · Ctrl-C ends" if stop else ""
        return Scene(read_head(self._thread[0], self._names), caption, answers, keys)

    def _say(self, text: str, end: str = "\n", *, is_broken: bool = True) -> None:
        """Print a text; what is too long for a line of the terminal is broken between words, where it may be."""
        soft_wrap = not (is_broken and self._has_screen)
        self._console.print(text, end=end, markup=False, highlight=False, soft_wrap=soft_wrap)
