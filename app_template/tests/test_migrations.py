"""The migrations make the tables that the code has."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from app_template.database.engine import create_engine
from app_template.database.migrate import upgrade
from app_template.database.tables import Base
from app_template.settings import Settings
from app_template.tests.shop import BOTH_DATABASES

ROOT = Path(__file__).parents[2]

pytestmark = BOTH_DATABASES


def alembic(url: str, *words: str) -> str:
    """Run the command that ``make migrate`` runs."""
    done = subprocess.run(  # noqa: S603  ours
        [sys.executable, "-m", "alembic", *words],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _is_own(name: str, kind: str, _: object) -> bool:
    return kind != "table" or not name.startswith("framework_")


def differences(connection: Connection) -> list[Any]:
    """Return what a new migration would have to change."""
    options = {"compare_type": True, "compare_server_default": True, "include_name": _is_own}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Base.metadata))


async def test_the_tables_are_those_of_the_code(empty: Settings) -> None:
    """If this fails, ``make migration`` writes what is missing."""
    engine = create_engine(empty)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.mark.slow
async def test_the_command_goes_up_and_down(empty: Settings) -> None:
    """Each migration can be taken back."""
    alembic(empty.database_url, "upgrade", "head")
    assert "(head)" in alembic(empty.database_url, "current")
    alembic(empty.database_url, "downgrade", "base")
    alembic(empty.database_url, "upgrade", "head")
    alembic(empty.database_url, "check")
