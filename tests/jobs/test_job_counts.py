"""Jobs are counted by queue and state, and only as many as asked for."""

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.engine import QueueStatus
from framework._jobs.records import JobState, NewJob, Outcome, OutcomeKind
from framework._jobs.store import JobStore
from framework._jobs.table.counting import _count_parts, _count_waiting
from framework._jobs.table.database import Database
from framework._jobs.table.engine import TableEngine
from framework._jobs.table.handing import Handing
from framework._jobs.table.statements import Statements

_ENDS = (OutcomeKind.DONE, OutcomeKind.DEAD, OutcomeKind.CANCELLED)
_COPY = """
INSERT INTO framework_jobs
(queue, name, arguments, state, priority, run_at, created_at, attempt, max_attempts, finished_at, blocked)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(:count AS integer))
SELECT 'default', 'Mail.send', :arguments, :state, 0, CAST(:at AS bigint) + i, CAST(:at AS bigint), 0, 5,
CAST(:at AS bigint) + i, 0 FROM n
"""


def new(queue: str = "default", **changes: Any) -> NewJob:
    """Return a job."""
    return NewJob(name="Mail.send", queue=queue, arguments=b"{}", max_attempts=5, **changes)


async def fill(table: TableEngine) -> None:
    """Add jobs in all states to two queues."""
    for queue in ("default", "mails"):
        await table.add([new(queue) for _ in range(6)])
        jobs = await table.claim("w", (queue,), 6, 60)
        await table.finish([Outcome(job=job, kind=_ENDS[number % 3]) for number, job in enumerate(jobs)])
        # In another millisecond.
        await asyncio.sleep(0.005)
    await table.add([new("limits", concurrency_key="k", concurrency=1) for _ in range(4)])
    assert len(await table.claim("w", ("limits",), 4, 60)) == 1
    await table.add([new(priority=number % 3) for number in range(9)])
    await table.add([new("mails", delay=60.0 + number) for number in range(5)])


async def by_grouping(database: AsyncEngine) -> dict[str, dict[JobState, int]]:
    """Count all rows."""
    found: dict[str, dict[JobState, int]] = {}
    query = text("SELECT queue, state, count(*) FROM framework_jobs GROUP BY queue, state")
    async with database.connect() as connection:
        for queue, state, count in await connection.execute(query):
            found.setdefault(queue, {})[JobState(state)] = count
    return found


async def test_all_jobs_are_counted(table: TableEngine, database: AsyncEngine) -> None:
    """Those that wait, are handed to a broker, or are held back by a limit, are ready."""
    await fill(table)
    opened = Database(database, own=True)
    assert len(await Handing(opened, Statements(postgresql=opened.postgresql)).hand_over("broker:1", "default", 2, 60))
    await opened.close()
    await table.pause("other", paused=True)
    found = {one.name: one for one in await table.status()}
    expected = await by_grouping(database)
    assert expected["default"][JobState.READY] == 9
    assert expected["limits"] == {JobState.RUNNING: 1, JobState.READY: 3}
    assert {name: one.counts for name, one in found.items()} == expected | {"other": {}}
    assert {one.partial for one in found.values()} == {()}
    assert [name for name, one in found.items() if one.paused] == ["other"]
    assert [name for name, one in found.items() if one.oldest is not None] == ["default", "limits"]


async def test_no_more_are_counted_than_asked_for(table: TableEngine) -> None:
    """Ready ones of each queue, the others of all queues; states of which there are more are named."""
    await fill(table)
    found: dict[str, QueueStatus] = {one.name: one for one in await table.status(3)}
    assert found["default"].counts[JobState.READY] == 3
    assert JobState.READY in found["default"].partial
    assert found["limits"].counts == {JobState.RUNNING: 1, JobState.READY: 3}
    assert found["mails"].counts[JobState.SCHEDULED] == 3
    for one in found.values():
        assert {JobState.DONE, JobState.DEAD, JobState.CANCELLED, JobState.SCHEDULED} <= set(one.partial)
        assert JobState.RUNNING not in one.partial
    # Two of each queue were done, those of "mails" last.
    done = {name: one.counts.get(JobState.DONE, 0) for name, one in found.items()}
    assert done == {"default": 1, "limits": 0, "mails": 2}

    (shown,) = [one for one in await JobStore(table).queues(most=3) if one.name == "mails"]
    assert shown.counts["scheduled"] == 3
    assert "scheduled" in shown.partial


async def plan(connection: Any, statement: str) -> str:
    """Return how a database executes a statement."""
    words = "EXPLAIN (ANALYZE, FORMAT TEXT)" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(str(row) for row in (await connection.execute(text(f"{words} {statement}"))).all())


@pytest.mark.parametrize("state", [JobState.DONE, JobState.SCHEDULED, JobState.READY])
async def test_rows_that_are_not_counted_are_not_read(
    table: TableEngine, database: AsyncEngine, state: JobState
) -> None:
    """However many jobs there are: each part is read in the order of an index."""
    async with database.begin() as connection:
        values = {"count": 5_000, "arguments": b"{}", "state": int(state), "at": 1_700_000_000_000}
        await connection.execute(text(_COPY), values)
    if database.dialect.name == "postgresql":
        async with database.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM ANALYZE framework_jobs"))
    async with database.connect() as connection:
        for statement in (_count_waiting(20), _count_parts(20)):
            steps = await plan(connection, statement.text)
            assert "Seq Scan on framework_jobs" not in steps
            assert "SCAN framework_jobs'" not in steps
            assert "SCAN j'" not in steps
            assert all(int(found) <= 20 for found in re.findall(r"actual [^)]*rows=(\d+)", steps))
    (found,) = await table.status(20)
    assert (found.counts, found.partial) == ({state: 20}, (state,))
