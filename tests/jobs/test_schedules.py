"""Scheduled jobs: once for each tick however many workers there are; on SQLite and PostgreSQL."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import JobState
from framework.jobs import Jobs, job
from tests.jobs.working import Working, working
from tests.waiting import until

RAN: list[Any] = []


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()


class Reports(Jobs):
    """A job that is scheduled often."""

    @job(every=0.3)
    async def write(self) -> None:
        """Note that it ran."""
        RAN.append(1)


class Slow(Jobs):
    """A job that takes longer than its period."""

    @job(every=0.2)
    async def write(self) -> None:
        """Take some time."""
        RAN.append(1)
        await asyncio.sleep(1)


class Rare(Jobs):
    """A job that is scheduled rarely."""

    @job(every=3600)
    async def write(self) -> None:
        """Note that it ran."""
        RAN.append(1)


async def last_tick(database: AsyncEngine, change: int = 0) -> int:
    """Return the last tick that is stored, and move it by some milliseconds."""
    async with database.begin() as connection:
        await connection.execute(text("UPDATE framework_job_schedules SET last_at = last_at + :n"), {"n": change})
        found = await connection.execute(text("SELECT last_at FROM framework_job_schedules"))
        return int(found.scalar_one())


async def jobs(app: Working) -> int:
    """Count the jobs that were added."""
    return sum(sum(one.counts.values()) for one in await app.engine.status())


async def ticks_and_jobs(app: Working, database: AsyncEngine) -> tuple[int, int]:
    """Return the last tick and the number of jobs, of one moment between two ticks."""
    while True:
        tick, count = await last_tick(database), await jobs(app)
        if await last_tick(database) == tick:
            return tick, count


async def test_each_tick_adds_one_job_however_many_workers_run(database: AsyncEngine) -> None:
    """Four workers look at the same schedule; on a busy machine ticks are left out, but none adds a second job."""
    async with working(database, Reports, workers=4) as app:
        await until(lambda: len(RAN) >= 1)
        first, before = await ticks_and_jobs(app, database)
        await until(lambda: len(RAN) >= 5)
        last, after = await ticks_and_jobs(app, database)
        assert after - before <= (last - first) // 300
        added = sum(worker.counts.ticks_added + worker.counts.ticks_skipped for worker, _ in app.workers)
        assert added >= 5


async def test_the_latest_missed_tick_is_caught_up(database: AsyncEngine) -> None:
    """A new schedule begins with its next tick; of three missed ticks, the latest adds a job."""
    async with working(database, Rare) as app:
        await until(lambda: app.workers[0][0].ready)
        await asyncio.sleep(0.3)
        assert RAN == []
        await app.stop()
        await last_tick(database, -3 * 3_600_000)
        app.start()
        await until(lambda: len(RAN) == 1)
        await app.stop()
        app.start()
        await asyncio.sleep(0.3)
    assert RAN == [1]


async def test_a_tick_is_skipped_while_the_earlier_job_runs(database: AsyncEngine) -> None:
    """It is counted, and logged."""
    async with working(database, Slow) as app:
        worker = app.workers[0][0]
        await until(lambda: worker.counts.ticks_skipped >= 2)
        assert len(RAN) <= 2
        (status,) = await app.engine.status()
        assert status.counts.get(JobState.RUNNING, 0) <= 1


async def test_a_schedule_that_was_removed_is_forgotten(database: AsyncEngine) -> None:
    """Its row is dropped when the next worker starts."""
    async with working(database, Reports) as app:
        await until(lambda: len(RAN) >= 1)
        assert app.workers[0][0].ready

    async def forgotten() -> bool:
        async with database.connect() as connection:
            found = await connection.execute(text("SELECT count(*) FROM framework_job_schedules"))
            return int(found.scalar_one()) == 0

    async with working(database, Slow):
        await until(lambda: len(RAN) >= 2)
        async with database.connect() as connection:
            found = await connection.execute(text("SELECT name FROM framework_job_schedules"))
            assert list(found.scalars()) == ["Slow.write"]
    async with working(database, NoSchedule):
        await until(forgotten)


class NoSchedule(Jobs):
    """A job without a schedule."""

    @job
    async def write(self) -> None:
        """Do nothing."""
