"""What the command imports: as little as its answer requires, so that it is quick to start."""

import json
import sys

import pytest

from tests.cli.conftest import Write, run_python

_APP = """\
from framework import App, Controller, get


class Tasks(Controller):
    @get("/")
    async def show(self) -> int:
        return 1


app = App([Tasks])
"""
_PROGRAM = """\
import json, sys
before = set(sys.modules)
sys.argv = ["framework", *sys.argv[1:]]
from framework.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""
_OF_ALL = {"click", "framework", "framework._version", "framework.cli", "framework.cli.main"}


def imported(*words: str, write: Write) -> set[str]:
    """Return the modules that a command imports, without those of Python, and of click all but the package."""
    file = write("todo.py", _APP)
    program = write("program.py", _PROGRAM)
    done = run_python(str(program), *words, cwd=file.parent)
    names: list[str] = json.loads(done.err.splitlines()[-1])
    of_python = sys.stdlib_module_names
    return {one for one in names if not one.startswith("click.") and one.partition(".")[0] not in of_python}


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["--help"], set()),
        (["--version"], set()),
        ([], set()),
        (["completion", "bash"], {"framework.cli.completion"}),
        (
            ["explain", "E101"],
            {
                "framework.cli.codes",
                "framework.cli.errors",
                "framework.cli.explaining",
                "framework.cli.reporting",
                "framework.startup",
            },
        ),
    ],
)
def test_commands_without_an_app_import_click_alone(write: Write, words: list[str], more: set[str]) -> None:
    """And their own module: neither aiohttp nor msgspec."""
    assert imported(*words, write=write) <= _OF_ALL | more


def test_a_project_is_made_without_aiohttp(write: Write) -> None:
    """Nothing is served."""
    found = {one.partition(".")[0] for one in imported("new", "--help", write=write)}

    assert found == {"click", "framework", "msgspec", "typing_extensions"}


def test_the_list_of_routes_imports_nothing_of_the_catalogue(write: Write) -> None:
    """Only what the app itself uses."""
    found = imported("routes", "todo:app", write=write)

    unused = ("security", "settings", "stores", "telemetry", "jobs.", "middleware", "templating", "testing")
    assert [one for one in found if one.startswith(tuple(f"framework.{name}" for name in unused))] == []
