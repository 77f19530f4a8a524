"""The connection in memory between an ASGI server and the protocol of aiohttp."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, Protocol

__all__ = ("MemoryTransport", "Receiver")


class Receiver(Protocol):
    """What the application writes goes here."""

    unsent: int
    """The number of bytes that the ASGI server has not accepted yet."""

    def feed(self, data: bytes, /) -> None:
        """Accept what was written."""

    def end(self) -> None:
        """Note that the application has closed the connection."""


class MemoryTransport(asyncio.Transport):
    """Connects a protocol to the requests of one client of an ASGI server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, extra: dict[str, Any], on_lost: Callable[[Any], None]) -> None:
        super().__init__(extra)
        self._extra = extra
        self._loop = loop
        self._on_lost = on_lost
        self._closing = self._lost = False
        self._readable: asyncio.Future[None] | None = None
        self.protocol: Any = None
        """What is notified: the connection, or a stream that has put itself before it."""
        self.connection: Any = None
        """The protocol of aiohttp."""
        self.task: asyncio.Task[Any] | None = None
        """What still ran when the connection ended."""
        self.receiver: Receiver | None = None
        self.key: tuple[Any, ...] = ()
        """Whose requests it may carry."""

    def describe(self, name: str, value: object) -> None:
        """Set what :meth:`get_extra_info` returns."""
        self._extra[name] = value

    def connect(self, protocol: asyncio.BaseProtocol) -> None:
        """Begin the connection."""
        self.protocol = self.connection = protocol
        protocol.connection_made(self)

    def feed(self, data: bytes) -> None:
        """Pass data of the client on."""
        if not self._closing:
            self.protocol.data_received(data)

    def lose(self) -> None:
        """End the connection, because the client has disconnected or needs it no more."""
        self._closing = True
        self._end()

    def cancel(self) -> None:
        """End the connection, and cancel what runs."""
        self.lose()
        if self.task is not None:
            self.task.cancel()

    async def readable(self) -> None:
        """Wait until the application reads more of the client."""
        if self._readable is not None:
            await self._readable

    @property
    def reads(self) -> bool:
        """Whether the application reads more of the client."""
        return self._readable is None

    # Methods of a transport

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Replace the protocol."""
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        return self.protocol  # type: ignore[no-any-return]  # as it was set

    @property
    def _sendfile_compatible(self) -> NoReturn:
        # asyncio's loop reads it; after this error, aiohttp reads and writes the file itself.
        raise NotImplementedError("There is no socket")

    def is_closing(self) -> bool:
        """Return whether the connection has ended or is about to."""
        return self._closing

    def close(self) -> None:
        """End the connection; what was written has been received."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._end)

    def abort(self) -> None:
        """End the connection."""
        self.close()

    def _end(self) -> None:
        if self._lost:
            return
        self._lost = True
        # aiohttp forgets it, but a handler may go on without its client.
        self.task = self.connection._task_handler  # noqa: SLF001  in aiohttp_names
        self.resume_reading()
        self._on_lost(self)
        self.protocol.connection_lost(None)
        if self.receiver is not None:
            self.receiver.end()

    def is_reading(self) -> bool:
        """Return whether the application reads more of the client."""
        return self.reads and not self._closing

    def pause_reading(self) -> None:
        """Read no more from the client for now."""
        if self._readable is None:
            self._readable = self._loop.create_future()

    def resume_reading(self) -> None:
        """Read more from the client."""
        waiter, self._readable = self._readable, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Pass data on to the receiver."""
        if self.receiver is not None and not self._closing:
            self.receiver.feed(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Pass data on to the receiver, at once."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Return that a connection is closed as a whole."""
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Ignore the limits: the receiver pauses writing when the ASGI server makes it wait."""

    def get_write_buffer_size(self) -> int:
        """Return the number of bytes that the ASGI server has not accepted yet."""
        return 0 if self.receiver is None else self.receiver.unsent
