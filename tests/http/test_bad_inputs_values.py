"""Values that msgspec accepts and a handler must not see: numbers that are not finite, and the text ``null``."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import Body, Controller, Cookie, Form, Header, Query, get, post, websocket
from tests.http.forms import part, send_parts, send_urlencoded
from tests.http.frames import client_frame, handshake, raw_socket
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of, fault, invalid

pytestmark = [pytest.mark.usefixtures("few_lines"), pytest.mark.both_loops]

FINITE = "Expected a finite number"


class Box(Struct):
    """A model whose own check fails badly with values that it was never written for."""

    width: float = 1.0
    price: Decimal = Decimal(1)
    border: int | None = None

    def __post_init__(self) -> None:
        """Raise what msgspec does not take for a validation error."""
        if not math.isfinite(self.width) or not self.price.is_finite():
            raise OverflowError("a value that is refused was seen by the user's code")


class Boxes(Controller):
    """Reads a model from everywhere."""

    @get("/query")
    async def query(self, box: Annotated[Box, Query()]) -> Box:
        """Read it from the query."""
        return box

    @get("/header")
    async def header(self, box: Annotated[Box, Header()]) -> Box:
        """Read it from the headers."""
        return box

    @get("/cookie")
    async def cookie(self, box: Annotated[Box, Cookie()]) -> Box:
        """Read it from the cookies."""
        return box

    @get("/deep")
    async def deep(self, box: Annotated[Box, Query(style="deepObject")]) -> Box:
        """Read it from an object in the query."""
        return box

    @post("/form")
    async def form(self, box: Annotated[Box, Form()]) -> Box:
        """Read it from a form."""
        return box


@pytest.fixture
async def boxes(serve: Serve) -> TestServer:
    """Serve the models."""
    return await serve(app_of(Boxes))


SENT = {"width": "inf", "price": "sNaN", "border": "null"}


def expected(location: str, prefix: str = "") -> list[dict[str, str]]:
    """Return the validation errors of what is sent."""
    return [
        fault(location, f"{prefix}/width", "value", FINITE),
        fault(location, f"{prefix}/price", "value", FINITE),
        fault(location, f"{prefix}/border", "type", "Expected `int`, got `null`"),
    ]


async def send(server: TestServer, target: str, sent: Mapping[str, str]) -> Answer:
    """Send the fields of the model to where a route reads them."""
    pairs = "&".join(f"{name}={value}" for name, value in sent.items())
    if target == "/header":
        return await ask(server, "GET", target, headers=sent)
    if target == "/cookie":
        return await ask(server, "GET", target, headers={"Cookie": pairs.replace("&", "; ")})
    if target == "/form":
        return await send_urlencoded(server, target, dict(sent))
    if target == "/deep":
        return await ask(server, "GET", "/deep?" + "&".join(f"box[{k}]={v}" for k, v in sent.items()))
    return await ask(server, "GET", f"{target}?{pairs}")


@pytest.mark.parametrize(
    ("target", "location", "prefix"),
    [
        ("/query", "query", ""),
        ("/header", "header", ""),
        ("/cookie", "cookie", ""),
        ("/form", "form", ""),
        ("/deep", "query", "/box"),
    ],
)
async def test_a_model_never_sees_what_is_refused(boxes: TestServer, target: str, location: str, prefix: str) -> None:
    """inf, NaN and null are validation errors, and ``__post_init__`` does not run with them."""
    answer = await send(boxes, target, SENT)
    assert answer.problem == invalid(target, *expected(location, prefix))
    for number, (name, value) in enumerate(SENT.items()):
        answer = await send(boxes, target, {name: value})
        assert answer.problem == invalid(target, expected(location, prefix)[number])
    answer = await send(boxes, target, {"width": "2", "price": "3"})
    assert answer.json == {"width": 2.0, "price": "3", "border": None}


class Line(Struct):
    """A price inside of something."""

    price: Decimal


class Order(Struct):
    """Decimals at several depths."""

    total: Decimal
    lines: list[Line] = []
    rates: dict[str, Decimal | None] = {}
    by_price: dict[Decimal, int] = {}

    def __post_init__(self) -> None:
        """Compare, which fails with a signaling NaN."""
        if self.total < 0:
            raise ValueError("Expected a total >= 0")


class Orders(Controller):
    """Reads Decimals from bodies, parts and messages."""

    @post("/orders")
    async def create(self, order: Order) -> str:
        """Read a body."""
        return str(order.total)

    @post("/totals")
    async def totals(self, totals: Annotated[list[Decimal], Body()]) -> int:
        """Read a list."""
        return len(totals)

    @post("/part")
    async def parts(self, order: Annotated[Order, Form(embed=True)]) -> str:
        """Read a part of a form."""
        return str(order.total)

    @websocket("/socket", invalid="report")
    async def socket(self, order: Order) -> str:
        """Read messages."""
        return str(order.total)

    @post("/floats")
    async def floats(self, floats: Annotated[list[float], Body()]) -> int:
        """Read floats."""
        return len(floats)


@pytest.fixture
async def orders(serve: Serve) -> TestServer:
    """Serve the Decimals."""
    return await serve(app_of(Orders))


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"total": text}, [("/total", "value")])
    for text in ("NaN", "sNaN", "nan1", "-NaN", "Infinity", "-inf", " Infinity ", "iNFinity")
] + [
    ({"total": "1", "lines": [{"price": "1"}, {"price": "NaN"}]}, [("/lines/1/price", "value")]),
    ({"total": "1", "rates": {"a": "1", "b": "inf", "c": None}}, [("/rates/b", "value")]),
    ({"total": "1", "by_price": {"sNaN": 1}}, [("/by_price/sNaN", "key")]),
    (
        {"total": "inf", "lines": [{"price": "NaN"}], "rates": {"a": "NaN"}},
        [("/total", "value"), ("/lines/0/price", "value"), ("/rates/a", "value")],
    ),
]
BODIES = [
    pytest.param("application/json", msgspec.json.encode, id="json"),
    pytest.param("application/msgpack", msgspec.msgpack.encode, id="msgpack"),
]


def errors_of(found: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Return the validation errors at pointers."""
    return [fault("body", pointer, code, FINITE) for pointer, code in found]


@pytest.mark.parametrize(("media_type", "encode"), BODIES)
async def test_decimals_of_a_body_are_finite(orders: TestServer, media_type: str, encode: Any) -> None:
    """What a Decimal reads and no number is, is a validation error at its place."""
    headers = {"Content-Type": media_type}
    for sent, found in WRONG:
        answer = await ask(orders, "POST", "/orders", headers=headers, body=encode(sent))
        assert answer.problem == invalid("/orders", *errors_of(found)), sent
    many = ["1"] * 100 + ["NaN"] + ["1"] * 100
    answer = await ask(orders, "POST", "/totals", headers=headers, body=encode(many))
    assert answer.problem == invalid("/totals", *errors_of([("/100", "value")]))
    good = {"total": "1E+3", "lines": [{"price": "2.50"}], "rates": {"inf": "1", "nan": None}, "by_price": {"1.5": 1}}
    answer = await ask(orders, "POST", "/orders", headers=headers, body=encode(good))
    assert (answer.status, answer.body) == (200, b"1E+3")


async def test_an_escaped_decimal(orders: TestServer) -> None:
    """JSON spells a letter in several ways."""
    answer = await ask(orders, "POST", "/orders", body=b'{"total": "\\u004ea\\u004e"}')
    assert answer.problem == invalid("/orders", *errors_of([("/total", "value")]))


async def test_decimals_of_a_part_are_finite(orders: TestServer) -> None:
    """A part of a form is read as a body is."""
    answer = await send_parts(orders, "/part", part("order", '{"total": "NaN"}', media_type="application/json"))
    assert answer.problem == invalid("/part", fault("form", "/order/total", "value", FINITE))


async def test_decimals_of_a_message_are_finite(orders: TestServer) -> None:
    """A message on a web socket is read as a body is."""
    async with raw_socket(orders, handshake("/socket")) as socket:
        await socket.send(client_frame(b'{"total": "sNaN"}'))
        _, data = await socket.frame()
        assert msgspec.json.decode(data)["errors"] == errors_of([("/total", "value")])
        await socket.send(client_frame(b'{"total": "2"}'))
        assert await socket.frame() == (1, b"2")


async def test_floats_of_messagepack_are_finite(orders: TestServer) -> None:
    """MessagePack has floats that are not finite, which are not values of a float either."""
    headers = {"Content-Type": "application/msgpack"}
    for number in (math.nan, math.inf, -math.inf):
        body = msgspec.msgpack.encode([1.0, number])
        answer = await ask(orders, "POST", "/floats", headers=headers, body=body)
        assert answer.problem == invalid("/floats", *errors_of([("/1", "value")]))
        answer = await ask(orders, "POST", "/totals", headers=headers, body=body)
        assert answer.problem == invalid("/totals", *errors_of([("/1", "value")]))
    small = b"\x92\xca\x3f\x80\x00\x00\xca\x7f\xc0\x00\x00"
    answer = await ask(orders, "POST", "/floats", headers=headers, body=small)
    assert answer.problem == invalid("/floats", *errors_of([("/1", "value")]))
    answer = await ask(orders, "POST", "/floats", headers=headers, body=msgspec.msgpack.encode([1.5, 1e308]))
    assert answer.json == 2


async def test_sources_of_one_model_share_its_errors(boxes: TestServer) -> None:
    """Another error of the same model is reported with them."""
    answer = await ask(boxes, "GET", "/query?width=inf&border=x")
    assert answer.problem == invalid(
        "/query",
        fault("query", "/width", "value", FINITE),
        fault("query", "/border", "type", "Expected `int | null`, got `str`"),
    )
