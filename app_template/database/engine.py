"""The engine: one for each process, with its tables made before the first request."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import URL, event, insert, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app_template.database.samples import SAMPLES
from app_template.orders.row import OrderRow
from app_template.products.row import ProductRow
from app_template.settings import Settings

__all__ = ("open_engine",)

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # A transaction takes the write lock with its first write, and waits for it. SQLite's own way is to take it later,
    # and to fail at once when another transaction has written in between.
    "sqlite": {"connect_args": {"isolation_level": "IMMEDIATE", "timeout": 30}},
    "postgresql": {"pool_pre_ping": True},
}
# Workers start at the same moment: one of them makes the tables, the others wait. The number only has to be ours.
_LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(748105112)"}


async def open_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Connect, make what is missing, and close all connections at the end."""
    engine = _create_engine(make_url(settings.database_url))
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(_LOCKS[engine.dialect.name])
            await _create_tables(connection, samples=settings.samples)
        yield engine
    finally:
        await engine.dispose()


def _create_engine(url: URL) -> AsyncEngine:
    backend = url.get_backend_name()
    engine = create_async_engine(url, **_OPTIONS[backend])
    if backend == "sqlite":
        event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


async def _create_tables(connection: AsyncConnection, *, samples: bool) -> None:
    # Once the first customer's data must outlive a change of the tables, Alembic belongs here.
    await connection.run_sync(OrderRow.metadata.create_all)
    if samples and await connection.scalar(select(ProductRow.sku).limit(1)) is None:
        await connection.execute(insert(ProductRow), SAMPLES)
