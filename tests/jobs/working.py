"""Runs workers of an application in the process of a test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework import App, Container
from framework._jobs.engine import Engine, Filter
from framework._jobs.records import JobRecord, JobState
from framework._jobs.worker.loop import Worker
from framework._plan.job_runs import JobTable
from framework.jobs import JobQueue, Jobs, JobSettings
from framework.services import Services
from tests.waiting import until

__all__ = ("CARRIED", "Working", "working")

QUICK: dict[str, Any] = {"lease": 2.0, "heartbeat": 0.1, "poll": 0.3, "grace": 5.0}

CARRIED: dict[str, Any] = {}
"""The settings of the broker that carries the jobs of a test, if one does."""


class Working:
    """The services of an application, and its workers."""

    def __init__(self, services: Services, engine: Engine, table: JobTable) -> None:
        self.services = services
        self.engine = engine
        self.table = table
        self.workers: list[tuple[Worker, asyncio.Task[None]]] = []

    def start(self, stuck: Callable[[], None] = lambda: None) -> Worker:
        """Start one more worker."""
        worker = Worker(self.engine, self.table.plans, self.table.run, self.table.settings, stuck=stuck)
        self.workers.append((worker, asyncio.create_task(worker.run())))
        return worker

    async def stop(self) -> None:
        """Stop the workers, and wait until they have ended."""
        for worker, _ in self.workers:
            worker.stop()
        for _, task in self.workers:
            await task
        self.workers.clear()

    async def add(self, job: Any, *args: Any, **keywords: Any) -> int:
        """Add a job in a transaction of its own, and return its id."""

        async def adds(queue: JobQueue) -> int | None:
            return await queue.add(job, *args, **keywords)

        added = await self.services.call(adds)
        assert added is not None
        return added

    async def record(self, number: int) -> JobRecord:
        """Return a job as it is stored."""
        (record,) = await self.engine.list(Filter(ids=(number,)), 1)
        return record

    async def until(self, number: int, *states: JobState) -> JobRecord:
        """Wait until a job is in one of the states."""

        async def reached() -> bool:
            return (await self.record(number)).state in states

        await until(reached)
        return await self.record(number)


@asynccontextmanager
async def working(database: AsyncEngine, *jobs: type[Jobs], workers: int = 1, **options: Any) -> AsyncIterator[Working]:
    """Open an application with jobs and start workers; the options are those of JobSettings."""
    container = Container()
    container.add_instance(AsyncEngine, database)

    async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False) as opened:
            yield opened
            await opened.commit()

    container.add_scoped(AsyncSession, session)
    app = App(jobs=JobSettings(jobs, **QUICK | CARRIED | options), container=container)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(app.services())
        found = Working(services, await services.get(Engine), await services.get(JobTable))  # type: ignore[type-abstract]
        stack.push_async_callback(found.stop)
        for _ in range(workers):
            found.start()
        yield found
