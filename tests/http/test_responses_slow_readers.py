"""Clients that take nothing of their answers are cut off, so that nobody pins memory by not reading."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from framework import Controller, Limits, Request, Response, get
from framework.typedefs import CallNext
from tests.http.raw import Server, make_request
from tests.http.shapes import Serve, app_of, logged

BIG = 20 * 2**20
SECONDS = 0.4


class Answers(Controller):
    """Answers more than any buffer holds."""

    @get("/encoded")
    async def encoded(self) -> bytes:
        """Answer in one write."""
        return bytes(BIG)

    @get("/response")
    async def response(self) -> Response[bytes]:
        """Answer with a header."""
        return Response(bytes(BIG), headers={"X-Size": str(BIG)})


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


@pytest.mark.parametrize("path", ["/encoded", "/response"])
async def test_client_that_takes_nothing_is_cut_off(serve: Serve, path: str, caplog: pytest.LogCaptureFixture) -> None:
    """The slow reader: after the write timeout the connection is aborted, and what it held is given up."""
    ended = asyncio.Event()

    async def watch(request: Request, call_next: CallNext) -> object:
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: ended.set())
        return await call_next(request)

    server = await serve(app_of(Answers, middlewares=[watch], limits=Limits(write_timeout=SECONDS)))
    async with slow_reader(server, path) as client:
        async with asyncio.timeout(20):
            await ended.wait()
        assert await read_on(client) < BIG
    assert logged(caplog) == []


@pytest.mark.parametrize("path", ["/encoded", "/response"])
async def test_client_that_takes_little_by_little_is_served(serve: Serve, path: str) -> None:
    """Whoever goes on taking something gets everything, though it lasts longer than the write timeout."""
    server = await serve(app_of(Answers, limits=Limits(write_timeout=SECONDS)))
    loop, read = asyncio.get_running_loop(), 0
    async with slow_reader(server, path) as client, asyncio.timeout(60):
        began = loop.time()
        while read < BIG and (data := await loop.sock_recv(client, 2**18)):
            read += len(data)
            if loop.time() - began < 3 * SECONDS:
                await asyncio.sleep(SECONDS / 20)
    assert read >= BIG


async def test_no_write_timeout(serve: Serve) -> None:
    """Limits(write_timeout=None) waits as long as the client likes."""
    server = await serve(app_of(Answers, limits=Limits(write_timeout=None)))
    async with slow_reader(server, "/encoded") as client:
        await asyncio.sleep(2 * SECONDS)
        assert await read_on(client) >= BIG
