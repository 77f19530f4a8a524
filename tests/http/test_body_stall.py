"""Clients that keep a body back: 408, and the connection is closed (RFC 9110, section 15.5.9)."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import BodyStream, Limits, Request, get, post
from framework.typedefs import CallNext
from tests.http.forms import BOUNDARY, MULTIPART, URLENCODED, multipart, part
from tests.http.items import JSON
from tests.http.raw import connect, exchange, make_request
from tests.http.readers import Readers
from tests.http.shapes import Serve, app_of, logged, problem

GRACE = 0.3
SLOW = problem(408, "/json", "The body arrives too slowly")


class Item(Struct):
    """A body."""

    name: str


class PatientReaders(Readers):
    """Reads bodies in all ways, and in one that takes long."""

    @get("/text")
    async def text(self) -> str:
        """Answer at once."""
        return "text"

    @post("/json")
    async def json(self, item: Item) -> str:
        """Read a value."""
        return item.name

    @post("/patient")
    async def patient(self, stream: BodyStream) -> int:
        """Take more time between two chunks than a client may."""
        size = 0
        async for chunk in stream:
            size += len(chunk)
            await asyncio.sleep(2 * GRACE)
        return size


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the readers, which wait for 0.3 s and then want 100 bytes a second."""
    return await serve(app_of(PatientReaders, limits=Limits(body_grace=GRACE, body_rate=100)))


BEGUN = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'.encode()


@pytest.mark.parametrize(
    ("target", "headers", "body"),
    [
        ("/json", JSON, b'{"n'),
        ("/json", JSON, b""),
        ("/bytes", {}, b"abc"),
        ("/form", URLENCODED, b"name=a"),
        ("/form", MULTIPART, BEGUN),
        ("/file", MULTIPART, BEGUN),
        ("/stream", {}, b"abc"),
        ("/parts", MULTIPART, BEGUN),
    ],
)
async def test_body_that_stalls_is_given_up(
    server: TestServer, target: str, headers: dict[str, str], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """However a body is read, a client that sends nothing more is told so and cut off, without a line of log."""
    begun = time.monotonic()
    answer = await exchange(server, make_request("POST", target, headers={**headers, "Content-Length": "1000"}) + body)
    assert time.monotonic() - begun > GRACE
    assert answer.problem == problem(408, target, "The body arrives too slowly")
    assert answer.headers["Connection"] == "close"
    assert logged(caplog) == []


async def test_body_that_trickles_is_given_up(server: TestServer) -> None:
    """A client that sends a byte now and then is too slow, however long it goes on."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/json", headers={**JSON, "Content-Length": "1000"}))
        answer = asyncio.create_task(connection.receive())
        while not answer.done():
            await connection.send(b" ")
            await asyncio.sleep(0.05)
    assert answer.result().problem == SLOW


async def test_body_that_is_fast_enough_is_read(server: TestServer) -> None:
    """Who sends faster than the rate is waited for beyond the grace."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/stream", headers={"Content-Length": "600"}))
        for _ in range(12):
            await connection.send(b"x" * 50)
            await asyncio.sleep(0.05)
        answer = await connection.receive()
    assert answer.json == 600


async def test_slow_handler_is_not_the_client_s_fault(server: TestServer) -> None:
    """The time that a handler takes between chunks does not count."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/patient", headers={"Content-Length": "6"}) + b"abc")
        await asyncio.sleep(GRACE / 2)
        answer = await connection.exchange(b"def")
    assert answer.json == 6


async def test_client_is_waited_for_where_no_rate_is_asked(serve: Serve) -> None:
    """body_rate=0 waits as long as the client likes."""
    server = await serve(app_of(PatientReaders, limits=Limits(body_grace=0.01, body_rate=0)))
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/json", headers={**JSON, "Content-Length": "13"}))
        assert await connection.is_open()
        assert (await connection.exchange(b'{"name": "a"}')).body == b"a"


async def test_nothing_is_read_after_a_stall(server: TestServer) -> None:
    """What comes after the answer, the rest of the body included, is not a request."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/json", headers={**JSON, "Content-Length": "13"}) + b"{")
        assert (await connection.receive()).problem == SLOW
        await connection.send(b'"name": "a"}' + make_request("POST", "/form", headers=URLENCODED, body=b"name=a"))
        assert await connection.rest() == b""


async def test_client_that_goes_is_not_logged(server: TestServer, caplog: pytest.LogCaptureFixture) -> None:
    """A connection that ends amid a body is nobody's fault here; others are served."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/file", headers={**MULTIPART, "Content-Length": "1000"}) + BEGUN)
        assert await connection.is_open()
    await asyncio.sleep(0.05)
    body = multipart(part("file", "abc", filename="a"))
    request = make_request("POST", "/file", headers=MULTIPART, body=body)
    assert (await exchange(server, request, probe=request)).json == 3
    assert logged(caplog) == []


class Turns:
    """Counts the turns of the event loop, and in which of them bodies were given up."""

    def __init__(self) -> None:
        self.begun = 0
        self.turn = 0
        self.stalls: list[int] = []
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._count)

    async def __call__(self, request: Request, call_next: CallNext) -> object:
        """Watch a request."""
        self.begun += request.method == "POST"
        response = await call_next(request)
        if response.status == 408:
            self.stalls.append(self.turn)
        return response

    def _count(self) -> None:
        self.turn += 1
        self._loop.call_soon(self._count)


@pytest.mark.both_loops
async def test_bodies_that_stall_at_once_hold_up_nobody(serve: Serve) -> None:
    """Many bodies whose time is up in the same moment are given up one after the other, and others are served."""
    count, answered, grace = 200, 0, 2.0
    turns = Turns()
    server = await serve(app_of(PatientReaders, middlewares=[turns], limits=Limits(body_grace=grace)))
    async with AsyncExitStack() as stack:
        ordinary = await stack.enter_async_context(connect(server))
        stalled = [await stack.enter_async_context(connect(server)) for _ in range(count)]
        for one in stalled:
            await one.send(make_request("POST", "/bytes", headers={"Content-Length": "9"}))
        async with asyncio.timeout(20):
            while turns.begun < count:  # noqa: ASYNC110  middlewares set no event
                await asyncio.sleep(0)
        before = len(turns.stalls)
        time.sleep(1.5 * grace)  # noqa: ASYNC251  the time of all of them is up when the loop goes on
        while len(turns.stalls) < count:
            assert (await ordinary.exchange(make_request("GET", "/text"))).body == b"text"
            answered += 1
        assert {(await one.receive()).status for one in stalled} == {408}
    assert max(Counter(turns.stalls[before:]).values()) <= 2
    assert answered > (count - before) / 20
