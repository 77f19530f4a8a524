"""Runs the command in a folder of its own, as a user does."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
from click.testing import CliRunner

from framework.cli.main import command

SHOP = '''\
"""A shop."""

from msgspec import Struct

from framework import App, Controller, OpenAPI, get


class Order(Struct):
    """An order."""

    number: int


class Orders(Controller):
    @get("/orders/{number}")
    async def show(self, number: int) -> Order:
        """Return an order."""
        return Order(number)


app = App([Orders], openapi=OpenAPI(title="Shop", version="1.0"))
'''


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Done]
Write: TypeAlias = Callable[[str, str], Path]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a new folder, and forget afterwards what was imported from it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        # A folder without __init__.py has places, and no file.
        module = sys.modules[name]
        if str(tmp_path) in f"{getattr(module, '__file__', '')}{list(getattr(module, '__path__', ()))}":
            del sys.modules[name]


@pytest.fixture
def write(folder: Path) -> Write:
    """Write a file of the user's."""

    def write_file(name: str, text: str) -> Path:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write_file


@pytest.fixture
def run(folder: Path) -> Run:
    """Run the command in the folder."""
    assert folder == Path.cwd()

    def run_command(*words: str) -> Done:
        result = CliRunner().invoke(command, words, prog_name="framework", catch_exceptions=False)
        return Done(result.exit_code, result.stdout, result.stderr)

    return run_command


def run_python(*words: str, cwd: Path) -> Done:
    """Run Python in a process of its own, with this copy of the framework."""
    path = os.pathsep.join(one for one in (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")) if one)
    done = subprocess.run(  # noqa: S603  fixed words
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
