"""Brings the tables up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

__all__ = ("MigrationsMissing", "require_head", "upgrade")

_FOLDER = Path(__file__).with_name("migrations")


class MigrationsMissing(Exception):
    """The tables are not those that this version of the shop expects."""


def upgrade(connection: Connection) -> None:
    """Run the migrations that the database does not have yet."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_head(connection: Connection) -> None:
    """Raise MigrationsMissing unless the database has all migrations."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise MigrationsMissing(f"The database is at the migration {found}, not {head}; run: make migrate")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
