"""Connections in NATS: a stream of JetStream in memory, with a subject for each connection and its latest value."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from framework._topics import ChannelError

__all__ = ("NATSPresence",)

_AT_ONCE = 500
"""Values that are sent before the server confirms the last one, and values in one response of it."""
_PURGES = 64
"""Values that are removed at the same time."""
_PATIENCE = 0.5
"""Seconds after which a read asks whether the values for which it waits have been removed meanwhile."""
_IDLE = 30.0
"""Seconds after which the server deletes the consumer of a read that has failed."""
_NEEDED = "NATS has no JetStream, which keeps who is present: start it with nats-server --jetstream"


class NATSPresence:
    """Uses the connection of the engine. The server deletes values that are older than the lifetime."""

    def __init__(self, connect: Callable[[], Awaitable[Any]], prefix: str, lifetime: float, timeout: float) -> None:
        from nats import errors
        from nats.js import errors as stream_errors

        self._connect = connect
        self._errors = (errors.Error, OSError, TimeoutError)
        self._unavailable = (stream_errors.ServiceUnavailableError, errors.NoRespondersError)
        self._missing = (stream_errors.NotFoundError, stream_errors.NoStreamResponseError)
        self._name = f"{prefix.replace('.', '-')}-presence"
        self._lifetime = lifetime
        self._timeout = timeout
        self._is_prepared = False

    async def put(self, address: str, entries: Mapping[str, bytes]) -> None:
        """Add connections, or renew them."""

        async def publish(stream: Any) -> None:
            client = await self._connect()
            values = [(self._subject(address, id_), data) for id_, data in entries.items()]
            for start in range(0, len(values), _AT_ONCE):
                *most, last = values[start : start + _AT_ONCE]
                for subject, data in most:
                    await client.publish(subject, data)
                # The server stores the values of a connection in their order, so this confirms those before it.
                await stream.publish(*last)

        await self._do(publish)

    async def remove(self, address: str, ids: Collection[str]) -> None:
        """Remove connections."""

        async def purge(stream: Any) -> None:
            subjects = [self._subject(address, one) for one in ids]
            for start in range(0, len(subjects), _PURGES):
                some = subjects[start : start + _PURGES]
                await asyncio.gather(*(stream.purge_stream(self._name, subject=one) for one in some))

        await self._do(purge)

    async def read(self, address: str) -> Mapping[str, bytes]:
        """Return the connections of an address, through a consumer that is deleted afterwards."""
        found: dict[str, bytes] = {}

        async def fetch(stream: Any) -> None:
            from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

            config = ConsumerConfig(
                deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=_IDLE,
                mem_storage=True,
            )
            consumer = await stream.pull_subscribe(self._subject(address, "*"), stream=self._name, config=config)
            try:
                # What is removed meanwhile is not sent, and not pending any more.
                while (info := await consumer.consumer_info()).num_pending:
                    with contextlib.suppress(TimeoutError):
                        some = await consumer.fetch(min(_AT_ONCE, info.num_pending), timeout=_PATIENCE)
                        found.update((one.subject.rpartition(".")[2], one.data) for one in some)
            finally:
                await consumer.unsubscribe()
            await stream.delete_consumer(self._name, info.name)

        await self._do(fetch)
        return found

    async def _do(self, work: Callable[[Any], Awaitable[None]]) -> None:
        """Call a function with the JetStream of the connection; creates the stream, again if the server has lost it."""
        stream = (await self._connect()).jetstream(timeout=self._timeout)
        try:
            try:
                await self._prepare(stream)
                await work(stream)
            except self._missing:
                self._is_prepared = False
                await self._prepare(stream)
                await work(stream)
        except self._unavailable as error:
            raise ChannelError(_NEEDED) from error
        except self._errors as error:
            self._is_prepared = False
            raise ChannelError(f"NATS: {error!r}") from error

    async def _prepare(self, stream: Any) -> None:
        if self._is_prepared:
            return
        from nats.js.api import StorageType, StreamConfig

        config = StreamConfig(
            name=self._name,
            subjects=[f"{self._name}.>"],
            max_age=self._lifetime,
            max_msgs_per_subject=1,
            storage=StorageType.MEMORY,
        )
        try:
            info = await stream.stream_info(self._name)
        except self._missing:
            await stream.add_stream(config)
        else:
            if info.config.max_age != self._lifetime:
                await stream.update_stream(info.config.evolve(max_age=self._lifetime))
        self._is_prepared = True

    def _subject(self, address: str, id_: str) -> str:
        # A dot would part the subject. Addresses have neither "*" nor ">".
        return f"{self._name}.{address.replace('.', '%2E')}.{id_}"
