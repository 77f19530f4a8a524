"""Where a stream meets its connection: what it writes, how long nothing is taken, and when the client leaves."""

import asyncio
import sys
from collections.abc import Callable

from aiohttp import ClientConnectionResetError
from aiohttp.web_request import BaseRequest

from framework._responses.wire import unsent

__all__ = ("StreamConnection",)

_END = b"0\r\n\r\n"
# Bytes that are gathered before they are written, and others have their turn: the more, the dearer is a client that
# takes nothing; the fewer, the dearer is one that keeps up.
_LEAST, _MOST = 65_536, 262_144
# Bytes of a part from which on it costs more to copy it than to hand it over by itself.
_LARGE_PART = 4096
# There asyncio forgets to pause who writes several parts at once (CVE-2024-12254).
_FORGETFUL = (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)


class StreamConnection(asyncio.Protocol):
    """Stands between a transport and aiohttp's protocol while a stream is open, and writes for the stream.

    Nobody but the protocol of a transport hears that the client has gone, so this one takes its place and passes
    everything on. What is written waits until whoever makes the items waits himself, or until it is much; then it goes
    out as one chunk.
    """

    # PERF: methods of aiohttp's protocol as attributes, so that what arrives meanwhile costs no call more.
    def __init__(self, request: BaseRequest, on_lost: Callable[[], None]) -> None:
        protocol = request.protocol
        self._protocol = protocol
        self._writer = request.writer
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self.chunked = True
        self.paused = protocol.writing_paused
        """Whether the transport has more to write than it likes."""
        self.written = 0
        """Bytes of the body, the frames of chunks left out."""
        self._head = b""
        self._pending: list[bytes] = []
        self._size = 0
        self._much = _LEAST
        self._scheduled = False
        self._silent_since = self._stalled_since = self._loop.time()
        self._taken = 0
        self._timer: asyncio.TimerHandle | None = None
        self.data_received = protocol.data_received  # type: ignore[method-assign]  # passed on
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]  # as above
        self._transport = protocol.transport
        if self._transport is not None:
            self._transport.set_protocol(self)
        self._joins = _FORGETFUL and type(self._transport).__module__.startswith("asyncio.")

    @property
    def is_open(self) -> bool:
        """Whether the client is still there."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell aiohttp, then the stream."""
        self._transport = None
        self._protocol.connection_lost(exc)
        self._on_lost()

    def pause_writing(self) -> None:
        """Remember it for the stream, and tell aiohttp."""
        self.paused = True
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Remember it for the stream, and tell aiohttp."""
        self.paused = False
        self._protocol.resume_writing()

    def begin(self, head: bytes) -> None:
        """Write the head with what comes first."""
        self._head = head
        self._schedule()

    def write(self, data: bytes) -> bool:
        """Write a part of the body soon; tell whether it is time to let others have their turn."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= self._much:
            self.flush()
            return True
        if not self._scheduled:
            self._schedule()
        return self.paused

    def _schedule(self) -> None:
        self._scheduled = True
        self._loop.call_soon(self._flush_soon)

    def _flush_soon(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self, end: bytes = b"") -> None:
        """Write what has waited."""
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
        # What aiohttp and the pipeline look at to tell whether a response has begun.
        self._writer.output_size += size
        if self._joins or size < _LARGE_PART * len(parts):
            transport.write(b"".join(parts))
        else:
            transport.writelines(parts)

    async def take_turns(self) -> None:
        """Let others have their turn, and wait until the transport takes more."""
        if self.paused:
            self._much = _LEAST
            await self._writer.drain()
        else:
            self._much = min(2 * self._much, _MOST)
            await asyncio.sleep(0)

    def end(self) -> None:
        """Write what ends the body; raises ClientConnectionResetError where the client has gone."""
        if not self.is_open:
            raise ClientConnectionResetError("The client has gone")
        self.flush(_END if self.chunked else b"")

    def watch(self, comment: bytes, keep_alive: float | None, write_timeout: float | None) -> None:
        """From now on, send a comment into silence, and abort when the client takes nothing."""
        due: list[float] = []
        now = self._loop.time()
        if keep_alive is not None:
            if now - self._silent_since >= keep_alive:
                self._silent_since = now
                if not self.paused:
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
            # Not close(), which would wait for the client to take what is left.
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
