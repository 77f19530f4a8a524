"""The plugin: it is there without configuration, and costs nothing until a fixture is used."""

import subprocess
import sys
from pathlib import Path

from tests.forked import run_pytest

_OPTIONS = ["-p", "no:schemathesis", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"]
_LOOP = ["-o", "asyncio_default_fixture_loop_scope=function"]
_FORKED = ["-o", "asyncio_mode=auto", *_LOOP]
_APP = """
from framework import App, Controller, get

class Hello(Controller):
    @get("/hello")
    async def hello(self) -> str:
        return "hello"

app = App(controllers=[Hello])
"""


def _write(folder: Path, test: str, **files: str) -> None:
    for name, text in {"test_it": test, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def _run(folder: Path, test: str) -> tuple[int, str]:
    """Run a test with the plugins of the environment."""
    _write(folder, test)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *_OPTIONS, *_LOOP]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  fixed words
    return done.returncode, done.stdout + done.stderr


def test_nothing_is_imported_until_a_fixture_is_used(tmp_path: Path) -> None:
    """A project that has the framework installed pays for a module of functions."""
    code, told = _run(
        tmp_path,
        """
import sys

def test_unused():
    loaded = {one for one in sys.modules if one.startswith("framework")}
    assert loaded == {"framework", "framework.pytest_plugin"}
""",
    )
    assert code == 0, told


_USING = (
    _APP
    + """
async def test_hello(app_client, overrides, tasks, clock):
    client = await app_client(app)
    assert await client.call(Hello.hello) == "hello"
"""
)


def test_the_fixtures_are_there(tmp_path: Path) -> None:
    """Without a line in ``conftest.py``."""
    code, told = _run(tmp_path, _USING)
    assert code == 0, told


def test_the_fixtures_are_named(tmp_path: Path) -> None:
    """With the line in ``conftest.py`` that installations without plugins need."""
    _write(tmp_path, _USING, conftest='pytest_plugins = ["framework.testing.fixtures"]')
    done = run_pytest(tmp_path, *_FORKED)
    assert done.status == 0, done.printed


def test_tasks_after_the_client_are_an_error(tmp_path: Path) -> None:
    """The app is built before, so the tasks would run uncaptured."""
    _write(
        tmp_path,
        _APP
        + """
import pytest

@pytest.fixture
async def client(app_client):
    return await app_client(app)

async def test_hello(client, tasks):
    pass
""",
    )
    done = run_pytest(tmp_path, *_FORKED)
    assert done.status == 1
    assert (
        "tasks has no effect on an app that is built already; let its fixture come before the one that" in done.printed
    )
