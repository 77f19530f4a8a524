"""The command as a whole: quick to start, and its simple commands."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SHOP, Run, Write, run_python

MISTAKEN = """\
from framework import App, Controller, get


class Orders(Controller):
    @get("/orders/{number}")
    async def show(self, order, number) -> int:
        return 1

    @get("/all")
    async def search(self):
        return 1


app = App([Orders])
"""


def test_help_lists_the_commands(run: Run) -> None:
    """Every command is told with what it does."""
    code, out, _ = run("--help")

    assert code == 0
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines()] == [
        "asyncapi",
        "check",
        "client",
        "openapi",
        "routes",
    ]


def test_mistakes_are_told_all_at_once(run: Run, write: Write) -> None:
    """Each is told as App.build() tells it, then their number; the exit code is 1."""
    write("shop.py", MISTAKEN)

    code, out, err = run("check", "shop:app")

    assert (code, out) == (1, "")
    assert err == (
        "Orders.show (shop.py:5), parameter 'order': it has no type annotation.\n"
        "  Hint: say what it takes, for example order: int.\n"
        "Orders.show (shop.py:5), parameter 'number': it has no type annotation.\n"
        "  Hint: say what it takes, for example number: int.\n"
        "Orders.search (shop.py:9): it has no return annotation.\n"
        "  Hint: say what is answered, for example -> Order, or -> None for 204 No Content.\n"
        "3 mistakes in the application.\n"
    )


@pytest.mark.parametrize("words", [("routes",), ("openapi",), ("client", "python"), ("check",)])
def test_mistakes_met_while_importing_are_told_as_well(run: Run, write: Write, words: tuple[str, ...]) -> None:
    """A module that builds its app itself is no other case, for any command."""
    write("shop.py", f"{MISTAKEN}web_app = app.build()\n")

    code, out, err = run(*words, "shop:app")

    assert (code, out) == (1, "")
    assert err.endswith("3 mistakes in the application.\n")
    assert "Traceback" not in err


def test_routes_are_listed(run: Run, write: Write) -> None:
    """Method, path, handler and name stand in a table; the document's own pages do not."""
    write("shop.py", SHOP)

    assert run("routes", "shop:app") == (
        0,
        "METHOD  PATH              HANDLER                   NAME\n"
        "GET     /orders/{number}  Orders.show (shop.py:15)  Orders.show\n",
        "",
    )


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    """Click's own words tell it; the exit code is 2."""
    code, _, err = run("destroy")

    assert code == 2
    assert "No such command 'destroy'" in err


def test_python_runs_the_command(tmp_path: Path) -> None:
    """``python -m framework`` is the command, with its exit codes."""
    (tmp_path / "shop.py").write_text(SHOP)

    assert run_python("-m", "framework", "check", "shop:app", cwd=tmp_path) == (0, "No mistakes; 1 route.\n", "")
    assert run_python("-m", "framework", "check", "shop:x", cwd=tmp_path).code == 2


def test_the_command_is_installed() -> None:
    """The entry point leads to the function that runs the command."""
    import tomllib

    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert settings["project"]["scripts"] == {"framework": "framework.cli.command:main"}
    assert callable(sys.modules["framework.cli.command"].main)


@pytest.mark.parametrize("words", [("--help",), ("--nonsense",), ("-h",)])
def test_help_loads_nothing_that_is_slow(tmp_path: Path, words: tuple[str, ...]) -> None:
    """What the command is for is told without aiohttp, msgspec or the app."""
    write_app = tmp_path / "shop.py"
    write_app.write_text("raise RuntimeError")
    (tmp_path / "pyproject.toml").write_text('[tool.framework]\napp = "shop:app"\n')

    done = run_python("-X", "importtime", "-m", "framework", *words, cwd=tmp_path)

    # import time:  self [us] | cumulative | imported package
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.err.splitlines() if "|" in line}
    assert {"click", "framework"} <= loaded
    assert loaded & {"aiohttp", "msgspec", "apispec", "orjson", "asyncio", "yaml", "shop"} == set()
