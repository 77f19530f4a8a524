"""The controller that serves a mounted ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from aiohttp import WSCloseCode, web

from framework._mount import Mount
from framework._serve.mounts.calls import Call
from framework._serve.mounts.lifespan import Lifespan
from framework._serve.mounts.scopes import request_scope, socket_scope
from framework._serve.mounts.sockets import SocketCall
from framework._serve.sockets.handshake import is_handshake
from framework.controller import Controller
from framework.limits import DEFAULT_LIMITS, Limits
from framework.routing import route

__all__ = ("MountedApplication", "attach_mounts", "mounted_controller")

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LAST = 10.0
"""Seconds that calls have to end after their response, when the app stops."""


class MountedApplication:
    """An ASGI application, and what runs of it in this process."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount
        self._state: dict[str, Any] = {}
        self._calls: set[asyncio.Future[None]] = set()
        self._sockets: set[SocketCall] = set()
        self._ending: asyncio.Event | None = None

    async def respond(self, request: web.Request, rest: str) -> web.StreamResponse:
        """Let the application respond to a request."""
        route: Any = request.match_info.route
        limits: Limits = getattr(route, "limits", DEFAULT_LIMITS)
        application = self.mount.application
        if is_handshake(request):
            scope = socket_scope(request, rest, self._state)
            return await SocketCall(request, limits, self._sockets).respond(lambda *both: application(scope, *both))
        call = Call(request, limits, self._ended())
        call.check_length()
        scope = request_scope(request, rest, self._state)
        return await call.respond(lambda *both: application(scope, *both), self._keep)

    def _ended(self) -> asyncio.Event:
        if self._ending is None:
            self._ending = asyncio.Event()
        return self._ending

    def _keep(self, task: "asyncio.Future[None]") -> None:
        self._calls.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Future[None]") -> None:
        self._calls.discard(task)
        if not task.cancelled():
            # The response has reported it, unless it had ended.
            task.exception()

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """Start the application, and stop it at the end."""
        self._state.clear()
        self._ending = None
        lifespan = Lifespan(self.mount.application, self._state)
        if self.mount.with_lifespan:
            await lifespan.start()
        yield
        if self._calls:
            await asyncio.wait(self._calls, timeout=_LAST)
        for one in self._calls:
            one.cancel()
        await lifespan.stop()

    async def shut_down(self, _: web.Application) -> None:
        """End what would not end by itself: web sockets, and what waits for its client to disconnect."""
        self._ended().set()
        await asyncio.gather(*(one.close(WSCloseCode.GOING_AWAY) for one in list(self._sockets)))


def mounted_controller(mount: Mount) -> type[Controller]:
    """Return the controller of a declaration that is valid."""
    mounted = MountedApplication(mount)

    class MountController(Controller):
        path = mount.path
        __public__ = mount.public
        __mounted__ = mounted
        guards = mount.guards
        middlewares = mount.middlewares
        exception_handlers = mount.exception_handlers
        limits = mount.limits

        @route("/{path:path}", methods=_METHODS, in_document=False)
        async def serve(self, request: web.Request, path: str) -> web.StreamResponse:
            return await mounted.respond(request, f"/{path}")

        @route(methods=_METHODS, in_document=False)
        async def serve_root(self, request: web.Request) -> web.StreamResponse:
            return await mounted.respond(request, "")

    return MountController


def attach_mounts(application: web.Application, controllers: Iterable[Any]) -> None:
    """Start and stop the mounted applications among the controllers with an aiohttp application."""
    found = dict.fromkeys(one.__mounted__ for one in controllers if hasattr(one, "__mounted__"))
    for mounted in found:
        application.cleanup_ctx.append(mounted.run)
        application.on_shutdown.append(mounted.shut_down)
