"""django-bolt: Actix in Rust before msgspec and async handlers; it serves itself, with one worker.

Its container has no generators, so ``scoped`` opens its session in the handler. Middlewares written in Python are not
run by this version, so ``middleware5`` wraps the handler in five functions. It refuses bodies above 256 KiB (413), a
limit without a setting, so ``upload`` is not measured. Its own access log and compression are off.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, Optional
from urllib.parse import parse_qsl

from django_bolt import JSON, BoltAPI, Depends, StreamingResponse, WebSocket, WebSocketDisconnect
from django_bolt.exceptions import HTTPException
from django_bolt.responses import PlainText
from msgspec import DecodeError, ValidationError, convert, json

from tests.benchmarks.apps.serve import variant
from tests.benchmarks.schemas import Item, Line, Message, NewOrder, Receipt, SessionState, Signup, Thing, Welcome
from tests.benchmarks.services import Catalog, Orders, parts, session_scope
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

_CATALOG = Catalog()
_ORDERS = Orders()
_ENCODER = json.Encoder()
_LINE_DECODER = json.Decoder(Line)


def get_catalog() -> Catalog:
    """Provide the catalog."""
    return _CATALOG


def get_orders() -> Orders:
    """Provide the orders."""
    return _ORDERS


async def plain() -> PlainText:
    """Respond with a text."""
    return PlainText("Hello, World!")


async def small() -> Message:
    """Respond with one small object."""
    return Message(message="Hello, World!")


async def show(
    item_id: int,
    name: str,
    catalog: Annotated[Catalog, Depends(get_catalog)],
    limit: Optional[int] = None,  # noqa: UP045  it does not convert `int | None`
) -> Item:
    """Respond with one item."""
    return catalog.find(item_id, name, limit)


async def search(catalog: Annotated[Catalog, Depends(get_catalog)]) -> list[Item]:
    """Respond with a hundred items."""
    return catalog.first_hundred()


async def create(order: NewOrder, orders: Annotated[Orders, Depends(get_orders)]) -> Receipt:
    """Accept an order."""
    return orders.place(order)


async def scoped() -> SessionState:
    """Respond from a session that lives as long as the request."""
    async with session_scope() as session:
        return session.state()


async def stream() -> StreamingResponse:
    """Respond in parts."""
    return StreamingResponse(parts(), media_type="application/octet-stream")


async def form(request: Any) -> Any:
    """Accept a form; its own binder does not check constraints."""
    try:
        signup = convert(dict(parse_qsl(request["body"].decode())), Signup, strict=False)
    except ValidationError as error:
        raise HTTPException(status_code=422, detail=str(error)) from error
    return Welcome(name=signup.name, number=signup.age)


async def feed(websocket: WebSocket, room: str) -> None:  # noqa: ARG001  it is read, as by hand
    """Send every line back."""
    await websocket.accept()
    try:
        while True:
            line = _LINE_DECODER.decode(await websocket.receive_text())
            await websocket.send_text(_ENCODER.encode(line).decode())
    except WebSocketDisconnect:
        return
    except DecodeError:
        await websocket.close(1008)


async def guarded(request: Any) -> Any:  # its own response types are checked against the annotation
    """Respond like ``json``, if there is a token."""
    if "x-token" not in request["headers"]:
        raise HTTPException(status_code=403)
    return JSON(Message(message="Hello, World!"))


def layer(number: int, handler: Callable[[Any], Awaitable[JSON]]) -> Callable[[Any], Awaitable[JSON]]:
    """Wrap a handler in a function that adds one header."""

    @wraps(handler)
    async def add_header(request: Any) -> JSON:
        response = await handler(request)
        response.headers[f"x-layer-{number}"] = "on"
        return response

    return add_header


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    async def show_thing(thing_id: int) -> Thing:
        return Thing(section=section, kind=kind, id=thing_id)

    return show_thing


def _base(api: BoltAPI) -> None:
    api.get("/plain")(plain)
    api.get("/json")(small)
    api.get("/items/{item_id}")(show)
    api.get("/items")(search)
    api.post("/orders", status_code=201)(create)
    api.get("/scoped")(scoped)
    api.get("/stream")(stream)
    api.post("/form")(form)
    api.websocket("/feed/{room}")(feed)


def _middleware5(api: BoltAPI) -> None:
    handler = guarded
    for number in range(1, 6):
        handler = layer(number, handler)
    api.get("/guarded")(handler)


def _routes1000(api: BoltAPI) -> None:
    for place in range(SECTIONS * KINDS):
        section, kind = divmod(place, KINDS)
        api.get(f"{thing_path(section, kind)}/{{thing_id}}")(thing_handler(section, kind))


api = BoltAPI(enable_logging=False, compression=False)
{"base": _base, "middleware5": _middleware5, "routes1000": _routes1000}[variant()](api)
