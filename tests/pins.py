# /// script
# requires-python = ">=3.11"
# ///
"""Pin every package that the project resolves to, on any system and any Python: for development, tests and deployments.

    uv run tests/pins.py                    # after a change of dependencies: add, drop, and change no other version
    uv run tests/pins.py --upgrade          # renew everything
    uv run tests/pins.py --upgrade openai   # renew these
    uv run tests/pins.py --check            # change nothing; code 1 where there is something to change

The pins stand in two places, which this writes together: as `constraint-dependencies` in pyproject.toml, which decide
what `uv run` installs, and in requirements.txt, hashed, for deployments with pip. uv's own lock file would do for the
first, but carries the addresses of the index that it was made with, and so is not committed.

The head of this file lets `uv run` start it outside the project, which may just then have no resolution.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^constraint-dependencies = \[\n(.*?)^\]\n", re.MULTILINE | re.DOTALL)
HASH = re.compile(r" \\\n    --hash=(\S+)")


def main() -> int:
    """Bring both files in line; the exit code."""
    parser = argparse.ArgumentParser(description="Pin every package that the project resolves to.")
    parser.add_argument("--check", action="store_true", help="change nothing; code 1 where something would change")
    parser.add_argument("--upgrade", nargs="*", metavar="NAME", help="renew everything, or what is named")
    wanted = parser.parse_args()
    project, requirements = ROOT / "pyproject.toml", ROOT / "requirements.txt"
    before = project.read_text(encoding="utf-8"), requirements.read_text(encoding="utf-8")
    try:
        after = pin(before[0], _lifted(before[0], wanted.upgrade))
    except subprocess.CalledProcessError as error:
        hint = "Where a pin stands in the way, --upgrade with its package's name lifts it."
        sys.stderr.write(f"{error.stderr}{hint}\n")
        return 1
    if wanted.check:
        is_same = before[0] == after[0] and agree(before[1], after[1])
        sys.stderr.write("" if is_same else "The pins are not what the project resolves to: uv run tests/pins.py\n")
        return 0 if is_same else 1
    project.write_text(after[0], encoding="utf-8")
    requirements.write_text(after[1], encoding="utf-8")
    return 0


def pin(project: str, lifted: set[str]) -> tuple[str, str]:
    """Resolve the project without the pins of the packages named; the texts of pyproject.toml and requirements.txt.

    Raises:
        subprocess.CalledProcessError: there is no resolution; its `stderr` says why.
    """
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory, "pyproject.toml")
        copy.write_text(_with_pins(project, [line for line in _pins(project) if _name(line) not in lifted]), "utf-8")
        _uv(directory, "lock")
        lines = _uv(directory, "export", "--all-groups", "--no-hashes").splitlines()
        names = [_name(line) for line in lines]
        # A marker is needed where a package stands twice, in versions for different Pythons.
        pins = [line if names.count(_name(line)) > 1 else line.partition(" ;")[0] for line in lines]
        pinned = _with_pins(project, pins)
        copy.write_text(pinned, "utf-8")
        _uv(directory, "lock")
        return pinned, _uv(directory, "export", "--no-default-groups")


def agree(old: str, new: str) -> bool:
    """Do two texts of requirements.txt pin the same? The old may lack files that a release was given later."""
    return HASH.sub("", old) == HASH.sub("", new) and set(HASH.findall(old)) <= set(HASH.findall(new))


def _lifted(project: str, upgrade: list[str] | None) -> set[str]:
    if upgrade is None:
        return set()
    return set(upgrade) or {_name(line) for line in _pins(project)}


def _pins(project: str) -> list[str]:
    block = BLOCK.search(project)
    return [json.loads(line.strip(" ,")) for line in block[1].splitlines()] if block else []


def _with_pins(project: str, pins: list[str]) -> str:
    lines = "".join(f'    "{line}",\n' for line in pins)
    return BLOCK.sub(lambda _: f"constraint-dependencies = [\n{lines}]\n", project)


def _name(line: str) -> str:
    return line.partition("==")[0]


def _uv(directory: str, command: str, *options: str) -> str:
    quiet = ["--no-emit-project", "--no-header", "--no-annotate"] if command == "export" else []
    uv = os.environ.get("UV", "uv")  # as `uv run` names itself
    how = [uv, command, *quiet, *options]
    return subprocess.run(how, cwd=directory, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ours


if __name__ == "__main__":
    sys.exit(main())
