"""How the command finds the app, and what it says where it does not."""

import sys

import pytest

import framework
from tests.cli.conftest import SHOP, Run, Write

FOUND = "No errors; 1 route.\n"
_NAME = "ImportError: cannot import name '{}' from 'framework' ({}) ({{shop}}:22); {}"
_MODULE = "ModuleNotFoundError: No module named '{}' ({{shop}}:22); {}"
IMPORTS = [
    *(
        (f"from framework import {name}", _NAME.format(name, framework.__file__, hint))
        for name, hint in [
            ("Contoller", "write Controller"),
            ("PasswordHasher", "import it from framework.security"),
            ("Depends", "leave it out: services are injected by the type of a parameter"),
            ("Nothing", "fix it there"),
        ]
    ),
    *(
        (f"import {name}", _MODULE.format(name, hint))
        for name, hint in [
            ("framwork", "write framework"),
            ("framework.securty", "write framework.security"),
            ("framework.nothing", "correct the name of the module"),
            ("no_such_package", "correct its name, or install the package that has it"),
        ]
    ),
]
"""Imports that fail, and what is said of them."""


def test_an_app_is_named(run: Run, write: Write) -> None:
    """``module:attribute`` names it; the current folder is importable."""
    write("shop/main.py", SHOP)

    assert run("check", "shop.main:app") == (0, FOUND, "")


def test_pyproject_names_the_app(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest pyproject.toml counts, and modules are found beside it."""
    write("shop/main.py", SHOP)
    write("pyproject.toml", '[tool.framework]\napp = "shop.main:app"\n')
    inner = write("shop/deeper/notes.txt", "").parent
    monkeypatch.chdir(inner)

    assert run("check") == (0, FOUND, "")


@pytest.mark.parametrize(
    ("added", "attribute"),
    [
        ("def make():\n    return app\n", "make"),
        ("class Holder:\n    app = app\n", "Holder.app"),
        ("class Made:\n    def __new__(cls):\n        return app\n", "Made"),
    ],
)
def test_an_app_may_be_made_or_held(run: Run, write: Write, added: str, attribute: str) -> None:
    """A function without parameters may return it, and a class may hold it."""
    write("shop.py", SHOP + added)

    assert run("check", f"shop:{attribute}") == (0, FOUND, "")


@pytest.mark.parametrize(
    ("added", "reference", "said"),
    [
        ("", "shop", "'shop' names no app; write it as module:attribute, for example shop:app"),
        ("", "shop:", "'shop:' names no app; write it as module:attribute, for example shop:app"),
        ("", ":app", "':app' names no app; write it as module:attribute, for example shop.main:app"),
        ("", "shop.py", "'shop.py' names no app; write it as module:attribute, for example shop:app"),
        (
            "",
            "./shop/main.py:api",
            "'./shop/main.py:api' names no app; write it as module:attribute, for example shop.main:api",
        ),
        (
            "",
            "shob:app",
            "no module shob is found; correct its name, or run the command in the folder that it is imported from",
        ),
        (
            "1 / 0\n",
            "shop:app",
            "shop cannot be imported: ZeroDivisionError: division by zero ({shop}:22); fix it there",
        ),
        ("", "shop:ap", "shop has no ap; name one that it has: app"),
        ("", "shop:app.x", "shop has no app.x; name one that it has: app"),
        (
            "",
            "shop:Order",
            "shop:Order() fails: TypeError: Missing required argument 'number'; fix it, or name an App",
        ),
        (
            "number = 3\n",
            "shop:number",
            "shop:number is of type int; name an App, or a function without parameters for one",
        ),
        (
            "def make():\n    return 3\n",
            "shop:make",
            "shop:make() is of type int; name an App, or a function without parameters for one",
        ),
        (
            "async def make():\n    return app\n",
            "shop:make",
            "shop:make() is of type coroutine; name an App, or a function without parameters for one",
        ),
        (
            "def make():\n    raise SystemExit('No settings')\n",
            "shop:make",
            "shop:make() fails: SystemExit: No settings ({shop}:23); fix it, or name an App",
        ),
        (
            "raise SystemExit(3)\n",
            "shop:app",
            "shop cannot be imported: SystemExit: 3 ({shop}:22); fix it there",
        ),
        *((f"{line}\n", "shop:app", f"shop cannot be imported: {said}") for line, said in IMPORTS),
        ("web = app.build()\n", "shop:web", "shop:web is what an app was built into; name the App itself"),
        (
            "make = app.build\n",
            "shop:make",
            "shop:make() returns what an app was built into; name what returns the App itself",
        ),
    ],
)
def test_what_is_named_is_no_app(run: Run, write: Write, added: str, reference: str, said: str) -> None:
    """One line says what is wrong and what to do; the exit code is 2."""
    file = write("shop.py", SHOP + added)

    code, out, err = run("routes", reference)

    assert (code, out, err) == (2, "", f"Error: {said.format(shop=file)}.\n")


def test_a_package_that_an_extra_installs(run: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint is the command that installs it."""
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    write("shop.py", "import sqlalchemy.orm\n")

    _, _, err = run("check", "shop:app")

    assert err.endswith("; pip install 'framework-aiohttp[sql]'.\n")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[project]\n", "no app is named, neither here nor in {file}; {write} there"),
        ("[tool.framework]\napp = 3\n", "no app is named, neither here nor in {file}; {write} there"),
        ("[tool]\nframework = 3\n", "no app is named, neither here nor in {file}; {write} there"),
        (
            "[tool",
            "{file} cannot be read: Expected ']' at the end of a table declaration (at end of document); "
            "fix it, or name the app",
        ),
    ],
)
def test_pyproject_names_none(run: Run, write: Write, toml: str, said: str) -> None:
    """The line says where it looked."""
    file = write("pyproject.toml", toml)

    written = 'name it as in "framework routes shop.main:app", or write app = "shop.main:app" under [tool.framework]'
    assert run("routes") == (2, "", f"Error: {said.format(file=file, write=written)}.\n")


def test_no_pyproject_at_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somewhere without one, there is nothing to go by."""
    monkeypatch.chdir("/")

    code, _, err = run("check")

    assert code == 2
    assert err.startswith("Error: no app is named, and no pyproject.toml is found; name it as in ")


@pytest.mark.parametrize("words", [("check",), ("run",), ("explain", "GET", "/tasks"), ("client", "python")])
def test_the_hint_has_the_command_that_was_entered(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """It can be copied, with its other arguments."""
    monkeypatch.chdir("/")

    assert f'name it as in "framework {" ".join(words)} shop.main:app", or write' in run(*words).err
