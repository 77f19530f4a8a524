"""The application that function hosts and ASGI calls reach."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from aiohttp import web
from msgspec import Struct

from framework import (
    App,
    BackgroundTasks,
    Body,
    Container,
    Controller,
    Cookie,
    Header,
    OpenAPI,
    Query,
    Response,
    get,
    post,
)
from framework.asgi import scope_of
from framework.responses import Redirect

__all__ = ("Shop", "shop_app")

PICTURE = bytes(range(256))


class Line(Struct):
    """A line of an order."""

    sku: str
    count: int


class Log:
    """What has happened."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines


class Shop(Controller):
    """Reads and sends what hosts may change on the way."""

    path = "/shop"

    def __init__(self, log: Log) -> None:
        self._log = log

    @get("/lines/{sku}")
    async def line(self, sku: str, tag: tuple[str, ...] = (), sort: Annotated[str, Query()] = "") -> dict[str, Any]:
        """Return what was read of the URL."""
        return {"sku": sku, "tag": tag, "sort": sort}

    @post("/lines", status=201)
    async def create(self, line: Line, tasks: BackgroundTasks) -> Line:
        """Return the line."""
        tasks.add(self.remember, line.sku)
        return line

    async def remember(self, sku: str) -> None:
        """Note the line after the response."""
        await asyncio.sleep(0.01)
        self._log.lines.append(f"remembered {sku}")

    @post("/count")
    async def count(self, data: Annotated[bytes, Body()]) -> int:
        """Return the sum of the bytes."""
        return sum(data)

    @get("/picture")
    async def picture(self) -> bytes:
        """Return bytes that are no text."""
        return PICTURE

    @get("/session")
    async def session(
        self, user: Annotated[str, Cookie()], agent: Annotated[str, Header(name="x-agent")]
    ) -> Response[str]:
        """Set two cookies."""
        return Response(f"{user} {agent}", cookies={"one": "1", "two": "2"})

    @get("/moved")
    async def moved(self) -> Redirect:
        """Redirect."""
        return Redirect("/shop/picture")

    @get("/place")
    async def place(self, request: web.Request) -> dict[str, Any]:
        """Return what the host says of the request."""
        scope = scope_of(request) or {}
        return {
            "url": str(request.url),
            "remote": request.remote,
            "event": "aws.event" in scope,
            "function": scope.get("azure_functions.function_name"),
        }


def shop_app(log: list[str], **options: Any) -> App:
    """Return the app, which notes its start, its end and its tasks."""

    async def open_log() -> AsyncIterator[Log]:
        log.append("opened")
        yield Log(log)
        log.append("closed")

    container = Container()
    container.add_singleton(Log, open_log)
    return App([Shop], container=container, openapi=OpenAPI(title="Shop", version="1"), **options)
