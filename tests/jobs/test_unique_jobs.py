"""The unique key of a job: taken until its job has ended, however that ends."""

import asyncio
from typing import ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.engine import Filter
from framework._jobs.records import JobState
from framework.jobs import Discard, JobQueue, Jobs, job
from tests.jobs.brokers import WORKERS
from tests.jobs.working import Working, working
from tests.waiting import until


@pytest.fixture(params=["sqlite", "postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on, or which broker carries its jobs."""
    return str(request.param)


class Mail(Jobs):
    """A job with a unique key that ends as the test wishes."""

    began: ClassVar[int] = 0
    go: ClassVar[asyncio.Event]
    dies: ClassVar[bool] = False

    @job(unique=True)
    async def send(self, to: str) -> None:
        """Wait for the test."""
        Mail.began += 1
        await Mail.go.wait()
        if Mail.dies:
            raise Discard(to)


@pytest.fixture(autouse=True)
def _clear() -> None:
    Mail.began, Mail.go, Mail.dies = 0, asyncio.Event(), False


async def try_to_add(app: Working, **options: float) -> int | None:
    """Add the job with the same key, and return its id; None if the key is taken."""

    async def add(queue: JobQueue) -> int | None:
        return await queue.add(Mail.send, to="ada", **options)

    return await app.services.call(add)


@pytest.mark.parametrize("end", ["done", "dead", "cancelled"])
async def test_a_key_is_free_after_its_running_job_has_ended(database: AsyncEngine, end: str) -> None:
    """It is taken while the job waits and runs; the next job with it runs as the first one did."""
    async with working(database, Mail, workers=0) as app:
        number = await app.add(Mail.send, "ada")
        assert await try_to_add(app) is None
        app.start()
        await until(lambda: Mail.began == 1)
        assert await try_to_add(app) is None

        if end == "cancelled":
            assert await app.engine.discard(Filter(ids=(number,))) == 1
        Mail.dies = end == "dead"
        if end != "cancelled":
            Mail.go.set()
        await app.until(number, JobState[end.upper()])

        Mail.dies = False
        Mail.go.set()
        following = await try_to_add(app)
        assert following is not None
        assert following > number
        await app.until(following, JobState.DONE)
    assert Mail.began == 2


@pytest.mark.parametrize("options", [{}, {"delay": 3600.0}])
async def test_a_key_is_free_after_its_waiting_job_was_cancelled(
    database: AsyncEngine, options: dict[str, float]
) -> None:
    """A ready or a scheduled one; it never runs."""
    Mail.go.set()
    async with working(database, Mail, workers=0) as app:
        number = await try_to_add(app, **options)
        assert number is not None
        assert await try_to_add(app) is None
        assert await app.engine.discard(Filter(ids=(number,))) == 1
        following = await try_to_add(app)
        assert following is not None
        app.start()
        await app.until(following, JobState.DONE)
        assert (await app.record(number)).state is JobState.CANCELLED
    assert Mail.began == 1
