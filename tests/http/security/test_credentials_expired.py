"""Streams and web sockets end when the credentials of their request expire."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Container, Controller, EventStream, Limits, Request, WebSocket, get, websocket
from framework.middleware import Session, Sessions
from framework.observers import Observation, Observer
from framework.security import JWT, APIKey, Bearer, Signer, valid_until
from tests.http.shapes import app_of, logged
from tests.http.streams import Log
from tests.waiting import until

SIGNER = Signer("s" * 32, purpose="live")
REASON = "The credentials have expired"
EXPIRED = (WSMsgType.CLOSE, 1008, REASON)


class User(Struct):
    """The claims of a token."""

    sub: str


class Ticket(Struct):
    """The value of a ticket: it opens a stream that outlives the ticket itself, up to a moment."""

    until: float


class Visit(Struct):
    """The value of a session."""

    user: str | None = None


class Owner(Struct):
    """What a provider makes of credentials that it verifies itself."""

    name: str


# A token is accepted for at least a second and at most two: exp is a whole second.
TOKENS = JWT(User, keys="k" * 32, algorithms=("HS256",), leeway=1)
REMEMBERED = JWT(User, keys="k" * 32, algorithms=("HS256",), leeway=1, remember=10)


async def verify_ticket(ticket: str) -> Ticket | None:
    """Report the moment in the ticket."""
    found = SIGNER.read(ticket, Ticket)
    if found is not None:
        valid_until(found.until)
    return found


def verify_in_thread(token: str) -> str:
    """Report the moment that the token is."""
    valid_until(datetime.fromtimestamp(float(token), UTC))
    return token


async def guard(request: Request) -> None:
    """Report a moment, if the request has one."""
    if "guard" in request.query:
        valid_until(float(request.query["guard"]))


async def ticks() -> AsyncIterator[int]:
    """Yield numbers, without an end."""
    number = 0
    while True:
        yield number
        number += 1
        await asyncio.sleep(0.02)


class Live(Controller):
    """Streams and sockets without an end."""

    def __init__(self, log: Log) -> None:
        self._log = log

    @get("/events")
    async def events(self, user: Annotated[User, Bearer(TOKENS)]) -> EventStream[int]:
        """Send events."""
        try:
            async for one in ticks():
                yield one
        finally:
            self._log.add(f"events of {user.sub} ended")

    @get("/remembered")
    async def remembered(self, user: Annotated[User, Bearer(REMEMBERED)]) -> EventStream[str]:
        """Send one event, and nothing more."""
        yield user.sub
        await asyncio.Event().wait()

    @get("/lines")
    async def lines(self, user: Annotated[User, Bearer(TOKENS)]) -> AsyncIterator[str]:
        """Send lines until after the end of the token."""
        for one in range(20):
            await asyncio.sleep(0.1)
            yield f"{user.sub} {one}\n"

    @get("/outlive", limits=Limits(outlive_credentials=True))
    async def outlive(self, user: Annotated[User, Bearer(TOKENS)]) -> EventStream[int]:
        """Send events, whatever becomes of the token."""
        del user
        async for one in ticks():
            yield one

    @get("/ticket")
    async def ticket(self, ticket: Annotated[Ticket, APIKey(verify_ticket, query="ticket")]) -> EventStream[int]:
        """Send events to whom a ticket was given."""
        del ticket
        async for one in ticks():
            yield one

    @get("/thread")
    async def thread(self, moment: Annotated[str, Bearer(verify_in_thread)]) -> EventStream[int]:
        """Send events after a plain function has verified the token."""
        del moment
        async for one in ticks():
            yield one

    @get("/guarded", guards=(guard,))
    async def guarded(self) -> EventStream[int]:
        """Send events."""
        async for one in ticks():
            yield one

    @get("/provided")
    async def provided(self, owner: Owner) -> EventStream[str]:
        """Send events to the owner of other credentials."""
        async for one in ticks():
            yield f"{owner.name} {one}"

    @get("/short")
    async def short(self, user: Annotated[User, Bearer(TOKENS)]) -> str:
        """Respond at once."""
        return user.sub

    @websocket("/echo")
    async def echo(self, user: Annotated[User, Bearer(TOKENS)], socket: WebSocket[str]) -> None:
        """Repeat messages."""
        await socket.accept()
        async for message in socket:
            await socket.send(f"{user.sub} {message}")
        self._log.add("echo ended")

    @websocket("/listen")
    async def listen(self, user: Annotated[User, Bearer(TOKENS)], message: Ticket) -> Ticket:
        """Repeat each message."""
        del user
        return message

    @websocket("/sends")
    async def sends(self, user: Annotated[User, Bearer(TOKENS)], socket: WebSocket[None, str]) -> None:
        """Send without reading."""
        async for one in ticks():
            await socket.send(f"{user.sub} {one}")

    @websocket("/waits", heartbeat=0.5)
    async def waits(self, user: Annotated[User, Bearer(TOKENS)], socket: WebSocket[None, str]) -> None:
        """Neither read nor send."""
        await socket.send(user.sub)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self._log.add("cancelled")
            raise

    @websocket("/first")
    async def first(self, socket: WebSocket[str]) -> None:
        """Read the token from the first message."""
        user = await TOKENS(await socket.receive())
        await socket.send("" if user is None else user.sub)
        async for message in socket:
            await socket.send(message)


class Shop(Controller):
    """What sessions are for."""

    @get("/login")
    async def login(self, session: Session[Visit]) -> None:
        """Begin a session."""
        session.value.user = "ada"

    @get("/session-events")
    async def events(self, session: Session[Visit]) -> EventStream[str]:
        """Send events to the user of the session."""
        async for _ in ticks():
            yield session.value.user or "nobody"

    @websocket("/session-socket")
    async def socket(self, session: Session[Visit], socket: WebSocket[str]) -> None:
        """Serve the user of the session."""
        await socket.send(session.value.user or "nobody")
        async for _ in socket:
            pass


class Seen(Observer):
    """Keeps how requests have ended."""

    def __init__(self) -> None:
        self.ends: list[tuple[str | None, int | None, BaseException | None]] = []

    def end(self, observation: Observation, state: Any) -> None:
        """Keep it."""
        del state
        self.ends.append((observation.route, observation.close_code, observation.exception))


async def own(request: Request) -> Owner:
    """Report the moment of a header, which this provider trusts."""
    valid_until(float(request.headers["X-Until"]))
    return Owner("ada")


@pytest.fixture
def log() -> Log:
    """Return what has happened."""
    return Log()


@pytest.fixture
def seen() -> Seen:
    """Return what an observer has seen."""
    return Seen()


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, log: Log, seen: Seen) -> TestClient[Any, Any]:
    """Serve the app."""
    container = Container()
    container.add_instance(Log, log)
    container.add_scoped(Owner, own)
    app: App = app_of(Live, container=container, observers=[seen])
    return await aiohttp_client(app.build())


def short_token() -> dict[str, str]:
    """Return the headers with a token for a second."""
    return {"Authorization": f"Bearer {TOKENS.issue(User('ada'), expires=1)}"}


async def is_ended(client: TestClient[Any, Any], path: str, **options: Any) -> float:
    """Read an event stream to its regular end, which comes soon; return when that was."""
    async with asyncio.timeout(10), client.get(path, **options) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        assert (await response.read()).endswith(b"\n\n")
    return time.time()


@pytest.mark.both_loops
async def test_an_event_stream_ends_with_its_token(
    client: TestClient[Any, Any], log: Log, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    """It ends in order, after exp and the leeway, so that the client returns and gets a 401 on the same connection."""
    headers = short_token()
    begun = int(time.time())
    ended = await is_ended(client, "/events", headers=headers)
    assert begun + 2 <= ended < begun + 4
    async with client.get("/events", headers=headers) as response:
        assert response.status == 401
    await log.wait_for("events of ada ended")
    assert seen.ends[0] == ("/events", None, None)
    assert logged(caplog) == []


async def test_a_remembered_token_ends_the_stream_too(client: TestClient[Any, Any]) -> None:
    """The second stream begins with a signature that was verified before, and waits for an event that never comes."""
    headers = short_token()
    first, second = await asyncio.gather(
        is_ended(client, "/remembered", headers=headers), is_ended(client, "/remembered", headers=headers)
    )
    assert abs(first - second) < 0.5


async def test_another_stream_is_sent_to_its_end(client: TestClient[Any, Any]) -> None:
    """A download that has begun is finished."""
    async with client.get("/lines", headers=short_token()) as response:
        assert len((await response.text()).splitlines()) == 20


async def test_a_stream_may_outlive_its_credentials(client: TestClient[Any, Any]) -> None:
    """``Limits(outlive_credentials=True)``."""
    begun = int(time.time())
    async with asyncio.timeout(10), client.get("/outlive", headers=short_token()) as response:
        while time.time() < begun + 3:
            assert await response.content.readuntil(b"\n\n")


@pytest.mark.parametrize("path", ["/echo", "/listen", "/sends"])
async def test_a_socket_is_closed_with_its_token(client: TestClient[Any, Any], seen: Seen, path: str) -> None:
    """With 1008 and a reason, which observers see too."""
    begun = int(time.time())
    async with asyncio.timeout(10), client.ws_connect(path, headers=short_token()) as socket:
        message = await socket.receive()
        while message.type is WSMsgType.TEXT:
            message = await socket.receive()
    assert (message.type, message.data, message.extra) == EXPIRED
    assert begun + 2 <= time.time() < begun + 4
    await until(lambda: bool(seen.ends))
    assert seen.ends == [(path, 1008, None)]


@pytest.mark.both_loops
async def test_a_socket_that_is_used_is_closed_too(client: TestClient[Any, Any], log: Log) -> None:
    """A message after the end of the token is not handled."""
    async with asyncio.timeout(10), client.ws_connect("/echo", headers=short_token(), autoclose=False) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "ada hello"
        message = await socket.receive()
        assert (message.type, message.data, message.extra) == EXPIRED
        await socket.send_str("late")
    await log.wait_for("echo ended")


async def test_a_handler_that_does_not_notice_is_cancelled(
    client: TestClient[Any, Any], log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a heartbeat after its socket was closed."""
    async with asyncio.timeout(10), client.ws_connect("/waits", headers=short_token()) as socket:
        assert await socket.receive_str() == "ada"
        message = await socket.receive()
    assert (message.type, message.data, message.extra) == EXPIRED
    await log.wait_for("cancelled")
    assert logged(caplog) == []


async def test_a_token_in_the_first_message(client: TestClient[Any, Any]) -> None:
    """A JWT that the handler verifies itself closes the socket as well."""
    async with asyncio.timeout(10), client.ws_connect("/first") as socket:
        await socket.send_str(TOKENS.issue(User("ada"), expires=1))
        assert await socket.receive_str() == "ada"
        message = await socket.receive()
    assert (message.type, message.data, message.extra) == EXPIRED


async def test_verifiers_guards_and_providers_report_it(client: TestClient[Any, Any]) -> None:
    """By ``valid_until``; that of a ticket is not the end of the ticket itself. The earliest end applies."""
    begun = time.time()
    ticket = SIGNER.sign(Ticket(begun + 0.5), expires=30)
    ends = await asyncio.gather(
        is_ended(client, "/ticket", params={"ticket": ticket}),
        is_ended(client, "/thread", headers={"Authorization": f"Bearer {begun + 0.5}"}),
        is_ended(client, "/guarded", params={"guard": str(begun + 0.5)}),
        is_ended(client, "/provided", headers={"X-Until": str(begun + 0.5)}),
    )
    assert all(begun + 0.5 <= one < begun + 3 for one in ends)


async def test_what_has_expired_already_ends_at_once(client: TestClient[Any, Any]) -> None:
    """The head is sent, and the stream has no events."""
    async with asyncio.timeout(10), client.get("/guarded", params={"guard": "0"}) as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_a_connection_continues(client: TestClient[Any, Any]) -> None:
    """The end of a stream's credentials is none of the next request's on its connection."""
    until = str(time.time() + 0.3)
    await is_ended(client, "/guarded", params={"guard": until})
    headers = {"Authorization": f"Bearer {TOKENS.issue(User('ada'))}"}
    async with client.get("/short", headers=headers) as response:
        assert await response.text() == "ada"
    async with client.get("/guarded") as response:
        for _ in range(3):
            assert await response.content.readuntil(b"\n\n")


async def test_a_session_ends_streams_and_sockets(aiohttp_client: AiohttpClient) -> None:
    """After its absolute time, of its beginning; one that has not begun ends nothing."""
    sessions = Sessions(Visit, secret="s" * 32, idle=1.2, absolute=1.2)
    client = await aiohttp_client(app_of(Shop, middlewares=[sessions]).build())
    async with client.get("/session-events") as response:
        assert await response.content.readuntil(b"\n\n") == b"data: nobody\n\n"
    begun = time.time()
    assert (await client.get("/login")).status == 204

    async def close() -> tuple[Any, ...]:
        async with asyncio.timeout(10), client.ws_connect("/session-socket") as socket:
            assert await socket.receive_str() == "ada"
            message = await socket.receive()
            return message.type, message.data, message.extra

    closed, ended = await asyncio.gather(close(), is_ended(client, "/session-events"))
    assert closed == EXPIRED
    assert begun + 1.2 <= ended < begun + 3
