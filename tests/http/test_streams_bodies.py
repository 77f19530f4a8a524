"""Streams on the wire: what each annotation makes of the items that a handler yields."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec import Raw, Struct

from framework import Controller, Event, EventStream, Header, Request, get, post
from framework.http_errors import NotFound
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, exchange, make_request
from tests.http.shapes import Serve, app_of, logged, problem


class Order(Struct):
    """An item."""

    number: int
    note: str = ""


async def numbers(count: int) -> AsyncIterator[int]:
    """Yield numbers."""
    for number in range(count):
        yield number


class Streams(Controller):
    """One handler for each kind of stream."""

    @get("/orders")
    async def orders(self) -> AsyncIterator[Order]:
        """Yield Structs."""
        yield Order(1, "line\nend")
        await asyncio.sleep(0)
        yield Order(2)

    @get("/mappings")
    async def mappings(self) -> AsyncGenerator[dict[str, int], None]:
        """Yield dictionaries."""
        yield {"number": 1}

    @get("/raw")
    async def raw(self) -> AsyncIterator[Raw]:
        """Yield JSON that is laid out over several lines."""
        yield Raw(b'{\n  "number": 1\n}')

    @get("/bytes")
    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield bytes, some of them none."""
        yield b""
        yield b"ab"
        yield b""
        yield b"c"

    @get("/text")
    async def text(self) -> Annotated[AsyncIterator[str], "annotated"]:
        """Yield texts."""
        yield "grün"
        yield " und rot"

    @get("/returned/{count}")
    async def returned(self, count: int) -> AsyncIterator[int]:
        """Return an iterator, or raise what answers."""
        if count > 2:
            raise NotFound
        return numbers(count)

    @get("/none")
    async def none(self) -> AsyncIterator[Order]:
        """Yield nothing."""
        async for number in numbers(0):
            yield Order(number)

    @get("/created", status=201)
    async def created(self) -> AsyncIterator[int]:
        """Have another status."""
        yield 1

    @get("/no-iterator")
    async def no_iterator(self) -> AsyncIterator[int]:
        """Return what is not an iterator."""
        return [1]  # type: ignore[return-value]  # the mistake

    @get("/bad-first")
    async def bad_first(self) -> AsyncIterator[Order]:
        """Yield what cannot be encoded."""
        yield Order(1, "\ud800")


class Events(Controller):
    """Server-sent events."""

    @get("/events")
    async def events(self) -> EventStream[Order]:
        """Yield data."""
        yield Order(1, "line\nend")
        yield Order(2)

    @get("/texts")
    async def texts(self) -> EventStream[str]:
        """Yield texts of several lines."""
        yield "one"
        yield "a\r\nb\rc\nd\n"
        yield ""

    @get("/raw-events")
    async def raw(self) -> EventStream[Raw]:
        """Yield JSON that is laid out over several lines."""
        yield Raw(b'{\n"number": 1}')

    @get("/rich")
    async def rich(self) -> EventStream[Order | Event[Order]]:
        """Yield events with more than data, or with none."""
        yield Event(Order(1), id="1", event="placed", retry=3000, comment="two\nlines")
        yield Event(comment="alone")
        yield Event(id="")
        yield Order(2)

    @get("/typed-texts")
    async def typed_texts(self) -> EventStream[Event[str]]:
        """Yield texts in events."""
        yield Event("a\nb", event="note")

    @post("/search")
    async def search(self, orders: list[Order]) -> EventStream[Order]:
        """Answer a POST."""
        for order in orders:
            yield order

    @get("/resumed")
    async def resumed(
        self, last: Annotated[str | None, Header(name="last-event-id")] = None
    ) -> EventStream[Event[int]]:
        """Go on behind the event that the client has seen last."""
        for number in range(0 if last is None else int(last) + 1, 4):
            yield Event(number, id=str(number))


@pytest.fixture
async def streams(serve: Serve) -> TestServer:
    """Serve all of them."""
    return await serve(app_of(Streams, Events))


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/orders", "application/jsonl", b'{"number":1,"note":"line\\nend"}\n{"number":2,"note":""}\n'),
        ("/mappings", "application/jsonl", b'{"number":1}\n'),
        ("/raw", "application/jsonl", b'{   "number": 1 }\n'),
        ("/bytes", "application/octet-stream", b"abc"),
        ("/text", "text/plain; charset=utf-8", "grün und rot".encode()),
        ("/returned/2", "application/jsonl", b"0\n1\n"),
        ("/none", "application/jsonl", b""),
        ("/events", "text/event-stream", b'data: {"number":1,"note":"line\\nend"}\n\ndata: {"number":2,"note":""}\n\n'),
        ("/texts", "text/event-stream", b"data: one\n\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\ndata: \n\n"),
        ("/raw-events", "text/event-stream", b'data: {\ndata: "number": 1}\n\n'),
        (
            "/rich",
            "text/event-stream",
            b": two\n: lines\nevent: placed\nid: 1\nretry: 3000\n"
            b'data: {"number":1,"note":""}\n\n: alone\n\nid: \n\ndata: {"number":2,"note":""}\n\n',
        ),
        ("/typed-texts", "text/event-stream", b"event: note\ndata: a\ndata: b\n\n"),
    ],
)
async def test_annotation_chooses_the_body(streams: TestServer, path: str, media_type: str, body: bytes) -> None:
    """Items become lines, pieces or events, sent in chunks on a connection that stays usable."""
    answer = await exchange(streams, make_request("GET", path), probe=make_request("GET", path))
    assert (answer.status, answer.media_type, answer.body) == (200, media_type, body)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers


async def test_status_of_a_stream(streams: TestServer) -> None:
    """A stream has the status of its route."""
    assert (await ask(streams, "GET", "/created")).status == 201


async def test_headers_of_events(streams: TestServer) -> None:
    """Whatever stands between is told to keep no event, neither for later nor for more."""
    headers = (await ask(streams, "GET", "/events")).headers
    assert headers.getall("Cache-Control") == ["no-store"]
    assert headers["X-Accel-Buffering"] == "no"
    assert "Server" not in headers


async def test_events_in_answer_to_a_post(streams: TestServer) -> None:
    """Any method may answer with events; a bad body is answered before."""
    answer = await ask(streams, "POST", "/search", body=[{"number": 7}])
    assert answer.body == b'data: {"number":7,"note":""}\n\n'
    assert (await ask(streams, "POST", "/search", body=[{}])).status == 422


@pytest.mark.parametrize(("headers", "first"), [({}, 0), ({"Last-Event-ID": "1"}, 2)])
async def test_client_that_comes_back_goes_on(streams: TestServer, headers: dict[str, str], first: int) -> None:
    """A handler reads Last-Event-ID like any header."""
    answer = await ask(streams, "GET", "/resumed", headers=headers)
    assert answer.body == b"".join(b"id: %d\ndata: %d\n\n" % (number, number) for number in range(first, 4))


async def test_what_fails_before_the_first_item_is_an_ordinary_answer(
    streams: TestServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A coroutine may raise in the place of its iterator; what is not an iterator or cannot be encoded is a 500."""
    assert (await ask(streams, "GET", "/returned/3")).problem == problem(404, "/returned/3")
    assert logged(caplog) == []
    for path in ("/no-iterator", "/bad-first"):
        assert (await ask(streams, "GET", path)).problem == problem(500, path)
    assert logged(caplog) == ["GET /no-iterator failed", "GET /bad-first failed"]


@pytest.mark.parametrize("path", ["/orders", "/events"])
async def test_http_1_0_gets_the_stream_without_chunks(streams: TestServer, path: str) -> None:
    """A client that knows no chunks learns the end from the connection, whatever it wished."""
    expected = (await ask(streams, "GET", path)).body
    for wish in (b"", b"Connection: keep-alive\r\n"):
        async with connect(streams) as connection:
            await connection.send(b"GET %b HTTP/1.0\r\nHost: a\r\n%b\r\n" % (path.encode(), wish))
            answer = await connection.receive()
            assert await connection.rest() == b""
        assert (answer.version, answer.headers["Connection"], answer.body) == ("HTTP/1.0", "close", expected)
        assert "Transfer-Encoding" not in answer.headers


async def test_connection_that_the_client_wants_closed(streams: TestServer) -> None:
    """Connection: close is kept, and the stream is whole."""
    answer = await exchange(streams, make_request("GET", "/orders", headers={"Connection": "close"}))
    assert answer.headers["Connection"] == "close"
    assert answer.body.count(b"\n") == 2


async def test_pipelined_streams_come_in_order(streams: TestServer) -> None:
    """A stream does not run into the next."""
    paths = ["/orders", "/events", "/text", "/returned/2"]
    async with connect(streams) as connection:
        await connection.send(b"".join(make_request("GET", path) for path in paths))
        answers = [await connection.receive() for _ in paths]
    assert [one.body for one in answers] == [(await ask(streams, "GET", path)).body for path in paths]


async def test_middlewares_have_the_response_before_the_first_byte(serve: Serve) -> None:
    """Headers, cookies and a status that a middleware sets are sent; compression and a length make no sense."""

    async def dress(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        assert not response.prepared
        response.headers["X-Seen"] = "yes"
        response.headers["Content-Length"] = "3"
        response.set_cookie("seen", "1")
        response.set_status(203)
        response.enable_compression()
        return response

    server = await serve(app_of(Streams, Events, middlewares=[dress]))
    for path in ("/orders", "/events"):
        answer = await ask(server, "GET", path, headers={"Accept-Encoding": "gzip"})
        assert (answer.status, answer.headers["X-Seen"]) == (203, "yes")
        assert answer.headers["Set-Cookie"] == "seen=1; HttpOnly; Path=/; SameSite=Lax"
        assert {"Content-Length", "Content-Encoding"}.isdisjoint(answer.headers)
        assert answer.body.count(b"\n") >= 2


async def test_signals_see_a_stream(serve: Serve) -> None:
    """on_response_prepare is sent before the head."""
    application = app_of(Streams, Events).build()

    async def dress(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signal"] = "yes"

    application.on_response_prepare.append(dress)
    server = await serve(application)
    for path in ("/orders", "/events"):
        answer = await exchange(server, make_request("GET", path), probe=make_request("GET", path))
        assert answer.headers["X-Signal"] == "yes"
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Server" not in answer.headers
        assert answer.body.count(b"\n") >= 2


async def test_streams_of_a_mounted_app(serve: Serve) -> None:
    """An app below another one streams as it does alone."""
    parent = web.Application()
    parent.add_subapp("/sub", app_of(Streams, Events).build())
    server = await serve(parent)
    assert (await ask(server, "GET", "/sub/returned/2")).body == b"0\n1\n"
    assert (await ask(server, "GET", "/sub/typed-texts")).body == b"event: note\ndata: a\ndata: b\n\n"


@pytest.mark.parametrize("name", ["id", "event"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_names_of_an_event_with_line_ends(name: str, text: str) -> None:
    """What would be another field is refused where the event is made."""
    with pytest.raises(ValueError, match=r"^The \w+ of an event holds CR, LF or NUL: "):
        Event(1, **{name: text})  # type: ignore[arg-type]  # one of two names


def test_negative_retry() -> None:
    """Nobody comes back before he left."""
    with pytest.raises(ValueError, match=r"^The retry of an event is negative: -1$"):
        Event(1, retry=-1)


def test_event_shows_what_it_is() -> None:
    """The repr of an event is what made it."""
    assert repr(Event(1, id="a", retry=3)) == "Event(1, id='a', retry=3)"
    assert repr(Event(comment="a")) == "Event(comment='a')"
