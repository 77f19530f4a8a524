"""JSON bodies: every kind of model, optional bodies, and builtins as bodies."""

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from framework import Body, Controller, Query, delete, patch, post, put
from tests.http.items import JSON
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem, reading

T = TypeVar("T")


class Color(enum.Enum):
    """An enum of texts."""

    RED = "red"


class Line(Struct, forbid_unknown_fields=True):
    """A line of an order."""

    sku: Annotated[str, Meta(min_length=1)]
    count: Annotated[int, Meta(ge=1)] = 1


class Order(Struct, rename="camel"):
    """An order."""

    order_lines: list[Line]
    paid_at: dt.datetime | None = None
    note: str | UnsetType = UNSET


@dataclasses.dataclass
class Plain:
    """A dataclass."""

    x: int
    lines: list[Line] = dataclasses.field(default_factory=list)


@attrs.define
class Attrs:
    """An attrs class."""

    x: int
    y: str = "y"


class Dict(TypedDict):
    """A TypedDict."""

    x: int


class Point(NamedTuple):
    """A NamedTuple, which is an array in JSON."""

    x: int
    y: int = 0


class Box(Struct, Generic[T]):
    """A generic Struct."""

    value: T


class Cat(Struct, tag="cat"):
    """A member of a tagged union."""

    lives: int


class Dog(Struct, tag="dog"):
    """Another member."""

    barks: bool = True


class Even(Struct):
    """A model with a rule of its own."""

    number: int

    def __post_init__(self) -> None:
        """Refuse odd numbers."""
        if self.number % 2:
            raise ValueError("the number is odd")


@pytest.mark.parametrize(
    ("annotation", "body", "expected"),
    [
        (Order, {"orderLines": [{"sku": "a"}], "unknown": 1}, Order([Line("a")])),
        (Plain, {"x": 1, "lines": [{"sku": "a", "count": 2}]}, Plain(1, [Line("a", 2)])),
        (Attrs, {"x": 1}, Attrs(1)),
        (Dict, {"x": 1}, {"x": 1}),
        (Annotated[Point, Body()], [1, 2], Point(1, 2)),
        (Point, [1], Point(1)),
        (Box[int], {"value": 1}, Box(1)),
        (Box[list[Line]], {"value": [{"sku": "a"}]}, Box([Line("a")])),
        (Cat | Dog, {"type": "dog"}, Dog()),
        (list[Cat | Dog], [{"type": "cat", "lives": 9}, {"type": "dog"}], [Cat(9), Dog()]),
        (list[Line], [{"sku": "a"}], [Line("a")]),
        (tuple[Line, ...], [{"sku": "a"}], (Line("a"),)),
        (dict[str, Line], {"a": {"sku": "a"}}, {"a": Line("a")}),
        (dict[str, Any], {"a": [1, None]}, {"a": [1, None]}),
        (dict[int, str], {"1": "a"}, {1: "a"}),
        (dict[uuid.UUID, str], {str(uuid.UUID(int=1)): "a"}, {uuid.UUID(int=1): "a"}),
        (Order | None, None, None),
        (Annotated[int, Body()], 5, 5),
        (Annotated[str, Body], "text", "text"),
        (Annotated[str | None, Body()], None, None),
        (Annotated[list[int], Body()], [1, 2], [1, 2]),
        (Annotated[Annotated[int, Meta(ge=1)], Body()], 1, 1),
        (Annotated[Any, Body()], {"a": 1}, {"a": 1}),
        (Annotated[Color, Body()], "red", Color.RED),
        (Annotated[Decimal, Body()], "1.10", Decimal("1.10")),
        (Annotated[dt.date, Body()], "2026-11-22", dt.date(2026, 11, 22)),
        (Annotated[set[int], Body()], [1, 1], {1}),
        (Annotated[list[bytes], Body()], ["YWI="], [b"ab"]),
        (Even, {"number": 2}, Even(2)),
    ],
)
async def test_body_is_decoded(serve: Serve, annotation: Any, body: Any, expected: object) -> None:
    """A type that no query string can carry is the body, and so is anything with a Body() marker."""
    server = await serve(app_of(reading(post("/read"), annotation)))
    answer = await ask(server, "POST", "/read", body=msgspec.json.encode(body))
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


async def test_raw_body_is_not_decoded(serve: Serve) -> None:
    """msgspec.Raw gives the JSON as it came, for a handler that decodes it itself."""

    class Relay(Controller):
        @post("/relay")
        async def relay(self, body: Annotated[msgspec.Raw, Body()]) -> str:
            return bytes(body).decode()

    assert (await ask(await serve(app_of(Relay)), "POST", "/relay", body=b'{"a" : 1}')).body == b'{"a" : 1}'


@pytest.mark.parametrize(
    ("annotation", "body", "faults"),
    [
        (
            Order,
            {"orderLines": [{"sku": "", "count": 0}, {"count": "1", "x": 1}], "paidAt": "soon", "note": None},
            [
                ("/orderLines/0/sku", "constraint", "Expected `str` of length >= 1"),
                ("/orderLines/0/count", "constraint", "Expected `int` >= 1"),
                ("/orderLines/1/count", "type", "Expected `int`, got `str`"),
                ("/orderLines/1/x", "unknown", "Unknown field"),
                ("/orderLines/1/sku", "missing", "Field required"),
                ("/paidAt", "value", "Invalid RFC3339 encoded datetime"),
                ("/note", "type", "Expected `str`, got `null`"),
            ],
        ),
        (Plain, {"lines": 1}, [("/lines", "type", "Expected `array`, got `int`"), ("/x", "missing", "Field required")]),
        (Attrs, {"x": True}, [("/x", "type", "Expected `int`, got `bool`")]),
        (Dict, {}, [("/x", "missing", "Field required")]),
        (Point, [], [("", "constraint", "Expected `array` of length 1 to 2, got 0")]),
        (Point, {"x": 1}, [("", "type", "Expected `array`, got `object`")]),
        (Box[int], {"value": 1.5}, [("/value", "type", "Expected `int`, got `float`")]),
        (Cat | Dog, {"type": "fox"}, [("/type", "tag", "Invalid tag")]),
        (Cat | Dog, {"lives": 1}, [("/type", "missing", "Field required")]),
        (list[Cat | Dog], [{"type": "cat"}], [("/0/lives", "missing", "Field required")]),
        (
            dict[int, str],
            {"a/b": 1},
            [("/a~1b", "key", "Expected `int`, got `str`"), ("/a~1b", "type", "Expected `str`, got `int`")],
        ),
        (Annotated[int, Body()], "5", [("", "type", "Expected `int`, got `str`")]),
        (Annotated[float, Body()], "nan", [("", "type", "Expected `float`, got `str`")]),
        (Annotated[Color, Body()], "blue", [("", "value", "Invalid enum value")]),
        (Even, {"number": 3}, [("", "value", "the number is odd")]),
        (
            list[Even],
            [{"number": 3}, {"number": 2}, {"number": 5}],
            [("/0", "value", "the number is odd"), ("/2", "value", "the number is odd")],
        ),
        (
            Annotated[Annotated[list[int], Meta(max_length=1)] | None, Body()],
            [1, 2],
            [("", "constraint", "Expected `array` of length <= 1")],
        ),
    ],
)
async def test_every_fault_of_a_body_is_told(
    serve: Serve, annotation: Any, body: Any, faults: list[tuple[str, str, str]]
) -> None:
    """All faults of a body are told at once, in the order of the document, each with its pointer."""
    server = await serve(app_of(reading(post("/read"), annotation)))
    answer = await ask(server, "POST", "/read", body=msgspec.json.encode(body))
    assert answer.problem == invalid("/read", *(fault("body", *one) for one in faults))


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "0"}, JSON, {**JSON, "Content-Length": "0"}])
async def test_absent_optional_body_is_its_default(serve: Serve, headers: dict[str, str]) -> None:
    """A body with a default may be empty, whether a Content-Type announces one or not."""
    server = await serve(app_of(reading(post("/read"), Order | None, None)))
    assert (await ask(server, "POST", "/read", headers=headers)).body == b"None"


async def test_optional_body_is_checked_when_it_is_there(serve: Serve) -> None:
    """A body with a default is like any other as soon as there is one."""
    server = await serve(app_of(reading(post("/read"), Order | None, None)))
    assert (await ask(server, "POST", "/read", body={"orderLines": []})).body.decode() == repr(Order([]))
    assert (await ask(server, "POST", "/read", body=None, headers=JSON)).body == b"None"
    answer = await ask(server, "POST", "/read", body={})
    assert answer.problem == invalid("/read", fault("body", "/orderLines", "missing", "Field required"))
    assert (await ask(server, "POST", "/read", body=b"{")).status == 400
    assert (await ask(server, "POST", "/read", body=b"{}", headers={"Content-Type": "text/plain"})).status == 415


async def test_null_is_a_body(serve: Serve) -> None:
    """Null is a value, and a required body that may be None still has to be there."""
    server = await serve(app_of(reading(post("/read"), Annotated[Order | None, Body()])))
    assert (await ask(server, "POST", "/read", body=b"null")).body == b"None"
    empty = await ask(server, "POST", "/read", body=b"")
    expected = fault("body", "", "syntax", "The body is empty")
    assert empty.problem == problem(400, "/read", "The body is not valid JSON", errors=[expected])


@pytest.mark.parametrize(("decorator", "method"), [(put, "PUT"), (patch, "PATCH"), (delete, "DELETE")])
async def test_other_methods_have_bodies(serve: Serve, decorator: Any, method: str) -> None:
    """PUT, PATCH and DELETE take bodies as POST does."""
    server = await serve(app_of(reading(decorator("/read"), Line)))
    assert (await ask(server, method, "/read", body={"sku": "a"})).body.decode() == repr(Line("a"))


async def test_scalars_beside_a_body_are_query_parameters(serve: Serve) -> None:
    """On a POST route scalars and their collections come from the query, and a marked model as well."""

    class Orders(Controller):
        @post("/orders")
        async def create(
            self, order: Order, *, dry: bool = False, tag: tuple[str, ...] = (), line: Annotated[Line, Query()]
        ) -> str:
            return repr((order, dry, tag, line))

    server = await serve(app_of(Orders))
    answer = await ask(server, "POST", "/orders?dry=1&tag=a&tag=b&sku=x", body={"orderLines": []})
    assert answer.body.decode() == repr((Order([]), True, ("a", "b"), Line("x")))


async def test_body_comes_in_any_pieces(serve: Serve) -> None:
    """A body in chunks that arrive one by one is the same body."""
    server = await serve(app_of(reading(post("/read"), Line)))
    async with connect(server) as connection:
        await connection.send(make_request("POST", "/read", headers={**JSON, "Transfer-Encoding": "chunked"}))
        for piece in (b'{"sk', b'u":', b' "a"}'):
            assert await connection.is_open()
            await connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        answer = await connection.exchange(b"0\r\n\r\n")
    assert answer.body.decode() == repr(Line("a"))


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "application/json"])
async def test_empty_body_is_a_missing_one_whatever_its_type(serve: Serve, media_type: str) -> None:
    """Clients send a Content-Type without a body: 400 where a body is needed, the default where it is not."""

    class Readers(Controller):
        @post("/needed")
        async def needed(self, line: Line) -> str:
            return repr(line)

        @post("/optional")
        async def optional(self, line: Line | None = None) -> str:
            return repr(line)

    server = await serve(app_of(Readers))
    headers = {"Content-Type": media_type, "Content-Length": "0"}
    assert (await ask(server, "POST", "/needed", headers=headers)).status == 400
    assert (await ask(server, "POST", "/optional", headers=headers)).body == b"None"
