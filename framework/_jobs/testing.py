"""Captures the jobs of a test instead of storing them."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from framework._jobs.queue import new_job, prepare
from framework._jobs.records import NewJob
from framework._plan.job_runs import JobTable
from framework._plan.jobs import JobPlan
from framework.jobs import Added, CapturedJob, CurrentJob

__all__ = ("Capturing",)

_IDS = itertools.count(1)


class Capturing:
    """Adds jobs to a list, after the checks of a queue; ``others`` are jobs that were captured before."""

    def __init__(self, table: JobTable, into: list[CapturedJob], others: list[CapturedJob] | None = None) -> None:
        self._table = table
        self._into = into
        self._others = [] if others is None else others

    async def __call__(self, added: Added) -> int | None:
        """Capture one job; return its id, or None if a job with its unique key is waiting."""
        plan, arguments = prepare(added, self._table)
        new = new_job(plan, arguments, added, self._table)
        waiting = {one.key for one in (*self._others, *self._into)}
        if new.unique_key is not None and new.unique_key in waiting:
            return None
        captured = self._captured(plan, new, added, next(_IDS))
        self._into.append(captured)
        return captured.id

    def _captured(self, plan: JobPlan, new: NewJob, added: Added, job_id: int) -> CapturedJob:
        stored = plan.decode(new.arguments)
        current = CurrentJob(id=job_id, name=plan.name, attempt=1, max_attempts=plan.max_attempts, report=_forget)
        run: Callable[..., Any] = self._table.run
        return CapturedJob(
            id=job_id,
            function=plan.function,
            arguments=msgspec.structs.asdict(stored),
            queue=plan.queue,
            delay=new.delay,
            at=added.at,
            key=new.unique_key,
            run=partial(run, plan, stored, current),
        )


async def _forget(_: str) -> None:
    """Store no progress."""
