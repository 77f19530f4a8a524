"""Transactions of the engine on the database of the application, whatever its own engine is configured for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from framework import clock

__all__ = ("Database", "connected", "own_engine")

_READS = "framework_jobs_reads"
"""The execution option of connections that only read."""
_BUSY = 30_000
"""Milliseconds that a transaction on SQLite waits for the write lock."""

_PATIENCE = 5.0
"""Seconds that a cancelled task waits for the connection that it is opening."""


class Database:
    """The database of the jobs, in one loop.

    On PostgreSQL it uses the connections of the application's engine. On SQLite it has its own connections to the same
    file, because every transaction that writes must begin with BEGIN IMMEDIATE, and its commits must be durable.
    ``own`` gives it connections of its own in any case: for workers, and for another loop than that of the application.
    """

    def __init__(self, engine: AsyncEngine, synchronous: str = "FULL", *, own: bool = False) -> None:
        self.app_engine = engine
        self.synchronous = synchronous
        self.postgresql = engine.dialect.name == "postgresql"
        # The busy handler of SQLite is unfair: one writer per process at a time is two to three times as fast.
        self._writer: asyncio.Lock | None = None if self.postgresql else asyncio.Lock()
        self._own = not _in_memory(engine) and (own or not self.postgresql)
        if self._own:
            self._engine = own_engine(engine, synchronous)
        elif self.postgresql:
            self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        else:
            self._engine = engine

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Return a connection in a transaction that may write, and commit it at the end of the block."""
        async with self._writer or nullcontext(), connected(self._engine) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Return a connection in a transaction that only reads; on SQLite it waits for no writer."""
        async with connected(self._engine) as connection:
            yield await connection.execution_options(**{_READS: True})

    def values(self, **values: Any) -> dict[str, Any]:
        """Return the parameters of a statement; on SQLite with the time, which PostgreSQL knows itself."""
        if not self.postgresql:
            values["now"] = int(clock.time() * 1000)
        return values

    async def close(self) -> None:
        """Close the connections of its own."""
        if self._own:
            await self._engine.dispose()


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Return a connection, and close it at the end of the block.

    A cancellation waits until it is open, for some seconds at most: SQLAlchemy would leave a connection open that it is
    making ready.
    """
    # PERF: a task for each transaction takes 40 % of the jobs in a second.
    if _has_idle(engine):
        async with engine.connect() as connection:
            yield connection
        return
    opening = asyncio.ensure_future(_open(engine))
    try:
        connection = await asyncio.shield(opening)
    except asyncio.CancelledError:
        _, late = await asyncio.wait((opening,), timeout=_PATIENCE)
        if late:
            opening.cancel()
        elif opening.exception() is None:
            await opening.result().close()
        raise
    try:
        yield connection
    finally:
        await asyncio.shield(connection.close())


def _has_idle(engine: AsyncEngine) -> bool:
    """Return whether the pool has an open connection that is not in use."""
    pool = engine.sync_engine.pool
    return isinstance(pool, QueuePool) and pool.checkedin() > 0


async def _open(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


def own_engine(engine: AsyncEngine, synchronous: str) -> AsyncEngine:
    """Return an engine with connections of its own to the database of another engine, made as that one makes them."""
    pool = engine.sync_engine.pool.recreate()
    own = create_async_engine(engine.url, pool=pool)
    if engine.dialect.name == "postgresql":
        return own.execution_options(isolation_level="READ COMMITTED")

    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Transactions are begun below, and not by the driver.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.close()

    event.listen(own.sync_engine, "connect", prepare)
    event.listen(own.sync_engine, "begin", _begin)
    return own


def _begin(connection: Connection) -> None:
    # A transaction that begins with a read, and writes after another process has written, would fail at once.
    reads = connection.get_execution_options().get(_READS)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _in_memory(engine: AsyncEngine) -> bool:
    """Return whether each connection would have a database of its own."""
    if engine.dialect.name != "sqlite":
        return False
    name = engine.url.database
    return not name or name == ":memory:" or "mode=memory" in name or engine.url.query.get("mode") == "memory"
