"""Six typical routes, whose emitted code is kept beside this file.

``python -m tests.emitted.routes`` writes the snapshots again; look at the difference before you commit it.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from framework import (
    App,
    Body,
    Container,
    Controller,
    Cookie,
    EventStream,
    Header,
    Query,
    Request,
    Response,
    WebSocket,
    delete,
    get,
    post,
    put,
    websocket,
)
from framework.formats import MSGPACK
from framework.layers import Layer, Steps
from framework.middleware import SecurityHeaders
from framework.routing import RouteInfo
from framework.typedefs import CallNext

__all__ = ("ROUTES", "explain", "snapshot")

ROUTES = {
    "health": ("GET", "/health"),
    "show": ("GET", "/orders/{order_id}"),
    "create": ("POST", "/orders"),
    "search": ("GET", "/orders"),
    "replace": ("PUT", "/orders/{order_id}/note"),
    "talk": ("GET", "/chat/{room}"),
    "on_order": ("GET", "/orders/{order_id}/changes"),
    "feed": ("GET", "/orders/{order_id}/feed"),
    "fixed": ("GET", "/fixed"),
    "layered": ("GET", "/layered"),
}


class Order(Struct, forbid_unknown_fields=True):
    """A body and a response."""

    sku: str
    count: Annotated[int, Meta(ge=1)] = 1


class Page(Struct, forbid_unknown_fields=True):
    """A model in the query."""

    number: Annotated[int, Meta(ge=1)] = 1
    tags: list[str] = []


class Engine:
    """A singleton."""


class Session:
    """A scoped service that is closed."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine


class User:
    """A scoped service that reads the request."""


class Orders:
    """A transient that needs two others."""

    def __init__(self, session: Session, user: User) -> None:
        self.session, self.user = session, user


async def open_engine() -> AsyncIterator[Engine]:
    """Open the singleton."""
    yield Engine()


async def open_session(engine: Engine) -> AsyncIterator[Session]:
    """Open what is closed later."""
    yield Session(engine)


def find_user(authorization: Annotated[str, Header()], session: Session) -> Iterator[User]:
    """Read the request."""
    user = User()
    user.__dict__.update(authorization=authorization, session=session)
    yield user


async def require_user(request: web.Request) -> None:
    """Guard."""


async def measure(request: web.Request, call_next: CallNext) -> web.StreamResponse:
    """Go on."""
    return await call_next(request)


async def not_found(request: web.Request, error: KeyError) -> web.StreamResponse:
    """Answer an error."""
    raise NotImplementedError(request, error)


class HealthController(Controller):
    """No parameters, a text."""

    @get("/health")
    async def health(self) -> str:
        """Answer."""
        return "ok"


class OrderController(Controller):
    """Parameters, bodies, services and layers."""

    path = "/orders"

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @get("/{order_id}")
    async def show(self, order_id: int, expand: bool = False, fields: tuple[str, ...] = ()) -> Order | None:  # noqa: FBT002  a query parameter
        """Take path and query."""
        raise NotImplementedError(order_id, expand, fields)

    @post(status=201)
    async def create(self, order: Order, orders: Orders, request: Request) -> Response[Order]:
        """Take a body and services that are closed."""
        raise NotImplementedError(order, orders, request)

    @get(
        guards=(require_user,),
        middlewares=(measure,),
        exception_handlers={KeyError: not_found},
        timeout=2.5,
    )
    async def search(
        self,
        page: Annotated[Page, Query()],
        sizes: Annotated[list[int] | None, Query(style="csv")] = None,
        if_none_match: Annotated[str | None, Header()] = None,
        session: Annotated[str, Cookie()] = "",
    ) -> list[Order]:
        """Take a model, a list, a header and a cookie, inside layers."""
        raise NotImplementedError(page, sizes, if_none_match, session)

    @put("/{order_id}/note", body_limit=1000)
    def replace(self, order_id: int, note: Annotated[dict[str, str], Body()] = {}) -> None:  # noqa: B006  each request has its own
        """Run in a thread, with an optional body."""
        raise NotImplementedError(order_id, note)

    @get("/{order_id}/feed", middlewares=(measure,))
    async def feed(self, order_id: int, session: Session) -> EventStream[Order]:
        """Yield, and hold a service to the end."""
        yield Order(f"{order_id} {session}")

    @delete("/{order_id}")
    async def remove(self, order_id: int) -> None:
        """Be there for 405."""
        raise NotImplementedError(order_id)


class ChatController(Controller):
    """Web sockets, by connection and by message."""

    @websocket("/chat/{room}", guards=(require_user,), origins=("https://shop.example",))
    async def talk(self, room: str, socket: WebSocket[str, Order], user: User) -> None:
        """Serve a connection, with services that are closed."""
        raise NotImplementedError(room, socket, user)

    @websocket("/orders/{order_id}/changes", invalid="report", format=MSGPACK)
    async def on_order(self, order_id: int, order: Order, user: User) -> Order | None:
        """Serve a message, with services that are closed."""
        raise NotImplementedError(order_id, order, user)


class Marked(Layer):
    """Has constant headers and both steps."""

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return them; one of the steps is plain."""
        return Steps(headers={"X-Marked": "yes"}, before=look_in, after=look_out)


class Stored(Layer):
    """Begins behind the guards."""

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return the same steps."""
        return Steps(before=look_in, after=look_out, behind_guards=True)


def look_in(request: web.Request) -> web.StreamResponse | None:
    """Look at a request."""
    raise NotImplementedError(request)


async def look_out(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Look at a response."""
    raise NotImplementedError(request, response)


class LayeredController(Controller):
    """Inside of compiled middlewares."""

    guards = (require_user,)

    @get("/fixed", middlewares=(SecurityHeaders(),))
    async def fixed(self) -> dict[str, int]:
        """Have constant headers alone."""
        raise NotImplementedError

    @get("/layered", middlewares=(SecurityHeaders(hsts=60), Marked(), measure, Marked(), Stored()), timeout=5)
    async def layered(self, session: Session) -> Response[str]:
        """Have all steps."""
        raise NotImplementedError(session)


def explain(name: str) -> str:
    """Return stages and emitted code of a route."""
    container = Container()
    container.add_singleton(Engine, open_engine)
    container.add_scoped(Session, open_session)
    container.add_scoped(User, find_user)
    container.add_transient(Orders)
    controllers = [HealthController, OrderController, ChatController, LayeredController]
    return App(controllers, container=container, openapi=None).explain(*ROUTES[name])


def snapshot(name: str) -> Path:
    """Return the file that keeps the emitted code of a route."""
    return Path(__file__).with_name(f"{name}.txt")


if __name__ == "__main__":
    for each in ROUTES:
        snapshot(each).write_text(explain(each))
