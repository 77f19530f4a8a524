"""A nats-server of one's own on a free port of the loopback interface, for tests."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ("NATSServer", "nats_started")

_PATIENCE = 20.0
"""Seconds that a start may take on a busy machine."""
_ATTEMPTS = 5


class NATSServer:
    """A server that can be killed, paused and started again on the same port, with the streams that it has stored."""

    def __init__(self, program: str, store: Path | None = None) -> None:
        self._command = [program, *(() if store is None else ("--jetstream", "--store_dir", str(store)))]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server, on the port that it had before if it had one, and wait until it responds."""
        for _ in range(1 if self.port else _ATTEMPTS):
            # Somebody else may take a free port before the server does.
            port = self.port or _free_port()
            self._process = subprocess.Popen(  # noqa: S603  a program of the system, with fixed options
                [*self._command, "--addr", "127.0.0.1", "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if _responds(self._process, port):
                self.port = port
                return
        raise AssertionError("nats-server does not start")

    def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let the server hang: connections stay open, and nothing is read from them."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _responds(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            if connection.recv(4) == b"INFO":
                return True
        time.sleep(0.01)
    process.kill()
    process.wait()
    return False


@contextlib.contextmanager
def nats_started(store: Path | None = None) -> Iterator[NATSServer]:
    """Run a server, and kill it at the end; with a folder where it stores streams, it has JetStream."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("nats-server is not installed")
    server = NATSServer(program, store)
    server.start()
    try:
        yield server
    finally:
        server.kill()
