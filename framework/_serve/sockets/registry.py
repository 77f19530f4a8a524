"""The open sockets of one application: watched while it runs, closed when it stops."""

import asyncio
from typing import Protocol

from aiohttp import web

__all__ = ("SOCKETS", "OpenSockets")

GRACE = 1.0
"""Seconds in which handlers must end when the application stops."""
_LAST_WORD = 0.4
"""Seconds in which a cancelled handler must close its services."""
_EACH = 1.0
"""Seconds between two checks of all sockets."""


class Watched(Protocol):
    """The part of an open socket that is needed here."""

    task: "asyncio.Task[object]"

    def look(self) -> None:
        """Begin to watch the connection if its handler does not."""

    def cut(self) -> None:
        """Cancel the handler."""

    async def go_away(self) -> None:
        """Close with 1001."""


class OpenSockets:
    """All sockets of one application whose handlers have not ended."""

    def __init__(self) -> None:
        self._open: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.closing = False
        """Whether the application stops, and accepts no more sockets."""

    def __len__(self) -> int:
        return len(self._open)

    def add(self, socket: Watched) -> None:
        """Add a socket."""
        self._open.add(socket)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_EACH, self._look)

    def discard(self, socket: Watched) -> None:
        """Remove a socket whose handler has ended."""
        self._open.discard(socket)

    def _look(self) -> None:
        # One timer for all sockets: a timer for each would be moved by each message.
        for one in self._open:
            one.look()
        self._timer = asyncio.get_running_loop().call_later(_EACH, self._look) if self._open else None

    async def close(self, _application: web.Application) -> None:
        """Close all with 1001; cancel the handlers that do not end."""
        self.closing = True
        if self._timer is not None:
            self._timer.cancel()
        sockets = list(self._open)
        if not sockets:
            return
        farewells = [asyncio.create_task(one.go_away()) for one in sockets]
        handlers = {one.task: one for one in sockets}
        _, late = await asyncio.wait(handlers, timeout=GRACE)
        for task in late:
            handlers[task].cut()
        if late:
            await asyncio.wait(late, timeout=_LAST_WORD)
        for one in farewells:
            one.cancel()
        await asyncio.wait(farewells)


SOCKETS = web.AppKey("framework_sockets", OpenSockets)
