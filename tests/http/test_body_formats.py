"""Typed bodies by their Content-Type, and bodies as bytes, as text and as a stream."""

import datetime as dt
import uuid
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from framework import Body, BodyStream, Controller, Limits, post
from framework.formats import JSON, MSGPACK, Format
from tests.http.raw import Answer, ask, connect, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem, reading

MESSAGE_PACK = {"Content-Type": "application/msgpack"}
REVERSED = Format(
    media_type="application/x-reversed",
    decoder=lambda annotation: lambda data: msgspec.json.decode(data[::-1], type=annotation),
    encoder=lambda _: lambda value: msgspec.json.encode(value)[::-1],
    parse=lambda data: msgspec.json.decode(data[::-1]),
)
"""JSON from its end."""


class Line(Struct, forbid_unknown_fields=True):
    """A line of an order."""

    sku: Annotated[str, Meta(min_length=1)]
    count: Annotated[int, Meta(ge=1)] = 1


class Order(Struct):
    """An order with what MessagePack has and JSON has not."""

    lines: list[Line]
    key: uuid.UUID | None = None
    data: bytes = b""
    at: dt.datetime | None = None
    by_number: dict[int, str] = {}


ORDER = Order([Line("a", 2)], None, b"\xff\x00", dt.datetime(2026, 11, 22, tzinfo=dt.UTC), {1: "x"})


async def send(serve: Serve, annotation: Any, body: bytes, content_type: str, *default: Any, **app: Any) -> Answer:
    """Post a body of a Content-Type to a handler that answers what it was given."""
    server = await serve(app_of(reading(post("/read"), annotation, *default), **app))
    return await ask(server, "POST", "/read", body=body, headers={"Content-Type": content_type})


@pytest.mark.parametrize(
    "content_type", ["application/msgpack", "application/x-msgpack", "Application/vnd.msgpack; v=1"]
)
async def test_message_pack_is_read_by_its_content_type(serve: Serve, content_type: str) -> None:
    """The format whose media type it is reads a body, with all that the format has."""
    answer = await send(serve, Order, msgspec.msgpack.encode(ORDER), content_type)
    assert (answer.status, answer.body.decode()) == (200, repr(ORDER))


async def test_formats_of_the_app_are_those_that_are_read(serve: Serve) -> None:
    """An app reads its own formats and no others; the first counts where an empty body says nothing."""
    line = msgspec.json.encode(Line("a"))[::-1]
    answer = await send(serve, Line, line, "application/x-reversed", formats=[REVERSED, MSGPACK])
    assert answer.body.decode() == repr(Line("a"))
    refused = await send(serve, Line, line, "application/json", formats=[REVERSED, MSGPACK])
    read = "application/x-reversed and application/msgpack are read here"
    assert refused.problem == problem(415, "/read", f"The Content-Type is not supported; {read}")
    assert refused.headers["Accept"] == "application/x-reversed, application/msgpack"
    alone = await send(serve, Line, b"{", "text/plain", formats=[JSON])
    assert alone.problem == problem(415, "/read", "The Content-Type is not supported; application/json is read here")
    broken = await send(serve, Line, b"}", "application/x-reversed", formats=[REVERSED])
    expected = fault("body", "", "syntax", "JSON is malformed: invalid character (byte 0)")
    assert broken.problem == problem(400, "/read", "The body is not valid application/x-reversed", errors=[expected])


async def test_formats_of_one_route_are_narrowed_by_their_types(serve: Serve) -> None:
    """Body(media_type=...) leaves of the app's formats what it names."""
    annotation = Annotated[Line, Body(media_type="application/vnd.shop.line+json")]
    body = msgspec.json.encode(Line("a"))
    assert (await send(serve, annotation, body, "application/vnd.shop.line+json")).status == 200
    refused = await send(serve, annotation, body, "application/json")
    assert refused.status == 415
    assert refused.headers["Accept"] == "application/vnd.shop.line+json"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (
            {"lines": [{"sku": "", "count": "1"}, {"x": 1}], "data": 5, "at": "soon"},
            [
                ("/lines/0/sku", "constraint", "Expected `str` of length >= 1"),
                ("/lines/0/count", "type", "Expected `int`, got `str`"),
                ("/lines/1/x", "unknown", "Unknown field"),
                ("/lines/1/sku", "missing", "Field required"),
                ("/data", "type", "Expected `bytes`, got `int`"),
                ("/at", "value", "Invalid RFC3339 encoded datetime"),
            ],
        ),
        (
            {"lines": [{b"sku": 1, 7: 2}]},
            [
                ("/lines/0/b'sku'", "unknown", "Unknown field"),
                ("/lines/0/7", "unknown", "Unknown field"),
                ("/lines/0/sku", "missing", "Field required"),
            ],
        ),
        (
            {"lines": [], "by_number": {"a": 1}, "key": b"1"},
            [
                ("/by_number/a", "key", "Expected `int`, got `str`"),
                ("/by_number/a", "type", "Expected `str`, got `int`"),
                ("/key", "value", "Invalid UUID bytes"),
            ],
        ),
        (dt.datetime(2026, 11, 22, tzinfo=dt.UTC), [("", "type", "Expected `object`, got `datetime`")]),
        (b"abc", [("", "type", "Expected `object`, got `bytes`")]),
    ],
)
async def test_faults_of_message_pack_are_told_as_those_of_json(
    serve: Serve, body: Any, faults: list[tuple[str, str, str]]
) -> None:
    """Bytes, moments and keys that are no texts are told like anything else, all at once."""
    answer = await send(serve, Order, msgspec.msgpack.encode(body), "application/msgpack")
    assert answer.problem["status"] == 422
    told = sorted(answer.problem["errors"], key=lambda one: str(one["pointer"]))
    assert told == sorted((fault("body", *one) for one in faults), key=lambda one: str(one["pointer"]))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x91" * 100_000, id="deep"),
        pytest.param(b"\x81\xa1a" * 100_000, id="deep maps"),
        pytest.param(msgspec.msgpack.encode(ORDER) + b"\x01", id="trailing"),
        pytest.param(msgspec.msgpack.encode(ORDER)[:-1], id="cut"),
        pytest.param(b"\xc1", id="never used"),
        pytest.param(b"\x81\xa1\xff\x01", id="text that is not UTF-8"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="four billion items announced"),
        pytest.param(b"", id="empty"),
    ],
)
async def test_broken_message_pack_cannot_be_parsed(serve: Serve, body: bytes) -> None:
    """What is not a MessagePack is 400, however deep, long or cut it is; the connection stays usable."""
    server = await serve(app_of(reading(post("/read"), Order)))
    probe = make_request("POST", "/read", headers=MESSAGE_PACK, body=msgspec.msgpack.encode(ORDER))
    answer = await exchange(server, make_request("POST", "/read", headers=MESSAGE_PACK, body=body), probe=probe)
    assert answer.status == 400
    assert [(one["location"], one["code"]) for one in answer.problem["errors"]] == [("body", "syntax")]


async def test_empty_optional_body_is_its_default_in_any_format(serve: Serve) -> None:
    """An empty body has no format."""
    server = await serve(app_of(reading(post("/read"), Line | None, None)))
    assert (await ask(server, "POST", "/read", headers=MESSAGE_PACK)).body == b"None"
    chunked = make_request("POST", "/read", headers={**MESSAGE_PACK, "Transfer-Encoding": "chunked"}) + b"0\r\n\r\n"
    async with connect(server) as connection:
        assert (await connection.exchange(chunked)).body == b"None"


# Bytes


@pytest.mark.parametrize("content_type", ["image/png", "application/json", "text/plain; charset=bogus", "x"])
async def test_bytes_are_the_body_as_it_is(serve: Serve, content_type: str) -> None:
    """Annotated[bytes, Body()] takes any body of any type."""
    answer = await send(serve, Annotated[bytes, Body()], b'"YWI="\xff', content_type)
    assert answer.body.decode() == repr(b'"YWI="\xff')


async def test_bytes_of_certain_types(serve: Serve) -> None:
    """Body(media_type=...) says which types are read; one of a group is read as well."""
    annotation = Annotated[bytes, Body(media_type=("image/png", "video/*"))]
    for content_type in ("image/png", "IMAGE/PNG; x=1", "video/mp4"):
        assert (await send(serve, annotation, b"x", content_type)).status == 200
    refused = await send(serve, annotation, b"x", "image/gif")
    read = "image/png and video/* are read here"
    assert refused.problem == problem(415, "/read", f"The Content-Type is not supported; {read}")
    assert refused.headers["Accept"] == "image/png, video/*"
    server = await serve(app_of(reading(post("/read"), annotation)))
    untyped = await exchange(server, make_request("POST", "/read", body=b"x"), probe=PNG)
    assert untyped.problem == problem(415, "/read", f"A body needs a Content-Type; {read}")


PNG = make_request("POST", "/read", headers={"Content-Type": "image/png"}, body=b"x")


async def test_bytes_that_are_not_there(serve: Serve) -> None:
    """A required body that is empty is 400 whatever its type, and an optional one its default."""
    empty = await send(serve, Annotated[bytes, Body()], b"", "image/png")
    expected = fault("body", "", "syntax", "The body is empty")
    assert empty.problem == problem(400, "/read", "The body is empty", errors=[expected])
    assert (await send(serve, Annotated[bytes | None, Body()], b"", "image/png", None)).body == b"None"


async def test_constraints_of_bytes_and_texts_hold(serve: Serve) -> None:
    """Meta counts bytes and characters."""
    answer = await send(serve, Annotated[Annotated[bytes, Meta(max_length=2)], Body()], b"abc", "image/png")
    assert answer.problem == invalid("/read", fault("body", "", "constraint", "Expected `bytes` of length <= 2"))
    annotation = Annotated[Annotated[str, Meta(max_length=2)], Body(media_type="text/plain")]
    assert (await send(serve, annotation, "äö".encode(), "text/plain")).body.decode() == "'äö'"
    answer = await send(serve, annotation, b"abc", "text/plain")
    assert answer.problem == invalid("/read", fault("body", "", "constraint", "Expected `str` of length <= 2"))


# Texts


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", "gr\u00fcn".encode()),
        ("text/plain; charset=utf-8", "gr\u00fcn".encode()),
        ('text/plain; charset="iso-8859-1"', "gr\u00fcn".encode("latin-1")),
        ("text/plain; charset=UTF-16", "gr\u00fcn".encode("utf-16")),
    ],
)
async def test_text_is_decoded_by_its_charset(serve: Serve, content_type: str, body: bytes) -> None:
    """The charset of the Content-Type counts, and UTF-8 where there is none."""
    answer = await send(serve, Annotated[str, Body(media_type="text/plain")], body, content_type)
    assert answer.body.decode() == "'gr\u00fcn'"


@pytest.mark.parametrize("charset", ["bogus", "hex", "rot13", "idna", "punycode", "unicode_escape", "utf-7"])
async def test_charset_that_is_none_is_refused(serve: Serve, charset: str) -> None:
    """A charset that nobody knows, and codecs of Python's that are none, are 415."""
    annotation = Annotated[str, Body(media_type="text/plain")]
    answer = await send(serve, annotation, b"x", f"text/plain; charset={charset}")
    assert answer.problem == problem(415, "/read", "The charset is not supported")


async def test_text_that_is_none_cannot_be_parsed(serve: Serve) -> None:
    """What its charset cannot decode is 400; JSON is not text here."""
    annotation = Annotated[str, Body(media_type="text/plain")]
    answer = await send(serve, annotation, b"a\xff", "text/plain")
    expected = fault("body", "", "syntax", "Not valid UTF-8 (byte 1)")
    assert answer.problem == problem(400, "/read", "The body is not text", errors=[expected])
    assert (await send(serve, annotation, b"{}", "application/json")).status == 415
    assert (await send(serve, annotation, b"", "text/plain")).status == 400


# Streams


class Streams(Controller):
    """Reads bodies while they arrive."""

    @post("/sizes")
    async def sizes(self, stream: BodyStream) -> list[int]:
        """Answer the sizes of the chunks."""
        return [len(chunk) async for chunk in stream]

    @post("/whole")
    async def whole(self, stream: Annotated[BodyStream, Body(media_type="image/*")]) -> str:
        """Answer all of it, and what is known beforehand."""
        return repr((stream.content_type, stream.length, await stream.read(), await stream.read()))

    @post("/first")
    async def first(self, stream: BodyStream) -> str:
        """Answer the first chunk and leave the rest."""
        return repr(await anext(stream))


async def test_stream_gives_what_has_arrived(serve: Serve) -> None:
    """A handler runs before the body has arrived, and gets it in chunks."""
    server = await serve(app_of(Streams))
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/first", headers={"Content-Length": "1000"}) + b"abc")
        answer = await connection.receive()
    assert answer.body == b"b'abc'"


async def test_stream_can_be_read_as_a_whole(serve: Serve) -> None:
    """read() gives all that is left, which is nothing at the end."""
    answer = await ask(await serve(app_of(Streams)), "POST", "/whole", body=b"abc", headers={"Content-Type": "image/x"})
    assert answer.body.decode() == repr(("image/x", 3, b"abc", b""))


async def test_stream_of_another_type_is_refused(serve: Serve) -> None:
    """A stream may be of certain types alone."""
    assert (await ask(await serve(app_of(Streams)), "POST", "/whole", body=b"abc")).status == 415


async def test_stream_that_is_empty_has_no_chunks(serve: Serve) -> None:
    """No body is a stream that ends at once."""
    assert (await ask(await serve(app_of(Streams)), "POST", "/sizes")).json == []


async def test_stream_is_counted_while_it_arrives(serve: Serve) -> None:
    """What comes beyond the limit is 413 inside of the iteration, and closes the connection."""
    server = await serve(app_of(Streams, limits=Limits(body=100_000)))
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    head = make_request("POST", "/sizes", headers={"Transfer-Encoding": "chunked"})
    answer = await exchange(server, head + chunk * 4 + b"0\r\n\r\n")
    assert answer.problem == problem(413, "/sizes", "The body exceeds 100000 bytes")
    assert answer.headers["Connection"] == "close"
    fine = await exchange(server, head + chunk * 3 + b"0\r\n\r\n", probe=make_request("POST", "/sizes"))
    assert sum(fine.json) == 3 * 0x8000
