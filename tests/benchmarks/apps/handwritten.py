"""The measure of all others: aiohttp and msgspec, written by hand as an expert writes it, without a framework."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from msgspec import DecodeError, Struct, ValidationError, convert, json

from tests.benchmarks.apps.observing import record
from tests.benchmarks.apps.serve import serve, variant
from tests.benchmarks.apps.tracing import trace
from tests.benchmarks.schemas import Line, Message, NewOrder, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, session_scope
from tests.benchmarks.workloads import KINDS, PART, PARTS, SECTIONS, thing_path

__all__ = ("build",)

_ENCODER = json.Encoder()
_ORDER_DECODER = json.Decoder(NewOrder)
_LINE_DECODER = json.Decoder(Line)


class ItemParameters(Struct):
    """The path and query parameters of ``item``."""

    item_id: int
    name: str
    limit: int | None = None


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=_ENCODER.encode(value), status=status, content_type="application/json")


def _problem(error: DecodeError, status: int) -> web.Response:
    body = _ENCODER.encode({"title": "Bad request", "status": status, "detail": str(error)})
    return web.Response(body=body, status=status, content_type="application/problem+json")


async def plain(_: web.Request) -> web.Response:
    """Answer a text."""
    return web.Response(text="Hello, World!")


async def small(_: web.Request) -> web.Response:
    """Answer one small object."""
    return _json(Message(message="Hello, World!"))


async def scoped(_: web.Request) -> web.Response:
    """Answer from a session that lives as long as the request."""
    async with session_scope() as session:
        return _json(session.state())


async def stream(request: web.Request) -> web.StreamResponse:
    """Answer in parts."""
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    for _ in range(PARTS):
        await response.write(PART)
    await response.write_eof()
    return response


class ItemHandlers:
    """The handlers of the items, with their service."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def show(self, request: web.Request) -> web.Response:
        """Answer one item; path and query are converted together."""
        query = request.query
        raw = {name: query[name] for name in ("name", "limit") if name in query}
        raw["item_id"] = request.match_info["item_id"]
        try:
            parameters = convert(raw, ItemParameters, strict=False)
        except ValidationError as error:
            return _problem(error, 422)
        return _json(self._catalog.find(parameters.item_id, parameters.name, parameters.limit))

    async def search(self, _: web.Request) -> web.Response:
        """Answer a hundred items."""
        return _json(self._catalog.first_hundred())


class OrderHandlers:
    """The handlers of the orders, with their service."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def create(self, request: web.Request) -> web.Response:
        """Take an order."""
        try:
            order = _ORDER_DECODER.decode(await request.read())
        except ValidationError as error:
            return _problem(error, 422)
        except DecodeError as error:
            return _problem(error, 400)
        return _json(self._orders.place(order), status=201)


async def form(request: web.Request) -> web.Response:
    """Take a form."""
    fields = await request.post()
    try:
        signup = convert(dict(fields), Signup, strict=False)
    except ValidationError as error:
        return _problem(error, 422)
    return _json(Welcome(name=signup.name, number=signup.age))


async def upload(request: web.Request) -> web.Response:
    """Take a file, which is spooled as request.post() does."""
    file = (await request.post()).get("file")
    if not isinstance(file, web.FileField):
        return _problem(DecodeError("no file"), 422)
    return _json(Welcome(name=file.filename, number=file.file.seek(0, 2)))


async def feed(request: web.Request) -> web.WebSocketResponse:
    """Send every line back, on a web socket."""
    request.match_info["room"]
    socket = web.WebSocketResponse(heartbeat=20)
    await socket.prepare(request)
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            await socket.close(code=1003)
            break
        try:
            line = _LINE_DECODER.decode(message.data)
        except DecodeError as error:
            await socket.close(code=1008, message=str(error).encode()[:123])
            break
        await socket.send_str(_ENCODER.encode(line).decode())
    return socket


async def guarded(request: web.Request) -> web.Response:
    """Answer like ``json``, if there is a token."""
    if "X-Token" not in request.headers:
        raise web.HTTPForbidden
    return _json(Message(message="Hello, World!"))


class User(Struct):
    """Who is asking."""

    name: str


async def verify(token: str) -> User | None:
    """Know one user."""
    return User(token) if token == "ada" else None  # noqa: S105  no secret


async def require_owner(request: web.Request) -> int:
    """Return the number of a request whose user owns it; refuse all others."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = await verify(token) if scheme.lower() == "bearer" else None
    if user is None:
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
    try:
        number = convert(request.match_info["number"], int, strict=False)
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=str(error)) from error
    if number % 2 or user.name != "ada":
        raise web.HTTPForbidden
    return number


async def owned(request: web.Request) -> web.Response:
    """Answer like ``json``, if the user owns the number."""
    await require_owner(request)
    return _json(Message(message="Hello, World!"))


def layer(number: int) -> Middleware:
    """Make a middleware that adds one header."""
    name = f"X-Layer-{number}"

    @web.middleware
    async def add_header(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers[name] = "on"
        return response

    return add_header


def thing_handler(section: int, kind: int) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make the handler of one of the thousand routes."""

    async def show(request: web.Request) -> web.Response:
        try:
            thing_id = convert(request.match_info["thing_id"], int, strict=False)
        except ValidationError as error:
            return _problem(error, 422)
        return _json(Thing(section=section, kind=kind, id=thing_id))

    return show


def _base() -> web.Application:
    items, orders = ItemHandlers(Catalog()), OrderHandlers(Orders())
    app = web.Application(client_max_size=2_097_152)
    app.router.add_get("/plain", plain)
    app.router.add_get("/json", small)
    app.router.add_get("/items/{item_id}", items.show)
    app.router.add_get("/items", items.search)
    app.router.add_post("/orders", orders.create)
    app.router.add_get("/scoped", scoped)
    app.router.add_post("/form", form)
    app.router.add_post("/upload", upload)
    app.router.add_get("/stream", stream)
    app.router.add_get("/feed/{room}", feed)
    return app


def _middleware5() -> web.Application:
    app = web.Application(middlewares=[layer(number) for number in range(1, 6)])
    app.router.add_get("/guarded", guarded)
    return app


def _routes1000() -> web.Application:
    app = web.Application()
    for place in range(SECTIONS * KINDS):
        section, kind = divmod(place, KINDS)
        app.router.add_get(f"{thing_path(section, kind)}/{{thing_id}}", thing_handler(section, kind))
    return app


def _traced() -> web.Application:
    app = _base()
    app.middlewares.append(trace)
    return app


def _guarded() -> web.Application:
    app = web.Application()
    app.router.add_get("/owned/{number}", owned)
    return app


def _observed() -> web.Application:
    app = _base()
    app.middlewares.append(record)
    return app


_VARIANTS = {
    "base": _base,
    "middleware5": _middleware5,
    "routes1000": _routes1000,
    "traced": _traced,
    "guarded": _guarded,
    "production": _base,
    "observed": _observed,
}


def build(which: str) -> web.Application:
    """Return the application of a variant."""
    return _VARIANTS[which]()


if __name__ == "__main__":
    serve(build(variant()))
