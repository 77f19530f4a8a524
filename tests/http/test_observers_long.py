"""Observers of what takes long: streams, events, web sockets, and clients that leave."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, EventStream, Request, WebSocket, get, websocket
from framework.http_errors import Forbidden, UpgradeRequired
from framework.static import StaticFiles
from tests.http.frames import client_frame, close_frame, handshake, raw_socket
from tests.http.observing import Recorder, Seen
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of
from tests.http.streams import serving


class Feed(Controller):
    """Streams that end in every way."""

    @get("/lines")
    async def lines(self, fail_at: int = 3) -> AsyncIterator[int]:
        """Yield three numbers, or fail amid them."""
        for number in range(3):
            if number == fail_at:
                raise KeyError("amid")
            yield number

    @get("/events")
    async def events(self) -> EventStream[int]:
        """Yield an event."""
        yield 1

    @get("/endless")
    async def endless(self) -> AsyncIterator[bytes]:
        """Yield one piece, and wait for ever."""
        yield b"piece"
        await asyncio.Event().wait()

    @get("/native")
    async def native(self, request: Request) -> web.StreamResponse:
        """Write with aiohttp, and fail amid it."""
        response = web.StreamResponse(status=202)
        await response.prepare(request)
        await response.write(b"native")
        raise KeyError("amid")

    @get("/wait")
    async def wait(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


class Talk(Controller):
    """Web sockets that end in every way."""

    @websocket("/echo")
    async def echo(self, socket: WebSocket[str, str]) -> None:
        """Send back what comes."""
        async for message in socket:
            if message == "fail":
                raise KeyError(message)
            if message == "forbid":
                raise Forbidden(message)
            await socket.send(message)


@pytest.mark.both_loops
async def test_a_stream_ends_with_its_last_byte(serve: Serve) -> None:
    """The items alone are the body, without the frames of chunks."""
    recorder = Recorder()
    server = await serve(app_of(Feed, observers=[recorder]))
    assert (await ask(server, "GET", "/lines")).body == b"0\n1\n2\n"
    events = await ask(server, "GET", "/events")
    assert await recorder.ended(2) == [
        Seen("GET", "/lines", 200, 6),
        Seen("GET", "/events", 200, len(events.body)),
    ]


@pytest.mark.both_loops
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/lines?fail_at=2", Seen("GET", "/lines", 200, 4, KeyError)),
        ("/native", Seen("GET", "/native", 202, 11, KeyError)),
    ],
)
async def test_a_failure_amid_a_response_is_seen(serve: Serve, target: str, expected: Seen) -> None:
    """With its exception, the status that is sent already, and what was sent of the body."""
    recorder = Recorder()
    async with connect(await serve(app_of(Feed, observers=[recorder]))) as connection:
        await connection.send(make_request("GET", target))
        await connection.rest()
    assert await recorder.ended(1) == [expected]


@pytest.mark.both_loops
async def test_a_stream_whose_client_leaves(serve: Serve) -> None:
    """It ends then, and nothing has failed."""
    recorder = Recorder()
    async with connect(await serve(app_of(Feed, observers=[recorder]))) as connection:
        await connection.send(make_request("GET", "/endless"))
        await asyncio.sleep(0.1)
        assert recorder.observations == []
    assert await recorder.ended(1) == [Seen("GET", "/endless", 200, 5, client_gone=True)]
    assert recorder.observations[0].duration > 0.05


@pytest.mark.both_loops
async def test_a_handler_that_is_cancelled_with_its_client() -> None:
    """There is no response, and nothing has failed."""
    recorder = Recorder()
    application = app_of(Feed, observers=[recorder]).build()
    async with serving(application, handler_cancellation=True) as server:
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/wait"))
            await asyncio.sleep(0.05)
        assert await recorder.ended(1) == [Seen("GET", "/wait", None, 0, client_gone=True)]


async def test_a_server_that_stops_ends_streams() -> None:
    """A stream that is cut off by the server is no matter of the client's."""
    recorder = Recorder()
    application = app_of(Feed, observers=[recorder]).build()
    async with serving(application) as server, connect(server) as connection:
        await connection.send(make_request("GET", "/endless"))
        await asyncio.sleep(0.05)
        await application.shutdown()
        (one,) = await recorder.ended(1)
    assert one[:4] == ("GET", "/endless", 200, 5)
    assert one.exception is not None
    assert issubclass(one.exception, asyncio.CancelledError)
    assert not one.client_gone


async def test_a_file_whose_client_leaves(serve: Serve, tmp_path: Path) -> None:
    """What was sent until then is counted."""
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(200_000_000)
    recorder = Recorder()
    server = await serve(App([StaticFiles("/files", tmp_path)], observers=[recorder]))
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(make_request("GET", "/files/large.bin"))
    await reader.readexactly(20_000_000)
    writer.transport.abort()
    (one,) = await recorder.ended(1)
    assert (one.status, one.client_gone, one.exception) == (200, True, None)
    assert 10_000_000 < one.body_size < 200_000_000


@pytest.mark.both_loops
async def test_a_socket_that_its_client_closes(serve: Serve) -> None:
    """It ends with the close code."""
    recorder = Recorder()
    async with raw_socket(await serve(app_of(Talk, observers=[recorder])), handshake("/echo")) as socket:
        socket.writer.write(client_frame(b"hello"))
        assert await socket.frame() == (1, b"hello")
        assert recorder.observations == []
        socket.writer.write(client_frame(close_frame(4000), 8))
        await socket.ended()
    assert await recorder.ended(1) == [Seen("GET", "/echo", 101, 0, close_code=4000)]


@pytest.mark.both_loops
async def test_a_socket_whose_client_is_lost(serve: Serve) -> None:
    """The code is 1006, as RFC 6455 has it."""
    recorder = Recorder()
    async with raw_socket(await serve(app_of(Talk, observers=[recorder])), handshake("/echo")) as socket:
        socket.reset()
    assert await recorder.ended(1) == [Seen("GET", "/echo", 101, 0, client_gone=True, close_code=1006)]


@pytest.mark.parametrize(("message", "error", "code"), [("fail", KeyError, 1011), ("forbid", Forbidden, 1008)])
async def test_a_socket_that_fails(
    aiohttp_client: AiohttpClient, message: str, error: type[Exception], code: int
) -> None:
    """The exception is seen beside the close code."""
    recorder = Recorder()
    client = await aiohttp_client(app_of(Talk, observers=[recorder]).build())
    async with client.ws_connect("/echo") as socket:
        await socket.send_str(message)
        await socket.receive()
        assert socket.close_code == code
    assert await recorder.ended(1) == [Seen("GET", "/echo", 101, 0, error, close_code=code)]


async def test_a_socket_that_is_refused(serve: Serve) -> None:
    """A plain request, and one of another origin."""
    recorder = Recorder()
    server = await serve(app_of(Talk, observers=[recorder]))
    await ask(server, "GET", "/echo")
    async with connect(server) as connection:
        await connection.send(handshake("/echo", Origin="https://evil.example"))
        await connection.receive()
    ended = await recorder.ended(2)
    assert [(one.status, one.exception) for one in ended] == [(426, UpgradeRequired), (403, Forbidden)]
