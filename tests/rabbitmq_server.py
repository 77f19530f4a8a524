"""A RabbitMQ server of one's own on free ports of the loopback interface, for tests."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from tests.local_server import free_port

__all__ = ("RabbitMQServer", "rabbitmq_started")

_PATIENCE = 90.0
"""Seconds that a start may take on a busy machine."""
_ATTEMPTS = 3


class RabbitMQServer:
    """A server that can be killed and started again on the same port, with what it had stored."""

    # Its registry of quorum queues is written when it has not been used for half a second.
    settles: ClassVar[float] = 2.0

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._distribution = 0
        self._names = free_port()
        """The port of the daemon that maps names to ports, which a start of the server starts."""
        self._node = f"test{os.getpid()}@localhost"
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start the server, on the ports that it had before if it had some, and wait until it responds."""
        for _ in range(1 if self.port else _ATTEMPTS):
            # Somebody else may take a free port before the server does.
            self._distribution = self._distribution or free_port()
            port = self.port or free_port()
            self._process = self._spawn(port)
            if self._responds(self._process, port):
                self.port = port
                return
            self.kill()
            self._distribution = 0
        raise AssertionError("rabbitmq-server does not start")

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        (self._folder / "plugins").write_text("[].")
        (self._folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n")
        environment = os.environ | {
            "HOME": str(self._folder),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "ERL_EPMD_PORT": str(self._names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # Its own processes find it without that daemon.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-start_epmd false -erl_epmd_port {self._distribution}",
        }
        return subprocess.Popen(  # noqa: S603  a program of the system, with fixed options
            [str(self._program)],
            env=environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A script starts the server, and both are ended together.
            start_new_session=True,
        )

    def _responds(self, process: subprocess.Popen[bytes], port: int) -> bool:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                if connection.recv(1):
                    return True
            time.sleep(0.05)
        return False

    def kill(self) -> None:
        """End the server at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the server, and the daemon of names, which is in a session of its own."""
        self.kill()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._names), timeout=5) as daemon:
            # KILL_REQ of Erlang's distribution protocol, with its length.
            daemon.sendall(b"\0\1k")
            daemon.recv(2)

    def elect(self, queue: str) -> None:
        """Let a queue elect a leader, as an operator does."""
        command = [
            str(self._program.with_name("rabbitmqctl")),
            "eval",
            f"ra:trigger_election({{'%2F_{queue}', node()}}).",
        ]
        # As above; the command itself does not listen.
        arguments = f"-start_epmd false -erl_epmd_port {self._distribution} -dist_listen false"
        more = {"HOME": str(self._folder), "RABBITMQ_NODENAME": self._node, "RABBITMQ_CTL_ERL_ARGS": arguments}
        subprocess.run(command, env=os.environ | more, check=True, capture_output=True, timeout=_PATIENCE)  # noqa: S603


def _program() -> Path | None:
    """Return the script of the server itself: the one on the path requires a user of its own."""
    if shutil.which("rabbitmq-server") is None and shutil.which("rabbitmq-server", path="/usr/sbin") is None:
        return None
    own = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return next(iter(sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))), own)


@contextlib.contextmanager
def rabbitmq_started(folder: Path) -> Iterator[RabbitMQServer]:
    """Run a server with a folder for its data, and end it with all its processes."""
    program = _program()
    if program is None:
        pytest.skip("rabbitmq-server is not installed")
    server = RabbitMQServer(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.close()
