"""The command as a whole: quick to start, and its simple commands."""

import json
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from framework import __version__
from framework.cli.main import command
from tests.cli.conftest import SHOP, Run, Write, run_python
from tests.forked import run_command

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
        "commands",
        "completion",
        "config",
        "dev",
        "explain",
        "jobs",
        "make",
        "new",
        "openapi",
        "routes",
        "run",
        "shell",
    ]


def test_mistakes_are_told_all_at_once(run: Run, write: Write) -> None:
    """Each is told as App.build() tells it, then their number; the exit code is 1."""
    write("shop.py", MISTAKEN)

    code, out, err = run("check", "shop:app")

    assert (code, out) == (1, "")
    assert err == (
        "Orders.show (shop.py:5), parameter 'order': it has no type annotation.\n"
        "  Hint: annotate it, for example order: int.\n"
        "Orders.show (shop.py:5), parameter 'number': it has no type annotation.\n"
        "  Hint: annotate it, for example number: int.\n"
        "Orders.search (shop.py:9): it has no return annotation.\n"
        "  Hint: annotate the return type, for example -> Order, or -> None for 204 No Content.\n"
        "3 errors in the application.\n"
        "Explained by: framework explain E101 E102\n"
    )


def test_broken_templates_are_told(run: Run, write: Write) -> None:
    """`framework check` compiles the templates, as App.build() does."""
    write("pages/list.html", "<ul>\n{{ url_for('Orders.shw', number=1) }}</ul>")
    write(
        "shop.py",
        SHOP.replace("App([Orders],", "App([Orders], container=container,").replace(
            "app = App",
            "from framework import Container\nfrom framework.templating import Templates\n"
            'container = Container()\ncontainer.add_instance(Templates, Templates("pages"))\napp = App',
        ),
    )

    code, out, err = run("check", "shop:app")

    assert (code, out) == (1, "")
    assert err == (
        "pages/list.html:2: url_for: no route of this app is 'Orders.shw'.\n"
        "  Hint: write 'Orders.show'.\n"
        "1 error in the application.\n"
        "Explained by: framework explain E802\n"
    )


@pytest.mark.parametrize("words", [("routes",), ("openapi",), ("client", "python"), ("check",)])
def test_mistakes_met_while_importing_are_told_as_well(run: Run, write: Write, words: tuple[str, ...]) -> None:
    """A module that builds its app itself is no other case, for any command."""
    write("shop.py", f"{MISTAKEN}web_app = app.build()\n")

    code, out, err = run(*words, "shop:app")

    assert (code, out) == (1, "")
    assert err.endswith("3 errors in the application.\nExplained by: framework explain E101 E102\n")
    assert "Traceback" not in err


def test_routes_are_listed(run: Run, write: Write) -> None:
    """Method, path, handler and name stand in a table; the document's own pages do not."""
    write("shop.py", SHOP)

    assert run("routes", "shop:app") == (
        0,
        "METHOD  PATH              HANDLER                   NAME         ACCESS\n"
        "GET     /orders/{number}  Orders.show (shop.py:15)  Orders.show  everybody\n",
        "",
    )
    assert json.loads(run("routes", "shop:app", "--json").out) == [
        {
            "method": "GET",
            "path": "/orders/{number}",
            "name": "Orders.show",
            "handler": "Orders.show (shop.py:15)",
            "tags": [],
            "in_document": True,
            "metadata": {},
            "access": [],
        }
    ]


COVERED = """\
from aiohttp import web
from framework import App, Controller, Request, get
from framework.http_errors import Unauthorized
from framework.security import public


async def closed(request: Request) -> None:
    raise Unauthorized


class Orders(Controller):
    @get("/orders")
    async def search(self) -> str:
        return ""

    @public
    @get("/open")
    async def open(self) -> str:
        return ""


async def metrics(request):
    return web.Response()


app = App([Orders], default_guard=closed)
web_app = web.Application()
web_app.router.add_get("/metrics", metrics)
app.attach(web_app)
"""


def test_what_a_default_guard_covers(run: Run, write: Write) -> None:
    """The routes show what a request must pass, and the check lists aiohttp's own, which nothing stands before."""
    write("shop.py", COVERED)

    assert run("routes", "shop:app").out == (
        "METHOD  PATH     HANDLER                     NAME           ACCESS\n"
        "GET     /open    Orders.open (shop.py:16)    Orders.open    everybody\n"
        "GET     /orders  Orders.search (shop.py:12)  Orders.search  closed\n"
    )
    assert run("check", "shop:app").out == (
        "No errors; 2 routes.\n"
        "default_guard does not cover GET /metrics, a route of aiohttp's own.\n"
        "default_guard does not cover HEAD /metrics, a route of aiohttp's own.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("destroy",), "Error: No such command 'destroy'."),
        (("chek",), "Error: No such command 'chek'. Did you mean check?"),
        (("check", "--secrity"), "Error: No such option '--secrity'. Did you mean '--security'?"),
        (("--versoin",), "Error: No such option '--versoin'. Did you mean '--version'?"),
    ],
)
def test_unknown_commands_and_options_are_usage_errors(run: Run, words: tuple[str, ...], said: str) -> None:
    """The exit code is 2, and names that are near are suggested."""
    code, _, err = run(*words)

    assert code == 2
    # Older releases of click write options without quotes, and with a parenthesis.
    assert said.replace("'", "") in err.replace("'", "").replace("(Possible options: ", "Did you mean ").replace(
        ")", "?"
    )


METRICS = SHOP.replace(
    "from framework import",
    "from prometheus_client import Counter\n\nfrom framework.telemetry import Metrics\nfrom framework import",
).replace("app = App([Orders],", "SOLD = Counter('sold', 'Sold.')\napp = App([Orders], observers=[Metrics()],")


# Each command in a process of its own, in which prometheus_client is imported by the app.
EACH = """\
import os
import sys
from pathlib import Path

import framework.cli.finding
from framework.cli.main import command

assert "prometheus_client" not in sys.modules
metrics = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
for is_there in (False, True):
    if is_there:
        metrics.mkdir()
    for words in ("check", "routes", "openapi", "explain GET /orders/7"):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            command([*words.split(" "), "shop:app"], prog_name="framework")
        print(words, "has ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        assert metrics.exists() == is_there
"""


def test_the_folder_of_metrics_is_neither_required_nor_used(
    folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is served, so nothing is counted; the variable is that of production, whose server makes the folder."""
    write("shop.py", METRICS)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder / "metrics"))

    done = run_python("-c", EACH, cwd=folder)

    assert (done.code, done.err, done.out.count("has ended with 0\n")) == (0, "", 8)
    assert list((folder / "metrics").iterdir()) == []


def test_the_version(run: Run) -> None:
    """The distribution, and the Python that runs it."""
    assert run("--version") == (0, f"framework-aiohttp {__version__}, Python {platform.python_version()}\n", "")


COMMANDS = [
    ("check",),
    ("check", "--security", "--ignore", "no-default-guard"),
    ("routes",),
    ("routes", "--why", "GET", "/orders/7"),
    ("explain", "GET", "/orders/7"),
    ("config",),
    ("commands",),
    ("shell", "--plain"),
    ("openapi",),
    ("openapi", "write"),
    ("client", "python"),
]
# These go on, change something, or require Node.js or a database, if there is an app.
OTHERS = [
    ("asyncapi",),
    ("run", "--port", "0"),
    ("client", "typescript"),
    ("jobs", "discard", "--id", "1"),
    ("jobs", "doctor"),
    ("jobs", "document"),
    ("jobs", "list"),
    ("jobs", "pause", "mails"),
    ("jobs", "resume", "mails"),
    ("jobs", "retry", "--id", "1"),
    ("jobs", "run"),
    ("jobs", "run-now", "--id", "1"),
    ("jobs", "show", "1"),
]
# Its errors are printed by other processes; tests/cli/test_dev_reload.py has them.
DEV = ("dev",)
SETTINGS = """\
import sys
from framework.settings import SettingsError, read_settings


class Settings(Struct):
    port: int


"""
EXITING = """\
try:
    read_settings(Settings, {})
except SettingsError as error:
    sys.exit(str(error))
"""
MORE = """\
class More(Controller):
    @get("/more")
    async def more(self): ...


app = App([More])
"""
# What is appended to the shop, what is named, and then the exit code and the lines.
BROKEN: dict[str, tuple[str, str, int, Sequence[str]]] = {
    "not found": ("", "shop:ap", 2, ("Error: shop has no ap; name one that it has: app.",)),
    "no module": (
        "",
        "shob:app",
        2,
        (
            "Error: no module shob is found; "
            "correct its name, or run the command in the folder that it is imported from.",
        ),
    ),
    "an exception": (
        "raise OSError('no disk')\n",
        "shop:app",
        2,
        ("Error: shop cannot be imported: OSError: no disk (shop.py:22); fix it there.",),
    ),
    "an error in the app": (
        MORE,
        "shop:app",
        1,
        (
            "More.more (shop.py:23): it has no return annotation.",
            "  Hint: annotate the return type, for example -> Order, or -> None for 204 No Content.",
            "1 error in the application.",
            "Explained by: framework explain E102",
        ),
    ),
    "an error in a call": (
        "app = App([Orders], title='Shop')\n",
        "shop:app",
        1,
        (
            "App (shop.py:22): App has no option title=.",
            "  Hint: write it as openapi=OpenAPI(title=…).",
            "1 error in the application.",
            "Explained by: framework explain E501",
        ),
    ),
    "a wrong setting": (
        f"{SETTINGS}read_settings(Settings, {{'PORT': 'x'}})\n",
        "shop:app",
        1,
        (
            "PORT: expected `int`.",
            "  Hint: write an integer in its range.",
            "1 error in the settings.",
            "Explained by: framework explain E901",
        ),
    ),
    "an exit because of a wrong setting": (
        SETTINGS + EXITING,
        "shop:app",
        1,
        (
            "PORT: it is not set.",
            "  Hint: set it, or PORT_FILE to the path of a file that contains it.",
            "1 error in the settings.",
            "Explained by: framework explain E901",
        ),
    ),
}


@pytest.mark.parametrize("words", [*COMMANDS, *OTHERS], ids=" ".join)
@pytest.mark.parametrize("case", BROKEN)
def test_every_command_with_an_app_that_is_not_found_or_broken(
    run: Run, write: Write, words: tuple[str, ...], case: str
) -> None:
    """The same lines and the same exit code, whatever the command is."""
    added, reference, code, said = BROKEN[case]
    file = write("shop.py", SHOP + added)

    if case == "an error in the app" and words == ("config",):
        # Nothing is built to list the settings.
        assert run(*words, reference).code == 0
        return
    done = run(*words, reference)

    assert (done.code, done.out) == (code, "")
    assert done.err.replace(str(file), "shop.py").splitlines() == [*said]


def leaves(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of all commands that have an app."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from leaves(found, *names, name)
        elif found is not None and {"app", "source", "words"} & {one.name for one in found.params}:
            yield (*names, name)


def test_the_tables_have_every_command_with_an_app() -> None:
    """A new one is added to COMMANDS, or to OTHERS."""
    assert isinstance(command, click.Group)
    tested = [*COMMANDS, *OTHERS, DEV]

    assert [one for one in leaves(command) if all(words[: len(one)] != one for words in tested)] == []


@pytest.mark.parametrize("words", [*COMMANDS, *OTHERS, DEV, ("make", "service", "x")], ids=" ".join)
@pytest.mark.parametrize(
    ("toml", "what"),
    [
        (None, "no app is named, and no pyproject.toml is found; "),
        ("[tool.other]\n", "no app is named, neither here nor in pyproject.toml; "),
        ("[tool\n", "pyproject.toml cannot be read: Expected ']' at the end of a table declaration "),
    ],
)
def test_every_command_without_an_app(
    run: Run, write: Write, folder: Path, words: tuple[str, ...], toml: str | None, what: str
) -> None:
    """One line, with the command that was entered; the exit code is 2."""
    if toml is not None:
        write("pyproject.toml", toml)

    code, out, err = run(*words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.replace(f"{folder}/", "").startswith(f"Error: {what}")


@pytest.mark.parametrize("words", [one for one in COMMANDS if one[:2] != ("check", "--security")], ids=" ".join)
def test_every_command_with_an_app(run: Run, write: Write, words: tuple[str, ...]) -> None:
    """It succeeds, and prints no error."""
    write("shop.py", SHOP)

    done = run(*words, "shop:app")

    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    "words", [("check",), ("routes",), ("routes", "--why", "GET", "/"), ("explain", "GET", "/")], ids=" ".join
)
def test_errors_as_json(run: Run, write: Write, words: tuple[str, ...]) -> None:
    """With ``--json`` a machine reads the errors of the app too."""
    write("shop.py", MISTAKEN)

    code, out, err = run(*words, "shop:app", "--json")

    assert (code, err) == (1, "")
    assert json.loads(out)["errors"][2] == {
        "code": "E102",
        "where": "Orders.search (shop.py:9)",
        "what": "it has no return annotation",
        "hint": "annotate the return type, for example -> Order, or -> None for 204 No Content",
    }


def test_python_runs_the_command(tmp_path: Path) -> None:
    """``python -m framework`` is the command, with its exit codes."""
    (tmp_path / "shop.py").write_text(SHOP)

    assert run_python("-m", "framework", "check", "shop:app", cwd=tmp_path) == (0, "No errors; 1 route.\n", "")
    assert run_command(tmp_path, "check", "shop:x").status == 2


def test_the_command_is_installed() -> None:
    """The entry point leads to the function that runs the command."""
    import tomllib

    settings = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())

    assert settings["project"]["scripts"] == {"framework": "framework.cli.main:main"}
    assert callable(sys.modules["framework.cli.main"].main)


@pytest.mark.parametrize("words", [("--help",), ("--nonsense",), ("-h",), ("--version",)])
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
