"""Opens the sockets on which a command serves an app. It imports nothing that builds apps."""

import errno
import os
import socket
from contextlib import suppress
from pathlib import Path

from framework.cli.errors import ToolError

__all__ = ("UnixSocket", "open_sockets", "url_of")

_BACKLOG = 256


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Listen on all addresses of a host; port 0 is any free port. Raises ToolError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise ToolError(f"the host {host!r} is unknown", hint="give another one with --host") from error
    opened: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            # Port 0: all addresses get the port of the first.
            opened.append(_open(family, (address[0], port or _port_of(opened), *address[2:])))
    except OSError as error:
        for one in opened:
            one.close()
        raise _refused(error, host, port) from error
    return opened


def url_of(sockets: list[socket.socket], scheme: str = "http") -> str:
    """Return the URL of the first socket; ``unix:`` and the path of a Unix socket."""
    if sockets[0].family == socket.AF_UNIX:
        return f"unix:{sockets[0].getsockname()}"
    host, port = sockets[0].getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


class UnixSocket:
    """A socket that listens at a path; a file that a process has left behind is replaced. Raises ToolError."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _clear(self._path)
            self.socket.bind(path)
            self._file = self._path.stat().st_ino
            self.socket.listen(_BACKLOG)
            self.socket.settimeout(0)
        except OSError as error:
            self.socket.close()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ToolError(f"{path} cannot be opened: {reason}", hint="give another --unix-socket") from error

    def remove(self) -> None:
        """Remove the file, unless another process listens there now."""
        with suppress(OSError):
            if self._path.stat().st_ino == self._file:
                self._path.unlink()


def _clear(path: Path) -> None:
    """Remove the file of a socket on which no process listens."""
    if not path.exists():
        return
    if not path.is_socket():
        raise ToolError(f"{path} is a file", hint="give another --unix-socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise ToolError(f"{path} is in use", hint="stop the process that listens there, or give another --unix-socket")


def _port_of(opened: list[socket.socket]) -> int:
    return opened[0].getsockname()[1] if opened else 0


def _open(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
        made.settimeout(0)
    except OSError:
        made.close()
        raise
    return made


def _refused(error: OSError, host: str, port: int) -> ToolError:
    if error.errno == errno.EADDRINUSE:
        return ToolError(
            f"port {port} of {host} is in use", hint="stop the process that listens there, or give another --port"
        )
    if error.errno == errno.EACCES:
        return ToolError(f"port {port} of {host} is not allowed", hint="give a --port from 1024 on")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return ToolError(f"{host}:{port} cannot be opened: {reason}", hint="give another --host or --port")
