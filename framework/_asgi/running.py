"""An application that runs in one event loop of an ASGI server."""

import asyncio
import logging
from typing import Any

from aiohttp import web

from framework._asgi.connections import Connections
from framework._asgi.delivery import Receive, Send
from framework._process.loading import application_of, describe_failure
from framework._process.server import GracefulServer
from framework._process.times import StopTimes
from framework._serve.background import RUNNERS

__all__ = ("Hosting", "Running")

_LOGGER = logging.getLogger("framework")
_KEEP_ALIVE = 15.0
"""Seconds after which a connection in memory that is not used is closed."""


class Running:
    """An application that has started."""

    def __init__(self, server: GracefulServer, application: web.Application, connections: Connections) -> None:
        self._server = server
        self._application = application
        self.connections = connections
        self.loop = asyncio.get_running_loop()

    @classmethod
    async def start(cls, application: web.Application) -> "Running":
        """Start an application; raises what it raises."""
        # The ASGI server has its own access log.
        server = GracefulServer(application, keepalive_timeout=_KEEP_ALIVE, access_log=None)
        await server.start(())
        return cls(server, application, Connections(server.server))

    async def finish_background(self) -> None:
        """Wait for the background tasks of the requests so far."""
        for runner in self._application.get(RUNNERS, ()):
            await runner.finish()

    async def stop(self, seconds: float) -> None:
        """Finish the requests and close the services in so many seconds."""
        await self._server.stop(StopTimes.within(seconds, announce=0.0))


class Hosting:
    """Starts an application with its host, or with the first request of an event loop."""

    def __init__(self, target: Any, built: web.Application | None) -> None:
        self._target = target
        self._built = built
        """The application for the first start."""
        self.current: Running | None = None
        """What runs, maybe in another event loop."""
        self._starting: asyncio.Task[Running] | None = None
        self.has_lifespan = False
        """Whether the host announces start and end."""

    async def _make(self) -> web.Application:
        built, self._built = self._built, None
        return built if built is not None else await application_of(self._target)

    async def _start(self) -> Running:
        running = await Running.start(await self._make())
        self.current = running
        return running

    async def running(self) -> Running:
        """Return the started application; the first call in an event loop starts it."""
        loop = asyncio.get_running_loop()
        if self.current is not None and self.current.loop is loop:
            return self.current
        starting = self._starting
        if starting is None or starting.get_loop() is not loop:
            self._starting = starting = loop.create_task(self._start())
            starting.add_done_callback(self._started)
        return await asyncio.shield(starting)

    def _started(self, task: "asyncio.Task[Running]") -> None:
        if self._starting is task:
            self._starting = None

    async def serve_lifespan(self, receive: Receive, send: Send, seconds: float) -> None:
        """Start and stop the application when the ASGI server does."""
        await receive()
        try:
            # In this task, as the end: what a service opens may have to be closed in the same task.
            self.current = await Running.start(await self._make())
        except Exception as error:
            _LOGGER.exception("The application did not start")
            await send({"type": "lifespan.startup.failed", "message": describe_failure(error)})
            return
        self.has_lifespan = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.current is not None:
            await self.current.stop(seconds)
        self.current, self.has_lifespan = None, False
        await send({"type": "lifespan.shutdown.complete"})
