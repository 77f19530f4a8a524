"""Clients that take nothing of their answers are cut off, so that nobody pins memory by not reading."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import StreamWriter

from framework import Container, Controller, Limits, Request, Response, get
from framework._serve.responses.wire import WriteWatch
from framework.typedefs import CallNext
from tests.http.big import BIG, BigResponses
from tests.http.raw import Server, make_request
from tests.http.shapes import Serve, app_of, logged

SECONDS = 1.0


@asynccontextmanager
async def slow_reader(server: Server, path: str) -> AsyncIterator[socket.socket]:
    """Send a request over a socket that takes only what the kernel takes for it."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**18)
        client.settimeout(0)
        await loop.sock_connect(client, (server.host, server.port))
        await loop.sock_sendall(client, make_request("GET", path))
        yield client


async def read_on(client: socket.socket) -> int:
    """Read the rest of a big answer, or as much of it as comes; return how many bytes there were."""
    loop, read = asyncio.get_running_loop(), 0
    async with asyncio.timeout(20):
        try:
            while read < BIG and (data := await loop.sock_recv(client, 2**20)):
                read += len(data)
        except ConnectionResetError:
            return read
    return read


@pytest.mark.parametrize("path", ["/encoded", "/response", "/native"])
async def test_client_that_takes_nothing_is_cut_off(serve: Serve, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """The slow reader: after the write timeout the connection is aborted, and what it held is given up."""
    ended = asyncio.Event()

    async def watch(request: Request, call_next: CallNext) -> object:
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: ended.set())
        return await call_next(request)

    server = await serve(app_of(BigResponses, middlewares=[watch], limits=Limits(write_timeout=SECONDS)))
    async with slow_reader(server, path) as client:
        async with asyncio.timeout(20):
            await ended.wait()
        assert await read_on(client) < BIG
    assert logged(caplog) == []


@pytest.mark.parametrize("path", ["/encoded", "/response", "/native"])
async def test_client_that_takes_little_by_little_is_served(serve: Serve, path: str) -> None:
    """Whoever goes on taking something gets everything, though it lasts longer than the write timeout."""
    server = await serve(app_of(BigResponses, limits=Limits(write_timeout=SECONDS)))
    loop, read = asyncio.get_running_loop(), 0
    async with slow_reader(server, path) as client, asyncio.timeout(60):
        began = loop.time()
        while read < BIG and (data := await loop.sock_recv(client, 2**18)):
            read += len(data)
            if loop.time() - began < 3 * SECONDS:
                await asyncio.sleep(SECONDS / 20)
    assert read >= BIG


class Seen:
    """What the transport of the last request had to write when it was asked, and the most that it ever had."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None
        self.requests = self.most = 0

    def look(self, request: Request) -> None:
        """Look at the transport of a request."""
        self.requests += 1
        self.transport, self.task = request.transport, asyncio.current_task()
        self.most = max(self.most, self.left())

    def left(self) -> int:
        """Return how much there is to write now."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()


class Small(Controller):
    """BigResponses less than a buffer holds."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @get("/text")
    async def text(self, request: Request) -> str:
        """Answer in one write."""
        self._seen.look(request)
        return "x" * 2_000

    @get("/headers")
    async def headers(self, request: Request) -> Response[str]:
        """Answer with a header."""
        self._seen.look(request)
        return Response("x" * 2_000, headers={"X-Size": "2000"})

    @get("/native")
    async def native(self, request: Request) -> web.Response:
        """Answer as aiohttp does."""
        self._seen.look(request)
        return web.Response(text="x" * 2_000)


async def serve_small(serve: Serve, *, mounted: bool) -> tuple[Server, Seen]:
    """Serve the small answers, as an application of their own or below aiohttp's own protocol."""
    seen, container = Seen(), Container()
    container.add_instance(Seen, seen)
    app = app_of(Small, container=container, limits=Limits(write_timeout=SECONDS))
    if not mounted:
        return await serve(app), seen
    outer = web.Application()
    outer.add_subapp("/api", app.build())
    return await serve(outer), seen


@pytest.mark.parametrize(
    ("path", "mounted"),
    [("/text", False), ("/headers", False), ("/native", False), ("/api/text", True), ("/api/headers", True)],
)
async def test_client_that_asks_on_and_takes_nothing_is_cut_off(
    serve: Serve, path: str, mounted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Small answers in a pipeline do not gather in memory: the next one waits until the client has taken the last."""
    server, seen = await serve_small(serve, mounted=mounted)
    loop = asyncio.get_running_loop()
    async with slow_reader(server, path) as client, asyncio.timeout(20):
        with suppress(ConnectionResetError, BrokenPipeError):
            while True:
                await loop.sock_sendall(client, make_request("GET", path) * 100)
    assert seen.most < 2**17
    assert logged(caplog) == []


async def test_client_that_has_not_taken_the_end_of_a_small_answer_is_cut_off(serve: Serve) -> None:
    """What is left over of an answer is watched however little it is, though nothing more is asked for."""
    server, seen = await serve_small(serve, mounted=False)
    loop = asyncio.get_running_loop()
    async with slow_reader(server, "/text") as client, asyncio.timeout(20):
        asked = 1
        while seen.requests < asked or not seen.left():
            if seen.requests == asked:
                await loop.sock_sendall(client, make_request("GET", "/text"))
                asked += 1
            await asyncio.sleep(0)
        assert seen.left() < 2_500
        assert seen.task is not None
        await asyncio.wait({seen.task})
        assert seen.transport is not None
        assert seen.transport.is_closing()


class Buffer(asyncio.Transport):
    """A transport with so much to write."""

    left = 1_000
    aborts = 0

    def get_write_buffer_size(self) -> int:
        """Return what a client has not taken."""
        return self.left

    def abort(self) -> None:
        """Count it."""
        self.aborts += 1


async def test_what_is_added_does_not_hide_what_is_taken() -> None:
    """A buffer that grows while the client takes something of it is no reason to cut the client off."""
    transport, writer = Buffer(), StreamWriter(BaseProtocol(asyncio.get_running_loop()), asyncio.get_running_loop())
    watch = WriteWatch(transport, SECONDS, writer)
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 3 * SECONDS:
        writer.output_size += 2_000
        transport.left += 1_000
        await asyncio.sleep(SECONDS / 20)
    assert transport.aborts == 0
    await asyncio.sleep(2 * SECONDS)
    assert transport.aborts == 1
    watch.end()


async def test_no_write_timeout(serve: Serve) -> None:
    """Limits(write_timeout=None) waits as long as the client likes."""
    server = await serve(app_of(BigResponses, limits=Limits(write_timeout=None)))
    async with slow_reader(server, "/encoded") as client:
        await asyncio.sleep(2 * SECONDS)
        assert await read_on(client) >= BIG
