"""The site of the comparison, as controllers."""

from collections.abc import AsyncIterator

from aiohttp import web
from msgspec import Struct

from framework import App, Controller, EventStream, HTTPError, WebSocket, get, post, websocket

__all__ = ("make_site",)


class Conflict(HTTPError, status=409, title="Conflict"):
    """A client error."""


class Busy(HTTPError, status=503, title="Service Unavailable"):
    """A server error."""


class NewItem(Struct):
    """An item to be created."""

    name: str


class Admin(Controller):
    """Handlers below ``/admin``."""

    @get("/users/{name}")
    async def show_user(self, name: str) -> dict[str, str]:
        """Return a user."""
        return {"name": name}

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise LookupError("broken below admin")


class Shop(Controller):
    """Handlers of the site."""

    @get("/hello")
    async def hello(self) -> str:
        """Return text."""
        return "hello"

    @get("/items/{item_id}")
    async def show_item(self, item_id: int) -> dict[str, int]:
        """Return an item; the number is checked by the framework."""
        return {"item_id": item_id}

    @post("/items", status=201)
    async def create_item(self, item: NewItem) -> NewItem:
        """Create an item."""
        return item

    @get("/broken")
    async def broken(self) -> str:
        """Fail."""
        raise ValueError("broken on purpose")

    @get("/conflict", raises=(Conflict,))
    async def conflict(self) -> str:
        """Refuse with a client error."""
        raise Conflict

    @get("/busy", raises=(Busy,))
    async def busy(self) -> str:
        """Refuse with a server error."""
        raise Busy

    @get("/gone")
    async def gone(self) -> str:
        """Refuse with an exception of aiohttp's."""
        raise web.HTTPGone

    @get("/moved")
    async def moved(self) -> str:
        """Redirect with an exception of aiohttp's."""
        raise web.HTTPFound("/hello")

    @get("/lines")
    async def lines(self) -> AsyncIterator[int]:
        """Stream JSON lines."""
        for number in range(3):
            yield number

    @get("/feed")
    async def feed(self) -> EventStream[int]:
        """Stream server-sent events."""
        for number in range(3):
            yield number

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str, str]) -> None:
        """Send messages back."""
        async for message in socket:
            if message == "break":
                raise RuntimeError("broken socket")
            await socket.send(message)


def make_site(prefix: str = "") -> web.Application:
    """Make the site, inside another application where a prefix is given."""
    site = App(controllers=[Shop]).build()
    site.add_subapp("/admin", App(controllers=[Admin], openapi=None).build())
    if not prefix:
        return site
    parent = web.Application()
    parent.add_subapp(prefix, site)
    return parent
