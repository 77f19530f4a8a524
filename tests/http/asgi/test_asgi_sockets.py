"""Web sockets and slow servers through ASGI, without a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from framework import Controller, EventStream, Limits, Request, WebSocket, get, websocket
from framework.asgi import ASGIApp
from framework.http_errors import Forbidden
from tests.http.asgi.calls import http_scope
from tests.http.shapes import app_of
from tests.waiting import PATIENCE, until


async def closed_door(request: Request) -> None:
    """Let nobody in."""
    raise Forbidden(f"{request.path} is for members")


class Rooms(Controller):
    """Sockets of all kinds, and a stream that never waits."""

    ends: list[Any]
    sent: int

    @websocket("/echo", heartbeat=1.0)
    async def echo(self, socket: WebSocket[str | bytes, str | bytes]) -> None:
        """Send everything back, and note how it ends."""
        try:
            async for message in socket:
                await socket.send(message)
        finally:
            Rooms.ends.append(socket.close_code)

    @websocket("/bye")
    async def bye(self, socket: WebSocket[str]) -> None:
        """Close the socket after the first message."""
        async for _ in socket:
            await socket.close(4000, "enough")

    @websocket("/closed", guards=[closed_door])
    async def closed(self, socket: WebSocket[str]) -> None:
        """Is not reached."""

    @get("/endless")
    async def endless(self) -> EventStream[str]:
        """Send as fast as the client reads."""
        try:
            while True:
                yield "x" * 10_000
                Rooms.sent += 1
        finally:
            Rooms.ends.append("stream closed")


@pytest.fixture(autouse=True)
def _no_ends() -> None:
    Rooms.ends = []
    Rooms.sent = 0


class Client:
    """What an ASGI server passes to the application, and gets from it."""

    def __init__(self) -> None:
        self.sending: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None
        self.ended: BaseException | None = None
        """What the call has raised."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Accept a message, as soon as the client reads."""
        await self.open.wait()
        if self.error is not None:
            raise self.error
        await self.received.put(message)

    async def next(self) -> dict[str, Any]:
        """Return the next message of the application."""
        return dict(await asyncio.wait_for(self.received.get(), PATIENCE))

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a message, and return the next one of the application."""
        await self.sending.put({"type": "websocket.receive", **message})
        return await self.next()


@asynccontextmanager
async def called(scope: Mapping[str, Any], **limits: Any) -> AsyncIterator[tuple[Client, "asyncio.Task[None]"]]:
    """Call the application; the task has ended after the block."""
    client = Client()
    app = ASGIApp(app_of(Rooms, limits=Limits(**limits)))
    task = asyncio.ensure_future(app(dict(scope), client.sending.get, client.send))
    try:
        yield client, task
        await asyncio.wait({task}, timeout=PATIENCE)
        assert task.done()
    finally:
        task.cancel()
        client.ended = (await asyncio.gather(task, return_exceptions=True))[0]


def socket_scope(path: str, **more: Any) -> dict[str, Any]:
    """Return the scope of a handshake."""
    return {**http_scope("GET", path), "type": "websocket", "scheme": "ws", "subprotocols": [], **more}


async def connect(client: Client) -> dict[str, Any]:
    """Begin a socket, and return the response to its handshake."""
    await client.sending.put({"type": "websocket.connect"})
    return await client.next()


BEGIN = {"type": "http.request", "body": b"", "more_body": False}
ACCEPTED = {"type": "websocket.accept", "subprotocol": None}


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_messages_of_all_sizes(size: int) -> None:
    """Text and bytes come back whole, whichever of the three lengths their frames have."""
    async with called(socket_scope("/echo")) as (client, _):
        assert (await connect(client)).items() >= ACCEPTED.items()
        for message in ({"text": "x" * size}, {"bytes": b"\0" * size}):
            assert await client.ask(**message) == {"type": "websocket.send", **message}
        await client.sending.put({"type": "websocket.disconnect", "code": 1000})
    assert (Rooms.ends, client.ended) == ([1000], None)


async def test_pings_of_the_application_are_answered() -> None:
    """The server looks after the connection of the client: a socket without messages outlives a heartbeat."""
    async with called(socket_scope("/echo")) as (client, task):
        await connect(client)
        await asyncio.sleep(1.8)
        assert (task.done(), client.received.empty()) == (False, True)
        assert (await client.ask(text="still here"))["text"] == "still here"
        await client.sending.put({"type": "websocket.disconnect", "code": 1001, "reason": "away"})
    assert (Rooms.ends, client.ended) == ([1001], None)


@pytest.mark.parametrize(("code", "seen"), [(4001, 4001), (None, 0), (1005, 0), (1006, 1006)])
async def test_how_the_client_ends(code: int | None, seen: int) -> None:
    """The application sees what it sees under aiohttp: without a close frame 1006, and 0 if the frame has no code."""
    async with called(socket_scope("/echo")) as (client, _):
        await connect(client)
        await client.sending.put({"type": "websocket.disconnect", "code": code})
    assert (Rooms.ends, client.ended) == ([seen], None)
    assert client.received.empty()


async def test_the_application_closes() -> None:
    """The code and the reason are passed on, and nothing after them."""
    async with called(socket_scope("/bye")) as (client, _):
        await connect(client)
        assert await client.ask(text="a") == {"type": "websocket.close", "code": 4000, "reason": "enough"}
    assert client.received.empty()


async def test_a_refused_handshake() -> None:
    """A server that can send a response gets it; others reject the handshake themselves."""
    async with called(socket_scope("/closed")) as (client, _):
        assert await connect(client) == {"type": "websocket.close", "code": 1008, "reason": ""}
    async with called(socket_scope("/closed", extensions={"websocket.http.response": {}})) as (client, _):
        start = await connect(client)
        body = await client.next()
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert (body["type"], b"/closed is for members" in body["body"]) == ("websocket.http.response.body", True)


async def test_a_client_that_leaves_before_the_handshake() -> None:
    """Nothing is called."""
    async with called(socket_scope("/echo")) as (client, _):
        await client.sending.put({"type": "websocket.disconnect", "code": 1006})
    assert (Rooms.ends, client.received.empty()) == ([], True)


async def test_a_server_that_lost_its_client_raises() -> None:
    """An OSError of ``send`` ends the socket for the application, and is none of the application's errors."""
    async with called(socket_scope("/echo")) as (client, _):
        await connect(client)
        client.error = BrokenPipeError()
        await client.sending.put({"type": "websocket.receive", "text": "a"})
    assert (Rooms.ends, client.ended) == ([1006], None)


@pytest.mark.parametrize("path", ["/echo", "/endless"])
async def test_a_call_that_is_cancelled(path: str) -> None:
    """The server stops: what the application runs is cancelled and comes to its end."""
    async with called(socket_scope(path) if path == "/echo" else http_scope("GET", path)) as (client, task):
        if path == "/echo":
            await connect(client)
        else:
            await client.sending.put(BEGIN)
            await client.next()
        task.cancel()
    assert task.cancelled()
    await until(lambda: len(Rooms.ends) == 1)


async def test_a_stream_waits_for_a_slow_server() -> None:
    """What the server has not accepted does not grow: the handler is paused, and goes on with the server."""
    async with called(http_scope("GET", "/endless")) as (client, _):
        await client.sending.put(BEGIN)
        assert (await client.next())["status"] == 200
        client.open.clear()
        before = -1
        while before != Rooms.sent:
            before = Rooms.sent
            await asyncio.sleep(0.1)
        accepted = 0
        while not client.received.empty():
            accepted += len(client.received.get_nowait()["body"])
        assert Rooms.sent * 10_000 - accepted < 300_000
        client.open.set()
        await until(lambda: Rooms.sent > before + 30)
        await client.sending.put({"type": "http.disconnect"})
    await until(lambda: Rooms.ends == ["stream closed"])


async def test_a_server_that_accepts_nothing_is_left() -> None:
    """After the write timeout the stream is closed, and the call ends although ``send`` still waits."""
    async with called(http_scope("GET", "/endless"), write_timeout=0.2) as (client, _):
        await client.sending.put(BEGIN)
        assert (await client.next())["status"] == 200
        client.open.clear()
    assert isinstance(client.ended, ConnectionAbortedError)
    await until(lambda: Rooms.ends == ["stream closed"])
