"""The engine: one per process."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import event, insert, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app_template.database.migrate import require_head, upgrade
from app_template.database.samples import ACCOUNTS, PRODUCTS
from app_template.database.tables import AccountRow, ProductRow
from app_template.settings import Settings

__all__ = ("create_engine", "open_engine")

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # A transaction waits for the write lock at its first write. By default SQLite takes the lock later, and fails at
    # once if another transaction has written in between.
    "sqlite": {"connect_args": {"isolation_level": "IMMEDIATE", "timeout": 30}},
    "postgresql": {"pool_pre_ping": True},
}


async def open_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Connect, and close all connections at shutdown.

    In development the tables are brought up to date. In production ``make migrate`` does that, before the new version
    starts; raises MigrationsMissing if it was forgotten.
    """
    engine = create_engine(settings)
    try:
        async with engine.begin() as connection:
            if settings.production:
                await connection.run_sync(require_head)
            else:
                await connection.run_sync(upgrade)
                await _add_samples(connection)
        yield engine
    finally:
        await engine.dispose()


def create_engine(settings: Settings) -> AsyncEngine:
    """Return an engine for the database of the settings; it connects when it is first used."""
    url = make_url(settings.database_url)
    backend = url.get_backend_name()
    engine = create_async_engine(url, **_OPTIONS[backend])
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


async def _add_samples(connection: AsyncConnection) -> None:
    if await connection.scalar(select(ProductRow.sku).limit(1)) is None:
        await connection.execute(insert(ProductRow), PRODUCTS)
        await connection.execute(insert(AccountRow), ACCOUNTS)
