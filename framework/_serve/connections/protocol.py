"""A leaner protocol below the fast path: aiohttp's ``RequestHandler`` without a task that waits for requests.

aiohttp keeps one task for each connection; it waits for a request, starts a task for it and waits for that. Here the
bytes of a request start its task themselves; that task writes the response and starts the keep-alive timer. There is
still one task for each request, with its own context, but one iteration of the loop instead of three.

Only what every request needs is done here. Errors of the parser and of handlers, responses that are not the
framework's own, upgrades, and the beginning and the end of a connection are inherited.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
import contextvars
import sys
from asyncio.base_events import BaseEventLoop
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.helpers import ceil_timeout
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import _PAYLOAD_ACCESS_ERROR, _ErrInfo

from framework._serve.connections.closing import announce_close, half_close
from framework._serve.connections.receiving import IDLE, ReceivingProtocol, UnsupportedCodingError
from framework._serve.connections.refusals import UNPARSED
from framework._serve.connections.upgrades import without_upgrade
from framework._serve.requests.arrival import BROKEN
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.wire import LEFT_OVER, WriteWatch, break_off, drain, write_timeout_of

# ruff: noqa: SLF001  see above

__all__ = ("LeanProtocol",)

_MakeTask = Callable[[Coroutine[Any, Any, None], bool], "asyncio.Task[None]"]
_Handler = Callable[[Any], Awaitable[web.StreamResponse]]
_new: Callable[[Any], Any] = object.__new__
_Task: Any = asyncio.Task  # The arguments in the type stubs depend on the version of Python.


_SILENCE = 1.0
"""Seconds without data after which a connection whose rest of a body is dropped is closed."""


class LeanProtocol(ReceivingProtocol):
    """A connection that starts a task for each request, and has none while it waits for one."""

    __slots__ = ("_context", "_create_task", "_watch", "scheme")
    _context: contextvars.Context
    _create_task: _MakeTask | None
    _watch: WriteWatch | None

    def __init__(self, manager: Any, **settings: Any) -> None:
        super().__init__(manager, **settings)
        # Data may arrive before start() runs.
        self._watch = None
        self.scheme = ""
        """That of the connection, from when it starts."""

    async def start(self) -> None:
        """Wait for requests from now on; called once, when the connection is made."""
        self._context = contextvars.copy_context()
        self._create_task = _custom_tasks(self._loop)
        # Kept, because the socket has no address after the client has disconnected.
        _ = (self.peername, self.sockname)
        self.scheme = "https" if self.ssl_context else "http"
        if self.transport is not None:
            # Any unwritten byte of a response pauses writing.
            self.transport.set_write_buffer_limits(LEFT_OVER)
        if self._messages:
            self._next(eager=False)
        elif self._close:
            self._end()
        else:
            self._waiter = IDLE

    def pause_writing(self) -> None:
        """Watch the client from now on: a client that reads nothing for too long is disconnected."""
        super().pause_writing()
        request = self._handled
        # A web socket watches the client itself.
        if request is None or self._upgraded or self.transport is None:
            return
        seconds = write_timeout_of(request)
        if seconds is not None:
            self._watch = WriteWatch(self.transport, seconds, request.writer)

    def resume_writing(self) -> None:
        """Continue, because the client has read everything."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
        super().resume_writing()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop watching the client, which has disconnected."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
        super().connection_lost(exc)

    def _begin(self, message: Any, payload: StreamReader, eager: bool) -> None:
        """Make a task for a message that was taken from the queue."""
        manager: Any = self._manager
        loop = self._loop
        begun = loop.time() if self._logging_enabled else None
        manager.requests_count += 1
        handler: Any = self._request_handler
        if message.__class__ is _ErrInfo:
            handler = self._make_error_handler(message)
            message = UNPARSED
        elif message.upgrade or message.method == "CONNECT":
            message, payload = without_upgrade(message, payload)
        # PERF: the constructor sets the attributes that are created on demand here.
        request = _new(manager.request_class)
        request._message = message
        request._protocol = self
        request._payload = payload
        request._headers = message.headers
        request._method = message.method
        # PERF: reading the default of its class costs more than setting and reading the request's own attribute.
        request._post = None
        self._handled = request
        handling = self._serve(request, payload, handler, begun)
        if self._create_task is not None:
            task = self._context.copy().run(self._create_task, handling, eager)
        elif eager:
            task = _Task(handling, loop=loop, context=self._context.copy(), eager_start=True)
        else:
            self._task_handler = _Task(handling, loop=loop, context=self._context.copy())
            return
        if not task.done():
            self._task_handler = task

    async def _serve(self, request: Any, payload: StreamReader, handler: _Handler, begun: float | None) -> None:
        """Handle a request and decide about the connection, all in the request's own task."""
        response: Any = None
        reset = False
        self._request_in_progress = True
        self._current_request = request
        try:
            try:
                response = await handler(request)
            except BaseException as error:  # noqa: BLE001  raised again there
                response, reset = await self._take_long(request, begun, partial(_raise, error))
            else:
                if (
                    response.__class__ is EncodedResponse
                    and begun is None
                    and request._post is None
                    and not self._upgraded
                    and (payload is EMPTY_PAYLOAD or payload._eof)
                    and response.write_whole(request)
                ):
                    self._keepalive = True
                else:
                    response, reset = await self._take_long(request, begun, partial(_give, response))
            if self._paused:
                await drain(request)
            if not reset and payload is not EMPTY_PAYLOAD:
                if not payload.is_eof():
                    await self._linger(payload)
                payload.set_exception(_PAYLOAD_ACCESS_ERROR)
        except ConnectionError:
            reset = True
        except BaseException as error:  # noqa: BLE001  raised again there, unless it is an Exception
            self._give_up(request, response, error)
        finally:
            request._task = self._handled = self._current_request = None
            self._request_in_progress = False
        self._go_on(request, response, reset)

    async def _take_long(self, request: web.Request, begun: float | None, handler: _Handler) -> tuple[Any, bool]:
        """Respond as aiohttp does; return the response and whether the client has disconnected."""
        if not request._payload.is_eof():
            # The client's further data is not read, so it must not be parsed as the beginning of a request.
            announce_close(request)
        response, reset = await self._handle_request(request, begun, handler)
        if not reset:
            self._keepalive = bool(response.keep_alive)
        return response, reset

    def _give_up(self, request: web.BaseRequest, response: Any, error: BaseException) -> None:  # noqa: ARG002  as below
        """Close the connection after a request that got no response."""
        if isinstance(error, asyncio.CancelledError):
            self.log_debug("Ignored premature client disconnection")
        elif isinstance(error, Exception):
            self.log_exception("Unhandled exception", exc_info=error)
            break_off(request)
        self.force_close()
        if not isinstance(error, Exception):
            raise error

    # PERF: by position; request and response are for the subclass that observes them.
    def _go_on(self, request: Any, response: Any, reset: bool) -> None:  # noqa: ARG002  as above
        """Wait for the next request, begin it, or close the connection, after a response."""
        if self._force_close:
            self.finish()
            return
        self._task_handler = None
        if reset or not self._keepalive or (self._close and not self._messages):
            if reset:
                self.log_debug("Ignored premature client disconnection")
            self._end()
            return
        loop = self._loop
        close_time = loop.time() + self._keepalive_timeout
        self._next_keepalive_close_time = close_time
        if self._keepalive_handle is None:
            self._keepalive_handle = loop.call_at(close_time, self._process_keepalive)
        if self._head_watch.timer is None:
            self._head_watch.start()
        if self._messages:
            self._next(eager=False)
        else:
            self._waiter = IDLE

    def _end(self) -> None:
        """Close the connection, because all requests have a response."""
        if self.transport is not None:
            self.transport.close()
        self.finish()

    async def _linger(self, payload: StreamReader) -> None:
        """Read and drop the rest of a body that a handler has not read, for some time; then close the connection.

        A client that is still sending would lose the response with the connection (RFC 9112, section 9.6).
        """
        if not self._force_close and self._lingering_time:
            if not self._keepalive:
                half_close(self.transport)
            now = self._loop.time()
            end = now + self._lingering_time
            try:
                while not payload.is_eof() and now < end:
                    async with ceil_timeout(min(end - now, _SILENCE)):
                        unread = isinstance(payload.exception(), UnsupportedCodingError)
                        await (payload.wait_eof() if unread else payload.readany())
                    now = self._loop.time()
            except (asyncio.CancelledError, TimeoutError):
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
            except BROKEN:
                self.log_debug("The body cannot be decoded.")
        if not payload.is_eof() and not self._force_close:
            self.log_debug("Uncompleted request.")
            self.close()

    def task_of_request(self) -> "asyncio.Task[None] | None":
        """Return the task of the current request."""
        task = self._task_handler
        return asyncio.current_task() if task is None or task.done() else task


async def _raise(error: BaseException, _: web.BaseRequest) -> NoReturn:
    try:
        raise error
    finally:
        del error  # Its traceback holds this frame.


async def _give(response: Any, _: web.BaseRequest) -> Any:
    return response


def _custom_tasks(loop: asyncio.AbstractEventLoop) -> _MakeTask | None:
    """Return the function that creates tasks if aiohttp would use the loop's task factory, else ``None``."""
    if loop.get_task_factory() is None:
        return None
    if sys.version_info >= (3, 14):
        if not isinstance(loop, BaseEventLoop):
            return None
        return lambda coroutine, eager: loop.create_task(coroutine, eager_start=eager)
    if sys.version_info >= (3, 12):
        return None
    return lambda coroutine, _: loop.create_task(coroutine)
