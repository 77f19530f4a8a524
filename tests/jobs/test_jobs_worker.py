"""Workers run jobs, on SQLite, PostgreSQL and with brokers: how attempts end."""

import asyncio
import logging
import time
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework._jobs.engine import Filter
from framework._jobs.records import JobState, NewJob, OutcomeKind
from framework.job_observers import JobEnd, JobObserver, JobStart
from framework.jobs import CurrentJob, Discard, Jobs, RetryLater, job
from framework.request_ids import current_request_id
from tests.jobs.brokers import WORKERS
from tests.jobs.working import working
from tests.waiting import until

RAN: list[Any] = []


@pytest.fixture(params=["sqlite", "postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on, or which broker carries its jobs."""
    return str(request.param)


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()


class Mail(Jobs):
    """Jobs of all kinds."""

    def __init__(self, current: CurrentJob) -> None:
        self._current = current

    @job
    async def send(self, number: int) -> None:
        """Note what was sent."""
        RAN.append(number)

    @job
    def plain(self, number: int) -> None:
        """Run in a thread."""
        RAN.append(number)

    @job(retries=2, backoff=0.05)
    async def fails(self) -> None:
        """Fail always."""
        RAN.append(self._current.attempt)
        raise ValueError("no")

    @job
    async def discarded(self) -> None:
        """Fail for ever."""
        RAN.append(self._current.attempt)
        raise Discard("why")

    @job(retries=3, backoff=60)
    async def later(self) -> None:
        """Ask for another time, once."""
        RAN.append(self._current.attempt)
        if self._current.attempt == 1:
            raise RetryLater(0.05)

    @job(timeout=0.1, retries=1, backoff=0.01)
    async def slow(self) -> None:
        """Take too long."""
        RAN.append(self._current.attempt)
        await asyncio.sleep(30)

    @job
    async def long(self, seconds: float) -> None:
        """Take some time."""
        RAN.append(self._current.attempt)
        await asyncio.sleep(seconds)

    @job
    async def blocks(self, seconds: float) -> None:
        """Block the event loop."""
        RAN.append(self._current.attempt)
        time.sleep(seconds)  # noqa: ASYNC251  as it says

    @job(timeout=0.1)
    async def endless(self, seconds: float) -> None:
        """Swallow its cancellation."""
        RAN.append(self._current.attempt)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                await asyncio.sleep(0.02)
            except asyncio.CancelledError:
                RAN.append("cancelled")

    @job(result=60)
    async def returns(self, size: int) -> str:
        """Return a text."""
        return "x" * size

    @job
    async def exits(self) -> None:
        """End the process, if it is let."""
        raise SystemExit(3)

    @job
    async def context(self) -> None:
        """Note the id of the request."""
        RAN.append(current_request_id())

    @job
    async def reports(self) -> None:
        """Report progress."""
        await self._current.progress("1 of 2")
        await asyncio.sleep(30)

    @job(name="mail.renamed", aliases=["Mail.old"])
    async def renamed(self) -> None:
        """Note that it ran."""
        RAN.append("renamed")


async def test_jobs_run_in_order_and_in_threads(database: AsyncEngine) -> None:
    """Jobs run in order and in threads."""
    async with working(database, Mail, workers=0, concurrency=1) as app:
        for number in range(5):
            await app.add(Mail.send, number)
        last = await app.add(Mail.plain, 5)
        app.start()
        await app.until(last, JobState.DONE)
    assert RAN == [0, 1, 2, 3, 4, 5]


async def test_a_failing_job_is_retried_and_then_dead(database: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    """A failing job is retried and then dead."""
    async with working(database, Mail) as app:
        record = await app.until(await app.add(Mail.fails), JobState.DEAD)
    assert RAN == [1, 2, 3]
    assert "Traceback" in str(record.error)
    assert str(record.error).endswith("ValueError: no\n")
    said = [one.getMessage() for one in caplog.records if one.name == "framework.jobs"]
    assert len(said) == 3
    assert "attempt 1 of 3, again in 0." in said[0]
    assert "is dead after 3 attempts: ValueError: no (" in said[2]


async def test_discard_and_retry_later(database: AsyncEngine) -> None:
    """Discard and retry later."""
    async with working(database, Mail) as app:
        record = await app.until(await app.add(Mail.discarded), JobState.DEAD)
        assert "why" in str(record.error)
        await app.until(await app.add(Mail.later), JobState.DONE)
    assert RAN == [1, 1, 2]


async def test_a_job_over_its_timeout_has_failed(database: AsyncEngine) -> None:
    """A job over its timeout has failed."""
    async with working(database, Mail) as app:
        record = await app.until(await app.add(Mail.slow), JobState.DEAD)
    assert RAN == [1, 2]
    assert "TimeoutError: The job took longer than its timeout of 0.1 s" in str(record.error)


async def test_a_job_that_is_longer_than_its_lease_starts_once(database: AsyncEngine) -> None:
    """A job that is longer than its lease starts once."""
    async with working(database, Mail, workers=2, lease=0.5) as app:
        await app.until(await app.add(Mail.long, 1.2), JobState.DONE)
    assert RAN == [1]


async def test_a_job_that_blocks_the_loop_keeps_its_lease(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that blocks the loop keeps its lease."""
    async with working(database, Mail, lease=0.6) as app:
        number = await app.add(Mail.blocks, 1.7)
        await app.until(number, JobState.DONE)
        assert app.workers[0][0].counts.lost == 0
    assert RAN == [1]
    (said,) = [one.getMessage() for one in caplog.records if "blocks the event loop" in one.getMessage()]
    assert said.startswith(f"The job Mail.blocks {number} blocks the event loop for more than 1 s: ")
    assert "test_jobs_worker.py" in said


async def test_a_job_that_does_not_stop_loses_its_lease(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """A job that does not stop loses its lease."""
    stuck: list[float] = []
    async with working(database, Mail, workers=0, lease=0.4, grace=0.2) as app:
        worker = app.start(stuck=lambda: stuck.append(time.monotonic()))
        number = await app.add(Mail.endless, 1.5)
        await until(lambda: bool(stuck))
        # Nobody runs it meanwhile, but its lease ends.
        record = await app.until(number, JobState.READY, JobState.RUNNING)
        await until(lambda: worker.counts.lost > 0)
        assert record.max_attempts > 1
    assert len(stuck) >= 1
    assert RAN[:2] == [1, "cancelled"]
    assert f"The job Mail.endless {number} does not stop" in caplog.text


async def test_results_are_stored_where_declared(database: AsyncEngine) -> None:
    """Results are stored where declared."""
    async with working(database, Mail, size_limit=200) as app:
        number = await app.add(Mail.returns, 3)
        await app.until(number, JobState.DONE)
        assert await app.engine.result(number) == b'"xxx"'
        other = await app.add(Mail.send, 3)
        await app.until(other, JobState.DONE)
        assert await app.engine.result(other) is None
        record = await app.until(await app.add(Mail.returns, 1000), JobState.DEAD)
        assert "its result cannot be stored: it has 1002 bytes, the limit is 200" in str(record.error)


async def test_a_job_cannot_end_its_worker(database: AsyncEngine) -> None:
    """A job cannot end its worker."""
    async with working(database, Mail) as app:
        number = await app.add(Mail.exits)
        record = await app.until(number, JobState.SCHEDULED)
        assert "SystemExit: 3" in str(record.error)
        await app.until(await app.add(Mail.send, 1), JobState.DONE)


async def test_the_request_id_of_who_added_the_job(database: AsyncEngine) -> None:
    """The request id of who added the job."""
    new = NewJob(
        name="Mail.context", queue="default", arguments=b"{}", max_attempts=1, context='{"request_id": "abc", "x": 1}'
    )
    async with working(database, Mail) as app:
        (number,) = await app.engine.add([new])
        assert number is not None
        await app.until(number, JobState.DONE)
    assert RAN == ["abc"]


async def test_stored_arguments_that_do_not_fit_are_dead_at_once(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """Stored arguments that do not fit are dead at once."""
    new = NewJob(name="Mail.send", queue="default", arguments=b'{"number": "7"}', max_attempts=5)
    async with working(database, Mail) as app:
        (number,) = await app.engine.add([new])
        assert number is not None
        record = await app.until(number, JobState.DEAD)
    assert record.arguments == b'{"number": "7"}'
    assert record.attempt == 1
    assert "Expected `int`, got `str` - at `$.number`" in str(record.error)
    assert RAN == []
    assert "is dead" in caplog.text


async def test_an_unknown_name_is_left_to_other_workers(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """An unknown name is left to other workers."""
    new = NewJob(name="Mail.future", queue="default", arguments=b"{}", max_attempts=1)
    async with working(database, Mail) as app:
        (number,) = await app.engine.add([new])
        assert number is not None
        record = await app.until(number, JobState.SCHEDULED)
        assert record.attempt == 0
        assert 3000 < record.run_at - record.created_at < 8000
    assert "No class in App(jobs=) has the job Mail.future" in caplog.text


async def test_jobs_of_earlier_names_run(database: AsyncEngine) -> None:
    """Jobs of earlier names run."""
    names = ("Mail.old", "mail.renamed")
    async with working(database, Mail) as app:
        for name in names:
            (number,) = await app.engine.add([NewJob(name=name, queue="default", arguments=b"{}", max_attempts=1)])
            assert number is not None
            await app.until(number, JobState.DONE)
    assert RAN == ["renamed", "renamed"]


async def test_a_running_job_is_cancelled_by_its_workers_heartbeat(database: AsyncEngine) -> None:
    """A running job is cancelled by its worker's heartbeat."""
    async with working(database, Mail) as app:
        number = await app.add(Mail.reports)

        async def reported() -> bool:
            return (await app.record(number)).progress == "1 of 2"

        await until(reported)
        assert await app.engine.discard(Filter(ids=(number,))) == 1
        await app.until(number, JobState.CANCELLED)


async def test_a_worker_that_stops_lets_jobs_end(database: AsyncEngine) -> None:
    """A worker that stops lets jobs end."""
    async with working(database, Mail) as app:
        number = await app.add(Mail.long, 0.3)
        await until(lambda: RAN == [1])
        await app.stop()
        assert (await app.record(number)).state is JobState.DONE


@pytest.mark.parametrize("twice", [False, True])
async def test_a_job_that_is_longer_than_the_grace_is_handed_back(database: AsyncEngine, *, twice: bool) -> None:
    """A job that is longer than the grace is handed back."""
    async with working(database, Mail, grace=30 if twice else 0.1) as app:
        number = await app.add(Mail.long, 30)
        await until(lambda: RAN == [1])
        if twice:
            app.workers[0][0].stop()
        await app.stop()
        record = await app.record(number)
        assert (record.state, record.attempt) == (JobState.READY, 0)
        app.start()
        await until(lambda: RAN == [1, 1])
        app.workers[0][0].stop()


class Shop(Jobs):
    """Jobs that write."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    @job(transactional=True, retries=1, backoff=0.01)
    async def count(self, wait: float = 0.0, *, fail: bool = False) -> None:
        """Add a row."""
        await self._session.execute(text("INSERT INTO effects (n) VALUES (1)"))
        await asyncio.sleep(wait)
        if fail:
            raise ValueError


async def effects(database: AsyncEngine) -> int:
    """Count the rows that jobs have written."""
    async with database.connect() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM effects"))).scalar_one())


async def test_an_effect_and_the_end_of_its_job_are_one_transaction(database: AsyncEngine) -> None:
    """An effect and the end of its job are one transaction."""
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE effects (n integer)"))
    async with working(database, Shop) as app:
        await app.until(await app.add(Shop.count), JobState.DONE)
        assert await effects(database) == 1
        await app.until(await app.add(Shop.count, 0.0, fail=True), JobState.DEAD)
        assert await effects(database) == 1
        if database.dialect.name == "sqlite":  # A transaction that writes is open; nobody else can write.
            return
        number = await app.add(Shop.count, 0.5)
        await app.until(number, JobState.RUNNING)
        async with database.begin() as connection:
            await connection.execute(text("UPDATE framework_jobs SET owner = 'thief' WHERE state = 1"))
        worker = app.workers[0][0]
        await until(lambda: worker.counts.lost == 1)
        assert (await app.record(number)).owner == "thief"
    assert await effects(database) == 1


class _Seen(JobObserver):
    def __init__(self) -> None:
        self.begun: list[JobStart] = []
        self.ended: list[tuple[JobEnd, Any]] = []

    def begin_job(self, start: JobStart) -> Any:
        self.begun.append(start)
        return start.id

    def end_job(self, end: JobEnd, state: Any) -> None:
        self.ended.append((end, state))
        raise RuntimeError("an observer that fails")


async def test_observers_see_attempts(database: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    """Observers see attempts."""
    seen = _Seen()
    async with working(database, Mail, observers=[seen]) as app:
        number = await app.add(Mail.later)
        await app.until(number, JobState.DONE)
    assert [(one.name, one.attempt) for one in seen.begun] == [("Mail.later", 1), ("Mail.later", 2)]
    (first, state), (second, _) = seen.ended
    assert (first.kind, second.kind, state) == (OutcomeKind.FAILED, OutcomeKind.DONE, number)
    assert isinstance(first.exception, RetryLater)
    assert first.duration >= 0
    assert logging.ERROR in [one.levelno for one in caplog.records if "observer of jobs" in one.getMessage()]


class Odd(Jobs):
    """Jobs with ends that a database refuses."""

    @job
    async def later(self) -> None:
        """Ask for a time that no database can store."""
        raise RetryLater(1e30)

    @job
    async def fine(self) -> None:
        """Do nothing."""


async def test_an_end_that_cannot_be_stored_does_not_stop_the_others(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """It is stored as dead instead."""
    async with working(database, Odd, workers=0) as app:
        numbers = [await app.add(one) for one in (Odd.fine, Odd.later, Odd.fine)]
        app.start()
        record = await app.until(numbers[1], JobState.DEAD)
        for number in (numbers[0], numbers[2]):
            await app.until(number, JobState.DONE)
    assert "The end of the job cannot be stored" in str(record.error)
    assert "cannot be stored" in caplog.text
