"""What was decided at start-up about the sockets of one route, ready to be called."""

from collections.abc import Callable
from typing import Any, Literal

from aiohttp import WSMsgType
from msgspec import Struct

from framework.http_errors import HTTPError

__all__ = ("SocketTerms",)


class SocketTerms(Struct, frozen=True, kw_only=True):
    """The terms of every connection to one route."""

    text: Callable[[bytes], Any] | None
    """Decodes a text message; ``None`` where none is expected."""
    binary: Callable[[bytes], Any] | None
    encode: Callable[[Any], bytes]
    opcode: WSMsgType | None
    """Of what is sent; ``None`` where ``str`` is sent as text and ``bytes`` as binary."""
    encode_problem: Callable[[HTTPError, str], bytes]
    """Gives the message that a problem is, for the path of the handshake."""
    problem_opcode: WSMsgType
    explain: Callable[[bytes, Exception], HTTPError]
    """Gives the problem, with every fault, of a message that could not be decoded."""
    failures: tuple[type[Exception], ...]
    """What decoding raises for a message that is not valid."""
    invalid: Literal["close", "report"]
    origins: tuple[str, ...] | None
    """``None`` for the same origin."""
    subprotocols: tuple[str, ...]
    heartbeat: float | None
    compress: bool
    limit: int
    """The most bytes of a message, decompressed."""
    write_timeout: float | None
    lingers: bool
    """Whether the handler may outlive its connection unnoticed, and is cancelled in the end."""
