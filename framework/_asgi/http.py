"""Serves one HTTP request of an ASGI server."""

import asyncio
import contextlib
from typing import Any

from framework._asgi.connections import Connections
from framework._asgi.delivery import Delivery, Receive, Send
from framework._asgi.responses import ResponseReader, read_whole
from framework._asgi.scopes import Framing, Head, Scope, http_head, is_one_shot
from framework._asgi.transport import MemoryTransport

__all__ = ("serve_http",)

_WATCH = 0.1
"""Seconds of a request after which it begins to watch whether its client disconnects."""
_ENDED = 1.0
"""Seconds that an ASGI server has to cancel what waits for a message."""


async def serve_http(connections: Connections, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request.

    Raises ConnectionAbortedError if the application breaks off the response, and what the ASGI server raises.
    """
    head = http_head(scope)
    first: bytes | None = None
    more = False
    if head.framing is Framing.ASK:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        first, more = message.get("body", b""), message.get("more_body", False)
    transport = connections.take(scope)
    exchange = _Exchange(transport, scope, connections.loop)
    if head.framing is Framing.NONE and await _serve_at_once(connections, exchange, head, send):
        return
    await _serve_long(connections, exchange, _Body(exchange, receive, head, first, more), send)


async def _serve_at_once(connections: Connections, exchange: "_Exchange", head: Head, send: Send) -> bool:
    """Serve a request without a body; return whether that is done."""
    # PERF: most handlers end in their first step. Nothing has to watch their client: 3 of 17 us.
    transport = exchange.transport
    transport.feed(head.framed())
    try:
        if not exchange.complete:
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        transport.cancel()
        raise
    if not exchange.complete or not connections.is_reusable(transport):
        return False
    connections.keep(transport)
    with contextlib.suppress(OSError):
        # What a server raises if its client has disconnected.
        await exchange.run(send)
    return True


async def _serve_long(connections: Connections, exchange: "_Exchange", body: "_Body", send: Send) -> None:
    """Serve a request that has a body, or whose response is not ready at once."""
    transport = exchange.transport
    try:
        await body.begin()
        await exchange.run(send)
    except OSError:
        # What a server raises if its client has disconnected.
        transport.lose()
    except BaseException:
        transport.cancel()
        raise
    finally:
        await body.stop()
        await connections.release(transport, reusable=exchange.complete and body.complete)
    if not exchange.complete and not body.lost:
        raise ConnectionAbortedError("The response was broken off; the reason is in the log")


class _Exchange(Delivery):
    """Turns a response into messages."""

    __slots__ = ("_reader", "_scope", "on_part")

    def __init__(self, transport: MemoryTransport, scope: Scope, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(transport, loop)
        self._scope = scope
        self._reader: ResponseReader | None = None
        self.on_part: Any = None
        """Called for each part of an incomplete response, and for a 100."""

    def feed(self, data: bytes, /) -> None:
        """Accept a part of the response."""
        reader = self._reader
        if reader is None:
            whole = None if self._scope["method"] == "HEAD" else read_whole(data)
            if whole is not None:
                self.complete = True
                self._queue.append((whole[0], 0))
                self.put(whole[1], len(data))
                return
            self._reader = reader = self._make_reader()
        for message in reader.feed(data):
            self.complete = reader.complete
            self.put(message, len(message.get("body", b"")))
        if not reader.complete and self.on_part is not None:
            self.on_part()

    def _make_reader(self) -> ResponseReader:
        scope = self._scope
        closes = scope.get("http_version", "1.1") in {"1.0", "1.1"} and not is_one_shot(scope)
        return ResponseReader(scope["method"], keeps_close=closes)

    def end(self) -> None:
        """Note the end of the connection, which may be that of the response."""
        for message in () if self._reader is None else self._reader.end():
            self.complete = True
            self.put(message, 0)
        super().end()

    @property
    def asks_for_body(self) -> bool:
        """Whether the application has sent a 100 for an expectation."""
        return self._reader is not None and self._reader.continues


class _Body:
    """Passes the body of a request on, and then waits for the end of the client's connection."""

    def __init__(self, exchange: _Exchange, receive: Receive, head: Head, first: bytes | None, more: bool) -> None:
        self._exchange = exchange
        self._transport = exchange.transport
        self._receive = receive
        self._head = head
        self._first = first
        self._more = more
        self._left = 0
        self._chunked = False
        self._early: list[bytes] | None = []
        """What arrives before the head is passed on."""
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.complete = head.framing is Framing.NONE
        self.lost = False
        """Whether the body has arrived; whether the client has disconnected before the end."""

    async def begin(self) -> None:
        """Pass the head on, with what has arrived of the body; a head without a body was passed on before.

        An application that does not read a body which has arrived need not close the connection.
        """
        head, first = self._head, self._first
        if head.framing is Framing.NONE:
            self._watch_soon()
            return
        self._chunked = head.framing is Framing.CHUNKED or self._more
        if self._chunked:
            data = head.framed(b"transfer-encoding: chunked")
        elif first is not None:
            # The length that a client has sent, even if it is 0, is shown to the application.
            known = first or head.length
            data = head.framed(b"content-length: %d" % len(first)) if known else head.framed()
        elif head.framing is Framing.LENGTH:
            data = head.framed(b"content-length: " + head.length)
            self._left = int(head.length) if head.length.isdigit() else 0
        else:
            data = head.framed()
        self.complete = not self._chunked and not self._left
        if first:
            data += b"%x\r\n%b\r\n" % (len(first), first) if self._chunked else first
        watches = not self.complete and not head.expects
        if watches:
            self._watch()
            await asyncio.sleep(0)
        early, self._early = self._early, None
        self._transport.feed(b"".join((data, *early)) if early else data)
        if self.complete or head.expects:
            self._watch_soon()

    def _watch_soon(self) -> None:
        """Watch the client if the response takes some time."""
        exchange = self._exchange
        if exchange.complete:
            return
        exchange.on_part = self._on_part
        if self.complete:
            self._timer = asyncio.get_running_loop().call_later(_WATCH, self._watch)
        elif exchange.asks_for_body:
            self._watch()

    def _on_part(self) -> None:
        """Watch the client from now on."""
        if self.complete or not self._head.expects or self._exchange.asks_for_body:
            self._watch()

    def _watch(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._pump())

    async def _pump(self) -> None:
        exchange, transport = self._exchange, self._transport
        while not exchange.ended:
            if not self.complete:
                await transport.readable()
                if self._early:
                    await asyncio.sleep(0)
            message = await self._receive()
            if message["type"] == "http.disconnect":
                if not exchange.complete:
                    self.lost = True
                    transport.lose()
                return
            if not self.complete:
                self._pass_on(message.get("body", b""), more=message.get("more_body", False))

    def _pass_on(self, data: bytes, *, more: bool) -> None:
        if self._chunked:
            framed = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            self._feed(framed if more else framed + b"0\r\n\r\n")
            self.complete = not more
            return
        # What is longer than announced would be the beginning of another request.
        part = data[: self._left]
        self._left -= len(part)
        if part:
            self._feed(part)
        self.complete = not self._left
        if self._left and not more:
            self.lost = True
            self._transport.lose()

    def _feed(self, data: bytes) -> None:
        if self._early is None:
            self._transport.feed(data)
        else:
            self._early.append(data)

    async def stop(self) -> None:
        """Stop waiting for the client."""
        self._exchange.on_part = None
        if self._timer is not None:
            self._timer.cancel()
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task}, timeout=_ENDED)
        if task is not None and task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error
