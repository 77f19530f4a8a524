"""A worker process, as its supervisor sees it."""

import contextlib
import signal
import socket
import subprocess
import time
from enum import IntEnum

__all__ = ("Member", "Phase")


class Phase(IntEnum):
    """What a worker does."""

    LOADING = 1
    LOADED = 2
    """It has imported the application, and waits until it must start."""
    STARTING = 3
    READY = 4
    STOPPING = 5


class Member:
    """A process and the connection to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
        self.process = process
        self.channel = channel
        self.phase = Phase.LOADING
        self.due = False
        """Whether another worker must replace it."""
        self.failure = ""
        """Why it could not start."""
        self._ready_at = 0.0
        self._received = b""

    def __str__(self) -> str:
        """Name it in the log."""
        return f"Worker {self.process.pid}"

    @property
    def lived(self) -> float:
        """The seconds since it was ready."""
        return time.monotonic() - self._ready_at

    def start(self) -> None:
        """Let it open the services and serve."""
        self.phase = Phase.STARTING
        with contextlib.suppress(OSError):
            self.channel.send(b"\n")

    def stop(self) -> None:
        """Let it stop within its graceful time."""
        self.phase = Phase.STOPPING
        self.send(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def hear(self) -> list[str] | None:
        """Return what it has told, and note its phase; ``None`` if it has closed the connection."""
        try:
            data = self.channel.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        told = [line.decode(errors="replace").partition(" ") for line in lines]
        for word, _, rest in told:
            self._note(word, rest)
        return [word for word, _, _ in told] if data else None

    def _note(self, word: str, rest: str) -> None:
        if word == "failed":
            self.failure = rest
        elif word == "spent":
            self.due = True
        elif word == "ready" and self.phase is not Phase.STOPPING:
            self.phase = Phase.READY
            self._ready_at = time.monotonic()
        elif word == "loaded" and self.phase is Phase.LOADING:
            self.phase = Phase.LOADED
        elif word == "stopping":
            self.phase = Phase.STOPPING

    def ending(self) -> str:
        """Return how the process has ended."""
        code = self.process.returncode
        if code >= 0:
            return f"with status {code}"
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-code).name}"
        return f"by signal {-code}"
