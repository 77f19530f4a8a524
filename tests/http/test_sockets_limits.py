"""What a web socket may cost: sizes, bombs, silent peers, slow readers, lost connections."""

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import WSMsgType
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import Container, Controller, Limits, WebSocket, websocket
from tests.http.frames import PlainServer, client_frame, close_frame, handshake, plain_server, raw_socket, until
from tests.http.shapes import Serve, app_of, logged

LIMIT = 1000


class Session:
    """A scoped service that tells when it is closed."""

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace


def sessions(trace: list[str]) -> Container:
    """Return a container whose sessions note their end."""

    async def open_session() -> AsyncIterator[Session]:
        trace.append("opened")
        try:
            yield Session(trace)
        finally:
            trace.append("closed")

    container = Container()
    container.add_scoped(Session, open_session)
    return container


class Echo(Controller):
    """Sends everything back."""

    limits = Limits(message=LIMIT)

    @websocket("/echo", heartbeat=0.4)
    async def echo(self, socket: WebSocket[str], session: Session) -> None:
        """Send it back."""
        async for message in socket:
            await socket.send(message)
        session.trace.append("left")

    @websocket("/plain", compress=False)
    async def plain(self, socket: WebSocket[str], session: Session) -> None:
        """The same, never compressed."""
        await self.echo(socket, session)


@pytest.fixture
def trace() -> list[str]:
    """Return what happened."""
    return []


@pytest.fixture
async def echo(trace: list[str]) -> AsyncIterator[PlainServer]:
    """Serve the echo."""
    async with plain_server(app_of(Echo, container=sessions(trace))) as server:
        yield server


@pytest.mark.parametrize("parts", [1, 3])
async def test_a_message_of_just_the_limit(echo: PlainServer, parts: int) -> None:
    """The limit counts the bytes of a message, in however many frames; one more is 1009."""
    for size in (LIMIT, LIMIT + 1):
        async with raw_socket(echo, handshake("/plain")) as socket:
            payload = b"x" * size
            pieces = [payload[start : start + size // parts + 1] for start in range(0, size, size // parts + 1)]
            for number, piece in enumerate(pieces):
                last = number == len(pieces) - 1
                await socket.send(client_frame(piece, 1 if number == 0 else 0, fin=last))
            expected = (1, payload) if size == LIMIT else (8, close_frame(1009))
            assert await socket.frame() == expected


@pytest.mark.parametrize("size", [5 * 2**20, 17 * 2**20])
async def test_a_message_far_beyond_the_limit(echo: PlainServer, trace: list[str], size: int) -> None:
    """It is refused by its length, before it is read; the handler ends and its services are closed."""
    async with raw_socket(echo, handshake("/echo")) as socket:
        await socket.send(client_frame(b"x" * size)[: 2**16])
        assert await socket.frame() == (8, close_frame(1009))
    await until(lambda: trace == ["opened", "left", "closed"])
    await until(lambda: echo.open_sockets() == 0)


async def test_a_bomb(echo: PlainServer, caplog: pytest.LogCaptureFixture) -> None:
    """NULs, compressed a thousandfold, are refused at the limit, before all are unpacked; nothing is logged."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = (packer.compress(b"\0" * 2**25) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    request = handshake("/echo", Sec_WebSocket_Extensions="permessage-deflate")
    async with raw_socket(echo, request) as socket:
        assert b"permessage-deflate" in socket.head
        tracemalloc.start()
        for start in range(0, 900, 300):
            await socket.send(client_frame(bomb[start : start + 300], 0 if start else 1, fin=False, rsv1=not start))
        await socket.send(client_frame(b"", 0))
        assert await socket.frame() == (8, close_frame(1009))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 2**20
    assert logged(caplog) == []


async def test_compression_can_be_off(echo: PlainServer) -> None:
    """With compress=False nothing is agreed on, and a compressed frame is an error of the protocol."""
    request = handshake("/plain", Sec_WebSocket_Extensions="permessage-deflate")
    async with raw_socket(echo, request) as socket:
        assert b"permessage-deflate" not in socket.head
        await socket.send(client_frame(b"x", rsv1=True))
        assert await socket.frame() == (8, close_frame(1002))


async def test_a_silent_peer_is_pinged_and_cut(echo: PlainServer, trace: list[str]) -> None:
    """A peer that does not answer a ping within half a heartbeat is gone: handler and scope end."""
    async with raw_socket(echo, handshake("/echo")) as socket:
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        assert await socket.frame() == (9, b"")
        assert await socket.ended() == b""
    await until(lambda: trace == ["opened", "left", "closed"])


async def test_an_answering_peer_stays(echo: PlainServer, trace: list[str]) -> None:
    """A peer that answers its pings stays, however silent it is otherwise."""
    async with raw_socket(echo, handshake("/echo")) as socket:
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        for _ in range(3):
            assert await socket.frame() == (9, b"")
            await socket.send(client_frame(b"", 10))
        assert trace == ["opened"]


async def test_a_reset_ends_the_handler(echo: PlainServer, trace: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """An RST ends the iteration; the handler goes on behind it, and its services are closed."""
    async with raw_socket(echo, handshake("/echo")) as socket:
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        socket.reset()
        await until(lambda: trace == ["opened", "left", "closed"])
    assert logged(caplog) == []
    await until(lambda: echo.open_sockets() == 0)


async def test_a_reset_cancels_where_aiohttp_does(
    serve: Serve, trace: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """With aiohttp's handler_cancellation, which its test server has on, a lost connection cancels the handler."""
    server = await serve(app_of(Echo, container=sessions(trace)))
    async with raw_socket(server, handshake("/echo")) as socket:
        await socket.send(client_frame(b"hi"))
        assert await socket.frame() == (1, b"hi")
        socket.reset()
        await until(lambda: trace == ["opened", "closed"])
    assert logged(caplog) == []


async def test_a_client_that_has_gone_is_no_failure(trace: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """A handler that sends to a lost connection is ended by a ConnectionResetError that nobody has to catch."""

    class Push(Controller):
        @websocket("/alone")
        async def alone(self, socket: WebSocket[str], session: Session) -> None:
            del session
            while True:
                await socket.send("tick")
                await asyncio.sleep(0.01)

        @websocket("/group")
        async def group(self, socket: WebSocket[str], session: Session) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.alone(socket, session))

    async with plain_server(app_of(Push, container=sessions(trace))) as server:
        for path in ("/alone", "/group"):
            trace.clear()
            async with raw_socket(server, handshake(path)) as socket:
                assert await socket.frame() == (1, b"tick")
                socket.reset()
                await until(lambda: trace == ["opened", "closed"])
    assert logged(caplog) == []


async def test_a_handler_that_only_waits_is_told(trace: list[str]) -> None:
    """One that neither receives nor sends does not outlive its connection by more than half a heartbeat."""
    waiting = asyncio.Event()

    class Wait(Controller):
        @websocket("/", heartbeat=3)
        async def wait(self, socket: WebSocket[str], session: Session) -> None:
            await socket.accept()
            try:
                await waiting.wait()
            except asyncio.CancelledError:
                session.trace.append("cancelled")
                raise

    async with plain_server(app_of(Wait, container=sessions(trace))) as server:
        async with raw_socket(server, handshake("/")) as socket:
            await socket.send(client_frame(b"ping me", 9) + client_frame(close_frame(1000), 8))
            assert await socket.frame() == (10, b"ping me")
            assert await socket.frame() == (8, close_frame(1000))
            await until(lambda: trace == ["opened", "cancelled", "closed"])
        async with raw_socket(server, handshake("/")) as socket:
            socket.reset()
            await until(lambda: trace == ["opened", "cancelled", "closed"] * 2)
        await until(lambda: server.open_sockets() == 0)


async def test_a_busy_handler_loses_nothing(serve: Serve) -> None:
    """What comes while a handler does something else is kept for it, in order, also when the client has closed."""
    got: list[int] = []

    class Slow(Controller):
        @websocket("/")
        async def read(self, socket: WebSocket[int]) -> None:
            async for number in socket:
                got.append(number)
                if number == 0:
                    await asyncio.sleep(1.5)

    async with raw_socket(await serve(app_of(Slow)), handshake("/")) as socket:
        await socket.send(b"".join(client_frame(str(number).encode()) for number in range(40)))
        await until(lambda: len(got) == 1)
        await socket.send(client_frame(close_frame(1000), 8))
        assert await socket.frame() == (8, close_frame(1000))
    assert got == list(range(40))


class Block(Struct):
    """Something large."""

    number: int
    text: str


async def test_a_reader_that_takes_nothing_is_cut(serve: Serve, trace: list[str]) -> None:
    """Sending waits for the client; one that takes nothing for write_timeout seconds is cut off."""
    sent: list[int] = []

    class Flood(Controller):
        limits = Limits(write_timeout=0.5)

        @websocket("/", compress=False)
        async def flood(self, socket: WebSocket[Block], session: Session) -> None:
            del session
            for number in range(10_000):
                await socket.send(Block(number, "x" * 100_000))
                sent.append(number)

    server = await serve(app_of(Flood, container=sessions(trace)))
    async with raw_socket(server, handshake("/")) as socket:
        await until(lambda: trace == ["opened", "closed"])
        assert len(sent) < 300
        assert len(await socket.ended()) < 300 * 100_000


async def test_a_slow_reader_gets_everything(serve: Serve) -> None:
    """A reader that is slower than the timeout, but takes something, is waited for; tasks may send at once."""

    class Many(Controller):
        limits = Limits(write_timeout=0.5)

        @websocket("/")
        async def many(self, socket: WebSocket[Block]) -> None:
            async def send(start: int) -> None:
                for number in range(start, start + 20):
                    await socket.send(Block(number, "x" * 50_000))

            async with asyncio.TaskGroup() as tasks:
                for start in range(0, 80, 20):
                    tasks.create_task(send(start))

    got: list[bytes] = []
    async with raw_socket(await serve(app_of(Many)), handshake("/")) as socket:
        while len(got) < 80:
            opcode, payload = await socket.frame()
            assert opcode == 1
            assert payload.endswith(b'"text":"' + b"x" * 50_000 + b'"}')
            got.append(payload[:20])
            if len(got) % 8 == 0:
                await asyncio.sleep(0.2)
        assert (await socket.frame())[0] == 8
    assert len(set(got)) == 80


async def test_compressed_messages_of_several_tasks(aiohttp_client: AiohttpClient) -> None:
    """Large compressed messages, which are packed in a thread, and small ones do not mix."""

    class Many(Controller):
        @websocket("/")
        async def many(self, socket: WebSocket[Block]) -> None:
            async with asyncio.TaskGroup() as tasks:
                for number in range(40):
                    text = f"{number} " * (20_000 if number % 2 else 2)
                    tasks.create_task(socket.send(Block(number, text)))

    client = await aiohttp_client(app_of(Many).build())
    async with client.ws_connect("/", compress=15, max_msg_size=0) as socket:
        assert socket.compress == 15
        got = [await socket.receive_json() for _ in range(40)]
        assert (await socket.receive()).type is WSMsgType.CLOSE
    assert sorted(one["number"] for one in got) == list(range(40))
    assert all(one["text"] == f"{one['number']} " * (20_000 if one["number"] % 2 else 2) for one in got)
