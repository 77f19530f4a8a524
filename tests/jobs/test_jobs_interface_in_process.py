"""Jobs in the process that serves: in development, or by a setting."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from framework import App, Controller, post
from framework._jobs.worker.loop import Worker
from framework.job_store import JobStore
from framework.jobs import JobQueue, Jobs, JobSettings, job, working_in_process
from framework.testing import AppClientFactory
from tests.waiting import until

RAN: list[float] = []


class Work(Jobs):
    """A job."""

    @job
    async def sleep(self, seconds: float) -> None:
        """Take some time."""
        RAN.append(seconds)
        await asyncio.sleep(seconds)


class Adds(Controller):
    """Adds jobs."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    @post("/add")
    async def add(self, seconds: float = 0) -> None:
        """Add a job."""
        await self._queue.add(Work.sleep, float(seconds))


def app_in(folder: Path, **options: Any) -> App:
    """Return an app whose jobs are in a folder."""
    RAN.clear()
    return App([Adds], jobs=JobSettings([Work], url=f"sqlite+aiosqlite:///{folder / 'jobs.db'}", **options))


async def test_the_setting_runs_jobs_while_the_app_serves(tmp_path: Path, app_client: AppClientFactory) -> None:
    """Without it, a process that serves runs none."""
    for in_process in (False, True):
        client = await app_client(app_in(tmp_path, in_process=in_process))
        await client.call(Adds.add)
        if in_process:
            await until(lambda: len(RAN) == 2)
        else:
            await asyncio.sleep(0.3)
            assert RAN == []


async def test_a_server_that_reloads_waits_for_no_long_job(tmp_path: Path, app_client: AppClientFactory) -> None:
    """The job is handed back, and its attempt is not counted."""
    app = app_in(tmp_path)
    with working_in_process():
        client = await app_client(app)
    await client.call(Adds.add, seconds=60.0)
    await until(lambda: RAN == [60.0])
    before = time.monotonic()
    await client.http.close()

    async with app.services() as services:
        (stored,) = await (await services.get(JobStore)).list()
    assert (stored.state, stored.attempt) == ("ready", 0)
    assert time.monotonic() - before < 15


async def test_a_worker_that_ends_is_reported(
    tmp_path: Path, app_client: AppClientFactory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The process goes on serving."""

    async def run(_: Worker) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(Worker, "run", run)
    caplog.set_level(logging.ERROR, "framework.jobs")
    client = await app_client(app_in(tmp_path, in_process=True))
    await client.call(Adds.add)

    assert [one.getMessage() for one in caplog.records] == ["The worker has ended, and this process runs no more jobs"]
