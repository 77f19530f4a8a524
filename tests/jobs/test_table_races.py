"""The engine in a table when several connections do something at the same time."""

import asyncio
import random
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework._jobs.records import Claimed, NewJob, Outcome, OutcomeKind
from framework._jobs.table.engine import TableEngine
from framework._jobs.table.statements import Statements
from framework.jobs import JobSettings
from tests.jobs.databases import new_engine


def new(unique_key: str | None = None, concurrency_key: str | None = None) -> NewJob:
    """Return a job."""
    return NewJob(
        name="Mail.send",
        queue="default",
        arguments=b"{}",
        max_attempts=3,
        unique_key=unique_key,
        concurrency_key=concurrency_key,
        concurrency=None if concurrency_key is None else 1,
    )


async def end(table: TableEngine, jobs: list[Claimed]) -> None:
    """Finish jobs."""
    await table.finish([Outcome(job=job, kind=OutcomeKind.DONE) for job in jobs])


async def test_no_job_is_claimed_twice(table: TableEngine) -> None:
    """Eight claims at a time share 400 jobs."""
    await table.add([new() for _ in range(400)])
    found = await asyncio.gather(*(table.claim(f"w{number}", ("default",), 60, 30) for number in range(8)))
    ids = [job.id for jobs in found for job in jobs]
    assert len(ids) == len(set(ids)) == 400


async def test_claims_at_the_same_time_keep_a_limit(table: TableEngine) -> None:
    """At no time two jobs with the same key run, whatever claims and ends are interleaved."""
    keys = ("a", "b", "c")
    await table.add([new(concurrency_key=keys[number % 3]) for number in range(60)])
    running: set[str] = set()
    left = 60

    async def work(number: int) -> None:
        nonlocal left
        chance = random.Random(number)  # noqa: S311  not a secret
        while left:
            jobs = list(await table.claim(f"w{number}", ("default",), 3, 30))
            for job in jobs:
                assert job.concurrency_key not in running
                running.add(str(job.concurrency_key))
            await asyncio.sleep(chance.uniform(0, 0.005))
            running.difference_update(str(job.concurrency_key) for job in jobs)
            left -= len(jobs)
            if jobs:
                await end(table, jobs)

    async with asyncio.timeout(30):
        await asyncio.gather(*(work(number) for number in range(4)))
    assert left == 0


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("commits", [True, False])
async def test_a_unique_key_of_an_open_transaction(table: TableEngine, database: AsyncEngine, *, commits: bool) -> None:
    """The second add waits for the first, and is stored if that rolls back."""
    async with AsyncSession(database) as session:
        await table.add([new("a")], session)
        second = asyncio.ensure_future(table.add([new("a")]))
        await asyncio.sleep(0.1)
        assert not second.done()
        await (session.commit() if commits else session.rollback())
    (added,) = await second
    assert (added is None) is commits


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_a_session_that_has_read_before_another_one_writes(table: TableEngine, url: str) -> None:
    """The transactions of the template begin with BEGIN IMMEDIATE, so that both succeed."""
    other = new_engine(url)
    async with AsyncSession(other) as first, AsyncSession(other) as second:
        await first.execute(text("SELECT count(*) FROM framework_jobs"))
        await second.execute(text("SELECT count(*) FROM framework_jobs"))
        await table.add([new()], second)
        await second.commit()
        await first.rollback()
        await first.execute(text("SELECT count(*) FROM framework_jobs"))
        await table.add([new()], first)
        await first.commit()
    await other.dispose()
    assert len(await table.claim("w", ("default",), 10, 30)) == 2


async def test_a_job_of_another_process_wakes_a_worker(table: TableEngine, url: str) -> None:
    """It is told of by NOTIFY, or seen in the file."""
    await table.wait(0.1)
    database = new_engine(url)
    other = TableEngine(database, JobSettings([]))
    # The first connection that listens wakes it, too.
    while True:
        began = asyncio.get_running_loop().time()
        await table.wait(1)
        if asyncio.get_running_loop().time() - began > 0.9:
            break
    waiting = asyncio.ensure_future(table.wait(20))
    await asyncio.sleep(0)
    await other.add([new()])
    await asyncio.wait_for(waiting, 5)
    await other.close()
    await database.dispose()


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_the_clock_of_a_worker_is_not_read(table: TableEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, delays and the time of schedules do not change with a clock that is ten minutes wrong."""
    before = await table.now()
    monkeypatch.setattr("framework.clock.time", lambda: before + 600)
    monkeypatch.setattr("time.time", lambda: before + 600)
    assert abs(await table.now() - before) < 60
    await table.add([new()])
    assert len(await table.claim("w", ("default",), 1, 30)) == 1
    assert await table.rescue() == 0


async def test_claims_read_the_ready_jobs_only(table: TableEngine, database: AsyncEngine, kind: str) -> None:
    """Scheduled jobs of a higher priority and ended ones are not in the index that a claim reads."""
    await table.add([replace(new(), priority=-1, delay=600.0) for _ in range(2_000)])
    await table.add([new() for _ in range(2_000)])
    while jobs := await table.claim("w", ("default",), 500, 30):
        await end(table, list(jobs))
    await table.add([new() for _ in range(10)])
    statement = Statements(postgresql=kind == "postgresql").candidates(1)
    values: dict[str, Any] = {"q0": "default", "limit": 5, "owner": "w", "lease": 1000, "now": 1}
    async with database.connect() as connection:
        await connection.execute(text("ANALYZE"))
        explain = "EXPLAIN" if kind == "postgresql" else "EXPLAIN QUERY PLAN"
        known = {name: value for name, value in values.items() if f":{name}" in statement.text}
        plan = str((await connection.execute(text(f"{explain} {statement.text}"), known)).all())
    assert "framework_jobs_ready" in plan
    assert "Seq Scan on framework_jobs" not in plan
    assert "SCAN framework_jobs'" not in plan
    assert len(await table.claim("w", ("default",), 50, 30)) == 10
