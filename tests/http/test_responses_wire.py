"""Answers on the wire, byte for byte beside those of stock aiohttp, which adds nothing but its Server header."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler

from framework import Controller, Request, Response, get
from framework.typedefs import CallNext
from tests.http.raw import Answer, connect
from tests.http.shapes import Serve, app_of

TEXT = "some text"
BIG = b"x" * (5 * 2**20)
ETAG = {"ETag": '"1"', "X-Two": "a"}


class Ours(Controller):
    """One handler for each kind of answer."""

    @get("/text")
    async def text(self) -> str:
        """Answer text."""
        return TEXT

    @get("/empty")
    async def empty(self) -> str:
        """Answer an empty text."""
        return ""

    @get("/json")
    async def json(self) -> dict[str, int]:
        """Answer JSON."""
        return {"a": 1}

    @get("/octets", status=203)
    async def octets(self) -> bytes:
        """Answer bytes."""
        return b"\0\1"

    @get("/nothing")
    async def nothing(self) -> None:
        """Answer nothing."""

    @get("/accepted", status=202)
    async def accepted(self) -> None:
        """Answer nothing, with a status that may have a body."""

    @get("/rich")
    async def rich(self) -> Response[str]:
        """Answer text with headers."""
        return Response(TEXT, headers=ETAG, status=201)

    @get("/unchanged")
    async def unchanged(self) -> Response[str]:
        """Answer that nothing has changed."""
        return Response(status=304, headers=ETAG)

    @get("/unchanged/body")
    async def unchanged_body(self) -> Response[str]:
        """Answer that nothing has changed, and what it is."""
        return Response(TEXT, status=304)

    @get("/bare")
    async def bare(self) -> Response[None]:
        """Answer a status and nothing else."""
        return Response(status=404)

    @get("/big")
    async def big(self) -> bytes:
        """Answer 5 MiB."""
        return BIG


PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
OCTETS = {"Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json", "Vary": "Accept"}
STOCK: dict[str, Callable[[], web.Response]] = {
    "/text": lambda: web.Response(text=TEXT),
    "/empty": lambda: web.Response(text=""),
    "/json": lambda: web.Response(body=b'{"a":1}', headers=JSON),
    "/octets": lambda: web.Response(body=b"\0\1", status=203, headers=OCTETS),
    "/nothing": lambda: web.Response(status=204),
    "/accepted": lambda: web.Response(status=202),
    "/rich": lambda: web.Response(body=TEXT.encode(), status=201, headers={**ETAG, **PLAIN}),
    "/unchanged": lambda: web.Response(status=304, headers=ETAG),
    "/unchanged/body": lambda: web.Response(body=TEXT.encode(), status=304, headers=PLAIN),
    "/bare": lambda: web.Response(status=404),
    "/big": lambda: web.Response(body=BIG, headers=OCTETS),
}


def stock_app(path: str, *middlewares: Callable[..., object]) -> web.Application:
    """Return an aiohttp application that answers a path as the controller does."""

    async def handler(_: web.Request) -> web.Response:
        return STOCK[path]()

    application = web.Application(middlewares=middlewares)  # type: ignore[arg-type]  # plain functions
    application.router.add_get(path, handler)
    return application


def written(answer: Answer) -> bytes:
    """Return what was on the wire without the Server header, and with one date for all."""
    head = re.sub(rb"Server: [^\r]*\r\n", b"", answer.head)
    return re.sub(rb"Date: [^\r]*", b"Date: now", head) + answer.body


REQUESTS = {
    "GET": ("GET", "HTTP/1.1", None),
    "HEAD": ("HEAD", "HTTP/1.1", None),
    "GET and close": ("GET", "HTTP/1.1", "close"),
    "HEAD and close": ("HEAD", "HTTP/1.1", "close"),
    "HTTP/1.0": ("GET", "HTTP/1.0", None),
    "HTTP/1.0 keep-alive": ("GET", "HTTP/1.0", "keep-alive"),
    "HTTP/1.0 HEAD keep-alive": ("HEAD", "HTTP/1.0", "keep-alive"),
}


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("path", STOCK)
async def test_answer_is_that_of_stock_aiohttp(serve: Serve, path: str, kind: str) -> None:
    """Every answer is written as aiohttp writes it, and the connection lives or ends as it does there."""
    method, version, connection_header = REQUESTS[kind]
    lines = [f"{method} {path} {version}", "Host: localhost"]
    lines += [] if connection_header is None else [f"Connection: {connection_header}"]
    data = "\r\n".join([*lines, "", ""]).encode()
    seen = []
    for app in (app_of(Ours), stock_app(path)):
        async with connect(await serve(app)) as connection:
            answer = await connection.exchange(data, method=method)
            seen.append((written(answer), await connection.is_open()))
    assert seen[0] == seen[1]


def add_header(response: web.Response) -> None:
    """Add a header."""
    response.headers["X-Added"] = "1"


def change_status(response: web.Response) -> None:
    """Change the status."""
    response.set_status(202)


def change_reason(response: web.Response) -> None:
    """Change the reason phrase."""
    response.set_status(200, "Fine")


def change_text(response: web.Response) -> None:
    """Change the text."""
    response.text = "another text \u00e9"


def change_body(response: web.Response) -> None:
    """Change the body."""
    response.body = b"another body"


def drop_body(response: web.Response) -> None:
    """Take the body away."""
    response.body = None


def change_type(response: web.Response) -> None:
    """Change the media type."""
    response.content_type = "text/html"
    response.charset = "ascii"


def close(response: web.Response) -> None:
    """Close the connection."""
    response.force_close()


def compress(response: web.Response) -> None:
    """Compress the body."""
    response.enable_compression(web.ContentCoding.deflate)


def chunk(response: web.Response) -> None:
    """Send the body in chunks."""
    response.enable_chunked_encoding()


def set_times(response: web.Response) -> None:
    """Set validators."""
    response.last_modified = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    response.etag = "1"


def set_raw_cookie(response: web.Response) -> None:
    """Set a cookie past set_cookie, so that there are no defaults."""
    response.cookies["seen"] = "yes"


def own_server(response: web.Response) -> None:
    """Name a server and a date."""
    response.headers["Server"] = "mine"
    response.headers["Date"] = "never"


def to_no_content(response: web.Response) -> None:
    """Make it a 204."""
    response.set_status(204)


def look_only(response: web.Response) -> None:
    """Look at everything and change nothing."""
    assert response.content_type
    assert response.content_length is not None
    assert response.prepared is False
    assert (response.status, response.reason) == (200, "OK")
    assert (response.keep_alive, response.compression, response.chunked) == (None, False, False)
    assert (response.last_modified, response.etag) == (None, None)
    assert response.text == response.body.decode() == TEXT  # type: ignore[union-attr]  # bytes here
    assert not response.cookies
    assert response.task is None
    assert repr(response).endswith("Response OK not prepared>")


MUTATIONS = (
    add_header, change_status, change_reason, change_text, change_body, drop_body, change_type, close, compress, chunk,
    set_times, set_raw_cookie, own_server, to_no_content, look_only,
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("mutate", MUTATIONS)
async def test_middleware_changes_an_answer_as_in_stock_aiohttp(
    serve: Serve, mutate: Callable[[web.StreamResponse], None], method: str
) -> None:
    """A middleware may do to an answer all that it may do to one of aiohttp's."""

    async def ours(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        mutate(response)
        return response

    @web.middleware
    async def stock(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        mutate(response)
        return response

    data = f"{method} /text HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    seen = []
    for app in (app_of(Ours, middlewares=[ours]), stock_app("/text", stock)):
        async with connect(await serve(app)) as connection:
            answer = await connection.exchange(data, method=method)
            seen.append((sorted(written(answer).split(b"\r\n")), await connection.is_open()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("path", ["/text", "/rich", "/nothing", "/unchanged", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
async def test_response_signals_are_sent(serve: Serve, path: str, method: str) -> None:
    """on_response_prepare sees every answer before it is written, 404 and 405 included, and may change it."""
    seen: list[tuple[str, int]] = []

    async def stamp(request: web.Request, response: web.StreamResponse) -> None:
        seen.append((request.path, response.status))
        response.headers["X-Signal"] = response.headers.get("Content-Type", "none")

    application = app_of(Ours).build()
    application.on_response_prepare.append(stamp)
    async with connect(await serve(application)) as connection:
        answer = await connection.exchange(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode(), method=method)
        assert await connection.is_open()
    assert seen == [(path, answer.status)]
    assert answer.headers["X-Signal"] == answer.headers.get("Content-Type", "none")


async def test_signals_of_the_outer_application_are_sent(serve: Serve) -> None:
    """An app that is mounted in another has that one's signals as well."""
    outer = web.Application()

    async def stamp(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Outer"] = "1"

    outer.on_response_prepare.append(stamp)
    outer.add_subapp("/api", app_of(Ours).build())
    async with connect(await serve(outer)) as connection:
        for path in ("/api/text", "/api/nowhere"):
            answer = await connection.exchange(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert answer.headers["X-Outer"] == "1"


class Log(AbstractAccessLogger):
    """An access log that keeps what it is told."""

    lines: list[tuple[str, str, int, int]]

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Keep a line."""
        assert time >= 0
        Log.lines.append((request.method, request.path, response.status, response.body_length))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", STOCK)
async def test_access_log_has_the_length(serve: Serve, path: str, method: str) -> None:
    """The access log is told once of each answer, with the bytes of head and body, as in stock aiohttp."""
    data = f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    for app in (app_of(Ours), stock_app(path)):
        Log.lines = []
        async with connect(await serve(app, access_log_class=Log)) as connection:
            answer = await connection.exchange(data, method=method)
            assert await connection.is_open()
        assert Log.lines == [(method, path, answer.status, len(answer.head) + len(answer.body))]
