"""Sends what an application writes to an ASGI server, as fast as that accepts it."""

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from framework._asgi.responses import Message
from framework._asgi.transport import MemoryTransport

__all__ = ("Delivery", "Receive", "Send")

Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]

_HIGH = 65_536
"""Bytes that wait for the ASGI server before the application is asked to pause."""


class Delivery:
    """Receives what is written to a transport, and sends it as messages of ASGI."""

    __slots__ = (
        "_interrupted", "_loop", "_paused", "_queue", "_sending", "_task", "_waiter", "complete", "ended", "transport",
        "unsent",
    )  # fmt: skip

    def __init__(self, transport: MemoryTransport, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self._loop = loop
        self._queue: deque[tuple[Message, int]] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._sending = self._paused = self._interrupted = False
        self._task: asyncio.Task[Any] | None = None
        self.unsent = 0
        """The number of bytes that the ASGI server has not accepted yet."""
        self.complete = False
        """Whether the last message is in the queue or sent."""
        self.ended = False
        """Whether the connection in memory has ended."""
        transport.receiver = self

    @abstractmethod
    def feed(self, data: bytes, /) -> None:
        """Accept what was written."""

    def end(self) -> None:
        """Note that the connection in memory has ended."""
        self.ended = True
        self._wake()
        if self._sending and self._is_cut_off() and self._task is not None:
            # The server waits for a client that does not read.
            self._interrupted = True
            self._task.cancel()

    def _is_cut_off(self) -> bool:
        """Return whether the end of the connection leaves something unfinished."""
        return not self.complete

    def put(self, message: Message, size: int) -> None:
        """Queue a message with so many bytes of content; pause the application if the server does not keep up."""
        self._queue.append((message, size))
        self.unsent += size
        if (self._sending or self.unsent > _HIGH) and not self._paused and not self.complete:
            self._paused = True
            # Not in the middle of a write.
            self._loop.call_soon(self._pause)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _pause(self) -> None:
        if self._paused and not self.ended and not self.transport.connection.writing_paused:
            self.transport.protocol.pause_writing()

    def _resume(self) -> None:
        self._paused = False
        if not self.ended and self.transport.connection.writing_paused:
            self.transport.protocol.resume_writing()

    async def run(self, send: Send) -> None:
        """Send the messages until the last one, or until the connection has ended; raises what ``send`` raises."""
        queue = self._queue
        self._task = task = asyncio.current_task()
        cancelling = 0 if task is None else task.cancelling()
        while True:
            while queue:
                message, size = queue.popleft()
                self._sending = True
                try:
                    await send(message)
                except asyncio.CancelledError:
                    if not self._interrupted or task is None or task.uncancel() > cancelling:
                        raise
                    return
                finally:
                    self._sending = False
                self.unsent -= size
            if self._paused:
                self._resume()
            if self.complete or self.ended:
                return
            self._waiter = self._loop.create_future()
            await self._waiter
