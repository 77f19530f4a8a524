"""The order in which jobs begin: by priority, then by age, and what a broker changes of it."""

import asyncio
import random
from typing import ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.engine import Filter
from framework._jobs.records import JobState, NewJob
from framework.jobs import Jobs, job
from tests.jobs.brokers import BROKERS, WORKERS
from tests.jobs.working import Working, working
from tests.waiting import until

WINDOW = 10
"""Jobs that a broker carries, for each one that a worker runs at once."""


@pytest.fixture(params=["sqlite", "postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on, or which broker carries its jobs."""
    return str(request.param)


class Mail(Jobs):
    """Jobs that note that they begin."""

    ran: ClassVar[list[int]] = []
    go: ClassVar[asyncio.Event]

    @job
    async def send(self, number: int) -> None:
        """Wait for the test."""
        Mail.ran.append(number)
        await Mail.go.wait()


@pytest.fixture(autouse=True)
def _clear() -> None:
    Mail.ran.clear()
    Mail.go = asyncio.Event()


async def add(app: Working, numbers: range, *priorities: int) -> None:
    """Add a job for each number, with the priorities in turn, each later than the one before."""
    new = [
        NewJob(
            name="Mail.send",
            queue="default",
            arguments=f'{{"number": {number}}}'.encode(),
            max_attempts=1,
            priority=priorities[number % len(priorities)],
        )
        for number in numbers
    ]
    assert None not in await app.engine.add(new)


async def ended(app: Working, count: int) -> None:
    """Wait until so many jobs are done."""

    async def done() -> bool:
        return len(await app.engine.list(Filter(states=(JobState.DONE,)), count)) == count

    await until(done)


@pytest.mark.parametrize("concurrency", [1, 3])
async def test_waiting_jobs_begin_by_priority_then_by_age(database: AsyncEngine, concurrency: int) -> None:
    """More of them than a broker carries at once, so that it gets them in several batches."""
    priorities = [0, 1, 2, 3, 4] * 14
    random.Random(7).shuffle(priorities)  # noqa: S311  not a secret
    Mail.go.set()
    async with working(database, Mail, workers=0, concurrency=concurrency) as app:
        await add(app, range(len(priorities)), *priorities)
        app.start()
        await ended(app, len(priorities))
    assert Mail.ran == sorted(range(len(priorities)), key=lambda number: (priorities[number], number))


async def test_an_urgent_job_that_is_added_later(database: AsyncEngine, kind: str) -> None:
    """It begins next; with a broker, after the jobs that this carries already, and before all others."""
    async with working(database, Mail, workers=0, concurrency=1) as app:
        await add(app, range(30), 5)
        app.start()
        await until(lambda: Mail.ran == [0])
        carried = WINDOW if kind in BROKERS else 0

        async def handed_over() -> bool:
            waiting = await app.engine.list(Filter(states=(JobState.READY,)), 30)
            return sum((one.owner or "").startswith("broker:") for one in waiting) == carried

        await until(handed_over)
        await add(app, range(30, 31), 0)
        Mail.go.set()
        await ended(app, 31)
    assert Mail.ran == [*range(carried + 1), 30, *range(carried + 1, 30)]
