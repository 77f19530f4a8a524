"""Compression of streams: each item can be read before the next exists."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

import brotli  # type: ignore[import-untyped]  # it has no stubs
import pytest
from aiohttp.test_utils import TestServer

from framework import Controller, Event, EventStream, get
from framework.middleware import COMPRESSIBLE, Compression
from tests.http.middleware.coded import K, accept, coded, decoded, fetch, seen, zstd
from tests.http.raw import connect, make_request
from tests.http.shapes import Serve, app_of


class Streams(Controller):
    """Yields items when they are asked for."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    @get("/lines")
    async def lines(self) -> AsyncIterator[dict[str, int]]:
        """Wait before the second item."""
        yield {"number": 1}
        await self.go_on.wait()
        yield {"number": 2}

    @get("/events")
    async def events(self) -> EventStream[Event[int]]:
        """Wait before the second event."""
        yield Event(1, id="a")
        await self.go_on.wait()
        yield Event(2)

    @get("/quiet", keep_alive=0.02)
    async def quiet(self) -> EventStream[int]:
        """Say nothing for a while."""
        yield 1
        await self.go_on.wait()

    @get("/release")
    async def release(self) -> None:
        """Let the others go on."""
        self.go_on.set()

    @get("/large")
    async def large(self) -> AsyncIterator[bytes]:
        """Yield large and empty parts."""
        yield b""
        yield b"0123456789" * 100_000
        yield b""
        yield b"9876543210" * 100_000

    @get("/failing")
    async def failing(self) -> AsyncIterator[int]:
        """Fail amid the items."""
        yield 1
        raise RuntimeError


def incremental(coding: str) -> Callable[[bytes], bytes]:
    """Return what decodes a body part by part."""
    if coding == "gzip":
        return zlib.decompressobj(31).decompress
    if coding == "br":
        made = brotli.Decompressor()
        decode: Callable[[bytes], bytes] = made.process
        return decode
    return zstd.ZstdDecompressor().decompress


class Reading:
    """Reads a stream chunk by chunk, and decodes what has come."""

    def __init__(self, server: TestServer, coding: str) -> None:
        self._server = server
        self._coding = coding
        self._decode = incremental(coding)

    async def open(self, target: str) -> dict[str, str]:
        """Send the request and return the headers."""
        self._reader, self._writer = await asyncio.open_connection(self._server.host, self._server.port)
        self._writer.write(make_request("GET", target, headers={"Accept-Encoding": self._coding}))
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        return dict(line.split(": ", 1) for line in head)

    async def until(self, wanted: bytes) -> bytes:
        """Read until something has come; what comes in chunks is decoded at once."""
        found = b""
        async with asyncio.timeout(20):
            while wanted not in found:
                found += self._decode(await self._chunk())
        return found

    async def _chunk(self) -> bytes:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        data = await self._reader.readexactly(size + 2)
        assert size, "the body ends"
        return data[:-2]

    async def rest(self) -> bytes:
        """Read to the end."""
        found = b""
        async with asyncio.timeout(20):
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                found += self._decode((await self._reader.readexactly(size + 2))[:-2])
        self._writer.close()
        return found


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize(
    ("target", "first", "rest"),
    [
        pytest.param("/lines", b'{"number":1}\n', b'{"number":2}\n', id="G26"),
        pytest.param("/events", b"id: a\ndata: 1\n\n", b"data: 2\n\n", id="G27"),
    ],
)
@pytest.mark.both_loops
async def test_a_stream(serve: Serve, coding: str, target: str, first: bytes, rest: bytes) -> None:
    """Each item can be read before the next exists; events are coded if their media type is named."""
    server = await serve(app_of(Streams, middlewares=[Compression(types=(*COMPRESSIBLE, "text/event-stream"))]))
    reading = Reading(server, coding)

    headers = await reading.open(target)
    assert await reading.until(first) == first
    assert (await fetch(server, "/release")).status == 204
    assert await reading.rest() == rest
    assert (headers["Content-Encoding"], headers["Vary"]) == (coding, "Accept-Encoding")
    assert "Content-Length" not in headers


async def test_events_are_not_coded(serve: Serve) -> None:
    """What stands between may keep coded events: they are sent as they are unless they are named (G27)."""
    server = await serve(app_of(Streams, middlewares=[K]))
    await fetch(server, "/release")

    answer = await fetch(server, "/events", *accept("gzip"))

    assert seen(answer) == {}
    assert answer.body == b"id: a\ndata: 1\n\ndata: 2\n\n"


async def test_comments_are_coded(serve: Serve) -> None:
    """What keeps a silent event stream open is a part of its coded body."""
    server = await serve(app_of(Streams, middlewares=[Compression(types=("text/event-stream",))]))
    reading = Reading(server, "gzip")

    await reading.open("/quiet")
    assert await reading.until(b":\n\n:\n\n") == b"data: 1\n\n:\n\n:\n\n"
    await fetch(server, "/release")
    assert (await reading.rest()).replace(b":\n\n", b"") == b""


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
async def test_large_items(serve: Serve, coding: str) -> None:
    """Items of any size, and of none, arrive."""
    server = await serve(app_of(Streams, middlewares=[Compression(types=("application/octet-stream",))]))

    answer = await fetch(server, "/large", *accept(coding))

    assert answer.headers["Content-Encoding"] == coding
    assert decoded(answer) == b"0123456789" * 100_000 + b"9876543210" * 100_000
    assert len(answer.body) < 100_000


async def test_a_stream_without_chunks(serve: Serve) -> None:
    """In HTTP/1.0 the connection ends the coded body."""
    server = await serve(app_of(Streams, middlewares=[K]))
    await fetch(server, "/release")
    async with connect(server) as connection:
        await connection.send(b"GET /lines HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
        head, _, body = (await connection.rest()).partition(b"\r\n\r\n")

    assert b"Content-Encoding: gzip" in head
    assert zlib.decompress(body, 31) == b'{"number":1}\n{"number":2}\n'


async def test_a_stream_that_breaks(serve: Serve) -> None:
    """A coded body that is cut off has no end, and is not taken for a whole one."""
    server = await serve(app_of(Streams, middlewares=[K]))
    async with connect(server) as connection:
        await connection.send(make_request("GET", "/failing", headers={"Accept-Encoding": "gzip"}))
        received = await connection.rest()

    assert not received.endswith(b"0\r\n\r\n")
    head, _, chunks = received.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    decoder = zlib.decompressobj(31)
    assert decoder.decompress(chunks.partition(b"\r\n")[2]) == b"1\n"
    assert not decoder.eof


async def test_a_stream_of_which_only_the_head_is_asked(serve: Serve) -> None:
    """HEAD has the coding, and no length (G21)."""
    server = await serve(app_of(Streams, middlewares=[K]))

    answer = await fetch(server, "/lines", *accept("gzip"), method="HEAD")

    assert seen(answer) == coded("gzip")
    assert "Content-Length" not in answer.headers
