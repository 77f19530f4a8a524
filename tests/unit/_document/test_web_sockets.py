"""Web sockets are no operations of OpenAPI, and their plans hold what another document needs."""

from typing import Any

import msgspec
from msgspec import Struct, inspect

from framework import App, Controller, WebSocket, get, websocket
from framework._build import plan_application
from framework._compile.application import Declarations
from framework._compile.declarations.collect import make_place
from framework._plan import Frames, SocketPlan
from framework.formats import JSON, MSGPACK
from framework.limits import DEFAULT_LIMITS


class Ask(Struct):
    """What comes in."""

    text: str


class Told(Struct):
    """What goes out."""

    text: str


class ChatController(Controller):
    """Web sockets beside a route."""

    @websocket("/talk", summary="Talk", tags=("chat",), origins=("https://shop.example",), subprotocols=("v1",))
    async def talk(self, socket: WebSocket[Ask, Told]) -> None:
        """Talk."""
        raise NotImplementedError(socket)

    @websocket("/listen", format=MSGPACK, invalid="report", heartbeat=None, compress=False)
    async def on_ask(self, ask: Ask) -> Told | None:
        """Listen."""
        raise NotImplementedError(ask)

    @get("/health")
    async def health(self) -> str:
        """Be well."""
        return "ok"


async def test_they_are_left_out(aiohttp_client: Any) -> None:
    """The document has the routes alone; what only sockets use is not a component."""
    client = await aiohttp_client(App([ChatController]).build())
    document = await (await client.get("/openapi.json")).json()
    assert list(document["paths"]) == ["/health"]
    assert not {"Ask", "Told"} & document.get("components", {}).get("schemas", {}).keys()


def test_their_plans_tell_everything() -> None:
    """Messages, origins and names stand in the plans."""
    declared = Declarations(
        controllers=[ChatController],
        registrations=(),
        place=make_place("App", {}),
        limits=DEFAULT_LIMITS,
        shutdown_timeout=10.0,
        formats=(JSON,),
    )
    talk, listen = [one for one in plan_application(declared, (), ()).plans.routes if one.socket is not None]
    assert (talk.name, talk.method, talk.path) == ("ChatController.talk", "GET", "/talk")
    assert (talk.summary, talk.tags, talk.body, talk.response.status) == ("Talk", ("chat",), None, 101)
    ask, told = (inspect.type_info(one) for one in (Ask, Told))
    assert isinstance(talk.socket, SocketPlan)
    assert msgspec.structs.asdict(talk.socket) == {
        "incoming": talk.socket.incoming,
        "outgoing": talk.socket.outgoing,
        "listener": False,
        "format": JSON,
        "invalid": "close",
        "origins": ("https://shop.example",),
        "subprotocols": ("v1",),
        "heartbeat": 20.0,
        "compress": True,
    }
    for socket, fmt in ((talk.socket, JSON), (listen.socket, MSGPACK)):
        assert socket is not None
        assert socket.format is fmt
        assert (socket.incoming.annotation, socket.incoming.type, socket.incoming.frames) == (Ask, ask, Frames.TYPED)
        assert socket.outgoing is not None
        assert (socket.outgoing.annotation, socket.outgoing.type, socket.outgoing.frames) == (Told, told, Frames.TYPED)
    assert listen.socket is not None
    assert (listen.socket.listener, listen.socket.invalid, listen.socket.heartbeat) == (True, "report", None)
