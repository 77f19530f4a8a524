"""The warm process and its children, as the supervisor sees them."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from framework.cli.dev.messages import (
    IGNORED,
    Failure,
    FromChild,
    FromWarm,
    Kill,
    Retire,
    Spec,
    Start,
    Warmed,
    connect,
    encode,
    receive,
)

__all__ = ("Child", "Warm")

_LAST = 5.0
"""Seconds in which a warm process ends after its last child."""


class Child:
    """One process that serves a version of the app, or the page of an error."""

    def __init__(self, number: int, warm: "Warm", changes: list[str], *, alone: bool) -> None:
        self.number = number
        self.warm = warm
        self.changes = changes
        """The files whose change is the reason for this child."""
        self.alone = alone
        self.began = time.monotonic()
        self.loaded = False
        self.docs: str | None = None
        self.failure: Failure | None = None
        """What its page shows."""
        self.silent = asyncio.Event()
        """Whether it accepts no more connections."""
        self._writer: asyncio.StreamWriter | None = None

    async def follow(self, channel: socket.socket, hear: Callable[["Child", Any], None]) -> None:
        """Pass on its messages until it ends."""
        reader, writer = await connect(channel)
        self._writer = writer
        async for message in receive(reader, FromChild):
            hear(self, message)
        self.silent.set()
        writer.close()

    def send(self, message: Any) -> None:
        """Send a message, unless the process has ended."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(encode(message))


class Warm:
    """A process that has imported the installed packages."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.files: frozenset[str] = frozenset()
        self.threads = 1
        self.is_warm = False
        own, other = socket.socketpair()
        words = [sys.executable, "-m", "framework.cli.dev.warm", str(other.fileno())]
        # Until it has handlers of its own: Ctrl+C during its imports would print a traceback.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
        try:
            with other:
                self._process = subprocess.Popen(words, pass_fds=(other.fileno(), *spec.sockets))  # noqa: S603  ours
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._control = own
        # A second descriptor, because the event loop closes the first.
        self._sending = own.dup()
        self._send(spec)

    async def follow(self, hear: Callable[["Warm", Any], None]) -> None:
        """Pass on its messages until it ends; then close the connection."""
        reader, writer = await connect(self._control)
        async for message in receive(reader, FromWarm):
            if isinstance(message, Warmed):
                self.files, self.threads, self.is_warm = frozenset(message.files), message.threads, True
            hear(self, message)
        writer.close()
        self._sending.close()

    def start(self, start: Start) -> socket.socket:
        """Fork a child, and return the socket to it."""
        own, other = socket.socketpair()
        with other:
            self._send(start, [other.fileno()])
        return own

    def kill(self, number: int) -> None:
        """End a child at once."""
        self._send(Kill(number))

    def retire(self) -> None:
        """Let it end when its last child has ended."""
        self._send(Retire())

    def _send(self, message: Any, descriptors: list[int] | None = None) -> None:
        with contextlib.suppress(OSError):
            socket.send_fds(self._sending, [encode(message)], descriptors or [])

    async def end(self) -> None:
        """Wait until it has ended."""
        try:
            await asyncio.to_thread(self._process.wait, _LAST)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
