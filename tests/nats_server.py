"""A nats-server of one's own on a free port of the loopback interface, for tests."""

import contextlib
import shutil
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.local_server import LocalServer

__all__ = ("NATSServer", "nats_started")


class NATSServer(LocalServer):
    """A server that can be killed, paused and started again on the same port, with the streams that it has stored."""

    scheme = "nats"

    def __init__(self, program: str, store: Path | None = None) -> None:
        super().__init__(program)
        self._jetstream = () if store is None else ("--jetstream", "--store_dir", str(store))

    def options(self, port: int) -> Sequence[str]:
        """Listen on the loopback interface."""
        return (*self._jetstream, "--addr", "127.0.0.1", "--port", str(port))

    def responds(self, connection: socket.socket) -> bool:
        """It speaks first."""
        return connection.recv(4) == b"INFO"


@contextlib.contextmanager
def nats_started(store: Path | None = None) -> Iterator[NATSServer]:
    """Run a server, and kill it at the end; with a folder where it stores streams, it has JetStream."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("nats-server is not installed")
    with NATSServer(program, store) as server:
        yield server
