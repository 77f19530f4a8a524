"""What metrics show of the stored jobs: read from the store when they are requested, and not more often than needed."""

import asyncio
import logging
from collections.abc import Sequence

from framework import clock
from framework.job_store import JobStore, QueueState

__all__ = ("StoredJobs",)

_LOGGER = logging.getLogger("framework.jobs")
_PAUSE = 5.0
"""Seconds for which what was read is shown again."""
_SHARE = 20
"""A reading that takes a second is not repeated for so many seconds."""
_PATIENCE = 3.0
"""Seconds that the store has; Prometheus waits for 10."""


class StoredJobs:
    """Reads the queues of a store; while it does not respond, there are none."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._known: Sequence[QueueState] = ()
        self._until = 0.0
        self._away = False

    async def read(self) -> Sequence[QueueState]:
        """Return the queues, as they were some seconds ago at most."""
        async with self._lock:
            begun = clock.monotonic()
            if begun >= self._until:
                self._known = await self._read()
                now = clock.monotonic()
                self._until = now + max(_PAUSE, _SHARE * (now - begun))
            return self._known

    async def _read(self) -> Sequence[QueueState]:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._store.queues()
        except Exception as error:  # noqa: BLE001  whatever the driver raises while the database is away
            if not self._away:
                self._away = True
                _LOGGER.warning("The metrics have no numbers of stored jobs, because they cannot be read: %r", error)
            return ()
        self._away = False
        return found
