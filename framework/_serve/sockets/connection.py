"""One web socket connection: accepted, read, written and closed as its route requires."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Self

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from framework._serve.aiohttp_names import frame_sender
from framework._serve.sockets.outgoing import Outgoing, SocketClosedError
from framework._serve.sockets.registry import SOCKETS
from framework._serve.sockets.response import UpgradedResponse
from framework._serve.sockets.terms import SocketTerms
from framework._topics import Lagged
from framework.expiry import Expiry
from framework.http_errors import HTTPError, ServiceUnavailable, UnsupportedMediaType, reason_phrase

__all__ = ("Connection",)

_Report = Callable[[web.Request, Exception], None]
"""Logs an unhandled exception."""
_TEXT, _BINARY, _PING, _PONG = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG
_CODES = {400: WSCloseCode.INVALID_TEXT, 415: WSCloseCode.UNSUPPORTED_DATA, 422: WSCloseCode.POLICY_VIOLATION}
_MOST_REASON = 123
"""Bytes of a control frame besides the code (RFC 6455, section 5.5)."""
_FAREWELL = 1.0
"""Seconds in which the client must respond to a close frame."""
_MOST_EARLY = 16
"""Messages that are queued for a handler that does not read."""
_USUAL_HEARTBEAT = 20.0
_UNBOUNDED = 2**62


class Connection:
    """A web socket from the handshake to the close; emitted code and :class:`WebSocket` use it."""

    def __init__(self, request: web.Request, terms: SocketTerms, expiry: Expiry | None = None) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a web socket is served outside of a task")
        self.request = request
        self.response: web.WebSocketResponse[Any] | None = None
        """The upgraded response; ``None`` until the socket is accepted."""
        self.task: asyncio.Task[object] = task
        self._terms = terms
        self._expiry = expiry
        self._expiring: asyncio.Task[None] | None = None
        self._sockets = request.app[SOCKETS]
        self._protocol = request.protocol
        self._outgoing = Outgoing(request, terms.write_timeout)
        self._accepting = asyncio.Lock()
        self._send_frame: Callable[[bytes, WSMsgType], Awaitable[None]] = self._send_first
        self._early: deque[Any] = deque()
        self._watcher: asyncio.Task[None] | None = None
        self._receiving = False
        self._ended = False
        self._left = False
        self._cut = False
        self._refuse_when_closing()
        self._sockets.add(self)

    def _refuse_when_closing(self) -> None:
        if self._sockets.closing:
            raise ServiceUnavailable("The server is shutting down")

    async def accept(self) -> web.WebSocketResponse[Any]:
        """Respond to the handshake with 101, unless that is done; raises SocketClosedError."""
        async with self._accepting:
            if self.response is not None:
                return self.response
            if self._ended:
                raise SocketClosedError("The client has gone")
            self._refuse_when_closing()
            terms = self._terms
            response = UpgradedResponse(
                timeout=_FAREWELL,
                # Pings are handled here, because only here is known whether the client reads the pongs.
                autoping=False,
                heartbeat=terms.heartbeat,
                protocols=terms.subprotocols,
                compress=terms.compress,
                # aiohttp also rejects a message of exactly the limit.
                max_msg_size=terms.limit + 1,
                # Writes are awaited here, with a time limit.
                writer_limit=_UNBOUNDED,
                # PERF: msgspec reads the bytes; decoding them first took 0.1 us for 50 bytes.
                decode_text=False,
            )
            try:
                await response.prepare(self.request)
            except ConnectionError as error:
                if not isinstance(error, ConnectionResetError) and self.request.transport is not None:
                    raise
                self._ended = True
                raise SocketClosedError("The client has gone") from error
            self._outgoing.allow_queue()
            self._send_frame = frame_sender(response)
            self.response = response
            if self._expiry is not None:
                self._expiry.watch(self._expire)
            return response

    def _expire(self) -> None:
        """Close, because the credentials of the handshake have expired."""
        closing = self.shut(WSCloseCode.POLICY_VIOLATION, "The credentials have expired")
        self._expiring = asyncio.get_running_loop().create_task(closing)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        """Return the next valid message."""
        response = self.response
        if response is None:
            response = await self.accept()
        if self._watcher is not None:
            await self._take_over()
        terms = self._terms
        self._receiving = True
        try:
            while not self._ended:
                kind, data, _ = self._early.popleft() if self._early else await response.receive()
                if kind is _TEXT:
                    decode = terms.text
                elif kind is _BINARY:
                    decode = terms.binary
                elif kind is _PING or kind is _PONG:
                    await self._pong(kind, data)
                    continue
                else:
                    self._end(data)
                    break
                if decode is None:
                    await self._refuse(UnsupportedMediaType(_WRONG_KIND[kind]))
                    continue
                try:
                    return decode(data)
                except terms.failures as error:
                    failure = error
                await self._refuse(terms.explain(data, failure), fatal=isinstance(failure, UnicodeDecodeError))
        finally:
            self._receiving = False
        raise StopAsyncIteration

    async def _pong(self, kind: WSMsgType, payload: bytes) -> None:
        """Respond to a ping."""
        if kind is _PING and self._outgoing.may_pong(len(payload)):
            # If the client has disconnected, the next read reports it.
            with suppress(ConnectionError):
                await self._send_frame(payload, _PONG)

    def _end(self, reason: object) -> None:
        """Record that no more data arrives; do not wait for a client that does not respond to pings."""
        self._ended = True
        if isinstance(reason, Exception) and not isinstance(reason, WebSocketError):
            self._outgoing.abort()

    async def _refuse(self, problem: HTTPError, *, fatal: bool = False) -> None:
        # RFC 6455, section 8.1: text that is not UTF-8 always ends the connection.
        if self._terms.invalid == "report" and not fatal:
            await self.report(problem)
        else:
            await self.shut(_CODES[problem.status], _reason(problem))

    async def report(self, problem: HTTPError) -> None:
        """Send a problem as a message."""
        data = self._terms.encode_problem(problem, self.request.rel_url.raw_path)
        await self._write(data, self._terms.problem_opcode)

    async def send(self, message: Any) -> None:
        """Send a message; raises SocketClosedError."""
        terms = self._terms
        # PERF: not through write(): each coroutine in between took 0.15 us.
        data = terms.encode(message)
        opcode = terms.opcode or (_TEXT if isinstance(message, str) else _BINARY)
        try:
            await self._send_frame(data, opcode)
            if self._protocol.writing_paused:
                await self._outgoing.drain()
        except ConnectionResetError as error:
            raise SocketClosedError("The socket is closed") from error

    async def _send_first(self, data: bytes, opcode: WSMsgType) -> None:
        response = await self.accept()
        await response.send_frame(data, opcode)

    async def write(self, data: bytes, message: Any) -> None:
        """Send an encoded message; raises SocketClosedError."""
        await self._write(data, self._terms.opcode or (_TEXT if isinstance(message, str) else _BINARY))

    async def _write(self, data: bytes, opcode: WSMsgType) -> None:
        try:
            await self._send_frame(data, opcode)
            if self._protocol.writing_paused:
                await self._outgoing.drain()
        except ConnectionResetError as error:
            raise SocketClosedError("The socket is closed") from error

    async def shut(self, code: int, reason: str = "") -> None:
        """Close with a code; the client has a second to respond."""
        response = await self.accept()
        self._ended = True
        if response.close_code is None:
            # For observers: the client need not repeat the code.
            vars(response).setdefault("_closed_with", code)
        try:
            async with asyncio.timeout(2 * _FAREWELL):
                await response.close(code=code, message=_cut(reason))
        except TimeoutError:
            self._outgoing.abort()
        if self._outgoing.unsent():
            # It is flushed while the client reads it, but not forever.
            asyncio.get_running_loop().call_later(self._terms.write_timeout or _FAREWELL, self._outgoing.abort)

    async def go_away(self) -> None:
        """Close with 1001 because the application stops; a socket that is not accepted is rejected elsewhere."""
        if self.response is not None:
            await self.shut(WSCloseCode.GOING_AWAY, "Going away")

    def look(self) -> None:
        """Begin to read in place of the handler, so that a close or a ping gets a response."""
        idle = self._watcher is None and not self._receiving and not self._left
        if idle and self.response is not None:
            self._watcher = asyncio.get_running_loop().create_task(self._watch(self.response))

    async def _watch(self, response: web.WebSocketResponse[Any]) -> None:
        while not self._ended and self.request.transport is not None:
            if len(self._early) >= _MOST_EARLY:
                await asyncio.sleep(_FAREWELL)
                continue
            frame = await response.receive()
            if frame[0] is _PING or frame[0] is _PONG:
                await self._pong(frame[0], frame[1])
                continue
            self._early.append(frame)
            if frame[0] is not _TEXT and frame[0] is not _BINARY:
                break
        if self._terms.lingers:
            await asyncio.sleep((self._terms.heartbeat or _USUAL_HEARTBEAT) / 2)
            self.cut()

    async def _take_over(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.wait((watcher,))

    async def _settle(self) -> None:
        """Wait for what reads and closes in place of the handler."""
        await self._take_over()
        if self._expiring is not None:
            await asyncio.wait((self._expiring,))

    def _release(self) -> None:
        self._sockets.discard(self)
        if self._expiry is not None:
            self._expiry.release()

    def cut(self) -> None:
        """Cancel the handler."""
        if not self._left:
            self._cut = True
            self.task.cancel()

    def leave(self) -> None:
        """Record that the handler has ended; the cleanup of its services is not cancelled."""
        self._left = True

    async def finish(self) -> web.StreamResponse:
        """Close after the handler has returned."""
        try:
            await self._settle()
            response = await self.accept()
            await self.shut(WSCloseCode.OK)
        except SocketClosedError:
            return UpgradedResponse()
        finally:
            self._release()
        return response

    async def fail(self, error: BaseException, report: _Report) -> web.StreamResponse:
        """Close after an error; raise it if the socket is not accepted, so that it becomes a response."""
        self._left = True
        try:
            await self._settle()
            if self._cut and isinstance(error, asyncio.CancelledError):
                self.task.uncancel()
                error = ServiceUnavailable("The server is shutting down")
            elif self.response is not None:
                await self._report_and_close(error, report)
        finally:
            self._release()
        if self.response is not None and isinstance(error, Exception):
            return self.response
        if _is_end(error):
            # The client has disconnected, which aiohttp detects itself when it prepares a response.
            return UpgradedResponse()
        raise error

    async def _report_and_close(self, error: BaseException, report: _Report) -> None:
        if not _is_end(error):
            # For observers.
            vars(self.response)["_ended_by"] = error
        if not isinstance(error, Exception):
            await self.shut(WSCloseCode.GOING_AWAY)
        elif _is_end(error):
            await self.shut(WSCloseCode.OK)
        elif (lagged := _lagged(error)) is not None:
            await self.shut(WSCloseCode.TRY_AGAIN_LATER, f"Missed {lagged}")
        elif isinstance(error, HTTPError | web.HTTPException):
            title = error.title if isinstance(error, HTTPError) else reason_phrase(error.status)
            await self.shut(WSCloseCode.POLICY_VIOLATION, title)
        else:
            report(self.request, error)
            # aiohttp's middlewares and tracers see the exception.
            vars(self.response)["_made_from"] = error
            await self.shut(WSCloseCode.INTERNAL_ERROR)


_WRONG_KIND = {
    _TEXT: "Expected a binary message, got text",
    _BINARY: "Expected a text message, got a binary one",
}


def _is_end(error: BaseException) -> bool:
    """Return whether an error, or each error of a group, only means that the connection has ended."""
    if isinstance(error, ExceptionGroup):
        return error.split(SocketClosedError)[1] is None
    return isinstance(error, SocketClosedError)


def _lagged(error: BaseException) -> Lagged | None:
    """Return the loss of events that an error is, or all errors of a group besides ends of the connection are."""
    if isinstance(error, ExceptionGroup):
        lagged, others = error.split((Lagged, SocketClosedError))
        found: list[Lagged | None] = [] if lagged is None or others is not None else [*map(_lagged, lagged.exceptions)]
        return next(filter(None, found), None)
    return error if isinstance(error, Lagged) else None


def _reason(problem: HTTPError) -> str:
    """Return a problem as one line: ``1 error in the message: /price Expected `float`, got `str```."""
    errors = "; ".join(f"{one.pointer} {one.detail}".strip() for one in getattr(problem, "errors", ()))
    return f"{problem.detail}: {errors}" if errors else problem.detail or problem.title


def _cut(reason: str) -> bytes:
    return reason.encode(errors="replace")[:_MOST_REASON].decode(errors="ignore").encode()
