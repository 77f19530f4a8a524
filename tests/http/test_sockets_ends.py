"""How web sockets end: what the handler does, how long services live, and what happens when the server stops."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import pytest
from aiohttp import web
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import Body, Container, Controller, HTTPError, Request, Response, WebSocket, websocket
from tests.http.frames import client_frame, close_frame, handshake, plain_server, raw_socket, until
from tests.http.raw import connect
from tests.http.shapes import Serve, app_of, logged, problem

# What a server that waited for a handler or a client would take; the tests give up before.
PATIENCE = 60
"""Seconds for which the server waits for handlers when it stops: nothing here may have to wait for that."""


class Full(HTTPError, status=409, title="The room is full"):
    """No one else may come in."""


class Outer:
    """A service that another one needs."""


class Inner:
    """A service that is closed first."""


class Ask(Struct):
    """What a listener is told to do."""

    do: str


@pytest.fixture
def trace() -> list[str]:
    """Return what happened."""
    return []


def services(trace: list[str]) -> Container:
    """Return a container with two scoped services that note when they are opened and closed, and by what."""

    async def open_outer() -> AsyncIterator[Outer]:
        trace.append("+outer")
        try:
            yield Outer()
        except BaseException as error:
            trace.append(type(error).__name__)
            raise
        finally:
            trace.append("-outer")

    def open_inner(outer: Outer) -> Iterator[Inner]:
        del outer
        trace.append("+inner")
        yield Inner()
        trace.append("-inner")

    container = Container()
    container.add_scoped(Outer, open_outer)
    container.add_scoped(Inner, open_inner)
    return container


class Ends(Controller):
    """Ends in every way."""

    @websocket("/{how}")
    async def end(self, how: str, socket: WebSocket[str], inner: Inner) -> None:
        """End as the path says."""
        del inner
        if how == "early":
            return
        async for message in socket:
            await socket.send(message)
            match how:
                case "return":
                    return
                case "raise":
                    raise KeyError(how)
                case "http":
                    raise Full("There is no seat")
                case "aiohttp":
                    raise web.HTTPNotFound


@pytest.mark.parametrize(
    ("how", "code", "reason", "lines", "seen"),
    [
        ("return", 1000, "", [], ["-inner", "-outer"]),
        ("raise", 1011, "", ["GET /raise failed"], ["KeyError", "-outer"]),
        ("http", 1008, "The room is full", [], ["Full", "-outer"]),
        ("aiohttp", 1008, "Not Found", [], ["HTTPNotFound", "-outer"]),
    ],
)
async def test_how_a_handler_ends(
    serve: Serve,
    trace: list[str],
    caplog: pytest.LogCaptureFixture,
    how: str,
    code: int,
    reason: str,
    lines: list[str],
    seen: list[str],
) -> None:
    """A handler that returns closes with 1000, one that raises with 1011 and one line, an HTTPError with its title.

    The services are closed before the socket is, the last one first, and see what was raised.
    """
    async with raw_socket(await serve(app_of(Ends, container=services(trace))), handshake(f"/{how}")) as socket:
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        assert await socket.frame() == (8, close_frame(code, reason))
        assert trace == ["+outer", "+inner", *seen]
    assert logged(caplog) == lines


async def test_a_handler_that_does_nothing(serve: Serve, trace: list[str]) -> None:
    """A handler that returns without using its socket has it accepted and closed."""
    async with raw_socket(await serve(app_of(Ends, container=services(trace))), handshake("/early")) as socket:
        assert socket.head.startswith(b"HTTP/1.1 101 ")
        assert await socket.frame() == (8, close_frame(1000))


async def test_a_client_that_closes(aiohttp_client: AiohttpClient, trace: list[str]) -> None:
    """A close of the client's ends the iteration, and the handler returns as ever."""
    client = await aiohttp_client(app_of(Ends, container=services(trace)).build())
    async with client.ws_connect("/stay") as socket:
        await socket.send_str("hi")
        assert await socket.receive_str() == "hi"
    await until(lambda: trace == ["+outer", "+inner", "-inner", "-outer"])
    assert socket.close_code == 1000


class Listening(Controller):
    """Is asked to fail."""

    @websocket("/close")
    async def on_ask(self, ask: Ask, inner: Inner) -> str | None:
        """Do as one is told."""
        del inner
        match ask.do:
            case "raise":
                raise KeyError(ask.do)
            case "http":
                raise Full
            case "surrogate":
                return "\ud800"
        return ask.do or None

    @websocket("/report", invalid="report")
    async def on_other(self, ask: Ask, inner: Inner) -> str | None:
        """Do the same, and tell the client."""
        return await self.on_ask(ask, inner)


async def test_a_scope_for_each_message(serve: Serve, trace: list[str]) -> None:
    """The services of a listener live as long as one message, and are closed before its answer is sent."""
    async with raw_socket(await serve(app_of(Listening, container=services(trace))), handshake("/close")) as socket:
        await asyncio.sleep(0.05)
        assert trace == []
        for _ in range(2):
            await socket.send(client_frame(b'{"do":"this"}'))
            assert await socket.frame() == (1, b"this")
            assert trace == ["+outer", "+inner", "-inner", "-outer"]
            trace.clear()


@pytest.mark.parametrize(
    ("do", "code", "reason", "lines", "seen"),
    [
        (b"raise", 1011, "", ["GET /close failed"], ["KeyError", "-outer"]),
        (b"http", 1008, "The room is full", [], ["Full", "-outer"]),
        (b"surrogate", 1011, "", ["GET /close failed"], ["UnicodeEncodeError", "-outer"]),
    ],
)
async def test_a_listener_that_fails(
    serve: Serve,
    trace: list[str],
    caplog: pytest.LogCaptureFixture,
    do: bytes,
    code: int,
    reason: str,
    lines: list[str],
    seen: list[str],
) -> None:
    """It closes as a handler of the connection does; what cannot be encoded rolls back."""
    async with raw_socket(await serve(app_of(Listening, container=services(trace))), handshake("/close")) as socket:
        await socket.send(client_frame(b'{"do":"' + do + b'"}'))
        assert await socket.frame() == (8, close_frame(code, reason))
        assert trace == ["+outer", "+inner", *seen]
    assert logged(caplog) == lines


async def test_an_http_error_is_reported(aiohttp_client: AiohttpClient, trace: list[str]) -> None:
    """With invalid="report" an HTTPError of a listener is answered as a message, after its scope, and it goes on."""
    client = await aiohttp_client(app_of(Listening, container=services(trace)).build())
    async with client.ws_connect("/report") as socket:
        await socket.send_str('{"do":"http"}')
        assert await socket.receive_json() == {**problem(409, "/report"), "title": "The room is full"}
        assert trace == ["+outer", "+inner", "Full", "-outer"]
        await socket.send_str('{"do":"this"}')
        assert await socket.receive_str() == "this"


async def test_a_cleanup_that_fails(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A service that cannot be closed after a good handler closes the socket with 1011."""

    async def open_outer() -> AsyncIterator[Outer]:
        yield Outer()
        raise RuntimeError("not committed")

    class Commits(Controller):
        @websocket("/")
        async def talk(self, socket: WebSocket[str], outer: Outer) -> None:
            del outer
            await socket.accept()

    container = Container()
    container.add_scoped(Outer, open_outer)
    async with raw_socket(await serve(app_of(Commits, container=container)), handshake("/")) as socket:
        assert await socket.frame() == (8, close_frame(1011))
    assert logged(caplog) == ["GET / failed"]


async def test_exception_handlers_answer_until_it_is_open(serve: Serve) -> None:
    """An exception handler answers what is raised before the upgrade; afterwards there is nothing to answer."""

    async def answer(_: Request, error: KeyError) -> Response[str]:
        return Response(str(error), status=418)

    class Fails(Controller):
        exception_handlers = {KeyError: answer}  # noqa: RUF012  as users write it

        @websocket("/before")
        async def before(self, socket: WebSocket[str]) -> None:
            raise KeyError(socket.request.path)

        @websocket("/after")
        async def after(self, socket: WebSocket[str]) -> None:
            await socket.accept()
            raise KeyError(socket.request.path)

    server = await serve(app_of(Fails))
    async with connect(server) as connection:
        answered = await connection.exchange(handshake("/before"))
        assert (answered.status, answered.body) == (418, b"'/before'")
    async with raw_socket(server, handshake("/after")) as socket:
        assert await socket.frame() == (8, close_frame(1011))


class Staying(Controller):
    """Handlers that stay open."""

    released = asyncio.Event()

    @websocket("/read")
    async def read(self, socket: WebSocket[str], inner: Inner) -> None:
        """Wait for messages."""
        del inner
        await socket.send("open")
        async for message in socket:
            await socket.send(message)

    @websocket("/listen")
    async def on_message(self, message: Annotated[str, Body()]) -> str:
        """Wait for messages, too."""
        return message

    @websocket("/push")
    async def push(self, socket: WebSocket[str], inner: Inner) -> None:
        """Send until nobody is there."""
        del inner
        while True:
            await socket.send("open")
            await asyncio.sleep(0.05)

    @websocket("/stuck")
    async def stuck(self, socket: WebSocket[str], inner: Inner) -> None:
        """Wait for what never comes."""
        del inner
        await socket.send("open")
        await asyncio.Event().wait()

    @websocket("/closed")
    async def not_yet(self, socket: WebSocket[str], inner: Inner) -> None:
        """Wait for what never comes, before the socket is accepted."""
        await self.stuck(await _later(socket), inner)


async def _later(socket: WebSocket[str]) -> WebSocket[str]:
    await asyncio.Event().wait()
    return socket


@pytest.mark.parametrize(("path", "seen"), [("/read", "-inner"), ("/push", None), ("/stuck", "CancelledError")])
async def test_a_stop_closes_with_1001(
    trace: list[str], caplog: pytest.LogCaptureFixture, path: str, seen: str | None
) -> None:
    """When the server stops, sockets are closed with 1001 at once; handlers end, or are cancelled, and scopes close."""
    app = app_of(Staying, container=services(trace))
    async with plain_server(app, shutdown_timeout=PATIENCE) as server, raw_socket(server, handshake(path)) as socket:
        assert await socket.frame() == (1, b"open")
        stopping = asyncio.create_task(server.runner.cleanup())
        frame = await socket.frame()
        while frame == (1, b"open"):
            frame = await socket.frame()
        assert frame == (8, close_frame(1001, "Going away"))
        await socket.send(client_frame(close_frame(1001), 8))
        assert await socket.ended() == b""
        async with asyncio.timeout(PATIENCE / 2):
            await stopping
    assert trace[-1] == "-outer"
    assert seen is None or trace[-2] == seen
    assert logged(caplog) == []


async def test_a_stop_does_not_wait_for_the_client(trace: list[str]) -> None:
    """A client that does not answer the close frame holds nothing up."""
    app = app_of(Staying, container=services(trace))
    async with (
        plain_server(app, shutdown_timeout=PATIENCE) as server,
        raw_socket(server, handshake("/listen")) as socket,
    ):
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        async with asyncio.timeout(PATIENCE / 2):
            await server.runner.cleanup()
        assert await socket.frame() == (8, close_frame(1001, "Going away"))
        assert await socket.ended() == b""


async def test_a_stop_refuses_what_is_not_open(trace: list[str]) -> None:
    """A handler that has not accepted its socket is cancelled, and the client is told with a 503."""
    app = app_of(Staying, container=services(trace))
    async with plain_server(app, shutdown_timeout=PATIENCE) as server, connect(server) as connection:
        await connection.send(handshake("/closed"))
        await until(lambda: trace == ["+outer", "+inner"])
        stopping = asyncio.create_task(server.runner.cleanup())
        answer = await connection.receive()
        assert answer.problem == problem(503, "/closed", "The server is shutting down")
        await stopping
    assert trace == ["+outer", "+inner", "CancelledError", "-outer"]


@pytest.mark.parametrize("path", ["/guarded", "/slow"])
async def test_no_socket_is_opened_while_it_stops(path: str) -> None:
    """A handshake that is not answered yet when the application stops is answered with 503."""
    waiting = asyncio.Event()
    stopping = asyncio.Event()

    async def wait(_: Request) -> None:
        waiting.set()
        await stopping.wait()

    class Late(Controller):
        @websocket("/guarded", guards=(wait,))
        async def guarded(self, socket: WebSocket[str]) -> None:
            raise NotImplementedError(socket)

        @websocket("/slow")
        async def slow(self, socket: WebSocket[str]) -> None:
            await wait(socket.request)
            await socket.send("never")

        @websocket("/open")
        async def open(self, socket: WebSocket[str]) -> None:
            await socket.send("open")
            async for _ in socket:
                raise NotImplementedError
            stopping.set()

    async with (
        plain_server(app_of(Late), shutdown_timeout=PATIENCE) as server,
        raw_socket(server, handshake("/open")) as socket,
        connect(server) as connection,
    ):
        assert await socket.frame() == (1, b"open")
        await connection.send(handshake(path))
        await waiting.wait()
        cleanup = asyncio.create_task(server.runner.cleanup())
        answer = await connection.receive()
        assert answer.problem == problem(503, path, "The server is shutting down")
        await cleanup


async def test_a_hundred_sockets(trace: list[str]) -> None:
    """A hundred sockets get a message each, none lost; on a stop all get 1001 at once, and all scopes are closed."""
    got: list[bytes] = []
    told: list[int] = []
    ready = asyncio.Barrier(101)
    # No client answers before all have been told: none waits for another.
    all_told = asyncio.Barrier(100)

    async def visit(number: int) -> None:
        async with raw_socket(server, handshake("/read")) as socket:
            assert await socket.frame() == (1, b"open")
            for turn in range(5):
                await socket.send(client_frame(b"%d/%d" % (number, turn)))
                opcode, payload = await socket.frame()
                assert opcode == 1
                got.append(payload)
            await ready.wait()
            assert await socket.frame() == (8, close_frame(1001, "Going away"))
            told.append(number)
            await all_told.wait()
            await socket.send(client_frame(close_frame(1001), 8))
            assert await socket.ended() == b""

    async with (
        plain_server(app_of(Staying, container=services(trace)), shutdown_timeout=PATIENCE) as server,
        asyncio.TaskGroup() as clients,
    ):
        for number in range(100):
            clients.create_task(visit(number))
        await ready.wait()
        assert server.open_sockets() == 100
        await server.runner.cleanup()
    assert sorted(got) == sorted(b"%d/%d" % (number, turn) for number in range(100) for turn in range(5))
    assert sorted(told) == list(range(100))
    assert sorted(trace) == sorted(["+outer", "+inner", "-inner", "-outer"] * 100)
