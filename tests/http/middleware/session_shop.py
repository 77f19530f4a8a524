"""A shop with sessions, and a browser that keeps their cookies."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from msgspec import Struct

from framework import App, Controller, WebSocket, get, post
from framework import websocket as socket
from framework.http_errors import Conflict, Unauthorized
from framework.middleware import Session, Sessions
from framework.stores import MemoryStore, StoreError
from tests.http.raw import Answer, Server, ask
from tests.http.shapes import app_of

__all__ = (
    "COOKIE",
    "HOST",
    "SECRET",
    "Browser",
    "Cart",
    "Clock",
    "Gate",
    "Make",
    "Recording",
    "Shop",
    "digests",
    "set_cookies",
    "shop_app",
)

COOKIE = "__Host-session"
SECRET = "s" * 32
HOST = {"Host": "shop.example"}


class Cart(Struct):
    """What a visitor has chosen."""

    user: int | None = None
    items: list[str] = []


Make = Callable[..., Sessions[Cart]]
"""Makes sessions with more options."""


class Gate:
    """Holds requests until the test opens it."""

    inside = asyncio.Event()
    opened = asyncio.Event()

    @classmethod
    def reset(cls) -> None:
        """Close it, for the next test."""
        cls.inside, cls.opened = asyncio.Event(), asyncio.Event()


async def member(session: Session[Cart]) -> None:
    """Refuse visitors that have not logged in."""
    if session.value.user is None:
        raise Unauthorized("Log in", headers={"WWW-Authenticate": "Custom"})


class Shop(Controller):
    """Sells, to visitors that it knows by their sessions."""

    @get("/plain")
    async def plain(self) -> str:
        """Require no session."""
        return "plain"

    @get("/cart")
    async def cart(self, session: Session[Cart]) -> Cart:
        """Read the session."""
        return session.value

    @get("/unread")
    async def unread(self, session: Session[Cart]) -> bool:
        """Require the session, and read nothing of its value."""
        return session.is_new

    @get("/account", guards=(member,))
    async def account(self) -> str:
        """Require it for a guard."""
        return "account"

    @post("/items")
    async def add(self, name: str, session: Session[Cart]) -> Cart:
        """Change the value in place."""
        session.value.items.append(name)
        return session.value

    @post("/replaced")
    async def replace(self, name: str, session: Session[Cart]) -> Cart:
        """Change the value as a whole."""
        session.value = Cart(items=[name])
        return session.value

    @post("/updated")
    async def update(self, name: str, session: Session[Cart]) -> Cart:
        """Change the stored value at once."""
        return await session.update(lambda cart: Cart(cart.user, [*cart.items, name]))

    @post("/slow")
    async def slow(self, name: str, session: Session[Cart]) -> Cart:
        """Wait between reading and writing."""
        Gate.inside.set()
        await Gate.opened.wait()
        session.value.items.append(name)
        return session.value

    @post("/login")
    async def login(self, user: int, session: Session[Cart]) -> Cart:
        """Set the user, and renew the session."""
        session.value.user = user
        session.renew()
        return session.value

    @post("/slow-login")
    async def slow_login(self, user: int, session: Session[Cart]) -> Cart:
        """Wait before that."""
        Gate.inside.set()
        await Gate.opened.wait()
        return await self.login(user, session)

    @post("/password")
    async def password(self, session: Session[Cart]) -> int:
        """End the other sessions of the user."""
        session.renew()
        return await session.end_others()

    @post("/logout")
    async def logout(self, session: Session[Cart]) -> Cart:
        """End the session."""
        session.end()
        return session.value

    @post("/switch")
    async def switch(self, user: int, session: Session[Cart]) -> None:
        """End the session, and begin another one."""
        session.end()
        session.value.user = user

    @post("/refused")
    async def refused(self, name: str, session: Session[Cart]) -> None:
        """Refuse after a change."""
        session.value.items.append(name)
        raise Conflict("Sold out")

    @post("/failing")
    async def fail(self, name: str, session: Session[Cart]) -> None:
        """Fail after a change."""
        session.value.items.append(name)
        raise RuntimeError

    @get("/stream")
    async def stream(self, session: Session[Cart]) -> AsyncIterator[str]:
        """Send what is in the session, then change it."""
        yield session.value.items[0]
        await session.update(lambda cart: Cart(cart.user, [*cart.items, "updated"]))
        yield session.value.items[-1]
        try:
            session.value = Cart()
        except RuntimeError as error:
            yield str(error)

    @socket("/talk")
    async def talk(self, websocket: WebSocket[str, str], session: Session[Cart]) -> None:
        """Read the session, and try to write it."""
        await websocket.accept()
        try:
            session.value = Cart()
        except RuntimeError as error:
            await websocket.send(f"{session.value.items} {error}")


def shop_app(sessions: Sessions[Any], *others: Any, **settings: Any) -> App:
    """Return the shop."""
    return app_of(Shop, middlewares=[sessions, *others], **settings)


class Browser:
    """Keeps cookies as a browser does, for one host."""

    def __init__(self, server: Server, headers: Mapping[str, str] = HOST) -> None:
        self.server = server
        self._headers = dict(headers)
        self.cookies: dict[str, str] = {}

    def copy(self) -> "Browser":
        """Return another one with the same cookies."""
        made = Browser(self.server, self._headers)
        made.cookies = dict(self.cookies)
        return made

    @property
    def session(self) -> str | None:
        """The cookie of the session."""
        return self.cookies.get("__Host-session")

    async def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        """Send a request with the cookies, and keep those of the response."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {**self._headers, **({"Cookie": cookies} if cookies else {}), **(headers or {})}
        answer = await ask(self.server, method, target, headers=given, body=body)
        for line in answer.headers.getall("Set-Cookie", ()):
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            if any(one.lower() == "max-age=0" for one in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    async def post(self, target: str, **options: Any) -> Answer:
        """Send a POST without a body."""
        return await self.send("POST", target, **options)

    async def cart(self) -> Any:
        """Return what the shop knows of the visitor."""
        return (await self.send("GET", "/cart")).json


class Recording(MemoryStore):
    """Keeps the expiry of each session that is written, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.ttls: list[float] = []
        # In lists, because namespaces are shallow copies.
        self.is_away: list[bool] = [False]
        self.reads_left: list[float] = [math.inf]

    def _check(self) -> None:
        if self.is_away[0] or self.reads_left[0] < 1:
            raise StoreError("it is away")

    async def get(self, key: str) -> bytes | None:
        """Return a value."""
        self._check()
        self.reads_left[0] -= 1
        return await super().get(key)

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Store a value."""
        self._check()
        self.ttls.append(ttl or 0)
        return await super().add(key, value, ttl=ttl)

    async def replace(self, key: str, value: bytes, *, ttl: float | None = None, expected: bytes | None = None) -> bool:
        """Replace a value."""
        self._check()
        self.ttls.append(ttl or 0)
        return await super().replace(key, value, ttl=ttl, expected=expected)


class Clock:
    """A wall clock that the test sets; the monotonic one goes on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        """Return the time of the wall clock."""
        return self.now


def set_cookies(answer: Answer) -> list[str]:
    """Return the lines that set cookies."""
    return answer.headers.getall("Set-Cookie", [])


def digests(store: MemoryStore) -> list[str]:
    """Return the keys of the sessions in a store."""
    return [one for one in store._entries.known if ":id:" in one]  # noqa: SLF001  what a dump of it would show
