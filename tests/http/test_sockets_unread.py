"""Clients of web sockets that do not read what is sent, or leave while it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from framework import Controller, Limits, Request, WebSocket, websocket
from framework.typedefs import CallNext
from tests.http.frames import PlainServer, RawSocket, client_frame, handshake, plain_server, raw_socket, until
from tests.http.shapes import app_of, logged
from tests.http.tls import client_context, server_context

PINGS = client_frame(b"x" * 125, 9) * 400
MOST_SENT = 2**25
"""Bytes of pings after which a test gives up: far more than the buffers of the system hold."""
MOST_UNSENT = 2**21
"""Bytes that the server may hold of what the client does not read."""
TLS = pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])


class Feed(Controller):
    """Handlers that read, send, or do neither, and note what ends them."""

    limits = Limits(write_timeout=60)
    ends: list[BaseException]
    seen: list[Request]

    @websocket("/reads", compress=False)
    async def reads(self, socket: WebSocket[str]) -> None:
        """Wait for messages."""
        async for _ in socket:
            raise NotImplementedError

    @websocket("/sends", compress=False)
    async def sends(self, socket: WebSocket[str]) -> None:
        """Send more than the client reads."""
        try:
            while True:
                await socket.send("x" * 10_000)
        except BaseException as error:
            self.ends.append(error)
            raise

    @websocket("/sleeps", compress=False, heartbeat=4)
    async def sleeps(self, socket: WebSocket[str]) -> None:
        """Accept, and do nothing."""
        await socket.accept()
        await asyncio.Event().wait()

    @websocket("/later", compress=False)
    async def later(self, socket: WebSocket[str]) -> None:
        """Read on when the client has gone."""
        async for _ in socket:
            await until(lambda: socket.request.transport is None)


@asynccontextmanager
async def reading_nothing(path: str, *, tls: bool = False) -> AsyncIterator[tuple[PlainServer, RawSocket]]:
    """Serve the feed, and open a web socket whose client reads nothing behind the handshake."""
    Feed.ends, Feed.seen = [], []

    async def see(request: Request, call_next: CallNext) -> web.StreamResponse:
        Feed.seen.append(request)
        return await call_next(request)

    ours, theirs = (server_context(), client_context()) if tls else (None, None)
    app = app_of(Feed, middlewares=[see])
    async with plain_server(app, tls=ours) as server, raw_socket(server, handshake(path), tls=theirs) as socket:
        socket.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a transport that reads as well
        yield server, socket


def unsent() -> int:
    """Return how many bytes the server holds for the client."""
    (request,) = Feed.seen
    transport = request.transport
    return 0 if transport is None else transport.get_write_buffer_size()


@pytest.mark.both_loops
@TLS
@pytest.mark.parametrize("path", ["/reads", "/sends", "/sleeps"])
async def test_pings_without_reading_the_pongs(caplog: pytest.LogCaptureFixture, path: str, *, tls: bool) -> None:
    """A client that sends pings and reads nothing is cut off at 1 MiB of pongs, whatever the handler does."""
    held: list[int] = []
    async with reading_nothing(path, tls=tls) as (server, socket), asyncio.timeout(60):
        while Feed.seen[0].transport is not None:
            assert len(held) * len(PINGS) < MOST_SENT
            held.append(unsent())
            with suppress(ConnectionError):
                await socket.send(PINGS)
            await asyncio.sleep(0)  # Writing to a connection that has ended does not wait for anything.
        await until(lambda: server.open_sockets() == 0)
    assert max(held) < MOST_UNSENT
    assert logged(caplog) == []


@pytest.mark.both_loops
@pytest.mark.parametrize(("reset", "tls"), [(False, False), (True, False), (True, True)])
async def test_a_client_that_leaves_while_it_is_sent_to(
    caplog: pytest.LogCaptureFixture, *, reset: bool, tls: bool
) -> None:
    """What waits in send() raises a ConnectionResetError, which the handler need not catch, and nothing is logged."""
    async with reading_nothing("/sends", tls=tls) as (server, socket):
        await until(lambda: Feed.seen[0].protocol.writing_paused)
        await asyncio.sleep(0.05)
        if reset:
            socket.reset()
        else:
            socket.writer.close()
        await until(lambda: server.open_sockets() == 0)
    (error,) = Feed.ends
    assert isinstance(error, ConnectionResetError)
    assert logged(caplog) == []


@pytest.mark.both_loops
async def test_a_ping_of_a_client_that_has_gone(caplog: pytest.LogCaptureFixture) -> None:
    """A ping that is read when the client has gone cannot be answered, and ends nothing but the iteration."""
    async with reading_nothing("/later") as (server, socket):
        await socket.send(client_frame(b"go") + client_frame(b"", 9))
        await asyncio.sleep(0.05)
        socket.reset()
        await until(lambda: server.open_sockets() == 0)
    assert logged(caplog) == []


@pytest.mark.both_loops
@pytest.mark.parametrize("path", ["/reads", "/sleeps"])
async def test_pings_of_a_client_that_reads(path: str) -> None:
    """A client that reads its pongs may send as many pings as it likes, each answered in order."""
    Feed.ends, Feed.seen = [], []
    async with plain_server(app_of(Feed)) as server, raw_socket(server, handshake(path)) as socket:
        for start in range(0, 20_000, 1000):
            numbers = [b"%d" % number for number in range(start, start + 1000)]
            await socket.send(b"".join(client_frame(number, 9) for number in numbers))
            for number in numbers:
                assert await socket.frame() == (10, number)
