"""The frames of a web socket (RFC 6455, section 5.2) between an application and an ASGI server."""

import struct
from collections.abc import Iterator
from enum import IntEnum

__all__ = ("Opcode", "client_frame", "close_payload", "read_close", "server_frames")

_FINAL, _MASKED = 0x80, 0x80
_NO_MASK = b"\0\0\0\0"
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127
_TWO_BYTES_MOST = 65_535
_NO_CODE, _LOST = 1005, 1006
"""Codes that no frame has: the close frame had no code, or there was none (RFC 6455, section 7.4.1)."""


class Opcode(IntEnum):
    """The kinds of frames that an application sends and receives."""

    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def client_frame(opcode: Opcode, payload: bytes) -> bytes:
    """Return the frame of a client; its mask changes nothing."""
    size = len(payload)
    if size <= _SHORT:
        length = struct.pack("!BB", _FINAL | opcode, _MASKED | size)
    elif size <= _TWO_BYTES_MOST:
        length = struct.pack("!BBH", _FINAL | opcode, _MASKED | _TWO_BYTES, size)
    else:
        length = struct.pack("!BBQ", _FINAL | opcode, _MASKED | _EIGHT_BYTES, size)
    return b"".join((length, _NO_MASK, payload))


def close_payload(code: int | None, reason: str | None = None) -> bytes:
    """Return the payload of a close frame."""
    if code is None or code in {_NO_CODE, _LOST}:
        return b""
    return struct.pack("!H", code) + (reason or "").encode()[: _SHORT - 2]


def read_close(payload: bytes) -> tuple[int, str]:
    """Return code and reason of a close frame of the application."""
    if len(payload) < 2:  # noqa: PLR2004  bytes of the code
        return 1000, ""
    return int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace")


def server_frames(data: bytearray) -> Iterator[tuple[int, bytes]]:
    """Yield opcode and payload of the whole frames, and remove them from ``data``.

    aiohttp writes neither masks nor fragments.
    """
    while len(data) >= 2:  # noqa: PLR2004  the shortest header
        size, begin = data[1], 2
        if size == _TWO_BYTES:
            begin = 4
            size = int.from_bytes(data[2:4], "big")
        elif size == _EIGHT_BYTES:
            begin = 10
            size = int.from_bytes(data[2:10], "big")
        if len(data) < begin + size:
            return
        opcode, payload = data[0] & 0x0F, bytes(data[begin : begin + size])
        del data[: begin + size]
        yield opcode, payload
