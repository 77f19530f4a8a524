"""No server at all: what the loop and the kernel take by themselves for the bytes of a workload.

It knows no HTTP but where a head ends, has its answers ready, and reads a body without looking at it.
"""

import asyncio
import sys
from base64 import b64encode
from hashlib import sha1
from typing import cast

import uvloop

from tests.benchmarks.workloads import PART, PARTS

__all__ = ("BareLoop",)

_LINES = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
_TEXT = b"Hello, World!"
_PLAIN = _LINES % len(_TEXT) + _TEXT
_STREAM = _LINES % (PARTS * len(PART)) + PART * PARTS
_UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
# RFC 6455, section 1.3.
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BareLoop(asyncio.Protocol):
    """Answers what the workloads ``plain``, ``upload``, ``stream`` and ``ws`` send."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._left = 0
        self._upgraded = False

    def data_received(self, data: bytes) -> None:
        """Answer, or wait for the rest of a body."""
        if self._upgraded:
            self._transport.write(_echo(data))
        elif self._left:
            self._read(len(data))
        elif data.startswith(b"POST"):
            head, _, body = data.partition(b"\r\n\r\n")
            self._left = int(_value(head, b"content-length"))
            self._read(len(body))
        elif data.startswith(b"GET /feed"):
            self._upgraded = True
            accept = b64encode(sha1(_value(data, b"sec-websocket-key") + _GUID, usedforsecurity=False).digest())
            self._transport.write(_UPGRADE + accept + b"\r\n\r\n")
        else:
            self._transport.write(_STREAM if data.startswith(b"GET /stream") else _PLAIN)

    def _read(self, count: int) -> None:
        self._left -= count
        if not self._left:
            self._transport.write(_PLAIN)


def _value(head: bytes, name: bytes) -> bytes:
    """Return the value of a header."""
    start = head.lower().index(name + b":") + len(name) + 1
    return head[start:].partition(b"\r\n")[0].strip()


def _echo(frame: bytes) -> bytes:
    """Return a short masked frame without its mask (RFC 6455, section 5.2)."""
    size = frame[1] & 127
    mask = int.from_bytes((frame[2:6] * 32)[:size])
    return bytes((frame[0], size)) + (int.from_bytes(frame[6 : 6 + size]) ^ mask).to_bytes(size)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(BareLoop, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
