"""The response whose body is made item by item while it is sent, and its life from the handler to the last byte."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct

from framework._responses.response import Response, SafeCookies
from framework._responses.stream_connection import StreamConnection
from framework._responses.stream_events import COMMENT
from framework._responses.stream_registry import OPEN_STREAMS
from framework._responses.wire import break_off, date, has_signals, header_lines
from framework.http_errors import ServiceUnavailable, reason_phrase

__all__ = ("StreamSettings", "StreamedResponse", "abandon", "open_stream", "settle")

_LOGGER = logging.getLogger("framework")
# RFC 9110, section 15: their answers have no body.
_BODILESS = frozenset({204, 205, 304})

Opened = list[Any]
Close = Callable[[Opened, BaseException | None], Awaitable[BaseException | None]]
"""Closes services, the last first, and returns the error to raise, if any."""


class StreamSettings(Struct, frozen=True, kw_only=True):
    """What was decided of a route's stream at start-up."""

    status: int
    headers: tuple[tuple[str, str], ...]
    encode: Callable[[Any], bytes]
    close: Close
    is_events: bool
    keep_alive: float | None
    write_timeout: float | None


class _Reason(Enum):
    """Why a stream ends before its items do."""

    GONE = "the client has gone"
    STOPPED = "the server stops"


class StreamedResponse(SafeCookies):
    """An answer that is sent while its items are made.

    Middlewares get it before the first byte. When it is sent it makes the items, in the task of the request, and holds
    the services of the handler until the last one: then the iterator is closed, and the services, the last first. It is
    never compressed, since what is compressed waits.
    """

    def __init__(self, items: AsyncIterator[Any], opened: Opened, settings: StreamSettings) -> None:
        super().__init__(status=settings.status, reason=reason_phrase(settings.status), headers=settings.headers)
        self.endless = settings.is_events
        self._items = items
        self._opened = opened
        self._settings = settings
        self._first: bytes | None = None
        self._begun = self._interrupted = self._interruptible = False
        self._reason_to_end: _Reason | None = None
        self._connection: StreamConnection | None = None

    def enable_compression(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    # Before the first byte

    async def open(self, request: web.Request) -> None:
        """Watch the client from now on, and make the first item where it decides about the status."""
        self._task = _current_task()
        self._cancelling = self._task.cancelling()
        self._registry = request.app[OPEN_STREAMS]
        self._registry.add(self)
        self._connection = StreamConnection(request, self._lose)
        self._task.add_done_callback(self._left_behind)
        request[_STREAM] = self
        if not self._connection.is_open:
            self._lose()
        elif not self._settings.is_events:
            try:
                await self._make_first()
            except BaseException:
                self._release()
                raise

    async def _make_first(self) -> None:
        """Make the first item, or raise what answers the request."""
        self._interruptible = True
        try:
            self._first = self._settings.encode(await anext(self._items))
        except StopAsyncIteration:
            return
        except BaseException as error:
            self._interruptible = False
            await self._close_items(error)
            stopped = self._interrupted and self._reason_to_end is _Reason.STOPPED
            if stopped and self._task.uncancel() <= self._cancelling:
                raise ServiceUnavailable("The server is stopping") from None
            raise
        finally:
            self._interruptible = False

    async def abandon(self, error: BaseException | None) -> None:
        """Close everything, since nothing of it is sent; raises what fails."""
        if not self._begun:
            self._begun = True
            failure = await self._close(error)
            if failure is not None and failure is not error:
                raise failure

    def _left_behind(self, _: object) -> None:
        """Close what the request's task has left open: a middleware of aiohttp's has put another response there."""
        closing = asyncio.get_running_loop().create_task(abandon(self, None))
        self._registry.closing.add(closing)
        closing.add_done_callback(self._registry.closing.discard)

    # Ends before the last item

    def _lose(self) -> None:
        self._interrupt(_Reason.GONE)

    def stop(self) -> None:
        """End the stream soon: an event stream as if it were over, another one cut off."""
        self._interrupt(_Reason.STOPPED)

    def _interrupt(self, reason: _Reason) -> None:
        if self._reason_to_end is None:
            self._reason_to_end = reason
        if self._interruptible and not self._interrupted:
            self._interrupted = True
            self._task.cancel()

    # While it is sent

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole stream; raises ClientConnectionResetError where it cannot be completed."""
        if self._eof_sent:
            return None
        self._eof_sent = self._status in _BODILESS
        self.settle_headers(request)
        connection = self._connection
        if connection is None or self._eof_sent:
            await self.abandon(None)
            await self._send_head_alone(request)
            return None
        self._begun = True
        error: BaseException | None = None
        try:
            await self._send_head(request, connection)
            connection.watch(COMMENT, self._settings.keep_alive, self._settings.write_timeout)
            if self._reason_to_end is None:
                await self._send_items(connection)
        except BaseException as raised:  # noqa: BLE001  it is raised or logged when everything is closed
            error = raised
        connection.flush()
        error = await self._close(self._meaning(error), connection)
        self._body_length = connection.written
        if isinstance(error, _UnwritableError):
            await self._send_head_alone(request)
        elif error is not None:
            self._fail(request, error)
        self._eof_sent = True
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the end was sent with the rest."""

    async def _send_items(self, connection: StreamConnection) -> None:
        encode, write = self._settings.encode, connection.write
        self._interruptible = True
        try:
            if self._first is not None:
                if self._first:
                    write(self._first)
                self._first = None
            elif not self._settings.is_events:
                return
            async for item in self._items:
                data = encode(item)
                # An empty chunk would be the end.
                if data and write(data):
                    await connection.take_turns()
                if self._reason_to_end is not None:
                    return
        finally:
            self._interruptible = False

    def _meaning(self, error: BaseException | None) -> BaseException | None:
        """Return what services are told of an end: nothing of an orderly one, a cancellation where it was cut off."""
        own = self._interrupted and self._task.uncancel() <= self._cancelling
        if self._reason_to_end is None:
            return error
        if isinstance(error, asyncio.CancelledError) and not own:
            # Somebody else wants the task to end as well.
            return error
        if error is not None and not isinstance(error, asyncio.CancelledError | ConnectionError):
            _LOGGER.error("A stream failed when it was told to end", exc_info=error)
        orderly = self._reason_to_end is _Reason.STOPPED and self._settings.is_events
        return None if orderly else _CutOffError(self._reason_to_end.value)

    async def _close(
        self, error: BaseException | None, connection: StreamConnection | None = None
    ) -> BaseException | None:
        """Close the iterator and the services, then end the body; return what went wrong."""
        error = await self._close_items(error)
        error = await self._settings.close(self._opened, error)
        if error is None and connection is not None:
            try:
                connection.end()
            except ConnectionError as lost:
                error = _CutOffError(str(lost))
        self._release()
        return error

    async def _close_items(self, error: BaseException | None) -> BaseException | None:
        close = getattr(self._items, "aclose", None)
        if close is None:
            return error
        try:
            await close()
        except BaseException as raised:
            if error is None or (not isinstance(raised, Exception) and isinstance(error, Exception)):
                return raised
            _LOGGER.exception("A stream failed to close after %r", error)
        return error

    def _release(self) -> None:
        if self._connection is not None:
            self._connection.release()
            self._connection = None
            self._task.remove_done_callback(self._left_behind)
            self._registry.discard(self)

    def _fail(self, request: BaseRequest, error: BaseException) -> None:
        """Log what broke the stream, unless the client has left, and have aiohttp cut the connection."""
        if self._reason_to_end is not _Reason.GONE:
            # What observers see.
            vars(self)["_ended_by"] = error
        if not isinstance(error, _CutOffError):
            cancelled = isinstance(error, asyncio.CancelledError) and self._task.cancelling() <= self._cancelling
            if not (cancelled or isinstance(error, Exception)):
                raise error
            _LOGGER.error("%s %s failed amid its response", request.method, request.rel_url.raw_path, exc_info=error)
        break_off(request)
        raise ClientConnectionResetError("The response has begun and cannot be completed") from error

    # Heads

    async def _send_head(self, request: BaseRequest, connection: StreamConnection) -> None:
        """Send the head with the first items."""
        chunked = request.version >= HttpVersion11
        headers = self.headers
        for name in (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING):
            headers.popall(name, None)
        if self._keep_alive is None:
            # Without chunks, nothing but the end of the connection ends the body.
            self._keep_alive = request.keep_alive and chunked
        if not self._keep_alive:
            headers[hdrs.CONNECTION] = "close"
        lines = header_lines(headers, self._cookies)
        if lines is None:
            raise _UnwritableError
        connection.chunked = self._chunked = chunked
        if has_signals(request):
            await super().prepare(request)
        else:
            version = request.version
            line = f"HTTP/{version.major}.{version.minor} {self._status} {self._reason}\r\n".encode()
            coding = b"Transfer-Encoding: chunked\r\n" if chunked else b""
            connection.begin(line + lines + coding + (b"\r\n" if hdrs.DATE in headers else date().last_line))

    async def _send_head_alone(self, request: BaseRequest) -> None:
        """Send nothing but a head, or a 500 where it cannot be written: a response without a body knows how."""
        head: Response[None] = Response(status=self._status, headers=self.headers)
        for name, cookie in self.cookies.items():
            head.cookies[name] = cookie
        if self._keep_alive is False:
            head.force_close()
        await head.prepare(request)
        # If somebody listens to on_response_prepare, the head waits for the end of the body.
        await head.write_eof()
        self._keep_alive = head.keep_alive
        self._eof_sent = True


_STREAM = web.RequestKey("framework.stream", StreamedResponse)


class _CutOffError(asyncio.CancelledError):
    """Tells services that the stream ends before its items do: the client has gone, or the server stops."""


class _UnwritableError(Exception):
    """A middleware has set a header that cannot be written."""


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("A stream is opened outside of a task")
    return task


async def abandon(stream: StreamedResponse, error: BaseException | None) -> None:
    """Close a stream that is not sent; what fails is logged."""
    try:
        await stream.abandon(error)
    except Exception:
        _LOGGER.exception("A stream that is not sent failed to close")


async def open_stream(
    request: web.Request, items: AsyncIterator[Any], opened: Opened, settings: StreamSettings
) -> StreamedResponse:
    """Return the response that sends what a handler yields.

    It holds the services that were opened from now on. Raises what the first item raises, but not for event streams.
    """
    stream = StreamedResponse(aiter(items), opened, settings)
    if request.method == hdrs.METH_HEAD:
        await stream.abandon(None)
    else:
        await stream.open(request)
    return stream


async def settle(request: web.Request, response: object, error: BaseException | None) -> None:
    """Close the stream of a request in whose place a middleware has put another response, or has failed."""
    stream = request.get(_STREAM)
    if stream is not None and stream is not response:
        await abandon(stream, error)
