"""A web socket and a handler for GET on one path: handshakes go to the socket, all other requests to the handler."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, EventStream, Request, WebSocket, get, post, websocket
from framework.errors import DuplicateRouteError
from framework.http_errors import Forbidden
from framework.routing import route_of
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem
from tests.startup.expected import mistakes, place

pytestmark = pytest.mark.both_loops

HANDSHAKE: Mapping[str, str] = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


async def closed(request: Request) -> None:
    """Refuse everybody."""
    raise Forbidden(f"{request.path} is closed")


class Rooms(Controller):
    """Both on each path."""

    path = "/rooms"

    @websocket("/{room}")
    async def talk(self, room: str, socket: WebSocket[str]) -> None:
        """Have a placeholder."""
        request: Any = socket.request
        info = route_of(request)
        assert info is not None
        await socket.send(f"{room} {info.handler} {dict(request.match_info)}")

    @get("/{number}")
    async def show(self, number: int, request: Request) -> str:
        """Call the placeholder otherwise."""
        info = route_of(request)
        assert info is not None
        return f"{number} {info.handler} {dict(request.match_info)}"

    @get()
    async def search(self) -> str:
        """Have a static path."""
        return "all rooms"

    @websocket()
    async def listen(self, socket: WebSocket[str]) -> None:
        """Have the same."""
        await socket.send("all talk")

    @get("/{number}/closed")
    async def open(self, number: int) -> str:
        """Be open."""
        return f"open {number}"

    @websocket("/{number}/closed", guards=(closed,))
    async def close(self, number: int, socket: WebSocket[str]) -> None:
        """Be closed."""
        await socket.send(f"closed {number}")

    @websocket("/{number}/alone")
    async def alone(self, number: int, socket: WebSocket[str]) -> None:
        """Stand beside a POST."""
        await socket.send(f"alone {number}")

    @post("/{number}/alone")
    async def leave(self, number: int) -> str:
        """Be no GET."""
        return f"left {number}"


async def check(client: "TestClient[Any, Any]", prefix: str = "") -> None:
    """Compare what all requests get."""

    async def heard(path: str) -> str:
        async with client.ws_connect(prefix + path) as socket:
            return await socket.receive_str()

    async def read(path: str, **headers: str) -> str:
        answer = await ask(client.server, "GET", prefix + path, headers=headers)
        assert answer.status == 200
        return answer.body.decode()

    assert await read("/rooms") == "all rooms"
    assert await heard("/rooms") == "all talk"
    assert await read("/rooms?a=b") == "all rooms"
    assert await heard("/rooms?a=b") == "all talk"
    shown, talked = "7 Rooms.show {'number': '7'}", "7 Rooms.talk {'room': '7'}"
    for path in ("/rooms/7", "/rooms/%37", "/rooms/7?a=b"):
        assert await read(path) == shown
        assert await heard(path) == talked
    assert await read("/rooms/7", Upgrade="h2c", Connection="Upgrade") == shown
    assert await read("/rooms/7/closed") == "open 7"
    with pytest.raises(WSServerHandshakeError) as refused:
        await heard("/rooms/7/closed")
    assert refused.value.status == 403
    assert await heard("/rooms/7/alone") == "alone 7"


async def test_both(serve: Serve, aiohttp_client: AiohttpClient) -> None:
    """Static paths and placeholders, which may have other names."""
    await check(await aiohttp_client(await serve(app_of(Rooms))))


async def test_below_a_prefix(serve: Serve, aiohttp_client: AiohttpClient) -> None:
    """Through aiohttp's own router and application as well."""
    parent = web.Application()
    parent.add_subapp("/shop", app_of(Rooms).build())
    await check(await aiohttp_client(await serve(parent)), "/shop")


async def test_middlewares_of_aiohttp(serve: Serve, aiohttp_client: AiohttpClient) -> None:
    """They see the route that answers."""
    seen: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        info = route_of(request)
        seen.append("" if info is None else info.handler)
        response: web.StreamResponse = await handler(request)
        return response

    application = web.Application(middlewares=[note])
    app_of(Rooms).attach(application)
    await check(await aiohttp_client(await serve(application)))

    assert seen[:6] == ["Rooms.search", "Rooms.listen"] * 2 + ["Rooms.show", "Rooms.talk"]


async def test_other_methods_and_bad_handshakes(serve: Serve) -> None:
    """HEAD is that of GET, the methods of the path are listed once, and a bad handshake is the socket's to refuse."""
    server = await serve(app_of(Rooms))

    head = await ask(server, "HEAD", "/rooms", headers=HANDSHAKE)
    assert (head.status, head.headers["Content-Length"]) == (200, "9")
    asked = await ask(server, "OPTIONS", "/rooms")
    assert (asked.status, asked.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    refused = await ask(server, "POST", "/rooms", headers=HANDSHAKE)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    without_key = await ask(server, "GET", "/rooms", headers={"Upgrade": "WebSocket", "Connection": "Upgrade"})
    assert (without_key.status, without_key.problem["status"]) == (400, 400)
    foreign = await ask(server, "GET", "/rooms", headers={**HANDSHAKE, "Origin": "https://evil.example"})
    assert foreign.problem == problem(403, "/rooms", "The Origin of the request may not open this web socket")
    plain = await ask(server, "GET", "/rooms/7/alone")
    assert plain.problem == problem(426, "/rooms/7/alone", "This is a web socket")
    accepted = await ask(server, "GET", "/rooms", headers=HANDSHAKE)
    assert accepted.status == 101


class Feed(Controller):
    """Two channels on one path."""

    @get("/feed")
    async def events(self) -> EventStream[str]:
        """Send events."""
        yield "event"

    @websocket("/feed")
    async def talk(self, socket: WebSocket[str]) -> None:
        """Send messages."""
        await socket.send("message")


def test_documents_and_names() -> None:
    """The handler is an operation, the socket a channel; each has its URL and its explanation."""
    app = App([Rooms, Feed])

    assert app.document()["paths"]["/rooms"].keys() == {"get"}
    assert app.document()["paths"]["/rooms"]["get"]["operationId"] == "Rooms.search"
    assert app.document()["paths"]["/rooms/{number}"]["get"]["operationId"] == "Rooms.show"
    channels = app.asyncapi()["channels"]
    assert {name: one["address"] for name, one in channels.items()} == {
        "Feed.events": "/feed",
        "Feed.talk": "/feed",
        "Rooms.listen": "/rooms",
        "Rooms.talk": "/rooms/{room}",
        "Rooms.close": "/rooms/{number}/closed",
        "Rooms.alone": "/rooms/{number}/alone",
    }
    assert str(app.url_for(Rooms.search)) == str(app.url_for(Rooms.listen)) == "/rooms"
    assert str(app.url_for(Rooms.show, number=7)) == str(app.url_for(Rooms.talk, room="7")) == "/rooms/7"
    assert app.explain("GET", "/rooms").startswith("GET /rooms -> Rooms.search ")
    assert app.explain("WEBSOCKET", "/rooms").startswith("GET /rooms -> Rooms.listen ")
    assert app.explain("GET", "/rooms/{number}/alone").startswith("GET /rooms/{number}/alone -> Rooms.alone ")


def test_two_sockets() -> None:
    """A path has one of each."""

    class Twice(Controller):
        @websocket("/talk/{a}")
        async def first(self, a: str, socket: WebSocket[str]) -> None:
            await socket.send(a)

        @websocket("/talk/{b}")
        async def second(self, b: str, socket: WebSocket[str]) -> None:
            await socket.send(b)

        @get("/talk/{c}")
        async def show(self, c: str) -> str:
            return c

    assert mistakes(Twice) == [
        (
            DuplicateRouteError,
            f"Twice.second ({place(Twice.second)}): GET /talk/{{b}} is also handled by Twice.first "
            f"({place(Twice.first)}) as /talk/{{a}}.\n  Hint: change the path or the method of one of them.",
        )
    ]
