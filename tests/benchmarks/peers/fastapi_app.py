"""FastAPI: pydantic models in and out, ``Depends`` for services, pure ASGI middlewares."""

from typing import Annotated, Any

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Form,
    HTTPException,
    Request,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import ValidationError

from tests.benchmarks.apps.serve import variant
from tests.benchmarks.peers.asgi_layers import Layer
from tests.benchmarks.peers.fastapi_production import production
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

_CATALOG = CatalogOfModels()
_ORDERS = OrdersOfModels()
_BASE = APIRouter()


async def get_catalog() -> CatalogOfModels:
    """Provide the catalog."""
    return _CATALOG


async def get_orders() -> OrdersOfModels:
    """Provide the orders."""
    return _ORDERS


@_BASE.get("/plain", response_class=PlainTextResponse)
async def plain() -> str:
    """Answer a text."""
    return "Hello, World!"


@_BASE.get("/json")
async def small() -> MessageModel:
    """Answer one small object."""
    return MessageModel(message="Hello, World!")


@_BASE.get("/stream")
async def stream() -> StreamingResponse:
    """Answer in parts."""
    return StreamingResponse(parts(), media_type="application/octet-stream")


@_BASE.get("/items/{item_id}")
async def show(
    item_id: int, name: str, catalog: Annotated[CatalogOfModels, Depends(get_catalog)], limit: int | None = None
) -> ItemModel:
    """Answer one item."""
    return catalog.find(item_id, name, limit)


@_BASE.get("/items")
async def search(catalog: Annotated[CatalogOfModels, Depends(get_catalog)]) -> list[ItemModel]:
    """Answer a hundred items."""
    return catalog.first_hundred()


@_BASE.post("/orders", status_code=201)
async def create(order: NewOrderModel, orders: Annotated[OrdersOfModels, Depends(get_orders)]) -> ReceiptModel:
    """Take an order."""
    return orders.place(order)


@_BASE.get("/scoped")
async def scoped(session: Annotated[Session, Depends(open_session)]) -> SessionModel:
    """Answer from a session that lives as long as the request."""
    state = session.state()
    return SessionModel(open=state.open, live=state.live)


@_BASE.post("/form")
async def form(signup: Annotated[SignupModel, Form()]) -> WelcomeModel:
    """Take a form."""
    return WelcomeModel(name=signup.name, number=signup.age)


@_BASE.post("/upload")
async def upload(file: UploadFile) -> WelcomeModel:
    """Take a file, which is spooled."""
    return WelcomeModel(name=file.filename or "", number=file.size or 0)


@_BASE.websocket("/feed/{room}")
async def feed(socket: WebSocket, room: str) -> None:  # noqa: ARG001  it is read, as by hand
    """Send every line back."""
    await socket.accept()
    try:
        while True:
            line = LineModel.model_validate_json(await socket.receive_text())
            await socket.send_text(line.model_dump_json())
    except WebSocketDisconnect:
        return
    except ValidationError as error:
        raise WebSocketException(1008) from error


async def require_token(request: Request) -> None:
    """Refuse a request without token."""
    if "x-token" not in request.headers:
        raise HTTPException(403)


def thing_handler(section: int, kind: int) -> Any:
    """Make the handler of one of the thousand routes."""

    async def show_thing(thing_id: int) -> ThingModel:
        return ThingModel(section=section, kind=kind, id=thing_id)

    return show_thing


def _base() -> FastAPI:
    app = FastAPI()
    app.include_router(_BASE)
    return app


def _middleware5() -> FastAPI:
    app = FastAPI()
    for number in range(5, 0, -1):
        app.add_middleware(Layer, number=number)
    app.get("/guarded", dependencies=[Depends(require_token)])(small)
    return app


def _routes1000() -> FastAPI:
    app = FastAPI()
    for place in range(SECTIONS * KINDS):
        section, kind = divmod(place, KINDS)
        app.get(f"{thing_path(section, kind)}/{{thing_id}}")(thing_handler(section, kind))
    return app


def _production() -> FastAPI:
    return production(small)


app = {"base": _base, "middleware5": _middleware5, "routes1000": _routes1000, "production": _production}[variant()]()
