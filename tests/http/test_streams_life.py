"""The life of a stream: services stay open to its end, and everything is closed however it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import Container, Controller, EventStream, Limits, Request, Response, get
from framework._serve.streams.registry import OPEN_STREAMS
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, exchange, make_request
from tests.http.shapes import Serve, app_of, logged, problem
from tests.http.streams import Log, Outer, app_with_log, read_until, serving
from tests.http.test_responses_slow_readers import read_on, slow_reader

CLOSED = ["session closed", "outer closed"]


async def test_services_stay_open_to_the_end_of_the_stream(serve: Serve) -> None:
    """Scoped services are closed after the last item, the last first, and before the body ends."""
    app, log = app_with_log()
    answer = await ask(await serve(app), "GET", "/lines/2")
    assert answer.body == b'{"number":0}\n{"number":1}\n'
    assert log.events == ["opened", "sent 0", "sent 1", "ended", *CLOSED]


async def test_failure_before_the_first_item_is_a_problem(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """An error of the first item answers like that of any handler, and services see it."""
    app, log = app_with_log()
    server = await serve(app)
    answer = await exchange(server, make_request("GET", "/lines/1?fail_at=0"), probe=make_request("GET", "/lines/1"))
    assert answer.problem == problem(500, "/lines/1")
    assert log.events[:4] == ["opened", "ended", "session closed", "outer saw Failure"]
    answer = await ask(server, "GET", "/lines/101?fail_at=0")
    assert answer.problem == problem(409, "/lines/101", "no more")
    assert logged(caplog) == ["GET /lines/1 failed"]


@pytest.mark.parametrize(("path", "error"), [("/lines/5?fail_at=2", "Failure"), ("/lines/101?fail_at=2", "Conflict")])
async def test_failure_amid_the_stream_cuts_the_connection(
    serve: Serve, path: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 68: the connection is cut without the chunk that ends the body, with one line in the log."""
    app, log = app_with_log()
    async with connect(await serve(app)) as connection:
        await connection.send(make_request("GET", path))
        written = await connection.rest()
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b'{"number":1}\n\r\n')
    assert log.events == ["opened", "sent 0", "sent 1", "ended", "session closed", f"outer saw {error}", "outer closed"]
    assert logged(caplog) == [f"GET {path.partition('?')[0]} failed after its response had begun"]


async def test_failure_amid_a_stream_without_chunks_resets_the_connection(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTP/1.0 a connection that is closed ends the body, so that of a broken stream is reset."""
    app, log = app_with_log()
    async with connect(await serve(app)) as connection:
        await connection.send(b"GET /lines/5?fail_at=2 HTTP/1.0\r\nHost: h\r\n\r\n")
        await connection.until_reset()
    assert log.events[-1] == "outer closed"
    assert logged(caplog) == ["GET /lines/5 failed after its response had begun"]


async def test_events_begin_before_the_first_event(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The head of an event stream is out at once, so that a failure of its first event cuts the connection."""
    app, log = app_with_log()
    async with connect(await serve(app)) as connection:
        await connection.send(make_request("GET", "/events-fail"))
        written = await connection.rest()
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b"\r\n\r\n")
    assert log.events == ["opened", "session closed", "outer saw Conflict", "outer closed"]
    assert logged(caplog) == ["GET /events-fail failed after its response had begun"]


class Waiting(Controller):
    """Waits before its first event."""

    @get("/head")
    async def head_only(self) -> EventStream[int]:
        """Never yield."""
        await asyncio.Event().wait()
        yield 1


async def test_head_of_events_comes_at_once(serve: Serve) -> None:
    """The client knows that it is connected before anything happens."""
    async with connect(await serve(app_of(Waiting))) as connection:
        await connection.send(make_request("GET", "/head"))
        assert (await read_until(connection, b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("path", "first"), [("/ticks", b'data: {"number":0}\n\n\r\n'), ("/pieces", b"piece\r\n"), ("/late", b"")]
)
@pytest.mark.parametrize("cancelling", [False, True])
async def test_client_that_leaves_ends_the_generator(
    path: str, first: bytes, caplog: pytest.LogCaptureFixture, *, cancelling: bool
) -> None:
    """The generator ends and services are closed at once, though nothing is written; nothing is logged."""
    app, log = app_with_log()
    application = app.build()
    async with serving(application, handler_cancellation=cancelling) as server:
        async with connect(server) as connection:
            await connection.send(make_request("GET", path))
            await read_until(connection, first)
            await log.wait_for("waiting")
            assert len(application[OPEN_STREAMS]) == 1
        await log.wait_for("outer closed")
        cancelled = ["CancelledError"] if path == "/ticks" else []
        closed = ["session closed", "outer saw CancelledError", "outer closed"]
        assert log.events == ["opened", "waiting", *cancelled, "ended", *closed]
        await asyncio.sleep(0.01)
        assert len(application[OPEN_STREAMS]) == 0
        assert (await ask(server, "GET", "/lines/1")).status == 200
    assert logged(caplog) == []


async def test_client_that_leaves_while_it_takes(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that is written as fast as it is taken ends as well."""
    app, log = app_with_log()
    async with serving(app.build()) as server, connect(server) as connection:
        await connection.send(make_request("GET", "/endless"))
        await connection.read(100_000)
        await connection.close()
        await log.wait_for("outer closed")
    assert log.events[-4:] == ["ended", "session closed", "outer saw CancelledError", "outer closed"]
    assert logged(caplog) == []


async def test_slow_reader_holds_the_generator_back_and_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is made that nobody takes; after the write timeout the stream ends and its services are closed."""
    app, log = app_with_log(limits=Limits(write_timeout=0.5))
    async with serving(app.build()) as server, slow_reader(server, "/endless") as client:
        await log.wait_for("yielded", 50)
        await asyncio.sleep(0.3)
        made = log.events.count("yielded")
        # What the kernel holds for both sides, and the two marks.
        assert made * 10_000 < 20 * 2**20
        await log.wait_for("outer closed")
        assert await read_on(client) < made * 10_000 + 2**20
    assert log.events[-4:] == ["ended", "session closed", "outer saw CancelledError", "outer closed"]
    assert logged(caplog) == []


async def test_stream_does_not_keep_others_waiting(serve: Serve) -> None:
    """A generator that never waits gives others their turn."""
    app, _ = app_with_log()
    server = await serve(app)
    async with connect(server) as connection, connect(server) as other:
        await connection.send(make_request("GET", "/lines/200000"))
        assert (await other.exchange(make_request("GET", "/lines/1"))).body == b'{"number":0}\n'
        assert (await connection.receive()).body.count(b"\n") == 200_000


@pytest.mark.parametrize("path", ["/lines/3", "/ticks", "/late", "/lines/3?fail_at=0"])
async def test_head_runs_no_generator(serve: Serve, path: str) -> None:
    """HEAD answers with the head of GET; services are opened and closed, and no item is made."""
    app, log = app_with_log()
    server = await serve(app)
    answer = await exchange(server, make_request("HEAD", path), method="HEAD", probe=make_request("GET", "/lines/1"))
    assert answer.status == 200
    assert answer.media_type == ("text/event-stream" if path == "/ticks" else "application/jsonl")
    assert log.events[:3] == ["opened", *CLOSED]


async def test_timeout_counts_to_the_first_item(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """timeout= is for the time to the first item: 503 when it does not come, and nothing once it came."""

    class Slow(Controller):
        @get("/never", timeout=0.1)
        async def never(self) -> AsyncIterator[int]:
            await asyncio.sleep(60)
            yield 1

        @get("/slow", timeout=0.1)
        async def slow(self) -> AsyncIterator[int]:
            yield 1
            await asyncio.sleep(0.3)
            yield 2

        @get("/events", timeout=0.1)
        async def events(self) -> EventStream[int]:
            await asyncio.sleep(0.3)
            yield 1

    server = await serve(app_of(Slow))
    assert (await ask(server, "GET", "/never")).problem == problem(503, "/never", "No response within 0.1 s")
    assert (await ask(server, "GET", "/slow")).body == b"1\n2\n"
    assert (await ask(server, "GET", "/events")).body == b"data: 1\n\n"
    assert logged(caplog) == []


class Silent(Controller):
    """Says little."""

    @get("/often", keep_alive=0.1)
    async def often(self) -> EventStream[int]:
        """Be silent for a while."""
        await asyncio.sleep(0.35)
        yield 1

    @get("/never", keep_alive=None)
    async def never(self) -> EventStream[int]:
        """Be silent for a while."""
        await asyncio.sleep(0.35)
        yield 1

    @get("/chatty", keep_alive=1)
    async def chatty(self) -> EventStream[int]:
        """Never be silent for long."""
        for number in range(24):
            await asyncio.sleep(0.05)
            yield number


async def test_comments_keep_silent_streams_alive(serve: Serve) -> None:
    """After keep_alive= seconds of silence a comment is sent, which clients drop; not while there are events."""
    server = await serve(app_of(Silent))
    often, never, chatty = await asyncio.gather(*(ask(server, "GET", path) for path in ("/often", "/never", "/chatty")))
    assert often.body.startswith(b":\n\n")
    assert often.body.replace(b":\n\n", b"") == b"data: 1\n\n"
    assert never.body == b"data: 1\n\n"
    assert chatty.body == b"".join(b"data: %d\n\n" % number for number in range(24))


def swallowing(log: Log) -> type[Controller]:
    """Make a controller of generators that do not end as they should."""

    class Stubborn(Controller):
        @get("/swallows")
        async def swallows(self) -> EventStream[int]:
            while True:
                yield 1
                try:
                    log.add("waiting")
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    log.add("swallowed")

        @get("/fails")
        async def fails(self) -> EventStream[int]:
            try:
                yield 1
                log.add("waiting")
                await asyncio.sleep(60)
            finally:
                log.add("failed")
                raise RuntimeError("cleanup")

        @get("/cancels-itself")
        async def cancels_itself(self) -> EventStream[int]:
            yield 1
            raise asyncio.CancelledError

    return Stubborn


async def test_generator_that_swallows_its_end(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A generator that goes on after its client has left gets no second chance; one that fails is logged."""
    log = Log()
    application = app_of(swallowing(log)).build()
    server = await serve(application)
    for path, event in (("/swallows", "swallowed"), ("/fails", "failed")):
        log.events.clear()
        async with connect(server) as connection:
            await connection.send(make_request("GET", path))
            await log.wait_for("waiting")
        await log.wait_for(event)
        await asyncio.sleep(0.01)
        assert len(application[OPEN_STREAMS]) == 0
    assert logged(caplog) == ["A stream failed when it was ended"]


async def test_cancellation_that_nobody_asked_for_is_a_failure(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A CancelledError of the generator's own cuts the stream like any error."""
    async with connect(await serve(app_of(swallowing(Log())))) as connection:
        await connection.send(make_request("GET", "/cancels-itself"))
        assert (await connection.rest()).endswith(b"data: 1\n\n\r\n")
    assert logged(caplog) == ["GET /cancels-itself failed after its response had begun"]


async def test_service_that_fails_to_close_after_the_last_item(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A commit that fails cuts the stream, so that nobody takes it for whole; it is logged once."""

    class Numbers(Controller):
        @get("/numbers")
        async def numbers(self, outer: Outer) -> AsyncIterator[int]:
            assert outer is not None
            yield 1

    async def open_outer() -> AsyncIterator[Outer]:
        yield Outer()
        raise RuntimeError("no commit")

    container = Container()
    container.add_scoped(Outer, open_outer)
    async with connect(await serve(app_of(Numbers, container=container))) as connection:
        await connection.send(make_request("GET", "/numbers"))
        assert (await connection.rest()).endswith(b"\r\n\r\n2\r\n1\n\r\n")
    assert logged(caplog) == ["GET /numbers failed after its response had begun"]


async def replace_response(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Answer something else."""
    await call_next(request)
    return Response("other")


async def fail_after(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Fail when the answer is there."""
    await call_next(request)
    raise ValueError("secret")


@pytest.mark.parametrize(("middleware", "status", "seen"), [(replace_response, 200, []), (fail_after, 500, [])])
@pytest.mark.parametrize("path", ["/lines/3", "/ticks"])
async def test_stream_that_a_middleware_puts_aside_is_closed(
    serve: Serve, middleware: Callable[..., Awaitable[web.StreamResponse]], status: int, seen: list[str], path: str
) -> None:
    """Where another response is sent, the generator and the services are closed before it."""
    app, log = app_with_log(middlewares=[middleware])
    application = app.build()
    assert (await ask(await serve(application), "GET", path)).status == status
    ended = ["ended"] if path == "/lines/3" else []
    assert log.events == ["opened", *ended, "session closed", *seen, "outer closed"]
    assert len(application[OPEN_STREAMS]) == 0


async def test_stream_that_a_middleware_of_aiohttp_puts_aside_is_closed(serve: Serve) -> None:
    """The same behind a middleware that only aiohttp knows of: it is closed when the request is over."""

    @web.middleware
    async def put_aside(request: web.Request, handler: Handler) -> web.StreamResponse:
        await handler(request)
        return web.Response(text="other")

    app, log = app_with_log()
    application = web.Application(middlewares=[put_aside])
    app.attach(application)
    assert (await ask(await serve(application), "GET", "/lines/3")).body == b"other"
    await log.wait_for("outer closed")
    assert log.events == ["opened", "ended", *CLOSED]
    assert len(application[OPEN_STREAMS]) == 0


async def test_header_that_cannot_be_written(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A header that would split the response makes it a 500, and everything is closed."""

    async def spoil(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers["X-Bad"] = "a\r\nb"
        return response

    app, log = app_with_log(middlewares=[spoil])
    answer = await ask(await serve(app), "GET", "/lines/3")
    assert answer.problem == problem(500, "/lines/3")
    assert log.events[0] == "opened"
    assert log.events[-1] == "outer closed"
    assert len(logged(caplog)) == 1


async def test_status_without_a_body(serve: Serve) -> None:
    """A middleware may turn a stream into an answer without a body; it is closed without being read on."""

    async def empty(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.set_status(204)
        return response

    app, log = app_with_log(middlewares=[empty])
    answer = await ask(await serve(app), "GET", "/lines/3")
    assert (answer.status, answer.body) == (204, b"")
    assert log.events == ["opened", "ended", *CLOSED]


async def test_shutdown_ends_streams(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """Event streams get their end, others are cut off, and all services are closed; aiohttp would wait for a minute."""
    app, log = app_with_log()
    server = await serve(app)
    async with connect(server) as events, connect(server) as pieces, connect(server) as late:
        for connection, path in ((events, "/ticks"), (pieces, "/pieces"), (late, "/late")):
            await connection.send(make_request("GET", path))
        await log.wait_for("waiting", 3)
        closing = asyncio.create_task(server.close())
        assert (await events.rest()).endswith(b'data: {"number":0}\n\n\r\n0\r\n\r\n')
        assert log.events.count("outer closed") == 1
        assert "outer saw CancelledError" not in log.events
        assert (await pieces.rest()).endswith(b"5\r\npiece\r\n")
        answer = await late.receive()
        assert answer.problem == problem(503, "/late", "The server is stopping")
        assert log.events.count("outer closed") == 3
        await closing
    assert logged(caplog) == []


async def test_shutdown_lets_short_streams_end(serve: Serve) -> None:
    """What comes to its end by itself within the grace is whole."""

    class Short(Controller):
        @get("/short")
        async def short(self) -> AsyncIterator[int]:
            yield 1
            await asyncio.sleep(0.3)
            yield 2

    server = await serve(app_of(Short))
    async with connect(server) as connection:
        await connection.send(make_request("GET", "/short"))
        await read_until(connection, b"1\n\r\n")
        closing = asyncio.create_task(server.close())
        assert (await connection.rest()) == b"2\r\n2\n\r\n0\r\n\r\n"
        await closing


async def test_nothing_stays_behind(serve: Serve) -> None:
    """After any number of streams no task is left."""
    app, log = app_with_log()
    server = await serve(app)
    await ask(server, "GET", "/lines/1")
    before = len(asyncio.all_tasks())
    for _ in range(5):
        async with connect(server) as connection:
            await connection.send(make_request("GET", "/ticks"))
            await read_until(connection, b"\n\n\r\n")
    await log.wait_for("outer closed", 6)
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) <= before
