"""The errors of a build are read first and alone, whoever starts the app."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import run_command

WRONG = """\
from framework import App, Controller, get


class Items(Controller):
    @get("/items")
    async def search(self, page) -> str:
        return page


app = App([Items])
"""
BUILT = f"{WRONG}app.build()\n"
MESSAGES = (
    "Items.search (shop.py:5), parameter 'page': it has no type annotation.\n"
    "  Hint: annotate it, for example page: int.\n"
    "1 error in the application."
)
EXPLAINED = "\nExplained by: framework explain E101"
HINT = f" (FRAMEWORK_TRACEBACK=1 shows the traceback){EXPLAINED}"


def start(folder: Path, source: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder that has ``shop.py``."""
    (folder / "shop.py").write_text(source, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  ours


@pytest.mark.parametrize("arguments", [("-m", "shop"), ("shop.py",), ("-c", "import shop")])
def test_python(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Nothing but the messages, how the traceback is seen, and the codes in the last line."""
    found = start(tmp_path, BUILT, *arguments)
    assert (found.stderr, found.stdout, found.returncode) == (f"{MESSAGES}{HINT}\n", "", 1)


@pytest.mark.parametrize("source", [WRONG, BUILT])
def test_the_command(tmp_path: Path, source: str) -> None:
    """``framework check`` prints the same, whether the module builds its app or not."""
    (tmp_path / "shop.py").write_text(source, encoding="utf-8")
    assert run_command(tmp_path, "check", "shop:app") == (1, "", f"{MESSAGES}{EXPLAINED}\n")


def shows_everything(errors: str) -> bool:
    """Tell whether the frames of the framework are printed too."""
    return "Exception Group Traceback (most recent call last)" in errors and "in plan_application" in errors


def test_the_traceback_is_one_setting_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it everything is printed, by Python and by the command."""
    found = start(tmp_path, BUILT, "-m", "shop", FRAMEWORK_TRACEBACK="1")
    assert (shows_everything(found.stderr), found.returncode) == (True, 1)
    monkeypatch.setenv("FRAMEWORK_TRACEBACK", "1")
    checked = run_command(tmp_path, "check", "shop:app")
    assert (shows_everything(checked.errors), checked.status) == (True, 1)


def test_another_hook_sees_the_errors_too(tmp_path: Path) -> None:
    """That of an error tracker, which was there before; other exceptions are its alone."""
    before = "import sys\nsys.excepthook = lambda kind, error, _: print(kind.__name__, len(error.exceptions))\n"
    found = start(tmp_path, f"{before}{BUILT}", "shop.py")
    assert found.stdout == "DefinitionErrors 1\n"
    assert found.stderr == f"{MESSAGES}{HINT}\n".replace("shop.py:5", "shop.py:7")


def test_other_exceptions_are_printed_as_ever(tmp_path: Path) -> None:
    """Also after a build that failed."""
    source = f"{WRONG}try:\n    app.build()\nexcept ExceptionGroup:\n    pass\n1 / 0\n"
    found = start(tmp_path, source, "shop.py")
    assert found.stderr.startswith("Traceback (most recent call last):\n")
    assert found.stderr.endswith("ZeroDivisionError: division by zero\n")
