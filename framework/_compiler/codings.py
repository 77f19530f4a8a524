"""Bodies in a coding that aiohttp knows and cannot decode, since a package is missing: reading them is a 415.

aiohttp's parsers, in C and in Python, make a decoder for the body of each request that names such a coding, also if it
has no body or nobody reads it. If the package is missing, making the decoder fails, and the request with it, before
anything is routed. Both parsers make it by calling one class of Python's; that class is given another ``__new__``, and
only if a package is missing and the connection is one of the framework's.
"""

from typing import Any

from aiohttp.http_parser import DeflateBuffer
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from framework._binding.accepting import undecodable
from framework._compiler.protocol import LeanProtocol
from framework._compiler.receiving import UnsupportedCodingError

# ruff: noqa: SLF001  see framework._compiler.protocol

__all__ = ("take_undecodable",)

_ACCEPTED, _MISSING = undecodable()


class _Undecoded(DeflateBuffer):
    """Stands in the place of a decoder: whoever reads the body gets a 415, and its bytes are dropped."""

    def __init__(self, out: StreamReader, encoding: str | None, **_: Any) -> None:
        # Not the constructor of the class, which makes the decoder.
        self.out = out
        self.size = 0
        self.encoding = encoding
        out.set_exception(
            UnsupportedCodingError(
                text="The Content-Encoding is not supported", headers={"Accept-Encoding": ", ".join(_ACCEPTED)}
            )
        )

    def feed_data(self, chunk: bytes, size: int) -> bool:
        """Drop what has come, and count it."""
        del chunk
        self.size += size
        self.out.total_compressed_bytes = self.size
        return False

    def feed_eof(self) -> None:
        """Note the end of the body."""
        self.out.feed_eof()


def _new(made: type[DeflateBuffer], out: StreamReader, encoding: str | None, **_: Any) -> DeflateBuffer:
    ours = out is EMPTY_PAYLOAD or isinstance(out._protocol, LeanProtocol)
    chosen: type[DeflateBuffer] = _Undecoded if ours and encoding in _MISSING else made
    decoder: DeflateBuffer = object.__new__(chosen)
    return decoder


def take_undecodable() -> None:
    """Let requests in a coding whose package is missing arrive; they are refused if their body is read."""
    if _MISSING:
        DeflateBuffer.__new__ = _new  # type: ignore[method-assign, assignment]  # its constructor cannot be avoided
