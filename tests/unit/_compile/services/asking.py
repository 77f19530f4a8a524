"""A running app with one handler that asks for services and keeps them."""

import inspect
from typing import Any, Self

from aiohttp.test_utils import TestClient, TestServer

from framework import App, Container, Controller, post

__all__ = ("Asking", "ask")


class Asking:
    """``async with Asking(container, clock=Clock) as app``, then ``(await app.ask())["clock"]``."""

    def __init__(self, container: Container, route: str = "/", /, **wanted: Any) -> None:
        self._kept: list[dict[str, Any]] = []

        async def handle(_: object, **services: Any) -> None:
            self._kept.append(services)

        handler: Any = handle
        keyword = inspect.Parameter.KEYWORD_ONLY
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        handler.__signature__ = inspect.Signature([own, *(inspect.Parameter(name, keyword) for name in wanted)])
        handler.__annotations__ = {**wanted, "return": None}
        controller = type("Asked", (Controller,), {"ask": post(route)(handler)})
        self.app = App([controller], container=container, openapi=None)
        self.client = TestClient(TestServer(self.app.build()))

    async def __aenter__(self) -> Self:
        try:
            await self.client.start_server()
        except BaseException:
            await self.client.session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.client.close()
        finally:
            # Where the server fails to stop, the client leaves its session open.
            await self.client.session.close()

    async def ask(self, path: str = "/", status: int = 204, **request: Any) -> dict[str, Any]:
        """Send a request and return what the handler was given, ``{}`` where it was not called."""
        self._kept.clear()
        if "json" not in request:
            # The client would give the type of a body that it does not send.
            request["skip_auto_headers"] = ["Content-Type"]
        async with self.client.post(path, **request) as response:
            assert response.status == status, await response.text()
        return self._kept[0] if self._kept else {}


async def ask(container: Container, annotation: Any, **request: Any) -> Any:
    """Return the service that one request is given for a type."""
    async with Asking(container, service=annotation) as app:
        return (await app.ask(**request))["service"]
