"""Bodies that arrive after their head: many chunks, requests behind them, and broken framing or coding."""

import asyncio
import ssl
import zlib
from typing import Annotated

import pytest
from aiohttp.test_utils import TestServer

from framework import Body, BodyStream, Controller, Limits, Request, get, post
from tests.http.raw import Connection, connect, make_request
from tests.http.shapes import Serve, app_of, fault, logged, problem
from tests.http.tls import client_context, server_context

# Less than the time after which a body that stalls is a 408, and long enough for a busy machine.
_PATIENCE = 20.0
_GRACE = 60.0

GET = make_request("GET", "/text")
CHUNKED = {"Transfer-Encoding": "chunked"}


class Readers(Controller):
    """Reads bodies in several ways."""

    @get("/text")
    async def text(self) -> str:
        """Answer at once."""
        return "text"

    @post("/bytes")
    async def data(self, data: Annotated[bytes, Body()]) -> int:
        """Read bytes."""
        return len(data)

    @post("/stream")
    async def stream(self, stream: BodyStream) -> int:
        """Read a stream."""
        return sum([len(chunk) async for chunk in stream])

    @post("/content")
    async def content(self, request: Request) -> int:
        """Read what aiohttp has."""
        return len(await request.content.read())

    @post("/unread")
    async def unread(self) -> str:
        """Leave the body unread."""
        return "unread"


@pytest.fixture(params=["tcp", "tls"])
def tls(request: pytest.FixtureRequest) -> bool:
    """Whether the server speaks TLS."""
    return bool(request.param == "tls")


@pytest.fixture
def client(tls: bool) -> ssl.SSLContext | None:
    """Return the context of the client."""
    return client_context() if tls else None


@pytest.fixture
async def server(serve: Serve, tls: bool) -> TestServer:
    """Serve the readers."""
    app = app_of(Readers, limits=Limits(body_grace=_GRACE))
    return await serve(app, **({"ssl": server_context()} if tls else {}))


async def _send_later(connection: Connection, data: bytes) -> None:
    """Send bytes so that the server receives them apart from those before."""
    await asyncio.sleep(0.1)
    await connection.send(data)


@pytest.mark.both_loops
@pytest.mark.parametrize("target", ["/bytes", "/stream", "/content", "/unread"])
async def test_tiny_chunks_do_not_stop_the_connection(
    server: TestServer, client: ssl.SSLContext | None, target: str
) -> None:
    """After a body of many chunks of one byte, the next bodies of the connection are read at once."""
    count = 16_385
    body = b"1\r\nx\r\n" * count + b"0\r\n\r\n"
    expected = b"unread" if target == "/unread" else str(count).encode()
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        answer = await connection.exchange(make_request("POST", target, headers=CHUNKED) + body)
        assert answer.body == expected
        if target == "/unread" and answer.headers.get("Connection") == "close":
            # The end of a body that nobody reads had not come when the response was sent.
            assert await connection.rest() == b""
            return
        assert (await connection.exchange(make_request("POST", "/bytes", body=b"abc"))).body == b"3"
        assert (await connection.exchange(make_request("POST", "/content", body=b"abcd"))).body == b"4"
        assert (await connection.exchange(GET)).body == b"text"


@pytest.mark.both_loops
@pytest.mark.parametrize("target", ["/bytes", "/stream", "/content"])
async def test_tiny_chunks_do_not_stop_their_body(
    server: TestServer, client: ssl.SSLContext | None, target: str
) -> None:
    """What follows many chunks of one byte, when those are read, is read too."""
    count = 16_385
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        await connection.send(make_request("POST", target, headers=CHUNKED) + b"1\r\nx\r\n" * count)
        for _ in range(2):
            await _send_later(connection, b"1\r\nx\r\n" * 5)
        await _send_later(connection, b"1\r\nx\r\n" * 5 + b"0\r\n\r\n")
        assert (await connection.receive()).body == str(count + 15).encode()
        assert (await connection.exchange(GET)).body == b"text"


@pytest.mark.both_loops
@pytest.mark.parametrize("count", [31, 40, 300])
async def test_pipeline_behind_a_body_is_answered(
    server: TestServer, client: ssl.SSLContext | None, count: int
) -> None:
    """Requests in the segment that ends a body are all answered, however many there are."""
    head = make_request("POST", "/bytes", headers={"Content-Length": "3"})
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        for _ in range(2):
            await connection.send(head)
            await _send_later(connection, b"abc" + GET * count)
            bodies = [(await connection.receive()).body for _ in range(count + 1)]
            assert bodies == [b"3"] + [b"text"] * count
        assert await connection.is_open()


DEFLATED = zlib.compress(b"x" * 1000)
DEFLATE = {"Content-Encoding": "deflate", "Content-Length": str(len(DEFLATED) - 5)}
BROKEN = {
    "chunk size": (CHUNKED, b"2\r\nab\r\n", b"zz\r\nab\r\n"),
    "chunk end": (CHUNKED, b"2\r\nab\r\n", b"2\r\nabcd\r\n"),
    "trailer": (CHUNKED, b"2\r\nab\r\n0\r\n", b"no colon\r\n\r\n"),
    "truncated deflate": (DEFLATE, DEFLATED[:5], DEFLATED[5:-5]),
    "truncated deflate, chunked": (
        {**CHUNKED, "Content-Encoding": "deflate"},
        b"5\r\n" + DEFLATED[:5],
        b"\r\n0\r\n\r\n",
    ),
    "truncated deflate, chunk end later": (
        {**CHUNKED, "Content-Encoding": "deflate"},
        b"5\r\n" + DEFLATED[:4],
        DEFLATED[4:5] + b"\r\n0\r\n\r\n",
    ),
    "no deflate": ({"Content-Encoding": "deflate", "Content-Length": "40"}, b"", b"\xff" * 40),
}


@pytest.mark.both_loops
@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("target", ["/bytes", "/stream", "/content"])
async def test_body_that_breaks_later_is_400(
    server: TestServer, client: ssl.SSLContext | None, target: str, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever reads a body whose framing or coding breaks gets an error at once; 400, and the connection is closed."""
    headers, first, second = BROKEN[broken]
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        await connection.send(make_request("POST", target, headers=headers) + first)
        await _send_later(connection, second)
        answer = await connection.receive()
        expected = fault("body", "", "syntax", "The body cannot be decoded")
        assert answer.problem == problem(400, target, "The body cannot be read", errors=[expected])
        assert answer.headers["Connection"] == "close"
        assert await connection.rest() == b""
    assert logged(caplog) == []


@pytest.mark.both_loops
@pytest.mark.parametrize("broken", BROKEN)
async def test_unread_body_that_breaks_later_ends_the_connection(
    server: TestServer, client: ssl.SSLContext | None, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A body that nobody reads is not parsed beyond an error: the connection is closed after its only response."""
    headers, first, second = BROKEN[broken]
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        answer = await connection.exchange(make_request("POST", "/unread", headers=headers) + first)
        assert answer.body == b"unread"
        await connection.send(second + GET)
        assert await connection.rest() == b""
    assert logged(caplog) == []


@pytest.mark.both_loops
async def test_requests_before_a_broken_body_are_answered(
    server: TestServer, client: ssl.SSLContext | None, caplog: pytest.LogCaptureFixture
) -> None:
    """What stands in a pipeline before a broken body is answered; what stands behind it is not."""
    request = make_request("POST", "/content", headers=CHUNKED)
    async with connect(server, patience=_PATIENCE, tls=client) as connection:
        await connection.send(GET * 3 + request + b"2\r\nab\r\n")
        await _send_later(connection, b"zz\r\n\r\n" + GET)
        assert [(await connection.receive()).status for _ in range(4)] == [200, 200, 200, 400]
        assert await connection.rest() == b""
    assert logged(caplog) == []
