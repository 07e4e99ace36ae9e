"""What a model's answers are like: problems are asked through the engine's door, and their answers are counted.

    uv run python -m tests.benchmarks.answers [--quick | --problems N] [--save FILE]
    uv run python -m tests.benchmarks.answers --from FILE
    uv run python -m tests.benchmarks.answers --local

It asks the model that the bot would ask: OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL are the bot's own settings.
That are eighty completions, for twenty problems. With --local it asks the playground's small model, which has
instructions of its own: that proves that the whole runs, and nothing about the prompts. Figures of two runs can be
compared where both asked the same problems; one draw of each is a direction, not a fact.

It ends with 1 where nothing came at all, and with 2 where a setting or a file is wrong.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.engine.completions import Completions
from bot.engine.perspectives import PERSPECTIVES, Perspective
from bot.errors import BotError, SettingsError, find_leaf
from bot.network.tls import make_context
from bot.playground.model import LocalModel
from bot.playground.prompts import simplify
from bot.settings import Settings, read_environment, read_settings
from tests.benchmarks.answers.asking import ask_all
from tests.benchmarks.answers.problems import PROBLEMS, Problem
from tests.benchmarks.answers.records import Asked, RecordsError, Run
from tests.benchmarks.answers.report import count, report, tell_each

QUICK = 4  # problems: English twice, Japanese, and both in one
LOCAL = 2  # problems of the local model, which knows English only
AT_ONCE = 4  # problems
NO_SLACK = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_APP_TOKEN": "xapp-none"}  # settings that nobody uses here


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask or read, count, and print; the exit code."""
    options = _read_arguments(arguments)
    try:
        run = _read(options.read) if options.read else _ask(options)
    except RecordsError as error:
        return _fail(f"{options.read}: {error}", 2)
    except OSError as error:  # of the file that is named; what the network does is a state of an answer
        return _fail(f"{error.filename}: {error.strerror}.", 2)
    except (BotError, BaseExceptionGroup) as error:
        leaf = find_leaf(error)
        if not isinstance(leaf, BotError):
            raise
        return _fail(str(leaf), 2 if isinstance(leaf, SettingsError) else 1)
    counted = count(run)
    _print(report(run.model, counted))
    if options.each:
        _print(f"\n{tell_each(counted)}")
    if not any(one.form for one in counted):
        return _fail("Nothing came that could be counted.", 1)
    return 0


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.answers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} problems")
    parser.add_argument("--problems", type=_read_number, metavar="N", help="the first N problems")
    parser.add_argument("--at-once", type=_read_number, metavar="N", default=AT_ONCE, help="problems at a time")
    parser.add_argument("--local", action="store_true", help=f"ask the playground's model, {LOCAL} problems")
    parser.add_argument("--each", action="store_true", help="say of each answer which faults it has")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the answers down, each time one more is there")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="read", help="count what --save has written")
    return parser.parse_args(arguments)


def _read_number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("it takes a whole number from 1 on")
    return int(text)


def _read(path: Path) -> Run:
    try:
        return Run.read(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise RecordsError("It is no text in UTF-8.") from error


def _ask(options: argparse.Namespace) -> Run:
    environment = read_environment()
    number = options.problems or (LOCAL if options.local else QUICK if options.quick else len(PROBLEMS))
    problems = PROBLEMS[:number]
    if not options.local:
        settings = read_settings({**environment, **NO_SLACK})
        _try_to_write(options.save)
        return asyncio.run(ask_all_of(settings, PERSPECTIVES, problems, options.at_once, options.save))
    _try_to_write(options.save)
    path = environment.get("LOCAL_MODEL_PATH", "").strip()
    with LocalModel(Path(path) if path else None) as local:
        return asyncio.run(_ask_local(local, environment, problems, options.save))


def _try_to_write(file: Path | None) -> None:
    """Find out before answers are paid for."""
    if file:
        file.touch()


async def _ask_local(
    local: LocalModel, environment: dict[str, str], problems: Sequence[Problem], file: Path | None
) -> Run:
    address = await local.wait_until_ready()
    model = {
        "OPENAI_API_KEY": address.api_key,
        "OPENAI_BASE_URL": address.base_url,
        "OPENAI_MODEL": address.name,
    }
    settings = read_settings({**environment, **NO_SLACK, **model})
    # It answers four at a time; a fifth would wait for its first token.
    return await ask_all_of(settings, [simplify(one) for one in PERSPECTIVES], problems, 1, file)


async def ask_all_of(
    settings: Settings,
    perspectives: Sequence[Perspective],
    problems: Sequence[Problem],
    at_once: int,
    file: Path | None,
) -> Run:
    """Ask the model of the settings, tell a person how far it is, and keep in `file` what has come so far."""

    def tell(told: Sequence[Asked]) -> None:
        asked = told[-1]
        states = ", ".join(f"{one.perspective} {one.state.value} {one.seconds:.1f} s" for one in asked.answers)
        _tell(f"{len(told)} of {len(problems)}: {asked.problem.key}: {states}")
        if file:
            file.write_text(Run(settings.openai_model, told).write(), encoding="utf-8")

    async with Completions(
        api_key=settings.openai_api_key,
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        idle_timeout=settings.openai_stream_idle_timeout,
        max_streams=at_once * len(perspectives),
        proxy=settings.proxies.find(settings.openai_base_url),
        tls=make_context(),
    ) as model:
        asked = await ask_all(problems, model=model, perspectives=perspectives, at_once=at_once, tell=tell)
    return Run(settings.openai_model, asked)


def _print(text: str) -> None:
    print(text)  # noqa: T201 - a person reads it


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a person waits


def _fail(line: str, code: int) -> int:
    _tell(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
