"""A redis-server of one's own on a free port of the loopback interface, for tests."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ("RedisServer", "redis_or_skip", "started")

_PATIENCE = 20.0
"""Seconds that a start may take on a busy machine."""
_ATTEMPTS = 5


class RedisServer:
    """A server that can be stopped, killed, paused and started again on the same port."""

    def __init__(self, program: str, folder: Path | None = None) -> None:
        self._program = program
        # Without a folder, nothing is written to disk.
        self._files = ("--appendonly", "no") if folder is None else ("--appendonly", "yes", "--dir", str(folder))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start the server, on the port that it had before if it had one, and wait until it responds."""
        for _ in range(1 if self.port else _ATTEMPTS):
            # Somebody else may take a free port before the server does.
            port = self.port or _free_port()
            self._process = self._spawn(port)
            if _responds(self._process, port):
                self.port = port
                return
        raise AssertionError("redis-server does not start")

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", *self._files)
        return subprocess.Popen(  # noqa: S603  a program of the system, with fixed options
            [self._program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """End the server at once, with all that it has not written to a folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let the server hang: connections stay open, and nothing is read from them."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _responds(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(7) == b"+PONG\r\n":
                return True
        time.sleep(0.01)
    process.kill()
    process.wait()
    return False


def redis_or_skip() -> str:
    """Return the path of redis-server; skips the test where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    return program


@contextlib.contextmanager
def started(folder: Path | None = None) -> Iterator[RedisServer]:
    """Run a server, and kill it at the end; with a folder, it knows after a start what it knew before."""
    server = RedisServer(redis_or_skip(), folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
