"""Sends more data than fits in a buffer to clients that may be slow: a client that reads nothing is disconnected."""

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

from aiohttp import ClientConnectionResetError
from aiohttp.web_request import BaseRequest

from framework._serve.responses.coder import Coder
from framework._serve.responses.wire import LEFT_OVER, drain, write_timeout_of

__all__ = ("send_coded_file", "send_file")

_T = TypeVar("_T")
# Bytes that one call in a worker thread sends, or reads without sendfile.
_SENT_AT_ONCE = 4_194_304
_READ_AT_ONCE = 262_144
# Seconds after which a wait checks whether the connection is still open, and that a cancelled one waits for its thread.
_GLANCE = 1.0


def _cut(request: BaseRequest, timeout: float) -> ClientConnectionResetError:
    if request.transport is not None:
        request.transport.abort()
    return ClientConnectionResetError(f"The client took nothing for {timeout:g} s")


async def send_file(request: BaseRequest, file: int, part: range) -> None:
    """Send a part of an open file, whose descriptor is always closed; the head was written before.

    The kernel copies it to the socket if possible, in pieces and in threads. Raises ClientConnectionResetError if the
    client has disconnected or reads nothing, or if the file has become shorter.
    """
    work = _Work(file)
    try:
        transport = request.transport
        if transport is None:
            raise _gone()
        socket = transport.get_extra_info("socket")
        if socket is None or transport.get_extra_info("sslcontext") is not None or not hasattr(os, "sendfile"):
            await _send_read(request, work, part)
        else:
            # Buffered data must be sent before anything bypasses the transport.
            transport.set_write_buffer_limits(0)
            await drain(request)
            transport.set_write_buffer_limits(LEFT_OVER)
            _check_open(request)
            work.adopt(out := os.dup(socket.fileno()))
            await _send_past(request, work, part, out)
    finally:
        work.close()


async def send_coded_file(request: BaseRequest, file: int, part: range, coder: Coder) -> None:
    """Send a part of an open file in a coding, as chunks without the last; the file is closed in any case.

    Reading and coding run in worker threads. Raises ClientConnectionResetError as ``send_file`` does.
    """
    work, writer = _Work(file), cast("Any", request.writer)  # its class alone writes without waiting

    def code(position: int) -> tuple[int, bytes]:
        data = os.pread(file, min(part.stop - position, _READ_AT_ONCE), position)
        return len(data), coder.code(data) if data else b""

    try:
        position = part.start
        while position < part.stop:
            size, data = await work.run(code, position)
            if not size:
                raise _shorter(request)
            _check_open(request)
            position += size
            await writer.write(data, drain=False)
            await drain(request)
        await writer.write(coder.finish(), drain=False)
    finally:
        work.close()


class _Work:
    """Closes the descriptors of one file and perhaps a socket when no worker thread uses them."""

    def __init__(self, file: int) -> None:
        self.file = file
        self._descriptors = [file]
        self._running: asyncio.Future[Any] | None = None

    def adopt(self, descriptor: int) -> None:
        self._descriptors.append(descriptor)

    async def run(self, function: Callable[..., _T], *arguments: Any) -> _T:
        self._running = running = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
        # A thread cannot be cancelled: it completes its piece, and only then may a descriptor be closed and reused.
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # What the piece has sent is counted before the response ends. It does not wait for the client.
            await asyncio.wait([running], timeout=_GLANCE)
            if running.done() and not running.cancelled():
                # The client has disconnected; asyncio would report an exception that nothing has read.
                running.exception()
            raise

    def close(self) -> None:
        running = self._running
        if running is None or running.done():
            self._close()
        else:
            running.add_done_callback(self._close_after)

    def _close_after(self, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            done.exception()
        self._close()

    def _close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())


async def _send_past(request: BaseRequest, work: _Work, part: range, out: int) -> None:
    """Send with sendfile() through a separate descriptor of the socket, bypassing the transport."""

    def send(position: int, wanted: int) -> int:
        # Counted in the thread: a client that has read everything may disconnect before this task continues.
        sent = os.sendfile(out, work.file, position, wanted)
        request.writer.output_size += sent
        return sent

    position = part.start
    while position < part.stop:
        _check_open(request)
        wanted = min(part.stop - position, _SENT_AT_ONCE)
        try:
            sent = await work.run(send, position, wanted)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            raise _gone() from None
        else:
            if not sent:
                raise _shorter(request)
        position += sent
        if sent < wanted:
            await _wait_until_writable(request, out)


async def _wait_until_writable(request: BaseRequest, out: int) -> None:
    loop = asyncio.get_running_loop()
    timeout = write_timeout_of(request)
    deadline = None if timeout is None else loop.time() + timeout
    writable = asyncio.Event()
    loop.add_writer(out, writable.set)
    try:
        while not writable.is_set():
            left = _GLANCE if deadline is None else min(_GLANCE, deadline - loop.time())
            if timeout is not None and left <= 0:
                raise _cut(request, timeout)
            try:
                async with asyncio.timeout(left):
                    await writable.wait()
            except TimeoutError:
                _check_open(request)
    finally:
        loop.remove_writer(out)


async def _send_read(request: BaseRequest, work: _Work, part: range) -> None:
    """Send by reading and writing, if the kernel cannot do it: through TLS."""
    position = part.start
    while position < part.stop:
        data = await work.run(os.pread, work.file, min(part.stop - position, _READ_AT_ONCE), position)
        if not data:
            raise _shorter(request)
        _check_open(request)
        position += len(data)
        request.writer.output_size += len(data)
        if request.transport is not None:
            request.transport.write(data)
        await drain(request)


def _check_open(request: BaseRequest) -> None:
    if request.transport is None or request.transport.is_closing():
        raise _gone()


def _gone() -> ClientConnectionResetError:
    return ClientConnectionResetError("Cannot write to closing transport")


def _shorter(request: BaseRequest) -> ClientConnectionResetError:
    # The length was already sent: closing the connection is the only way to report the error to the client.
    if request.transport is not None:
        request.transport.abort()
    return ClientConnectionResetError("The file became shorter while it was sent")
