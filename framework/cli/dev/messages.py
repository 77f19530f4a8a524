"""The messages between the processes of ``framework dev``: lines of JSON, one for each message."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

__all__ = (
    "IGNORED",
    "Broken",
    "Ended",
    "Entry",
    "Failed",
    "Failure",
    "Frame",
    "FromChild",
    "FromWarm",
    "Kill",
    "Loaded",
    "Place",
    "Ready",
    "Retire",
    "Serve",
    "Spec",
    "Start",
    "Stop",
    "Stopped",
    "ToChild",
    "ToWarm",
    "Warmed",
    "connect",
    "encode",
    "receive",
    "send",
)


class Place(Struct, frozen=True, kw_only=True):
    """A line of source, with the lines around it."""

    file: str
    line: int
    first: int = 1
    """The number of the first line of ``source``."""
    source: tuple[str, ...] = ()


class Frame(Struct, frozen=True, kw_only=True):
    """One call of a traceback."""

    place: Place
    function: str
    own: bool
    """Whether it is code of the app, and not of an installed package."""


class Entry(Struct, frozen=True, kw_only=True):
    """One error."""

    message: str
    hint: str = ""
    place: Place | None = None
    code: str = ""
    """That of a definition error."""
    explanation: str = ""
    """What the code means, as Markdown."""


class Failure(Struct, frozen=True, kw_only=True):
    """Why an app cannot be served."""

    title: str
    entries: tuple[Entry, ...]
    frames: tuple[Frame, ...] = ()
    text: str
    """For the terminal."""


# From the supervisor to the warm process


class Spec(Struct, frozen=True, kw_only=True, tag=True):
    """What all children have in common; the first message."""

    reference: str
    """``module:attribute``."""
    folders: tuple[str, ...]
    """The folders from which modules are imported: that of pyproject.toml if it was read, and the current one."""
    sockets: tuple[int, ...]
    """The file descriptors of the listening sockets."""
    host: str
    """The value of ``--host``."""
    modules: tuple[str, ...] = ()
    """The installed modules that the warm process imports."""


class Start(Struct, frozen=True, tag=True):
    """Fork a child, whose socket to the supervisor comes with the message."""

    number: int
    failure: Failure | None = None
    """What the child shows instead of loading the app."""
    alone: bool = False
    """Whether no other child serves: it then shows its own error."""


class Kill(Struct, frozen=True, tag=True):
    """End a child at once."""

    number: int


class Retire(Struct, frozen=True, tag=True):
    """End when the last child has ended."""


# From the warm process to the supervisor


class Warmed(Struct, frozen=True, tag=True):
    """The modules are imported."""

    files: tuple[str, ...]
    """Files of imported modules: if one changes, another warm process is required."""
    threads: int
    """A process with more than one thread must not be forked."""


class Ended(Struct, frozen=True, tag=True):
    """A child has ended."""

    number: int
    code: int
    """Its exit code, or the negative number of a signal."""


# From the supervisor to a child


class Serve(Struct, frozen=True, tag=True):
    """Accept connections."""


class Stop(Struct, frozen=True, tag=True):
    """Accept no more connections, finish the requests, close the services and end."""


class Broken(Struct, frozen=True, tag=True):
    """The new code cannot be served; show it in the browser."""

    failure: Failure


# From a child to the supervisor


class Loaded(Struct, frozen=True, tag=True):
    """The app is imported and built; its services are opened next."""

    docs: str | None
    """The path of the documentation."""


class Ready(Struct, frozen=True, tag=True):
    """The services are open: the child can accept connections."""

    modules: tuple[str, ...]
    """The installed modules that the app has imported, and the warm process has not."""


class Failed(Struct, frozen=True, tag=True):
    """The app cannot be served."""

    failure: Failure
    missing: tuple[str, str] | None
    """The error and its hint if there is no such app."""
    modules: tuple[str, ...]


class Stopped(Struct, frozen=True, tag=True):
    """No more connections are accepted."""


IGNORED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""Signals of the terminal that the warm process leaves to the supervisor."""
_LONGEST = 1 << 26
"""Bytes of a message: one with the files of large packages has hundreds of kilobytes, asyncio's own limit is 64 KiB."""

ToWarm: TypeAlias = Spec | Start | Kill | Retire
FromWarm: TypeAlias = Warmed | Ended
ToChild: TypeAlias = Serve | Stop | Broken
FromChild: TypeAlias = Loaded | Ready | Failed | Stopped


def encode(message: Struct) -> bytes:
    """Return a message as a line."""
    return msgspec.json.encode(message) + b"\n"


def send(channel: socket.socket, message: Struct) -> None:
    """Send a message on a blocking socket, unless the other process has ended."""
    try:
        channel.sendall(encode(message))
    except OSError:
        return


async def connect(channel: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the streams of a socket to another process."""
    return await asyncio.open_unix_connection(sock=channel, limit=_LONGEST)


async def receive(reader: asyncio.StreamReader, kind: Any) -> AsyncIterator[Any]:
    """Yield the messages that another process sends until it ends."""
    decoder = msgspec.json.Decoder(kind)
    while True:
        try:
            line = await reader.readline()
        except ConnectionError:
            return
        if not line.endswith(b"\n"):
            return
        yield decoder.decode(line)
