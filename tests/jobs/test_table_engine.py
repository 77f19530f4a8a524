"""The engine in a table: what is added, claimed, finished; on SQLite and PostgreSQL."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from framework._jobs.engine import Filter, Ticked
from framework._jobs.records import Claimed, JobState, NewJob, Outcome, OutcomeKind
from framework._jobs.table.engine import TableEngine
from tests.waiting import PATIENCE


def new(**options: Any) -> NewJob:
    """Return a job; the options replace the usual ones."""
    given: dict[str, Any] = {"name": "Mail.send", "queue": "default", "arguments": b"{}", "max_attempts": 3}
    return NewJob(**given | options)


async def add(table: TableEngine, **options: Any) -> int:
    """Add a job, and return its id."""
    (added,) = await table.add([new(**options)])
    assert added is not None
    return added


async def claim(
    table: TableEngine, limit: int = 10, *, owner: str = "w", lease: float = 30, queues: tuple[str, ...] = ("default",)
) -> list[Claimed]:
    """Claim jobs."""
    return list(await table.claim(owner, queues, limit, lease))


async def done(table: TableEngine, *jobs: Claimed) -> list[Claimed]:
    """Finish jobs; return those whose lease was lost."""
    return list(await table.finish([Outcome(job=job, kind=OutcomeKind.DONE) for job in jobs]))


async def state(table: TableEngine, number: int) -> JobState:
    """Return the state of a job."""
    (record,) = await table.list(Filter(ids=(number,)), 1)
    return record.state


async def test_a_job_is_added_claimed_and_finished(table: TableEngine) -> None:
    """A job is added claimed and finished."""
    number = await add(table, arguments=b"\x00\xff", context="{}")
    (job,) = await claim(table)
    assert (job.id, job.arguments, job.attempt, job.owner, job.context) == (number, b"\x00\xff", 1, "w", "{}")
    assert await claim(table) == []
    assert await done(table, job) == []
    (record,) = await table.list(Filter(), 10)
    assert record.state is JobState.DONE
    assert record.finished_at is not None
    assert record.owner is None


async def test_many_are_added_at_once(table: TableEngine) -> None:
    """Many are added at once."""
    ids = await table.add([new(arguments=str(number).encode()) for number in range(1500)])
    jobs = await claim(table, 2000)
    assert [job.id for job in jobs] == list(ids)
    assert [job.arguments for job in jobs] == [str(number).encode() for number in range(1500)]
    assert await done(table, *jobs) == []


async def test_lower_priorities_first_then_older_jobs(table: TableEngine) -> None:
    """Lower priorities first then older jobs."""
    given = [(5, "default"), (0, "mail"), (5, "mail"), (0, "default"), (-1, "other")]
    ids = [await add(table, priority=priority, queue=queue) for priority, queue in given]
    found = [job.id for job in await claim(table, queues=("default", "mail"))]
    assert found == [ids[1], ids[3], ids[0], ids[2]]


async def test_what_a_session_adds_is_part_of_its_transaction(table: TableEngine, database: AsyncEngine) -> None:
    """What a session adds is part of its transaction."""
    async with AsyncSession(database) as session:
        await table.add([new()], session)
        assert await claim(table) == []
        await session.rollback()
        assert await claim(table) == []
        await table.add([new(), new()], session)
        await session.commit()
    assert len(await claim(table)) == 2


async def test_a_worker_is_woken_after_the_commit(table: TableEngine, database: AsyncEngine) -> None:
    """A worker is woken after the commit."""
    # PostgreSQL wakes whoever waits when the connection listens.
    await table.wait(PATIENCE if database.dialect.name == "postgresql" else 0.05)
    await table.wait(0.2)
    waiting = asyncio.ensure_future(table.wait(PATIENCE))
    async with AsyncSession(database) as session:
        await table.add([new()], session)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await session.commit()
        await asyncio.wait_for(waiting, PATIENCE / 2)


async def test_one_job_for_each_unique_key(table: TableEngine) -> None:
    """One job for each unique key."""
    number = await add(table, unique_key="a")
    taken, added = await table.add([new(unique_key="a"), new(unique_key="b")])
    assert taken is None
    assert added is not None
    (first, second) = await claim(table)
    assert list(await table.add([new(unique_key="a")])) == [None]
    assert await done(table, first, second) == []
    assert await add(table, unique_key="a") > number
    later = await table.add([new(unique_key="c", delay=60), new(unique_key="c")])
    assert [one is None for one in later] == [False, True]


async def test_of_many_at_once_one_is_added(table: TableEngine) -> None:
    """Of many at once one is added."""
    found = await asyncio.gather(*(table.add([new(unique_key="a")]) for _ in range(8)))
    assert sum(one is not None for (one,) in found) == 1


@pytest.mark.parametrize("kind_of_end", ["lost", "stolen"])
async def test_a_late_end_changes_nothing(table: TableEngine, kind_of_end: str) -> None:
    """A late end changes nothing."""
    await add(table)
    (job,) = await claim(table, lease=0.01)
    await asyncio.sleep(0.03)
    assert await table.rescue() == 1
    if kind_of_end == "stolen":
        (other,) = await claim(table, owner="v")
        assert other.attempt == 2
    assert await done(table, job) == [job]
    failed = Outcome(job=job, kind=OutcomeKind.FAILED, error="late")
    assert list(await table.finish([failed])) == [job]
    expected = JobState.READY if kind_of_end == "lost" else JobState.RUNNING
    assert await state(table, job.id) is expected


async def test_two_attempts_of_a_job_that_end_at_once(table: TableEngine) -> None:
    """The end of the earlier one, whose lease was lost, is not stored; the other one is."""
    await add(table)
    (first,) = await claim(table, lease=0.01)
    await asyncio.sleep(0.03)
    await table.rescue()
    (second,) = await claim(table)
    assert await done(table, second, first) == [first]
    assert await state(table, first.id) is JobState.DONE


async def test_a_job_that_kills_its_workers_is_dead_after_its_attempts(table: TableEngine) -> None:
    """A job that kills its workers is dead after its attempts."""
    number = await add(table, max_attempts=2)
    for _ in range(2):
        assert len(await claim(table, lease=0.01)) == 1
        await asyncio.sleep(0.03)
        assert await table.rescue() == 1
    (record,) = await table.list(Filter(ids=(number,)), 1)
    assert record.state is JobState.DEAD
    assert "worker was lost" in str(record.error)


async def test_failures_are_retried_and_then_dead(table: TableEngine, database: AsyncEngine) -> None:
    """Failures are retried and then dead."""
    number = await add(table, max_attempts=2)
    (job,) = await claim(table)
    await table.finish([Outcome(job=job, kind=OutcomeKind.FAILED, delay=60, error="a\0b\ud800")])
    assert await state(table, number) is JobState.SCHEDULED
    assert await table.make_due() == 0
    async with database.begin() as connection:
        await connection.execute(text("UPDATE framework_jobs SET run_at = run_at - 60000"))
    assert await table.make_due() == 1
    (job,) = await claim(table)
    assert job.attempt == 2
    await table.finish([Outcome(job=job, kind=OutcomeKind.FAILED, delay=0.05, error="last")])
    (record,) = await table.list(Filter(), 1)
    assert (record.state, record.error) == (JobState.DEAD, "last")
    assert await table.retry(Filter(states=(JobState.DEAD,))) == 1
    (job,) = await claim(table)
    assert job.attempt == 1


async def test_a_released_attempt_does_not_count(table: TableEngine) -> None:
    """A released attempt does not count."""
    number = await add(table)
    (job,) = await claim(table)
    await table.finish([Outcome(job=job, kind=OutcomeKind.RELEASED)])
    (job,) = await claim(table)
    assert job.attempt == 1
    await table.finish([Outcome(job=job, kind=OutcomeKind.RELEASED, delay=5)])
    assert await state(table, number) is JobState.SCHEDULED


async def test_leases_are_renewed(table: TableEngine) -> None:
    """Leases are renewed."""
    await add(table)
    await add(table)
    first, second = await claim(table, lease=0.05)
    beat = table.heartbeat()
    assert await beat.renew([first], 60) == []
    await asyncio.sleep(0.07)
    assert await table.rescue() == 1
    assert await beat.renew([first, second], 60) == [second]
    # The same worker has the job again: the lease of the first attempt is lost all the same.
    (again,) = await claim(table, owner="v")
    assert again.id == second.id
    assert await beat.renew([first, second, again], 60) == [second]
    await table.discard(Filter(ids=(first.id,)))
    assert await beat.renew([first], 60) == [first]
    await beat.close()
    await table.finish([Outcome(job=first, kind=OutcomeKind.CANCELLED)])
    assert await state(table, first.id) is JobState.CANCELLED


async def test_a_job_is_completed_in_the_transaction_of_its_session(
    table: TableEngine, database: AsyncEngine, kind: str
) -> None:
    """A job is completed in the transaction of its session."""
    await add(table)
    (job,) = await claim(table)
    beat = table.heartbeat()
    async with AsyncSession(database) as session:
        assert await table.complete_in(session, job, b"7", 60)
        if kind == "postgresql":
            # A heartbeat in between neither waits for the transaction nor takes the job for lost.
            assert await asyncio.wait_for(beat.renew([job], 30), 1) == []
        assert await table.result(job.id) is None
        await session.commit()
        assert not await table.complete_in(session, job, b"8", 60)
        await session.rollback()
    assert await beat.renew([job], 30) == [job]
    await beat.close()
    assert await table.result(job.id) == b"7"


@pytest.mark.parametrize("limit", [1, 2])
async def test_no_more_than_the_limit_of_a_key_run_at_once(table: TableEngine, limit: int) -> None:
    """No more than the limit of a key run at once."""
    for number in range(6):
        await add(table, concurrency_key=f"k{number % 2}", concurrency=limit)
    await add(table)
    jobs = await claim(table)
    assert len(jobs) == 2 * limit + 1
    assert await claim(table) == []
    assert await done(table, *jobs) == []
    more = await claim(table)
    assert len(more) == min(6 - 2 * limit, 2 * limit)
    assert await claim(table) == []


async def test_a_limit_is_freed_when_the_lease_ends_or_a_job_is_discarded(table: TableEngine) -> None:
    """A limit is freed when the lease ends or a job is discarded."""
    ids = [await add(table, concurrency_key="k", concurrency=1) for _ in range(4)]
    assert [job.id for job in await claim(table, lease=0.01)] == [ids[0]]
    assert await claim(table) == []
    await asyncio.sleep(0.03)
    await table.rescue()
    await table.discard(Filter(ids=(ids[0],)))
    (job,) = await claim(table)
    assert job.id == ids[1]
    assert await claim(table) == []
    await done(table, job)
    await table.discard(Filter(ids=(ids[2],)))
    await table.rescue()
    assert [one.id for one in await claim(table)] == [ids[3]]


async def test_a_paused_queue_gives_no_jobs(table: TableEngine) -> None:
    """A paused queue gives no jobs."""
    await add(table)
    await add(table, queue="mail")
    await table.pause("default", paused=True)
    assert [job.queue for job in await claim(table, queues=("default", "mail"))] == ["mail"]
    (first, second) = await table.status()
    assert (first.name, first.paused, first.counts) == ("default", True, {JobState.READY: 1})
    assert first.oldest is not None
    assert 0 <= first.oldest < 10
    assert (second.name, second.paused, second.oldest) == ("mail", False, None)
    await table.pause("default", paused=False)
    assert len(await claim(table)) == 1


async def test_each_tick_of_a_schedule_adds_one_job(table: TableEngine) -> None:
    """Each tick of a schedule adds one job."""
    await table.keep_schedules({"Report.nightly": 1000.0})
    assert await table.tick("Report.nightly", 1000.0, new()) is Ticked.TAKEN
    job = new(unique_key="schedule Report.nightly")
    found = await asyncio.gather(*(table.tick("Report.nightly", 1060.0, job) for _ in range(5)))
    assert sorted(found) == [Ticked.ADDED, *[Ticked.TAKEN] * 4]
    assert await table.tick("Report.nightly", 1120.0, job) is Ticked.SKIPPED
    await table.keep_schedules({})
    assert await table.tick("Report.nightly", 1120.0, new()) is Ticked.ADDED


async def test_old_jobs_are_deleted(table: TableEngine) -> None:
    """Old jobs are deleted."""
    for _ in range(4):
        await add(table)
    first, second, third, fourth = await claim(table)
    await table.finish(
        [
            Outcome(job=first, kind=OutcomeKind.DONE, result=b"1", result_lifetime=0.01),
            Outcome(job=second, kind=OutcomeKind.DEAD, error="why"),
            Outcome(job=third, kind=OutcomeKind.CANCELLED),
        ]
    )
    await asyncio.sleep(0.03)
    assert await table.result(first.id) is None
    assert await table.prune(60, 60) == 0
    assert await table.prune(0.01, 60) == 2
    assert await table.prune(0.01, 0.01) == 1
    assert [record.id for record in await table.list(Filter(), 10)] == [fourth.id]


async def test_jobs_are_changed_only_in_the_state_that_it_is_for(table: TableEngine) -> None:
    """Jobs are changed only in the state that it is for."""
    ids = [await add(table, unique_key="k"), await add(table, delay=60), await add(table)]
    assert await table.run_now(Filter(name="Mail.send")) == 1
    assert await table.discard(Filter(ids=(ids[0], ids[1]))) == 2
    assert await table.retry(Filter(ids=tuple(ids))) == 2
    assert await table.discard(Filter(states=(JobState.READY,), queue="default")) == 3
    again = await add(table, unique_key="k")
    # The key of the first is taken now.
    assert await table.retry(Filter(ids=tuple(ids))) == 2
    assert await state(table, ids[0]) is JobState.CANCELLED
    assert again > ids[2]


async def test_the_progress_of_a_running_job(table: TableEngine) -> None:
    """The progress of a running job."""
    await add(table)
    (job,) = await claim(table)
    await table.progress(job, "3 of 7")
    (record,) = await table.list(Filter(), 1)
    assert record.progress == "3 of 7"


async def test_the_clock_is_that_of_the_database(table: TableEngine, database: AsyncEngine, kind: str) -> None:
    """The clock is that of the database."""
    now = await table.now()
    if kind == "postgresql":
        async with database.connect() as connection:
            found = (await connection.execute(text("SELECT extract(epoch FROM clock_timestamp())"))).scalar_one()
        assert 0 <= float(found) - now < 5
    assert now > 1_700_000_000


async def test_the_jobs_of_a_doubtful_claim_are_handed_back(table: TableEngine) -> None:
    """Their attempts are not counted, and those of other claims are not affected."""
    await table.add([new(), new()])
    (first,) = await claim(table, 1, owner="w:1")
    (second,) = await claim(table, 1, owner="w:2")
    assert await table.hand_back("w:1") == 1
    (again,) = await claim(table, owner="w:3")
    assert (again.id, again.attempt) == (first.id, 1)
    assert await done(table, first) == [first]
    assert await done(table, second, again) == []
