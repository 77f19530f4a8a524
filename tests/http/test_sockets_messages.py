"""Typed messages on web sockets: both styles of handlers, formats, and messages that are not valid."""

from typing import Annotated, Any, Generic, TypeVar, assert_type

import pytest
from aiohttp import WSMsgType
from msgspec import Meta, Struct, json, msgpack
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Body, Container, Controller, Header, HTTPError, Router, WebSocket, websocket
from framework.formats import MSGPACK
from tests.http.frames import client_frame, close_frame, handshake, raw_socket, until
from tests.http.shapes import Serve, app_of, fault, logged

T = TypeVar("T")


class Say(Struct, tag="say"):
    """A message of a tagged union."""

    text: Annotated[str, Meta(min_length=1)]


class Move(Struct, tag="move"):
    """Another one."""

    x: int
    y: int = 0


class Said(Struct):
    """What is sent back."""

    text: str
    room: str = ""
    count: int = 0


class Room(HTTPError, status=409, title="The room is full"):
    """No one else may speak."""

    seats: int


class Chat(Controller):
    """A handler of each style."""

    path = "/chat/{room}"

    @websocket()
    async def talk(
        self,
        room: str,
        socket: WebSocket[Say | Move, Said],
        count: int = 0,
        agent: Annotated[str, Header(name="user-agent")] = "",
    ) -> None:
        """Answer every message."""
        async for message in socket:
            text = message.text if isinstance(message, Say) else f"{message.x}/{message.y}"
            await socket.send(Said(text + agent[:4], room, count))

    @websocket("/listen", invalid="report")
    async def on_message(self, room: str, message: Say | Move) -> Said | None:
        """Answer what is said, to everyone but the last."""
        if isinstance(message, Say):
            if message.text == "full":
                raise Room("There is no seat", seats=3)
            return Said(message.text, room)
        return None


async def test_iterating(aiohttp_client: AiohttpClient) -> None:
    """Messages are decoded by their tag, parameters are bound as on every route, and the end of the loop is 1000."""
    client = await aiohttp_client(app_of(Chat).build())
    async with client.ws_connect("/chat/red?count=7", headers={"User-Agent": "test/1"}) as socket:
        await socket.send_str('{"type":"say","text":"hi"}')
        assert await socket.receive_json() == {"text": "hitest", "room": "red", "count": 7}
        await socket.send_str('{"type":"move","x":1}')
        assert await socket.receive_json() == {"text": "1/0test", "room": "red", "count": 7}


async def test_listening(aiohttp_client: AiohttpClient) -> None:
    """A handler that takes the message is called for each, and None sends nothing."""
    client = await aiohttp_client(app_of(Chat).build())
    async with client.ws_connect("/chat/red/listen") as socket:
        await socket.send_str('{"type":"move","x":1}')
        await socket.send_str('{"type":"say","text":"hi"}')
        assert await socket.receive_json() == {"text": "hi", "room": "red", "count": 0}


async def test_a_fault_is_reported(aiohttp_client: AiohttpClient) -> None:
    """With invalid="report" a faulty message is answered with its problem, all faults told, and the socket goes on."""
    client = await aiohttp_client(app_of(Chat).build())
    async with client.ws_connect("/chat/red/listen") as socket:
        await socket.send_str('{"type":"move","x":"1","y":null}')
        assert await socket.receive_json() == {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "2 errors in the message",
            "instance": "/chat/red/listen",
            "errors": [
                fault("body", "/x", "type", "Expected `int`, got `str`"),
                fault("body", "/y", "type", "Expected `int`, got `null`"),
            ],
        }
        await socket.send_str('{"type":')
        assert await socket.receive_json() == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "The message cannot be parsed",
            "instance": "/chat/red/listen",
            "errors": [fault("body", "", "syntax", "Input data was truncated")],
        }
        await socket.send_bytes(b'{"type":"say","text":"hi"}')
        assert await socket.receive_json() == {
            "type": "about:blank",
            "title": "Unsupported Media Type",
            "status": 415,
            "detail": "Expected a text message, got a binary one",
            "instance": "/chat/red/listen",
        }
        await socket.send_str('{"type":"say","text":"full"}')
        assert await socket.receive_json() == {
            "type": "about:blank",
            "title": "The room is full",
            "status": 409,
            "detail": "There is no seat",
            "instance": "/chat/red/listen",
            "seats": 3,
        }
        await socket.send_str('{"type":"say","text":"still here"}')
        assert (await socket.receive_json())["text"] == "still here"


@pytest.mark.parametrize(
    ("message", "opcode", "code", "reason"),
    [
        (b'{"type":"move","x":"1"}', 1, 1008, "1 error in the message: /x Expected `int`, got `str`"),
        (
            b'{"type":"say","text":""}',
            1,
            1008,
            "1 error in the message: /text Expected `str` of length >= 1",
        ),
        (b"{", 1, 1007, "The message cannot be parsed: Input data was truncated"),
        (
            b'{"type":"say","text":"\xff"}',
            1,
            1007,
            "The message cannot be parsed: Not valid UTF-8 (byte 22)",
        ),
        (
            b'{"type":"say","text":"a","unknown":"\xff"}',
            1,
            1007,
            "The message cannot be parsed: Not valid UTF-8 (byte 36)",
        ),
        (b'{"type":"say","text":"a"}', 2, 1003, "Expected a text message, got a binary one"),
        (b"[" * 200_000, 1, 1007, "The message cannot be parsed: Nested too deeply"),
    ],
)
async def test_a_fault_closes(serve: Serve, message: bytes, opcode: int, code: int, reason: str) -> None:
    """Unless said otherwise, a faulty message closes the socket with the code and the faults of it."""
    server = await serve(app_of(Chat))
    async with raw_socket(server, handshake("/chat/red")) as socket:
        await socket.send(client_frame(message, opcode))
        assert await socket.frame() == (8, close_frame(code, reason))
        await socket.send(client_frame(close_frame(code), 8))
        assert await socket.ended() == b""


async def test_a_reason_is_cut(serve: Serve) -> None:
    """A close frame holds 123 bytes of reason; what is cut is a whole character."""

    class Wide(Struct, forbid_unknown_fields=True):
        first: int
        second: int
        third: int

    class Fields(Controller):
        @websocket("/")
        async def read(self, socket: WebSocket[Wide]) -> None:
            async for message in socket:
                await socket.send(message)

    async with raw_socket(await serve(app_of(Fields)), handshake("/")) as socket:
        await socket.send(client_frame(json.encode({"ö" * 60: 2, "first": 1})))
        opcode, payload = await socket.frame()
        assert opcode == 8
        assert payload[:2] == b"\x03\xf0"
        reason = payload[2:].decode()
        assert reason.startswith("3 errors in the message: /ööö")
        assert 122 <= len(payload[2:]) <= 123


async def test_not_utf_8_always_closes(serve: Serve) -> None:
    """Text that is not UTF-8 ends the connection also where faults are reported (RFC 6455, section 8.1)."""
    async with raw_socket(await serve(app_of(Chat)), handshake("/chat/red/listen")) as socket:
        await socket.send(client_frame(b'{"type":"say","text":"\xff"}'))
        assert await socket.frame() == (
            8,
            close_frame(1007, "The message cannot be parsed: Not valid UTF-8 (byte 22)"),
        )


class Raw(Controller):
    """Messages that have no format."""

    @websocket("/text")
    async def text(self, socket: WebSocket[str]) -> None:
        """Send text back."""
        async for message in socket:
            await socket.send(message.upper())

    @websocket("/binary")
    async def binary(self, socket: WebSocket[bytes]) -> None:
        """Send bytes back."""
        async for message in socket:
            await socket.send(message[::-1])

    @websocket("/either")
    async def either(self, socket: WebSocket[str | bytes]) -> None:
        """Send everything back."""
        async for message in socket:
            await socket.send(message)

    @websocket("/listen")
    async def on_text(self, message: Annotated[str, Body()]) -> str:
        """Send text back, too."""
        return message.title()

    @websocket("/numbers")
    async def numbers(self, socket: WebSocket[int, list[float]]) -> None:
        """Answer scalars as JSON."""
        async for number in socket:
            await socket.send([number / 2])


async def test_text_and_bytes_as_they_are(aiohttp_client: AiohttpClient) -> None:
    """Str travels as text and bytes as binary, without JSON around them; scalars of other types are JSON."""
    client = await aiohttp_client(app_of(Raw).build())
    async with client.ws_connect("/text") as socket:
        await socket.send_str("äh")
        assert await socket.receive_str() == "ÄH"
        await socket.send_bytes(b"no")
        assert (await socket.receive())[:2] == (WSMsgType.CLOSE, 1003)
    async with client.ws_connect("/binary") as socket:
        await socket.send_bytes(b"\x00\xff")
        assert await socket.receive_bytes() == b"\xff\x00"
        await socket.send_str("no")
        assert (await socket.receive())[:2] == (WSMsgType.CLOSE, 1003)
    async with client.ws_connect("/either") as socket:
        await socket.send_str("text")
        assert await socket.receive_str() == "text"
        await socket.send_bytes(b"\xff")
        assert await socket.receive_bytes() == b"\xff"
    async with client.ws_connect("/listen") as socket:
        await socket.send_str("ada")
        assert await socket.receive_str() == "Ada"
    async with client.ws_connect("/numbers") as socket:
        await socket.send_str("3")
        assert await socket.receive_str() == "[1.5]"


async def test_messagepack(aiohttp_client: AiohttpClient) -> None:
    """With format=MSGPACK messages and problems are MessagePack in binary frames."""

    class Packed(Controller):
        @websocket("/", format=MSGPACK, invalid="report")
        async def on_message(self, message: Move) -> Move:
            return Move(message.y, message.x)

    client = await aiohttp_client(app_of(Packed).build())
    async with client.ws_connect("/") as socket:
        await socket.send_bytes(msgpack.encode(Move(1, 2)))
        assert msgpack.decode(await socket.receive_bytes()) == {"type": "move", "x": 2, "y": 1}
        await socket.send_bytes(msgpack.encode({"type": "move", "y": b""}))
        problem = msgpack.decode(await socket.receive_bytes())
        assert problem["errors"] == [
            fault("body", "/y", "type", "Expected `int`, got `bytes`"),
            fault("body", "/x", "missing", "Field required"),
        ]
        await socket.send_str("{}")
        problem = msgpack.decode(await socket.receive_bytes())
        assert problem["detail"] == "Expected a binary message, got text"


async def test_receive_and_send_by_hand(aiohttp_client: AiohttpClient) -> None:
    """A handler may receive one message at a time, look at its request and close with a code of its own."""
    seen: list[Any] = []

    class Hand(Controller):
        @websocket("/", subprotocols=("b", "a"))
        async def talk(self, socket: WebSocket[int]) -> None:
            seen.append((socket.request.path, socket.subprotocol, socket.close_code))
            seen.append(assert_type(await socket.receive(), int))
            seen.append(socket.subprotocol)
            with pytest.raises(ValueError, match=r"^1006 is not a code to close a web socket with$"):
                await socket.close(1006)
            await socket.close(4000, "enough")
            seen.append(socket.close_code)
            with pytest.raises(ConnectionResetError, match=r"^The socket is closed$"):
                await socket.receive()
            with pytest.raises(ConnectionResetError, match=r"^The socket is closed$"):
                await socket.send(1)
            seen.append([one async for one in socket])

    client = await aiohttp_client(app_of(Hand).build())
    async with client.ws_connect("/", protocols=("a", "c")) as socket:
        await socket.send_str("5")
        assert (await socket.receive())[:3] == (WSMsgType.CLOSE, 4000, "enough")
    await until(lambda: len(seen) == 5)
    # What the client answered with.
    assert seen == [("/", None, None), 5, "a", 1000, []]


async def test_a_generic_controller(aiohttp_client: AiohttpClient) -> None:
    """The type variables of a controller are filled in, and routers put their path before the socket's."""

    class Echo(Controller, Generic[T]):
        @websocket("/echo")
        async def echo(self, socket: WebSocket[T]) -> None:
            async for message in socket:
                await socket.send(message)

    class Numbers(Echo[int]):
        path = "/numbers"

    app = App([Router("/v1", controllers=[Numbers])], container=Container(), openapi=None)
    client = await aiohttp_client(app.build())
    async with client.ws_connect(str(app.url_for(Numbers.echo))) as socket:
        await socket.send_str("5")
        assert await socket.receive_str() == "5"
        await socket.send_str('"5"')
        assert (await socket.receive())[:2] == (WSMsgType.CLOSE, 1008)


async def test_nothing_is_logged(aiohttp_client: AiohttpClient, caplog: pytest.LogCaptureFixture) -> None:
    """The mistakes of clients are not worth a line of the log."""
    client = await aiohttp_client(app_of(Chat, Raw).build())
    for path in ("/chat/red", "/chat/red/listen", "/text"):
        async with client.ws_connect(path) as socket:
            await socket.send_bytes(b"\xff")
            await socket.receive()
    assert logged(caplog) == []
