"""What waits to be sent to the client of a web socket, and when a client that reads nothing is disconnected."""

import asyncio

from aiohttp import web

__all__ = ("Outgoing", "SocketClosedError")

_MOST_PONGS = 2**20
"""Bytes of pongs that wait for a client that reads nothing; beyond that it is disconnected."""
_EACH_PONG = 64
"""Bytes of overhead of a waiting pong."""


class SocketClosedError(ConnectionResetError):
    """The connection has ended; a handler need not catch it."""

    __module__ = "framework.websockets"


class Outgoing:
    """The bytes between the server and the client; ``write_timeout``: seconds in which the client must read some."""

    def __init__(self, request: web.Request, write_timeout: float | None) -> None:
        self._request = request
        self._protocol = request.protocol
        self._transport = request.transport
        self._write_timeout = write_timeout
        self._pongs = 0
        """Bytes of pongs since the client stopped reading."""

    def allow_queue(self) -> None:
        """Let messages that are sent together be written together."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits()

    async def drain(self) -> None:
        """Wait until the client has read what was written; a client that reads nothing is disconnected."""
        left = self.unsent()
        while True:
            try:
                async with asyncio.timeout(self._write_timeout):
                    await self._request.writer.drain()
            except TimeoutError:
                now = self.unsent()
                if now >= left:
                    self.abort()
                    raise SocketClosedError("The client takes nothing") from None
                left = now
            except ConnectionError as error:
                # Not a ConnectionResetError: aiohttp raises another one if the connection is lost meanwhile.
                raise SocketClosedError("The client has gone") from error
            else:
                break
        if self._request.transport is None:
            raise SocketClosedError("The client has gone")

    def unsent(self) -> int:
        """Return how many bytes were written that the system has not taken yet."""
        if self._transport is None:
            return 0
        try:
            return self._transport.get_write_buffer_size()
        except AttributeError:
            # asyncio's TLS transport no longer has this state after it was closed twice.
            return 0

    def may_pong(self, size: int) -> bool:
        """Return whether a pong is sent; a client that sends pings and does not read the pongs is disconnected."""
        self._pongs = self._pongs + size + _EACH_PONG if self._protocol.writing_paused else 0
        if self._pongs > _MOST_PONGS:
            self.abort()
            return False
        return True

    def abort(self) -> None:
        """Cut the connection; what was not sent is lost."""
        if self._transport is not None:
            self._transport.abort()
