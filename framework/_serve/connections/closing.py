"""Ends a connection: requests that have arrived get a response, and the client can read the last response.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
from typing import Any

from aiohttp import web
from aiohttp.helpers import ceil_timeout
from aiohttp.web_protocol import RequestHandler, _ErrInfo

# ruff: noqa: SLF001  see above

__all__ = ("ClosingProtocol", "announce_close", "half_close")


class ClosingProtocol(RequestHandler):
    """A connection that reads no more requests once it is to be closed, and ends after the last response."""

    __slots__ = ("_finished", "_handled")
    _handled: web.Request | None
    _finished: "asyncio.Future[None] | None"
    """Done when no response is outstanding, while the shutdown waits for that."""

    def __init__(self, manager: Any, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._handled = self._finished = None

    def close(self) -> None:
        """Accept no more requests; the connection ends after the responses to those that have arrived.

        The last response announces it: a client may close at once when it reads that (RFC 9112, section 9.6).
        """
        idle = self._waiter is not None
        super().close()
        self._waiter = None
        if self._messages:
            message, payload = self._messages[-1]
            if message.__class__ is not _ErrInfo:
                self._messages[-1] = (_closing(message), payload)
        elif self._handled is not None:
            announce_close(self._handled)
        elif idle and self.transport is not None:
            self.transport.close()

    def force_close(self) -> None:
        """Stop reading, and end the connection."""
        super().force_close()
        self._waiter = None
        self.finish()

    def finish(self) -> None:
        """Let the shutdown continue, because no response is outstanding."""
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    async def shutdown(self, timeout: float | None = 15.0) -> None:  # noqa: ASYNC109  as in aiohttp
        """Finish the requests that have arrived, cancel the rest after ``timeout`` seconds, and disconnect."""
        self.close()
        if self._handled is not None or self._messages:
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
        """Raise an error in the reader of the body, and give it some time; then cancel the task of the request."""
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
        """Return whether the body of the last request is incomplete."""
        if self._messages:
            return not self._messages[-1][1].is_eof()
        return self._handled is not None and not self._handled._payload.is_eof()


def _closing(message: Any) -> Any:
    return message._replace(should_close=True)


def announce_close(request: Any) -> None:
    """Announce the end of the connection in the response to a request, if it has not begun."""
    request._message = _closing(request._message)


def half_close(transport: asyncio.WriteTransport | None) -> None:
    """Signal the end of writing to the client, and continue reading; impossible with TLS (RFC 9112, section 9.6)."""
    if transport is not None and not transport.is_closing() and transport.can_write_eof():
        transport.write_eof()
