"""Middlewares that the ASGI frameworks lack: pure ASGI, the quickest kind that they have."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

from tests.benchmarks.production import SECURITY_HEADERS, access_logger

__all__ = ("AccessLog", "FixedHeaders", "Layer", "RequestID")

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


class AccessLog:
    """Makes a log record of each request when it has ended."""

    def __init__(self, app: ASGIApp, request_id: Callable[[], str | None]) -> None:
        self._app = app
        self._logger = access_logger("bench.access")
        self._request_id = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), 500, 0

        async def note(event: Event) -> None:
            nonlocal status, size
            if event["type"] == "http.response.start":
                status = event["status"]
            else:
                size += len(event.get("body", b""))
            await send(event)

        try:
            await self._app(scope, receive, note)
        finally:
            self._logger.info(
                '%s "%s %s" %d %d %.6f %s',
                scope["client"][0],
                scope["method"],
                scope["path"],
                status,
                size,
                time.perf_counter() - begun,
                self._request_id(),
            )


class FixedHeaders:
    """Adds the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        await self._app(scope, receive, _adding(send, self._headers))


class RequestID:
    """Gives each request an id, in a header of its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the id that the client sent, or make one."""
        sent = next((value for name, value in scope.get("headers", ()) if name == b"x-request-id"), None)
        known = uuid4().hex.encode() if sent is None else sent
        await self._app(scope, receive, _adding(send, [(b"x-request-id", known)]))


def _adding(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def send_with_headers(event: Event) -> None:
        if event["type"] == "http.response.start":
            event["headers"] = [*event.get("headers", ()), *headers]
        await send(event)

    return send_with_headers
