"""Stores how far jobs are, a moment later and the latest only."""

import asyncio
import logging

from framework._jobs.engine import Engine
from framework._jobs.worker.running import Run

__all__ = ("Progress",)

_LOGGER = logging.getLogger("framework.jobs")
_PAUSE = 0.2
"""Seconds between two writes."""


class Progress:
    """Stores what jobs report, outside of their own flow.

    A job that has written in its session holds SQLite's write lock. If it waited for its progress to be stored, by
    another connection, both would wait for each other.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._latest: dict[Run, str] = {}
        self._some = asyncio.Event()

    def report(self, run: Run, text: str) -> None:
        """Store a string soon, unless the job reports another one first."""
        self._latest[run] = text
        self._some.set()

    async def run(self) -> None:
        """Store until this is cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._latest:
                run = next(iter(self._latest))
                text = self._latest.pop(run)
                if run.ended:
                    continue
                try:
                    await self._engine.progress(run.job, text)
                except Exception as error:  # noqa: BLE001  whatever the driver raises while the database is away
                    _LOGGER.debug("The progress of job %d could not be stored: %r", run.job.id, error)
            await asyncio.sleep(_PAUSE)
