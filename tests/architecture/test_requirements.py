"""What is installed for work on the project: locked, complete, and nothing of one machine."""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS: Mapping[str, tuple[str, ...]] = {
    "core": (),
    "run": ("server", "sql", "yaml"),
    "test": ("test",),
    "check": ("check",),
}
PINNED = re.compile(r"^([a-z0-9-]+)==([^ ;]+)( ; .*)? \\$")


def locked(name: str) -> dict[str, str]:
    """Return the versions of a lock file."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return {found[1].replace("-", "."): found[2] for line in lines if (found := PINNED.match(line))}


def required(*extras: str) -> list[Requirement]:
    """Return what the project requires with these extras."""
    project = PROJECT["project"]
    found = [Requirement(one) for one in project["dependencies"]]
    for extra in extras:
        for one in map(Requirement, project["optional-dependencies"][extra]):
            found += required(*one.extras) if one.name == project["name"] else [one]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_what_the_project_requires(name: str) -> None:
    """Each requirement of pyproject.toml has a locked version that it allows; ``make lock`` writes them."""
    versions = locked(name)
    missing = [
        str(one)
        for one in required(*LOCKS[name])
        if (one.marker is None or one.marker.evaluate())
        and not one.specifier.contains(versions.get(re.sub("[-_.]+", ".", one.name.lower()), "0"), prereleases=True)
    ]
    assert missing == []


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_hashes_and_no_place(name: str) -> None:
    """Every line is a version with hashes, or a comment: no index, no folder, no address."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}")
    others = [
        line
        for line in text.splitlines()
        if not (PINNED.match(line) or line.lstrip().startswith("#") or digest.match(line))
    ]
    assert others == []
    assert re.search(r"==[^\n]*(?<! \\)\n", text) is None
    assert "://" not in text


def test_locks_agree() -> None:
    """A package has the same version in all lock files."""
    everything = locked("check")
    assert [name for name in LOCKS if not locked(name).items() <= everything.items()] == []


def test_build_requirements_are_locked() -> None:
    """The project is built with what is locked, not in an isolated environment."""
    lines = (ROOT / "requirements/build.in").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == PROJECT["build-system"]["requires"]


def test_every_test_of_the_core_has_a_room() -> None:
    """``make test ROOM=...`` leaves out no test file of startup and HTTP, and knows every folder of the framework."""
    printed = subprocess.run(
        ["make", "--no-print-directory", "rooms"],  # noqa: S607  as it is called by hand
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rooms = dict(line.split(": ", 1) for line in printed.splitlines())
    top = [one for one in (ROOT / "framework").iterdir() if (one / "__init__.py").exists()]
    inner = [one.parent for name in ("_compile", "_serve") for one in (ROOT / "framework" / name).glob("*/__init__.py")]
    assert rooms.keys() == {one.name.removeprefix("_") for one in (*top, *inner)} - {"serve"}
    files = {
        f"tests/{one}/{path.name}" for one in ("http", "startup") for path in (ROOT / "tests" / one).glob("test_*")
    }
    assert files - {word for words in rooms.values() for word in words.split()} == set()
