"""The same small application in each framework of docs/coming-from/compare.md, as its users would write it."""

from dataclasses import dataclass
from typing import Annotated, Any

import blacksheep
import fastapi
import litestar
import msgspec
import pydantic
from blacksheep.server.routing import Router
from litestar.params import FromPath, JSONBody, Parameter

from framework import App, Controller, get, post

__all__ = ("blacksheep_app", "fastapi_app", "litestar_app", "our_app")


class NewItem(msgspec.Struct):
    """An item as it is sent."""

    name: str
    price: int


class Item(msgspec.Struct):
    """An item as it is shown."""

    name: str


class SecretItem(Item):
    """An item with more than is shown."""

    secret: str = "hidden"  # noqa: S105  an example


class ItemController(Controller):
    """Keeps items."""

    path = "/items"

    @get("/{item_id}")
    async def show(self, item_id: int) -> Item:
        """Return an item."""
        return SecretItem(f"Item {item_id}")

    @post(status=201)
    async def create(self, item: NewItem, limit: Annotated[int, msgspec.Meta(le=100)] = 10) -> NewItem:
        """Take an item."""
        return NewItem(item.name, min(item.price, limit))


def our_app() -> App:
    """Return the application of this framework."""
    return App(controllers=[ItemController])


class FastItem(pydantic.BaseModel):
    name: str


class FastSecret(FastItem):
    secret: str = "hidden"  # noqa: S105  as above


class FastNew(pydantic.BaseModel):
    name: str
    price: int


def fastapi_app() -> Any:
    """Return the application of FastAPI."""
    app = fastapi.FastAPI()

    @app.get("/items/{item_id}")
    async def show(item_id: int) -> FastItem:
        return FastSecret(name=f"Item {item_id}")

    @app.post("/items", status_code=201)
    async def create(item: FastNew, limit: Annotated[int, fastapi.Query(le=100)] = 10) -> FastNew:
        return FastNew(name=item.name, price=min(item.price, limit))

    return app


@litestar.get("/items/{item_id:int}")
async def litestar_show(item_id: FromPath[int]) -> Item:
    return SecretItem(f"Item {item_id}")


@litestar.post("/items")
async def litestar_create(data: JSONBody[NewItem], limit: Annotated[int, Parameter(le=100)] = 10) -> NewItem:
    return NewItem(data.name, min(data.price, limit))


def litestar_app() -> Any:
    """Return the application of Litestar."""
    return litestar.Litestar([litestar_show, litestar_create])


@dataclass
class SheepNew:
    name: str
    price: int


@dataclass
class SheepItem:
    name: str


@dataclass
class SheepSecret(SheepItem):
    secret: str = "hidden"  # noqa: S105  as above


def blacksheep_app() -> Any:
    """Return the application of BlackSheep."""
    app = blacksheep.Application(router=Router())

    @app.router.get("/items/{item_id}")
    async def show(item_id: int) -> SheepItem:
        return SheepSecret(f"Item {item_id}")

    @app.router.post("/items")
    async def create(data: blacksheep.FromJSON[SheepNew], limit: int = 10) -> SheepNew:
        return SheepNew(data.value.name, min(data.value.price, limit))

    return app
