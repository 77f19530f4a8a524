"""A redis-server of one's own on a free port of the loopback interface, for tests."""

import contextlib
import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.local_server import LocalServer

__all__ = ("RedisServer", "redis_or_skip", "started")


class RedisServer(LocalServer):
    """A server that can be stopped, killed, paused and started again on the same port."""

    scheme = "redis"
    database = "/0"

    def __init__(self, program: str, folder: Path | None = None) -> None:
        super().__init__(program)
        # Without a folder, nothing is written to disk.
        self._files = ("--appendonly", "no") if folder is None else ("--appendonly", "yes", "--dir", str(folder))

    def options(self, port: int) -> Sequence[str]:
        """Listen on the loopback interface."""
        return ("--bind", "127.0.0.1", "--port", str(port), "--save", "", *self._files)

    def responds(self, connection: socket.socket) -> bool:
        """It answers a ping."""
        connection.sendall(b"PING\r\n")
        return connection.recv(7) == b"+PONG\r\n"


def redis_or_skip() -> str:
    """Return the path of redis-server; skips the test where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    return program


@contextlib.contextmanager
def started(folder: Path | None = None) -> Iterator[RedisServer]:
    """Run a server, and kill it at the end; with a folder, it knows after a start what it knew before."""
    with RedisServer(redis_or_skip(), folder) as server:
        yield server
