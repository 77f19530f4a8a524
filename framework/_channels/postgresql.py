"""The engine on PostgreSQL: a row for each event, and NOTIFY to wake those who listen."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from framework._channels.engine import Place, Sink, Stored
from framework._channels.keeping import Kept
from framework._channels.presence.postgresql import PostgreSQLPresence
from framework._channels.statements import ADD, CREATE, LATEST, LOCK, NEWER, PRUNE, PRUNE_ROOMS
from framework._topics import ChannelError, ChannelSettings, url_of_channels
from framework.errors import InvalidOptionError

__all__ = ("PostgreSQLEngine",)

_MOST_INLINE = 7_800
"""Bytes of an event that NOTIFY carries itself; its limit is 7 999 with the numbers."""
_BEAT = 5.0
"""Seconds between two checks of the connection that listens."""
_EMPTY = "0"
_PRUNE_EVERY, _PRUNE_ROOMS_EVERY = 64, 1_024
"""Events of this process after which the history is cut to its length, and old rooms are deleted."""


class PostgreSQLEngine:
    """One connection listens and another publishes; ids are those of the rows.

    A lock for each address orders the rows: an id is only given when the transaction with the id before has ended.
    """

    ids = re.compile(r"[0-9]{1,19}")
    keeps_alone = False

    def __init__(self, settings: ChannelSettings) -> None:
        try:
            library: Any = import_module("asyncpg")
        except ImportError as error:
            hint = "install it: pip install 'framework-aiohttp[postgres]'"
            raise InvalidOptionError(
                "ChannelSettings", f"postgresql+asyncpg:// requires the package asyncpg ({error})", hint=hint
            ) from error
        self._library = library
        # asyncpg may notice the end of a connection in the middle of a command, and takes it for an error of its own.
        unexpected = library.exceptions.InternalClientError
        self._errors = (library.PostgresError, library.InterfaceError, unexpected, OSError, TimeoutError)
        self._url = url_of_channels(settings).replace("+asyncpg", "", 1)
        self._prefix = f"{settings.prefix}:"
        self._timeout = settings.timeout
        self._max_age = settings.max_age
        self._publisher: Any = None
        self._publishing = asyncio.Lock()
        self._published = 0
        self._listener: Any = None
        self._listening = asyncio.Lock()
        self._connected = asyncio.Event()
        self._places: dict[str, Place] = {}
        """By the names of their notifications."""
        self._last: dict[str, int] = {}
        self._notified: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._reader = Kept("PostgreSQL", self._read, self._errors)
        self._sink: Sink | None = None
        self.presence = PostgreSQLPresence(self._run, self._prefix, settings.presence_lifetime)

    def start(self, sink: Sink) -> None:
        """Keep the sink."""
        self._sink = sink

    # Publishing

    async def publish(self, place: Place, data: bytes) -> None:
        """Insert a row, and notify those who listen, in one transaction."""
        await self._run(lambda connection: self._insert(connection, place, data))

    async def _run(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Return what a function returns for the connection that publishes."""
        async with self._publishing:
            try:
                if self._publisher is None:
                    self._publisher = await self._connect()
                return await work(self._publisher)
            except self._errors as error:
                await self._drop_publisher()
                raise ChannelError(f"PostgreSQL: {error!r}") from error
            except BaseException:
                await self._drop_publisher()
                raise

    async def _insert(self, connection: Any, place: Place, data: bytes) -> None:
        address = self._prefix + place.address
        inline = data.decode() if len(data) <= _MOST_INLINE else ""
        async with connection.transaction():
            await connection.execute(LOCK, _key(address))
            await connection.fetchval(ADD, address, data, _channel(address), inline)
            self._published += 1
            if self._published % _PRUNE_EVERY == 0:
                await connection.execute(PRUNE, address, place.history)
            if self._published % _PRUNE_ROOMS_EVERY == 0:
                await connection.execute(PRUNE_ROOMS, self._prefix, self._max_age)

    async def _drop_publisher(self) -> None:
        connection, self._publisher = self._publisher, None
        if connection is not None:
            connection.terminate()

    async def _connect(self) -> Any:
        connection = await self._library.connect(self._url, timeout=self._timeout)
        try:
            await connection.execute(CREATE)
        except BaseException:
            connection.terminate()
            raise
        return connection

    # Subscribing

    async def listen(self, place: Place) -> None:
        """Listen to the notifications of an address, and load its latest events."""
        self._reader.start()
        await self._connected.wait()
        name = _channel(self._prefix + place.address)
        async with self._listening:
            try:
                await self._listener.add_listener(name, self._notice)
                rows = await self._listener.fetch(LATEST, self._prefix + place.address, place.history)
            except self._errors as error:
                raise ChannelError(f"PostgreSQL: {error!r}") from error
            events = [_stored(one) for one in reversed(rows)]
            if self._sink is not None:
                self._sink.load(place.address, events[0].previous if events else _EMPTY, events)
            self._places[name] = place
            self._last[name] = int(events[-1].id) if events else 0

    async def leave(self, place: Place) -> None:
        """Listen no more."""
        name = _channel(self._prefix + place.address)
        async with self._listening:
            self._places.pop(name, None)
            self._last.pop(name, None)
            if self._connected.is_set():
                try:
                    await self._listener.remove_listener(name, self._notice)
                except self._errors as error:
                    raise ChannelError(f"PostgreSQL: {error!r}") from error

    def _notice(self, _connection: Any, _process: int, name: str, payload: str) -> None:
        self._notified.put_nowait((name, payload))

    def _look(self, _connection: Any) -> None:
        """Let the reader see that its connection is closed."""
        self._notified.put_nowait(("", ""))

    async def _read(self, works: Callable[[], None]) -> None:
        """Connect, read what was missed, and deliver until the connection is lost."""
        self._listener = connection = await self._connect()
        connection.add_termination_listener(self._look)
        try:
            async with self._listening:
                for name in self._places:
                    await connection.add_listener(name, self._notice)
                for name in self._places:
                    await self._read_newer(name)
            self._connected.set()
            works()
            while not connection.is_closed():
                try:
                    async with asyncio.timeout(_BEAT):
                        name, payload = await self._notified.get()
                except TimeoutError:
                    async with self._listening, asyncio.timeout(self._timeout):
                        await connection.execute("SELECT 1")
                else:
                    if name:
                        await self._take(name, payload)
            raise ConnectionResetError("the connection is closed")
        finally:
            self._connected.clear()
            connection.terminate()

    async def _take(self, name: str, payload: str) -> None:
        # During a load of the address, its rows come first.
        async with self._listening:
            place = self._places.get(name)
            id_, previous, data = payload.split(" ", 2)
            if place is None or self._sink is None or int(id_) <= self._last[name]:
                return
            if data and int(previous) == self._last[name]:
                self._last[name] = int(id_)
                self._sink.deliver(place.address, Stored(id_, previous, data.encode()))
            else:
                await self._read_newer(name)

    async def _read_newer(self, name: str) -> None:
        """Deliver the rows after the last one that was delivered."""
        place = self._places[name]
        rows = await self._listener.fetch(NEWER, self._prefix + place.address, self._last[name], place.history)
        for one in reversed(rows):
            if self._sink is not None:
                self._sink.deliver(place.address, _stored(one))
            self._last[name] = one["id"]

    async def close(self) -> None:
        """End the reader, and close both connections."""
        await self._reader.stop()
        await self._drop_publisher()


def _stored(row: Any) -> Stored:
    return Stored(str(row["id"]), str(row["previous"]), row["data"])


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=size).digest()


def _channel(address: str) -> str:
    """Return the name of the notifications of an address; PostgreSQL allows 63 bytes."""
    return f"channels_{_digest(address, 16).hex()}"


def _key(address: str) -> int:
    """Return the key of the lock of an address: 64 bits."""
    return int.from_bytes(_digest(address, 8), signed=True)
