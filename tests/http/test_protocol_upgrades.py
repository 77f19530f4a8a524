"""Upgrades and tunnels that nobody takes (RFC 9110, sections 7.8 and 9.3.6), with more bytes behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp.test_utils import TestServer

from framework import Controller, Request, WebSocket, get, post, websocket
from tests.http.frames import KEY, client_frame
from tests.http.raw import Connection, connect, make_request
from tests.http.shapes import Serve, app_of, logged, problem

GET = make_request("GET", "/text")
HIDDEN = make_request("GET", "/hidden")
# A request whose body looks like another.
SECOND = make_request("POST", "/bytes", body=HIDDEN)
_OTHERS = ("h2c", "foo", "tcp", "websocket, h2c")


class Plain(Controller):
    """Handlers that take no upgrade, and a socket."""

    seen: list[str]

    @get("/text")
    async def text(self) -> str:
        """Answer at once."""
        return "text"

    @get("/slow")
    async def slow(self) -> str:
        """Answer later."""
        await asyncio.sleep(0.2)
        return "slow"

    @get("/hidden")
    async def hidden(self) -> str:
        """Must not run."""
        self.seen.append("hidden")
        return "hidden"

    @post("/bytes")
    async def data(self, request: Request) -> str:
        """Read the body."""
        return (await request.read()).decode()

    @post("/unread")
    async def unread(self) -> str:
        """Leave the body unread."""
        return "unread"

    @websocket("/socket")
    async def socket(self, socket: WebSocket[str, str]) -> None:
        """Echo."""
        async for message in socket:
            await socket.send(message)


@pytest.fixture
async def server(serve: Serve, caplog: pytest.LogCaptureFixture) -> AsyncIterator[TestServer]:
    """Serve the handlers; the hidden one must not run, and nothing may be logged."""
    Plain.seen = []
    yield await serve(app_of(Plain))
    assert Plain.seen == []
    assert logged(caplog) == []


def _asking(method: str, target: str, upgrade: str, headers: dict[str, str] | None = None) -> bytes:
    """Return the head of a request that asks for an upgrade."""
    return make_request(method, target, headers={"Connection": "Upgrade", "Upgrade": upgrade, **(headers or {})})


async def _is_last(connection: Connection, body: bytes, later: bytes = b"") -> None:
    """Expect one response that announces the end of the connection, which follows."""
    answer = await connection.receive()
    assert (answer.status, answer.body, answer.headers["Connection"]) == (200, body, "close")
    # The server may have closed the connection already.
    with suppress(ConnectionError):
        await connection.send(later)
        assert await connection.rest() == b""


@pytest.mark.both_loops
@pytest.mark.parametrize("cut", [0, 1, len(SECOND) - len(HIDDEN), len(SECOND)])
@pytest.mark.parametrize("upgrade", _OTHERS)
@pytest.mark.parametrize("target", ["/text", "/slow"])
async def test_request_behind_an_unknown_upgrade_is_not_parsed(
    server: TestServer, target: str, upgrade: str, cut: int
) -> None:
    """The connection ends with the response, wherever the bytes behind the request are cut into segments."""
    async with connect(server) as connection:
        await connection.send(_asking("GET", target, upgrade) + SECOND[:cut])
        await asyncio.sleep(0.05)
        if target == "/slow":
            await connection.send(SECOND[cut:] + GET)
        await _is_last(connection, target[1:].encode(), SECOND[cut:] + GET)


_LENGTH = ({"Content-Length": "3"}, b"abc")
_CHUNKS = ({"Transfer-Encoding": "chunked"}, b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")


@pytest.mark.both_loops
@pytest.mark.parametrize("cut", [0, 2, 100])
@pytest.mark.parametrize("framing", [_LENGTH, _CHUNKS], ids=["length", "chunks"])
@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
@pytest.mark.parametrize("target", ["/bytes", "/unread"])
async def test_upgrade_with_a_body_is_the_last_request(
    server: TestServer, target: str, upgrade: str, framing: tuple[dict[str, str], bytes], cut: int
) -> None:
    """The body of a request with Upgrade is its own, and nothing behind it is parsed."""
    headers, body = framing
    async with connect(server) as connection:
        rest = body + SECOND[:-5]
        await connection.send(_asking("POST", target, upgrade, headers) + rest[:cut])
        await asyncio.sleep(0.05)
        await connection.send(rest[cut:])
        await _is_last(connection, b"abc" if target == "/bytes" else b"unread", SECOND[-5:] + HIDDEN)


@pytest.mark.both_loops
async def test_requests_before_an_upgrade_are_answered(server: TestServer) -> None:
    """What stands in a pipeline before a request with an unknown upgrade is answered, and that request too."""
    async with connect(server) as connection:
        await connection.send(GET * 2 + _asking("GET", "/text", "h2c") + SECOND)
        for _ in range(2):
            answer = await connection.receive()
            assert (answer.body, answer.headers.get("Connection")) == (b"text", None)
        await _is_last(connection, b"text")


@pytest.mark.both_loops
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(len(HIDDEN))}], ids=["plain", "with a length"])
async def test_tunnel_is_refused(server: TestServer, headers: dict[str, str], later: bool) -> None:
    """CONNECT is answered like any method that nobody has, and what follows is not a request."""
    async with connect(server) as connection:
        await connection.send(make_request("CONNECT", "localhost:80", headers=headers) + (b"" if later else HIDDEN))
        answer = await connection.receive()
        assert answer.problem == problem(404, "")
        assert answer.headers["Connection"] == "close"
        if later:
            await connection.send(HIDDEN)
        assert await connection.rest() == b""


@pytest.mark.both_loops
async def test_unknown_upgrade_of_a_socket(server: TestServer) -> None:
    """A socket's path asks for the right protocol, and announces the end of the connection beside it."""
    async with connect(server) as connection:
        await connection.send(_asking("GET", "/socket", "h2c") + SECOND)
        answer = await connection.receive()
        assert answer.problem == problem(426, "/socket", "This is a web socket")
        assert (answer.headers["Upgrade"], answer.headers["Connection"]) == ("websocket", "Upgrade, close")
        assert await connection.rest() == b""


@pytest.mark.both_loops
@pytest.mark.parametrize("target", ["/text", "/socket"])
async def test_socket_that_is_refused_loses_nothing(server: TestServer, target: str) -> None:
    """A handshake that is refused, or asked of what is not a socket, is a request like any other."""
    async with connect(server) as connection:
        await connection.send(_asking("GET", target, "WebSocket") + SECOND[:-5])
        assert (await connection.receive()).status == (200 if target == "/text" else 400)
        await connection.send(SECOND[-5:] + GET)
        assert (await connection.receive()).body == HIDDEN
        assert (await connection.receive()).body == b"text"


@pytest.mark.both_loops
async def test_socket_takes_what_follows_at_once(server: TestServer) -> None:
    """Frames in the segment of the handshake, or of requests before it, are messages."""
    headers = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
    async with connect(server) as connection:
        await connection.send(GET + _asking("GET", "/socket", "websocket", headers) + client_frame(b"one"))
        assert (await connection.receive()).body == b"text"
        head = await connection.read(len(b"HTTP/1.1 101"))
        while not head.endswith(b"\r\n\r\n"):
            head += await connection.read(1)
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"\r\nConnection: upgrade\r\n" in head
        assert await connection.read(5) == b"\x81\x03one"
        await connection.send(client_frame(b"two"))
        assert await connection.read(5) == b"\x81\x03two"
