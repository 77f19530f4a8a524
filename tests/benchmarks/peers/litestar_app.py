"""Litestar: msgspec Structs in and out, ``Provide`` for services, controllers, guards, pure ASGI middlewares."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from litestar import Controller, Litestar, MediaType, get, post, websocket_listener
from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.di import Provide
from litestar.dto import MsgspecDTO
from litestar.enums import RequestEncodingType
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response import Stream

from tests.benchmarks.apps.serve import variant
from tests.benchmarks.peers.asgi_layers import Layer
from tests.benchmarks.peers.litestar_production import production
from tests.benchmarks.schemas import (
    Item,
    Line,
    Message,
    NewOrder,
    Receipt,
    SessionState,
    Signup,
    Thing,
    Welcome,
)
from tests.benchmarks.services import Catalog, Orders, Session, open_session, parts
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

_CATALOG = Catalog()
_ORDERS = Orders()


def get_catalog() -> Catalog:
    """Provide the catalog."""
    return _CATALOG


def get_orders() -> Orders:
    """Provide the orders."""
    return _ORDERS


class HelloController(Controller):
    """What needs no service."""

    @get("/plain", media_type=MediaType.TEXT)
    async def plain(self) -> str:
        """Answer a text."""
        return "Hello, World!"

    @get("/json")
    async def small(self) -> Message:
        """Answer one small object."""
        return Message(message="Hello, World!")

    @get("/stream", media_type="application/octet-stream")
    async def stream(self) -> Stream:
        """Answer in parts."""
        return Stream(parts())

    @get("/scoped", dependencies={"session": Provide(open_session)})
    async def scoped(self, session: Session) -> SessionState:
        """Answer from a session that lives as long as the request."""
        return session.state()


class ItemController(Controller):
    """The items."""

    path = "/items"
    dependencies: ClassVar[Mapping[str, Provide]] = {
        "catalog": Provide(get_catalog, use_cache=True, sync_to_thread=False)
    }

    @get("/{item_id:int}")
    async def show(self, item_id: int, name: str, catalog: Catalog, limit: int | None = None) -> Item:
        """Answer one item."""
        return catalog.find(item_id, name, limit)

    @get()
    async def search(self, catalog: Catalog) -> list[Item]:
        """Answer a hundred items."""
        return catalog.first_hundred()


class OrderController(Controller):
    """The orders."""

    path = "/orders"
    dependencies: ClassVar[Mapping[str, Provide]] = {
        "orders": Provide(get_orders, use_cache=True, sync_to_thread=False)
    }

    @post()
    async def create(self, data: NewOrder, orders: Orders) -> Receipt:
        """Take an order."""
        return orders.place(data)


class FormController(Controller):
    """Forms and files."""

    @post("/form", status_code=200)
    async def form(self, data: Annotated[Signup, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> Welcome:
        """Take a form."""
        return Welcome(name=data.name, number=data.age)

    @post("/upload", status_code=200)
    async def upload(self, data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> Welcome:
        """Take a file, which is spooled."""
        return Welcome(name=data.filename, number=data.file.seek(0, 2))


@websocket_listener("/feed/{room:str}", dto=MsgspecDTO[Line])
async def feed(data: Line, room: str) -> Line:  # noqa: ARG001  it is read, as by hand
    """Send every line back."""
    return data


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse a request without token."""
    if "x-token" not in connection.headers:
        raise PermissionDeniedException


@get("/guarded", guards=[require_token])
async def guarded() -> Message:
    """Answer like ``json``, if there is a token."""
    return Message(message="Hello, World!")


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    @get(f"{thing_path(section, kind)}/{{thing_id:int}}", name=f"thing-{section}-{kind}")
    async def show_thing(thing_id: int) -> Thing:
        return Thing(section=section, kind=kind, id=thing_id)

    return show_thing


def _base() -> Litestar:
    return Litestar([HelloController, ItemController, OrderController, FormController, feed])


def _middleware5() -> Litestar:
    return Litestar([guarded], middleware=[DefineMiddleware(Layer, number=number) for number in range(1, 6)])


def _routes1000() -> Litestar:
    return Litestar([thing_handler(*divmod(place, KINDS)) for place in range(SECTIONS * KINDS)])


def _production() -> Litestar:
    return production([HelloController])


app = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000, "production": _production}[variant()]()
