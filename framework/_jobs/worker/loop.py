"""The worker: claims jobs up to its free places, and runs them until it is stopped."""

import asyncio
import contextlib
import itertools
import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from framework._jobs.engine import Engine
from framework._jobs.records import Claimed, Outcome, OutcomeKind
from framework._jobs.worker.beating import Beating, end_process
from framework._jobs.worker.keeping import Keeping, Schedules
from framework._jobs.worker.observing import Observers, WorkerCounts
from framework._jobs.worker.progress import Progress
from framework._jobs.worker.running import JobRunner, Key, Reason, Run, key_of, place_of_error
from framework._jobs.worker.storing import Storing
from framework._plan.job_runs import RunJob
from framework._plan.jobs import JobPlan
from framework.jobs import JobSettings

__all__ = ("Worker",)

_LOGGER = logging.getLogger("framework.jobs")
_POLL = 1.0
"""Seconds after which a worker looks for jobs without being woken."""
_UNSTORED = 1_000
"""Ends of jobs that are not stored, above which no more jobs are claimed."""
_CLEANUP = 5.0
"""Seconds that cancelled jobs have for their cleanup, and their ends to be stored."""


class Worker:
    """Runs jobs of an engine, in one event loop; ``run`` returns when ``stop`` was called and the jobs have ended.

    ``stuck`` is called, in another thread, if a job cannot be stopped: by default it ends the process. A worker in a
    process that does something else gives a function of its own.
    """

    def __init__(
        self,
        engine: Engine,
        plans: Sequence[JobPlan],
        run: RunJob,
        settings: JobSettings,
        *,
        stuck: Callable[[], None] = end_process,
    ) -> None:
        self.counts = WorkerCounts()
        self.owner = f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._engine = engine
        self._plans = plans
        self._settings = settings
        self._stuck = stuck
        self._queues = tuple(settings.queues) or tuple(dict.fromkeys(plan.queue for plan in plans))
        self._runs: dict[Key, Run] = {}
        self._running = 0
        self._progress = Progress(engine)
        self._runner = JobRunner(engine, plans, run, settings, self._progress.report)
        self._storing = Storing(engine, self._runs, self.counts, self._contact)
        self._wake = asyncio.Event()
        self._stopping = False
        self._doubtful: list[str] = []
        """The owners of claims that may have succeeded although their response was lost."""
        self._serials = itertools.count(1)
        self._seen: float | None = None
        self._away = False

    @property
    def running(self) -> int:
        """How many jobs run."""
        return self._running

    @property
    def ready(self) -> bool:
        """Whether the database has responded within the time of a lease, and the worker is not stopping."""
        return not self._stopping and self._seen is not None and time.monotonic() - self._seen < self._settings.lease

    def stop(self) -> None:
        """Claim no more jobs and wait for those that run, for the grace; called again: do not wait.

        What has not ended then is cancelled and handed back; the attempt is not counted.
        """
        if self._stopping:
            self._cancel_all()
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until ``stop`` is called."""
        Observers(self._settings.observers).begin_worker(self.counts)
        beating = Beating(self._engine, self._runs, self._settings, self._contact, self._stuck)
        keeping = Keeping(self._engine, self._settings, self.counts)
        schedules = Schedules(self._engine, self._plans, self._settings, self.counts)
        storing = asyncio.create_task(self._storing.run())
        others = [
            asyncio.create_task(one) for one in (keeping.run(), schedules.run(), self._be_woken(), self._progress.run())
        ]
        try:
            await self._claim_all()
            await _ended(others)
            await self._finish()
        finally:
            await _ended([*others, storing])
            await beating.stop()

    async def _claim_all(self) -> None:
        """Claim jobs and start them until the worker is stopped."""
        while not self._stopping:
            free = self._free()
            self._wake.clear()
            if free:
                jobs = await self._claim(free)
                for job in jobs:
                    self._start(job)
                if len(jobs) == free:
                    # Let those that end at once make room.
                    await asyncio.sleep(0)
                    continue
            await self._wake.wait()

    def _free(self) -> int:
        """Return how many jobs may be started."""
        if len(self._storing) > _UNSTORED:
            return 0
        return max(0, self._settings.concurrency - self._running)

    async def _claim(self, limit: int) -> Sequence[Claimed]:
        # The number makes each claim an owner of its own: an attempt of this worker that was believed dead is not
        # taken for the one that it has claimed since.
        owner = f"{self.owner}:{next(self._serials)}"
        self._doubtful.append(owner)
        try:
            while len(self._doubtful) > 1:
                await self._engine.hand_back(self._doubtful[0])
                del self._doubtful[0]
            jobs = await self._engine.claim(owner, self._queues, limit, self._settings.lease)
        except Exception as error:  # noqa: BLE001  whatever the driver raises while the database is away
            if not self._away:
                self._away = True
                _LOGGER.warning("Jobs cannot be claimed, the worker goes on trying: %s", place_of_error(error))
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311  not a secret
            self._wake.set()
            return ()
        self._doubtful.clear()
        self._contact()
        if self._away:
            self._away = False
            _LOGGER.warning("Jobs can be claimed again")
        return jobs

    def _start(self, job: Claimed) -> None:
        run = self._runner.prepare(job)
        self._runs[key_of(job)] = run
        if self._stopping:
            run.ended = True
            self._storing.add(Outcome(job=job, kind=OutcomeKind.RELEASED))
            return
        self._running += 1
        run.task = asyncio.get_running_loop().create_task(self._attempt(run))

    async def _attempt(self, run: Run) -> None:
        outcome = None
        try:
            outcome = await self._runner.run(run)
        finally:
            run.ended = True
            self._running -= 1
            self.counts.lost += run.lost
            kind = OutcomeKind.DONE if run.completed else None if outcome is None else outcome.kind
            if kind is not None:
                self.counts.ended[kind] = self.counts.ended.get(kind, 0) + 1
            if outcome is None:
                del self._runs[key_of(run.job)]
            else:
                self._storing.add(outcome)
            self._wake.set()

    async def _be_woken(self) -> None:
        poll = _POLL if self._settings.poll is None else self._settings.poll
        while True:
            try:
                await self._engine.wait(poll)
            except Exception:  # noqa: BLE001  whatever the driver raises
                await asyncio.sleep(poll)
            self._wake.set()

    async def _finish(self) -> None:
        """Wait for the running jobs, and hand back those that have not ended."""
        tasks = [run.task for run in self._runs.values() if run.task is not None and not run.ended]
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.grace)
            self._cancel_all()
            _, left = await asyncio.wait(tasks, timeout=_CLEANUP)
            for run in self._runs.values():
                if run.task in left:
                    _LOGGER.error("The job %s %d does not stop; its lease will end", run.job.name, run.job.id)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._storing.stored(), _CLEANUP)

    def _cancel_all(self) -> None:
        for run in tuple(self._runs.values()):
            run.cancel(Reason.STOP)

    def _contact(self) -> None:
        self._seen = time.monotonic()


async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
