"""The lean protocol over the life of a connection: tasks, contexts, deadlines, clients that leave, and the end."""

import asyncio
import contextvars
import gc
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.http import StreamWriter
from aiohttp.web_protocol import RequestHandler

from framework import Controller, Request, get, post
from tests.http.raw import connect, make_request
from tests.http.shapes import app_of

_MARK: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="unmarked")
_PATIENCE = 20.0
GET = make_request("GET", "/text")


class Witness:
    """What the handlers saw."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.tasks: list[Any] = []
        self.marks: list[str] = []
        self.ends: list[str] = []
        self.running = asyncio.Event()
        self.go = asyncio.Event()
        self.ended = asyncio.Event()


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int
    runner: web.AppRunner


@asynccontextmanager
async def running(witness: Witness, **settings: Any) -> AsyncIterator[Any]:
    """Serve the controllers as any host does."""

    class Watched(Controller):
        """Handlers that tell what they see."""

        @get("/text")
        async def text(self, request: Request) -> str:
            """Answer at once."""
            witness.requests.append(request)
            witness.tasks.append(asyncio.current_task())
            witness.marks.append(_MARK.get())
            _MARK.set("marked")
            return "text"

        @get("/later")
        async def later(self, request: Request) -> str:
            """Answer after some turns of the loop."""
            await asyncio.sleep(0)
            return await self.text(request)

        @get("/wait")
        async def wait(self, request: Request) -> str:
            """Wait until the test lets it go on."""
            witness.requests.append(request)
            witness.running.set()
            try:
                await witness.go.wait()
                witness.ends.append("done")
            except asyncio.CancelledError:
                witness.ends.append("cancelled")
                raise
            finally:
                witness.ended.set()
            return "waited"

        @post("/unread")
        async def unread(self) -> str:
            """Leave the body where it is."""
            return "unread"

        @post("/late")
        async def late(self, request: Request) -> int:
            """Read the body when so much of it has come that the server reads no more."""
            _MARK.set("marked")
            transport: Any = request.transport
            while transport.is_reading():  # noqa: ASYNC110  transports tell nobody
                await asyncio.sleep(0)
            return len(await request.content.read())

        @get("/own")
        async def own(self, request: Request) -> bool:
            """Tell whether the request knows its own task, transport, protocol, writer and content."""
            known = request.task is asyncio.current_task() and request.transport is request.protocol.transport
            whole = request.content.is_eof() and isinstance(request.protocol, RequestHandler)
            return known and whole and isinstance(request.writer, StreamWriter) and request.writer is request.writer

    application = app_of(Watched).build()
    runner = web.AppRunner(application, **{"access_log": None, **settings})
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield Address(host, port, runner)
    finally:
        witness.go.set()
        await runner.cleanup()


async def left(request: Request) -> None:
    """Wait until the server knows that the client of a request has gone."""
    protocol = request.protocol
    async with asyncio.timeout(_PATIENCE):
        while protocol.transport is not None:  # noqa: ASYNC110  aiohttp tells nobody
            await asyncio.sleep(0.01)


async def test_each_request_has_a_task_and_a_context(witness: Witness) -> None:
    """Requests on one connection, in turn or in a pipeline, differ in their task and share no context variables."""
    async with running(witness) as server, connect(server) as connection:
        for _ in range(3):
            await connection.exchange(GET)
        await connection.send((GET + make_request("GET", "/later")) * 3)
        for _ in range(6):
            await connection.receive()
    assert len({id(one) for one in witness.tasks}) == 9
    assert witness.marks == ["unmarked"] * 9


async def test_context_of_who_resumes_reading_stays_his(witness: Witness) -> None:
    """When a request resumes the reading of its connection, the next ones do not run in its context."""
    size = 4 * 2**20
    async with running(witness) as server, connect(server) as connection:
        body = make_request("POST", "/late", headers={"Content-Length": str(size)}) + b"x" * size
        assert (await connection.exchange(body)).body == str(size).encode()
        await connection.exchange(GET)
        await connection.exchange(GET)
    assert witness.marks == ["unmarked"] * 2


async def test_request_knows_what_serves_it(witness: Witness) -> None:
    """A request gives its task, transport, protocol, writer and content; so does one behind others."""
    async with running(witness) as server, connect(server) as connection:
        own = make_request("GET", "/own")
        assert (await connection.exchange(own)).body == b"true"
        await connection.send(GET + own)
        await connection.receive()
        assert (await connection.receive()).body == b"true"


async def test_request_that_is_answered_has_no_task(witness: Witness) -> None:
    """Whoever keeps a request cannot end the next one through it."""
    async with running(witness) as server, connect(server) as connection:
        await connection.exchange(GET)
        assert witness.requests[0].task is None


async def test_request_remembers_its_client(witness: Witness) -> None:
    """The address of a client is known also when it has gone."""
    async with running(witness) as server:
        async with connect(server) as connection:
            await connection.exchange(GET)
        await left(witness.requests[0])
        assert witness.requests[0].remote == "127.0.0.1"


async def test_waiting_connection_has_no_task(witness: Witness) -> None:
    """A connection that waits for a request costs no task."""
    async with running(witness) as server, connect(server) as connection:
        before = asyncio.all_tasks()
        await connection.exchange(GET)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before


async def test_nothing_of_a_request_stays(witness: Witness) -> None:
    """When a request is answered it is gone, without help of the garbage collector."""
    async with running(witness) as server, connect(server) as connection:
        gc.disable()
        try:
            await connection.exchange(GET)
            request, task = weakref.ref(witness.requests.pop()), weakref.ref(witness.tasks.pop())
            await connection.exchange(make_request("GET", "/own"))
            assert request() is None
            assert task() is None
        finally:
            gc.enable()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="aiohttp asks no task factory there")
async def test_task_factory_is_asked(witness: Witness) -> None:
    """On Python 3.11, where aiohttp asks the loop's task factory, tasks of requests are made by it."""
    loop = asyncio.get_running_loop()
    made: list[Any] = []

    def make(_: asyncio.AbstractEventLoop, coroutine: Any, **settings: Any) -> Any:
        made.append(asyncio.Task(coroutine, loop=loop, **settings))
        return made[-1]

    loop.set_task_factory(make)
    try:
        async with running(witness) as server, connect(server) as connection:
            await connection.exchange(GET)
            await connection.send(GET + GET)
            await connection.receive()
            await connection.receive()
    finally:
        loop.set_task_factory(None)
    assert all(task in made for task in witness.tasks)
    assert len({id(one) for one in witness.tasks}) == 3
    assert witness.marks == ["unmarked"] * 3


async def test_silent_connection_is_closed(witness: Witness) -> None:
    """After keepalive_timeout without a request a connection is closed, whether it had one or not."""
    async with (
        running(witness, keepalive_timeout=1.0) as server,
        connect(server) as silent,
        connect(server) as connection,
    ):
        await connection.exchange(GET)
        assert await silent.rest() == b""
        assert await connection.rest() == b""


async def test_running_request_outlives_the_keepalive_timeout(witness: Witness) -> None:
    """A request may take longer than keepalive_timeout; the time runs again from its answer."""
    async with running(witness, keepalive_timeout=1.0) as server, connect(server) as connection:
        await connection.send(make_request("GET", "/wait"))
        await asyncio.sleep(1.3)
        witness.go.set()
        assert (await connection.receive()).body == b"waited"
        assert (await connection.exchange(GET)).body == b"text"
        assert await connection.rest() == b""


async def test_reading_pauses_behind_a_full_queue(witness: Witness) -> None:
    """Not more than 32 requests wait on a connection; the others are read when some are answered."""
    async with running(witness) as server, connect(server) as connection:
        await connection.send(make_request("GET", "/wait"))
        await witness.running.wait()
        await connection.send(GET * 3000)
        await asyncio.sleep(0.1)
        protocol: Any = witness.requests[0].protocol
        assert len(protocol._messages) == 32  # noqa: SLF001  what is in the queue shows nowhere else
        assert not protocol.transport.is_reading()
        witness.go.set()
        assert (await connection.receive()).body == b"waited"
        for _ in range(3000):
            assert (await connection.receive()).body == b"text"
        assert protocol.transport.is_reading()


async def test_unread_body_that_does_not_come_closes(witness: Witness) -> None:
    """The rest of a body is awaited for lingering_time after its answer, and then the connection is closed."""
    async with running(witness, lingering_time=0.2) as server, connect(server) as connection:
        answer = await connection.exchange(make_request("POST", "/unread", headers={"Content-Length": "5"}))
        assert answer.body == b"unread"
        assert await connection.rest() == b""


@pytest.mark.parametrize("cancellation", [True, False])
async def test_client_that_leaves(witness: Witness, *, cancellation: bool) -> None:
    """With handler_cancellation the handler of a client that has gone is cancelled, else it goes on to its end."""
    async with running(witness, handler_cancellation=cancellation) as server:
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/wait"))
            await witness.running.wait()
        await left(witness.requests[0])
        if not cancellation:
            assert witness.ends == []
            witness.go.set()
        async with asyncio.timeout(_PATIENCE):
            await witness.ended.wait()
        assert witness.ends == (["cancelled"] if cancellation else ["done"])
        assert server.runner.server.connections == [] or not cancellation


async def test_shutdown_waits_for_a_request(witness: Witness) -> None:
    """A request that is running when the server ends is answered, and idle connections do not hold the end up."""
    async with running(witness, shutdown_timeout=_PATIENCE) as server, connect(server) as idle, connect(server) as one:
        await idle.exchange(GET)
        await one.send(make_request("GET", "/wait"))
        await witness.running.wait()
        end = asyncio.create_task(server.runner.cleanup())
        await asyncio.sleep(0.1)
        assert not end.done()
        witness.go.set()
        assert (await one.receive()).body == b"waited"
        assert await one.rest() == b""
        assert await idle.rest() == b""
        await end
    assert witness.ends == ["done"]


async def test_shutdown_cancels_what_takes_too_long(witness: Witness) -> None:
    """A request that outlives the shutdown_timeout is cancelled, and its connection closed without an answer."""
    async with running(witness, shutdown_timeout=0.1) as server, connect(server) as connection:
        await connection.send(make_request("GET", "/wait"))
        await witness.running.wait()
        await server.runner.cleanup()
        assert await connection.rest() == b""
        await witness.ended.wait()
    assert witness.ends == ["cancelled"]


async def test_unknown_setting_is_dropped(witness: Witness, caplog: pytest.LogCaptureFixture) -> None:
    """A setting that aiohttp does not know is dropped with its warning, and requests are served."""
    async with running(witness, no_such_setting=1) as server, connect(server) as connection:
        assert (await connection.exchange(GET)).body == b"text"
    assert any("Failed to create request handler" in one.getMessage() for one in caplog.records)


@pytest.fixture
async def witness() -> Witness:
    """Watch the handlers."""
    return Witness()
