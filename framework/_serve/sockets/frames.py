"""Rejects frame headers that aiohttp's reader accepts and RFC 6455 forbids."""

from typing import Protocol

__all__ = ("FrameCheck",)

_MASK = 0x80
_TWO_BYTES, _EIGHT_BYTES = 126, 127
"""Lengths that mean that the real length follows (RFC 6455, section 5.2)."""
_FORBIDDEN = -1
_REFUSED = b"\x70\x00"
"""A header that aiohttp's reader rejects itself with 1002: all reserved bits are set."""


class _Reader(Protocol):
    """The methods of aiohttp's reader that are called."""

    def feed_data(self, data: bytes, /) -> tuple[bool, bytes]: ...

    def feed_eof(self) -> None: ...


class FrameCheck:
    """Passes the data of a client to aiohttp's reader, up to a frame that is unmasked or not minimally encoded.

    Such a frame is replaced by one that the reader rejects, so that the socket is closed with 1002 after the
    messages before it (RFC 6455, sections 5.1 and 5.2). Only headers are checked; an incomplete header is held back.
    """

    __slots__ = ("_aligned", "_feed", "_held", "_left", "_reader")

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._feed = reader.feed_data
        self._held = b""
        self._left = 0
        """Bytes of the last frame that have not arrived."""
        self._aligned = True
        """Whether the next byte is the first of a frame."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Pass data on; return, as the reader does, whether no more data is accepted."""
        # PERF: one whole frame of less than 126 bytes, which most messages are, costs these three comparisons.
        if self._aligned and 5 < (size := len(data)) < 132 and data[1] == size + 122:  # noqa: PLR2004  2 bytes and a mask
            return self._feed(data)
        return self._scan(self._held + data if self._held else data)

    def feed_eof(self) -> None:
        """Pass on the end of the connection."""
        self._reader.feed_eof()

    def _scan(self, data: bytes) -> tuple[bool, bytes]:
        at, end = self._left, len(data)
        self._held = b""
        while at < end:
            size = _frame_size(data, at)
            if size == _FORBIDDEN:
                # Any data after it follows another rejected header.
                self._left, self._held, self._aligned = 0, _REFUSED, False
                self._feed(bytes(data[:at]) + _REFUSED)
                return True, b""
            if not size:
                self._held, data, end = bytes(data[at:]), data[:at], at
                break
            at += size
        self._left = at - end
        self._aligned = not self._left and not self._held
        return self._feed(data)


def _frame_size(data: bytes, at: int) -> int:
    """Return the size of a frame with its header: 0 if the header is incomplete, -1 if it is forbidden."""
    present = len(data) - at
    if present < 2:  # noqa: PLR2004  as below: the bytes of a header
        return 0
    length = data[at + 1] - _MASK
    if length < 0:
        return _FORBIDDEN
    if length < _TWO_BYTES:
        return length + 6
    if length == _TWO_BYTES:
        if present < 4:  # noqa: PLR2004
            return 0
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        return length + 8 if length >= _TWO_BYTES else _FORBIDDEN
    if present < 10:  # noqa: PLR2004
        return 0
    length = int.from_bytes(data[at + 2 : at + 10], "big")
    return length + 14 if 1 << 16 <= length < 1 << 63 else _FORBIDDEN
