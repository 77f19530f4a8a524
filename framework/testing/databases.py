"""A transaction of SQLAlchemy that is rolled back when a test ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from framework.testing.extras import need

__all__ = ("rolled_back", "session_on")


@asynccontextmanager
async def rolled_back(engine: Any) -> AsyncIterator[Any]:
    """Yield an ``AsyncConnection`` of an ``AsyncEngine`` in a transaction that is rolled back at the end of the block.

    Commits of sessions on it (:func:`session_on`) release a savepoint only. Requests that use it must not run at the
    same time: they would share the transaction.
    """
    async with engine.connect() as connection:
        transaction = await connection.begin()
        if engine.dialect.name == "sqlite":
            # Python's driver begins at the first write; a savepoint without a transaction would commit.
            await connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            await transaction.rollback()


def session_on(connection: Any, **options: Any) -> Callable[[], Any]:
    """Return a provider of sessions on a connection, for ``overrides.replace(AsyncSession, …)``.

    Each session commits if its request succeeds, and rolls back otherwise, inside the transaction of the connection;
    ``options`` are those of ``AsyncSession``. Raises MissingExtraError without SQLAlchemy.
    """
    sessions = need("sqlalchemy.ext.asyncio")
    chosen = {"expire_on_commit": False, "join_transaction_mode": "create_savepoint", **options}

    async def open_session() -> AsyncIterator[Any]:
        async with sessions.AsyncSession(bind=connection, **chosen) as session, session.begin():
            yield session

    return open_session
