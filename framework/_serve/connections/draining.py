"""Ends the connections of a server that stops: each client learns it from a response.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from framework._serve.aiohttp_names import SUPPORTED

# ruff: noqa: SLF001  see above

__all__ = ("announce_end", "finish_requests", "requests_in_progress", "server_of", "tasks_of_requests")

_STEP = 0.02
"""Seconds between two looks at the connections."""

_Handle = Callable[[Any], Awaitable[web.StreamResponse]]


def announce_end(server: web.Server) -> None:
    """Let each response that has not begun announce the end of its connection, also those of requests to come.

    A connection with several requests that have arrived ends after the last of them. It costs nothing before: the
    functions that handle requests are replaced. An aiohttp without the private names closes connections unannounced.
    """
    if not SUPPORTED:
        return
    handle: Any = server.request_handler
    server.request_handler = closing = _closing_after(handle)
    connection: Any
    for connection in server.connections:
        # A protocol may have another function than its server.
        own = connection._request_handler
        connection._request_handler = closing if own is handle else _closing_after(own)
        _announce(connection, connection._current_request)


def _closing_after(handle: _Handle) -> _Handle:
    def handle_last(request: Any) -> Awaitable[web.StreamResponse]:
        _announce(request.protocol, request)
        return handle(request)

    return handle_last


def _announce(connection: Any, request: Any) -> None:
    """Announce the end in the response to a request, unless another request is queued behind it."""
    if request is not None and not connection._messages:
        request._message = request._message._replace(should_close=True)


def _is_busy(connection: Any) -> bool:
    """Return whether a connection has a request without a complete response."""
    return (
        connection._request_in_progress
        or bool(connection._messages)
        # The lean protocol has taken the request, whose task may not run yet.
        or getattr(connection, "_handled", None) is not None
    )


async def finish_requests(server: web.Server, end: float) -> None:
    """Close each connection when its requests have ended; return when all have, or at a time of the loop."""
    loop = asyncio.get_running_loop()
    if not SUPPORTED:
        # Only the connections themselves know of their requests, and wait for them twice.
        await server.shutdown(max(0.0, end - loop.time()) / 2)
        return
    while _close_idle(server) and loop.time() < end:  # noqa: ASYNC110  requests have no event for their end
        await asyncio.sleep(_STEP)


def _close_idle(server: web.Server) -> bool:
    """Close the connections without a request; return whether others are left."""
    busy = False
    for connection in server.connections:
        if _is_busy(connection):
            busy = True
        elif connection.transport is not None:
            connection.force_close()
    return busy


def tasks_of_requests(server: web.Server) -> set["asyncio.Task[Any]"]:
    """Return the tasks of the requests that are handled."""
    if not SUPPORTED:
        return set()
    tasks: list[Any] = [connection._task_handler for connection in server.connections if _is_busy(connection)]
    return {task for task in tasks if task is not None and not task.done()}


def server_of(request: web.BaseRequest) -> web.Server | None:
    """Return the server whose connection a request has arrived on."""
    protocol: Any = request.protocol
    found: web.Server | None = getattr(protocol, "_manager", None) if SUPPORTED else None
    return found


def requests_in_progress(server: web.Server) -> int:
    """Return how many connections of a server have a request without a complete response; in any thread."""
    return sum(map(_is_busy, server.connections)) if SUPPORTED else 0
