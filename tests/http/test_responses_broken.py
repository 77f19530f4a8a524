"""Responses that have begun when something fails: the connection is cut, so that nobody takes them for whole."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, Request, Response, get, post
from framework.http_errors import Conflict
from framework.typedefs import CallNext
from tests.http.items import JSON
from tests.http.raw import connect, exchange, make_request
from tests.http.shapes import Serve, app_of, logged

SMALL = 10
ERRORS = {
    "crash": ValueError("secret"),
    "error": Conflict("no"),
    "native": web.HTTPConflict(),
    "found": web.HTTPFound("/"),
}


async def begin(request: Request) -> web.StreamResponse:
    """Send a head and a first piece."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"abc")
    return response


class Streaming(Controller):
    """Streams that break off."""

    @get("/stream/{name}")
    async def stream(self, request: Request, name: str) -> web.StreamResponse:
        """Fail after the first piece."""
        await begin(request)
        raise ERRORS[name]

    @get("/whole")
    async def whole(self, request: Request) -> web.StreamResponse:
        """Complete the response."""
        response = await begin(request)
        await response.write_eof()
        return response

    @get("/payload")
    async def payload(self) -> web.Response:
        """Return a body that aiohttp reads when it is sent, and that fails."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"abc"
            await asyncio.sleep(0)
            raise ERRORS["crash"]

        return web.Response(body=pieces())

    @get("/slow", timeout=0.05)
    async def slow(self, request: Request) -> web.StreamResponse:
        """Be too slow after the first piece."""
        await begin(request)
        await asyncio.sleep(60)
        raise AssertionError

    @post("/unread")
    async def unread(self) -> str:
        """Answer without a look at the body."""
        return "unread"


async def check_cut(server: TestServer, path: str) -> None:
    """Check that a response breaks off after its first piece, without the chunk that ends it."""
    async with connect(server) as connection:
        await connection.send(make_request("GET", path))
        written = await connection.rest()
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b"\r\n\r\n3\r\nabc\r\n")
    assert written.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("path", ["/stream/crash", "/slow", "/payload"])
async def test_failure_amid_a_response_without_chunks_resets_the_connection(
    serve: Serve, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTP/1.0 the end of a connection ends the body: one that broke off is reset, and not closed."""
    async with connect(await serve(app_of(Streaming))) as connection:
        await connection.send(f"GET {path} HTTP/1.0\r\nHost: h\r\n\r\n".encode())
        await connection.until_reset()
    assert len(logged(caplog)) == 1


@pytest.mark.parametrize("name", ERRORS)
async def test_failure_amid_a_response_cuts_the_connection(
    serve: Serve, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 68: what is raised after the first piece, an HTTPError included, cuts the connection and is logged once."""
    statuses: list[int] = []

    async def watch(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        statuses.append(response.status)
        return response

    async def answer(_: Request, error: Exception) -> web.StreamResponse:
        return Response(f"answered {error}")

    app = app_of(Streaming, middlewares=[watch], exception_handlers={Exception: answer})
    await check_cut(await serve(app), f"/stream/{name}")
    assert statuses == [500]
    assert logged(caplog) == [f"GET /stream/{name} failed after its response had begun"]


async def test_layer_that_fails_amid_a_response_cuts_the_connection(serve: Serve) -> None:
    """The same where a middleware fails after the handler has begun to answer."""

    async def fail(request: Request, call_next: CallNext) -> web.StreamResponse:
        await call_next(request)
        raise ValueError("secret")

    async with connect(await serve(app_of(Streaming, middlewares=[fail]))) as connection:
        await connection.send(make_request("GET", "/whole"))
        written = await connection.rest()
    assert written.endswith(b"3\r\nabc\r\n0\r\n\r\n")
    assert written.count(b"HTTP/1.1") == 1


async def test_deadline_amid_a_response_cuts_the_connection(serve: Serve) -> None:
    """A deadline that passes after the first piece writes no 503 into the response."""
    await check_cut(await serve(app_of(Streaming)), "/slow")


async def test_whole_stream_keeps_the_connection(serve: Serve) -> None:
    """A stream that ends as it should leaves the connection usable."""
    server = await serve(app_of(Streaming))
    answer = await exchange(server, make_request("GET", "/whole"), probe=make_request("GET", "/whole"))
    assert answer.body == b"abc"


@pytest.mark.parametrize("size", [SMALL, 1_000_000])
@pytest.mark.parametrize("chunked", [False, True])
async def test_body_that_nobody_reads_is_skipped(serve: Serve, size: int, *, chunked: bool) -> None:
    """A body that has arrived with its head is dropped, and the connection goes on; a longer one ends it, announced."""
    body = b"x" * size
    data = make_request("POST", "/unread", headers=JSON, body=body)
    if chunked:
        head = make_request("POST", "/unread", headers={**JSON, "Transfer-Encoding": "chunked"})
        data = head + b"%x\r\n%s\r\n0\r\n\r\n" % (size, body)
    probe = make_request("GET", "/whole") if size == SMALL else None
    answer = await exchange(await serve(app_of(Streaming)), data, probe=probe)
    assert (answer.body, answer.headers.get("Connection")) == (b"unread", "close" if probe is None else None)
