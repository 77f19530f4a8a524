"""Falcon (ASGI) with msgspec: resources whose parameters, bodies and answers are converted by hand."""

from typing import Any

import falcon
import falcon.asgi
from falcon.asgi import Request, Response, WebSocket
from msgspec import DecodeError, ValidationError, convert, json

from tests.benchmarks.apps.handwritten import ItemParameters
from tests.benchmarks.apps.serve import variant
from tests.benchmarks.schemas import Line, Message, NewOrder, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, parts, session_scope
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

_ENCODER = json.Encoder()
_ORDER_DECODER = json.Decoder(NewOrder)
_LINE_DECODER = json.Decoder(Line)


def _answer(resp: Response, value: Any) -> None:
    resp.data = _ENCODER.encode(value)
    resp.content_type = falcon.MEDIA_JSON


class Plain:
    """A text."""

    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer a text."""
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Stream:
    """A body in parts."""

    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer in parts."""
        resp.content_type = "application/octet-stream"
        resp.stream = parts()


class Small:
    """One small object."""

    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer one small object."""
        _answer(resp, Message(message="Hello, World!"))


class Items:
    """The items, with their service."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def on_get_one(self, req: Request, resp: Response, item_id: str) -> None:
        """Answer one item."""
        raw = {name: value for name in ("name", "limit") if (value := req.get_param(name)) is not None}
        raw["item_id"] = item_id
        parameters = convert(raw, ItemParameters, strict=False)
        _answer(resp, self._catalog.find(parameters.item_id, parameters.name, parameters.limit))

    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer a hundred items."""
        _answer(resp, self._catalog.first_hundred())


class OrdersResource:
    """The orders, with their service."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take an order."""
        order = _ORDER_DECODER.decode(await req.stream.read())
        resp.status = falcon.HTTP_201
        _answer(resp, self._orders.place(order))


class FormResource:
    """A form."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take a form."""
        signup = convert(await req.get_media(), Signup, strict=False)
        _answer(resp, Welcome(name=signup.name, number=signup.age))


class UploadResource:
    """A file in a form."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take a file, which is held in memory."""
        async for part in await req.get_media():
            if part.name == "file":
                _answer(resp, Welcome(name=part.filename, number=len(await part.get_data())))


class Feed:
    """Web sockets."""

    async def on_websocket(self, _: Request, socket: WebSocket, room: str) -> None:  # noqa: ARG002  read, as by hand
        """Send every line back."""
        await socket.accept()
        try:
            while True:
                line = _LINE_DECODER.decode(await socket.receive_text())
                await socket.send_text(_ENCODER.encode(line).decode())
        except falcon.WebSocketDisconnected:
            return
        except DecodeError:
            await socket.close(1008)


class Scoped:
    """A session that lives as long as the request."""

    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer from the session."""
        async with session_scope() as session:
            _answer(resp, session.state())


async def require_token(req: Request, _resp: Response, _resource: object, _params: dict[str, Any]) -> None:
    """Refuse a request without token."""
    if req.get_header("X-Token") is None:
        raise falcon.HTTPForbidden


class Guarded:
    """``json`` behind a guard."""

    @falcon.before(require_token)
    async def on_get(self, _: Request, resp: Response) -> None:
        """Answer one small object."""
        _answer(resp, Message(message="Hello, World!"))


class ThingResource:
    """One of the thousand routes."""

    def __init__(self, section: int, kind: int) -> None:
        self._section = section
        self._kind = kind

    async def on_get(self, _: Request, resp: Response, thing_id: str) -> None:
        """Answer one thing."""
        number = convert(thing_id, int, strict=False)
        _answer(resp, Thing(section=self._section, kind=self._kind, id=number))


class Layer:
    """A middleware of Falcon's own kind that adds one header."""

    def __init__(self, number: int) -> None:
        self._name = f"x-layer-{number}"

    async def process_response(self, _req: Request, resp: Response, _resource: object, _succeeded: bool) -> None:
        """Add the header."""
        resp.set_header(self._name, "on")


async def refuse(_req: Request, resp: Response, error: DecodeError, _params: dict[str, Any]) -> None:
    """Answer what msgspec found wrong: 422 if it parses, 400 if it does not."""
    status = 422 if isinstance(error, ValidationError) else 400
    resp.status = status
    resp.data = _ENCODER.encode({"title": "Bad request", "status": status, "detail": str(error)})
    resp.content_type = "application/problem+json"


def _base() -> falcon.asgi.App:
    app = falcon.asgi.App()
    items = Items(Catalog())
    app.add_route("/plain", Plain())
    app.add_route("/json", Small())
    app.add_route("/items/{item_id}", items, suffix="one")
    app.add_route("/items", items)
    app.add_route("/orders", OrdersResource(Orders()))
    app.add_route("/scoped", Scoped())
    app.add_route("/stream", Stream())
    app.add_route("/form", FormResource())
    app.add_route("/upload", UploadResource())
    app.add_route("/feed/{room}", Feed())
    return app


def _middleware5() -> falcon.asgi.App:
    app = falcon.asgi.App(middleware=[Layer(number) for number in range(1, 6)])
    app.add_route("/guarded", Guarded())
    return app


def _routes1000() -> falcon.asgi.App:
    app = falcon.asgi.App()
    for place in range(SECTIONS * KINDS):
        section, kind = divmod(place, KINDS)
        app.add_route(f"{thing_path(section, kind)}/{{thing_id}}", ThingResource(section, kind))
    return app


app = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000}[variant()]()
app.add_error_handler(DecodeError, refuse)
