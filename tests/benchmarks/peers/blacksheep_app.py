"""BlackSheep: its own binders and injection; JSON through msgspec, by a custom binder and ready-made contents.

Its built-in JSON binder validates pydantic models only; the custom one is quicker, so BlackSheep is measured with it.
Its container cannot close services, so ``scoped`` opens its session in the handler.
"""

from typing import Any, TypeVar

from blacksheep import Application, Content, Request, Response, StreamedContent, WebSocket, WebSocketDisconnectError
from blacksheep.exceptions import BadRequest, Forbidden
from blacksheep.server.bindings import Binder, BoundValue, FromFile
from blacksheep.server.responses import text
from blacksheep.server.routing import Router
from msgspec import DecodeError, ValidationError, convert, json

from tests.benchmarks.apps.serve import variant
from tests.benchmarks.peers.blacksheep_production import production
from tests.benchmarks.schemas import Line, Message, NewOrder, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, parts, session_scope
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

T = TypeVar("T")
_ENCODER = json.Encoder()
_LINE_DECODER = json.Decoder(Line)


class FromStruct(BoundValue[T]):
    """A JSON body that msgspec decodes."""


class StructBinder(Binder):
    """Binds ``FromStruct[T]``; the decoder is made once, at start-up."""

    handle = FromStruct

    def __init__(self, expected_type: Any, *arguments: Any, **keywords: Any) -> None:
        super().__init__(expected_type, *arguments, **keywords)
        self._decoder = json.Decoder(expected_type)

    async def get_value(self, request: Request) -> Any:
        """Decode the body."""
        try:
            return self._decoder.decode(await request.read() or b"")
        except DecodeError as error:
            raise BadRequest(str(error)) from error


class FromFormStruct(BoundValue[T]):
    """A form that msgspec converts."""


class FormStructBinder(Binder):
    """Binds ``FromFormStruct[T]``: BlackSheep's own binder does not know constraints of Structs."""

    handle = FromFormStruct

    async def get_value(self, request: Request) -> Any:
        """Convert the form."""
        try:
            return convert(await request.form(), self.expected_type, strict=False)
        except ValidationError as error:
            raise BadRequest(str(error)) from error


def _json(value: Any, status: int = 200) -> Response:
    return Response(status, None, Content(b"application/json", _ENCODER.encode(value)))


async def plain() -> Response:
    """Answer a text."""
    return text("Hello, World!")


async def stream() -> Response:
    """Answer in parts."""
    return Response(200, None, StreamedContent(b"application/octet-stream", parts))


async def small() -> Response:
    """Answer one small object."""
    return _json(Message(message="Hello, World!"))


async def show(item_id: int, name: str, catalog: Catalog, limit: int | None = None) -> Response:
    """Answer one item."""
    return _json(catalog.find(item_id, name, limit))


async def search(catalog: Catalog) -> Response:
    """Answer a hundred items."""
    return _json(catalog.first_hundred())


async def create(order: FromStruct[NewOrder], orders: Orders) -> Response:
    """Take an order."""
    return _json(orders.place(order.value), 201)


async def scoped() -> Response:
    """Answer from a session that lives as long as the request."""
    async with session_scope() as session:
        return _json(session.state())


async def form(signup: FromFormStruct[Signup]) -> Response:
    """Take a form."""
    return _json(Welcome(name=signup.value.name, number=signup.value.age))


async def upload(file: FromFile) -> Response:
    """Take a file, which is spooled."""
    part = file.value
    return _json(Welcome(name=(part.file_name or b"").decode(), number=part.size))


async def feed(socket: WebSocket, room: str) -> None:  # noqa: ARG001  it is read, as by hand
    """Send every line back."""
    await socket.accept()
    try:
        while True:
            line = _LINE_DECODER.decode(await socket.receive_text())
            await socket.send_text(_ENCODER.encode(line).decode())
    except WebSocketDisconnectError:
        return
    except DecodeError:
        await socket.close(1008)


async def guarded(request: Request) -> Response:
    """Answer like ``json``, if there is a token."""
    if not request.headers.contains(b"x-token"):
        raise Forbidden
    return _json(Message(message="Hello, World!"))


def layer(number: int) -> Any:
    """Make a middleware that adds one header."""
    name = f"x-layer-{number}".encode()

    async def add_header(request: Request, handler: Any) -> Response:
        response: Response = await handler(request)
        response.headers.add(name, b"on")
        return response

    return add_header


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    async def show_thing(thing_id: int) -> Response:
        return _json(Thing(section=section, kind=kind, id=thing_id))

    return show_thing


def _base() -> Application:
    app = Application(router=Router())
    app.services.add_instance(Catalog())
    app.services.add_instance(Orders())
    app.router.add_get("/plain", plain)
    app.router.add_get("/json", small)
    app.router.add_get("/items/{item_id}", show)
    app.router.add_get("/items", search)
    app.router.add_post("/orders", create)
    app.router.add_get("/scoped", scoped)
    app.router.add_get("/stream", stream)
    app.router.add_post("/form", form)
    app.router.add_post("/upload", upload)
    app.router.add_ws("/feed/{room}", feed)
    return app


def _middleware5() -> Application:
    app = Application(router=Router())
    app.middlewares.extend(layer(number) for number in range(1, 6))
    app.router.add_get("/guarded", guarded)
    return app


def _routes1000() -> Application:
    app = Application(router=Router())
    for place in range(SECTIONS * KINDS):
        section, kind = divmod(place, KINDS)
        app.router.add_get(f"{thing_path(section, kind)}/{{thing_id}}", thing_handler(section, kind))
    return app


def _production() -> Application:
    return production(small)


app = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000, "production": _production}[variant()]()
