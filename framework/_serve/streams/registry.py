"""The open streams of an application, which end when it shuts down."""

import asyncio
import logging
from typing import Protocol

from aiohttp import web

__all__ = ("OPEN_STREAMS", "OpenStreams", "Stoppable")

_LOGGER = logging.getLogger("framework")
GRACE = 1.0
"""Seconds in which finite streams may end by themselves."""
_PATIENCE = 0.4
"""Seconds to wait for a stream after it was requested to end."""


class Stoppable(Protocol):
    """The part of a stream that the shutdown needs."""

    endless: bool

    def stop(self) -> None:
        """End it soon."""


class OpenStreams:
    """The open streams of one application."""

    def __init__(self) -> None:
        self._streams: set[Stoppable] = set()
        self._changed = asyncio.Event()
        self.closing: set[asyncio.Task[None]] = set()
        """The functions that close streams that were never sent."""
        self._stopping = False

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: Stoppable) -> None:
        """Add a stream; a stream that begins during the shutdown ends like the others."""
        self._streams.add(stream)
        if self._stopping:
            asyncio.get_running_loop().call_later(0 if stream.endless else GRACE, stream.stop)

    def discard(self, stream: Stoppable) -> None:
        """Remove a stream that has ended."""
        self._streams.discard(stream)
        self._changed.set()

    async def shut_down(self, _: web.Application) -> None:
        """End all streams: event streams at once, the others after some time; it takes at most 1.4 s."""
        self._stopping = True
        self._stop(endless=True)
        await self._wait(GRACE)
        self._stop(endless=False)
        await self._wait(_PATIENCE)
        if self._streams:
            _LOGGER.warning("%d streams do not end", len(self._streams))

    def _stop(self, *, endless: bool) -> None:
        for stream in list(self._streams):
            if stream.endless or not endless:
                stream.stop()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._streams:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return


OPEN_STREAMS = web.AppKey("framework.open_streams", OpenStreams)
