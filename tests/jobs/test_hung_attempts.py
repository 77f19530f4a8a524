"""An attempt that hangs is watched, whatever the same worker has claimed since."""

import asyncio
from typing import Any, ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import JobState
from framework._jobs.table.ending import TableHeartbeat
from framework.jobs import CurrentJob, Jobs, job
from tests.jobs.brokers import WORKERS
from tests.jobs.working import working
from tests.waiting import until


@pytest.fixture(params=["sqlite", "postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on, or which broker carries its jobs."""
    return str(request.param)


class Hangs(Jobs):
    """A job whose first attempt ignores that it is cancelled, and whose second one ends at once."""

    go: ClassVar[asyncio.Event]

    def __init__(self, current: CurrentJob) -> None:
        self._attempt = current.attempt

    @job(timeout=2.0)
    async def run(self) -> None:
        """Wait for the test."""
        while self._attempt == 1 and not Hangs.go.is_set():
            try:
                await Hangs.go.wait()
            except asyncio.CancelledError:
                continue


async def test_a_first_attempt_that_hangs_is_watched_after_the_second(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its lease was lost, so that the same worker has run the job again; it cannot be stopped all the same."""

    async def away(*_: Any) -> Any:
        """Do not renew leases, as if this worker alone did not reach the database."""
        raise ConnectionError("no route")

    monkeypatch.setattr(TableHeartbeat, "renew", away)
    Hangs.go = asyncio.Event()
    stuck: list[bool] = []
    async with working(database, Hangs, workers=0, lease=0.4, grace=0.2) as app:
        app.start(stuck=lambda: stuck.append(True))
        number = await app.add(Hangs.run)
        record = await app.until(number, JobState.DONE)
        assert record.attempt == 2
        try:
            await until(lambda: bool(stuck), 10)
        finally:
            Hangs.go.set()
    assert f"The job Hangs.run {number} does not stop" in caplog.text
