"""Bodies in a coding that aiohttp knows but cannot decode without a package: reading them is a 415.

aiohttp's parsers, in C and in Python, make a decoder for the body of each request that names such a coding, also if it
has no body or nothing reads it. If the package is missing, creating the decoder fails, and the request with it, before
anything is routed. Both parsers create it by calling one class of Python; that class gets another ``__new__``, and only
if a package is missing and the connection is one of the framework's.
"""

from typing import Any

from aiohttp.http_parser import DeflateBuffer
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from framework._serve.connections.protocol import LeanProtocol
from framework._serve.connections.receiving import UnsupportedCodingError
from framework._serve.requests.accepting import undecodable

# ruff: noqa: SLF001  see framework._serve.connections.protocol

__all__ = ("take_undecodable",)

_ACCEPTED, _MISSING = undecodable()


class _Undecoded(DeflateBuffer):
    """Replaces a decoder: reading the body raises a 415, and its bytes are dropped."""

    def __init__(self, out: StreamReader, encoding: str | None, **_: Any) -> None:
        # Not the constructor of the class, which creates the decoder.
        self.out = out
        self.size = 0
        self.encoding = encoding
        out.set_exception(
            UnsupportedCodingError(
                text="The Content-Encoding is not supported", headers={"Accept-Encoding": ", ".join(_ACCEPTED)}
            )
        )

    def feed_data(self, chunk: bytes, size: int) -> bool:
        """Drop the data, and count its bytes."""
        del chunk
        self.size += size
        self.out.total_compressed_bytes = self.size
        return False

    def feed_eof(self) -> None:
        """End the body."""
        self.out.feed_eof()


def _new(made: type[DeflateBuffer], out: StreamReader, encoding: str | None, **_: Any) -> DeflateBuffer:
    ours = out is EMPTY_PAYLOAD or isinstance(out._protocol, LeanProtocol)
    chosen: type[DeflateBuffer] = _Undecoded if ours and encoding in _MISSING else made
    decoder: DeflateBuffer = object.__new__(chosen)
    return decoder


def take_undecodable() -> None:
    """Accept requests in a coding whose package is missing; they are rejected if their body is read."""
    if _MISSING:
        DeflateBuffer.__new__ = _new  # type: ignore[method-assign, assignment]  # its constructor cannot be avoided
