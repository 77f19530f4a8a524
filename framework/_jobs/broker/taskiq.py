"""Brokers through the broker protocol of taskiq: RabbitMQ, Kafka, SQS, and what an application makes itself.

Of taskiq, only ``startup``, ``kick``, ``listen``, ``AckableMessage.ack`` and ``shutdown`` are used.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from framework._jobs.broker.protocol import BrokerError, Delivery

__all__ = ("TaskiqBroker",)

_PATIENCE = 10.0
"""Seconds that a broker has for a response."""
_CLOSING = 3.0
"""Seconds that a broker has to end, which may be away."""
_AHEAD = 0.002
"""Seconds until a message comes that the client has received already, through its own tasks."""
_AT_ONCE = 100
"""Messages that are published at the same time."""


class TaskiqBroker:
    """Has one broker of taskiq for each queue, made by a function of its name."""

    def __init__(self, make: Callable[[str], Any], where: str) -> None:
        self.where = where
        self._make = make
        self._queues: dict[str, _Queue] = {}

    async def publish(self, queue: str, messages: Sequence[bytes]) -> None:
        """Send messages, some at the same time."""
        opened = self._queue(queue)
        for start in range(0, len(messages), _AT_ONCE):
            await opened.publish(messages[start : start + _AT_ONCE])

    async def receive(self, queues: Sequence[str], limit: int, seconds: float) -> Sequence[Delivery]:
        """Return the messages that have come, or wait for the first."""
        opened = [self._queue(queue) for queue in queues]
        for one in opened:
            await one.open()
        found: list[Delivery] = []
        for one in opened:
            await one.take(found, limit)
        if not found:
            listening = [one.listening() for one in opened]
            await asyncio.wait(listening, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for one in opened:
                await one.take(found, limit)
        return found

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge messages; some brokers deliver what cannot be acknowledged."""
        with _errors():
            # For some brokers, each is a request.
            found = [one.receipt() for one in deliveries if one.receipt is not None]
            await asyncio.gather(*(one for one in found if isinstance(one, Awaitable)))

    async def check(self) -> bool:
        """Connect, if that has not happened; the protocol of taskiq has no request that shows more."""
        connected = True
        for one in self._queues.values() or (self._queue("default"),):
            connected = connected and one.is_open
            await one.open()
        return not connected

    def _queue(self, name: str) -> "_Queue":
        if name not in self._queues:
            self._queues[name] = _Queue(self._make, name)
        return self._queues[name]

    async def close(self) -> None:
        """Close all connections."""
        for one in self._queues.values():
            await one.close()


class _Queue:
    """A queue, and the broker of taskiq that has it; after an error, another one is made."""

    def __init__(self, make: Callable[[str], Any], name: str) -> None:
        self._make = make
        self._name = name
        self._broker: Any = None
        self._opening = asyncio.Lock()
        self._messages: AsyncIterator[Any] | None = None
        self._next: asyncio.Future[Any] | None = None
        """The message that comes next. No more are received than workers have room for."""

    @property
    def is_open(self) -> bool:
        """Whether it has been opened, and has not failed since."""
        return self._broker is not None

    async def open(self) -> Any:
        """Return the broker of taskiq, connected."""
        async with self._opening:
            if self._broker is None:
                with _errors():
                    # Clients of brokers are large, and that of Kafka connects at once.
                    broker = await asyncio.to_thread(self._make, self._name)
                    broker.is_worker_process = True
                    await self._start(broker)
                    self._broker = broker
        return self._broker

    async def _start(self, broker: Any) -> None:
        """Connect; a client that cannot is closed, because it may have opened some connections."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await broker.startup()
        except BaseException:
            await _closed(broker.shutdown())
            raise

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Send messages at the same time."""
        from taskiq import BrokerMessage

        broker = await self.open()
        sent = [
            broker.kick(BrokerMessage(task_id="", task_name=self._name, message=one, labels={})) for one in messages
        ]
        # Clients connect again by themselves; one that does not ends its iterator of messages.
        with _errors():
            async with asyncio.timeout(_PATIENCE):
                await asyncio.gather(*sent)

    def listening(self) -> asyncio.Future[Any]:
        """Return the future of the next message."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._receive())
        return self._next

    async def _receive(self) -> Any:
        messages = self._messages
        if messages is None:
            broker = await self.open()
            messages = self._messages = broker.listen()
        return await anext(messages)

    async def take(self, found: list[Delivery], limit: int) -> None:
        """Add the messages that are there, up to a limit."""
        while len(found) < limit:
            coming = self.listening()
            # What the client has received already comes without waiting for the network.
            await asyncio.wait((coming,), timeout=_AHEAD)
            if not coming.done():
                return
            self._next = None
            try:
                with _errors():
                    message = coming.result()
            except BrokerError:
                await self.close()
                raise
            found.append(_delivery(message))

    async def close(self) -> None:
        """Stop listening, and close the broker, which may be away."""
        broker, self._broker = self._broker, None
        coming, self._next = self._next, None
        messages, self._messages = self._messages, None
        if coming is not None:
            coming.cancel()
            await asyncio.wait((coming,))
        # The iterator of some clients fails while it is closed; their connections are closed all the same.
        if messages is not None:
            await _closed(messages.aclose())  # type: ignore[attr-defined]  # a generator
        if broker is not None:
            await _closed(broker.shutdown())


async def _closed(closing: Awaitable[Any]) -> None:
    """Wait for a moment until something is closed, whatever that raises."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(_CLOSING):
            await closing


def _delivery(message: Any) -> Delivery:
    if isinstance(message, bytes):
        return Delivery(message, None)
    return Delivery(message.data, message.ack)


@contextlib.contextmanager
def _errors() -> Any:
    """Turn whatever a client raises into a BrokerError."""
    try:
        yield
    except (Exception, StopAsyncIteration) as error:
        raise BrokerError.of(error) from error
