"""A leaner protocol below the short way: aiohttp's ``RequestHandler`` without a task that waits for requests.

aiohttp keeps one task for each connection; it waits for a request, starts a task for it and waits for that. Here the
bytes of a request start its task themselves, and that task writes the answer and starts the keep-alive timer. There is
still one task for each request, with a context of its own, but one turn of the loop in the place of three.

Only what every request needs is done here. Errors of the parser and of handlers, responses that are not the
framework's own, upgrades, and the beginning and the end of a connection are inherited.

The private names are read only where :mod:`framework._private` knows them.
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
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import _PAYLOAD_ACCESS_ERROR, ERROR, RequestHandler, _ErrInfo

from framework._responses.encoded import EncodedResponse
from framework._responses.wire import LEFT_OVER, WriteWatch, break_off, drain, write_timeout_of

# ruff: noqa: SLF001  see above

__all__ = ("LeanProtocol", "UnsupportedCodingError")

_MakeTask = Callable[[Coroutine[Any, Any, None], bool], "asyncio.Task[None]"]
_Answer = Callable[[Any], Awaitable[web.StreamResponse]]
_new: Callable[[Any], Any] = object.__new__
_EAGER = sys.version_info >= (3, 12)
"""Tasks can take their first step where they are made, and aiohttp lets them."""

_Task: Any = asyncio.Task  # What the type knows of its arguments depends on the version of Python.


class _Idle:
    """Stands where aiohttp keeps the future that a connection without a request waits for."""

    __slots__ = ()

    def done(self) -> bool:
        """Tell aiohttp that no request is being answered."""
        return False

    def cancel(self) -> bool:
        """Do nothing: nobody waits."""
        return False


_IDLE: Any = _Idle()


class UnsupportedCodingError(web.HTTPUnsupportedMediaType):
    """What reading a body raises whose coding needs a package that is missing; its end comes nevertheless."""


class LeanProtocol(RequestHandler):
    """A connection that starts a task for each request, and has none while it waits for one."""

    __slots__ = ("_answering", "_context", "_create_task", "_watch")
    _answering: web.Request | None
    _context: contextvars.Context
    _create_task: _MakeTask | None
    _watch: WriteWatch | None

    async def start(self) -> None:
        """Wait for requests from now on; called once, when the connection is made."""
        self._answering = self._watch = None
        self._context = contextvars.copy_context()
        self._create_task = _custom_tasks(self._loop)
        # They are remembered; when the client has gone, nobody can be asked.
        _ = (self.peername, self.sockname, self.ssl_context)
        if self.transport is not None:
            # Writing is paused by whatever is left over of an answer, however little it is.
            self.transport.set_write_buffer_limits(LEFT_OVER)
        if self._messages:
            self._next(eager=False)
        else:
            self._waiter = _IDLE

    def close(self) -> None:
        """Take no more requests; the connection ends when those are answered that have come."""
        super().close()
        self._waiter = None

    def force_close(self) -> None:
        """Take nothing more, and end the connection."""
        super().force_close()
        self._waiter = None

    def pause_writing(self) -> None:
        """Watch the client from now on: one that takes nothing for too long is cut off, whoever writes."""
        super().pause_writing()
        request = self._answering
        # A web socket watches for itself.
        if request is None or self._upgraded or self.transport is None:
            return
        seconds = write_timeout_of(request)
        if seconds is not None:
            self._watch = WriteWatch(self.transport, seconds, request.writer)

    def resume_writing(self) -> None:
        """Go on, since the client has taken everything."""
        if self._watch is not None:
            self._watch.end()
            self._watch = None
        super().resume_writing()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT002  as aiohttp has it
        """Go on reading where that was paused."""
        # PERF: each body asks for it when it ends and when it is taken; aiohttp parses nothing and asks the transport.
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def data_received(self, data: bytes) -> None:
        """Parse, and begin with the first request unless one is being answered."""
        if self._waiter is None:
            reader = self._payload_parser
            if reader is None or self._close or self._force_close:
                super().data_received(data)
                return
            # PERF: as aiohttp does for a web socket; a call of its method was measured with 2 % of a message.
            if self._data_received_cb is not None:
                self._data_received_cb()
            ended, _ = reader.feed_data(data)
            if ended:
                self.close()
            return
        parser: Any = self._parser
        try:
            messages, upgraded, tail = parser.feed_data(data)
        except HttpProcessingError as error:
            messages = [(_ErrInfo(status=400, exc=error, message=error.message), EMPTY_PAYLOAD)]
            upgraded, tail = False, b""
        if not messages:
            return
        self._waiter = None
        if upgraded:
            self._upgraded = True
            self._message_tail = tail
        if len(messages) == 1:
            self._request_count += 1
            parser.message_consumed()
            message, payload = messages[0]
            self._begin(message, payload, _EAGER)
            return
        self._request_count += len(messages)
        self._messages.extend(messages)
        if len(messages) >= self._max_msg_queue_size:
            self._pause_reading_for_buffer()
        self._next(eager=_EAGER)

    def _next(self, *, eager: bool) -> None:
        """Begin with the next message of the queue."""
        parser: Any = self._parser
        if parser is None:
            return
        message, payload = self._messages.popleft()
        parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        self._begin(message, payload, eager)

    def _begin(self, message: Any, payload: StreamReader, eager: bool) -> None:
        """Make a task for a message that was taken from the queue."""
        manager: Any = self._manager
        loop = self._loop
        begun = loop.time() if self._logging_enabled else None
        manager.requests_count += 1
        handler: Any = self._request_handler
        if message.__class__ is _ErrInfo:
            handler = self._make_error_handler(message)
            message = ERROR
        # PERF: the constructor sets what is made on demand here.
        request = _new(manager.request_class)
        request._message = message
        request._protocol = self
        request._payload = payload
        request._headers = message.headers
        request._method = message.method
        answer = self._answer(request, payload, handler, begun)
        if self._create_task is not None:
            task = self._context.copy().run(self._create_task, answer, eager)
        elif eager:
            task = _Task(answer, loop=loop, context=self._context.copy(), eager_start=True)
        else:
            self._task_handler = _Task(answer, loop=loop, context=self._context.copy())
            return
        if not task.done():
            self._task_handler = task

    async def _answer(self, request: Any, payload: StreamReader, handler: _Answer, begun: float | None) -> None:
        """Answer a request and decide about the connection, all in the request's own task."""
        reset = False
        self._request_in_progress = True
        self._current_request = self._answering = request
        try:
            try:
                response: Any = await handler(request)
            except BaseException as error:  # noqa: BLE001  raised again there
                reset = await self._take_long(request, begun, partial(_raise, error))
            else:
                if (
                    response.__class__ is EncodedResponse
                    and begun is None
                    and request._post is None
                    and not self._upgraded
                    and response.write_whole(request)
                ):
                    self._keepalive = True
                else:
                    reset = await self._take_long(request, begun, partial(_give, response))
            if self._paused:
                await drain(request)
            if not reset and payload is not EMPTY_PAYLOAD:
                if not payload.is_eof():
                    await self._linger(payload)
                payload.set_exception(_PAYLOAD_ACCESS_ERROR)
        except ConnectionError:
            reset = True
        except BaseException as error:  # noqa: BLE001  raised again there, unless it is an Exception
            self._give_up(request, error)
        finally:
            request._task = self._answering = self._current_request = None
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._let_go()
        self._go_on(reset=reset)

    async def _take_long(self, request: web.Request, begun: float | None, handler: _Answer) -> bool:
        """Answer as aiohttp does; tell whether the client has gone."""
        response, reset = await self._handle_request(request, begun, handler)
        if not reset:
            self._keepalive = bool(response.keep_alive)
        return reset

    def _let_go(self) -> None:
        """Tell whoever shuts the server down that nothing is in progress."""
        waiter: Any = self._handler_waiter
        self._handler_waiter = None
        if not waiter.done():
            waiter.set_result(None)

    def _give_up(self, request: web.BaseRequest, error: BaseException) -> None:
        """Close the connection after what could not be answered."""
        if isinstance(error, asyncio.CancelledError):
            self.log_debug("Ignored premature client disconnection")
        elif isinstance(error, Exception):
            self.log_exception("Unhandled exception", exc_info=error)
            break_off(request)
        self.force_close()
        if not isinstance(error, Exception):
            raise error

    def _go_on(self, *, reset: bool) -> None:
        """Wait for the next request, begin with it, or close the connection."""
        if self._force_close:
            return
        self._task_handler = None
        if reset or self._close or not self._keepalive:
            if reset:
                self.log_debug("Ignored premature client disconnection")
            if self.transport is not None:
                self.transport.close()
            return
        loop = self._loop
        close_time = loop.time() + self._keepalive_timeout
        self._next_keepalive_close_time = close_time
        if self._keepalive_handle is None:
            self._keepalive_handle = loop.call_at(close_time, self._process_keepalive)
        if self._messages:
            self._next(eager=False)
        else:
            self._waiter = _IDLE

    async def _linger(self, payload: StreamReader) -> None:
        """Read on and forget what a handler has not read, for some time; then close the connection."""
        if not self._force_close and self._lingering_time:
            now = self._loop.time()
            end = now + self._lingering_time
            try:
                while not payload.is_eof() and now < end:
                    async with ceil_timeout(end - now):
                        unread = isinstance(payload.exception(), UnsupportedCodingError)
                        await (payload.wait_eof() if unread else payload.readany())
                    now = self._loop.time()
            except (asyncio.CancelledError, TimeoutError):
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
        if not payload.is_eof() and not self._force_close:
            self.log_debug("Uncompleted request.")
            self.close()

    def task_of_request(self) -> "asyncio.Task[None] | None":
        """Return the task of the request that is being answered."""
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
    """Return what makes tasks where aiohttp would ask the loop's task factory, else ``None``."""
    if loop.get_task_factory() is None:
        return None
    if sys.version_info >= (3, 14):
        if not isinstance(loop, BaseEventLoop):
            return None
        return lambda coroutine, eager: loop.create_task(coroutine, eager_start=eager)
    if sys.version_info >= (3, 12):
        return None
    return lambda coroutine, _: loop.create_task(coroutine)
