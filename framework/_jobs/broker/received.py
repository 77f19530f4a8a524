"""Receives messages, and knows what cannot come any more."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from framework._jobs.broker.protocol import Broker, Delivery
from framework._jobs.records import Handed

__all__ = ("Received",)

_LOGGER = logging.getLogger("framework.jobs")
_SHOWN = 100
"""Bytes of an unreadable message that are logged."""
_decode = msgspec.json.Decoder(Handed).decode


class Received:
    """Receives messages; those that were not acknowledged, because the table could not be written, come first."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._kept: list[Delivery] = []
        self._latest: dict[str, int] = {}
        """The ``until`` of the latest message of each queue."""
        self._idle: set[str] = set()
        """The queues of which the broker had no message."""

    async def receive(self, queues: Sequence[str], limit: int, seconds: float) -> Sequence[Delivery]:
        """Return messages, up to a limit; raises BrokerError."""
        if self._kept:
            found: Sequence[Delivery] = self._kept[:limit]
            del self._kept[:limit]
            return found
        found = await self._broker.receive(queues, limit, seconds)
        if found:
            self._idle.difference_update(queues)
        else:
            self._idle.update(queues)
        return found

    def keep(self, deliveries: Sequence[Delivery]) -> None:
        """Return these again by the next call."""
        self._kept.extend(deliveries)

    def read(self, deliveries: Sequence[Delivery]) -> list[Handed]:
        """Return the jobs of messages; one that cannot be read is logged and dropped: jobs are in the table."""
        found: list[Handed] = []
        for one in deliveries:
            try:
                handed = _decode(one.data)
            except msgspec.MsgspecError as error:
                shown = one.data[:_SHOWN]
                _LOGGER.warning("A message of %d bytes is not about a job: %r (%s)", len(one.data), shown, error)
                continue
            found.append(handed)
            self._latest[handed.queue] = max(handed.until, self._latest.get(handed.queue, 0))
        return found

    def delivered(self, queues: Sequence[str]) -> Mapping[str, int | None]:
        """Return how far each queue is delivered, as Handing.recall() takes it."""
        return {queue: None if queue in self._idle else self._latest.get(queue, 0) for queue in queues}
