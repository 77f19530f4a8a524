"""Commands of the app itself, with injected services."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Write
from tests.forked import run_command

SHOP = """\
from collections.abc import AsyncIterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from framework import App, Container, Controller, get
from framework.commands import Command
from framework.types import PositiveInt


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


class Session: ...


class Engine: ...


async def open_engine() -> AsyncIterator[Engine]:
    print("opened")
    try:
        yield Engine()
    finally:
        print("closed")


async def open_session(engine: Engine) -> AsyncIterator[Session]:
    yield Session()
    print("committed")


async def import_products(
    file: Annotated[Path, Meta(description="the file to read")],
    numbers: list[PositiveInt],
    session: Session,
    format: Annotated[Format, Meta(description="its format")] = Format.CSV,
    limit: int | None = None,
    dry_run: bool = False,
    tags: tuple[str, ...] = (),
) -> int:
    \"\"\"Import products from a file.

    Products that exist are replaced.
    \"\"\"
    print(repr(file), numbers, type(session).__name__, format.name, limit, dry_run, tags)
    return len(numbers)


def clean(session: Session) -> None:
    \"\"\"Remove what is old.\"\"\"
    print("cleaned")


def fail() -> None:
    raise LookupError("nothing to do")


class Orders(Controller):
    @get("/orders")
    async def show(self) -> str:
        return ""


container = Container()
container.add_singleton(Engine, open_engine)
container.add_scoped(Session, open_session)
app = App([Orders], container=container, commands=[import_products, Command(clean, name="clean-up"), fail])
"""
PYPROJECT = '[tool.framework]\napp = "shop:app"\n'


@pytest.fixture(autouse=True)
def shop(write: Write) -> Path:
    """Write an app with commands, which pyproject.toml names."""
    write("pyproject.toml", PYPROJECT)
    return write("shop.py", SHOP)


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("a.csv", "1"), "PosixPath('a.csv') [1] Session CSV None False ()"),
        (
            ("--dry-run", "a.csv", "1", "2", "--format", "json", "--limit=3", "--tags", "x", "--tags", "y"),
            "PosixPath('a.csv') [1, 2] Session JSON 3 True ('x', 'y')",
        ),
        (("--no-dry-run", "--", "-a", "1"), "PosixPath('-a') [1] Session CSV None False ()"),
    ],
)
def test_arguments_options_and_services(run: Run, words: tuple[str, ...], printed: str) -> None:
    """Parameters without a default are arguments, the others options; the result is the exit code."""
    code, out, err = run("import-products", *words)

    assert (code, err) == (printed.count("2]") + 1, "")
    assert out == f"opened\n{printed}\ncommitted\nclosed\n"


def test_a_plain_function_and_a_name(run: Run) -> None:
    """It runs in a worker thread; ``--app`` names the app where pyproject.toml does not."""
    assert run("clean-up") == (0, "opened\ncleaned\ncommitted\nclosed\n", "")
    Path("pyproject.toml").unlink()
    assert run("--app", "shop:app", "clean-up").code == 0
    assert run("--app", "shop:app", "routes").err.endswith(
        "Error: --app is for commands of the app; write framework routes shop:app\n"
    )
    code, _, err = run("clean-up")
    assert code == 2
    assert err.endswith("Error: No such command 'clean-up'.\n")


def test_all_errors_of_the_arguments(run: Run) -> None:
    """They are one usage error, and nothing is opened."""
    code, out, err = run("import-products", "a.csv", "1", "0", "x", "--limit", "many", "--format", "xml")

    assert (code, out) == (2, "")
    assert err.endswith(
        "Error: Invalid value for NUMBERS, value 2: Expected `int` >= 1\n"
        "Invalid value for NUMBERS, value 3: Expected `int`\n"
        "Invalid value for --format: Expected csv or json\n"
        "Invalid value for --limit: Expected `int | null`\n"
    )


def test_the_help_of_a_command(run: Run) -> None:
    """It is made of the docstring, the descriptions and the defaults."""
    code, out, _ = run("import-products", "--help")

    assert code == 0
    assert out == (
        "Usage: framework import-products [OPTIONS] FILE NUMBERS...\n\n"
        "  Import products from a file.\n\n"
        "  Products that exist are replaced.\n\n"
        "  FILE: the file to read\n\n"
        "Options:\n"
        "  --format [csv|json]       its format  [default: csv]\n"
        "  --limit LIMIT\n"
        "  --dry-run / --no-dry-run  [default: false]\n"
        "  --tags TAGS\n"
        "  -h, --help                Show this message and exit.\n"
    )


def test_the_list_of_commands(run: Run, write: Write) -> None:
    """As a table, as JSON, and for an app without any."""
    assert run("commands") == (
        0,
        "COMMAND          PARAMETERS                                                 HELP\n"
        "import-products  FILE NUMBERS... [--format] [--limit] [--dry-run] [--tags]  Import products from a file.\n"
        "clean-up                                                                    Remove what is old.\n"
        "fail\n",
        "",
    )
    listed = json.loads(run("commands", "--json").out)
    assert [one["name"] for one in listed] == ["import-products", "clean-up", "fail"]
    assert listed[0]["parameters"][0] == {
        "name": "file",
        "required": True,
        "repeated": False,
        "description": "the file to read",
    }
    write("bare.py", "from framework import App\n\napp = App()\n")
    assert run("commands", "bare:app").out == "The app has no commands of its own; App(commands=[...]) adds some.\n"


def test_misspelt_names(run: Run) -> None:
    """Names of both kinds are suggested."""
    assert run("clean-u").err.endswith("Error: No such command 'clean-u'. Did you mean clean-up or client?\n")
    assert run("import-prodcts").err.endswith("Did you mean import-products?\n")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (
            "1 / 0\n",
            2,
            "Error: shop cannot be imported: ZeroDivisionError: division by zero ({shop}:1); fix it there.\n",
        ),
        (
            SHOP.replace("def clean(session: Session)", "def clean(session)"),
            1,
            "clean (shop.py:54), parameter 'session': it has no type annotation.\n"
            "  Hint: annotate it, for example session: int.\n"
            "1 error in the application.\nExplained by: framework explain E101\n",
        ),
        (
            SHOP.replace('name="clean-up"', 'name="check"'),
            2,
            "Error: clean (shop.py:54) has the name of a command of the framework, check; "
            "give it another one: Command(function, name=...).\n",
        ),
        (
            SHOP.replace('    print("opened")\n', '    raise OSError("no database")\n'),
            2,
            "Error: a service of the app cannot be opened: OSError: no database ({shop}:25); correct it there.\n",
        ),
    ],
)
def test_an_app_that_is_broken(run: Run, write: Write, shop: Path, text: str, code: int, said: str) -> None:
    """The same lines and exit codes as for other commands."""
    write("shop.py", text)

    name = "fail" if "Command(clean" in text and 'name="check"' in text else "clean-up"
    assert run(name) == (code, "", said.format(shop=shop))


def test_a_broken_app_and_a_misspelt_name(run: Run, write: Write) -> None:
    """A name that is nearly that of a command of the framework is not looked for in the app."""
    write("shop.py", "1 / 0\n")

    code, _, err = run("chek")

    assert code == 2
    assert err.endswith("Error: No such command 'chek'. Did you mean check?\n")


def test_a_command_that_fails(tmp_path: Path) -> None:
    """Its exception is shown with the traceback, after the services are closed."""
    code, out, err = run_command(tmp_path, "fail")

    assert (code, out) == (1, "opened\nclosed\n")
    assert err.startswith("Traceback")
    assert err.endswith("LookupError: nothing to do\n")
