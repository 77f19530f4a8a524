"""Rapidy: aiohttp with pydantic; parameters and bodies by its markers, services by its dishka container."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidy import Rapidy
from rapidy.depends import FromDI, Provider, Scope
from rapidy.enums import ContentType
from rapidy.http import (
    Body,
    FileField,
    HTTPForbidden,
    PathParam,
    QueryParam,
    Request,
    StreamResponse,
    get,
    middleware,
    post,
)
from rapidy.typedefs import CallNext
from rapidy.web import WebSocketResponse, WSMsgType

from tests.benchmarks.apps.serve import serve, variant
from tests.benchmarks.peers.pydantic_schemas import (
    CatalogOfModels,
    ItemModel,
    LineModel,
    MessageModel,
    NewOrderModel,
    OrdersOfModels,
    ReceiptModel,
    SessionModel,
    SignupModel,
    ThingModel,
    WelcomeModel,
)
from tests.benchmarks.services import Session, open_session, parts
from tests.benchmarks.workloads import KINDS, SECTIONS, thing_path

services = Provider()
services.provide(CatalogOfModels, scope=Scope.APP)
services.provide(OrdersOfModels, scope=Scope.APP)
services.provide(open_session, scope=Scope.REQUEST)


class UploadModel(BaseModel):
    """A form with a file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: FileField


@get("/plain")
async def plain() -> str:
    """Answer a text."""
    return "Hello, World!"


@get("/json")
async def small() -> MessageModel:
    """Answer one small object."""
    return MessageModel(message="Hello, World!")


@get("/stream")
async def stream(request: Request) -> StreamResponse:
    """Answer in parts."""
    response = StreamResponse(headers={"Content-Type": "application/octet-stream"})
    await response.prepare(request)
    async for part in parts():
        await response.write(part)
    await response.write_eof()
    return response


@get("/items/{item_id}")
async def show(
    catalog: FromDI[CatalogOfModels],
    item_id: int = PathParam(),
    name: str = QueryParam(),
    limit: int | None = QueryParam(default=None),
) -> ItemModel:
    """Answer one item."""
    return catalog.find(item_id, name, limit)


@get("/items")
async def search(catalog: FromDI[CatalogOfModels]) -> list[ItemModel]:
    """Answer a hundred items."""
    return catalog.first_hundred()


@post("/orders", status_code=201)
async def create(orders: FromDI[OrdersOfModels], order: NewOrderModel = Body()) -> ReceiptModel:  # noqa: B008  as its documentation does
    """Take an order."""
    return orders.place(order)


@get("/scoped")
async def scoped(session: FromDI[Session]) -> SessionModel:
    """Answer from a session that lives as long as the request."""
    state = session.state()
    return SessionModel(open=state.open, live=state.live)


@post("/form")
async def form(signup: SignupModel = Body(content_type=ContentType.x_www_form)) -> WelcomeModel:  # noqa: B008  the same
    """Take a form."""
    return WelcomeModel(name=signup.name, number=signup.age)


@post("/upload")
async def upload(data: UploadModel = Body(content_type=ContentType.m_part_form_data)) -> WelcomeModel:  # noqa: B008  the same
    """Take a file, which is spooled."""
    return WelcomeModel(name=data.file.filename, number=data.file.file.seek(0, 2))


@get("/feed/{room}")
async def feed(request: Request, room: str = PathParam()) -> WebSocketResponse:  # noqa: ARG001  it is read, as by hand
    """Send every line back, on a web socket."""
    socket = WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        try:
            line = LineModel.model_validate_json(message.data)
        except ValidationError:
            await socket.close(code=1008)
            break
        await socket.send_str(line.model_dump_json())
    return socket


@get("/guarded")
async def guarded(request: Request) -> MessageModel:
    """Answer like ``json``, if there is a token."""
    if "X-Token" not in request.headers:
        raise HTTPForbidden
    return MessageModel(message="Hello, World!")


def layer(number: int) -> Any:
    """Make a middleware that adds one header."""
    name = f"X-Layer-{number}"

    @middleware
    async def add_header(request: Request, call_next: CallNext) -> StreamResponse:
        response = await call_next(request)
        response.headers[name] = "on"
        return response

    return add_header


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    @get(f"{thing_path(section, kind)}/{{thing_id}}")
    async def show_thing(thing_id: int = PathParam()) -> ThingModel:
        return ThingModel(section=section, kind=kind, id=thing_id)

    return show_thing


def _base() -> Rapidy:
    handlers = [plain, small, show, search, create, scoped, stream, form, upload, feed]
    return Rapidy(http_route_handlers=handlers, di_providers=[services], client_max_size=2_097_152)


def _middleware5() -> Rapidy:
    return Rapidy(http_route_handlers=[guarded], middlewares=[layer(number) for number in range(1, 6)])


def _routes1000() -> Rapidy:
    return Rapidy(http_route_handlers=[thing_handler(*divmod(place, KINDS)) for place in range(SECTIONS * KINDS)])


_VARIANTS = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000}

if __name__ == "__main__":
    serve(_VARIANTS[variant()]())
