"""Classes of an application's own (``App(types=)``): in every part of a request, in responses and in messages."""

import dataclasses
from typing import Annotated, Any, NamedTuple, TypedDict

import attrs
import msgspec
import pytest
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import (
    App,
    Controller,
    Cookie,
    EventStream,
    Form,
    Header,
    HTTPError,
    Query,
    WebSocket,
    get,
    patch,
    post,
    websocket,
)
from framework.merge_patch import Patch
from framework.testing import check_contract
from framework.types import CustomType
from tests.http.shapes import app_of, echoing, fault, invalid, problem


class Sku:
    """A scalar: three letters."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("Expected a string")
        if len(text) != 3:
            raise ValueError("Expected three letters")
        self.text = text

    def __str__(self) -> str:
        return self.text


class Price:
    """An object: an amount and a currency."""

    def __init__(self, amount: int, currency: str) -> None:
        self.amount, self.currency = amount, currency


def read_price(value: Any) -> Price:
    """Read a price; one without a currency is an error of this function."""
    return Price(int(value["amount"]), value["currency"])


def write_price(price: Price) -> dict[str, Any]:
    """Write a price; one of another currency than EUR is an error of this function."""
    if price.currency != "EUR":
        raise KeyError(price.currency)
    return {"amount": price.amount, "currency": price.currency}


SKU = CustomType(Sku, decode=Sku, encode=str, schema={"type": "string", "minLength": 3, "maxLength": 3})
PRICE = CustomType(
    Price, decode=read_price, encode=write_price, schema={"type": "object", "required": ["amount", "currency"]}
)


class Line(Struct):
    """A Struct."""

    sku: Sku
    price: Price | None = None


@dataclasses.dataclass
class Data:
    """A dataclass."""

    line: Line


class Entry(TypedDict):
    """A TypedDict."""

    sku: Sku


class Pair(NamedTuple):
    """A NamedTuple."""

    sku: Sku
    number: int


@attrs.define
class Bag:
    """A class of attrs."""

    skus: list[Sku]


class Search(Struct):
    """Parameters in one model."""

    sku: Sku
    more: list[Sku] = []


class Shop(Controller):
    """Sends back what it got."""

    @get("/skus/{sku}")
    async def places(
        self,
        sku: Sku,
        more: tuple[Sku, ...] = (),
        x_sku: Annotated[Sku | None, Header()] = None,
        cookie: Annotated[Sku, Cookie()] = Sku("abc"),  # noqa: B008  never changed
    ) -> list[Sku | None]:
        """Send the SKUs of all places."""
        return [sku, *more, x_sku, cookie]

    @get("/search")
    async def search(self, search: Annotated[Search, Query()]) -> Search:
        """Send a model of the query."""
        return search

    @post("/form")
    async def form(self, sku: Annotated[Sku, Form()]) -> Sku:
        """Send a field of a form."""
        return sku

    @post("/price")
    async def price(self, price: Price) -> Price:
        """Send the body, which is one value."""
        return price

    @post("/line")
    async def line(self, line: Line) -> Line:
        """Send a Struct."""
        return line

    @post("/prices")
    async def prices(self, prices: dict[str, list[Price]]) -> dict[str, list[Price]]:
        """Send containers."""
        return prices

    @get("/events")
    async def events(self) -> EventStream[Sku]:
        """Send events."""
        yield Sku("abc")

    @get("/loose")
    async def loose(self) -> Sku:
        """Send a string in the place of the value."""
        return "abc"  # type: ignore[return-value]  # converted

    @get("/wrong")
    async def wrong(self) -> Sku:
        """Send what cannot be one."""
        return "abcd"  # type: ignore[return-value]  # cannot be converted

    @websocket("/socket")
    async def socket(self, socket: WebSocket[Line, Sku]) -> None:
        """Send what comes."""
        async for line in socket:
            await socket.send(line.sku)


Holders = echoing("Holders", data=Data, entry=Entry, pair=Pair, bag=Bag)


def app(**settings: Any) -> App:
    """Return the app of these tests."""
    return app_of(Shop, Holders, types=[SKU, PRICE], **settings)


async def test_parameters(aiohttp_client: AiohttpClient) -> None:
    """Path, query, header and cookie, alone, in collections and with defaults."""
    client = await aiohttp_client(app().build())

    async with client.get("/skus/aaa?more=bbb&more=ccc", headers={"X-Sku": "ddd", "Cookie": "cookie=eee"}) as response:
        assert await response.json() == ["aaa", "bbb", "ccc", "ddd", "eee"]
    async with client.get("/skus/aaa") as response:
        assert await response.json() == ["aaa", None, "abc"]
    async with client.get("/search?sku=aaa&more=bbb") as response:
        assert await response.json() == {"sku": "aaa", "more": ["bbb"]}
    async with client.post("/form", data={"sku": "aaa"}) as response:
        assert await response.json() == "aaa"


async def test_all_errors_of_all_places_are_reported_together(aiohttp_client: AiohttpClient) -> None:
    """Each with its own place and the message of the function."""
    client = await aiohttp_client(app().build())

    async with client.get("/skus/a?more=bbb&more=b", headers={"X-Sku": "dd"}) as response:
        assert response.status == 422
        assert await response.json() == invalid(
            "/skus/a",
            fault("path", "/sku", "value", "Expected three letters"),
            fault("query", "/more/1", "value", "Expected three letters"),
            fault("header", "/x-sku", "value", "Expected three letters"),
        )
    async with client.post("/prices", json={"a": [{"amount": "x", "currency": ""}], "b": 1}) as response:
        assert await response.json() == invalid(
            "/prices",
            fault("body", "/a/0", "value", "invalid literal for int() with base 10: 'x'"),
            fault("body", "/b", "type", "Expected `array`, got `int`"),
        )
    async with client.post("/line", json={"sku": 1, "price": {"amount": "y"}}) as response:
        assert await response.json() == invalid(
            "/line",
            fault("body", "/sku", "value", "Expected a string"),
            fault("body", "/price", "value", "invalid literal for int() with base 10: 'y'"),
        )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/price", {"amount": 1, "currency": "EUR"}),
        ("/line", {"sku": "abc", "price": {"amount": 1, "currency": "EUR"}}),
        ("/line", {"sku": "abc", "price": None}),
        ("/data", {"line": {"sku": "abc", "price": None}}),
        ("/entry", {"sku": "abc"}),
        ("/pair", ["abc", 2]),
        ("/bag", {"skus": ["abc", "def"]}),
        ("/prices", {"a": [{"amount": 1, "currency": "EUR"}], "b": []}),
    ],
)
async def test_bodies_and_responses(aiohttp_client: AiohttpClient, path: str, body: Any) -> None:
    """By themselves and inside of everything that has fields, in JSON and MessagePack."""
    client = await aiohttp_client(app(check_responses=True).build())

    async with client.post(path, json=body) as response:
        assert await response.json() == body
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    async with client.post(path, data=msgspec.msgpack.encode(body), headers=headers) as response:
        assert msgspec.msgpack.decode(await response.read()) == body


async def test_another_exception_is_a_500(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """The log has the exception of the function and the place of the value."""
    client = await aiohttp_client(app().build())

    async with client.post("/prices", json={"a": [{"currency": "EUR"}]}) as response:
        assert response.status == 500
    assert "KeyError: 'amount'\nRaised by decode= of a CustomType, at `$[...][0]`" in caplog.text


async def test_an_exception_behind_an_invalid_value(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The response is the 500 whichever value comes first."""
    client = await aiohttp_client(app().build())

    async with client.post("/line", json={"sku": "", "price": {}}) as response:
        assert response.status == 500
    assert "KeyError: 'amount'\nRaised by decode= of a CustomType" in caplog.text


async def test_a_value_that_cannot_be_written(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """The response is a 500, and the log has the place."""
    client = await aiohttp_client(app().build())

    async with client.post("/line", json={"sku": "abc", "price": {"amount": 1, "currency": "USD"}}) as response:
        assert response.status == 500
    assert "encode= of CustomType(Price) has raised KeyError('USD')" in caplog.text
    assert "The value at `$.price` cannot be encoded: Price" in caplog.text


async def test_what_is_sent_is_what_the_annotation_says(
    aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A value of another class is read as one of the class, or is a 500."""
    client = await aiohttp_client(app().build())

    async with client.get("/loose") as response:
        assert await response.json() == "abc"
    async with client.get("/wrong") as response:
        assert response.status == 500
    assert "Shop.wrong" in caplog.text
    assert "expected `Sku`, got `str`" in caplog.text


@pytest.mark.both_loops
async def test_streams_and_sockets(aiohttp_client: AiohttpClient) -> None:
    """Events are written, messages are read and written."""
    client = await aiohttp_client(app().build())

    async with client.get("/events") as response:
        assert 'data: "abc"' in await response.text()
    async with client.ws_connect("/socket") as socket:
        await socket.send_str('{"sku": "abc"}')
        assert await socket.receive_json() == "abc"


class InvalidIdError(Exception):
    """An exception that is not a ValueError, as those of some packages are."""


class Id:
    """A class whose constructor raises an exception of its own."""

    def __init__(self, text: str) -> None:
        if not text.isdecimal():
            raise InvalidIdError("Expected digits")


class Name:
    """A class that is only read."""


class Ids(Controller):
    """Reads and forgets."""

    @get("/ids/{value}")
    async def show(self, value: Id) -> None:
        """Read an id."""

    @get("/names/{value}")
    async def name(self, value: Name) -> None:
        """Read a name, by a function that returns something else."""


async def test_errors_of_ones_own(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """``errors=`` names further exceptions of invalid values; a value of another class is an error of the function."""
    types = [CustomType(Id, decode=Id, errors=(InvalidIdError,)), CustomType(Name, decode=str)]
    client = await aiohttp_client(app_of(Ids, types=types).build())

    async with client.get("/ids/5") as response:
        assert response.status == 204
    async with client.get("/ids/x") as response:
        assert await response.json() == invalid("/ids/x", fault("path", "/value", "value", "Expected digits"))
    async with client.get("/names/x") as response:
        assert response.status == 500
    assert "RuntimeError: it has returned `str`, expected `Name`" in caplog.text


def test_the_document() -> None:
    """The schema stands wherever the class does."""
    document = App([Shop], types=[SKU, PRICE]).document()

    sku = {"type": "string", "minLength": 3, "maxLength": 3}
    price = {"type": "object", "required": ["amount", "currency"]}
    schemas = document["components"]["schemas"]
    assert schemas["LineInput"]["properties"] == {
        "sku": sku,
        "price": {**price, "type": ["object", "null"], "default": None},
    }
    (path, query, header, cookie) = document["paths"]["/skus/{sku}"]["get"]["parameters"]
    assert path["schema"] == sku
    assert query["schema"]["items"] == sku
    assert header["schema"] == sku
    assert cookie["schema"] == {**sku, "default": "abc"}
    body = document["paths"]["/price"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == price
    messages = App([Shop], types=[SKU, PRICE]).asyncapi()["components"]["schemas"]
    assert messages["LineInput"]["properties"]["sku"] == sku


def test_routes_without_such_types_are_as_they_were() -> None:
    """No hook is emitted for them."""

    class Plain(Controller):
        @get("/{number}")
        async def show(self, number: int) -> int:
            """Return a number."""
            return number

    emitted = app_of(Plain).explain("GET", "/{number}")
    assert "hook" not in emitted
    assert app_of(Plain, types=[SKU]).explain("GET", "/{number}") == emitted


class Sold(HTTPError, status=409):
    """A problem with such a member."""

    sku: Sku


class Changes(Controller):
    """Changes lines, and refuses to."""

    @patch("/line")
    async def change(self, changes: Patch[Line]) -> Line:
        """Merge into a line."""
        return changes.apply_to(Line(Sku("old"), Price(1, "EUR")))

    @get("/sold/{sku}", raises=(Sold,))
    async def sold(self, sku: Sku) -> None:
        """Raise a problem."""
        raise Sold("Sold", sku=sku)


async def test_patches_problems_and_urls(aiohttp_client: AiohttpClient) -> None:
    """They are values wherever values are."""
    application = app_of(Changes, types=[SKU, PRICE])
    client = await aiohttp_client(application.build())
    headers = {"Content-Type": "application/merge-patch+json"}

    async with client.patch("/line", data='{"sku": "new"}', headers=headers) as response:
        assert await response.json() == {"sku": "new", "price": {"amount": 1, "currency": "EUR"}}
    async with client.patch("/line", data='{"sku": "x"}', headers=headers) as response:
        assert await response.json() == invalid("/line", fault("body", "/sku", "value", "Expected three letters"))
    async with client.get(str(application.url_for(Changes.sold, sku=Sku("abc")))) as response:
        assert await response.json() == problem(409, "/sold/abc", "Sold", sku="abc")


class Skus(Controller):
    """Sends back what it got."""

    @post("/skus")
    async def create(self, skus: list[Sku]) -> list[Sku]:
        """Send the body."""
        return skus


def test_contract() -> None:
    """Values are generated from the schema."""
    assert check_contract(App([Skus], types=[SKU]), examples=5).cases > 0
