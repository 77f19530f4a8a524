"""The end of a connection: the response announces it, nothing that has come is lost, and it is not put off."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, Request, get, post
from framework.http_errors import Forbidden
from tests.http.raw import Connection, connect, exchange, make_request
from tests.http.shapes import LOGGERS, Serve, app_of
from tests.http.tls import client_context, server_context

GET = make_request("GET", "/text")
_PATIENCE = 20.0

pytestmark = pytest.mark.both_loops


class Witness:
    """What the handlers and the test tell each other."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.running = asyncio.Event()
        self.go = asyncio.Event()


async def refuse(_: Request) -> None:
    """Let nobody in."""
    raise Forbidden


def controller(witness: Witness) -> type[Controller]:
    """Return handlers that wait, and handlers that read nothing."""

    class Pages(Controller):
        @get("/text")
        async def text(self) -> str:
            return "text"

        @get("/wait")
        async def wait(self, request: Request) -> str:
            witness.requests.append(request)
            witness.running.set()
            await witness.go.wait()
            return "waited"

        @get("/native")
        async def native(self) -> web.Response:
            witness.running.set()
            await witness.go.wait()
            return web.Response(text="native")

        @get("/stream")
        async def stream(self) -> AsyncIterator[str]:
            witness.running.set()
            await witness.go.wait()
            yield "stream"

        @post("/read")
        async def read(self, request: Request) -> int:
            witness.running.set()
            return len(await request.read())

        @post("/unread")
        async def unread(self) -> str:
            return "unread"

        @post("/refused", guards=(refuse,))
        async def refused(self) -> str:
            return "never"

        @post("/crash")
        async def crash(self) -> str:
            raise ZeroDivisionError

        @post("/raised")
        async def raised(self) -> str:
            raise web.HTTPConflict

    return Pages


@pytest.fixture
async def witness() -> Witness:
    """Watch the handlers."""
    return Witness()


@pytest.fixture(params=["TCP", "TLS"])
def tls(request: pytest.FixtureRequest) -> tuple[ssl.SSLContext | None, ssl.SSLContext | None]:
    """Return the contexts of server and client."""
    return (server_context(), client_context()) if request.param == "TLS" else (None, None)


@pytest.fixture
async def server(serve: Serve, witness: Witness, tls: tuple[Any, Any]) -> TestServer:
    """Serve the controller; whoever waits for the rest of a body waits longer than the tests do."""
    return await serve(app_of(controller(witness)), access_log=None, ssl=tls[0], lingering_time=3 * _PATIENCE)


@pytest.fixture
async def opened(server: TestServer, tls: tuple[Any, Any]) -> AsyncIterator[Connection]:
    """Open a connection."""
    async with connect(server, tls=tls[1]) as connection:
        yield connection


def end(server: TestServer) -> "asyncio.Task[None]":
    """Begin to shut a server down as any host does."""
    assert server.runner is not None
    return asyncio.create_task(server.runner.cleanup())


async def pause() -> None:
    """Let the server begin to shut down."""
    await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/nowhere", 404),
        ("DELETE", "/text", 405),
        ("POST", "/unread", 200),
        ("POST", "/refused", 403),
        ("POST", "/crash", 500),
        ("POST", "/raised", 409),
        ("OPTIONS", "/text", 204),
    ],
)
@pytest.mark.parametrize("sent", [b"", b"abc"], ids=["nothing of it", "a part of it"])
async def test_unread_body_ends_the_connection(
    opened: Connection, method: str, path: str, status: int, sent: bytes
) -> None:
    """A body that nobody reads and that has not arrived is the end of the connection, and the response says so."""
    answer = await opened.exchange(make_request(method, path, headers={"Content-Length": "1000"}) + sent, method=method)
    assert answer.status == status
    assert answer.headers["Connection"] == "close"
    assert await opened.rest() == b""


async def test_unread_chunks_end_the_connection(opened: Connection) -> None:
    """The same for a body of chunks."""
    answer = await opened.exchange(
        make_request("POST", "/nowhere", headers={"Transfer-Encoding": "chunked"}) + b"3\r\nab"
    )
    assert (answer.status, answer.headers["Connection"]) == (404, "close")
    assert await opened.rest() == b""


@pytest.mark.parametrize("path", ["/nowhere", "/unread", "/refused"])
async def test_unread_body_that_has_arrived_keeps_the_connection(opened: Connection, path: str) -> None:
    """A body that came with its head is dropped, and the connection serves the next request."""
    for _ in range(2):
        answer = await opened.exchange(make_request("POST", path, body=b"x" * 1000))
        assert "Connection" not in answer.headers
    assert (await opened.exchange(GET)).body == b"text"


async def test_client_that_is_still_sending_can_read_the_response(opened: Connection) -> None:
    """What comes of an unread body is dropped for some time, so that no reset destroys the response."""
    await opened.send(make_request("POST", "/nowhere", headers={"Content-Length": "2000000"}))
    for _ in range(20):
        await opened.send(b"x" * 100_000)
        await asyncio.sleep(0.01)
    answer = await opened.receive()
    assert (answer.status, answer.headers["Connection"]) == (404, "close")
    assert await opened.rest() == b""


async def test_end_shows_at_once(server: TestServer, tls: tuple[Any, Any], opened: Connection) -> None:
    """Without TLS, the client sees the end behind the response, while the server still drops what comes."""
    if tls[0] is None:
        await opened.send(make_request("POST", "/nowhere", headers={"Content-Length": "1000"}))
        assert (await opened.receive()).status == 404
        assert await opened.rest() == b""
        assert server.runner is not None
        assert server.runner.server is not None
        assert len(server.runner.server.connections) == 1
    else:
        assert (await opened.exchange(GET)).status == 200


@pytest.mark.parametrize(("path", "text"), [("/wait", b"waited"), ("/native", b"native"), ("/stream", b"stream")])
async def test_response_during_shutdown_announces_the_end(
    server: TestServer, witness: Witness, opened: Connection, path: str, text: bytes
) -> None:
    """A request that runs when the server stops is answered, and its response says that the connection ends."""
    await opened.send(make_request("GET", path))
    await witness.running.wait()
    ending = end(server)
    await pause()
    assert not ending.done()
    witness.go.set()
    answer = await opened.receive()
    assert (answer.status, answer.body, answer.headers["Connection"]) == (200, text, "close")
    assert await opened.rest() == b""
    await ending


async def test_requests_in_the_queue_are_answered_during_shutdown(
    server: TestServer, witness: Witness, opened: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests that had come behind it are answered too; the last response says that the connection ends."""
    await opened.send(make_request("GET", "/wait"))
    await witness.running.wait()
    await opened.send(GET + make_request("GET", "/nowhere") + GET)
    await pause()
    ending = end(server)
    await pause()
    witness.go.set()
    answers = [await opened.receive() for _ in range(4)]
    assert [one.status for one in answers] == [200, 200, 404, 200]
    assert [one.headers.get("Connection") for one in answers] == [None, None, None, "close"]
    assert await opened.rest() == b""
    await ending
    assert [one for one in caplog.records if one.name in LOGGERS] == []


async def test_request_that_comes_during_shutdown_is_not_answered(
    server: TestServer, witness: Witness, opened: Connection
) -> None:
    """What comes later is left to another server, as the last response has announced."""
    await opened.send(make_request("GET", "/wait"))
    await witness.running.wait()
    ending = end(server)
    await pause()
    await opened.send(GET)
    await pause()
    witness.go.set()
    answer = await opened.receive()
    assert (answer.body, answer.headers["Connection"]) == (b"waited", "close")
    assert await opened.rest() == b""
    await ending


@pytest.mark.parametrize("size", [6, 2_000_000])
async def test_body_is_read_to_its_end_during_shutdown(
    server: TestServer, witness: Witness, opened: Connection, size: int
) -> None:
    """A request whose body is still on its way when the server stops is read and answered."""
    await opened.send(make_request("POST", "/read", headers={"Content-Length": str(size)}) + b"abc")
    await witness.running.wait()
    ending = end(server)
    await pause()
    if size > 1_000_000:
        await opened.send(b"x" * (size - 3))
        # More than the limit of bodies, and read all the same.
        answer = await opened.receive()
        assert answer.status == 413
    else:
        await opened.send(b"x" * (size - 3) + GET)
        answer = await opened.receive()
        assert (answer.status, answer.body) == (200, b"6")
    assert answer.headers["Connection"] == "close"
    assert await opened.rest() == b""
    await ending


async def test_idle_connections_are_closed_at_once(
    server: TestServer, witness: Witness, tls: tuple[Any, Any], opened: Connection
) -> None:
    """While a request runs on one connection, those that wait for a request are closed without waiting for it."""
    async with connect(server, tls=tls[1]) as idle:
        assert (await idle.exchange(GET)).status == 200
        await opened.send(make_request("GET", "/wait"))
        await witness.running.wait()
        ending = end(server)
        assert await idle.rest() == b""
        assert not ending.done()
        witness.go.set()
        assert (await opened.receive()).body == b"waited"
        await ending


async def test_queue_that_takes_too_long_is_cut(serve: Serve, witness: Witness) -> None:
    """What is not answered within the time of the shutdown is cancelled, with all that waits behind it."""
    server = await serve(app_of(controller(witness)), access_log=None, shutdown_timeout=0.1)
    async with connect(server) as connection:
        await connection.send(make_request("GET", "/wait") * 2)
        await witness.running.wait()
        async with asyncio.timeout(_PATIENCE):
            await end(server)
        assert await connection.rest() == b""
    assert len(witness.requests) == 1


async def test_closed_by_client(serve: Serve, witness: Witness) -> None:
    """A client that asks for the end of its connection gets it, and nothing behind its request is answered."""
    server = await serve(app_of(controller(witness)), access_log=None)
    answer = await exchange(server, make_request("GET", "/text", headers={"Connection": "close"}))
    assert answer.headers["Connection"] == "close"
