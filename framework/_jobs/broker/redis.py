"""The broker Redis: a stream for each queue, read by one group."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from framework._jobs.broker.names import address_of
from framework._jobs.broker.protocol import BrokerError, Delivery

__all__ = ("RedisBroker",)

_PATIENCE = 5.0
"""Seconds that the server has for a response."""
_GROUP = "workers"
_FIELD = b"j"
_IDLE = 60.0
"""Seconds after which another worker receives a message, for one that is killed before it claims the job."""
_AT_ONCE = 100
"""Messages of killed workers that are received at once."""
_GONE = 3_600_000
"""Milliseconds after which a worker that has not read is forgotten."""


class _RefusedError(BrokerError):
    """Redis has responded to a command with an error."""


class RedisBroker:
    """Reads streams with blocking commands on one connection, and publishes on another."""

    def __init__(self, url: str, prefix: str) -> None:
        from redis import asyncio as library
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import RedisError, ResponseError
        from redis.maint_notifications import MaintNotificationsConfig

        self.where = address_of(url)
        self._errors = (RedisError, OSError, TimeoutError)
        self._refused = ResponseError
        self._prefix = f"{prefix}:"
        self._name = uuid4().hex
        self._prepared: set[str] = set()
        """The queues whose group exists."""
        self._waiting: deque[Delivery] = deque()
        self._claimed = 0.0
        self._client: Any = library.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=_PATIENCE,
            # The relay decides when it tries again.
            retry=Retry(NoBackoff(), 0),
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )

    async def publish(self, queue: str, messages: Sequence[bytes]) -> None:
        """Append messages to the stream."""
        commands = [("XADD", self._prefix + queue, "*", _FIELD, one) for one in messages]
        await self._run(commands)

    async def receive(self, queues: Sequence[str], limit: int, seconds: float) -> Sequence[Delivery]:
        """Return new messages, and those that a killed worker has not acknowledged."""
        await self._prepare(queues)
        if not self._waiting:
            await self._take_from_the_dead(queues)
        if not self._waiting:
            await self._read(queues, limit, seconds)
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    async def _read(self, queues: Sequence[str], limit: int, seconds: float) -> None:
        # The limit is that of each stream; what is too much is returned by the next call.
        count = max(1, limit // len(queues))
        keys = [self._prefix + one for one in queues]
        block = max(1, round(seconds * 1000))
        command = ("XREADGROUP", "GROUP", _GROUP, self._name, "COUNT", count, "BLOCK", block, "STREAMS", *keys)
        try:
            (found,) = await self._run([(*command, *(">" for _ in keys))], _PATIENCE + seconds)
        except _RefusedError:
            # Redis has lost its data, and the group with them.
            self._prepared.clear()
            raise
        for key, entries in found or ():
            self._keep(key, entries)

    async def _take_from_the_dead(self, queues: Sequence[str]) -> None:
        if time.monotonic() - self._claimed < _IDLE / 2:
            return
        self._claimed = time.monotonic()
        idle = round(_IDLE * 1000)
        for queue in queues:
            key = self._prefix + queue
            claim = ("XAUTOCLAIM", key, _GROUP, self._name, idle, "0-0", "COUNT", _AT_ONCE)
            with contextlib.suppress(_RefusedError):
                (found,) = await self._run([claim])
                self._keep(key.encode(), found[1])

    def _keep(self, key: bytes, entries: Sequence[Any]) -> None:
        for number, fields in entries:
            # An entry of another program has other fields.
            self._waiting.append(Delivery((fields or {}).get(_FIELD, b""), (key, number)))

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge messages, and delete them."""
        numbers: dict[bytes, list[bytes]] = {}
        for one in deliveries:
            key, number = one.receipt
            numbers.setdefault(key, []).append(number)
        commands: list[tuple[Any, ...]] = []
        for key, of in numbers.items():
            commands += [("XACK", key, _GROUP, *of), ("XDEL", key, *of)]
        await self._run(commands)

    async def check(self) -> bool:
        """Send a ping."""
        await self._run([("PING",)])
        return True

    async def _prepare(self, queues: Sequence[str]) -> None:
        """Create the streams and groups that do not exist, and forget workers that have ended."""
        for queue in queues:
            if queue in self._prepared:
                continue
            key = self._prefix + queue
            with contextlib.suppress(_RefusedError):
                # It is refused if the group exists.
                await self._run([("XGROUP", "CREATE", key, _GROUP, "0", "MKSTREAM")])
            (consumers,) = await self._run([("XINFO", "CONSUMERS", key, _GROUP)])
            for one in consumers:
                about = dict(zip(one[::2], one[1::2], strict=True))
                if not about[b"pending"] and about[b"idle"] > _GONE:
                    await self._run([("XGROUP", "DELCONSUMER", key, _GROUP, about[b"name"])])
            self._prepared.add(queue)

    async def _run(self, commands: Sequence[tuple[Any, ...]], patience: float = _PATIENCE) -> list[Any]:
        """Execute commands on one connection."""
        try:
            async with asyncio.timeout(patience):
                if len(commands) == 1:
                    return [await self._client.execute_command(*commands[0])]
                pipeline = self._client.pipeline(transaction=False)
                for one in commands:
                    pipeline.execute_command(*one)
                return list(await pipeline.execute())
        except self._refused as error:
            raise _RefusedError.of(error) from error
        except self._errors as error:
            raise BrokerError.of(error) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
