"""A server in one process stops without losing what has arrived, on both event loops and with both protocols."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from msgspec import structs

from framework import App, Controller, get
from framework._process.server import GracefulServer
from framework._process.times import StopTimes
from framework._serve.connections import draining
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.both_loops
STARTED: list[int] = []
"""The milliseconds of all requests that have begun."""
REQUEST = b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Waiting(Controller):
    """Takes as many milliseconds as the path says."""

    @get("/{milliseconds}")
    async def wait(self, milliseconds: int) -> str:
        """Return the number."""
        STARTED.append(milliseconds)
        await asyncio.sleep(milliseconds / 1000)
        return str(milliseconds)


async def native(request: web.Request) -> web.Response:
    """Do the same without the framework."""
    text = request.match_info["milliseconds"]
    STARTED.append(int(text))
    await asyncio.sleep(int(text) / 1000)
    return web.Response(text=text)


def make_application(kind: str) -> web.Application:
    """Return an application of the framework, or one of aiohttp alone."""
    if kind == "framework":
        return App([Waiting], openapi=None).build()
    application = web.Application()
    application.router.add_get("/{milliseconds}", native)
    return application


@pytest.fixture(params=["framework", "aiohttp"])
def application(request: pytest.FixtureRequest) -> web.Application:
    """Return each kind of application."""
    return make_application(request.param)


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[tuple[GracefulServer, int]]:
    """Serve an application; yield the server and its port."""
    STARTED.clear()
    server = GracefulServer(application, access_log=None)
    listening = socket.create_server(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    await server.start([listening])
    try:
        yield server, port
    finally:
        await server.stop(StopTimes.within(1, announce=0))


async def test_pipelined_requests_are_all_answered(application: web.Application) -> None:
    """Only the last response announces the end of the connection."""
    async with served(application) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % 100 + REQUEST % 51 + REQUEST % 52)
        await until(lambda: STARTED == [100])
        await server.stop(StopTimes.within(10, announce=0.5))
        data = await reader.read()
        writer.close()
    heads = data.split(b"HTTP/1.1 200 OK")[1:]
    assert [one.rpartition(b"\r\n\r\n")[2] for one in heads] == [b"100", b"51", b"52"]
    assert [b"connection: close" in one.lower() for one in heads] == [False, False, True]


async def test_a_request_in_the_announced_moment(application: web.Application) -> None:
    """A connection that is kept is served once more, and a request that is handled gets the announcement."""
    async with served(application) as (server, port):
        kept, kept_writer = await asyncio.open_connection("127.0.0.1", port)
        kept_writer.write(REQUEST % 1)
        assert b"close" not in await kept.readuntil(b"\r\n\r\n1")
        handled, handled_writer = await asyncio.open_connection("127.0.0.1", port)
        handled_writer.write(REQUEST % 300)
        await until(lambda: STARTED == [1, 300])
        stopping = asyncio.create_task(server.stop(StopTimes.within(100, announce=PATIENCE)))
        await asyncio.sleep(0.1)
        kept_writer.write(REQUEST % 2)
        data = await asyncio.gather(kept.read(), handled.read())
        assert [one.rpartition(b"\r\n\r\n")[2] for one in data] == [b"2", b"300"]
        assert [b"Connection: close" in one for one in data] == [True, True]
        await stopping
        for writer in (kept_writer, handled_writer):
            writer.close()


def stall(times: int) -> None:
    """Block the loop in its next iterations, as a busy machine does."""
    time.sleep(0.2)
    if times > 1:
        asyncio.get_running_loop().call_soon(stall, times - 1)


@pytest.mark.parametrize("stalls", [0, 5])
async def test_connections_that_wait_to_be_accepted_are_served(application: web.Application, stalls: int) -> None:
    """The listener is closed after they are accepted, and each of them has its protocol, however long that takes."""
    async with served(application) as (server, port):
        clients: list[socket.socket] = []
        for _ in range(20):
            clients.append(socket.create_connection(("127.0.0.1", port)))
            clients[-1].sendall(REQUEST % 5)
        if stalls:
            asyncio.get_running_loop().call_soon(stall, stalls)
        await server.stop(StopTimes.within(10, announce=0.5))
        for one in clients:
            one.settimeout(PATIENCE)
            data = b""
            while part := one.recv(10_000):
                data += part
            assert data.startswith(b"HTTP/1.1 200 OK")
            one.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


async def test_handlers_that_take_too_long_are_cancelled(
    application: web.Application, caplog: pytest.LogCaptureFixture
) -> None:
    """Within the time of the stop; the application is cleaned up, and one line is logged."""
    loop = asyncio.get_running_loop()
    cleaned: list[str] = []

    async def clean(_: web.Application) -> None:
        cleaned.append("up")

    application.on_cleanup.append(clean)
    async with served(application) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % 60_000)
        await until(lambda: STARTED == [60_000])
        begun = loop.time()
        # Only the requests have little time: on a busy machine the rest may last.
        times = StopTimes.within(1, announce=0)
        await server.stop(structs.replace(times, cleanup=PATIENCE, tasks=PATIENCE, services=PATIENCE))
        assert loop.time() - begun > 0.6
        assert await reader.read() == b""
        writer.close()
        assert cleaned == ["up"]
    assert [one.getMessage() for one in caplog.records] == ["1 requests are cancelled: they did not end in 0.7 s"]


async def test_an_aiohttp_without_the_private_names(
    application: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in flight finishes, without an announcement; what takes too long does not keep the server."""
    monkeypatch.setattr(draining, "SUPPORTED", False)
    async with served(application) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST % 300)
        endless, endless_writer = await asyncio.open_connection("127.0.0.1", port)
        endless_writer.write(REQUEST % 60_000)
        await until(lambda: sorted(STARTED) == [300, 60_000])
        await server.stop(StopTimes.within(2, announce=0.1))
        assert (await reader.read()).rpartition(b"\r\n\r\n")[2] == b"300"
        assert await endless.read() == b""
        writer.close()
        endless_writer.close()


async def test_services_that_do_not_close_are_left(caplog: pytest.LogCaptureFixture) -> None:
    """The stop ends in time; the line says what happened."""
    application = make_application("aiohttp")

    released = asyncio.Event()

    async def hang(_: web.Application) -> None:
        await released.wait()

    application.on_cleanup.append(hang)
    async with served(application) as (server, _), asyncio.timeout(PATIENCE):
        await server.stop(StopTimes.within(0.5, announce=0))
        released.set()
    assert caplog.messages == ["Services did not close in time, 0.5 s after the stop began"]


async def test_functions_of_on_shutdown(caplog: pytest.LogCaptureFixture) -> None:
    """They run once; errors are logged, and the services are closed nevertheless."""
    application = make_application("aiohttp")
    calls: list[str] = []

    async def fail(_: web.Application) -> None:
        calls.append("shutdown")
        raise ValueError("wrong")

    async def clean(_: web.Application) -> None:
        calls.append("cleanup")

    application.on_shutdown.append(fail)
    application.on_cleanup.append(clean)
    async with served(application) as (server, _):
        await server.stop(StopTimes.within(1, announce=0))
        assert calls == ["shutdown", "cleanup"]
        calls.clear()
    assert caplog.messages == ["A function of on_shutdown failed"]
