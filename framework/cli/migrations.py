"""Compares the tables of the code with those that the migrations of Alembic make, for ``framework check``.

The migrations run in an empty database, by default one of SQLite in memory; the database of the app is not used.
"""

import asyncio
import logging
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct

from framework.cli.errors import ToolError
from framework.cli.references import configured_table

__all__ = ("Drift", "Migrations", "drift_of", "find_migrations")

_EMPTY = "sqlite://"
_NOT_GIVEN = 'env.py does not use config.attributes["connection"]'
_PACKAGES = ("alembic", "sqlalchemy")


class Migrations(Struct, frozen=True):
    """Where the migrations of a project are configured."""

    folder: Path
    ini: Path | None
    """``alembic.ini``, if the project has one."""

    @property
    def command(self) -> str:
        """The command that writes a migration."""
        makefile = self.folder / "Makefile"
        has_target = makefile.is_file() and "\nmigration:" in makefile.read_text(encoding="utf-8", errors="replace")
        return 'make migration NAME="..."' if has_target else "alembic revision --autogenerate"


class Drift(Struct, frozen=True, kw_only=True):
    """What the comparison has found: nothing, an error, or why the migrations are not compared."""

    where: str = ""
    """The folder of the migrations."""
    what: str = ""
    details: tuple[str, ...] = ()
    hint: str = ""
    skipped: str = ""

    def text(self) -> str:
        """Return the error for people."""
        return "\n".join(
            [f"{self.where}: {self.what}.", *(f"  {one}" for one in self.details), f"  Hint: {self.hint}."]
        )

    def record(self) -> dict[str, object]:
        """Return the error as it is printed with ``--json``."""
        what = ": ".join([self.what, "; ".join(self.details)]) if self.details else self.what
        return {"code": "", "where": self.where, "what": what, "hint": self.hint}


def find_migrations(reference: str | None, folder: Path) -> Migrations | None:
    """Return the migrations of an app: of the project whose ``pyproject.toml`` names it.

    ``None`` if there are none, for another app, and with ``migrations = false`` under ``[tool.framework]``.
    """
    found = configured_table(folder)
    if found is None:
        return None
    settings, root = found
    own = settings.get("app")
    if settings.get("migrations") is False or (reference is not None and reference != own):
        return None
    ini = root / "alembic.ini"
    if ini.is_file():
        return Migrations(root, ini)
    with (root / "pyproject.toml").open("rb") as file:
        declared = "script_location" in tomllib.load(file).get("tool", {}).get("alembic", {})
    return Migrations(root, None) if declared else None


def drift_of(migrations: Migrations, url: str | None = None) -> Drift:
    """Run all migrations in an empty database, and compare its tables with those of the code.

    Raises ToolError if the database of the URL cannot be used or is not empty.
    """
    missing = [one for one in _PACKAGES if find_spec(one) is None]
    if missing:
        return Drift(skipped=f"the package {missing[0]} is not installed")
    with _quiet("alembic"):
        return _in_empty_database(url, lambda connection: _tried(migrations, connection))


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Log warnings only: each step of a migration would be a line."""
    found = logging.getLogger(logger)
    level = found.level
    found.setLevel(logging.WARNING)
    try:
        yield
    finally:
        found.setLevel(level)


def _in_empty_database(url: str | None, work: Callable[[Any], Drift]) -> Drift:
    """Call a function with a connection. Raises ToolError if there is none, or if the database is not empty."""
    from sqlalchemy import inspect, make_url
    from sqlalchemy.exc import SQLAlchemyError

    given = "of SQLite in memory" if url is None else "of --database"

    def checked(connection: Any) -> Drift:
        if inspect(connection).get_table_names():
            raise ToolError(f"the database {given} has tables", hint="name an empty one")
        connection.rollback()
        return work(connection)

    try:
        parsed = make_url(url or _EMPTY)
        if parsed.get_dialect().is_async:
            return asyncio.run(_with_async_connection(parsed, checked))
        return _with_connection(parsed, checked)
    except (SQLAlchemyError, ImportError, OSError) as error:
        what = f"the database {given} cannot be used: {type(error).__name__}: {_first_line(error)}"
        raise ToolError(what, hint="correct its URL, or start it") from error


def _with_connection(url: Any, work: Callable[[Any], Drift]) -> Drift:
    from sqlalchemy import create_engine

    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def _with_async_connection(url: Any, work: Callable[[Any], Drift]) -> Drift:
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _tried(migrations: Migrations, connection: Any) -> Drift:
    """Return what the migrations do in an empty database, or why they cannot do it."""
    from alembic.util.exc import CommandError

    try:
        return _compared(migrations, connection)
    except CommandError as error:
        return Drift(where="the migrations", what=_first_line(error), hint="alembic history shows the migrations")
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a migration raises
        what = f"they fail on {connection.dialect.name}: {type(error).__name__}: {_first_line(error)}"
        hint = "correct them, or name an empty database of the kind that they are for with --database"
        return Drift(where="the migrations", what=what, hint=hint)


def _compared(migrations: Migrations, connection: Any) -> Drift:
    """Run the migrations, then ``env.py`` once more for the comparison, as ``alembic check`` does."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    ini = None if migrations.ini is None else str(migrations.ini)
    config = Config(ini, toml_file=str(migrations.folder / "pyproject.toml"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    # Before it connects to a database of its own.
    if "attributes" not in Path(scripts.env_py_location).read_text(encoding="utf-8"):
        return Drift(skipped=_NOT_GIVEN)
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        # Rolled back when the connection is closed, so that the database is empty again.
        connection.begin()
    steps = _Steps(scripts, connection)
    for step in (steps.upgrade, steps.compare):
        with EnvironmentContext(config, scripts, fn=step, destination_rev="head"):
            scripts.run_env()
        if is_sqlite:
            connection.commit()
    return steps.result(migrations.command)


class _Steps:
    """What is done each time when ``env.py`` has configured its context."""

    def __init__(self, scripts: Any, connection: Any) -> None:
        self._scripts = scripts
        self._connection = connection
        self._skipped = _NOT_GIVEN
        self._details: tuple[str, ...] = ()

    def upgrade(self, revision: Any, context: Any) -> Any:
        """Return the migrations to run: all, unless another connection would run them."""
        is_given = context.connection is self._connection
        return self._scripts._upgrade_revs("head", revision) if is_given else ()  # noqa: SLF001  as Alembic documents

    def compare(self, _: Any, context: Any) -> Any:
        """Compare the tables, and run nothing."""
        from alembic.autogenerate import compare_metadata

        metadata = context.opts["target_metadata"]
        if context.connection is not self._connection:
            return ()
        if metadata is None:
            self._skipped = "env.py names no target_metadata"
            return ()
        self._skipped = ""
        self._details = tuple(_described(compare_metadata(context, metadata)))
        return ()

    def result(self, command: str) -> Drift:
        """Return what was found."""
        if not self._details:
            return Drift(skipped=self._skipped)
        number = f"{len(self._details)} difference{'' if len(self._details) == 1 else 's'}"
        return Drift(
            where=_shown(self._scripts.dir),
            what=f"the migrations do not make the tables of the code, {number}",
            details=self._details,
            hint=f"run {command}",
        )


def _described(differences: Sequence[Any]) -> Iterator[str]:
    """Yield what the next migration would do, in words."""
    for one in differences:
        # The changes of a column are a list of their own.
        if isinstance(one, list):
            yield from _described(one)
        elif one[0].startswith("modify_"):
            kind, _, table, column, _, old, new = one
            yield f"change {kind.removeprefix('modify_')} of {table}.{column}: {old} -> {new}"
        else:
            yield f"{one[0].replace('_', ' ')} {_name_of(one[-1], one[1:])}"


def _name_of(item: Any, parts: Sequence[Any]) -> str:
    """Return the name of a table, a column, an index or a constraint: ``orders.note``."""
    table = getattr(item, "table", None)
    owner = getattr(table, "name", None) or next((one for one in parts if isinstance(one, str)), "")
    name = getattr(item, "name", None) or ", ".join(one.name for one in getattr(item, "columns", ()))
    return f"{owner}.{name}" if owner and table is not item else str(name)


def _shown(folder: str) -> str:
    relative = os.path.relpath(folder)
    return folder if relative.startswith("..") else relative


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
