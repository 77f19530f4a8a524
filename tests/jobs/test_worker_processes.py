"""Faults of worker processes and of the database: killed, stopped, hanging; on SQLite, PostgreSQL and with brokers."""

import argparse
import asyncio
import contextlib
import signal
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.engine import Filter
from framework._jobs.records import JobState
from framework._jobs.table.engine import TableEngine
from framework._jobs.worker.beating import STUCK_STATUS
from tests.jobs.brokers import BROKERS, WORKERS
from tests.jobs.chaos import chaos
from tests.jobs.processes import Process, WorkerProcesses, new_job, prepared, worker_processes
from tests.waiting import PATIENCE, until

QUICK = {"lease": 1.0, "heartbeat": 0.2, "poll": 0.1, "grace": 0.5, "concurrency": 5}


@pytest.fixture(params=["sqlite", "postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database the test runs on, or which broker carries its jobs."""
    return str(request.param)


@pytest.fixture
async def engine(database: AsyncEngine) -> AsyncIterator[TableEngine]:
    """Return the engine of the jobs."""
    opened = await prepared(database)
    yield opened
    await opened.close()


async def add(engine: TableEngine, name: str, *, max_attempts: int = 101, **arguments: object) -> int:
    """Add a job, and return its id."""
    (number,) = await engine.add([new_job(name, dict(arguments), max_attempts=max_attempts)])
    assert number is not None
    return number


async def ended(engine: TableEngine, number: int, state: JobState) -> str | None:
    """Wait until a job is in a state, and return its error."""

    async def reached() -> bool:
        return (await engine.list(Filter(ids=(number,)), 1))[0].state is state

    await until(reached)
    return (await engine.list(Filter(ids=(number,)), 1))[0].error


async def begun(processes: WorkerProcesses, count: int) -> None:
    """Wait until so many attempts have begun."""
    await until(lambda: len(processes.starts()) >= count)


async def test_a_job_of_a_killed_worker_runs_again(engine: TableEngine, url: str, tmp_path: Path) -> None:
    """It starts when the lease has ended, once, although the queue is idle."""
    with worker_processes(url, tmp_path, **QUICK) as processes:
        first = processes.start()
        number = await add(engine, "plain", seconds=1.5)
        await begun(processes, 1)
        processes.kill(first)
        processes.start()
        await ended(engine, number, JobState.DONE)
        ((before, after),) = processes.again()
    assert after.attempt == 2
    assert after.time - before.time > QUICK["lease"]


async def test_a_job_that_kills_its_workers_is_dead(engine: TableEngine, url: str, tmp_path: Path) -> None:
    """Attempts are counted when they are claimed."""
    with worker_processes(url, tmp_path, **QUICK) as processes:
        number = await add(engine, "kill", max_attempts=2)
        for count in (1, 2):
            process = processes.start()
            await begun(processes, count)
            process.join(20)
            assert process.exitcode == -signal.SIGKILL
        processes.start()
        error = await ended(engine, number, JobState.DEAD)
    assert "The worker was lost" in str(error)


def can_write(url: str) -> bool:
    """Return whether a transaction can be begun, which on SQLite nobody can while another process has one."""
    if not url.startswith("sqlite"):
        return True
    with contextlib.closing(sqlite3.connect(str(make_url(url).database), timeout=0.2)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


async def stop_outside_of_transactions(processes: WorkerProcesses, process: Process, url: str) -> None:
    """Stop a process for a while; one that has just begun a transaction, such as that of a heartbeat, may end it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            processes.signal(process, signal.SIGSTOP)
            if can_write(url):
                return
            processes.signal(process, signal.SIGCONT)
            await asyncio.sleep(0.02)


async def test_the_late_end_of_a_stopped_worker_is_refused(engine: TableEngine, url: str, tmp_path: Path) -> None:
    """Another worker has run the job meanwhile; what the first one does in its transaction is rolled back."""
    with worker_processes(url, tmp_path, **QUICK) as processes:
        first = processes.start()
        plain = await add(engine, "plain", seconds=1.5)
        await begun(processes, 1)
        await stop_outside_of_transactions(processes, first, url)
        processes.start()
        await ended(engine, plain, JobState.DONE)
        processes.signal(first, signal.SIGCONT)
        await until(lambda: "The lease of job Shop.plain" in processes.log())
        assert (await engine.list(Filter(ids=(plain,)), 1))[0].attempt == 2
        assert "Traceback" not in processes.log()


async def test_a_worker_with_a_job_that_hangs_ends(engine: TableEngine, url: str, tmp_path: Path) -> None:
    """It dumps the stacks of its threads, and its job runs again when the lease has ended."""
    with worker_processes(url, tmp_path, **QUICK) as processes:
        process = processes.start()
        number = await add(engine, "hang", max_attempts=1)
        await begun(processes, 1)
        await asyncio.to_thread(process.join, 20)
        assert process.exitcode == STUCK_STATUS
        assert "does not stop" in processes.log()
        assert "in hang" in processes.log()
        processes.processes.clear()
        processes.start()
        await ended(engine, number, JobState.DEAD)


@pytest.mark.parametrize("seconds", [0.2, 30])
async def test_a_worker_stops_at_a_signal(engine: TableEngine, url: str, tmp_path: Path, seconds: float) -> None:
    """A job that ends within the grace is done; a longer one is handed back, and its attempt is not counted."""
    with worker_processes(url, tmp_path, **QUICK) as processes:
        processes.start()
        number = await add(engine, "plain", seconds=seconds)
        await begun(processes, 1)
        assert await asyncio.to_thread(processes.stop) == [0]
    (record,) = await engine.list(Filter(ids=(number,)), 1)
    expected = (JobState.DONE, 1) if seconds < 1 else (JobState.READY, 0)
    assert (record.state, record.attempt) == expected


# A lock that is held too long shows on SQLite.
@pytest.mark.parametrize(
    "kind", ["sqlite", *(pytest.param(one, marks=pytest.mark.slow) for one in ("postgresql", *BROKERS) if one != "sqs")]
)
async def test_jobs_that_are_added_while_others_write(engine: TableEngine, url: str, tmp_path: Path) -> None:
    """Three workers and this process write: nothing is locked, and no lease is lost."""
    with worker_processes(url, tmp_path, **QUICK | {"lease": 10.0}) as processes:
        for _ in range(3):
            processes.start()
        await until(lambda: processes.ready() == 3)
        for number in range(100):
            await add(engine, "effect", number=number)

        async def done() -> bool:
            (status,) = await engine.status()
            return status.counts.get(JobState.DONE, 0) == 100

        await until(done)
        assert set(await asyncio.to_thread(processes.stop)) == {0}
        assert set(processes.counts().values()) == {1}
        assert "database is locked" not in processes.log()
        assert "was lost" not in processes.log()


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_connection_that_listens_is_opened_again(
    engine: TableEngine, database: AsyncEngine, url: str, tmp_path: Path
) -> None:
    """Jobs are found by polling meanwhile; one warning is logged."""
    terminate = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    )
    with worker_processes(url, tmp_path, **QUICK) as processes:
        processes.start()
        await ended(engine, await add(engine, "effect", number=1), JobState.DONE)
        for _ in range(2):

            async def cut() -> bool:
                async with database.begin() as connection:
                    return bool((await connection.execute(terminate)).all())

            await until(cut)
            await ended(engine, await add(engine, "effect", number=2), JobState.DONE)
        assert processes.log().count("found by polling") >= 1


# A server of RabbitMQ takes longer to start than the jobs take.
@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "nats", "redis"])
@pytest.mark.slow
async def test_chaos_loses_and_doubles_nothing(kind: str) -> None:
    """Workers are killed; all jobs are done, no job starts again before its lease has ended, and effects are exact."""
    # A busy machine notes starts late; without a lease, jobs would start again within milliseconds.
    # A worker needs some time to connect to a broker, and does nothing if it is killed before.
    pause = 2.0 if kind in BROKERS else 0.7
    found = await chaos(argparse.Namespace(engine=kind, jobs=600, workers=2, pause=pause, slack=3.0))
    assert found["states"] == {"DONE": 600}
    assert found["kills"] >= 1
    assert found["second starts before the lease ended"] == 0
    assert found["effects"] == found["different effects"] == 300
