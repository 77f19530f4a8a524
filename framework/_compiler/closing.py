"""The end of a connection: what has come is answered, the client learns of the end, and can read the last response.

The private names are read only where :mod:`framework._private` knows them.
"""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.helpers import ceil_timeout
from aiohttp.web_protocol import RequestHandler, _ErrInfo

# ruff: noqa: SLF001  see above

__all__ = ("ClosingProtocol", "announce_close", "half_close")


class ClosingProtocol(RequestHandler):
    """A connection that reads no more once it is to be closed, and ends when all that it has read is answered."""

    __slots__ = ("_answering", "_finished")
    _answering: web.Request | None
    _finished: "asyncio.Future[None] | None"
    """Done when nothing is left to answer, while somebody waits for that."""

    def __init__(self, manager: Any, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._answering = self._finished = None

    def close(self) -> None:
        """Take no more requests; the connection ends when those that have come are answered.

        The response to the last of them says so: a client may close at once when it reads that (RFC 9112, section 9.6).
        """
        idle = self._waiter is not None
        super().close()
        self._waiter = None
        if self._messages:
            message, payload = self._messages[-1]
            if message.__class__ is not _ErrInfo:
                self._messages[-1] = (_closing(message), payload)
        elif self._answering is not None:
            announce_close(self._answering)
        elif idle and self.transport is not None:
            self.transport.close()

    def force_close(self) -> None:
        """Take nothing more, and end the connection."""
        super().force_close()
        self._waiter = None
        self.finish()

    def finish(self) -> None:
        """Let who shuts down go on, since nothing is left to answer."""
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109  as aiohttp has it
        """Answer all that has come, cancel what is not answered within ``timeout`` seconds, and end the connection."""
        self.close()
        if self._answering is not None or self._messages:
            self._finished = self._loop.create_future()
            try:
                async with ceil_timeout(timeout):
                    await self._finished
            except TimeoutError:
                await self._cancel_request(timeout)
            finally:
                self._finished = None
        self.force_close()

    async def _cancel_request(self, timeout: float | None) -> None:  # noqa: ASYNC109  as above
        """Give who waits for the body an error, and some time; then cancel the task of the request."""
        self._force_close = True
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
        if self._current_request is not None:
            self._current_request._cancel(asyncio.CancelledError())
        task = self._task_handler
        if task is not None and not task.done():
            await asyncio.wait({task}, timeout=timeout)
            task.cancel()

    def reads_body(self) -> bool:
        """Return whether the body of the last request that has come is not complete."""
        if self._messages:
            return not self._messages[-1][1].is_eof()
        return self._answering is not None and not self._answering._payload.is_eof()


def _closing(message: Any) -> Any:
    return message._replace(should_close=True)


def announce_close(request: Any) -> None:
    """Have the response to a request announce the end of the connection, if it has not begun."""
    request._message = _closing(request._message)


def half_close(transport: asyncio.WriteTransport | None) -> None:
    """Tell the client that nothing more comes, and go on reading; TLS cannot do that (RFC 9112, section 9.6)."""
    if transport is not None and not transport.is_closing() and transport.can_write_eof():
        transport.write_eof()
