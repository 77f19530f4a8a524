"""The engine on Redis publish/subscribe: no history, and a reset after each lost connection."""

import asyncio
from collections.abc import Callable
from typing import Any

from framework._channels.engine import Place, Sink
from framework._channels.keeping import Kept
from framework._channels.memory import EPOCH_IDS, new_epoch
from framework._channels.numbered import Numbered
from framework._channels.presence.redis import RedisPresence
from framework._channels.redis_client import RedisConnections
from framework._topics import ChannelError, ChannelSettings, url_of_channels

__all__ = ("RedisPubSubEngine",)

_BEAT = 5.0
"""Seconds without a message after which the connection is checked."""


class RedisPubSubEngine:
    """One connection receives the messages of all addresses with subscribers."""

    ids = EPOCH_IDS
    keeps_alone = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._redis = RedisConnections(settings, url_of_channels(settings))
        self._prefix = f"{settings.prefix}:"
        self._own = f"{settings.prefix}.own:{new_epoch()}"
        """The address of this process: a connection without subscriptions cannot wait."""
        self._timeout = settings.timeout
        self._numbered = Numbered()
        self._addresses: set[str] = set()
        self._confirmed: dict[bytes, asyncio.Event] = {}
        self._receiver: Any = None
        self._connected = asyncio.Event()
        self._was_connected = False
        self._reader = Kept("Redis", self._read, self._redis.errors)
        self._sink: Sink | None = None
        self.presence = RedisPresence(self._redis, settings.prefix, settings.presence_lifetime)

    def start(self, sink: Sink) -> None:
        """Keep the sink."""
        self._sink = sink

    async def publish(self, place: Place, data: bytes) -> None:
        """Send an event."""
        await self._redis.run("PUBLISH", self._prefix + place.address, self._numbered.write(place, data))

    async def listen(self, place: Place) -> None:
        """Subscribe, and wait until the server confirms it."""
        self._reader.start()
        key = self._prefix + place.address
        confirmed = self._confirmed[key.encode()] = asyncio.Event()
        try:
            await self._connected.wait()
            self._addresses.add(place.address)
            if self._sink is not None:
                self._sink.load(place.address, None, ())
            await self._receiver.subscribe(key)
            await confirmed.wait()
        except self._redis.errors as error:
            raise ChannelError(f"Redis: {error}") from error
        finally:
            self._confirmed.pop(key.encode(), None)

    async def leave(self, place: Place) -> None:
        """Unsubscribe."""
        self._addresses.discard(place.address)
        self._numbered.forget(place.address)
        if self._connected.is_set():
            try:
                await self._receiver.unsubscribe(self._prefix + place.address)
            except self._redis.errors as error:
                raise ChannelError(f"Redis: {error}") from error

    async def _read(self, works: Callable[[], None]) -> None:
        client = self._redis.reader()
        self._receiver = receiver = client.pubsub()
        try:
            keys = [self._own, *(self._prefix + one for one in self._addresses)]
            await receiver.subscribe(*keys)
            confirmed = 0
            while confirmed < len(keys):
                message = await self._receive(receiver)
                confirmed += message["type"] == "subscribe"
                self._take(message)
            if self._was_connected and self._sink is not None:
                # Not before: what is published now arrives.
                self._sink.lose()
            self._was_connected = True
            self._connected.set()
            works()
            while True:
                self._take(await self._receive(receiver))
        finally:
            self._connected.clear()
            await receiver.aclose()
            await client.aclose(close_connection_pool=True)

    async def _receive(self, receiver: Any) -> Any:
        """Return the next message; in silence, check the connection. Raises TimeoutError."""
        async with asyncio.timeout(2 * _BEAT + self._timeout):
            while (message := await receiver.get_message(timeout=_BEAT)) is None:
                await receiver.ping()
        return message

    def _take(self, message: dict[str, Any]) -> None:
        key = message["channel"]
        if message["type"] == "subscribe" and key in self._confirmed:
            self._confirmed[key].set()
        elif message["type"] == "message" and self._sink is not None:
            address = key.decode().removeprefix(self._prefix)
            if address in self._addresses:
                self._numbered.read(address, message["data"], self._sink)

    async def close(self) -> None:
        """End the reader, and close all connections."""
        await self._reader.stop()
        await self._redis.close()
