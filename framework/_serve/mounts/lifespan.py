"""Starts and stops a mounted ASGI application with the app."""

import asyncio
import logging
from typing import Any

__all__ = ("Lifespan",)

_LOGGER = logging.getLogger("framework")


class Lifespan:
    """Runs the lifespan of an application in a task of its own.

    An application that raises an exception before it has started has no lifespan.
    """

    def __init__(self, application: Any, state: dict[str, Any]) -> None:
        self._application = application
        self._state = state
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._asked = False

    async def start(self) -> None:
        """Start the application; raises RuntimeError if it reports that it cannot start."""
        self._task = asyncio.create_task(self._run())
        message = await self._next(self._task)
        if message is None:
            if not self._task.cancelled() and self._task.exception() is not None:
                _LOGGER.debug("An ASGI application has no lifespan", exc_info=self._task.exception())
            self._task = None
        elif message["type"] == "lifespan.startup.failed":
            raise RuntimeError(
                f"A mounted ASGI application did not start: {message.get('message') or 'no reason given'}"
            )

    async def stop(self) -> None:
        """Stop the application, and log its failure."""
        if self._task is None:
            return
        self._stop.set()
        message = await self._next(self._task)
        if message is not None and message["type"] == "lifespan.shutdown.failed":
            _LOGGER.error("A mounted ASGI application did not stop: %s", message.get("message") or "no reason given")
        await asyncio.wait({self._task})
        if not self._task.cancelled() and (error := self._task.exception()) is not None:
            _LOGGER.error("A mounted ASGI application failed when it stopped", exc_info=error)

    async def _next(self, task: "asyncio.Task[None]") -> dict[str, Any] | None:
        """Return what the application sends next; ``None`` if it has ended."""
        sent = asyncio.ensure_future(self._sent.get())
        await asyncio.wait({task, sent}, return_when=asyncio.FIRST_COMPLETED)
        if not sent.done():
            sent.cancel()
            return None
        return sent.result()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        await self._application(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self._stop.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._sent.put(message)
