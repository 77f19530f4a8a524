"""A program of the system that serves on a free port of the loopback interface, for tests that disturb it."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from typing import ClassVar, Self

from tests.waiting import PATIENCE

__all__ = ("LocalServer", "free_port")

_ATTEMPTS = 5


class LocalServer:
    """A server that can be killed, paused and started again on the same port."""

    scheme: ClassVar[str]
    database: ClassVar[str] = ""
    """What follows the port in its URL."""
    settles: ClassVar[float] = 0.0
    """Seconds after which something new is stored so that a server that is killed knows it afterwards."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}{self.database}"

    def options(self, port: int) -> Sequence[str]:
        """Return the words of the command line after the program."""
        raise NotImplementedError

    def responds(self, connection: socket.socket) -> bool:
        """Return whether the server responds on a new connection."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server, on the port that it had before if it had one, and wait until it responds."""
        for _ in range(1 if self.port else _ATTEMPTS):
            # Somebody else may take a free port before the server does.
            port = self.port or free_port()
            nowhere = subprocess.DEVNULL
            command = [self._program, *self.options(port)]
            self._process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)  # noqa: S603  ours
            if self._is_up(self._process, port):
                self.port = port
                return
        raise AssertionError(f"{self._program} does not start")

    def kill(self) -> None:
        """End the server at once, with all that it knows."""
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

    def _is_up(self, process: subprocess.Popen[bytes], port: int) -> bool:
        end = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if self.responds(connection):
                    return True
            time.sleep(0.01)
        process.kill()
        process.wait()
        return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
