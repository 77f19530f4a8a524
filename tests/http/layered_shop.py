"""A controller that traces what happens, for the tests of compiled middlewares."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta

from framework import Controller, Query, Request, get, post
from framework.http_errors import Forbidden
from tests.http.layers import Trace, Traced

__all__ = ("TRACE", "Shop", "guard", "traced")

TRACE: Trace = []


async def guard(request: Request) -> None:
    """Refuse the banned."""
    TRACE.append("guard")
    if "banned" in request.query:
        raise Forbidden("Banned")


class Shop(Controller):
    """Responds, and fails."""

    guards = (guard,)

    @get("/fine")
    async def fine(self, number: Annotated[int, Meta(ge=1), Query()] = 1) -> dict[str, int]:
        """Respond."""
        TRACE.append("handler")
        return {"number": number}

    @get("/lost")
    async def lost(self) -> str:
        """Fail."""
        raise KeyError

    @get("/late", timeout=0.01)
    async def late(self) -> str:
        """Take too long."""
        await asyncio.sleep(10)
        return ""

    @get("/impatient", timeout=10)
    async def impatient(self) -> str:
        """Raise a TimeoutError of its own."""
        raise TimeoutError

    @get("/lines")
    async def lines(self) -> AsyncIterator[int]:
        """Stream."""
        TRACE.append("handler")
        yield 1
        TRACE.append("more")
        yield 2

    @get("/own")
    async def own(self, request: Request) -> web.StreamResponse:
        """Send a response before it is returned."""
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"own")
        await response.write_eof()
        return response

    @post("/things")
    async def make(self, thing: dict[str, int]) -> None:
        """Take a body."""


def traced(name: str, **options: Any) -> Traced:
    """Return a layer that notes its steps."""
    return Traced(name=name, trace=TRACE, **options)
