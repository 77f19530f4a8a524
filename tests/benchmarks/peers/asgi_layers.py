"""The middleware of ``middleware5`` for the ASGI frameworks: pure ASGI, the quickest kind that they have."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ("Layer",)

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Layer:
    """Adds one response header."""

    def __init__(self, app: ASGIApp, number: int) -> None:
        self._app = app
        self._header = (f"x-layer-{number}".encode(), b"on")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the header to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_header(event: Event) -> None:
            if event["type"] == "http.response.start":
                event["headers"] = [*event.get("headers", ()), self._header]
            await send(event)

        await self._app(scope, receive, send_with_header)
