"""Brings the tables up to date."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

__all__ = ("MigrationsMissing", "require_head", "upgrade")

_FOLDER = Path(__file__).with_name("migrations")


class MigrationsMissing(Exception):
    """The tables are not those that this version of the shop expects."""


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database does not have yet."""
    if _revision(connection) == _head():
        return
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_head(connection: Connection) -> None:
    """Raise MigrationsMissing unless the database has all migrations."""
    head, found = _head(), _revision(connection)
    if found != head:
        raise MigrationsMissing(f"The database is at the migration {found}, not {head}; run: make migrate")


@cache
def _head() -> str | None:
    """Return the last migration of the code, whose files are read once."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _revision(connection: Connection) -> str | None:
    """Return the last migration of the database; Alembic's own function logs two lines each time."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
