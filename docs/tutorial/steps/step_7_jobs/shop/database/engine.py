"""The engine: one per process."""

from collections.abc import AsyncIterator

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shop.database.base import Base
from shop.database.samples import ACCOUNTS, PRODUCTS
from shop.database.tables import AccountRow, ProductRow
from shop.settings import Settings

# A transaction waits for the write lock at its first write. By default SQLite takes the lock later, and fails at once
# if another transaction has written in between.
SQLITE = {"isolation_level": "IMMEDIATE", "timeout": 30}


async def open_engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Connect at start-up, create the tables, and close all connections at shutdown."""
    engine = create_async_engine(settings.database_url, connect_args=SQLITE)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            if settings.samples:
                await add_samples(connection)
        yield engine
    finally:
        await engine.dispose()


async def add_samples(connection: AsyncConnection) -> None:
    """Insert the samples, unless there are products."""
    if await connection.scalar(select(ProductRow.sku).limit(1)) is None:
        await connection.execute(insert(ProductRow), PRODUCTS)
        await connection.execute(insert(AccountRow), ACCOUNTS)
