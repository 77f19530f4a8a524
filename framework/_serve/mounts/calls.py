"""One request that a mounted ASGI application handles."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDict

from framework._serve.requests.arrival import Arrival, too_large
from framework.http_errors import HTTPError
from framework.limits import Limits

__all__ = ("Call", "headers_from")

_LOGGER = logging.getLogger("framework")
_GLANCE = 0.5
"""Seconds between two looks whether the client is still connected."""
_WITHOUT_BODY = frozenset({204, 304})
_DISCONNECTED = {"type": "http.disconnect"}


def headers_from(message: dict[str, Any]) -> CIMultiDict[str]:
    """Return the headers of a message."""
    return CIMultiDict(
        (bytes(name).decode("latin-1"), bytes(value).decode("utf-8", "replace"))
        for name, value in message.get("headers") or ()
    )


class Call:
    """Runs the application in a task of its own, and passes messages between it and the client."""

    def __init__(self, request: web.Request, limits: Limits, ending: asyncio.Event) -> None:
        self._request = request
        self._limits = limits
        self._ending = ending
        self._arrival: Arrival | None = Arrival(request, limits) if request.can_read_body else None
        self._body_asked = False
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1)
        self._done = asyncio.Event()
        """Set when the response has ended, or cannot be sent any more."""
        self._refusal: HTTPError | None = None
        self._task: asyncio.Future[None]

    def check_length(self) -> None:
        """Raise ContentTooLarge if the client announces too much."""
        length = self._request.content_length
        if length is not None and length > self._limits.body:
            raise too_large(self._limits.body)

    async def respond(self, run: Callable[[Any, Any], Awaitable[None]], keep: Any) -> web.StreamResponse:
        """Start the application, and return its response when that has begun.

        ``keep`` is called with the task. Raises what the application raises before.
        """
        self._task = task = asyncio.ensure_future(run(self._receive, self._send))
        keep(task)
        try:
            start = await self._expect()
            first = await self._expect()
        except BaseException:
            self._done.set()
            task.cancel()
            raise
        return self._response(start, first, task)

    def _response(
        self, start: dict[str, Any], first: dict[str, Any], task: "asyncio.Future[None]"
    ) -> web.StreamResponse:
        status, headers = start["status"], headers_from(start)
        if not first.get("more_body") and self._request.method != hdrs.METH_HEAD and status not in _WITHOUT_BODY:
            self._done.set()
            headers.popall(hdrs.CONTENT_LENGTH, None)
            return web.Response(status=status, headers=headers, body=bytes(first.get("body", b"")))
        return _Streamed(self, first, task, status=status, headers=headers)

    async def _expect(self) -> dict[str, Any]:
        """Return the next message of a response that can still be replaced by an error."""
        message = await self._next()
        if self._refusal is not None:
            raise self._refusal
        if message is None:
            await self._task
            raise RuntimeError("An ASGI application has ended without a response")
        return message

    async def next_part(self) -> dict[str, Any] | None:
        """Return the next part of the body; ``None`` if the application has ended."""
        return await self._next()

    async def _next(self) -> dict[str, Any] | None:
        taken = asyncio.ensure_future(self._messages.get())
        waited: set[asyncio.Future[Any]] = {taken, self._task}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not taken.done():
                taken.cancel()
        return taken.result() if taken.done() and not taken.cancelled() else None

    def end(self) -> None:
        """Note that the response has ended."""
        self._done.set()

    async def _send(self, message: dict[str, Any]) -> None:
        if self._done.is_set():
            if self._request.transport is None:
                raise OSError("The client has disconnected")
            return
        put, done = asyncio.ensure_future(self._messages.put(dict(message))), asyncio.ensure_future(self._done.wait())
        try:
            await asyncio.wait({put, done}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            put.cancel()
            done.cancel()

    async def _receive(self) -> dict[str, Any]:
        if self._arrival is not None:
            try:
                chunk = await self._arrival.next()
            except HTTPError as error:
                self._refusal = error
                self._arrival = None
                return _DISCONNECTED
            if not chunk:
                self._arrival = None
            self._body_asked = True
            return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}
        if not self._body_asked:
            self._body_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while not self._done.is_set() and not self._ending.is_set() and self._request.transport is not None:
            waits = [asyncio.ensure_future(one.wait()) for one in (self._done, self._ending)]
            await asyncio.wait(waits, timeout=_GLANCE, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
        return _DISCONNECTED


class _Streamed(web.StreamResponse):
    """A response whose body the application is still sending."""

    def __init__(self, call: Call, first: dict[str, Any], task: "asyncio.Future[None]", **head: Any) -> None:
        super().__init__(**head)
        self._call = call
        self._part: dict[str, Any] | None = first
        self._running = task

    async def write_eof(self, data: bytes = b"") -> None:
        """Send the body to its end."""
        if self._part is None:
            await super().write_eof(data)
            return
        try:
            await self._send_parts()
        finally:
            self._call.end()
        await super().write_eof()

    async def _send_parts(self) -> None:
        while (part := self._part) is not None:
            body = part.get("body", b"")
            if body:
                await self.write(bytes(body))
            self._part = None
            if part.get("more_body"):
                self._part = await self._call.next_part()
                if self._part is None:
                    await self._fail()

    async def _fail(self) -> None:
        """Break off the response, whose head has been sent."""
        if self._running.cancelled() or (self._running.done() and self._running.exception() is None):
            _LOGGER.error("An ASGI application has ended in the middle of its response")
        await self._running
        raise ConnectionResetError("The ASGI application has ended in the middle of its response")
