"""The connection of a stream: writes, slow clients, and the end of the connection."""

import asyncio
import sys
from collections.abc import Callable

from aiohttp import ClientConnectionResetError
from aiohttp.web_request import BaseRequest

from framework._serve.responses.coder import Coder
from framework._serve.responses.wire import unsent

__all__ = ("StreamConnection",)

_END = b"0\r\n\r\n"
# Bytes that are collected before they are written and other tasks run: larger values cost more memory for clients that
# read nothing, smaller values cost more time for fast clients.
_LEAST, _MOST = 65_536, 262_144
# Size in bytes from which on copying a part costs more than passing it on separately.
_LARGE_PART = 4096
# In these versions, asyncio does not pause writing after several parts are written at once (CVE-2024-12254).
_FORGETFUL = (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)

# Bytes of an item that are coded before other tasks run: one to two milliseconds.
_CODED_AT_ONCE = 65_536


class StreamConnection(asyncio.Protocol):
    """Sits between a transport and aiohttp's protocol while a stream is open, and writes for the stream.

    Only the protocol of a transport is notified when the client disconnects, so this class replaces it and passes
    everything on. Written data is collected until the iterator waits for something, or until it is much; then it is
    written as one chunk.
    """

    # PERF: methods of aiohttp's protocol as attributes, so that incoming data costs no additional call.
    def __init__(self, request: BaseRequest, on_lost: Callable[[], None]) -> None:
        protocol = request.protocol
        self._protocol = protocol
        self._writer = request.writer
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self.chunked = True
        self.paused = protocol.writing_paused
        """Whether the transport's buffer is above its limit."""
        self.written = 0
        """Bytes of the body, without the framing of chunks."""
        self._head = b""
        self._pending: list[bytes] = []
        self._size = 0
        self._much = _LEAST
        self._scheduled = False
        self._silent_since = self._stalled_since = self._loop.time()
        self._taken = 0
        self._timer: asyncio.TimerHandle | None = None
        self._coder: Coder | None = None
        self._amid_item = False
        self.data_received = protocol.data_received  # type: ignore[method-assign]  # passed on
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]  # as above
        self._transport = protocol.transport
        if self._transport is not None:
            self._transport.set_protocol(self)
        self._joins = _FORGETFUL and type(self._transport).__module__.startswith("asyncio.")

    @property
    def is_open(self) -> bool:
        """Whether the client is still connected."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify aiohttp, then the stream."""
        self._transport = None
        self._protocol.connection_lost(exc)
        self._on_lost()

    def pause_writing(self) -> None:
        """Record it for the stream, and notify aiohttp."""
        self.paused = True
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Record it for the stream, and notify aiohttp."""
        self.paused = False
        self._protocol.resume_writing()

    def begin(self, head: bytes) -> None:
        """Write the head with the first data."""
        self._head = head
        self._schedule()

    def write(self, data: bytes) -> bool:
        """Write a part of the body soon; return whether other tasks should run now."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= self._much:
            self.flush()
            return True
        if not self._scheduled:
            self._schedule()
        return self.paused

    def code_with(self, coder: Coder) -> None:
        """Write all further data in a coding."""
        write = self.write
        self._coder = coder
        # PERF: a method of the instance, so that streams without a coding need no check.
        self.write = lambda data: write(coder.code(data))  # type: ignore[method-assign]

    async def write_coded(self, data: bytes) -> None:
        """Code and write an item of any size, and let other tasks run in between."""
        self._amid_item = True
        try:
            for start in range(0, len(data), _CODED_AT_ONCE):
                if self.write(data[start : start + _CODED_AT_ONCE]) or len(data) > _CODED_AT_ONCE:
                    await self.take_turns()
        finally:
            self._amid_item = False

    def _schedule(self) -> None:
        self._scheduled = True
        self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self, end: bytes = b"") -> None:
        """Write the collected data."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        parts = [self._head] if self._head else []
        if self._size:
            if self.chunked:
                parts += (b"%x\r\n" % self._size, *self._pending, b"\r\n")
            else:
                parts += self._pending
        if end:
            parts.append(end)
        if not parts:
            return
        size = sum(map(len, parts))
        self.written += self._size
        self._head = b""
        self._pending.clear()
        self._size = 0
        self._silent_since = self._loop.time()
        # The attributes by which aiohttp and the pipeline see that a response has begun.
        self._writer.output_size += size
        if self._joins or size < _LARGE_PART * len(parts):
            transport.write(b"".join(parts))
        else:
            transport.writelines(parts)

    async def take_turns(self) -> None:
        """Let other tasks run, and wait until the transport accepts more."""
        if self.paused:
            self._much = _LEAST
            await self._writer.drain()
        else:
            self._much = min(2 * self._much, _MOST)
            await asyncio.sleep(0)

    def end(self) -> None:
        """Write the end of the body; raises ClientConnectionResetError if the client has disconnected."""
        if not self.is_open:
            raise ClientConnectionResetError("The client has gone")
        if self._coder is not None:
            self._pending.append(last := self._coder.finish())
            self._size += len(last)
        self.flush(_END if self.chunked else b"")

    def watch(self, comment: bytes, keep_alive: float | None, write_timeout: float | None) -> None:
        """From now on, send a comment in silence, and abort if the client reads nothing."""
        due: list[float] = []
        now = self._loop.time()
        if keep_alive is not None:
            if now - self._silent_since >= keep_alive:
                self._silent_since = now
                if not self.paused and not self._amid_item:
                    self.write(comment)
            due.append(self._silent_since + keep_alive)
        if write_timeout is not None:
            if self._has_stalled(now, write_timeout):
                return
            due.append(now + write_timeout / 4)
        if due:
            self._timer = self._loop.call_at(min(due), self.watch, comment, keep_alive, write_timeout)

    def _has_stalled(self, now: float, write_timeout: float) -> bool:
        if self._transport is None:
            return True
        left = unsent(self._transport)
        taken = self._writer.output_size - left
        if not left or taken != self._taken:
            self._taken, self._stalled_since = taken, now
        elif now - self._stalled_since >= write_timeout:
            # Not close(), which would wait for the client to read the rest.
            self._transport.abort()
            return True
        return False

    def release(self) -> None:
        """Give the transport back to aiohttp."""
        if self._timer is not None:
            self._timer.cancel()
        self._pending.clear()
        if self._transport is not None:
            self._transport.set_protocol(self._protocol)
