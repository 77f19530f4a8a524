"""The framework itself, in the way that its README recommends: controllers, injection, OpenAPI on."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from aiohttp import web
from msgspec import Struct

from framework import App, Container, Controller, Form, Path, UploadFile, WebSocket, get, post, websocket
from framework.http_errors import Forbidden
from framework.middleware import CORS, Compression, RateLimit, RequestID, SecurityHeaders, TrustedHosts
from framework.security import JWT, Bearer
from framework.telemetry import AccessLog
from framework.typedefs import CallNext, Middleware
from tests.benchmarks.apps.observing import Recorder
from tests.benchmarks.apps.serve import serve, variant
from tests.benchmarks.apps.tracing import trace
from tests.benchmarks.production import (
    ALGORITHM,
    AUDIENCE,
    HOSTS,
    ISSUER,
    LIMIT,
    MINIMUM_SIZE,
    ORIGIN,
    SECRET,
    access_logger,
)
from tests.benchmarks.schemas import Item, Line, Message, NewOrder, Receipt, SessionState, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, Session, open_session
from tests.benchmarks.workloads import KINDS, PART, PARTS, SECTIONS, thing_path

__all__ = ("build",)


class HelloController(Controller):
    """What needs no service of its own."""

    @get("/plain")
    async def plain(self) -> str:
        """Answer a text."""
        return "Hello, World!"

    @get("/json")
    async def small(self) -> Message:
        """Answer one small object."""
        return Message(message="Hello, World!")

    @get("/scoped")
    async def scoped(self, session: Session) -> SessionState:
        """Answer from a session that lives as long as the request."""
        return session.state()

    @get("/stream")
    async def stream(self) -> AsyncIterator[bytes]:
        """Answer in parts."""
        for _ in range(PARTS):
            yield PART


class ItemController(Controller):
    """The items, with their service."""

    path = "/items"

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @get("/{item_id}")
    async def show(self, item_id: int, name: str, limit: int | None = None) -> Item:
        """Answer one item."""
        return self._catalog.find(item_id, name, limit)

    @get()
    async def search(self) -> list[Item]:
        """Answer a hundred items."""
        return self._catalog.first_hundred()


class OrderController(Controller):
    """The orders, with their service."""

    path = "/orders"

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    @post(status=201)
    async def create(self, order: NewOrder) -> Receipt:
        """Take an order."""
        return self._orders.place(order)


class FormController(Controller):
    """Forms and files."""

    @post("/form")
    async def form(self, signup: Annotated[Signup, Form()]) -> Welcome:
        """Take a form."""
        return Welcome(name=signup.name, number=signup.age)

    @post("/upload", body_limit=2_097_152)
    async def upload(self, file: UploadFile) -> Welcome:
        """Take a file."""
        return Welcome(name=file.filename, number=file.size)


class FeedController(Controller):
    """Web sockets."""

    @websocket("/feed/{room}")
    async def feed(self, room: str, socket: WebSocket[Line]) -> None:  # noqa: ARG002  it is read, as by hand
        """Send every line back."""
        async for line in socket:
            await socket.send(line)


class GuardedController(Controller):
    """``json`` behind a guard."""

    @get("/guarded")
    async def guarded(self) -> Message:
        """Answer one small object."""
        return Message(message="Hello, World!")


class User(Struct):
    """Who is asking."""

    name: str


class Owner(Struct):
    """Whose token it is."""

    sub: str


async def verify(token: str) -> User | None:
    """Know one user."""
    return User(token) if token == "ada" else None  # noqa: S105  no secret


async def own_number(user: Annotated[User, Bearer(verify)], number: Annotated[int, Path()]) -> None:
    """Refuse numbers that are not the user's."""
    if number % 2 or user.name != "ada":
        raise Forbidden


class OwnedController(Controller):
    """``json`` behind a guard that takes a user and a path parameter."""

    @get("/owned/{number}", guards=(own_number,))
    async def owned(self, number: int) -> Message:  # noqa: ARG002  it is read, as by hand
        """Answer one small object."""
        return Message(message="Hello, World!")


async def require_token(request: web.Request) -> None:
    """Refuse a request without token."""
    if "X-Token" not in request.headers:
        raise Forbidden


def layer(number: int) -> Middleware:
    """Make a middleware that adds one header."""
    name = f"X-Layer-{number}"

    async def add_header(request: web.Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers[name] = "on"
        return response

    return add_header


def section_controller(section: int) -> type[Controller]:
    """Make a controller with all kinds of one section."""
    handlers: dict[str, Any] = {f"show_{kind}": thing_handler(section, kind) for kind in range(KINDS)}
    return type(f"Section{section}Controller", (Controller,), handlers)


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    @get(f"{thing_path(section, kind)}/{{thing_id}}")
    async def show_thing(self: Any, thing_id: int) -> Thing:  # noqa: ARG001  it becomes a method
        return Thing(section=section, kind=kind, id=thing_id)

    return show_thing


def _base(**settings: Any) -> App:
    container = Container()
    container.add_singleton(Catalog)
    container.add_singleton(Orders)
    container.add_scoped(Session, open_session)
    controllers = [HelloController, ItemController, OrderController, FormController, FeedController]
    return App(controllers=controllers, container=container, **settings)


def _middleware5() -> App:
    layers = [layer(number) for number in range(1, 6)]
    return App(controllers=[GuardedController], middlewares=layers, guards=[require_token])


def _routes1000() -> App:
    return App(controllers=[section_controller(section) for section in range(SECTIONS)])


def _production() -> App:
    access_logger("bench.access")
    tokens = JWT(
        Owner,
        keys=SECRET,
        algorithms=(ALGORITHM,),
        issuer=ISSUER,
        audience=AUDIENCE,
        remember=10_000,
    )
    return _base(
        middlewares=[
            RequestID(),
            TrustedHosts(*HOSTS),
            SecurityHeaders(),
            CORS(origins=(ORIGIN,)),
            Compression(minimum_size=MINIMUM_SIZE),
            RateLimit(f"{LIMIT}/minute"),
        ],
        guards=[Bearer(tokens)],
        observers=[AccessLog(logger="bench.access")],
    )


def _guarded() -> App:
    return App(controllers=[OwnedController])


def _observed() -> App:
    return _base(observers=[Recorder()])


_VARIANTS = {
    "base": _base,
    "middleware5": _middleware5,
    "routes1000": _routes1000,
    "traced": _base,
    "guarded": _guarded,
    "observed": _observed,
    "production": _production,
}


def build(which: str) -> web.Application:
    """Return the application of a variant."""
    application = _VARIANTS[which]().build()
    if which == "traced":
        application.middlewares.append(trace)
    return application


if __name__ == "__main__":
    serve(build(variant()))
