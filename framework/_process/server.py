"""Serves an application on sockets, and stops it without losing a request."""

import asyncio
import contextlib
import logging
import select
import socket
import ssl
import sys
import time
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from framework._process.times import StopTimes
from framework._serve.background import STOP_BY
from framework._serve.connections.draining import announce_end, finish_requests, tasks_of_requests
from framework.runtime import RUNTIMES

__all__ = ("GracefulServer",)

_LOGGER = logging.getLogger("framework")
_STEP = 0.02
"""Seconds between two looks at the connections of a server that stops."""
_LOOKED = 3
"""Iterations of a loop after which it has looked at its listeners and connections."""
_ACCEPTED = 0.2
"""Seconds of CPU time in which connections that wait are accepted at most: clients may go on connecting."""
_ATTACHED = 5
"""Iterations of asyncio's loop after which a connection that was accepted has its protocol."""


class GracefulServer:
    """Serves an application on sockets that listen, and stops within a given time.

    ``settings`` are those of :class:`aiohttp.web.AppRunner`: ``keepalive_timeout``, ``access_log`` and others.
    """

    def __init__(self, application: web.Application, **settings: Any) -> None:
        self._runner = _Runner(application, handle_signals=False, **settings)
        self._listening: list[asyncio.Server] = []
        self._sockets: Sequence[socket.socket] = ()

    @property
    def requests(self) -> int:
        """The number of requests since the start."""
        server = self._runner.server
        return 0 if server is None else server.requests_count

    @property
    def server(self) -> web.Server:
        """What makes the protocol of each connection, after the start."""
        if self._runner.server is None:
            raise RuntimeError("The application has not started")
        return self._runner.server

    async def start(
        self, sockets: Sequence[socket.socket], *, ssl_context: ssl.SSLContext | None = None, backlog: int = 2048
    ) -> None:
        """Start the application, then accept connections; raises what the application raises.

        A start that fails or is cancelled closes what it has opened, as far as aiohttp does.
        """
        try:
            await self._runner.setup()
            self._sockets = sockets
            for one in sockets:
                self._listening.append(await _listen(self._runner.server, one, ssl_context, backlog))
        except BaseException:
            with contextlib.suppress(Exception):
                await self._runner.cleanup()
            raise

    async def stop(self, times: StopTimes) -> None:
        """Accept no more connections, finish what has begun, and close the services, in ``times``.

        For a moment, clients may still send requests on their connections; each response announces the end of its
        connection. Event streams are ended and web sockets are closed with 1001 at once. Handlers that take too long
        are cancelled. Errors of the application are logged.
        """
        begun = asyncio.get_running_loop().time()
        for runtime in self._runner.app.get(RUNTIMES, ()):
            runtime.begin_stopping()
        await self._stop_listening(begun + times.requests)
        server = self._runner.server
        if server is not None:
            announce_end(server)
            ending = asyncio.create_task(self._runner.shutdown())
            await _wait_for_clients(server, begun + times.announce)
            await finish_requests(server, begun + times.requests)
            await _finish(ending, begun + times.requests)
            await _cancel_requests(server, times)
        await self._clean_up(begun, times)

    async def _stop_listening(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        await self._accept_waiting(end)
        if isinstance(loop, BaseSelectorEventLoop):
            # asyncio makes the protocol of a connection later than it accepts it, and loses the connection if its
            # listener has been closed in between.
            for listening in self._listening:
                for one in listening.sockets:
                    loop.remove_reader(one.fileno())
            for _ in range(_ATTACHED):
                await asyncio.sleep(0)
        for listening in self._listening:
            listening.close()
        self._listening.clear()
        self._sockets = ()

    async def _accept_waiting(self, end: float) -> None:
        """Accept the connections that wait: perhaps no other process listens on their socket."""
        loop = asyncio.get_running_loop()
        await _look()
        # uvloop accepts one connection of each listener in each iteration.
        waiting = select.poll()
        for one in self._sockets:
            waiting.register(one, select.POLLIN)
        # Not the time in which a busy machine lets the process wait.
        used = time.thread_time() + _ACCEPTED
        while waiting.poll(0) and time.thread_time() < used and loop.time() < end:  # noqa: ASYNC110  the loop accepts them
            await asyncio.sleep(0)

    async def _clean_up(self, begun: float, times: StopTimes) -> None:
        STOP_BY.set(begun + times.tasks)
        try:
            async with asyncio.timeout_at(begun + times.services):
                await self._runner.cleanup()
        except TimeoutError:
            _LOGGER.error("Services did not close in time, %.1f s after the stop began", times.services)  # noqa: TRY400  no failure
        except Exception:
            _LOGGER.exception("The application did not stop cleanly")


async def _listen(
    server: Any, listening: socket.socket, ssl_context: ssl.SSLContext | None, backlog: int
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if listening.family != socket.AF_UNIX or isinstance(loop, BaseSelectorEventLoop):
        return await loop.create_server(server, sock=listening, ssl=ssl_context, backlog=backlog)
    # The file of the socket is still used by other processes.
    kept: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
    return await loop.create_unix_server(server, sock=listening, ssl=ssl_context, backlog=backlog, **kept)


class _Runner(web.AppRunner):
    """Shuts the application down once, so that streams and sockets end before requests are waited for."""

    def __init__(self, application: web.Application, **settings: Any) -> None:
        # Requests have been waited for when the server is shut down.
        super().__init__(application, shutdown_timeout=0.0, **settings)
        self._shut_down = False

    async def shutdown(self) -> None:
        """Run the application's ``on_shutdown``, the first time."""
        if not self._shut_down:
            self._shut_down = True
            await super().shutdown()


async def _wait_for_clients(server: web.Server, end: float) -> None:
    """Wait until all clients have disconnected; most do so after the response that announces the end."""
    loop = asyncio.get_running_loop()
    while server.connections and loop.time() < end:  # noqa: ASYNC110  connections have no event for their end
        await asyncio.sleep(_STEP)
    # The loop may have been blocked: requests that have arrived are read before connections are closed.
    await _look()


async def _look() -> None:
    """Let the loop look at its listeners and connections."""
    for _ in range(_LOOKED):
        await asyncio.sleep(0)


async def _finish(ending: "asyncio.Task[None]", end: float) -> None:
    """Wait for the ``on_shutdown`` functions of the application."""
    left = end - asyncio.get_running_loop().time()
    _, late = await asyncio.wait({ending}, timeout=max(left, _STEP))
    if late:
        _LOGGER.error("Functions of on_shutdown did not end in time")
        ending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        try:
            await ending
        except Exception:
            _LOGGER.exception("A function of on_shutdown failed")


async def _cancel_requests(server: web.Server, times: StopTimes) -> None:
    """Cancel the handlers that are still running, and wait for their cleanup."""
    tasks = tasks_of_requests(server)
    if tasks:
        _LOGGER.warning("%d requests are cancelled: they did not end in %.1f s", len(tasks), times.requests)
    await server.shutdown(times.cancel)
    if tasks:
        await asyncio.wait(tasks, timeout=times.cleanup)
