"""ConcurrencyLimit: row Q21 of the cases, and what has a place for how long."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from framework import App, Controller, OpenAPI, WebSocket, get, websocket
from framework.middleware import ConcurrencyLimit
from tests.http.raw import Answer, ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.waiting import PATIENCE, until


class GateController(Controller):
    """Lets its requests wait until the gate is opened."""

    path = "/gate"

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        GateController.last = self

    last: "GateController"
    running = 0

    @get()
    async def wait(self, number: int = 0) -> str:
        """Wait."""
        GateController.running += 1
        try:
            await self.gate.wait()
        finally:
            GateController.running -= 1
        return f"through {number}"

    @get("/stream")
    async def stream(self) -> AsyncIterator[str]:
        """Send something, and the rest when the gate is open."""
        yield "begun"
        await self.gate.wait()
        yield "ended"

    @websocket("/socket")
    async def talk(self, socket: WebSocket[str, str]) -> None:
        """Repeat."""
        async for message in socket:
            await socket.send(message)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with nobody at the gate."""
    monkeypatch.setattr(GateController, "running", 0)


async def until_running(count: int) -> None:
    """Wait until so many requests are in the handler."""
    await until(lambda: GateController.running == count)


async def until_free(server: TestServer) -> Answer:
    """Ask until there is a place; the gate must be open."""
    answers = []

    async def is_free() -> bool:
        answers.append(await ask(server, "GET", "/gate"))
        return answers[-1].status != 503

    await until(is_free)
    return answers[-1]


def statuses(answers: Sequence[Answer]) -> list[int]:
    """Return the statuses, in order."""
    return sorted(one.status for one in answers)


@pytest.mark.both_loops
async def test_q21_as_many_as_are_allowed_run(serve: Serve) -> None:
    """Q21: of 9 at once 3 run, and 6 are refused at once with Retry-After; afterwards all places are free."""
    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(3)]))
    running = [asyncio.ensure_future(ask(server, "GET", "/gate")) for _ in range(3)]
    await until_running(3)

    refused = await asyncio.gather(*(ask(server, "GET", "/gate") for _ in range(6)))

    for answer in refused:
        assert answer.problem == problem(503, "/gate", "Too many requests are being handled")
        assert answer.headers["Retry-After"] == "1"
    GateController.last.gate.set()
    assert statuses(await asyncio.gather(*running)) == [200] * 3
    assert (await until_free(server)).body == b"through 0"


@pytest.mark.both_loops
async def test_q21_who_leaves_gives_the_place_back(serve: Serve) -> None:
    """Q21: a request that is cancelled, because its client has gone, has no place any more."""
    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(1)]))
    async with connect(server) as connection:
        await connection.send(make_request("GET", "/gate"))
        await until_running(1)
        assert (await ask(server, "GET", "/gate")).status == 503
    await until_running(0)
    GateController.last.gate.set()

    assert (await until_free(server)).status == 200


async def test_what_fails_gives_the_place_back(serve: Serve) -> None:
    """Unhandled exceptions, invalid requests and timeouts leave nothing behind."""

    class SlowController(Controller):
        path = "/slow"

        @get("/timeout", timeout=0.01)
        async def late(self) -> str:
            """Wait too long."""
            await asyncio.sleep(PATIENCE)
            return ""

    server = await serve(app_of(GateController, SlowController, middlewares=[ConcurrencyLimit(1)]))
    GateController.last.gate.set()
    for target, status in (("/slow/timeout", 503), ("/gate?number=x", 422), ("/slow/timeout", 503)):
        assert (await ask(server, "GET", target)).status == status
        assert (await until_free(server)).status == 200


async def test_one_connection_has_one_place_after_the_other(serve: Serve) -> None:
    """Requests on a kept connection do not add up."""
    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(1)]))
    assert (await ask(server, "GET", "/nowhere")).status == 404
    async with connect(server) as connection:
        running = asyncio.ensure_future(ask(server, "GET", "/gate"))
        await until_running(1)
        GateController.last.gate.set()
        await running
        await until_free(server)
        for _ in range(5):
            # The place is free when the task of the request has ended, a turn of the loop after the response.
            await asyncio.sleep(0)
            assert (await connection.exchange(make_request("GET", "/gate"))).status == 200


async def test_a_stream_has_its_place_to_its_end(serve: Serve) -> None:
    """Not only until its head is sent."""
    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(1)]))
    async with connect(server) as connection:
        await connection.send(make_request("GET", "/gate/stream"))
        assert (await connection.read(15)).startswith(b"HTTP/1.1 200 OK")
        assert (await ask(server, "GET", "/gate")).status == 503
        GateController.last.gate.set()

        assert (await until_free(server)).status == 200


async def test_a_socket_has_its_place_as_long_as_it_is_open(serve: Serve) -> None:
    """A handshake above the limit is refused; places of closed sockets are free."""
    import aiohttp

    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(1)]))
    GateController.last.gate.set()
    url = f"http://{server.host}:{server.port}/gate/socket"
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            await socket.send_str('"a"')
            assert (await socket.receive()).type is WSMsgType.TEXT
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
            assert refused.value.status == 503
        assert (await until_free(server)).status == 200


async def test_what_no_route_takes_has_no_place(serve: Serve) -> None:
    """404, 405 and preflights are answered though all places are taken."""
    server = await serve(app_of(GateController, middlewares=[ConcurrencyLimit(1)]))
    running = asyncio.ensure_future(ask(server, "GET", "/gate"))
    await until_running(1)

    answers = [await ask(server, method, target) for method, target in
               (("GET", "/nowhere"), ("POST", "/gate"), ("OPTIONS", "/gate"))]  # fmt: skip

    assert [one.status for one in answers] == [404, 405, 204]
    GateController.last.gate.set()
    assert (await running).status == 200


async def test_routes_share_the_places_of_what_covers_them(serve: Serve) -> None:
    """One instance counts all of its routes together; another has places of its own."""
    together = ConcurrencyLimit(1, retry_after=30)

    class OtherController(Controller):
        @get("/shared", middlewares=(together,))
        async def shared(self) -> str:
            """Return a text."""
            return "shared"

        @get("/own", middlewares=(ConcurrencyLimit(1),))
        async def own(self) -> str:
            """Return a text."""
            return "own"

    class WaitingController(GateController):
        middlewares = (together,)

    server = await serve(app_of(OtherController, WaitingController))
    running = asyncio.ensure_future(ask(server, "GET", "/gate"))
    await until_running(1)

    shared, own = await ask(server, "GET", "/shared"), await ask(server, "GET", "/own")

    assert (shared.status, shared.headers["Retry-After"], own.status) == (503, "30", 200)
    GateController.last.gate.set()
    await running


def test_the_document_has_the_refusal() -> None:
    """503 with Retry-After is among the responses of the routes."""
    app = App([GateController], openapi=OpenAPI(title="t", version="1"), middlewares=[ConcurrencyLimit(3)])
    assert isinstance(app.build(), web.Application)

    responses = app.document()["paths"]["/gate"]["get"]["responses"]

    assert responses["503"]["description"] == "Too many requests are being handled at this moment."
    assert sorted(responses["503"]["headers"]) == ["Retry-After"]
