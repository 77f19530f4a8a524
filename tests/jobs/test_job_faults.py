"""Faults between two steps: a process that dies after its commit, a database that is away, changes while jobs run."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework import App, Container
from framework._jobs.engine import Engine, Filter
from framework._jobs.records import JobState, NewJob
from framework._jobs.table.ending import TableHeartbeat
from framework._jobs.table.engine import TableEngine
from framework._jobs.table.waking import Waker
from framework._plan.job_runs import JobTable
from framework.jobs import CurrentJob, Jobs, JobSettings, job
from tests.forked import FORKS
from tests.jobs.databases import new_engine
from tests.jobs.processes import new_job, prepared, worker_processes
from tests.jobs.working import QUICK, Working, working
from tests.postgresql_server import PostgreSQLServer
from tests.waiting import until

RAN: Counter[int] = Counter()
CLOSED: list[str] = []


@pytest.fixture(autouse=True)
def _clear() -> None:
    RAN.clear()
    CLOSED.clear()


def add_and_die(url: str) -> None:
    """Add a job in a session, and kill this process between the commit and the wake-up."""

    def die(_: Waker) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    async def add() -> None:
        database = new_engine(url)
        engine = TableEngine(database, JobSettings([]))
        async with AsyncSession(database) as session:
            await engine.add([new_job("plain", {"seconds": 0})], session)
            await session.commit()
        # It dies in the callback of the commit, at the latest when the event loop runs again.
        await asyncio.sleep(30)

    Waker.announce = die  # type: ignore[assignment, method-assign]  # this process ends there
    asyncio.run(add())


async def test_a_process_that_dies_after_its_commit(database: AsyncEngine, url: str, tmp_path: Path) -> None:
    """Nobody is woken, and the job is found by polling."""
    engine = await prepared(database)
    with worker_processes(url, tmp_path, **QUICK | {"poll": 0.3}) as processes:
        processes.start()
        (first,) = await engine.add([new_job("plain", {"seconds": 0})])
        await until(lambda: len(processes.starts()) == 1)
        process = FORKS.Process(target=add_and_die, args=(url,))
        process.start()
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -signal.SIGKILL
        await until(lambda: len(processes.starts()) == 2)

        async def done() -> bool:
            return len(await engine.list(Filter(states=(JobState.DONE,)), 5)) == 2

        await until(done)
        assert first != processes.starts()[-1].job
    await engine.close()


class Waits(Jobs):
    """A job that waits for the test."""

    go: ClassVar[dict[int, asyncio.Event]] = {}
    """By attempt."""

    def __init__(self, current: CurrentJob) -> None:
        self._id, self._attempt = current.id, current.attempt

    @job
    async def run(self) -> None:
        """Wait."""
        RAN[self._id] += 1
        await Waits.go[self._attempt].wait()


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_database_that_is_away_longer_than_the_lease(
    database: AsyncEngine, shared_postgresql: PostgreSQLServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is not ready meanwhile. A job that was taken over is fenced: the end of the first run is not stored.

    The lease of the second run is renewed all the same, although the same worker has both.
    """
    Waits.go = {1: asyncio.Event(), 2: asyncio.Event()}
    away = True
    renew = TableHeartbeat.renew

    async def late(self: TableHeartbeat, *args: Any) -> Any:
        """Reach the database later than other workers."""
        if away:
            raise ConnectionError("no route")
        return await renew(self, *args)

    async with working(database, Waits, lease=1.5, heartbeat=0.2) as app:
        (worker, _) = app.workers[0]
        number = await app.add(Waits.run)
        await until(lambda: RAN[number] == 1)
        assert worker.ready
        monkeypatch.setattr(TableHeartbeat, "renew", late)
        await asyncio.to_thread(shared_postgresql.kill_and_start, lambda: until_in_thread(lambda: not worker.ready))

        # Its lease has ended, so it is claimed again, here by the same worker.
        await until(lambda: RAN[number] == 2)
        assert worker.ready
        away = False
        Waits.go[1].set()
        await until(lambda: worker.counts.lost == 1)
        until_lease = (await app.record(number)).lease_until
        assert until_lease is not None

        async def renewed() -> bool:
            # Several times, so that it is renewed after the end of the first run as well.
            return ((await app.record(number)).lease_until or 0) > until_lease + 1000

        await until(renewed)
        Waits.go[2].set()
        record = await app.until(number, JobState.DONE)
        assert (record.attempt, worker.counts.lost) == (2, 1)
    assert {number: 2} == RAN


def until_in_thread(true: Any) -> None:
    """Wait until something is true that the event loop of the test changes."""
    asyncio.run(until(true))


class Slow:
    """A service that takes longer to close than several heartbeats."""


class Writes(Jobs):
    """Jobs with services of a scope."""

    def __init__(self, session: AsyncSession, slow: Slow) -> None:
        self._session = session
        self._slow = slow

    @job(transactional=True, retries=0)
    async def commit(self) -> None:
        """Do nothing."""

    @job(retries=0)
    async def fail(self) -> None:
        """Fail."""
        raise ValueError("no server")


async def open_slow() -> AsyncIterator[Slow]:
    """Close slowly, after the session has committed."""
    try:
        yield Slow()
    except BaseException as error:
        CLOSED.append(type(error).__name__)
        raise
    await asyncio.sleep(0.6)
    CLOSED.append("closed")


async def open_session(engine: AsyncEngine, slow: Slow) -> AsyncIterator[AsyncSession]:  # noqa: ARG001  opened before
    """Commit first."""
    async with AsyncSession(engine) as session:
        yield session
        await session.commit()


async def test_a_job_is_not_cancelled_after_its_commit(database: AsyncEngine) -> None:
    """Heartbeats find no running job while its scope is closed; a job that fails has its scope closed, too."""
    container = Container()
    container.add_instance(AsyncEngine, database)
    container.add_scoped(Slow, open_slow)
    container.add_scoped(AsyncSession, open_session)
    options: dict[str, Any] = {**QUICK, "heartbeat": 0.05}
    app = App(jobs=JobSettings([Writes], **options), container=container)
    async with app.services() as services:
        engine: Engine = await services.get(Engine)  # type: ignore[type-abstract]  # registered as it is
        found = Working(services, engine, await services.get(JobTable))
        worker = found.start()
        await found.until(await found.add(Writes.commit), JobState.DONE)
        await found.until(await found.add(Writes.fail), JobState.DEAD)
        await until(lambda: len(CLOSED) == 4)
        await found.stop()
    # Two of them are those in which the jobs were added.
    assert sorted(CLOSED) == ["ValueError", "closed", "closed", "closed"]
    assert worker.counts.lost == 0
    assert {kind.name: count for kind, count in worker.counts.ended.items()} == {"DONE": 1, "FAILED": 1}


class Short(Jobs):
    """Many short jobs."""

    def __init__(self, current: CurrentJob) -> None:
        self._id = current.id

    @job
    async def run(self) -> None:
        """Take a moment."""
        RAN[self._id] += 1
        await asyncio.sleep(0.02)


async def test_jobs_are_changed_while_workers_run_them(database: AsyncEngine) -> None:
    """Only those that are still in the state that the change is for; the counts are exact."""
    count = 120
    async with working(database, Short, workers=3, concurrency=4) as app:
        new = NewJob(name="Short.run", queue="default", arguments=b"{}", max_attempts=6)
        assert None not in await app.engine.add([new] * count)
        await until(lambda: len(RAN) > 10)
        cancelled = await app.engine.discard(Filter(name="Short.run"))

        async def counts() -> dict[JobState, int]:
            (status,) = await app.engine.status()
            return {state: number for state, number in status.counts.items() if number}

        async def ended() -> bool:
            known = await counts()
            return known.get(JobState.DONE, 0) + known.get(JobState.CANCELLED, 0) == count

        await until(ended)
        found = (await counts()).get(JobState.CANCELLED, 0)
        # Of the running ones, some were done before a heartbeat told them.
        assert 0 <= cancelled - found <= 12
        assert max(RAN.values()) == 1
        (first, second) = await asyncio.gather(*(app.engine.retry(Filter(name="Short.run")) for _ in range(2)))
        assert first + second == found

        async def done() -> bool:
            return (await counts()) == {JobState.DONE: count}

        await until(done)
        assert await app.engine.retry(Filter(name="Short.run")) == 0
        assert await app.engine.discard(Filter(name="Short.run")) == 0
    assert len(RAN) == count


class Overlapping(Jobs):
    """A job that may run several times at once."""

    @job(every=0.2, overlap=True)
    async def write(self) -> None:
        """Take longer than the period."""
        await asyncio.sleep(2)


async def test_a_tick_is_added_while_the_earlier_job_runs(database: AsyncEngine) -> None:
    """If the schedule says so."""
    async with working(database, Overlapping) as app:
        (worker, _) = app.workers[0]
        await until(lambda: worker.running >= 3)
        assert worker.counts.ticks_skipped == 0
