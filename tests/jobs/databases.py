"""Databases for tests of jobs: a file of SQLite, and a database of a PostgreSQL server."""

import itertools
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from tests.postgresql_server import PostgreSQLServer

__all__ = ("database_url", "new_engine")

_NUMBERS = itertools.count()


def database_url(kind: str, folder: Path, server: Callable[[], PostgreSQLServer]) -> str:
    """Return the URL of a new, empty database; ``server`` is a function that returns the server of PostgreSQL."""
    number = next(_NUMBERS)
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{folder / f'jobs{number}.db'}"
    return server().database()


def new_engine(url: str) -> AsyncEngine:
    """Return an engine as applications configure it."""
    if not url.startswith("sqlite"):
        return create_async_engine(url)
    engine = create_async_engine(url, connect_args={"isolation_level": "IMMEDIATE", "timeout": 30})
    event.listen(engine.sync_engine, "connect", _enforce_foreign_keys)
    return engine


def _enforce_foreign_keys(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
