"""Parts of a multipart form while they arrive, without memory or disk."""

from typing import Annotated

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec import Meta, Struct

from framework import Controller, Limits, MultipartStream, post
from framework.formats import MSGPACK
from tests.http.forms import MULTIPART, multipart, part, send_parts
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem


class Point(Struct):
    """A value in a part."""

    x: Annotated[int, Meta(ge=0)]
    y: int = 0


class Streams(Controller):
    """Reads parts as they come."""

    @post("/all")
    async def read_all(self, parts: MultipartStream) -> str:
        """Answer all that is known of all parts."""
        return repr(
            [
                (one.name, one.filename, one.content_type, one.headers.get("x-own"), await one.read())
                async for one in parts
            ]
        )

    @post("/sizes")
    async def sizes(self, parts: MultipartStream) -> dict[str, int]:
        """Answer the sizes of the parts, which are read chunk by chunk."""
        return {one.name: sum([len(chunk) async for chunk in one]) async for one in parts}

    @post("/names")
    async def names(self, parts: MultipartStream) -> list[str]:
        """Answer the names and skip the contents."""
        return [one.name async for one in parts]

    @post("/texts")
    async def texts(self, parts: MultipartStream) -> list[str]:
        """Answer the texts."""
        return [await one.text() async for one in parts]

    @post("/points")
    async def points(self, parts: MultipartStream) -> list[Point]:
        """Decode the parts."""
        return [await one.decode(Point) async for one in parts]

    @post("/first")
    async def first(self, parts: MultipartStream) -> str:
        """Answer the first part and leave the rest."""
        one = await anext(parts)
        return repr((one.name, await anext(aiter(one))))


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve the streams."""
    return await serve(app_of(Streams, limits=Limits(body=2_000_000)))


PROBE = make_request("POST", "/sizes", headers=MULTIPART, body=multipart(part("a", "1")))


async def test_parts_come_in_their_order(server: TestServer) -> None:
    """A part tells its name, its file name, its type and its headers, and gives its content."""
    answer = await send_parts(
        server,
        "/all",
        part("a", "1"),
        part("b", b"\xff", filename="../b.png", media_type="Image/PNG; x=1", X_Own="own"),
        part("a", "", filename="c"),
        probe=PROBE,
    )
    assert answer.body.decode() == repr(
        [
            ("a", None, "text/plain", None, b"1"),
            ("b", "b.png", "image/png", "own", b"\xff"),
            ("a", "c", "application/octet-stream", None, b""),
        ]
    )


async def test_content_that_is_not_read_is_skipped(server: TestServer) -> None:
    """The next part comes whether the last was read or not."""
    answer = await send_parts(server, "/names", part("a", "x" * 300_000), part("b", "y"), probe=PROBE)
    assert answer.json == ["a", "b"]


async def test_large_parts_come_in_chunks(server: TestServer) -> None:
    """A part is as long as it was sent, whatever stands in it."""
    content = b"\r\n--Xboundary-\r\n--Xbound\r" * 20_000
    answer = await send_parts(server, "/sizes", part("a", content), part("b", b"\r\n" * 1000), probe=PROBE)
    assert answer.json == {"a": len(content), "b": 2000}


async def test_form_comes_in_any_pieces(server: TestServer) -> None:
    """A form byte by byte is the same form."""
    body = multipart(part("a", "1\r\n--Xb"), part("b", "2", filename="b"))
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/all", headers={**MULTIPART, "Content-Length": str(len(body))}))
        for place in range(len(body) - 1):
            await connection.send(body[place : place + 1])
        answer = await connection.exchange(body[-1:])
    octets = "application/octet-stream"
    assert answer.body.decode() == repr([("a", None, "text/plain", None, b"1\r\n--Xb"), ("b", "b", octets, None, b"2")])


async def test_first_part_is_there_before_the_last(server: TestServer) -> None:
    """A handler runs while the form arrives, and may leave the rest of it."""
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/first", headers={**MULTIPART, "Content-Length": "100000"}))
        answer = await connection.exchange(multipart(part("a", "x" * 100))[:100])
    assert answer.body.startswith(b"('a', b'x")


async def test_texts_of_parts(server: TestServer) -> None:
    """text() decodes by the part's charset; what it cannot decode is 400."""
    latin = part("b", "\u00e4".encode("latin-1"), media_type="text/plain; charset=latin-1")
    assert (await send_parts(server, "/texts", part("a", "\u00e4"), latin)).json == ["\u00e4", "\u00e4"]
    answer = await send_parts(server, "/texts", part("a", b"\xff"), probe=PROBE)
    expected = fault("form", "/a", "syntax", "Not valid UTF-8 (byte 0)")
    assert answer.problem == problem(400, "/texts", "The form cannot be parsed", errors=[expected])


async def test_values_of_parts(server: TestServer) -> None:
    """decode() reads a part by its own format, by the first where it has no type, and tells every fault."""
    good = (
        part("a", '{"x": 1}'),
        part("b", MSGPACK.encoder(Point)(Point(2)), media_type="application/msgpack"),
        part("c", msgspec.json.encode(Point(3)), media_type="application/json"),
    )
    assert (await send_parts(server, "/points", *good)).json == [{"x": one, "y": 0} for one in (1, 2, 3)]
    answer = await send_parts(server, "/points", part("a/b", '{"x": -1, "y": "1"}'), probe=PROBE)
    assert answer.problem == invalid(
        "/points",
        fault("form", "/a~1b/x", "constraint", "Expected `int` >= 0"),
        fault("form", "/a~1b/y", "type", "Expected `int`, got `str`"),
    )
    answer = await send_parts(server, "/points", part("a", '{"x": 1}', media_type="text/x"))
    expected = "Expected a part of type `application/json` or `application/msgpack`"
    assert answer.problem == invalid("/points", fault("form", "/a", "type", expected))
    answer = await send_parts(server, "/points", part("a", "{"))
    broken = fault("form", "/a", "syntax", "Input data was truncated")
    assert answer.problem == problem(400, "/points", "The form cannot be parsed", errors=[broken])


async def test_limits_hold_for_streams(serve: Serve) -> None:
    """Parts are counted and measured while they arrive."""
    server = await serve(app_of(Streams, limits=Limits(body=1_000, parts=2, field=10, file=20)))
    fine = part("a", "x" * 10), part("b", "x" * 20, filename="b")
    assert (await send_parts(server, "/sizes", *fine)).json == {"a": 10, "b": 20}
    for parts, detail in (
        ((part("a", "x" * 11),), "The field 'a' exceeds 10 bytes"),
        ((part("b", "x" * 21, filename="b"),), "The file 'b' exceeds 20 bytes"),
        ((part("a", ""),) * 3, "The form has more than 2 fields and files"),
        ((part("a", "x" * 1000),), "The body exceeds 1000 bytes"),
    ):
        answer = await send_parts(server, "/sizes", *parts)
        assert answer.problem == problem(413, "/sizes", detail)
        assert answer.headers["Connection"] == "close"


async def test_stream_of_another_type_is_refused(server: TestServer) -> None:
    """A stream of parts is multipart/form-data alone."""
    answer = await ask(server, "POST", "/all", body=b"{}")
    read = "multipart/form-data is read here"
    assert answer.problem == problem(415, "/all", f"The Content-Type is not supported; {read}")
