"""The engine on Redis Streams: a stream for each address, which is the history as well."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from framework._channels.engine import Place, Sink, Stored
from framework._channels.keeping import Kept
from framework._channels.presence.redis import RedisPresence
from framework._channels.redis_client import RedisConnections
from framework._topics import ChannelSettings, url_of_channels

__all__ = ("RedisStreamsEngine",)

# Adds an event with the id of the one before it, so that a reader notices what was trimmed before it was read.
_ADD = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local previous = '0-0'
if last[1] then previous = last[1][1] end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'e', ARGV[2], 'p', previous)
if tonumber(ARGV[3]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return id
"""
_DIGEST = hashlib.sha1(_ADD.encode(), usedforsecurity=False).hexdigest()
_EMPTY = "0-0"
_BLOCK = 5.0
"""Seconds that a read waits for an event."""
_AT_ONCE = 500
_WAKE_AGE = 60_000
"""Milliseconds that the key of a process stays after its last use."""


class RedisStreamsEngine:
    """One connection reads all streams with subscribers; ids are those of Redis."""

    ids = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
    keeps_alone = False

    def __init__(self, settings: ChannelSettings) -> None:
        scheme, _, rest = url_of_channels(settings).partition("://")
        self._redis = RedisConnections(settings, f"{scheme.removesuffix('+streams')}://{rest}")
        self._prefix = f"{settings.prefix}:"
        self._room_age = round(settings.max_age * 1_000)
        self._timeout = settings.timeout
        self._wake = f"{settings.prefix}.wake:{uuid4().hex}".encode()
        self._woken = _EMPTY
        self._last: dict[str, str] = {}
        """The ids up to which the streams are read, by address."""
        self._reader = Kept("Redis", self._read, self._redis.errors)
        self._sink: Sink | None = None
        self.presence = RedisPresence(self._redis, settings.prefix, settings.presence_lifetime)

    def start(self, sink: Sink) -> None:
        """Keep the sink."""
        self._sink = sink

    async def publish(self, place: Place, data: bytes) -> None:
        """Add an event to its stream."""
        age = self._room_age if place.is_room else 0
        arguments = (1, self._prefix + place.address, place.history, data, age)
        try:
            await self._redis.run("EVALSHA", _DIGEST, *arguments)
        except self._redis.no_script:
            await self._redis.run("EVAL", _ADD, *arguments)

    async def listen(self, place: Place) -> None:
        """Load the latest events of a stream, and read it from there on."""
        key = self._prefix + place.address
        found = await self._redis.run("XREVRANGE", key, "+", "-", "COUNT", place.history)
        events = [_stored(*one) for one in reversed(found)]
        if self._sink is not None:
            self._sink.load(place.address, events[0].previous if events else _EMPTY, events)
        self._last[place.address] = events[-1].id if events else _EMPTY
        self._reader.start()
        # The reader waits for other streams: an event in the stream of this process lets it begin again.
        await self._redis.run("XADD", self._wake, "MAXLEN", 1, "*", "w", "")
        await self._redis.run("PEXPIRE", self._wake, _WAKE_AGE)

    async def leave(self, place: Place) -> None:
        """Read a stream no more, from the next read on."""
        self._last.pop(place.address, None)

    async def _read(self, works: Callable[[], None]) -> None:
        client = self._redis.reader()
        try:
            while True:
                streams: dict[Any, str] = {self._prefix + one: id_ for one, id_ in self._last.items()}
                streams[self._wake] = self._woken
                async with asyncio.timeout(_BLOCK + self._timeout):
                    found = await client.xread(streams, count=_AT_ONCE, block=round(_BLOCK * 1_000))
                works()
                for key, events in found:
                    self._deliver(key, events)
        finally:
            await client.aclose(close_connection_pool=True)

    def _deliver(self, key: bytes, events: list[Any]) -> None:
        if key == self._wake:
            self._woken = events[-1][0].decode()
            return
        address = key.decode().removeprefix(self._prefix)
        if address not in self._last or self._sink is None:
            return
        for one in events:
            stored = _stored(*one)
            self._sink.deliver(address, stored)
            self._last[address] = stored.id

    async def close(self) -> None:
        """End the reader, and close all connections."""
        await self._reader.stop()
        await self._redis.close()


def _stored(id_: bytes, fields: Any) -> Stored:
    # An entry of another program has other fields: it is skipped.
    return Stored(id_.decode(), fields.get(b"p", b"").decode(), fields.get(b"e", b""))
