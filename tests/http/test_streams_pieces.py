"""In what pieces a stream goes out: what comes together goes out together, as much as the client keeps up with."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from framework import Controller, get
from framework._serve.streams import connection as stream_connection
from tests.http.shapes import Serve, app_of

KIB = 1024
LEAST, MOST = 64 * KIB, 256 * KIB
LARGE = 8192 * KIB


class Parts(Controller):
    """Streams of parts of one size, each part a number of its own."""

    @get("/{size}")
    async def parts(self, size: int, total: int) -> AsyncIterator[bytes]:
        """Yield without waiting in between."""
        for part in parts_of(size, total):
            yield part


def parts_of(size: int, total: int) -> list[bytes]:
    """Return parts that differ from their neighbours."""
    most = 10 ** min(size, 9)
    return [(b"%d" % (number % most)).zfill(size) for number in range(total // size)]


async def chunks_of(host: str, port: int | None, target: str) -> list[bytes]:
    """Read an answer as fast as it comes, and return its chunks (RFC 9112, section 7.1)."""
    reader, writer = await asyncio.open_connection(host, port, limit=LARGE)
    chunks = []
    async with asyncio.timeout(20):
        writer.write(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        while size := int(await reader.readline(), 16):
            chunks.append(await reader.readexactly(size))
            assert await reader.readline() == b"\r\n"
    writer.close()
    await writer.wait_closed()
    return chunks


@pytest.mark.parametrize("forgetful", [False, True], ids=["pauses", "forgets to pause"])
@pytest.mark.parametrize(("size", "total"), [(3, 100 * KIB), (5000, LARGE), (LEAST, LARGE), (LEAST + 1, LARGE)])
async def test_parts_of_any_size_arrive_in_order(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, size: int, total: int, *, forgetful: bool
) -> None:
    """Small parts are joined, large ones handed over as they are, and all joined where asyncio forgets to pause."""
    handed_over: list[int] = []

    def writelines(transport: asyncio.WriteTransport, parts: list[bytes]) -> None:
        handed_over.append(len(parts))
        transport.write(b"".join(parts))

    # The transport that the test's loop makes.
    monkeypatch.setattr("asyncio.selector_events._SelectorSocketTransport.writelines", writelines)
    monkeypatch.setattr(stream_connection, "_FORGETFUL", forgetful)
    server = await serve(app_of(Parts))
    chunks = await chunks_of(server.host, server.port, f"/{size}?total={total}")
    assert b"".join(chunks) == b"".join(parts_of(size, total))
    assert max(map(len, chunks)) < MOST + size
    assert bool(handed_over) == (size > KIB and not forgetful)


async def test_pieces_grow_while_the_client_keeps_up(serve: Serve) -> None:
    """The first is small, so that a slow client costs little; later ones are up to four times as large."""
    server = await serve(app_of(Parts))
    sizes = [len(chunk) for chunk in await chunks_of(server.host, server.port, f"/{KIB}?total={LARGE}")]
    assert sizes[0] == LEAST
    assert LEAST < max(sizes) <= MOST
