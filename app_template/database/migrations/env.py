"""How Alembic connects: to the database of the settings, or with the connection that the application passes."""

import asyncio
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from app_template.database import tables
from app_template.database.base import UtcDateTime
from app_template.database.engine import create_engine
from app_template.settings import read

# Workers start at the same time: one changes the tables, the others wait. The number is arbitrary, but unique.
LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(748105112)"}


def render(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write the column type of the template as the one that the database has."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def is_own(name: str | None, kind: str, _: object) -> bool:
    """Leave out the tables of the framework, which ``create_tables`` makes."""
    return kind != "table" or not str(name).startswith("framework_")


def run(connection: Connection) -> None:
    """Run the migrations in one transaction. SQLite changes a table by copying it, in a batch."""
    connection.exec_driver_sql(LOCKS[connection.dialect.name])
    context.configure(
        connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=True,
        render_item=render,
        include_name=is_own,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> None:
    """Connect to the database of the environment variables."""
    engine = create_engine(read())
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(connect())
else:
    run(given)
