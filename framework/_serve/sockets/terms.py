"""The start-up decisions for the web sockets of one route, ready to be called."""

from collections.abc import Callable
from typing import Any, Literal

from aiohttp import WSMsgType
from msgspec import Struct

from framework.http_errors import HTTPError

__all__ = ("SocketTerms",)


class SocketTerms(Struct, frozen=True, kw_only=True):
    """The settings and functions of every connection to one route."""

    text: Callable[[bytes], Any] | None
    """Decodes a text message; ``None`` if text messages are not allowed."""
    binary: Callable[[bytes], Any] | None
    encode: Callable[[Any], bytes]
    opcode: WSMsgType | None
    """Encodes sent messages; ``None`` if ``str`` is sent as text and ``bytes`` as binary."""
    encode_problem: Callable[[HTTPError, str], bytes]
    """Returns the message for a problem, given the path of the handshake."""
    problem_opcode: WSMsgType
    explain: Callable[[bytes, Exception], HTTPError]
    """Returns the problem of a message that could not be decoded, with every validation error."""
    failures: tuple[type[Exception], ...]
    """The exceptions of decoding for an invalid message."""
    invalid: Literal["close", "report"]
    origins: tuple[str, ...] | None
    """``None`` for the same origin."""
    subprotocols: tuple[str, ...]
    heartbeat: float | None
    compress: bool
    limit: int
    """The maximum size of a decompressed message, in bytes."""
    write_timeout: float | None
    lingers: bool
    """Whether the handler may not notice the end of its connection, and is cancelled in the end."""
