"""Stores how jobs ended: everything that has ended meanwhile in one transaction."""

import asyncio
import logging
import random
from collections.abc import Callable, MutableMapping

from framework._jobs.engine import Engine
from framework._jobs.records import Outcome, OutcomeKind
from framework._jobs.worker.observing import WorkerCounts
from framework._jobs.worker.running import Key, Run, key_of, place_of_error

__all__ = ("Storing",)

_LOGGER = logging.getLogger("framework.jobs")
_MOST = 500
"""Outcomes of one transaction."""
_LONGEST = 2.0
"""The longest pause in seconds before another try."""
_TRIES = 3
"""Failures, while the database responds, after which ends are stored one by one, and one that is refused given up."""


class Storing:
    """Stores outcomes one transaction after the other, and tries again while the database is away.

    A run stays among ``runs``, so that its lease is renewed, until its end is stored.
    """

    def __init__(
        self, engine: Engine, runs: MutableMapping[Key, Run], counts: WorkerCounts, contact: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._runs = runs
        self._counts = counts
        self._contact = contact
        self._waiting: list[Outcome] = []
        self._some = asyncio.Event()
        self._all = asyncio.Event()
        self._all.set()

    def __len__(self) -> int:
        """Return how many outcomes are not stored."""
        return len(self._waiting)

    def add(self, outcome: Outcome) -> None:
        """Store an outcome soon."""
        self._waiting.append(outcome)
        self._all.clear()
        self._some.set()

    async def stored(self) -> None:
        """Wait until everything is stored."""
        await self._all.wait()

    async def run(self) -> None:
        """Store outcomes until this is cancelled."""
        while True:
            await self._some.wait()
            group = self._waiting[:_MOST]
            await self._store(group)
            del self._waiting[: len(group)]
            if not self._waiting:
                self._some.clear()
                self._all.set()

    async def _store(self, group: list[Outcome]) -> None:
        pause, tries = 0.05, 0
        while True:
            try:
                lost = await self._engine.finish(group)
                break
            except Exception as error:  # noqa: BLE001  whatever the driver raises while the database is away
                _LOGGER.debug("Ends of jobs could not be stored: %r", error)
                tries += await self._reachable()
                if tries == _TRIES and len(group) > 1:
                    for outcome in group:
                        await self._store([outcome])
                    return
                if tries == _TRIES:
                    group = [self._given_up(group[0], error)]
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  not a secret
                pause = min(2 * pause, _LONGEST)
        self._contact()
        self._counts.lost += len(lost)
        for job in lost:
            _LOGGER.warning("The lease of job %s %d was lost: its end is not stored", job.name, job.id)
        for outcome in group:
            del self._runs[key_of(outcome.job)]

    async def _reachable(self) -> bool:
        try:
            await self._engine.now()
        except Exception:  # noqa: BLE001  as above
            return False
        return True

    def _given_up(self, outcome: Outcome, error: Exception) -> Outcome:
        """Return what is stored of an end that the database refuses, such as a delay of a million years."""
        said = place_of_error(error)
        _LOGGER.error("The end of job %s %d cannot be stored: %s", outcome.job.name, outcome.job.id, said)
        return Outcome(job=outcome.job, kind=OutcomeKind.DEAD, error=f"The end of the job cannot be stored: {said}")
