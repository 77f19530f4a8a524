"""Responses of all kinds, changed by a compiled middleware."""

from collections.abc import AsyncIterator, Callable

from aiohttp import web

from framework import Controller, Response, get
from framework.layers import Layer, Steps
from framework.routing import RouteInfo
from tests.http.raw import Answer, ask
from tests.http.shapes import Serve, app_of

Change = Callable[[web.StreamResponse], object]


class After(Layer):
    """Changes responses."""

    def __init__(self, *changes: Change) -> None:
        self._changes = changes

    def compile(self, route: RouteInfo | None) -> Steps:  # noqa: ARG002  the same everywhere
        """Return the step that changes them."""

        def after(_: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            for change in self._changes:
                change(response)
            return response

        return Steps(after=after)


class Values(Controller):
    """Responds in several ways."""

    @get("/value")
    async def value(self) -> str:
        """Return a value."""
        return "value"

    @get("/nothing")
    async def nothing(self) -> None:
        """Return nothing."""

    @get("/own")
    async def own(self) -> Response[str]:
        """Return a response with such a header, another and a cookie."""
        return Response("own", headers={"X-One": "of the handler", "X-Other": "other"}, cookies={"a": "b"})

    @get("/raw")
    async def raw(self) -> web.Response:
        """Return a response of aiohttp's."""
        return web.Response(text="raw", headers={"x-one": "of the handler"})

    @get("/stream")
    async def stream(self) -> AsyncIterator[int]:
        """Send items."""
        yield 1


async def answer(serve: Serve, target: str, *changes: Change, method: str = "GET") -> Answer:
    """Return the response to a request, after some changes."""
    return await ask(await serve(app_of(Values, middlewares=[After(*changes)])), method, target)
