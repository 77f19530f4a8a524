"""Starlette with msgspec: parameters, bodies and answers converted by hand, as for ``handwritten``."""

from typing import Any

from msgspec import DecodeError, ValidationError, convert, json
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.benchmarks.apps.handwritten import ItemParameters
from tests.benchmarks.apps.serve import variant
from tests.benchmarks.peers.asgi_layers import Layer
from tests.benchmarks.schemas import Line, Message, NewOrder, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, parts, session_scope
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

_ENCODER = json.Encoder()
_ORDER_DECODER = json.Decoder(NewOrder)
_LINE_DECODER = json.Decoder(Line)
_CATALOG = Catalog()
_ORDERS = Orders()


def _json(value: Any, status: int = 200) -> Response:
    return Response(_ENCODER.encode(value), status, media_type="application/json")


def _problem(error: DecodeError, status: int) -> Response:
    body = _ENCODER.encode({"title": "Bad request", "status": status, "detail": str(error)})
    return Response(body, status, media_type="application/problem+json")


async def plain(_: Request) -> Response:
    """Answer a text."""
    return PlainTextResponse("Hello, World!")


async def stream(_: Request) -> Response:
    """Answer in parts."""
    return StreamingResponse(parts(), media_type="application/octet-stream")


async def small(_: Request) -> Response:
    """Answer one small object."""
    return _json(Message(message="Hello, World!"))


async def show(request: Request) -> Response:
    """Answer one item."""
    query = request.query_params
    raw = {name: query[name] for name in ("name", "limit") if name in query}
    raw["item_id"] = request.path_params["item_id"]
    try:
        parameters = convert(raw, ItemParameters, strict=False)
    except ValidationError as error:
        return _problem(error, 422)
    return _json(_CATALOG.find(parameters.item_id, parameters.name, parameters.limit))


async def search(_: Request) -> Response:
    """Answer a hundred items."""
    return _json(_CATALOG.first_hundred())


async def create(request: Request) -> Response:
    """Take an order."""
    try:
        order = _ORDER_DECODER.decode(await request.body())
    except ValidationError as error:
        return _problem(error, 422)
    except DecodeError as error:
        return _problem(error, 400)
    return _json(_ORDERS.place(order), 201)


async def scoped(_: Request) -> Response:
    """Answer from a session that lives as long as the request."""
    async with session_scope() as session:
        return _json(session.state())


async def form(request: Request) -> Response:
    """Take a form."""
    async with request.form() as fields:
        try:
            signup = convert(dict(fields), Signup, strict=False)
        except ValidationError as error:
            return _problem(error, 422)
    return _json(Welcome(name=signup.name, number=signup.age))


async def upload(request: Request) -> Response:
    """Take a file, which is spooled."""
    async with request.form() as fields:
        file = fields.get("file")
        if not isinstance(file, UploadFile):
            return _problem(DecodeError("no file"), 422)
        return _json(Welcome(name=file.filename or "", number=file.size or 0))


async def feed(socket: WebSocket) -> None:
    """Send every line back."""
    socket.path_params["room"]
    await socket.accept()
    async for text in socket.iter_text():
        try:
            line = _LINE_DECODER.decode(text)
        except DecodeError:
            await socket.close(1008)
            return
        await socket.send_text(_ENCODER.encode(line).decode())


async def guarded(request: Request) -> Response:
    """Answer like ``json``, if there is a token."""
    if "x-token" not in request.headers:
        raise HTTPException(403)
    return _json(Message(message="Hello, World!"))


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    async def show_thing(request: Request) -> Response:
        try:
            thing_id = convert(request.path_params["thing_id"], int, strict=False)
        except ValidationError as error:
            return _problem(error, 422)
        return _json(Thing(section=section, kind=kind, id=thing_id))

    return show_thing


def _base() -> Starlette:
    return Starlette(
        routes=[
            Route("/plain", plain),
            Route("/json", small),
            Route("/items/{item_id}", show),
            Route("/items", search),
            Route("/orders", create, methods=["POST"]),
            Route("/scoped", scoped),
            Route("/stream", stream),
            Route("/form", form, methods=["POST"]),
            Route("/upload", upload, methods=["POST"]),
            WebSocketRoute("/feed/{room}", feed),
        ]
    )


def _middleware5() -> Starlette:
    layers = [Middleware(Layer, number=number) for number in range(1, 6)]
    return Starlette(routes=[Route("/guarded", guarded)], middleware=layers)


def _routes1000() -> Starlette:
    places = [divmod(place, KINDS) for place in range(SECTIONS * KINDS)]
    return Starlette(routes=[Route(f"{thing_path(*place)}/{{thing_id}}", thing_handler(*place)) for place in places])


app = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000}[variant()]()
