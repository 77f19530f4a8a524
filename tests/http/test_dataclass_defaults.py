"""Fields of dataclasses that a client does not send have their defaults in the response too, wherever they are read."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple

import msgspec
import pytest
from aiohttp import FormData
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Body, Controller, Form, Patch, Query, WebSocket, get, patch, post, websocket
from framework.conversion import convert_strings


@dataclass
class Size:
    """Every field has a default."""

    width: int = 1
    height: int = 2


@dataclass(frozen=True)
class Item:
    """A frozen dataclass with a dataclass inside."""

    name: str
    price: int = 0
    size: Size = field(default_factory=Size)
    spare: Size | None = None
    added: dt.date = dt.date(2026, 1, 2)
    others: tuple["Item", ...] = ()


class Box(Struct):
    """A Struct with dataclasses inside."""

    items: list[Item] = []
    by_name: dict[str, Size] = {}


class Pair(NamedTuple):
    """A named tuple with a dataclass inside."""

    first: Size
    second: int = 0


def full(name: str, **changes: Any) -> dict[str, Any]:
    """Return an item with all of its fields."""
    plain = {"price": 0, "size": {"width": 1, "height": 2}, "spare": None, "added": "2026-01-02", "others": []}
    return {"name": name, **plain, **changes}


class ItemController(Controller):
    """Sends back what it reads."""

    @post("/item")
    async def item(self, item: Item) -> Item:
        """Read a body."""
        return item

    @post("/items")
    async def items(self, items: Sequence[Item]) -> list[Item]:
        """Read an array."""
        return list(items)

    @post("/box")
    async def box(self, box: Box) -> Box:
        """Read a Struct."""
        return box

    @post("/either")
    async def either(self, value: list[Size] | Item | None) -> list[Size] | Item | None:
        """Read a union."""
        return value

    @post("/pair")
    async def pair(self, pair: Pair) -> Pair:
        """Read a named tuple."""
        return pair

    @post("/two")
    async def two(self, item: Item, size: Annotated[Size, Body()]) -> list[Any]:
        """Read two keys of an object."""
        return [item, size]

    @get("/query")
    async def query(self, size: Annotated[Size, Query()]) -> Size:
        """Read query parameters."""
        return size

    @post("/form")
    async def form(self, size: Annotated[Size, Form()]) -> Size:
        """Read a form."""
        return size

    @post("/parts")
    async def parts(self, size: Annotated[Size, Form()], item: Annotated[Item, Form(embed=True)]) -> list[Any]:
        """Read a form with an item as a part of its own."""
        return [size, item]

    @patch("/patch")
    async def change(self, change: Patch[Box]) -> Box:
        """Merge a patch."""
        return change.apply_to(Box([Item("a")], {"s": Size()}))

    @websocket("/socket")
    async def talk(self, socket: WebSocket[Item, Item]) -> None:
        """Send messages back."""
        async for message in socket:
            await socket.send(message)


SIZE = {"width": 1, "height": 2}


@pytest.mark.parametrize(
    ("path", "sent", "expected"),
    [
        ("/item", {"name": "a"}, full("a")),
        ("/item", {"name": "a", "spare": {"height": 5}}, full("a", spare={"width": 1, "height": 5})),
        ("/item", {"name": "a", "others": [{"name": "b", "size": {}}]}, full("a", others=[full("b")])),
        ("/items", [{"name": "a"}, {"name": "b", "price": 3}], [full("a"), full("b", price=3)]),
        ("/box", {"items": [{"name": "a"}], "by_name": {"s": {}}}, {"items": [full("a")], "by_name": {"s": SIZE}}),
        ("/either", [{}, {"width": 3}], [SIZE, {"width": 3, "height": 2}]),
        ("/either", {"name": "a"}, full("a")),
        ("/either", None, None),
        ("/pair", [{}], [SIZE, 0]),
        ("/two", {"item": {"name": "a"}, "size": {}}, [full("a"), SIZE]),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "application/msgpack"])
async def test_a_body(aiohttp_client: AiohttpClient, path: str, sent: Any, expected: Any, media_type: str) -> None:
    """In both formats, at any depth."""
    client = await aiohttp_client(App([ItemController]).build())
    encode = msgspec.json.encode if media_type.endswith("json") else msgspec.msgpack.encode

    response = await client.post(path, data=encode(sent), headers={"Content-Type": media_type})

    assert (response.status, await response.json()) == (200, expected)


async def test_parameters_and_forms(aiohttp_client: AiohttpClient) -> None:
    """Also in a part with JSON."""
    client = await aiohttp_client(App([ItemController]).build())
    form = FormData({"width": "7"}, default_to_multipart=True)
    form.add_field("item", '{"name": "a"}', content_type="application/json")

    assert await (await client.get("/query")).json() == SIZE
    assert await (await client.get("/query?height=9")).json() == {"width": 1, "height": 9}
    assert await (await client.post("/form", data={"height": "3"})).json() == {"width": 1, "height": 3}
    assert await (await client.post("/parts", data=form)).json() == [{"width": 7, "height": 2}, full("a")]


async def test_a_patch_and_a_socket(aiohttp_client: AiohttpClient) -> None:
    """Entries that a patch adds, and messages."""
    client = await aiohttp_client(App([ItemController]).build())

    changed = await client.patch("/patch", json={"items": [{"name": "b"}], "by_name": {"t": {"width": 4}}})
    async with client.ws_connect("/socket") as socket:
        await socket.send_str('{"name": "a"}')
        message = await socket.receive_json()

    assert await changed.json() == {"items": [full("b")], "by_name": {"s": SIZE, "t": {"width": 4, "height": 2}}}
    assert message == full("a")


def test_strings_outside_of_requests() -> None:
    """Settings and arguments of commands."""
    assert vars(convert_strings({"height": "3"}, Size)) == {"width": 1, "height": 3}
