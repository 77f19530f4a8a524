"""What is refused before a web socket is open is refused as everywhere: a problem with its status."""

from typing import Annotated

import pytest
from aiohttp import WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, Cookie, Header, Request, WebSocket, post, websocket
from framework.http_errors import Conflict, Forbidden, Unauthorized
from framework.typedefs import CallNext
from tests.http.frames import KEY, client_frame, handshake, raw_socket
from tests.http.raw import connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, logged, problem


class Visitor:
    """Who opens the socket."""


async def current_visitor(authorization: Annotated[str, Header()]) -> Visitor:
    """Know the visitor."""
    if authorization != "Bearer me":
        raise Unauthorized("Who is it?", headers={"WWW-Authenticate": "Bearer"})
    return Visitor()


async def guard(request: Request) -> None:
    """Refuse the banned."""
    if "banned" in request.query:
        raise Forbidden("Banned")


async def mark(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Show that the middleware was there."""
    response = await call_next(request)
    if not response.prepared:
        response.headers["X-Marked"] = str(response.status)
    return response


class Feed(Controller):
    """Sockets that are hard to open."""

    @websocket("/feed/{room}", guards=(guard,), middlewares=(mark,))
    async def feed(
        self,
        room: int,
        socket: WebSocket[str],
        visitor: Visitor,
        token: Annotated[str | None, Cookie()] = None,
    ) -> None:
        """Answer who is there."""
        if room == 13:
            raise Conflict("No such room is built")
        async for _ in socket:
            await socket.send(f"{type(visitor).__name__} {room} {token}")

    @post("/feed/{room}")
    async def write(self, room: int) -> int:
        """Have another method on the path."""
        return room

    @websocket("/echo", subprotocols=("v2", "v1"))
    async def on_message(self, message: Annotated[str, Header()], socket: WebSocket[str]) -> None:
        """Take a header."""
        await socket.accept()
        await socket.send(f"{message} {socket.subprotocol}")


@pytest.fixture
async def feed(serve: Serve) -> TestServer:
    """Serve the feed."""
    container = Container()
    container.add_scoped(Visitor, current_visitor)
    return await serve(app_of(Feed, container=container))


async def test_a_plain_request_is_426(feed: TestServer) -> None:
    """GET and HEAD without an upgrade are told to upgrade, before guards and parameters; the connection goes on."""
    async with connect(feed) as connection:
        for method in ("GET", "HEAD", "GET"):
            answer = await connection.exchange(make_request(method, "/feed/x?banned=1"), method=method)
            assert answer.status == 426
            assert answer.headers["Upgrade"] == "websocket"
            assert answer.headers["Connection"] == "Upgrade"
            assert answer.headers["X-Marked"] == "426"
            if method == "GET":
                assert answer.problem == problem(426, "/feed/x", "This is a web socket")
        answer = await connection.exchange(make_request("GET", "/echo", headers={"Upgrade": "h2c"}))
        assert answer.status == 426
        head = handshake("/echo").replace(b"GET", b"HEAD")
        assert (await connection.exchange(head, method="HEAD")).status == 426


async def test_other_methods_of_the_path(feed: TestServer) -> None:
    """Other methods have their own handlers; those that nobody has are 405 with all that there are."""
    async with connect(feed) as connection:
        assert (await connection.exchange(make_request("POST", "/feed/5"))).json == 5
        answer = await connection.exchange(make_request("PUT", "/feed/5"))
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")


BAD_KEY = fault("header", "/sec-websocket-key", "syntax", "Expected 16 bytes in base64")


@pytest.mark.parametrize(
    ("changed", "expected", "header"),
    [
        ({"Sec_WebSocket_Version": "8"}, fault("header", "/sec-websocket-version", "syntax", "Expected 13"), "13"),
        ({"Sec_WebSocket_Version": None}, fault("header", "/sec-websocket-version", "syntax", "Expected 13"), "13"),
        ({"Sec_WebSocket_Key": None}, BAD_KEY, None),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, BAD_KEY, None),
        ({"Sec_WebSocket_Key": "?" + KEY}, BAD_KEY, None),
        (
            {"Connection": "keep-alive"},
            fault("header", "/connection", "syntax", "Expected Upgrade, over HTTP/1.1"),
            None,
        ),
    ],
)
async def test_a_bad_handshake_is_400(
    feed: TestServer, changed: dict[str, str | None], expected: dict[str, str], header: str | None
) -> None:
    """A handshake that RFC 6455 does not allow is a 400; the connection stays usable."""
    async with connect(feed) as connection:
        answer = await connection.exchange(handshake("/echo", **changed))
        detail = "The handshake of a web socket is not valid"
        assert answer.problem == problem(400, "/echo", detail, errors=[expected])
        assert answer.headers.get("Sec-WebSocket-Version") == header
        assert (await connection.exchange(make_request("POST", "/feed/5"))).json == 5


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/feed/5?banned=1", {}, problem(403, "/feed/5", "Banned")),
        (
            "/feed/x",
            {},
            invalid(
                "/feed/x",
                fault("path", "/room", "type", "Expected `int`, got `str`"),
                fault("header", "/authorization", "missing", "Field required"),
            ),
        ),
        ("/feed/5", {"Authorization": "Bearer you"}, problem(401, "/feed/5", "Who is it?")),
        ("/feed/13", {"Authorization": "Bearer me"}, problem(409, "/feed/13", "No such room is built")),
        ("/nowhere", {}, problem(404, "/nowhere")),
    ],
)
async def test_refusals_are_problems(
    feed: TestServer,
    caplog: pytest.LogCaptureFixture,
    path: str,
    headers: dict[str, str],
    expected: dict[str, object],
) -> None:
    """Guards, parameters, services and the handler refuse before the upgrade, and the connection stays usable."""
    async with connect(feed) as connection:
        answer = await connection.exchange(handshake(path, **headers))
        assert answer.problem == expected
        assert "Sec-WebSocket-Accept" not in answer.headers
        assert (await connection.exchange(make_request("POST", "/feed/5"))).json == 5
    assert logged(caplog) == []


async def test_the_client_s_library_is_told(aiohttp_client: AiohttpClient, feed: TestServer) -> None:
    """A client sees the status of a refusal, and opens the socket with what was missing."""
    client: TestClient[Request, None] = await aiohttp_client(feed)
    with pytest.raises(WSServerHandshakeError) as caught:
        await client.ws_connect("/feed/5")
    assert caught.value.status == 422
    headers = {"Authorization": "Bearer me", "Cookie": "token=t"}
    async with client.ws_connect("/feed/5", headers=headers) as socket:
        await socket.send_str("?")
        assert await socket.receive_str() == "Visitor 5 t"


async def test_the_answer_to_a_handshake(feed: TestServer) -> None:
    """A 101 names the accepted key and the first subprotocol of the client's that is spoken, and no server."""
    request = handshake("/echo", Message="hi", Sec_WebSocket_Protocol="v9, v1, v2", Sec_WebSocket_Key=KEY)
    async with raw_socket(feed, request) as socket:
        lines = sorted(line for line in socket.head.decode().split("\r\n") if not line.startswith("Date"))
        assert lines == [
            "",
            "",
            "Connection: upgrade",
            "HTTP/1.1 101 Switching Protocols",
            "Sec-WebSocket-Accept: Cwd0Vfe0oytXgi2lzW1iHgDMADw=",
            "Sec-WebSocket-Protocol: v1",
            "Upgrade: websocket",
        ]
        assert await socket.frame() == (1, b"hi v1")


FOREIGN = problem(403, "/", "The Origin of the request may not open this web socket")
OWN = "http://shop.example:8080"


@pytest.mark.parametrize(
    ("origins", "origin", "admitted"),
    [
        (None, None, True),
        (None, OWN, True),
        (None, "HTTP://SHOP.example:8080", True),
        (None, "https://shop.example:8080", False),
        (None, "http://shop.example", False),
        (None, "http://shop.example:8080.evil.example", False),
        (None, "http://evil.example", False),
        (None, "null", False),
        (None, "http://shop.example:8080/path", False),
        (None, "nonsense", False),
        (("https://a.example",), None, True),
        (("https://a.example",), "https://a.example", True),
        (("https://a.example",), "https://a.example:443", True),
        (("https://a.example",), "http://a.example", False),
        (("https://a.example",), "https://a.example.evil.example", False),
        (("https://a.example",), "https://sub.a.example", False),
        (("https://a.example",), OWN, False),
        (("https://a.example",), "null", False),
        (("null",), "null", True),
        (("*",), "null", True),
        (("*",), "https://evil.example", True),
        ((), OWN, False),
    ],
)
async def test_origins(serve: Serve, origins: tuple[str, ...] | None, origin: str | None, *, admitted: bool) -> None:
    """Scheme, host and port of the page must be those of the request, or of the list that stands in its place."""

    async def open_it(self: Controller, socket: WebSocket[str]) -> None:  # noqa: ARG001  it becomes a method
        await socket.accept()

    declared = websocket("/") if origins is None else websocket("/", origins=origins)
    Open = type("Open", (Controller,), {"open": declared(open_it)})  # noqa: N806  a class

    async with connect(await serve(app_of(Open))) as connection:
        request = handshake("/", Host="shop.example:8080", Origin=origin)
        if admitted:
            await connection.send(request + client_frame(b"", 8))
            assert (await connection.rest()).startswith(b"HTTP/1.1 101 ")
        else:
            assert (await connection.exchange(request)).problem == FOREIGN


async def test_two_origins(serve: Serve) -> None:
    """A request with two Origins has none that can be trusted."""
    request = handshake("/feed/5", Origin="http://localhost").replace(b"Origin", b"Origin: http://localhost\r\nOrigin")
    async with connect(await serve(app_of(Feed, container=_container()))) as connection:
        assert (await connection.exchange(request)).status == 403


def _container() -> Container:
    container = Container()
    container.add_instance(Visitor, Visitor())
    return container


async def test_beside_and_below_other_applications(aiohttp_client: AiohttpClient) -> None:
    """Sockets open in an application that has routes of its own, and in one that is mounted under a prefix."""

    class Where(Controller):
        @websocket("/where")
        async def where(self, socket: WebSocket[str]) -> None:
            await socket.send(socket.request.path)

    inner = App([Where], openapi=None).build()
    outer = web.Application()
    App([Where], openapi=None).attach(outer)
    outer.add_subapp("/inner", inner)
    client = await aiohttp_client(outer)
    for path in ("/where", "/inner/where"):
        async with client.ws_connect(path) as socket:
            assert await socket.receive_str() == path
