"""Web sockets frame by frame (RFC 6455, section 5), for what a client library would not send."""

import asyncio
import base64
import os
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from framework import App
from framework._serve.sockets.registry import SOCKETS
from tests.http.raw import Server

__all__ = (
    "KEY",
    "PlainServer",
    "RawSocket",
    "client_frame",
    "close_frame",
    "handshake",
    "plain_server",
    "raw_socket",
    "until",
)

KEY = base64.b64encode(b"sixteen bytes it").decode()
_PATIENCE = 20.0


def handshake(path: str, **headers: str | None) -> bytes:
    """Return the request that opens a web socket; ``headers`` are changed by name, left out where ``None``."""
    given: dict[str, str | None] = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\r\n".join((f"GET {path} HTTP/1.1", *lines, "", "")).encode()


def client_frame(payload: bytes, opcode: int = 1, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """Return a masked frame of a client; opcodes are 1 for text, 2 for binary, 8 to close, 9 to ping, 10 to pong."""
    first = (0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65_536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    mask = os.urandom(4)
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    return head + mask + (int.from_bytes(payload, "big") ^ key).to_bytes(length, "big")


def close_frame(code: int, reason: str = "") -> bytes:
    """Return what a server's close frame holds."""
    return struct.pack("!H", code) + reason.encode()


@dataclass
class PlainServer:
    """A server as ``web.run_app`` runs it; that of aiohttp's test tools cancels handlers on a disconnect."""

    host: str
    port: int | None
    runner: web.AppRunner

    def open_sockets(self) -> int:
        """Count the sockets whose handlers have not ended."""
        return len(self.runner.app[SOCKETS])


@asynccontextmanager
async def plain_server(
    app: App | web.Application, *, tls: ssl.SSLContext | None = None, **settings: Any
) -> AsyncIterator[PlainServer]:
    """Serve an app; ``settings`` are those of aiohttp's AppRunner."""
    built = app.build() if isinstance(app, App) else app
    runner = web.AppRunner(built, access_log=None, **settings)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield PlainServer(host, port, runner)
    finally:
        await runner.cleanup()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.01)


@dataclass
class RawSocket:
    """A connection that was upgraded, or whose upgrade was refused."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame, which is whole and not masked."""
        async with asyncio.timeout(_PATIENCE):
            first, length = await self.reader.readexactly(2)
            assert first & 0xF0 == 0x80
            if length == 126:
                (length,) = struct.unpack("!H", await self.reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(length)

    async def ended(self) -> bytes:
        """Wait until the server closes the connection; return what came before."""
        async with asyncio.timeout(_PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    def reset(self) -> None:
        """Close it with an RST."""
        self.writer.transport.abort()


@asynccontextmanager
async def raw_socket(
    server: Server, request: bytes, *, limit: int = 2**16, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawSocket]:
    """Send a handshake and read the head of its response."""
    name = None if tls is None else "localhost"
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=limit, ssl=tls, server_hostname=name)
    try:
        writer.write(request)
        async with asyncio.timeout(_PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
        yield RawSocket(reader, writer, head)
    finally:
        writer.close()
        # An OSError is what TLS raises if something comes behind the end.
        with suppress(OSError):
            await writer.wait_closed()
