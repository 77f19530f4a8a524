"""The response whose body is produced item by item while it is sent, from the handler to the last byte."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct

from framework._http.statuses import WITHOUT_CONTENT
from framework._serve.responses.coder import Coder
from framework._serve.responses.cookies import SafeCookies
from framework._serve.responses.response import Response
from framework._serve.responses.wire import break_off, date, has_signals, header_lines
from framework._serve.streams.connection import StreamConnection
from framework._serve.streams.events import COMMENT
from framework._serve.streams.registry import OPEN_STREAMS
from framework._topics import Lagged
from framework.expiry import Expiry
from framework.http_errors import ServiceUnavailable, reason_phrase
from framework.request_ids import UNHANDLED, in_brackets

__all__ = ("StreamSettings", "StreamedResponse", "abandon", "open_stream", "settle")

_LOGGER = logging.getLogger("framework")

Opened = list[Any]
Close = Callable[[Opened, BaseException | None], Awaitable[BaseException | None]]
"""Closes services, the last first, and returns the error to raise, if any."""


class StreamSettings(Struct, frozen=True, kw_only=True):
    """The start-up decisions for a route's stream."""

    status: int
    headers: tuple[tuple[str, str], ...]
    encode: Callable[[Any], bytes]
    close: Close
    is_events: bool
    keep_alive: float | None
    write_timeout: float | None


class _Reason(Enum):
    """The reason why a stream ends before its items do."""

    GONE = "the client has gone"
    STOPPED = "the server stops"
    EXPIRED = "the credentials have expired"


class StreamedResponse(SafeCookies):
    """A response that is sent while its items are produced.

    Middlewares get it before the first byte. When it is sent, it produces the items in the task of the request, and
    keeps the services of the handler open until the last item: then the iterator is closed, and the services, the
    last first. aiohttp never compresses it, because its compression delays items; ``code_with``
    does, without a delay.
    """

    def __init__(
        self, items: AsyncIterator[Any], opened: Opened, settings: StreamSettings, expiry: Expiry | None = None
    ) -> None:
        super().__init__(status=settings.status, reason=reason_phrase(settings.status), headers=settings.headers)
        self.endless = settings.is_events
        self._items = items
        self._opened = opened
        self._settings = settings
        self._expiry = expiry
        self._first: bytes | None = None
        self._begun = self._interrupted = self._interruptible = False
        self._reason_to_end: _Reason | None = None
        self._connection: StreamConnection | None = None
        self._coder: Coder | None = None

    def enable_compression(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def code_with(self, make: Callable[[], Coder], minimum_size: int) -> bool:  # noqa: ARG002  its size is not known
        """Encode the body in a coding, each item as soon as it is produced; return that it will be encoded."""
        self._coder = make()
        return True

    # Before the first byte

    async def open(self, request: web.Request) -> None:
        """Watch the client from now on, and produce the first item if the status depends on it."""
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
        """Produce the first item, or raise the error of the response."""
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
        """Close everything, because the stream is not sent; raises the exceptions of the cleanup."""
        if not self._begun:
            self._begun = True
            failure = await self._close(error)
            if failure is not None and failure is not error:
                raise failure

    def _left_behind(self, _: object) -> None:
        """Close what the request's task has left open, because a middleware of aiohttp has replaced the response."""
        closing = asyncio.get_running_loop().create_task(abandon(self, None))
        self._registry.closing.add(closing)
        closing.add_done_callback(self._registry.closing.discard)

    # Ends before the last item

    def _lose(self) -> None:
        self._interrupt(_Reason.GONE)

    def stop(self) -> None:
        """End the stream soon: an event stream regularly, another stream by closing the connection."""
        self._interrupt(_Reason.STOPPED)

    def _expire(self) -> None:
        self._interrupt(_Reason.EXPIRED)

    def _interrupt(self, reason: _Reason) -> None:
        if self._reason_to_end is None:
            self._reason_to_end = reason
        if self._interruptible and not self._interrupted:
            self._interrupted = True
            self._task.cancel()

    # While it is sent

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole stream; raises ClientConnectionResetError if it cannot be completed."""
        if self._eof_sent:
            return None
        self._eof_sent = self._status in WITHOUT_CONTENT
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
            if self._coder is not None:
                connection.code_with(self._coder)
            connection.watch(COMMENT, self._settings.keep_alive, self._settings.write_timeout)
            if self._expiry is not None:
                self._expiry.watch(self._expire)
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
        """Do nothing: the end was sent with the last item."""

    async def _send_items(self, connection: StreamConnection) -> None:
        encode, write, is_coded = self._settings.encode, connection.write, self._coder is not None
        self._interruptible = True
        try:
            if self._first is not None:
                if is_coded:
                    await connection.write_coded(self._first)
                elif self._first:
                    write(self._first)
                self._first = None
            elif not self._settings.is_events:
                return
            async for item in self._items:
                data = encode(item)
                # An empty chunk would end the body.
                if is_coded:
                    await connection.write_coded(data)
                elif data and write(data):
                    await connection.take_turns()
                if self._reason_to_end is not None:
                    return
        finally:
            self._interruptible = False

    def _meaning(self, error: BaseException | None) -> BaseException | None:
        """Return the error for the services: none for a regular end, a cancellation if the stream was cut off."""
        own = self._interrupted and self._task.uncancel() <= self._cancelling
        if self._reason_to_end is None:
            # The client is behind. It reconnects, with the id of the last event that it has received.
            return None if isinstance(error, Lagged) and self._settings.is_events else error
        if isinstance(error, asyncio.CancelledError) and not own:
            # The task is also cancelled from outside.
            return error
        if error is not None and not isinstance(error, asyncio.CancelledError | ConnectionError):
            _LOGGER.error("A stream failed when it was ended", exc_info=error)
        orderly = self._reason_to_end is not _Reason.GONE and self._settings.is_events
        return None if orderly else _CutOffError(self._reason_to_end.value)

    async def _close(
        self, error: BaseException | None, connection: StreamConnection | None = None
    ) -> BaseException | None:
        """Close the iterator and the services, then end the body; return the error."""
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
        if self._expiry is not None:
            self._expiry.release()
        if self._connection is not None:
            self._connection.release()
            self._connection = None
            self._task.remove_done_callback(self._left_behind)
            self._registry.discard(self)

    def _fail(self, request: BaseRequest, error: BaseException) -> None:
        """Log the error that ended the stream, unless the client has disconnected; let aiohttp close the connection."""
        if self._reason_to_end is not _Reason.GONE:
            # For observers.
            vars(self)["_ended_by"] = error
        if not isinstance(error, _CutOffError):
            cancelled = isinstance(error, asyncio.CancelledError) and self._task.cancelling() <= self._cancelling
            if not (cancelled or isinstance(error, Exception)):
                raise error
            line, path = "%s %s failed after its response had begun%s", request.rel_url.raw_path
            _LOGGER.error(line, request.method, path, in_brackets(request), exc_info=error, extra=UNHANDLED)
        break_off(request)
        raise ClientConnectionResetError("The response has begun and cannot be completed") from error

    # Head

    async def _send_head(self, request: BaseRequest, connection: StreamConnection) -> None:
        """Send the head with the first items."""
        chunked = request.version >= HttpVersion11
        headers = self.headers
        for name in (hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING):
            headers.popall(name, None)
        if self._keep_alive is None:
            # Without chunks, only the end of the connection ends the body.
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
        """Send only a head, or a 500 if it cannot be written, through a response without a body."""
        head: Response[None] = Response(status=self._status, headers=self.headers)
        for name, cookie in self.cookies.items():
            head.cookies[name] = cookie
        if self._keep_alive is False:
            head.force_close()
        await head.prepare(request)
        # If on_response_prepare has handlers, the head waits for the end of the body.
        await head.write_eof()
        self._keep_alive = head.keep_alive
        self._eof_sent = True


_STREAM = web.RequestKey("framework.stream", StreamedResponse)


class _CutOffError(asyncio.CancelledError):
    """Raised in services if the stream ends before its items do, with the reason."""


class _UnwritableError(Exception):
    """A middleware has set a header that cannot be written."""


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("A stream is opened outside of a task")
    return task


async def abandon(stream: StreamedResponse, error: BaseException | None) -> None:
    """Close a stream that is not sent; errors are logged."""
    try:
        await stream.abandon(error)
    except Exception:
        _LOGGER.exception("A stream that is not sent failed to close")


async def open_stream(
    request: web.Request,
    items: AsyncIterator[Any],
    opened: Opened,
    settings: StreamSettings,
    expiry: Expiry | None = None,
) -> StreamedResponse:
    """Return the response that sends the items of a handler.

    It owns the services that are opened from now on, and ends at ``expiry``. Raises the error of the first item, but
    not for event streams.
    """
    stream = StreamedResponse(aiter(items), opened, settings, expiry)
    if request.method == hdrs.METH_HEAD:
        await stream.abandon(None)
    else:
        await stream.open(request)
    return stream


async def settle(request: web.Request, response: object, error: BaseException | None) -> None:
    """Close the stream of a request if a middleware has replaced its response or has failed."""
    stream = request.get(_STREAM)
    if stream is not None and stream is not response:
        await abandon(stream, error)
