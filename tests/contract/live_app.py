"""An app with every kind of web socket and event stream, against which the AsyncAPI document is proved."""

from collections.abc import AsyncIterator
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from framework import (
    App,
    Body,
    Controller,
    Cookie,
    Event,
    EventStream,
    Header,
    OpenAPI,
    Path,
    Query,
    Request,
    Router,
    WebSocket,
    get,
    post,
    websocket,
)
from framework.controller import Controllers
from framework.formats import MSGPACK
from framework.security import APIKey, Basic, Bearer, OAuth2, OpenIdConnect

__all__ = ("CONTROLLERS", "create_app")


class Room(Enum):
    """Where one talks."""

    HALL = "hall"
    CELLAR = "cellar"


class Place(NamedTuple):
    """Where somebody stands."""

    x: float
    y: float = 0.0


class Say(Struct, tag="say"):
    """Say something.

    It is said aloud.
    """

    text: Annotated[str, Meta(min_length=1, description="What is said", examples=["hello"])]
    loudness: Annotated[int, Meta(ge=1, le=10)] = 3


class Leave(Struct, tag="leave", forbid_unknown_fields=True):
    """Go."""

    discriminator: str | None = None
    """A name that schemas have too."""


class Said(Struct):
    """What was said."""

    room: Room
    message: Say
    at: datetime
    place: Place
    before: tuple[int, str] = (0, "")


class Note(Struct):
    """What goes both ways."""

    text: str
    tags: list[str] = []


class Filter(Struct):
    """Which orders are told."""

    text: str = ""
    colour: Literal["red", "blue"] | None = None


class Order(Struct):
    """An order."""

    number: int
    rooms: dict[str, Room] = {}


async def verify(token: str) -> str | None:
    """Know everybody."""
    return token


async def verify_basic(name: str, _: str) -> str | None:
    """Know everybody."""
    return name


BEARER = Bearer(verify, format="JWT")
KEY = APIKey(verify, header="X-Key")
COOKIE = APIKey(verify, cookie="session")
BASIC = Basic(verify_basic)
OAUTH = OAuth2(
    verify,
    flows={"clientCredentials": {"tokenUrl": "https://id.example/token", "scopes": {"read": "May read"}}},
    scopes=("read",),
    scopes_of=lambda _: ("read",),
)
OPEN_ID = OpenIdConnect(verify, url="https://id.example/.well-known/openid-configuration")


class ChatController(Controller):
    """Web sockets that take the connection."""

    path = "/rooms/{room}"
    tags = ("chat",)

    @websocket(origins=("https://shop.example", "null"), subprotocols=("chat.v2", "chat.v1"), extra={"x-level": [1]})
    async def talk(
        self,
        room: Room,
        socket: WebSocket[Say | Leave, Said],
        since: Annotated[datetime | None, Query(description="Only what came later", deprecated=True)] = None,
        levels: Annotated[list[int], Query(style="csv")] = [],  # noqa: B006  copied
        where: Annotated[Room, Query(name="other-room", description="Where to", example="hall")] = Room.HALL,
        client: Annotated[str, Header(name="X-Client")] = "",
        theme: Annotated[str, Cookie()] = "",
    ) -> None:
        """Talk in a room.

        Everybody there hears it.

        :param room: Where to talk.
        """
        raise NotImplementedError

    @websocket("/notes", format=MSGPACK, invalid="report")
    async def notes(self, room: Annotated[str, Path(example="hall")], socket: WebSocket[Note]) -> None:
        """Take and give notes, as MessagePack."""
        raise NotImplementedError

    @websocket("/text", origins=("*",))
    async def text(self, room: Literal["a", "b"], socket: WebSocket[str]) -> None:
        raise NotImplementedError

    @websocket("/raw", deprecated=True)
    async def raw(self, room: str, socket: WebSocket[str | bytes, bytes]) -> None:
        """Take anything."""
        raise NotImplementedError


class ListenerController(Controller):
    """Web sockets that take a message."""

    path = "/listen"

    @websocket()
    async def on_say(self, message: Say) -> Said | None:
        """Answer what is said."""
        raise NotImplementedError

    @websocket("/silently")
    async def on_number(self, number: Annotated[int, Body()]) -> None:
        """Answer nothing."""

    @websocket("/reporting", "/telling/{rest:path}", invalid="report")
    async def on_place(self, place: Annotated[Place, Body()], rest: str = "") -> None:
        """Answer mistakes alone."""

    @websocket("/hidden", in_document=False)
    async def on_nothing(self, number: Annotated[int, Body()]) -> None:
        """Stand in no document."""


class FeedController(Controller):
    """Event streams."""

    path = "/feed"
    tags = ("orders", "feeds")

    @get(examples={"first": Order(1)})
    async def orders(
        self,
        wanted: Annotated[Filter, Query()],
        last: Annotated[int, Header(name="last-event-id", description="The last one that was seen")] = 0,
    ) -> EventStream[Event[Order]]:
        """Return orders.

        Returns:
            An order, as it is placed.
        """
        yield Event(Order(last), event=wanted.text)

    @get("/ticks")
    async def ticks(self) -> EventStream[str]:
        """Tick."""
        yield "tick"

    @post("/watch")
    async def watch(self, wanted: Filter) -> EventStream[Say | Event[Leave]]:
        """Watch what is said."""
        yield Say(wanted.text)

    @get("/lines")
    async def lines(self) -> AsyncIterator[Order]:
        """Stand in the OpenAPI document alone."""
        yield Order(1)


class GuardedController(Controller):
    """Where credentials are asked for."""

    path = "/guarded"

    @websocket("/both", guards=(KEY, BASIC))
    async def both(self, socket: WebSocket[str]) -> None:
        """Talk, known in two ways."""
        raise NotImplementedError

    @websocket("/either")
    async def either(self, socket: WebSocket[str], who: Annotated[str, BEARER | COOKIE]) -> None:
        """Talk, known in one of two ways."""
        raise NotImplementedError

    @websocket("/perhaps")
    async def perhaps(self, socket: WebSocket[str], who: Annotated[str | None, BEARER]) -> None:
        """Talk, known or not."""
        raise NotImplementedError

    @get("/events", guards=(OAUTH,))
    async def events(self) -> EventStream[str]:
        """Tell who may read."""
        yield "hello"

    @get("/others", guards=(OPEN_ID,))
    async def others(self, request: Request) -> EventStream[str]:
        """Tell who is known."""
        yield str(request.method)


CONTROLLERS: Controllers = (
    Router("/v1", [ChatController, ListenerController], tags=("live",)),
    FeedController,
    GuardedController,
)


def create_app(controllers: Controllers = CONTROLLERS) -> App:
    """Declare the app."""
    return App(
        controllers,
        openapi=OpenAPI(
            title="Live",
            version="3.1",
            summary="What happens now.",
            description="All that is *live*.",
            terms_of_service="https://live.example/terms",
            contact={"name": "Ada", "email": "ada@live.example", "url": "https://live.example"},
            license={"name": "MIT", "identifier": "MIT"},
            servers=(
                "https://live.example/api",
                {
                    "url": "http://{region}.live.example:8080",
                    "description": "Near you",
                    "variables": {"region": {"default": "eu", "enum": ["eu", "us"]}},
                },
                "/relative",
            ),
            tags={"chat": "What is said", "orders": "What is bought"},
            external_docs={"url": "https://live.example/docs"},
        ),
    )
