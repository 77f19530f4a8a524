"""Classes that verify credentials: built by the container, called as functions are."""

from collections.abc import AsyncIterator
from typing import Annotated

from aiohttp.pytest_plugin import AiohttpClient
from msgspec import Struct

from framework import App, Container, Controller, Request, WebSocket, get, websocket
from framework.security import APIKey, Basic, Bearer


class User(Struct):
    """Somebody."""

    name: str
    scopes: tuple[str, ...] = ()


class Users:
    """Knows everybody, as long as the process lives."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def find(self, name: str) -> User | None:
        """Know Ada alone."""
        return User("Ada", ("read",)) if name == "ada" else None


class Session:
    """Belongs to a request."""

    def __init__(self) -> None:
        self.closed = False


async def open_session(users: Users) -> AsyncIterator[Session]:
    """Tell when it is closed."""
    session = Session()
    try:
        yield session
    finally:
        session.closed = True
        users.made.append("closed")


class TokenVerifier:
    """Needs what lives as long as the process."""

    def __init__(self, users: Users) -> None:
        users.made.append("TokenVerifier")
        self._users = users

    async def __call__(self, token: str) -> User | None:
        """Verify a token."""
        return self._users.find(token)


class PasswordVerifier:
    """Needs what belongs to the request, before and while it is called; runs in a thread."""

    def __init__(self, users: Users, session: Session) -> None:
        users.made.append("PasswordVerifier")
        self._users, self._session = users, session

    def __call__(self, name: str, password: str, session: Session, request: Request) -> User | None:
        """Verify a password."""
        assert session is self._session
        assert not session.closed
        return self._users.find(name) if password == request.method else None


class Names(Controller):
    """Tells people their names."""

    @get("/token")
    async def token(self, user: Annotated[User, Bearer(TokenVerifier)]) -> str:
        """Ask for a token."""
        return user.name

    @get("/read", guards=(Bearer(TokenVerifier, scopes=("read",)),))
    async def read(self) -> str:
        """Ask for a right."""
        return "read"

    @get("/write", guards=(Bearer(TokenVerifier, scopes=("write",)),))
    async def write(self) -> str:
        """Ask for a right that nobody has."""
        return "written"

    @get("/either")
    async def either(
        self,
        user: Annotated[User | None, Basic(PasswordVerifier) | APIKey(TokenVerifier, query="key")],
        session: Session,
    ) -> str:
        """Take a password, a key or nothing."""
        assert not session.closed
        return "nobody" if user is None else user.name

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str], user: Annotated[User, Bearer(TokenVerifier)]) -> None:
        """Greet."""
        await socket.send(user.name)


def app_and_users() -> tuple[App, Users]:
    """Return the app, and what tells who was made."""
    users, container = Users(), Container()
    container.add_instance(Users, users)
    container.add_scoped(Session, open_session)
    return App(controllers=[Names], container=container), users


async def test_a_class_of_the_process(aiohttp_client: AiohttpClient) -> None:
    """One that needs singletons alone is made once for all routes, and refuses as a function does."""
    app, users = app_and_users()
    client = await aiohttp_client(app.build())

    answers = [
        (path, (await client.get(path, headers={"Authorization": f"Bearer {token}"})).status)
        for path, token in (("/token", "ada"), ("/token", "bob"), ("/read", "ada"), ("/write", "ada"))
    ]
    socket = await client.ws_connect("/talk", headers={"Authorization": "Bearer ada"})

    assert answers == [("/token", 200), ("/token", 401), ("/read", 200), ("/write", 403)]
    assert await socket.receive_str() == "Ada"
    assert users.made == ["TokenVerifier"]


async def test_a_class_of_the_request(aiohttp_client: AiohttpClient) -> None:
    """One that needs a scoped service is made for each request, with the services that the handler gets."""
    app, users = app_and_users()
    client = await aiohttp_client(app.build())

    with_password = await client.get("/either", headers={"Authorization": "Basic YWRhOkdFVA=="})
    with_wrong_password = await client.get("/either", headers={"Authorization": "Basic YWRhOlBVVA=="})
    with_key = await client.get("/either?key=ada")
    with_nothing = await client.get("/either")

    assert [(one.status, await one.text()) for one in (with_password, with_key, with_nothing)] == [
        (200, "Ada"),
        (200, "Ada"),
        (200, "nobody"),
    ]
    assert with_wrong_password.status == 401
    assert users.made == ["TokenVerifier", *["PasswordVerifier", "closed"] * 4]


async def test_a_class_that_is_registered(aiohttp_client: AiohttpClient) -> None:
    """A registration says how it is made; a test may put another in its place."""

    class Friendly(TokenVerifier):
        async def __call__(self, token: str) -> User | None:
            return User(token)

    users, container = Users(), Container()
    container.add_instance(Users, users)
    container.add_scoped(Session, open_session)
    container.add_singleton(TokenVerifier)
    with container.override(TokenVerifier, Friendly):
        client = await aiohttp_client(App(controllers=[Names], container=container).build())

    response = await client.get("/token", headers={"Authorization": "Bearer eve"})

    assert await response.text() == "eve"
