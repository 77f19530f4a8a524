"""Hands jobs that are due to the broker; one relay runs in each worker process."""

import asyncio
import itertools
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from framework._jobs.broker.link import Link
from framework._jobs.broker.protocol import Broker, BrokerError
from framework._jobs.broker.received import Received
from framework._jobs.table.handing import Handing
from framework.jobs import JobSettings

__all__ = ("Relay",)

_LOGGER = logging.getLogger("framework.jobs")
_POLL = 1.0
"""Seconds after which the relay looks for jobs without being woken."""
_WINDOW = 10
"""Jobs of a queue that the broker carries, for each one that a worker runs at once."""
_encode = msgspec.json.Encoder().encode


class Relay:
    """Marks ready jobs as handed over, commits that, and publishes them; ``wait`` returns when there may be some.

    Nothing is locked while it publishes. If it ends in between, the jobs are handed over again when the time for their
    delivery is over, and a message of the first time that still comes is ignored.
    """

    def __init__(
        self,
        handing: Handing,
        broker: Broker,
        link: Link,
        received: Received,
        settings: JobSettings,
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        self._handing = handing
        self._broker = broker
        self._link = link
        self._received = received
        self._wait = wait
        self._window = _WINDOW * settings.concurrency
        self._resend = settings.lease
        self._poll = _POLL if settings.poll is None else settings.poll
        self._name = f"broker:{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._serials = itertools.count(1)
        self._queues: Sequence[str] = ()
        self._recalled = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._doubtful: list[str] = []
        """Batches of which jobs may be marked and not published, because the database or the broker did not respond."""

    def serve(self, queues: Sequence[str]) -> None:
        """Hand over the jobs of these queues, too, from now on."""
        if not set(queues) <= set(self._queues):
            self._queues = tuple(dict.fromkeys((*self._queues, *queues)))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        failing = False
        while True:
            pause = 0.0
            try:
                if self._link.away and await self._broker.check():
                    self._link.reached()
                if not await self._hand_over_all():
                    await self._recall()
                    await self._wait(self._poll)
                failing = False
            except BrokerError as error:
                pause = self._link.lost(error)
            except Exception as error:  # noqa: BLE001  whatever the driver raises while the database is away
                if not failing:
                    failing = True
                    _LOGGER.warning("Jobs cannot be handed to the broker, which is tried again: %r", error)
                pause = self._poll
            await asyncio.sleep(pause)

    async def _hand_over_all(self) -> bool:
        """Hand over jobs of all queues; return whether there were some."""
        found = [await self._hand_over(queue) for queue in self._queues]
        return any(found)

    async def _hand_over(self, queue: str) -> bool:
        # A batch has an owner of its own: a message is for this handing over, and not for a later one of the same job.
        owner = f"{self._name}:{next(self._serials)}"
        await self._take_back()
        self._doubtful.append(owner)
        try:
            handed = await self._handing.hand_over(owner, queue, self._window, self._resend)
            if handed:
                await self._broker.publish(queue, [_encode(one) for one in handed])
                self._link.reached()
        except BaseException:
            await self._take_back()
            raise
        self._doubtful.clear()
        return bool(handed)

    async def _take_back(self) -> None:
        """Let the jobs of doubtful batches wait again.

        Some may have been published: their messages have an owner that no job has any more.
        """
        while self._doubtful:
            await self._handing.take_back(self._doubtful[0])
            del self._doubtful[0]

    async def _recall(self) -> None:
        """Let jobs wait again that the broker has lost."""
        now = time.monotonic()
        if now - self._recalled < self._resend / 4:
            return
        self._recalled = now
        count = await self._handing.recall(self._received.delivered(self._queues))
        if count:
            _LOGGER.warning("%d jobs were handed to the broker and not delivered; they are handed over again", count)
