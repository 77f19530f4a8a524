"""Sending what is larger than a buffer to clients that may be slow: whoever takes nothing for too long is cut off."""

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import ClientConnectionResetError
from aiohttp.web_request import BaseRequest

from framework._responses.wire import LEFT_OVER, drain, write_timeout_of

__all__ = ("send_file",)

_T = TypeVar("_T")
# Bytes that one call in a worker thread sends, or reads where there is no sendfile.
_SENT_AT_ONCE = 4_194_304
_READ_AT_ONCE = 262_144
# Seconds after which a wait looks whether the connection is still there.
_GLANCE = 1.0


def _cut(request: BaseRequest, timeout: float) -> ClientConnectionResetError:
    if request.transport is not None:
        request.transport.abort()
    return ClientConnectionResetError(f"The client took nothing for {timeout:g} s")


async def send_file(request: BaseRequest, file: int, part: range) -> None:
    """Send a part of an open file, whose descriptor is closed in any case; the head was written before.

    The kernel copies it to the socket where it can, a piece at a time and off the loop. Raises
    ClientConnectionResetError where the client has gone, takes nothing, or the file has become shorter.
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
            # What is buffered must be out before anything goes past the transport.
            transport.set_write_buffer_limits(0)
            await drain(request)
            transport.set_write_buffer_limits(LEFT_OVER)
            _check_open(request)
            work.adopt(out := os.dup(socket.fileno()))
            await _send_past(request, work, part, out)
    finally:
        work.close()


class _Work:
    """What runs in worker threads with the descriptors of one file and perhaps a socket, closed when none does."""

    def __init__(self, file: int) -> None:
        self.file = file
        self._descriptors = [file]
        self._running: asyncio.Future[Any] | None = None

    def adopt(self, descriptor: int) -> None:
        self._descriptors.append(descriptor)

    async def run(self, function: Callable[..., _T], *arguments: Any) -> _T:
        self._running = asyncio.get_running_loop().run_in_executor(None, function, *arguments)
        # A thread cannot be cancelled: it ends its piece, and only then may a descriptor be closed and used again.
        return await asyncio.shield(self._running)

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
    """Send with sendfile() through a descriptor of the socket of our own, past the transport."""
    position = part.start
    while position < part.stop:
        _check_open(request)
        wanted = min(part.stop - position, _SENT_AT_ONCE)
        try:
            sent = await work.run(os.sendfile, out, work.file, position, wanted)
        except BlockingIOError:
            sent = 0
        except ConnectionError:
            raise _gone() from None
        else:
            if not sent:
                raise _shorter(request)
        position += sent
        request.writer.output_size += sent
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
    """Send by reading and writing, where the kernel cannot do it: through TLS."""
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
    # The length was promised already: all that is left is to cut the connection, so that the client knows.
    if request.transport is not None:
        request.transport.abort()
    return ClientConnectionResetError("The file became shorter while it was sent")
