"""An app whose handlers the typed client calls."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from framework import (
    App,
    BackgroundTasks,
    Body,
    Container,
    Controller,
    Cookie,
    Event,
    EventStream,
    Form,
    Header,
    HTTPError,
    Query,
    Response,
    UploadFile,
    WebSocket,
    get,
    post,
    put,
    websocket,
)
from framework.responses import Redirect
from framework.types import SecretStr


class Colour(Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Line(Struct, rename="camel"):
    """A line of an order."""

    stock_unit: Annotated[str, Meta(min_length=1)]
    quantity: Annotated[int, Meta(ge=1)] = 1


class NewOrder(Struct):
    """An order as it is sent."""

    customer: Annotated[str, Meta(min_length=1)]
    lines: list[Line]
    price: Decimal = Decimal(0)


class Order(Struct):
    """An order."""

    number: int
    customer: str
    lines: list[Line] = []
    price: Decimal = Decimal(0)


class Filter(Struct):
    """What orders are searched for."""

    customer: str | None = None
    tags: tuple[str, ...] = ()


class Paging(Struct, rename="kebab"):
    """A page."""

    page_size: int = 10
    with_total: bool = False


class Found(Struct):
    """What a handler was given."""

    given: str


class Login(Struct):
    """A name and a password."""

    name: str
    password: SecretStr


class Profile(Struct):
    """A form with a file."""

    name: str
    picture: UploadFile
    note: str | None = None


class OutOfStock(HTTPError, status=409, title="Out of stock"):
    """Too few are in stock."""

    sku: str


class Mailer:
    """Sends mail."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, address: str) -> None:
        """Send a mail."""
        self.sent.append(address)


async def confirm(order: Order, mailer: Mailer) -> None:
    """Confirm an order."""
    await mailer.send(order.customer)


class OrderController(Controller):
    """Orders."""

    path = "/orders"

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    @get("/{order_id}")
    async def show(self, order_id: int) -> Order:
        """Return an order."""
        return Order(order_id, "Ada")

    @post(status=201, raises=(OutOfStock,))
    async def create(self, order: NewOrder, tasks: BackgroundTasks) -> Order:
        """Add an order."""
        if order.lines[0].stock_unit == "GONE":
            raise OutOfStock("None left", sku="GONE")
        made = Order(7, order.customer, order.lines, order.price)
        tasks.add(confirm, made)
        return made

    @put("/{order_id}")
    async def replace(self, order_id: int, customer: Annotated[str, Body()], count: Annotated[int, Body()]) -> Found:
        """Replace an order."""
        return Found(f"{order_id} {customer} {count}")

    @get("/sent/{count}")
    async def sent(self, count: int) -> Response[list[str]]:
        """Return what was mailed."""
        return Response(self._mailer.sent[:count], headers={"X-Count": str(len(self._mailer.sent))})

    @get("/export/all")
    async def export(self, count: int = 2) -> AsyncIterator[Order]:
        """Return all orders."""
        for number in range(count):
            yield Order(number, "Ada")

    @get("/feed/live")
    async def feed(self, after: Annotated[int, Header(), Meta(ge=0)] = 0) -> EventStream[Event[Order]]:
        """Return orders as events."""
        for number in range(after, after + 2):
            yield Event(comment="a comment without data")
            yield Event(Order(number, "Ada\nLovelace"), id=str(number), event="placed", retry=100)

    @post("/moved")
    async def move(self) -> Redirect:
        """Redirect."""
        return Redirect("/orders/1")

    @post("/count")
    def count(self, order: NewOrder) -> int:
        """Count the lines, in a thread."""
        return len(order.lines)


class ValueController(Controller):
    """Reads values from everywhere."""

    path = "/values"

    @get("/{kind}/{day}/{rest:path}")
    async def read(
        self,
        kind: Colour,
        day: date,
        rest: str,
        paging: Annotated[Paging, Query()],
        *,
        tags: Annotated[list[str], Query(style="csv")] = [],  # noqa: B006  copied for each request
        where: Annotated[Filter | None, Query(style="deepObject")] = None,
        ids: tuple[UUID, ...] = (),
        user_agent: Annotated[str, Header()] = "",
        session: Annotated[str, Cookie()] = "",
        flag: bool = False,
    ) -> Found:
        """Return everything."""
        return Found(f"{kind} {day} {rest} {paging} {tags} {where} {len(ids)} {user_agent} {session} {flag}")

    @post("/login")
    async def login(self, login: Login) -> Found:
        """Return the length of a password."""
        return Found(f"{login.name} {login.password.reveal()}")

    @post("/raw")
    async def raw(self, data: Annotated[bytes, Body()]) -> bytes:
        """Return the bytes."""
        return data[::-1]

    @post("/form")
    async def form(self, name: Annotated[str, Form()], sizes: Annotated[list[int], Form()]) -> str:
        """Return the fields."""
        return f"{name} {sizes}"

    @post("/profile")
    async def profile(self, profile: Annotated[Profile, Form()]) -> str:
        """Return the parts."""
        content = await profile.picture.read()
        return f"{profile.name} {profile.picture.filename} {profile.picture.content_type} {len(content)} {profile.note}"

    @get("/nothing")
    async def nothing(self) -> None:
        """Return nothing."""


class ChatController(Controller):
    """Web sockets."""

    path = "/rooms"

    @websocket("/{room}/talk")
    async def talk(self, socket: WebSocket[Line, Found], room: str) -> None:
        """Serve one connection."""
        if room == "cellar":
            raise OutOfStock("No such room", sku=room)
        async for message in socket:
            await socket.send(Found(f"{room} {message.stock_unit}"))
            if message.quantity > 1:
                await socket.close(4000, "enough")

    @websocket("/{room}/lines")
    async def on_message(self, message: Line, room: str) -> Found:
        """Serve one message."""
        return Found(f"{room} {message.quantity}")

    @websocket("/{room}/bytes")
    async def reverse(self, socket: WebSocket[bytes, bytes], room: str, user: Annotated[str, Cookie()] = "") -> None:
        """Send bytes back."""
        async for message in socket:
            await socket.send(f"{room} {user} ".encode() + message[::-1])

    @websocket("/{room}/echo")
    async def echo(self, room: str, socket: WebSocket[str, str]) -> None:
        """Send text back."""
        async for message in socket:
            await socket.send(f"{room} {message}")


def shop() -> App:
    """Return the app."""
    container = Container()
    container.add_singleton(Mailer)
    return App(controllers=[OrderController, ValueController, ChatController], container=container)
