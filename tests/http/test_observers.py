"""Observers see every request begin and end, whatever it ends with."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated, Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from framework import App, Controller, HTTPError, Observation, Observer, Request, Response, get, post
from framework.http_errors import (
    Conflict,
    ContentTooLarge,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
    UnprocessableContent,
)
from framework.params import Body
from framework.static import StaticFiles
from framework.typedefs import CallNext
from tests.http.observing import Recorder, Seen
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, logged


async def _handle(_: Request, __: KeyError) -> Response[str]:
    return Response("handled", status=418)


class Orders(Controller):
    """Handlers that end in every way."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: int) -> dict[str, int]:
        """Return one order."""
        return {"id": order_id}

    @get("/head/plain")
    async def plain(self) -> str:
        """Return a text."""
        return "order"

    @post("/text", body_limit=4)
    async def text(self, text: Annotated[str, Body()]) -> None:
        """Take a text."""

    @get("/old/one")
    async def old(self) -> None:
        """Redirect by an exception of aiohttp's."""
        raise web.HTTPFound("/orders/1")

    @get("/moved/one")
    async def moved(self) -> Response[None]:
        """Redirect."""
        return Response(status=303, location="/orders/1")

    @get("/taken/one")
    async def taken(self) -> None:
        """Refuse."""
        raise Conflict("taken")

    @get("/gone/one")
    async def gone(self) -> None:
        """Refuse by an exception of aiohttp's."""
        raise web.HTTPGone

    @get("/fail/one")
    async def fail(self) -> None:
        """Fail."""
        raise KeyError("secret")

    @get("/handled/one", exception_handlers={KeyError: _handle})
    async def handled(self) -> None:
        """Fail, and be handled."""
        raise KeyError("known")

    @get("/slow/one", timeout=0.01)
    async def slow(self) -> None:
        """Take too long."""
        await asyncio.sleep(10)

    @get("/cached/one", etag=True)
    async def cached(self) -> str:
        """Return what has a version."""
        return "cached"

    @get("/raw/one")
    async def raw(self) -> web.Response:
        """Return a response of aiohttp's, compressed."""
        response = web.Response(text="raw" * 100)
        response.enable_compression(web.ContentCoding.gzip)
        return response


def _ended(method: str, route: str | None, status: int, exception: type[BaseException] | None = None) -> Seen:
    return Seen(method, route, status, 0, exception)


_ROWS: list[tuple[str, str, dict[str, Any], Seen]] = [
    ("GET", "/orders/7", {}, _ended("GET", "/orders/{order_id}", 200)),
    ("GET", "/orders/%37", {}, _ended("GET", "/orders/{order_id}", 200)),
    ("HEAD", "/orders/7", {}, _ended("HEAD", "/orders/{order_id}", 200)),
    ("GET", "/orders/x", {}, _ended("GET", "/orders/{order_id}", 422, UnprocessableContent)),
    ("GET", "/nowhere", {}, _ended("GET", None, 404, NotFound)),
    ("PUT", "/orders/7", {}, _ended("PUT", None, 405, MethodNotAllowed)),
    ("OPTIONS", "/orders/7", {}, _ended("OPTIONS", "/orders/{order_id}", 204)),
    ("POST", "/orders/text", {"body": b'"text"'}, _ended("POST", "/orders/text", 413, ContentTooLarge)),
    ("GET", "/orders/old/one", {}, _ended("GET", "/orders/old/one", 302, web.HTTPFound)),
    ("GET", "/orders/moved/one", {}, _ended("GET", "/orders/moved/one", 303)),
    ("GET", "/orders/taken/one", {}, _ended("GET", "/orders/taken/one", 409, Conflict)),
    ("GET", "/orders/gone/one", {}, _ended("GET", "/orders/gone/one", 410, web.HTTPGone)),
    ("GET", "/orders/fail/one", {}, _ended("GET", "/orders/fail/one", 500, KeyError)),
    ("GET", "/orders/handled/one", {}, _ended("GET", "/orders/handled/one", 418, KeyError)),
    ("GET", "/orders/slow/one", {}, _ended("GET", "/orders/slow/one", 503, ServiceUnavailable)),
    ("GET", "/orders/cached/one", {}, _ended("GET", "/orders/cached/one", 200)),
    ("GET", "/orders/cached/one", {"headers": {"If-None-Match": "*"}}, _ended("GET", "/orders/cached/one", 304)),
    ("GET", "/orders/raw/one", {}, _ended("GET", "/orders/raw/one", 200)),
]


@pytest.mark.both_loops
@pytest.mark.parametrize(("method", "target", "given", "expected"), _ROWS)
async def test_each_end_of_a_request(
    serve: Serve, method: str, target: str, given: dict[str, Any], expected: Seen
) -> None:
    """Template, status, exception and the bytes of the body that the client has read."""
    recorder = Recorder()
    server = await serve(app_of(Orders, observers=[recorder]))

    answer = await ask(server, method, target, **given)

    assert await recorder.ended(1) == [expected._replace(body_size=len(answer.body))]
    assert answer.status == expected.status
    assert recorder.begun == [target.replace("%37", "7")]
    assert recorder.states == [1]
    assert 0 < recorder.observations[0].duration < 10


async def test_a_client_that_waits_for_100_is_seen_once(serve: Serve) -> None:
    """The interim response is not the end."""
    recorder = Recorder()
    async with connect(await serve(app_of(Orders, observers=[recorder]))) as connection:
        head = {"Expect": "100-continue", "Content-Length": "3", "Content-Type": "application/json"}
        await connection.send(make_request("POST", "/orders/text", headers=head))
        assert (await connection.receive()).status == 100
        assert (await connection.exchange(b'"a"')).status == 204

    assert await recorder.ended(1) == [Seen("POST", "/orders/text", 204, 0)]


async def test_the_exception_itself_is_seen(serve: Serve) -> None:
    """What a handler raised, with its traceback, also through aiohttp's middlewares."""

    @web.middleware
    async def outside(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request)

    recorder = Recorder()
    application = app_of(Orders, observers=[recorder]).build()
    application.middlewares.append(outside)
    server = await serve(application)

    for target in ("/orders/fail/one", "/orders/taken/one", "/orders/gone/one", "/nowhere"):
        await ask(server, "GET", target)

    assert [one.exception for one in await recorder.ended(4)] == [KeyError, Conflict, web.HTTPGone, NotFound]
    error = recorder.observations[0].exception
    assert isinstance(error, KeyError)
    assert error.args == ("secret",)
    assert error.__traceback__ is not None


async def test_files_are_seen_with_the_part_that_is_sent(serve: Serve, tmp_path: Path) -> None:
    """A static file, a range of it, and one that has not changed; large ones are sent by the kernel."""
    (tmp_path / "small.txt").write_bytes(b"0123456789")
    (tmp_path / "large.bin").write_bytes(bytes(3_000_000))
    recorder = Recorder()
    server = await serve(App([StaticFiles("/files", tmp_path)], observers=[recorder]))

    targets: tuple[tuple[str, dict[str, str]], ...] = (
        ("/files/small.txt", {}),
        ("/files/small.txt", {"Range": "bytes=2-4"}),
        ("/files/small.txt", {"If-None-Match": "*"}),
        ("/files/large.bin", {}),
        ("/files/large.bin", {"Range": "bytes=0-1999999"}),
        ("/files/none", {}),
    )
    ended: list[Seen] = []
    for number, (target, headers) in enumerate(targets, start=1):
        await ask(server, "GET", target, headers=headers)
        # The client may have the last byte before the kernel has said so.
        ended = await recorder.ended(number)

    assert [(one.status, one.body_size) for one in ended[:5]] == [
        (200, 10),
        (206, 3),
        (304, 0),
        (200, 3_000_000),
        (206, 2_000_000),
    ]
    assert (ended[5].status, ended[5].exception) == (404, NotFound)
    assert ended[0].route == "/files/{path:path}"


@pytest.mark.parametrize("delay", [0.0, 0.3], ids=["", "slow thread"])
async def test_what_a_client_has_received_of_a_file_is_counted(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delay: float
) -> None:
    """A client that disconnects in the middle of a large file, which the kernel sends past the transport.

    The thread that sends it may continue only after the client has gone.
    """
    size, received = 50_000_000, 1_000_000
    sendfile = os.sendfile

    def send(out: int, file: int, position: int, count: int) -> int:
        sent = sendfile(out, file, position, count)
        time.sleep(delay)
        return sent

    monkeypatch.setattr(os, "sendfile", send)
    (tmp_path / "large.bin").write_bytes(bytes(size))
    recorder = Recorder()
    server = await serve(App([StaticFiles("/files", tmp_path)], observers=[recorder]))

    async with connect(server) as connection:
        await connection.send(make_request("GET", "/files/large.bin"))
        await connection.read(received)

    (one,) = await recorder.ended(1)
    assert (one.status, one.client_gone) == (200, True)
    # The first bytes that were received are the head.
    assert received - 1_000 <= one.body_size < size


async def test_requests_in_a_pipeline_end_in_their_order(serve: Serve) -> None:
    """Each is observed by itself."""
    recorder = Recorder()
    async with connect(await serve(app_of(Orders, observers=[recorder]))) as connection:
        await connection.send(b"".join(make_request("GET", f"/orders/{number}") for number in range(5)))
        for _ in range(5):
            await connection.receive()

    assert [one.body_size for one in await recorder.ended(5)] == [8] * 5
    assert recorder.begun == [f"/orders/{number}" for number in range(5)]
    assert recorder.states == [1, 2, 3, 4, 5]


async def test_the_rest_of_an_unread_body_is_not_part_of_the_duration(serve: Serve) -> None:
    """A refused body is read and forgotten after the response; the request has ended by then."""
    recorder = Recorder()
    server = await serve(app_of(Orders, observers=[recorder]))
    async with connect(server) as connection:
        await connection.send(b"POST /orders/text HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        answer = await connection.receive()
        ended = await recorder.ended(1)

    assert answer.status == 413
    assert ended == [Seen("POST", "/orders/text", 413, len(answer.body), ContentTooLarge)]
    assert recorder.observations[0].duration < 0.9


async def test_what_cannot_be_parsed_is_no_request(serve: Serve) -> None:
    """It is refused before there is anything to observe."""
    recorder = Recorder()
    server = await serve(app_of(Orders, observers=[recorder]))
    async with connect(server) as connection:
        await connection.send(b"nonsense\r\n\r\n")
        assert (await connection.receive()).status == 400
    await ask(server, "GET", "/orders/1")

    assert [one.status for one in await recorder.ended(1)] == [200]
    assert recorder.begun == ["/orders/1"]


async def test_middlewares_are_seen_through(serve: Serve) -> None:
    """What a middleware of the framework answers is what is sent."""

    async def refuse(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers["X-Seen"] = "yes"
        return Response("instead", status=299) if request.path == "/orders/1" else response

    recorder = Recorder()
    server = await serve(app_of(Orders, middlewares=[refuse], observers=[recorder]))
    assert (await ask(server, "GET", "/orders/1")).body == b"instead"
    assert (await ask(server, "GET", "/orders/2")).headers["X-Seen"] == "yes"

    assert await recorder.ended(2) == [
        Seen("GET", "/orders/{order_id}", 299, 7),
        Seen("GET", "/orders/{order_id}", 200, 8),
    ]


class _Broken(Observer):
    """Fails in one of its methods."""

    def __init__(self, method: str) -> None:
        self._method = method

    def begin(self, request: Request) -> str:
        """Fail, or return a state."""
        if self._method == "begin":
            raise HTTPError(request.path)
        return "begun"

    def end(self, observation: Observation, state: Any) -> None:
        """Fail; without a state there is no call."""
        raise RuntimeError(state, observation.status)


@pytest.mark.parametrize("method", ["begin", "end"])
async def test_an_observer_that_fails_changes_nothing(
    serve: Serve, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The response and the other observers are as without it; each place in the code is logged once."""
    first, last = Recorder(), Recorder()
    server = await serve(app_of(Orders, observers=[first, _Broken(method), last]))

    for target in ("/orders/1", "/orders/2", "/orders/taken/one"):
        answer = await ask(server, "GET", target)
        assert answer.status == (409 if "taken" in target else 200)

    assert [one.status for one in await first.ended(3)] == [200, 200, 409]
    assert [one.status for one in await last.ended(3)] == [200, 200, 409]
    assert logged(caplog) == [f"The observer _Broken.{method} failed; failures at the same place are not logged again"]


async def test_observers_end_in_reverse(serve: Serve) -> None:
    """The last to begin is the first to end."""
    events: list[str] = []

    class Named(Observer):
        def __init__(self, name: str) -> None:
            self._name = name

        def begin(self, request: Request) -> str:  # noqa: ARG002  it has a name only
            events.append(f"begin {self._name}")
            return self._name

        def end(self, observation: Observation, state: Any) -> None:  # noqa: ARG002  as above
            events.append(f"end {state}")

    recorder = Recorder()
    await ask(await serve(app_of(Orders, observers=[recorder, Named("a"), Named("b")])), "GET", "/orders/1")
    await recorder.ended(1)

    assert events == ["begin a", "begin b", "end b", "end a"]
