"""The typed client: formats other than JSON, streams of bytes and text, forms with parts, lists in headers."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Struct

from framework import App, Body, Container, Controller, Form, Header, Query, Response, Router, get, post
from framework.formats import JSON, MSGPACK, Format
from framework.testing import AppClientFactory, UnexpectedStatus
from framework.types import CustomType


class Money:
    """A class that msgspec does not know."""

    def __init__(self, cents: int) -> None:
        self.cents = cents

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and other.cents == self.cents

    def __hash__(self) -> int:
        return hash(self.cents)


MONEY = CustomType(
    Money, decode=lambda text: Money(int(text)), encode=lambda one: str(one.cents), schema={"type": "string"}
)


class Item(Struct):
    """An item."""

    name: str
    picture: bytes = b""


class Price(Struct):
    """A price."""

    money: Money


class ItemController(Controller):
    """Items in all forms."""

    @post("/items")
    async def add(self, item: Item) -> Item:
        """Return the item."""
        return item

    @post("/text")
    async def text(self, text: Annotated[str, Body(media_type="text/plain")]) -> str:
        """Return the text."""
        return text.upper()

    @get("/bytes")
    async def stream(self) -> AsyncIterator[bytes]:
        """Stream bytes."""
        yield b"ab"
        yield b"cd"

    @get("/words")
    async def words(self) -> AsyncIterator[str]:
        """Stream text."""
        yield "ab"
        yield "cd"

    @post("/parts")
    async def parts(self, item: Annotated[Item, Form(embed=True)], note: Annotated[str | None, Form()] = None) -> str:
        """Return the parts."""
        return f"{item.name} {note}"

    @get("/lists")
    async def lists(
        self, x_tags: Annotated[list[str], Header()], ids: Annotated[tuple[int, ...], Query(style="pipe")] = ()
    ) -> str:
        """Return the lists."""
        return f"{x_tags} {ids}"

    @get("/raw")
    async def raw(self) -> web.Response:
        """Return a response of aiohttp."""
        return web.Response(text="raw")

    @get("/broken")
    async def broken(self) -> Response[str]:
        """Return a status that is not an error of the framework."""
        return Response("x" * 1_000, status=500)


class PriceController(Controller):
    """Prices in values and parameters."""

    @post("/price")
    async def price(self, price: Price, extra: Annotated[Money, Query()]) -> Price:
        """Add."""
        return Price(Money(price.money.cents + extra.cents))


@pytest.mark.parametrize("formats", [(JSON, MSGPACK), (MSGPACK,)])
async def test_bodies_are_sent_in_the_first_format(app_client: AppClientFactory, formats: tuple[Format, ...]) -> None:
    """In MessagePack, bytes are bytes."""
    client = await app_client(App(controllers=[ItemController], formats=formats))
    item = Item("Mug", b"\x00\xff")
    reply = await client.send(ItemController.add, item)
    assert (reply.value, reply.headers["Content-Type"]) == (item, formats[0].media_type)


async def test_text_bytes_and_parts(app_client: AppClientFactory) -> None:
    """Streams of bytes and text have one value, the whole; lists in headers and with separators are joined."""
    client = await app_client(App(controllers=[ItemController]))
    assert await client.call(ItemController.text, "ü") == "Ü"
    assert await client.call(ItemController.stream) == [b"abcd"]
    assert await client.call(ItemController.words) == ["abcd"]
    assert await client.call(ItemController.parts, Item("Mug"), "x") == "Mug x"
    assert await client.call(ItemController.parts, Item("Mug")) == "Mug None"
    assert await client.call(ItemController.lists, ["a", "b"], (1, 2)) == "['a', 'b'] (1, 2)"


async def test_custom_types(app_client: AppClientFactory) -> None:
    """They are written by their ``encode`` and read by their ``decode``."""
    client = await app_client(App(controllers=[PriceController], types=[MONEY]))
    assert await client.call(PriceController.price, Price(Money(5)), Money(2)) == Price(Money(7))


async def test_responses_without_a_value(app_client: AppClientFactory) -> None:
    """``send`` returns them; the message of another status has the beginning of the body."""
    client = await app_client(App(controllers=[ItemController]))
    assert (await client.send(ItemController.raw)).body == b"raw"
    with pytest.raises(TypeError, match=r"^ItemController.raw returns a response, not a value: use client.send"):
        await client.call(ItemController.raw)
    with pytest.raises(UnexpectedStatus) as caught:
        await client.call(ItemController.broken)
    assert str(caught.value) == f"GET /broken responded with 500 Internal Server Error: {'x' * 500}"


def test_operations_describe_every_handler() -> None:
    """One for each method on each path, with the prefix of its router, without the pages of the document."""
    app = App(controllers=[Router("/v1", controllers=[ItemController])], container=Container())
    found = {(one.method, one.path): one for one in app.operations()}
    assert [*found] == [(one.method, one.path) for one in app.routes()]
    added: Any = found["POST", "/v1/items"]
    assert (added.function, added.result, added.body.arguments) == (ItemController.add, Item, {"item": None})
    assert isinstance(app.container, Container)
    assert App(controllers=[]).container is None
