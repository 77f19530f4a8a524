"""Reports to systemd what the service does, and uses the sockets that it has opened: sd_notify(3), sd_listen_fds(3)."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping, MutableMapping

__all__ = ("InheritedSocketsError", "ServiceManager", "inherited_sockets")

_FIRST = 3
"""The first file descriptor that is passed."""


class InheritedSocketsError(Exception):
    """The sockets that were passed cannot be used."""


class ServiceManager:
    """Sends messages to the socket that ``NOTIFY_SOCKET`` names; without it, nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")

    def ready(self) -> None:
        """Report that requests are served, also after a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """Report that a reload has begun."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Report that the stop has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        # An abstract socket begins with a zero byte.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.sendto(message.encode(), address)


def inherited_sockets(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """Return the listening sockets that systemd has passed, and remove its variables, which are for one process only.

    Raises InheritedSocketsError.
    """
    process, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if not count or process != str(os.getpid()):
        return []
    if not count.isdecimal():
        raise InheritedSocketsError(f"LISTEN_FDS={count!r} is not a number")
    return [_listening(_FIRST + index) for index in range(int(count))]


def _listening(descriptor: int) -> socket.socket:
    try:
        found = socket.socket(fileno=descriptor)
        listens = found.type == socket.SOCK_STREAM and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise InheritedSocketsError(
            f"file descriptor {descriptor} is not a socket: {os.strerror(error.errno or 0)}"
        ) from error
    if not listens:
        raise InheritedSocketsError(f"file descriptor {descriptor} is not a stream socket that listens")
    found.settimeout(0)
    return found
