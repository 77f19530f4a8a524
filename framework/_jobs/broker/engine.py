"""The engine whose due jobs are carried by a broker: everything else is done in the table."""

import asyncio
import contextlib
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.broker.link import Link
from framework._jobs.broker.protocol import Broker, BrokerError, Delivery
from framework._jobs.broker.received import Received
from framework._jobs.broker.relay import Relay
from framework._jobs.records import Claimed
from framework._jobs.table.engine import TableEngine
from framework.jobs import JobSettings

__all__ = ("BrokerEngine",)

_WAIT = 1.0
"""Seconds that a claim waits for a message; a worker that stops waits for it."""


class BrokerEngine(TableEngine):
    """Stores jobs in the table; a claim waits for messages of the broker, and claims their jobs in the table.

    A message is acknowledged when its job is claimed, and the claim is committed. From then on the lease in the table
    guards the job, as it does without a broker. Only claims use the broker; without a worker, a process does not
    connect.
    """

    def __init__(self, engine: AsyncEngine, settings: JobSettings, broker: Broker, *, create: bool = True) -> None:
        super().__init__(engine, settings, create=create)
        self._broker = broker
        self._link = Link(broker)
        self._received = Received(broker)
        self._relay = Relay(self._handing, broker, self._link, self._received, settings, self._waker.wait)
        self._wait = _WAIT if settings.poll is None else settings.poll
        # Workers that share this object receive one after the other.
        self._receiving = asyncio.Lock()
        self._claimed = asyncio.Event()

    async def claim(self, owner: str, queues: Sequence[str], limit: int, lease: float) -> Sequence[Claimed]:
        """Wait for messages about jobs of the queues for a moment, and claim up to ``limit`` of the jobs."""
        self._relay.serve(queues)
        try:
            async with self._receiving:
                deliveries = await self._received.receive(queues, limit, self._wait)
            if deliveries:
                self._link.reached()
            return await self._take_over(owner, deliveries, lease)
        except BrokerError as error:
            await asyncio.sleep(self._link.lost(error))
            return ()
        finally:
            self._claimed.set()

    async def _take_over(self, owner: str, deliveries: Sequence[Delivery], lease: float) -> Sequence[Claimed]:
        handed = self._received.read(deliveries)
        try:
            jobs = await self._claimer.take_over(owner, handed, lease) if handed else ()
        except BaseException:
            self._received.keep(deliveries)
            raise
        # The relay may hand over others.
        self._waker.wake()
        with contextlib.suppress(BrokerError):
            # What comes again because of an error is ignored then: its job is not handed over any more.
            await self._broker.ack(deliveries)
        return jobs

    async def wait(self, seconds: float) -> None:
        """Return after the next claim, so that the worker waits for messages again; or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._claimed.wait()
        self._claimed.clear()

    async def _recall(self) -> None:
        """Leave that to the relay, which knows what the broker has delivered."""

    async def check_broker(self) -> None:
        """Raise BrokerError if the broker cannot be reached."""
        await self._broker.check()

    @property
    def broker_address(self) -> str:
        """Where the broker is, without credentials."""
        return self._broker.where

    async def close(self) -> None:
        """Stop handing over, and close all connections."""
        await self._relay.close()
        await self._broker.close()
        await super().close()
