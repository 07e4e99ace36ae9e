"""`python -m bot`, and its commands (see `bot.commands`): the boundary around these.

Laws:

- No command ever shows a traceback: it may quote what somebody wrote, and helps nobody at a terminal. Whatever
  happens, from the first import on, becomes an exit code and at most one line.
- A signal ends the process at any moment: while it still imports, this module's handler does that by itself.
- Nothing is imported before the handler is in place but the few small modules that the handler needs.
"""

import io
import os
import signal
import sys
from contextlib import suppress
from typing import ClassVar, NoReturn, cast

SIGNALS = (signal.SIGINT, signal.SIGTERM)
KILLED = 128  # plus the signal's number: the exit code of a program that a signal has ended, as shells count


def main() -> NoReturn:
    """Run the command of the process's arguments, and end the process with its exit code."""
    _open_standard_files()
    _quit_on_signals()
    sys.unraisablehook = lambda _: None  # its tracebacks come from destructors: nothing can be done about them
    code, line = _run()
    _quit_on_signals()
    output = _Output.failure or _flush(sys.stdout)
    if isinstance(output, BrokenPipeError):
        code, line = code or 1, ""  # whoever read the output wants no more of it
    elif output:
        code, line = 1, f"The output cannot be written: {output.strerror}."
    if line:
        _say(line)
    # Not by `sys.exit`: what libraries do at the interpreter's exit can hang and can show tracebacks.
    os._exit(code)


def _run() -> tuple[int, str]:
    """Run the command; its exit code, and a line for whoever runs it."""
    try:
        from bot.commands import run  # noqa: PLC0415 - an import that fails is caught here as well

        return run(), ""
    except SystemExit as ended:  # argparse has said why
        return (ended.code if isinstance(ended.code, int) else int(ended.code is not None)), ""
    except KeyboardInterrupt:
        return KILLED + signal.SIGINT, ""
    except BaseException as error:  # noqa: BLE001 - the process's boundary
        return _explain(error)


def _explain(error: BaseException) -> tuple[int, str]:
    """The exit code and the line for what has ended a command."""
    from bot.errors import BotError, SettingsError, describe, find_leaf  # noqa: PLC0415 - see above

    match leaf := find_leaf(error):
        case SettingsError():
            return 2, str(leaf)
        case BotError():
            return 1, str(leaf)
        case ImportError():
            words = " ".join(str(leaf).split())
            return 1, f"Something is not installed: {words}. `uv sync` installs all that the bot needs."
        case KeyboardInterrupt():
            return KILLED + signal.SIGINT, ""
        case MemoryError():
            return 1, "There is not enough memory."
    return 1, f"This is a fault of the bot's own; its developers need no more of it than this line: {describe(leaf)}"


def _open_standard_files() -> None:
    """Give what was started without an input or an output an empty one, and let none fail for a character.

    Else the first file that is opened would take the place of the one that is missing.
    """
    for number, mode in enumerate(("r", "w", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free
        name = ("stdin", "stdout", "stderr")[number]
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - it stays open
        getattr(sys, name).reconfigure(errors="replace")
    encoding, is_terminal = sys.stdout.encoding, sys.stdout.isatty()
    buffer = cast("io.TextIOWrapper", sys.stdout).detach()
    sys.stdout = _Output(buffer, encoding=encoding, errors="replace", line_buffering=is_terminal)


class _Output(io.TextIOWrapper):
    """The standard output, which remembers why it could not be written: what is raised may get lost on its way here."""

    failure: ClassVar[OSError | None] = None

    def write(self, text: str, /) -> int:
        """Write as any text file does."""
        try:
            return super().write(text)
        except OSError as error:
            _Output.failure = error
            raise

    def flush(self) -> None:
        """Flush as any text file does."""
        try:
            super().flush()
        except OSError as error:
            _Output.failure = error
            raise


def _quit_on_signals() -> None:
    """Let a signal end the process at once; nothing is open that would have to be closed."""
    arguments = sys.argv[1:]  # the bot has none

    def leave(number: int, _: object) -> None:
        is_open = arguments == ["demo"] or (arguments[:1] == ["demo"] and "--browser" in arguments)
        is_wanted = arguments[:1] in ([], ["web"]) or (is_open and number == signal.SIGINT)
        os._exit(0 if is_wanted else KILLED + number)

    for number in SIGNALS:
        signal.signal(number, leave)


def _flush(file: object) -> OSError | None:
    try:
        file.flush()  # type: ignore[attr-defined]
    except OSError as error:
        return error
    return None


def _say(line: str) -> None:
    with suppress(OSError):  # nobody can read it
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - a person reads it


if __name__ == "__main__":
    main()
