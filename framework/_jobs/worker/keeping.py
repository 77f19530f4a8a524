"""What a worker does beside running jobs: rescue, delays, old jobs, schedules."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from framework._jobs.engine import Engine, Ticked
from framework._jobs.queue import new_job
from framework._jobs.records import NewJob
from framework._jobs.worker.observing import WorkerCounts
from framework._jobs.worker.running import place_of_error
from framework._plan.job_runs import JobTable
from framework._plan.jobs import JobPlan
from framework.jobs import Added, JobSettings

__all__ = ("Keeping", "Schedules")

_LOGGER = logging.getLogger("framework.jobs")
_DUE = 0.25
"""Seconds between two looks for scheduled jobs whose time has come."""
_PRUNE = 3600.0
"""Seconds between two deletions of old jobs."""
_LOOK = 30.0
"""Seconds after which the clock of the database is read again."""


class Keeping:
    """Keeps the jobs of an engine in order, periodically; all workers do so, and one of them succeeds."""

    def __init__(self, engine: Engine, settings: JobSettings, counts: WorkerCounts) -> None:
        self._engine = engine
        self._settings = settings
        self._counts = counts

    async def run(self) -> None:
        """Work until this is cancelled."""
        await asyncio.gather(
            _repeat(_DUE, self._engine.make_due),
            _repeat(self._settings.lease / 4, self._rescue),
            _repeat(_PRUNE, self._prune),
        )

    async def _rescue(self) -> None:
        rescued = await self._engine.rescue()
        self._counts.rescued += rescued

    async def _prune(self) -> None:
        count = await self._engine.prune(self._settings.keep_done, self._settings.keep_dead)
        if count:
            _LOGGER.info("%d jobs that ended long ago were deleted", count)


class Schedules:
    """Adds the jobs of schedules, by the clock of the database."""

    def __init__(self, engine: Engine, plans: Sequence[JobPlan], settings: JobSettings, counts: WorkerCounts) -> None:
        self._engine = engine
        self._plans = [plan for plan in plans if plan.schedule is not None]
        self._settings = settings
        self._counts = counts
        self._latest: dict[str, float] = {}

    async def run(self) -> None:
        """Work until this is cancelled."""
        await _until_done(self._begin)
        while self._plans:
            # The latest tick that was missed while no worker ran is the first.
            now = await _until_done(self._tick_all)
            following = min(plan.schedule.following(now) for plan in self._plans if plan.schedule is not None)
            await asyncio.sleep(max(0.01, min(following - now, _LOOK)))

    async def _begin(self) -> float:
        now = await self._engine.now()
        latest = {plan.name: plan.schedule.latest(now) for plan in self._plans if plan.schedule is not None}
        await self._engine.keep_schedules(latest)
        return now

    async def _tick_all(self) -> float:
        now = await self._engine.now()
        for plan in self._plans:
            if plan.schedule is None:
                continue
            tick = plan.schedule.latest(now)
            if tick > self._latest.get(plan.name, 0.0):
                await self._tick(plan, tick)
                self._latest[plan.name] = tick
        return now

    async def _tick(self, plan: JobPlan, tick: float) -> None:
        ticked = await self._engine.tick(plan.name, tick, self._job(plan))
        if ticked is Ticked.ADDED:
            self._counts.ticks_added += 1
        elif ticked is Ticked.SKIPPED:
            self._counts.ticks_skipped += 1
            _LOGGER.warning("The scheduled job %s was not added: that of an earlier time has not ended", plan.name)

    def _job(self, plan: JobPlan) -> NewJob:
        added = Added(function=plan.function, args=(), keywords={})
        job = new_job(plan, plan.bind((), {}), added, JobTable(self._settings, plan.where))
        if job.unique_key is None and plan.schedule is not None and not plan.schedule.overlap:
            return msgspec.structs.replace(job, unique_key=f"{plan.name}:schedule"[-200:])
        return job


async def _repeat(pause: float, work: Callable[[], Awaitable[object]]) -> None:
    failing = False
    while True:
        try:
            await work()
            failing = False
        except Exception as error:  # noqa: BLE001  whatever the driver raises
            if not failing:
                failing = True
                _LOGGER.warning("Looking after the jobs fails, and is tried again: %s", place_of_error(error))
        # Workers that start together do not stay together.
        await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  not a secret


async def _until_done(work: Callable[[], Awaitable[float]]) -> float:
    """Call a function again after a second while it fails, because the database is away."""
    while True:
        try:
            return await work()
        except Exception as error:  # noqa: BLE001  whatever the driver raises
            _LOGGER.debug("Schedules could not be looked at: %r", error)
            await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311  not a secret
