"""Parses incoming data into requests, or rejects it, also while a request is handled.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
import sys
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.http import HttpRequestParser
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestPayloadError, _ErrInfo

from framework._serve.connections.closing import ClosingProtocol
from framework._serve.connections.head_watch import HeadWatch, ends_head
from framework._serve.connections.refusals import parse_again, refuse

# ruff: noqa: SLF001  see above

__all__ = ("IDLE", "ReceivingProtocol", "UnsupportedCodingError")

_Handler = Callable[[Any], Awaitable[web.StreamResponse]]
_EAGER = sys.version_info >= (3, 12)
"""Whether tasks can run their first step when they are created, and aiohttp allows it."""


class _Idle:
    """Replaces the future with which a connection without a request waits in aiohttp."""

    __slots__ = ()

    def done(self) -> bool:
        """Report to aiohttp that no request is handled."""
        return False

    def cancel(self) -> bool:
        """Do nothing: no task waits."""
        return False


IDLE: Any = _Idle()
"""The value for a connection that waits for a request."""


class UnsupportedCodingError(web.HTTPUnsupportedMediaType):
    """Raised by reading a body whose coding needs a missing package; the end of the body is set nevertheless."""


class ReceivingProtocol(ClosingProtocol):
    """A connection that parses incoming data, and passes each request to :meth:`_begin`."""

    __slots__ = ("_head_watch", "_last", "_parser_paused")
    _head_watch: HeadWatch
    _last: bytes
    """The last data that completed a request, unless that has a body."""
    _parser_paused: bool

    def __init__(self, manager: Any, **settings: Any) -> None:
        super().__init__(manager, **settings)
        self._last = b""
        self._parser_paused = False
        # The C parser stops at MAX_MSG_QUEUE_SIZE requests, and counts one too many if a request was taken from the
        # queue before its body ended. A queue that is one shorter is full in either case, so the parser continues.
        self._max_msg_queue_size -= 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for requests."""
        manager: Any = self._manager
        self._head_watch = HeadWatch(self, self._loop, manager.head_timeout)
        super().connection_made(transport)
        self._head_watch.start()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the watch for incomplete heads."""
        super().connection_lost(exc)
        self._head_watch.end()

    @abstractmethod
    def _begin(self, message: Any, payload: StreamReader, eager: bool) -> None:
        """Handle a message that was taken from the queue."""

    def is_waiting(self) -> bool:
        """Return whether the connection waits for a request, and handles none."""
        return self._waiter is IDLE

    def is_between_requests(self) -> bool:
        """Return whether nothing of the next request has arrived; ``False`` also if that is unknown."""
        return not self._head_watch.has_begun and (not self._request_count or ends_head(self._last))

    def give_up_waiting(self, error: HttpProcessingError) -> None:
        """Respond with an error instead of waiting for the rest of a request, and close the connection."""
        self._close = True
        self._waiter = None
        self._begin(_error(error), EMPTY_PAYLOAD, _EAGER)

    def pause_reading(self) -> None:
        """Pause the parser and the transport."""
        self._parser_paused = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT002  as in aiohttp
        """Resume reading if it is paused."""
        # PERF: each body calls it when it ends and when it is read; aiohttp parses nothing and checks the transport.
        if self._parser_paused:
            self._parser_paused = not resume_parser or self._stays_paused()
            super().resume_reading(resume_parser)

    def _stays_paused(self) -> bool:
        """Return whether the parser may be paused at the end of a chunk: then it stops at the next data of a body.

        That may be in the next request, so only the body of a request that is not chunked shows that it continues.
        """
        request = self._handled
        return request is None or bool(request._message.chunked) or bool(self._messages)

    def data_received(self, data: bytes) -> None:
        """Parse, and begin the first request unless another is handled."""
        if self._waiter is None:
            reader = self._payload_parser
            if reader is None or self._close or self._force_close:
                self._receive_more(data)
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
            messages, upgraded, tail = self._refuse(data, error), False, b""
        if not messages:
            if data:
                self._head_watch.begin()
            return
        self._waiter = None
        if upgraded:
            self._upgraded = True
            self._message_tail = tail
        if len(messages) == 1:
            self._request_count += 1
            parser.message_consumed()
            message, payload = messages[0]
            self._last = data if payload is EMPTY_PAYLOAD else b""
            self._begin(message, payload, _EAGER)
            return
        self._last = data if messages[-1][1] is EMPTY_PAYLOAD else b""
        self._begin_first(messages)

    def _begin_first(self, messages: Sequence[Any]) -> None:
        """Begin the first of several requests, and queue the others."""
        self._request_count += len(messages)
        self._messages.extend(messages)
        if len(messages) >= self._max_msg_queue_size:
            self._pause_reading_for_buffer()
        self._next(eager=_EAGER)

    def _refuse(self, data: bytes, error: HttpProcessingError) -> list[Any]:
        """Return the requests before the data that the parser has rejected, and the error."""
        self._close = True
        front = self._parse_again(data) if self.is_between_requests() else []
        return [*front, (_error(error), EMPTY_PAYLOAD)]

    def _receive_more(self, data: bytes) -> None:
        """Parse data that arrives while a request is handled; if that is the last request, only its body."""
        if self._payload_parser is not None:
            super().data_received(data)
            return
        closing, known = self._close, len(self._messages)
        if self._force_close or (closing and not self.reads_body()):
            return
        between = self.is_between_requests()
        self._close = False
        super().data_received(data)
        if self._handled is not None:
            self._break_body(self._handled)
        if closing:
            self._close = True
            while len(self._messages) > known:
                self._messages.pop()
        elif len(self._messages) > known:
            message, payload = self._messages[-1]
            self._last = data if payload is EMPTY_PAYLOAD else b""
            if message.__class__ is _ErrInfo:
                self._close = True
                self._messages.extend([*(self._parse_again(data) if between else ()), self._messages.pop()])
        elif data:
            self._last = b""
            if self._handled is None:
                # It is the first data, and start() has not run yet.
                self._head_watch.begin()

    def _parse_again(self, data: bytes) -> list[Any]:
        """Return the requests before the rejected data, if ``data`` begins with a request."""
        manager: Any = self._manager
        parser = HttpRequestParser(
            self,
            self._loop,
            self._read_bufsize,
            max_line_size=self.max_line_size,
            max_field_size=self.max_field_size,
            max_headers=self.max_headers,
            payload_exception=RequestPayloadError,
            auto_decompress=manager._kwargs.get("auto_decompress", True),
        )
        return parse_again(parser, data)

    def _make_error_handler(self, err_info: _ErrInfo) -> _Handler:
        return partial(refuse, err_info.exc, self._parser)

    def _break_body(self, request: web.Request) -> None:
        """Raise an error of the parser in the body that it interrupts; the C parser raises it nowhere else."""
        payload = request._payload
        last: Any = self._messages[-1][0] if self._messages else None
        if last is None:
            error = payload.exception()
        elif last.__class__ is _ErrInfo:
            error = web.RequestPayloadError(last.message)
            if len(self._messages) > 1:
                payload = self._messages[-2][1]
        else:
            return
        if error is not None and not isinstance(error, UnsupportedCodingError) and not payload.is_eof():
            # In the next iteration: a reader woken by the end of a chunk would wait for more without checking it.
            self._loop.call_soon(payload.set_exception, error)

    def _next(self, *, eager: bool) -> None:
        """Begin the next message of the queue."""
        parser: Any = self._parser
        if parser is None:
            return
        message, payload = self._messages.popleft()
        parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        self._begin(message, payload, eager)


def _error(error: HttpProcessingError) -> _ErrInfo:
    return _ErrInfo(status=400, exc=error, message=error.message)
