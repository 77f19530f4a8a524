"""What the return annotation decides: status, media type and encoder."""

import dataclasses
import datetime as dt
import enum
import io
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from aiohttp import web
from msgspec import UNSET, Struct, UnsetType

from framework import Controller, Response, get, post
from framework._serve.aiohttp_names import SUPPORTED
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, logged, problem

T = TypeVar("T")
UTC = dt.UTC
WHEN = dt.datetime(2026, 11, 22, 9, 30, 0, 250000, tzinfo=UTC)
BERLIN = dt.datetime(2026, 11, 22, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))
ID = uuid.UUID(int=1)


class Color(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Line(Struct, rename="camel", omit_defaults=True):
    """A Struct with an encoding of its own."""

    order_id: int
    note: str | UnsetType = UNSET
    count: int = 1


class Cat(Struct, tag="cat"):
    """A tagged Struct."""

    lives: int


class Box(Struct, Generic[T]):
    """A generic Struct."""

    value: T


@dataclasses.dataclass
class Plain:
    """A dataclass."""

    when: dt.datetime
    color: Color = Color.RED
    inner: list["Plain"] = dataclasses.field(default_factory=list)


@attrs.define
class Attrs:
    """An attrs class."""

    x: int


class Dict(TypedDict):
    """A TypedDict."""

    when: dt.datetime


class Point(NamedTuple):
    """A NamedTuple."""

    x: int
    y: int


def answering(annotation: Any, value: Any, **settings: Any) -> type[Controller]:
    """Return a controller whose only handler answers a value."""

    async def answer(_: Controller) -> Any:
        return value

    answer.__annotations__ = {"return": annotation}
    return type("Answering", (Controller,), {"answer": get("/", **settings)(answer)})


async def answer_of(serve: Serve, annotation: Any, value: Any, **settings: Any) -> Answer:
    """Serve a value and ask for it."""
    return await ask(await serve(app_of(answering(annotation, value, **settings))), "GET", "/")


@pytest.mark.parametrize(
    ("annotation", "value", "body"),
    [
        (Line, Line(1), b'{"orderId":1}'),
        (Line, Line(1, note="n", count=2), b'{"orderId":1,"note":"n","count":2}'),
        (list[Line], [Line(1), Line(2)], b'[{"orderId":1},{"orderId":2}]'),
        (tuple[Line, ...], (Line(1),), b'[{"orderId":1}]'),
        (dict[str, Line], {"a": Line(1)}, b'{"a":{"orderId":1}}'),
        (Line | None, Line(1), b'{"orderId":1}'),
        (Line | None, None, b"null"),
        (int | None, None, b"null"),
        (str | None, None, b"null"),
        (str | None, "text", b'"text"'),
        (Cat, Cat(9), b'{"type":"cat","lives":9}'),
        (Box[int], Box(1), b'{"value":1}'),
        (Box[Line], Box(Line(1)), b'{"value":{"orderId":1}}'),
        (Plain, Plain(WHEN), b'{"when":"2026-11-22T09:30:00.250000Z","color":"red","inner":[]}'),
        (Dict, {"when": WHEN}, b'{"when":"2026-11-22T09:30:00.250000Z"}'),
        (list[Plain], [], b"[]"),
        (Attrs, Attrs(1), b'{"x":1}'),
        (Point, Point(1, 2), b"[1,2]"),
        (dict[str, dt.datetime], {"a": WHEN}, b'{"a":"2026-11-22T09:30:00.250000Z"}'),
        (dict[str, dt.datetime], {"a": BERLIN}, b'{"a":"2026-11-22T10:30:00+01:00"}'),
        (dt.datetime, WHEN, b'"2026-11-22T09:30:00.250000Z"'),
        (dict[str, Any], {"a": [WHEN, ID, Color.RED, None, 1.5, True]},
         b'{"a":["2026-11-22T09:30:00.250000Z","00000000-0000-0000-0000-000000000001","red",null,1.5,true]}'),
        (Any, {"a": Line(1)}, b'{"a":{"orderId":1}}'),
        (dict[str, Any], {"a": Decimal("1.10"), "b": {1}}, b'{"a":"1.10","b":[1]}'),
        (list[Any], [Line(1), {"when": WHEN}], b'[{"orderId":1},{"when":"2026-11-22T09:30:00.250000Z"}]'),
        (dict[int, str], {1: "a"}, b'{"1":"a"}'),
        (dict[uuid.UUID, int], {ID: 1}, b'{"00000000-0000-0000-0000-000000000001":1}'),
        (int, 5, b"5"),
        (int, 2**70, b"1180591620717411303424"),
        (float, 1.5, b"1.5"),
        (float, float("nan"), b"null"),
        (bool, True, b"true"),
        (Decimal, Decimal("1.10"), b'"1.10"'),
        (set[int], {1}, b"[1]"),
        (Color, Color.RED, b'"red"'),
        (uuid.UUID, ID, b'"00000000-0000-0000-0000-000000000001"'),
        (dt.timedelta, dt.timedelta(hours=1), b'"PT3600S"'),
        (list[bytes], [b"ab"], b'["YWI="]'),
        (list[str], ["\u00e9\u2028"], '["\u00e9\u2028"]'.encode()),
        (msgspec.Raw, msgspec.Raw(b'{"a" : 1}'), b'{"a" : 1}'),
    ],
)  # fmt: skip
async def test_value_is_json(serve: Serve, annotation: Any, value: Any, body: bytes) -> None:
    """All but text and bytes is JSON, 200, with times in UTC as Z."""
    answer = await answer_of(serve, annotation, value)
    assert (answer.status, answer.media_type, answer.body) == (200, "application/json", body)
    # Raw is JSON already, and nothing else.
    choice = [] if annotation is msgspec.Raw else ["Vary"]
    assert list(answer.headers) == ["Content-Type", *choice, "Content-Length", "Date"]


@pytest.mark.parametrize(
    ("annotation", "value", "status", "media_type", "body"),
    [
        (str, "t\u00e9xt", 200, "text/plain; charset=utf-8", "t\u00e9xt".encode()),
        (str, "", 200, "text/plain; charset=utf-8", b""),
        (bytes, b"\0\xff", 200, "application/octet-stream", b"\0\xff"),
        (bytes, bytearray(b"ab"), 200, "application/octet-stream", b"ab"),
        (bytes, memoryview(b"ab"), 200, "application/octet-stream", b"ab"),
        (None, None, 204, None, b""),
        (type(None), None, 204, None, b""),
        (Response[None], Response(), 204, None, b""),
        (Response[None], Response(None), 204, None, b""),
        (Response[str], Response("text"), 200, "text/plain; charset=utf-8", b"text"),
        (Response[bytes], Response(b"ab"), 200, "application/octet-stream", b"ab"),
        (Response[Line], Response(Line(1)), 200, "application/json", b'{"orderId":1}'),
        (Response[Line | None], Response(None), 200, "application/json", b"null"),
        (Response[Line], Response(status=404), 404, None, b""),
        (Response, Response({"a": 1}), 200, "application/json", b'{"a":1}'),
        (Response, Response("text"), 200, "text/plain; charset=utf-8", b"text"),
        (Response, Response(b"ab"), 200, "application/octet-stream", b"ab"),
        (Response, Response(None), 200, None, b""),
        (Response[Any], Response([Line(1)]), 200, "application/json", b'[{"orderId":1}]'),
        (Response[bytes], Response(b"<p>", media_type="text/html"), 200, "text/html", b"<p>"),
        (
            Response[Line],
            Response(Line(1), media_type="application/vnd.line+json"),
            200,
            "application/vnd.line+json",
            b'{"orderId":1}',
        ),
        (Response[str], Response("a", headers={"Content-Type": "text/csv"}), 200, "text/csv", b"a"),
        (str | Response[str], "text", 200, "text/plain; charset=utf-8", b"text"),
        (str | Response[str], Response("text", status=202), 202, "text/plain; charset=utf-8", b"text"),
        (Line | web.Response, Line(1), 200, "application/json", b'{"orderId":1}'),
        (Line | None | Response[Line], None, 200, "application/json", b"null"),
    ],
)
async def test_annotation_decides_status_and_media_type(
    serve: Serve, annotation: Any, value: Any, status: int, media_type: str | None, body: bytes
) -> None:
    """Text is text/plain, bytes are octets, None is 204, and Response says more."""
    answer = await answer_of(serve, annotation, value)
    assert (answer.status, answer.media_type, answer.body) == (status, media_type, body)


@pytest.mark.parametrize(
    ("annotation", "value", "given", "status"),
    [
        (Line, Line(1), 201, 201),
        (str, "accepted", 202, 202),
        (None, None, 202, 202),
        (Response[Line], Response(Line(1)), 201, 201),
        (Response[Line], Response(Line(1), status=200), 201, 200),
        (Response[Line], Response(Line(1), status=299), 201, 299),
        (str, "teapot", 418, 418),
        (None, None, 205, 205),
    ],
)
async def test_status_of_the_route_is_that_of_its_values(
    serve: Serve, annotation: Any, value: Any, given: int, status: int
) -> None:
    """status= on the route counts unless the Response has a status of its own."""
    assert (await answer_of(serve, annotation, value, status=given)).status == status


@pytest.mark.parametrize("annotation", [web.Response, web.StreamResponse, Line | web.Response, Response])
async def test_response_of_aiohttp_passes_through(serve: Serve, annotation: Any) -> None:
    """What is an aiohttp response already is sent as it is, but for the name of the server."""
    made = web.Response(body=b"as it is", status=299, reason="Mine", headers={"X-Own": "1"}, content_type="text/x")
    answer = await answer_of(serve, annotation, made)
    assert (answer.status, answer.reason, answer.body) == (299, "Mine", b"as it is")
    assert (answer.headers["X-Own"], answer.headers["Content-Type"]) == ("1", "text/x")
    # On aiohttp's own path it is not taken out.
    assert ("Server" in answer.headers) is not SUPPORTED


class Native(Controller):
    """Responses that aiohttp alone can write."""

    @get("/file")
    async def file(self) -> web.FileResponse:
        """Answer this file."""
        return web.FileResponse(Path(__file__))

    @get("/stream")
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer in pieces."""
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (b"a", b"b", b"c"):
            await response.write(piece)
        await response.write_eof()
        return response

    @get("/payload")
    async def payload(self) -> Response[bytes]:
        """Answer what is read as it is sent."""
        response = Response[bytes](media_type="text/plain")
        response.body = io.BytesIO(b"from a payload")
        return response

    @post("/echo")
    async def echo(self, request: web.Request) -> web.Response:
        """Answer the body, read as aiohttp reads it."""
        return web.Response(body=await request.read())


async def test_other_responses_of_aiohttp_pass_through(serve: Serve) -> None:
    """Files, streams and payloads are written by aiohttp."""
    server = await serve(app_of(Native))
    assert (await ask(server, "GET", "/file")).body == Path(__file__).read_bytes()  # noqa: ASYNC240  a small file
    stream = await ask(server, "GET", "/stream")
    assert (stream.headers["Transfer-Encoding"], stream.body) == ("chunked", b"abc")
    assert (await ask(server, "GET", "/payload")).body == b"from a payload"
    assert (await ask(server, "POST", "/echo", body=b"[1]")).body == b"[1]"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        pytest.param(dict[str, Any], {"a": object()}, id="a value that nothing encodes"),
        pytest.param(str, "\ud800", id="a lone surrogate in a text"),
        pytest.param(dict[str, str], {"a": "\ud800"}, id="a lone surrogate in JSON"),
        pytest.param(Line, Line("\ud800"), id="a lone surrogate in a Struct"),  # type: ignore[arg-type]  # what was read
        pytest.param(str, 5, id="no text at all"),
        pytest.param(bytes, 5, id="a number for bytes"),
        pytest.param(bytes, "text", id="text for bytes"),
        pytest.param(str, None, id="nothing for text"),
        pytest.param(web.Response, "text", id="no response at all"),
        pytest.param(Response[Any], Response({"a": object()}), id="a Response that nothing encodes"),
        pytest.param(Response, Response({"a": object()}), id="an untyped Response that nothing encodes"),
    ],
)
async def test_value_that_cannot_be_encoded_is_a_crash(
    serve: Serve, annotation: Any, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Encoding is part of the request: what fails there is a 500, logged once."""
    answer = await answer_of(serve, annotation, value)
    assert answer.problem == problem(500, "/")
    assert logged(caplog) == ["GET / failed"]


class Anything(Controller):
    """Answers and takes what mypy calls object."""

    @get("/anything")
    async def show(self) -> dict[str, object]:
        """Answer values of several types."""
        return {"list": [1, None, "é"]}

    @post("/anything")
    async def echo(self, value: dict[str, object]) -> object:
        """Answer the body."""
        return value


@pytest.mark.parametrize("status", [100, 101, 199, 600, 0])
def test_status_that_ends_no_exchange(status: int) -> None:
    """A response has a final status: after an interim one the client would wait for another."""
    with pytest.raises(ValueError, match=f"^{status} is not a final status of HTTP$"):
        Response("a", status=status)


async def test_object_is_as_good_as_any(serve: Serve) -> None:
    """A return type or a body of ``object`` takes every value that JSON has."""
    server = await serve(app_of(Anything))
    assert (await ask(server, "GET", "/anything")).body == '{"list":[1,null,"é"]}'.encode()
    assert (await ask(server, "POST", "/anything", body={"a": [{}]})).body == b'{"a":[{}]}'
