"""A controller whose requests end in every way, for the tests of observers."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from framework import App, Controller, HTTPError, WebSocket, get, route, websocket
from framework.errors import InvalidOptionError
from tests.startup.expected import told

__all__ = ("Observed", "OutOfStock", "said")


def said(app: App) -> str:
    """Return the only error of an app, without its place: that of a wrong option."""
    ((kind, text),) = told(app)
    assert kind is InvalidOptionError
    return text.partition("): ")[2]


class OutOfStock(HTTPError, status=409, title="Out of stock"):
    """An expected error."""


class Observed(Controller):
    """Ends in every way."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: int) -> str:
        """Return a text."""
        return f"order {order_id}"

    @get("/broken/one")
    async def broken(self) -> None:
        """Raise."""
        raise KeyError("password=hunter2")

    @get("/sold/out")
    async def sold_out(self) -> None:
        """Raise what is expected."""
        raise OutOfStock

    @get("/missing/one")
    async def missing(self) -> None:
        """Raise what aiohttp expects."""
        raise web.HTTPGone

    @get("/items/all")
    async def items(self, *, fails: bool = False) -> AsyncIterator[int]:
        """Send items."""
        yield 1
        await asyncio.sleep(0.05)
        if fails:
            raise KeyError("hunter2")
        yield 2

    @get("/endless/one")
    async def endless(self) -> AsyncIterator[str]:
        """Send items without an end."""
        while True:
            yield "x" * 65_536
            await asyncio.sleep(0)

    @route("/other/one", methods=("PURGE", "REPORT"))
    async def other(self) -> None:
        """Have unusual methods."""

    @websocket("/feed/one")
    async def feed(self, socket: WebSocket[str, str]) -> None:
        """Send each message back."""
        async for message in socket:
            await socket.send(message)
