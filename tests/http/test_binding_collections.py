"""Collections from query, headers and cookies, in each of their styles."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from framework import Controller, Cookie, Header, Query, get
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, reading


@pytest.mark.parametrize(
    ("annotation", "query", "expected"),
    [
        (list[str], "?value=a&value=b", ["a", "b"]),
        (list[str], "?value=a", ["a"]),
        (list[str], "?value=", [""]),
        (list[str], "?value=a,b", ["a,b"]),
        (list[str], "?value=a&other=x&value=b", ["a", "b"]),
        (list[int], "?value=2&value=1&value=2", [2, 1, 2]),
        (tuple[int, ...], "?value=1&value=2", (1, 2)),
        (tuple[int, str], "?value=1&value=2", (1, "2")),
        (set[int], "?value=1&value=1", {1}),
        (frozenset[int], "?value=1&value=1", frozenset({1})),
        (list[int] | None, "?value=1", [1]),
        (list[int] | UnsetType, "?value=1", [1]),
        (list[Literal["a", "b"]], "?value=b&value=a", ["b", "a"]),
        (Annotated[list[int], Meta(max_length=2)], "?value=1&value=2", [1, 2]),
        (list[Annotated[int, Meta(ge=1)]], "?value=1&value=2", [1, 2]),
        (list[bool], "?value=1&value=false", [True, False]),
        (Annotated[list[str], Query(style="csv")], "?value=a,b", ["a", "b"]),
        (Annotated[list[str], Query(style="csv")], "?value=a%2Cb", ["a", "b"]),
        (Annotated[list[str], Query(style="csv")], "?value=a,b&value=c", ["a", "b", "c"]),
        (Annotated[list[str], Query(style="csv")], "?value=a", ["a"]),
        (Annotated[list[int], Query(style="csv")], "?value=1,2", [1, 2]),
        (Annotated[list[int], Query(style="csv")], "?value=", []),
        (Annotated[list[int], Query(style="csv")], "?value", []),
        (Annotated[list[int], Query(style="csv")], "?value=1&value=", [1]),
        (Annotated[list[str], Query(style="csv")], "?value=", []),
        (Annotated[list[str], Query(style="csv")], "?value=a,,b", ["a", "", "b"]),
        (Annotated[tuple[int, ...], Query(style="pipe")], "?value=", ()),
        (Annotated[tuple[int, ...], Query(style="pipe")], "?value=1|2", (1, 2)),
        (Annotated[tuple[int, ...], Query(style="pipe")], "?value=1%7C2", (1, 2)),
        (Annotated[set[int], Query(style="pipe", name="v")], "?v=1|2", {1, 2}),
        (Annotated[list[int] | None, Query(style="csv")], "?value=1,2", [1, 2]),
    ],
)
async def test_collection_is_read(serve: Serve, annotation: Any, query: str, expected: object) -> None:
    """A collection is repeated keys, or one value that its style parts."""
    server = await serve(app_of(reading(get("/read"), annotation)))
    answer = await ask(server, "GET", f"/read{query}")
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


@pytest.mark.parametrize(
    ("annotation", "query", "pointer", "code", "detail"),
    [
        (list[int], "", "/value", "missing", "Field required"),
        (list[int], "?value=1&value=x", "/value/1", "type", "Expected `int`, got `str`"),
        (list[int], "?value=", "/value/0", "type", "Expected `int`, got `str`"),
        (list[int], "?value=null", "/value/0", "type", "Expected `int`, got `str`"),
        (list[float], "?value=1&value=nan", "/value/1", "value", "Expected a finite number"),
        (tuple[int, str], "?value=1", "/value", "constraint", "Expected `array` of length 2, got 1"),
        (
            Annotated[list[int], Meta(max_length=1)],
            "?value=1&value=2",
            "/value",
            "constraint",
            "Expected `array` of length <= 1",
        ),
        (Annotated[list[int], Query(style="csv")], "?value=1,x", "/value/1", "type", "Expected `int`, got `str`"),
        (Annotated[list[int], Query(style="csv")], "?value=1,", "/value/1", "type", "Expected `int`, got `str`"),
        (Annotated[list[int], Query(style="csv")], "?value=1,,2", "/value/1", "type", "Expected `int`, got `str`"),
        (
            Annotated[list[int], Meta(min_length=1), Query(style="csv")],
            "?value=",
            "/value",
            "constraint",
            "Expected `array` of length >= 1",
        ),
        (Annotated[list[int], Query(style="pipe")], "?value=1,2", "/value/0", "type", "Expected `int`, got `str`"),
    ],
)
async def test_faults_of_a_collection_have_their_index(
    serve: Serve, annotation: Any, query: str, pointer: str, code: str, detail: str
) -> None:
    """The pointer of a fault names the item."""
    server = await serve(app_of(reading(get("/read"), annotation)))
    answer = await ask(server, "GET", f"/read{query}")
    assert answer.problem == invalid("/read", fault("query", pointer, code, detail))


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (tuple[str, ...], ()),
        (list[str], ["a"]),
        (set[int], {1}),
        (list[int] | None, None),
        (list[int] | UnsetType, UNSET),
        (Annotated[list[str], Query(style="csv")], []),
        (Annotated[list[str], Header()], []),
    ],
)
async def test_absent_collection_is_its_default(serve: Serve, annotation: Any, default: object) -> None:
    """A collection with a default may be absent."""
    server = await serve(app_of(reading(get("/read"), annotation, default)))
    assert (await ask(server, "GET", "/read")).body.decode() == repr(default)


async def test_default_is_not_shared_between_requests(serve: Serve) -> None:
    """A handler that changes a mutable default changes it for its own request alone."""

    class Changing(Controller):
        @get("/read")
        async def read(self, value: list[str] = ["a"]) -> list[str]:  # noqa: B006  as users write it
            value.append("changed")
            return value

    server = await serve(app_of(Changing))
    for _ in range(2):
        assert (await ask(server, "GET", "/read")).json == ["a", "changed"]


@pytest.mark.parametrize(
    ("annotation", "lines", "expected"),
    [
        (Annotated[list[str], Header(name="X-Tag")], [b"X-Tag: a, b", b"x-tag: c"], ["a", "b", "c"]),
        (Annotated[list[int], Header(name="X-Tag")], [b"X-Tag: 1,2 ,3"], [1, 2, 3]),
        (Annotated[tuple[str, ...], Header(name="X-Tag")], [b"X-Tag: a,,b,"], ("a", "b")),
        (Annotated[set[str] | None, Header(name="X-Tag")], [b"X-Tag: a"], {"a"}),
        (Annotated[list[str], Header(name="X-Tag")], [b"X-Tag:"], []),
        (Annotated[str, Header(name="X-Tag")], [b"X-Tag: a, b"], "a, b"),
    ],
)
async def test_list_header_is_parted(serve: Serve, annotation: Any, lines: list[bytes], expected: object) -> None:
    """A collection from a header is its comma-separated elements over all its lines (RFC 9110, section 5.6.1)."""
    server = await serve(app_of(reading(get("/read"), annotation)))
    async with connect(server) as connection:
        head = b"\r\n".join((b"GET /read HTTP/1.1", b"Host: a", *lines, b"", b""))
        assert (await connection.exchange(head)).body.decode() == repr(expected)


async def test_scalar_header_given_twice_is_a_fault(serve: Serve) -> None:
    """A header that is not a list must stand there once."""
    server = await serve(app_of(reading(get("/read"), Annotated[int, Header(name="X-Tag")])))
    async with connect(server) as connection:
        answer = await connection.exchange(b"GET /read HTTP/1.1\r\nHost: a\r\nX-Tag: 1\r\nX-Tag: 2\r\n\r\n")
    assert answer.problem == invalid("/read", fault("header", "/x-tag", "type", "Given 2 times, expected once"))


class Filter(Struct):
    """A filter to be spelled as an object in the query."""

    color: str
    size: int = 0
    tags: list[str] = []


@pytest.mark.parametrize(
    ("annotation", "query", "expected"),
    [
        (Filter, "?value[color]=red&value[size]=3", Filter("red", 3)),
        (Filter, "?value%5Bcolor%5D=red", Filter("red")),
        (Filter, "?value[color]=red&value[tags]=a", Filter("red", tags=["a"])),
        (Filter, "?value[color]=red&value[tags]=a&value[tags]=b", Filter("red", tags=["a", "b"])),
        (Filter, "?value[color]=red&value[other]=1&other[color]=blue", Filter("red")),
        (Filter | None, "?value[color]=red", Filter("red")),
        (dict[str, int], "?value[a]=1&value[b]=2", {"a": 1, "b": 2}),
        (dict[str, list[int]], "?value[a]=1&value[a]=2&value[b]=3", {"a": [1, 2], "b": [3]}),
    ],
)
async def test_deep_object_is_read(serve: Serve, annotation: Any, query: str, expected: object) -> None:
    """style="deepObject" reads name[key]=value (OpenAPI 3.1, section 4.8.12.2)."""
    server = await serve(app_of(reading(get("/read"), Annotated[annotation, Query(style="deepObject")])))
    answer = await ask(server, "GET", f"/read{query}")
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", [fault("query", "/value", "missing", "Field required")]),
        ("?value=1", [fault("query", "/value", "missing", "Field required")]),
        ("?value[size]=3", [fault("query", "/value/color", "missing", "Field required")]),
        (
            "?value[size]=x",
            [
                fault("query", "/value/size", "type", "Expected `int`, got `str`"),
                fault("query", "/value/color", "missing", "Field required"),
            ],
        ),
        (
            "?value[color]=a&value[color]=b",
            [fault("query", "/value/color", "type", "Given 2 times, expected once")],
        ),
    ],
)
async def test_faults_of_a_deep_object_have_their_key(serve: Serve, query: str, faults: list[dict[str, str]]) -> None:
    """The pointer of a fault names the key."""
    server = await serve(app_of(reading(get("/read"), Annotated[Filter, Query(style="deepObject")])))
    assert (await ask(server, "GET", f"/read{query}")).problem == invalid("/read", *faults)


async def test_absent_deep_object_is_its_default(serve: Serve) -> None:
    """An object with a default may be absent as a whole."""
    annotation = Annotated[Filter | None, Query(style="deepObject")]
    server = await serve(app_of(reading(get("/read"), annotation, None)))
    assert (await ask(server, "GET", "/read?value=x")).body == b"None"


async def test_cookie_of_several_is_the_last(serve: Serve) -> None:
    """Of a cookie given twice the last counts, as in aiohttp."""
    server = await serve(app_of(reading(get("/read"), Annotated[int, Cookie()])))
    async with connect(server) as connection:
        answer = await connection.exchange(make_request("GET", "/read", headers={"Cookie": "value=1; value=2"}))
    assert answer.body == b"2"
