"""URLs of handlers and of named routes."""

import datetime as dt
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

import pytest
from aiohttp import web
from yarl import URL

from framework import App, Controller, Router, get
from framework.errors import ReverseError

T = TypeVar("T")


class Colour(Enum):
    """Members with texts."""

    RED = "dark red"


class Size(IntEnum):
    """Members with numbers."""

    BIG = 3


class Orders(Controller):
    """A controller with paths of every kind."""

    path = "/orders"

    @get()
    async def search(self) -> None:
        """Take no placeholder."""

    @get("/{order_id}")
    async def show(self, order_id: str) -> None:
        """Take one."""

    @get("/{order_id}/lines/{line}", "/lines/{line}", name="lines")
    async def lines(self, line: int, order_id: str = "") -> None:
        """Take one or two."""

    @get("/a", "/b")
    async def several(self) -> None:
        """Have two paths of one kind."""

    @get("/first", name="first")
    @get("/second", name="second")
    async def named(self) -> None:
        """Have a name for each path."""

    @get("/files/{name:path}")
    async def download(self, name: str) -> None:
        """Take the rest."""

    async def helper(self) -> None:
        """Be no handler."""


class Resource(Controller, Generic[T]):
    """A controller whose handler is inherited."""

    @get("/{key}")
    async def show(self, key: str) -> None:
        """Take one."""


class Items(Resource[int]):
    """One of its heirs."""

    path = "/items"


APP = App([Orders, Items], openapi=None)


@pytest.mark.parametrize(
    ("target", "values", "url"),
    [
        (Orders.search, {}, "/orders"),
        (Orders.show, {"order_id": 7}, "/orders/7"),
        (Orders.show, {"order_id": "a/b ä?"}, "/orders/a%2Fb%20%C3%A4%3F"),
        (Orders.show, {"order_id": True}, "/orders/true"),
        (Orders.show, {"order_id": False}, "/orders/false"),
        (Orders.show, {"order_id": Colour.RED}, "/orders/dark%20red"),
        (Orders.show, {"order_id": Size.BIG}, "/orders/3"),
        (Orders.show, {"order_id": Decimal("1.50")}, "/orders/1.50"),
        (Orders.show, {"order_id": dt.date(2020, 2, 1)}, "/orders/2020-02-01"),
        (Orders.show, {"order_id": UUID(int=1)}, "/orders/00000000-0000-0000-0000-000000000001"),
        (Orders.lines, {"line": 3}, "/orders/lines/3"),
        (Orders.lines, {"line": 3, "order_id": 7}, "/orders/7/lines/3"),
        (Orders.download, {"name": "a/b c.txt"}, "/orders/files/a/b%20c.txt"),
        ("lines", {"line": 3}, "/orders/lines/3"),
        ("Orders.search", {}, "/orders"),
        ("first", {}, "/orders/first"),
        ("second", {}, "/orders/second"),
        (Items.show, {"key": "k"}, "/items/k"),
        ("Items.show", {"key": "k"}, "/items/k"),
    ],
)
def test_a_url(target: Any, values: dict[str, Any], url: str) -> None:
    """A handler or a name, with the values of its placeholders, is one encoded path."""
    assert APP.url_for(target, **values) == URL(url, encoded=True)
    assert str(APP.url_for(target, **values)) == url


@pytest.mark.parametrize(
    ("target", "values", "message"),
    [
        (Orders.helper, {}, "url_for: no route of this app is Orders.helper"),
        ("orders", {}, "url_for: no route of this app is orders"),
        (Orders.show, {}, "url_for: Orders.show takes (order_id), not ()"),
        (Orders.show, {"id": 7}, "url_for: Orders.show takes (order_id), not (id)"),
        (Orders.search, {"page": 2}, "url_for: Orders.search takes (), not (page)"),
        (Orders.lines, {}, "url_for: Orders.lines takes (line) or (order_id, line), not ()"),
        (
            Orders.several,
            {},
            "url_for: Orders.several has several paths (/orders/a, /orders/b); "
            "give each a decorator with its own name=",
        ),
        (
            Orders.named,
            {},
            "url_for: Orders.named has several paths (/orders/first, /orders/second); ask by name: first, second",
        ),
        (Orders.show, {"order_id": None}, "url_for: Orders.show cannot have None as its order_id"),
        (Orders.show, {"order_id": ""}, "url_for: Orders.show cannot have '' as its order_id"),
        (Orders.show, {"order_id": [1]}, "url_for: Orders.show cannot have [1] as its order_id"),
        (Orders.show, {"order_id": {}}, "url_for: Orders.show cannot have {} as its order_id"),
        (
            Orders.show,
            {"order_id": ".."},
            "url_for: Orders.show cannot be /orders/.., which clients resolve to another path",
        ),
        (
            Orders.download,
            {"name": "a/./b"},
            "url_for: Orders.download cannot be /orders/files/a/./b, which clients resolve to another path",
        ),
    ],
)
def test_what_has_no_url(target: Any, values: dict[str, Any], message: str) -> None:
    """An unknown target, values that do not fit and paths that are several say so."""
    with pytest.raises(ReverseError) as caught:
        APP.url_for(target, **values)
    assert str(caught.value) == message


def test_an_object_that_has_no_text() -> None:
    """A value that nobody can encode is none of a path."""
    with pytest.raises(
        ReverseError, match=r"\Aurl_for: Orders.show cannot have <object object at .*> as its order_id\Z"
    ):
        APP.url_for(Orders.show, order_id=object())


def test_a_controller_that_is_mounted_twice() -> None:
    """The routers' names tell its routes apart."""
    app = App([Router("/v1", [Orders], name="v1"), Router("/v2", [Orders], name="v2")], openapi=None)
    assert str(app.url_for("v1.Orders.search")) == "/v1/orders"
    assert str(app.url_for("v2.Orders.search")) == "/v2/orders"
    with pytest.raises(ReverseError) as caught:
        app.url_for(Orders.search)
    assert str(caught.value) == (
        "url_for: Orders.search has several paths (/v1/orders, /v2/orders); "
        "ask by name: v1.Orders.search, v2.Orders.search"
    )


def test_below_another_application() -> None:
    """Where the application is mounted stands before its paths."""
    app = App([Orders], openapi=None)
    outer = web.Application()
    outer.add_subapp("/shop", app.build())
    assert str(app.url_for(Orders.show, order_id=7)) == "/shop/orders/7"
