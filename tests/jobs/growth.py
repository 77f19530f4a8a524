"""Measures what adding and claiming cost while many jobs wait, are scheduled or have ended.

Run by hand on a machine that does nothing else: ``python -m tests.jobs.growth --engine postgresql``.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import JobState, NewJob, Outcome, OutcomeKind
from framework._jobs.table.engine import TableEngine
from framework.jobs import JobSettings
from tests.jobs.databases import database_url, new_engine
from tests.postgresql_server import PostgreSQLServer, postgresql_started

_ROUNDS = 30
_SIZES = (10, 10_000, 1_000_000)
_FILL = """
INSERT INTO framework_jobs
(queue, name, arguments, state, priority, run_at, created_at, attempt, max_attempts, finished_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < CAST(:count AS integer))
SELECT 'default', 'Empty.run', :arguments, :state, :priority, CAST(:at AS bigint) + i, CAST(:at AS bigint), 0, 5,
CAST(:finished AS bigint) FROM n
"""


async def _fill(database: AsyncEngine, state: JobState, count: int, now: float) -> None:
    later = 10**9 if state is JobState.SCHEDULED else 0
    values = {
        "count": count,
        "arguments": b"{}",
        "state": int(state),
        # Scheduled ones would be first if claims saw them.
        "priority": -1 if state is JobState.SCHEDULED else 0,
        "at": int(now * 1000) + later,
        "finished": int(now * 1000) if state is JobState.DONE else None,
    }
    async with database.begin() as connection:
        await connection.execute(text(_FILL), values)


async def _median(work: Callable[[], Awaitable[object]]) -> float:
    """Return the median of the milliseconds that something takes."""
    found: list[float] = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        await work()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


async def _measure(url: str, state: JobState, count: int) -> tuple[float, float, float, float, float]:
    database = new_engine(url)
    engine = TableEngine(database, JobSettings([], synchronous="NORMAL"))
    await engine.open()
    await _fill(database, state, count, await engine.now())
    if database.dialect.name == "postgresql":
        async with database.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM ANALYZE framework_jobs"))
    job = NewJob(name="Empty.run", queue="default", arguments=b"{}", max_attempts=5, priority=-2)
    add = await _median(lambda: engine.add([job]))

    async def work() -> None:
        jobs = await engine.claim("w", ("default",), 10, 30)
        await engine.finish([Outcome(job=one, kind=OutcomeKind.DONE) for one in jobs])

    claimed = await _median(work)
    due = await _median(engine.make_due)
    rescued = await _median(engine.rescue)
    counted = await _median(lambda: engine.status(10_000))
    await engine.close()
    await database.dispose()
    return add, claimed, due, rescued, counted


async def growth(kind: str) -> None:
    """Print a line for each state and number of rows."""
    heads = " ".join(f"{one:>8}" for one in ("due", "rescue", "count"))
    print(f"{'rows':>12} {'state':10} {'add':>8} {'claim 10 + end':>15} {heads}   ms, {kind}")  # noqa: T201
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgresql_started()) if kind == "postgresql" else None

        def given() -> PostgreSQLServer:
            assert server is not None
            return server

        for state in (JobState.READY, JobState.SCHEDULED, JobState.DONE):
            for count in _SIZES:
                found = await _measure(database_url(kind, folder, given), state, count)
                add, claimed, *others = found
                line = " ".join(f"{one:8.2f}" for one in others)
                print(f"{count:12} {state.name:10} {add:8.2f} {claimed:15.2f} {line}", flush=True)  # noqa: T201


def main() -> None:
    """Print the figures of one engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    asyncio.run(growth(parser.parse_args().engine))


if __name__ == "__main__":
    main()
