"""Frames that RFC 6455 forbids: not masked, or with more bytes of length than are needed (sections 5.1 and 5.2)."""

import asyncio
import ssl
import struct

import pytest

from framework import Controller, WebSocket, websocket
from tests.http.frames import client_frame, close_frame, handshake, raw_socket, until
from tests.http.shapes import Serve, app_of, logged
from tests.http.tls import client_context, server_context

MASK = b"\1\2\3\4"
TLS = pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])


def long_frame(length: int, form: str, opcode: int = 2) -> bytes:
    """Return a masked frame whose length is written in a form of ``struct``: ``"H"`` or ``"Q"``."""
    header = struct.pack(f"!BB{form}", 0x80 | opcode, 0x80 | {"H": 126, "Q": 127}[form], length)
    return header + MASK + (MASK * (length // 4 + 1))[:length]


FORBIDDEN = {
    "text that is not masked": b"\x81\x02hi",
    "an empty text that is not masked": b"\x81\x00",
    "a long text that is not masked": b"\x81\x7e" + struct.pack("!H", 200) + b"x" * 200,
    "a very long text that is not masked": b"\x81\x7f" + struct.pack("!Q", 70_000) + b"x" * 70_000,
    "a ping that is not masked": b"\x89\x02hi",
    "a close that is not masked": b"\x88\x02\x03\xe8",
    "no bytes in 16 bits": long_frame(0, "H"),
    "125 bytes in 16 bits": long_frame(125, "H"),
    "125 bytes in 64 bits": long_frame(125, "Q"),
    "65535 bytes in 64 bits": long_frame(65_535, "Q"),
    "the highest of 64 bits": struct.pack("!BBQ", 0x82, 0xFF, 1 << 63) + MASK,
}
ALLOWED = {
    "no bytes": b"",
    "125 bytes": b"x" * 125,
    "126 bytes": b"x" * 126,
    "65535 bytes": b"x" * 65_535,
    "65536 bytes": b"x" * 65_536,
}


class Echo(Controller):
    """Sends everything back."""

    @websocket("/", compress=False)
    async def echo(self, socket: WebSocket[str | bytes]) -> None:
        """Send it back."""
        async for message in socket:
            await socket.send(message)


def contexts(*, tls: bool) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """Return the contexts of server and client."""
    return (server_context(), client_context()) if tls else (None, None)


@pytest.mark.both_loops
@TLS
@pytest.mark.parametrize("frame", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_a_forbidden_frame_closes(
    serve: Serve, caplog: pytest.LogCaptureFixture, frame: bytes, *, tls: bool
) -> None:
    """A forbidden frame closes with 1002, after the messages before it in the same segment; nothing is logged."""
    ours, theirs = contexts(tls=tls)
    server = await serve(app_of(Echo), ssl=ours)
    async with raw_socket(server, handshake("/"), tls=theirs) as socket:
        await socket.send(client_frame(b"first") + client_frame(b"sec", fin=False) + client_frame(b"ond", 0) + frame)
        assert await socket.frame() == (1, b"first")
        assert await socket.frame() == (1, b"second")
        assert await socket.frame() == (8, close_frame(1002))
        assert await socket.ended() == b""
    assert logged(caplog) == []


@pytest.mark.both_loops
@pytest.mark.parametrize("frame", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_a_forbidden_frame_with_the_handshake(serve: Serve, frame: bytes) -> None:
    """It does so as well if it comes in one segment with the handshake, and whatever comes behind it is not read."""
    request = handshake("/") + client_frame(b"first") + frame + client_frame(b"never")
    async with raw_socket(await serve(app_of(Echo)), request) as socket:
        assert await socket.frame() == (1, b"first")
        assert await socket.frame() == (8, close_frame(1002))
        assert await socket.ended() == b""


@pytest.mark.both_loops
@pytest.mark.parametrize("frame", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_a_forbidden_frame_in_pieces(serve: Serve, frame: bytes) -> None:
    """It does so as well if its header comes byte by byte, in the middle of a fragmented message."""
    async with raw_socket(await serve(app_of(Echo)), handshake("/")) as socket:
        await socket.send(client_frame(b"begun", fin=False))
        # It is refused as soon as the last of these has come.
        for byte in frame[: {0xFE: 4, 0xFF: 10}.get(frame[1], 2)]:
            await asyncio.sleep(0.002)
            await socket.send(bytes([byte]))
        assert await socket.frame() == (8, close_frame(1002))


@pytest.mark.both_loops
async def test_a_forbidden_frame_behind_a_queue(serve: Serve) -> None:
    """All messages before it are delivered, also where they fill the reader while the handler does something else."""
    started, released = asyncio.Event(), asyncio.Event()
    got: list[bytes] = []

    class Slow(Controller):
        @websocket("/", compress=False)
        async def read(self, socket: WebSocket[bytes]) -> None:
            async for message in socket:
                started.set()
                await released.wait()
                got.append(message)

    sent = [bytes([number]) * 1000 for number in range(200)]
    async with raw_socket(await serve(app_of(Slow)), handshake("/")) as socket:
        await socket.send(client_frame(b"begin", 2))
        await started.wait()
        await socket.send(b"".join(client_frame(one, 2) for one in sent) + b"\x81\x02hi" + client_frame(b"never", 2))
        await asyncio.sleep(0.1)
        released.set()
        assert await socket.frame() == (8, close_frame(1002))
    await until(lambda: got == [b"begin", *sent])


@pytest.mark.both_loops
@TLS
async def test_allowed_frames_pass(serve: Serve, *, tls: bool) -> None:
    """All lengths pass where they change their form, in one segment or cut into pieces, with pings between them."""
    ours, theirs = contexts(tls=tls)
    server = await serve(app_of(Echo), ssl=ours)
    async with raw_socket(server, handshake("/"), tls=theirs, limit=2**20) as socket:
        data = b"".join(client_frame(b"ping", 9) + client_frame(one, 2) for one in ALLOWED.values())
        for size in (len(data), 16_001, 32_768):
            for start in range(0, len(data), size):
                await socket.send(data[start : start + size])
                await asyncio.sleep(0)
            for payload in ALLOWED.values():
                assert await socket.frame() == (10, b"ping")
                assert await socket.frame() == (2, payload)
        for payload in (b"", b"hi"):
            for byte in client_frame(payload, 2):
                await socket.send(bytes([byte]))
                await asyncio.sleep(0.002)
            assert await socket.frame() == (2, payload)
