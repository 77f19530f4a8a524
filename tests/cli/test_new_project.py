"""``framework new``: the names of projects, and their files. Generated projects are run in tests/deployment."""

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from packaging.requirements import Requirement

from app_template.settings import Settings
from framework._version import __version__
from framework.cli.errors import ToolError
from framework.cli.new.names import LONGEST_NAME, ProjectName, read_name
from framework.cli.new.project import minimal_project, shop_project, write_project
from framework.cli.new.template import Database, shop_files
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "app_template"
LONG = ProjectName("a" + "-b" * ((LONGEST_NAME - 2) // 2) + "c")


@pytest.mark.parametrize(
    ("text", "distribution", "package", "title"),
    [
        ("shop", "shop", "shop", "Shop"),
        ("my-shop", "my-shop", "my_shop", "My shop"),
        ("my_shop2", "my-shop2", "my_shop2", "My shop2"),
        ("a", "a", "a", "A"),
    ],
)
def test_names_of_projects(text: str, distribution: str, package: str, title: str) -> None:
    """The distribution has hyphens, and the package has underscores."""
    name = read_name(text)

    assert (name.distribution, name.package, name.title) == (distribution, package, title)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not a name of a project"),
        ("Shop", "'Shop' is not a name of a project"),
        ("2shop", "'2shop' is not a name of a project"),
        ("my shop", "'my shop' is not a name of a project"),
        ("../shop", "'../shop' is not a name of a project"),
        ("my--shop", "'my--shop' is not a name of a project"),
        ("shop-", "'shop-' is not a name of a project"),
        ("shop\n", r"'shop\n' is not a name of a project"),
        ("größe", "'größe' is not a name of a project"),
        ("s" * (LONGEST_NAME + 1), "has 31 characters; 30 are allowed"),
        ("class", "'class' is a keyword of Python; choose another name"),
        ("match", "'match' is a keyword of Python; choose another name"),
        ("json", "'json' is a module of Python's library; choose another name"),
        ("aiohttp", "'aiohttp' is the name of an installed package; choose another name"),
        ("app-template", "'app-template' is the name of an installed package; choose another name"),
        ("tests", "'tests' is the name of an installed package; choose another name"),
    ],
)
def test_other_names_are_refused(text: str, message: str) -> None:
    """A project of such a name could not be imported, or would hide another module."""
    with pytest.raises(ToolError) as caught:
        read_name(text)

    assert message in str(caught.value)


def test_a_refused_name_is_one_line(run: Run, folder: Path) -> None:
    """Nothing is written, and the exit code is 2."""
    assert run("new", "json") == (2, "", "Error: 'json' is a module of Python's library; choose another name.\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--minimal",), ("--database", "postgresql")])
def test_a_project_is_written(run: Run, folder: Path, options: tuple[str, ...]) -> None:
    """It is a new folder, whose files the last lines do not list but count."""
    code, out, err = run("new", "demo", *options)

    made = [one for one in (folder / "demo").rglob("*") if one.is_file()]
    assert (code, err) == (0, "")
    assert out.startswith(f"demo is written: {len(made)} files. Next:\n\n    cd demo\n")
    assert out.endswith("    make test\n    make run\n")
    assert ("docker compose up" in out) == (folder / "demo" / "compose.yaml").exists() == ("postgresql" in options)
    assert [one.name for one in folder.iterdir()] == ["demo"]
    assert all(one.stat().st_mode & 0o044 for one in made)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_exists_is_not_overwritten(run: Run, folder: Path, kind: str) -> None:
    """An empty folder is not either."""
    place = folder / "demo"
    if kind == "link":
        place.symlink_to(folder / "nowhere")
    elif kind == "folder":
        place.mkdir()
    else:
        place.write_text("mine")

    assert run("new", "demo") == (2, "", "Error: demo exists; choose another name, or remove it.\n")
    assert [one.name for one in folder.rglob("*")] == ["demo"]


def test_a_failure_leaves_nothing(folder: Path) -> None:
    """The project is written beside its place first."""
    with pytest.raises(ToolError, match="demo cannot be written"):
        write_project(folder / "demo", {"a": "", "a/b": ""})

    assert list(folder.iterdir()) == []


def test_a_minimal_project_has_no_database(run: Run) -> None:
    """The two options contradict each other."""
    code, _, err = run("new", "demo", "--minimal", "--database", "sqlite")

    assert code == 2
    assert err.endswith("Error: --minimal has no database; leave out one of the options\n")


# The template


def template_files() -> dict[str, str]:
    """Return the files of the template in the checkout that are released."""
    files = (one for one in TEMPLATE.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    return {
        one.relative_to(TEMPLATE).as_posix(): one.read_text(encoding="utf-8")
        for one in files
        if one.suffix not in {".md", ".db"}
    }


def comparable(path: str, text: str) -> tuple[list[str], list[str]]:
    """Return the imports of a file, sorted, and all of its other lines that are not empty."""
    lines = text.splitlines()
    if not path.endswith(".py"):
        return [], lines
    imports = [one for one in ast.parse(text).body if isinstance(one, ast.Import | ast.ImportFrom)]
    imported = {number for one in imports for number in range(one.lineno, (one.end_lineno or 0) + 1)}
    others = [line for number, line in enumerate(lines, start=1) if line and number not in imported]
    return sorted(map(ast.unparse, imports)), others


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_files_are_those_of_the_template(database: Database) -> None:
    """Each file is in the project under the same path, and has the same code under other names."""
    files = shop_files(ProjectName("app-template"), database)
    template = template_files()

    assert files.keys() == {f"app_template/{path}" for path in template}
    others = ["settings.py", "tests/conftest.py"] if database == "postgresql" else []
    changed = {"__init__.py", *others}
    for path, text in template.items():
        names = text.replace("SHOP_", "APP_").replace("shop.db", "app.db")
        written = files[f"app_template/{path}"]
        if path not in changed:
            assert comparable(path, written) == comparable(path, names.replace('"Shop"', '"App template"')), path


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("name", [ProjectName("a"), LONG], ids=["short", "long"])
def test_no_name_of_the_template_is_left(name: ProjectName, database: Database) -> None:
    """No line is too long either, and no placeholder is left."""
    for path, text in shop_project(name, database).items():
        assert "app_template" not in text, path
        assert "SHOP_" not in text, path
        assert not re.search(r"@[a-zA-Z]+@", text), path
        # Rows of tables are not wrapped, and ruff ignores lines with its own comments.
        long = [line for line in text.splitlines() if len(line) > 120 and "# noqa" not in line]
        assert long == [] or path.endswith(".md"), path
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_imports_are_in_sections() -> None:
    """Python's library, installed packages with the framework, then the project."""
    text = shop_files(ProjectName("my-shop"), "sqlite")["my_shop/orders/controller.py"]

    first, installed, own = text.split("\n\n")[1:4]
    assert first == "from typing import Annotated, TypeAlias"
    assert installed.splitlines() == [
        "from framework import App, Controller, Query, Response, get, post",
        "from framework.caching import Preconditions",
        "from framework.pagination import Page, Paging",
    ]
    assert all(line.startswith("from my_shop.") for line in own.splitlines())


def test_another_template_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name which is not the template of this version is not copied."""
    monkeypatch.setattr("framework.cli.new.template._TEMPLATE", "app_template.mails")

    with pytest.raises(ToolError, match=r"is not the one of this version: __init__\.py does not contain"):
        shop_files(ProjectName("demo"), "sqlite")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_example_of_variables_has_each_setting(database: Database) -> None:
    """.env.example names the variables that the settings read."""
    files = shop_project(ProjectName("demo"), database)

    names = [one.name for one in msgspec.structs.fields(Settings)]
    read = {"APP_ENV", "DATABASE_URL", *(f"APP_{one.upper()}" for one in names)}
    read -= {"APP_ENVIRONMENT", "APP_DATABASE_URL"}
    assert set(re.findall(r"^#([A-Z_]+)=", files[".env.example"], re.MULTILINE)) == read
    default = re.search(r'default="((?:sqlite|postgresql)\+[^"]+)"', files["demo/settings.py"])
    assert default is not None
    assert f"#DATABASE_URL={default[1]}\n" in files[".env.example"]


# Requirements


@pytest.mark.parametrize(
    "files", [minimal_project(LONG), shop_project(LONG, "sqlite"), shop_project(LONG, "postgresql")]
)
def test_the_requirements_are_those_of_the_framework(files: dict[str, str]) -> None:
    """The project requires a compatible version, and the tools that the template is tested by."""
    own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = own["optional-dependencies"]
    made = tomllib.loads(files["pyproject.toml"])

    (required,) = map(Requirement, made["project"]["dependencies"])
    assert required.specifier.contains(__version__)
    assert not required.specifier.contains("1.0")
    development = made["dependency-groups"]["dev"]
    used = {extra for one in (str(required), *development) for extra in Requirement(one).extras}
    assert used <= extras.keys()
    others = [one for one in development if not one.startswith("framework-aiohttp")]
    assert set(others) <= {*extras["test"], *extras["check"]}


def test_postgresql_is_an_extra() -> None:
    """A shop on PostgreSQL installs its driver in production, one on SQLite for its tests only."""
    requirements = {
        database: tomllib.loads(shop_project(LONG, database)["pyproject.toml"])["project"]["dependencies"][0]
        for database in ("sqlite", "postgresql")
    }

    allowed = f">={__version__},<0.2"
    first, second = "dev,dotenv,jobs,jwt,passwords", "redis,server,sql,telemetry,templating"
    assert requirements == {
        "sqlite": f"framework-aiohttp[{first},{second}]{allowed}",
        "postgresql": f"framework-aiohttp[{first},postgres,{second}]{allowed}",
    }


def test_every_file_of_the_package_is_in_its_wheel() -> None:
    """Files that are not modules are named in the project's package data."""
    files = shop_project(ProjectName("demo"), "sqlite")
    patterns = tomllib.loads(files["pyproject.toml"])["tool"]["setuptools"]["package-data"]["*"]

    data = [Path(one) for one in files if one.startswith("demo/") and not one.endswith(".py")]
    assert {one.name for one in data} >= {"py.typed", "script.py.mako"}
    for one in data:
        packages = [folder for folder in one.parents if f"{folder}/__init__.py" in files]
        assert packages, one
        assert any(one.match(pattern) for pattern in patterns), one
