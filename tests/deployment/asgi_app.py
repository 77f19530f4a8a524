"""An application for ASGI servers; a file is told what becomes of its requests and services."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from framework import App, BackgroundTasks, Container, Controller, EventStream, WebSocket, get, post, websocket
from framework.asgi import ASGIApp, scope_of
from framework.limits import Limits
from framework.observers import Observation, Observer
from framework.requests import BodyStream
from framework.responses import FileResponse

__all__ = ("app", "asgi", "tell")

_TOLD = Path(os.environ.get("ASGI_LOG", os.devnull))


def tell(what: str) -> None:
    """Write a line."""
    with _TOLD.open("a") as file:
        file.write(f"{what}\n")


class Engine:
    """A singleton."""


async def open_engine() -> AsyncIterator[Engine]:
    """Tell when the application starts and stops."""
    tell("engine opened")
    yield Engine()
    tell("engine closed")


class Item(Struct):
    """An item."""

    number: Annotated[int, Meta(ge=1)]


class Seen(Observer):
    """Tells each request."""

    def end(self, observation: Observation, state: None) -> None:  # noqa: ARG002  as declared
        """Tell the route, the status, and whether it was cut off."""
        tell(f"{observation.request.method} {observation.route} {observation.status}")


class Items(Controller):
    """Has one handler of each kind."""

    @get("/items/{number}")
    async def show(self, number: int, engine: Engine) -> Item:  # noqa: ARG002  opened by the start
        """Return an item."""
        return Item(number)

    @post("/items")
    async def create(self, item: Item, tasks: BackgroundTasks) -> Item:
        """Return the item, and leave a task."""
        tasks.add(self.remember, item.number)
        return item

    async def remember(self, number: int) -> None:
        """Tell the item after the response."""
        await asyncio.sleep(0.05)
        tell(f"remembered {number}")

    @post("/size", limits=Limits(body=50_000_000))
    async def size(self, body: BodyStream) -> int:
        """Return the size of the body."""
        return sum([len(chunk) async for chunk in body])

    @get("/events")
    async def events(self) -> EventStream[int]:
        """Send numbers without end."""
        try:
            for number in range(1_000_000):
                yield number
                await asyncio.sleep(0.01)
        finally:
            tell("events closed")

    @get("/file")
    async def file(self) -> FileResponse:
        """Send this file."""
        return FileResponse(Path(__file__))

    @get("/place")
    async def place(self, request: web.Request) -> dict[str, str]:
        """Return what the server says about the request."""
        scope = scope_of(request) or {}
        return {"scheme": request.scheme, "remote": request.remote or "", "type": scope["type"], "path": scope["path"]}

    @websocket("/echo")
    async def echo(self, socket: WebSocket[Item, Item]) -> None:
        """Send each item back; 9 ends the socket."""
        try:
            async for item in socket:
                if item.number == 9:
                    await socket.close(3009, "nine")
                else:
                    await socket.send(item)
        finally:
            tell("socket closed")


container = Container()
container.add_singleton(Engine, open_engine)
app = App(controllers=[Items], container=container, openapi=None, observers=[Seen()])
asgi = ASGIApp(app)
