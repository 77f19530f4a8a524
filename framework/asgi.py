"""Applications under ASGI servers: ``uvicorn shop.main:asgi`` with ``asgi = ASGIApp(app)``."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from aiohttp import web

from framework._asgi.connections import SCOPE
from framework._asgi.delivery import Receive, Send
from framework._asgi.http import serve_http
from framework._asgi.running import Hosting
from framework._asgi.scopes import Scope
from framework._asgi.sockets import serve_socket
from framework._mount import Mount
from framework.errors import InvalidOptionError
from framework.option_errors import explained_class

__all__ = ("ASGIApp", "Mount", "scope_of")

_Target: TypeAlias = web.Application | Callable[[], Any]


@explained_class("ASGIApp", "ASGIApp(app)")
class ASGIApp:
    """Serves an App, an aiohttp application, or a function that makes one, as an application of ASGI 3.

    An App is built at once, so its errors are raised here. If the server announces its start and end (lifespan), the
    application starts and stops then; otherwise it starts with the first request, and never stops.

    ``graceful_timeout`` is the time in seconds that the end takes at most: for requests that run, background tasks, and
    services.
    """

    def __init__(self, app: "_Target", *, graceful_timeout: float = 10.0) -> None:
        _check(app, graceful_timeout)
        build: Any = getattr(app, "build", None)
        self._graceful_timeout = graceful_timeout
        built: Any = build() if callable(build) else None
        self._hosting = Hosting(app, built)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what the scope describes."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._hosting.serve_lifespan(receive, send, self._graceful_timeout)
            return
        serve = _SERVE.get(kind)
        if serve is None:
            raise ValueError(f"An ASGI scope of the type {kind!r} is not supported")
        hosting = self._hosting
        running = hosting.current
        if running is None or running.loop is not asyncio.get_running_loop():
            running = await hosting.running()
        await serve(running.connections, scope, receive, send)
        if not hosting.has_lifespan:
            # The host may stop the process after the response.
            await running.finish_background()


_SERVE: Mapping[str, Callable[..., Awaitable[None]]] = {"http": serve_http, "websocket": serve_socket}


def _check(app: object, graceful_timeout: object) -> None:
    if not callable(app) and not isinstance(app, web.Application):
        raise InvalidOptionError(
            "ASGIApp",
            f"{app!r} is not an application",
            hint="give an App, an aiohttp application, or a function that makes one",
        )
    seconds = graceful_timeout if isinstance(graceful_timeout, int | float) else math.nan
    if not 0 < seconds < math.inf:
        raise InvalidOptionError(
            "ASGIApp",
            f"graceful_timeout={graceful_timeout!r} is not a number of seconds",
            hint="give one above 0, as 10.0",
        )


def scope_of(request: web.Request) -> Mapping[str, Any] | None:
    """Return the ASGI scope of a request; ``None`` under another server, and after its client has disconnected."""
    transport = request.transport
    return None if transport is None else transport.get_extra_info(SCOPE)
