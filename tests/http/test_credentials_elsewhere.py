"""Credentials whose services must be closed, in front of forms with files, of streams and of web sockets."""

from collections.abc import AsyncIterator
from typing import Annotated

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from msgspec import Struct

from framework import App, Body, Container, Controller, UploadFile, WebSocket, get, post, websocket
from framework.security import Bearer
from tests.http.forms import MULTIPART, multipart, part
from tests.http.raw import ask
from tests.http.shapes import Serve

EVENTS: list[str] = []


class Session:
    """Knows who has which token."""


async def open_session() -> AsyncIterator[Session]:
    """Tell when it is opened and closed."""
    EVENTS.append("opened")
    try:
        yield Session()
    finally:
        EVENTS.append("closed")


class User(Struct):
    """Somebody."""

    name: str


async def verify(token: str, session: Session) -> User | None:
    """Know Ada alone."""
    assert isinstance(session, Session)
    EVENTS.append("verified")
    return User("Ada") if token == "ada" else None  # noqa: S105  no secret


Somebody = Annotated[User, Bearer(verify)]


class Guarded(Controller):
    """Every shape of HTTP for those who are known."""

    @post("/file")
    async def file(self, photo: UploadFile, user: Somebody) -> str:
        """Answer the size of a file."""
        EVENTS.append("handled")
        return f"{user.name} {len(await photo.read())}"

    @get("/stream")
    async def stream(self, user: Somebody) -> AsyncIterator[str]:
        """Answer in two parts."""
        yield user.name
        EVENTS.append("handled")
        yield "!"

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str], user: Somebody) -> None:
        """Greet once."""
        await socket.send(user.name)
        EVENTS.append("handled")

    @websocket("/listen")
    async def listen(self, message: Annotated[str, Body()], user: Somebody) -> str:
        """Answer each message."""
        EVENTS.append("handled")
        return f"{user.name} {message}"


@pytest.fixture
async def server(serve: Serve) -> TestServer:
    """Serve all of them."""
    EVENTS.clear()
    container = Container()
    container.add_scoped(Session, open_session)
    return await serve(App([Guarded], container=container))


def authorized(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


async def test_file_behind_credentials(server: TestServer) -> None:
    """The file is read after the credentials are verified, and all is closed."""
    body = multipart(part("photo", b"12345", filename="a.png"))
    answer = await ask(server, "POST", "/file", body=body, headers={**MULTIPART, **authorized("ada")})
    assert (answer.status, answer.body) == (200, b"Ada 5")
    assert EVENTS == ["opened", "verified", "handled", "closed"]


@pytest.mark.parametrize("body", [multipart(part("other", b"1", filename="a")), b"no form"])
async def test_file_that_is_refused_behind_credentials(server: TestServer, body: bytes) -> None:
    """A form that is not valid closes what the credentials needed."""
    answer = await ask(server, "POST", "/file", body=body, headers={**MULTIPART, **authorized("ada")})
    assert answer.status in {400, 422}
    assert EVENTS == ["opened", "verified", "closed"]


async def test_stream_behind_credentials(server: TestServer) -> None:
    """What the credentials needed is open to the end of the stream."""
    answer = await ask(server, "GET", "/stream", headers=authorized("ada"))
    assert (answer.status, answer.body) == (200, b"Ada!")
    assert EVENTS == ["opened", "verified", "handled", "closed"]


@pytest.mark.parametrize("path", ["/talk", "/listen"])
async def test_web_socket_behind_credentials(server: TestServer, path: str) -> None:
    """They are verified before the upgrade, and what they needed is closed when the connection ends."""
    async with aiohttp.ClientSession(server.make_url("/")) as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(path, headers=authorized("eve"))
        assert refused.value.status == 401
        assert EVENTS == ["opened", "verified", "closed"]
        EVENTS.clear()
        async with client.ws_connect(path, headers=authorized("ada")) as socket:
            if path == "/listen":
                await socket.send_str("x")
            assert (await socket.receive_str(timeout=20)).startswith("Ada")
            await socket.close()
    await server.close()
    assert EVENTS == ["opened", "verified", "handled", "closed"]
