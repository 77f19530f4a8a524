"""An application whose workers are killed; starts and failures are noted in files, which outlive a killed process."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework import App, Container
from framework._jobs.engine import Engine
from framework._jobs.worker.loop import Worker
from framework._plan.job_runs import JobTable
from framework.job_observers import JobEnd, JobObserver, OutcomeKind
from framework.jobs import CurrentJob, Jobs, JobSettings, job
from tests.jobs.databases import new_engine

__all__ = ("Empty", "Shop", "create_app", "run_worker")

FOLDER = "CHAOS_FOLDER"
"""The environment variable with the folder where starts and failures are noted."""


def note(file: str, *values: object) -> None:
    """Append a line to a file of the folder, at once."""
    descriptor = os.open(Path(os.environ[FOLDER]) / file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (" ".join(map(str, values)) + "\n").encode())
    os.close(descriptor)


class Shop(Jobs):
    """Jobs that note that they begin."""

    def __init__(self, current: CurrentJob, session: AsyncSession) -> None:
        self._session = session
        note("starts", current.id, current.attempt, os.getpid(), time.time())

    @job(retries=100, backoff=0.05, transactional=True)
    async def effect(self, number: int) -> None:
        """Write a row in the transaction that completes the job."""
        await self._session.execute(text("INSERT INTO effects (n) VALUES (:n)"), {"n": number})

    @job(retries=100, backoff=0.05)
    async def plain(self, seconds: float) -> None:
        """Take some time."""
        await asyncio.sleep(seconds)

    @job(retries=2, backoff=0.05)
    async def kill(self) -> None:
        """Kill the worker."""
        os.kill(os.getpid(), 9)

    @job(timeout=0.2)
    async def hang(self) -> None:
        """Block the event loop for ever."""
        while True:
            time.sleep(0.1)  # noqa: ASYNC251  as it says


class Failures(JobObserver):
    """Notes attempts that fail, such as those of transactional jobs while the database is away."""

    def end_job(self, end: JobEnd, state: Any) -> None:  # noqa: ARG002  the interface has both
        """Note the attempt: the job may be started again before a lease ends."""
        if end.kind is OutcomeKind.FAILED:
            note("failures", end.start.id, end.start.attempt)


class Empty(Jobs):
    """A job that does nothing, for measurements."""

    @job
    async def run(self, number: int) -> None:
        """Do nothing."""


def create_app(url: str, options: dict[str, Any]) -> App:
    """Return the application; the options are those of JobSettings."""

    async def open_engine() -> AsyncIterator[AsyncEngine]:
        engine = new_engine(url)
        yield engine
        await engine.dispose()

    async def open_session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session
            await session.commit()

    container = Container()
    container.add_singleton(AsyncEngine, open_engine)
    container.add_scoped(AsyncSession, open_session)
    return App(jobs=JobSettings([Shop, Empty], observers=[Failures()], **options), container=container)


def run_worker(url: str, folder: str, options: dict[str, Any]) -> None:
    """Run a worker in this process until SIGTERM; what it logs is written to a file of the folder."""
    os.environ[FOLDER] = folder
    log = os.open(Path(folder) / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(create_app(url, options)))


async def _serve(app: App) -> None:
    async with app.services() as services:
        engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
        table = await services.get(JobTable)
        worker = Worker(engine, table.plans, table.run, table.settings)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
        note("workers", os.getpid())
        await worker.run()
