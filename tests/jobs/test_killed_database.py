"""The database is killed with SIGKILL and comes back while workers run, without a broker and with each one."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.engine import Filter
from framework._jobs.records import JobState
from framework._jobs.table.engine import TableEngine
from tests.jobs.brokers import WORKERS
from tests.jobs.databases import database_url
from tests.jobs.processes import new_job, prepared, worker_processes
from tests.postgresql_server import PostgreSQLServer
from tests.waiting import until

_LEASE = 30.0
_SOON = 25.0
"""Seconds after which nothing may wait for the end of a lease, however busy the machine is."""


@pytest.fixture(params=["postgresql", *WORKERS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which broker carries the jobs of the test, if one does."""
    return str(request.param)


@pytest.fixture
def url(shared_postgresql: PostgreSQLServer, tmp_path: Path) -> str:
    """Return the URL of a new database of a server."""
    return database_url("postgresql", tmp_path, lambda: shared_postgresql)


@pytest.fixture
async def engine(database: AsyncEngine) -> AsyncIterator[TableEngine]:
    """Return the engine of the jobs."""
    opened = await prepared(database)
    yield opened
    await opened.close()


@pytest.mark.slow
async def test_a_killed_database_loses_and_doubles_no_job(
    engine: TableEngine, database: AsyncEngine, url: str, tmp_path: Path, shared_postgresql: PostgreSQLServer
) -> None:
    """Workers stay alive and go on at once when it is back; half of the jobs write in the transaction of their end."""
    count = 300
    new = [
        new_job("effect", {"number": number}) if number % 2 else new_job("plain", {"seconds": 0.01})
        for number in range(count)
    ]
    options = {"lease": _LEASE, "heartbeat": 0.2, "poll": 0.1, "grace": 5.0, "concurrency": 5}
    with worker_processes(url, tmp_path, **options) as processes:
        for _ in range(2):
            processes.start()
        await until(lambda: processes.ready() == 2)
        await engine.add(new)
        await until(lambda: len(processes.starts()) >= 20)
        await asyncio.to_thread(shared_postgresql.kill_and_start)
        at = time.time()

        async def done() -> bool:
            try:
                return len(await engine.list(Filter(states=(JobState.DONE,)), count)) == count
            except Exception:  # noqa: BLE001  the connections of the pool are gone
                return False

        await until(done)
        ended = time.time()
        assert await asyncio.to_thread(processes.stop) == [0, 0]
        # An attempt whose transaction the server has ended fails, and the next one is another attempt.
        failures = processes.failures()
        assert [pair for pair in processes.again() if (pair[0].job, pair[0].attempt) not in failures] == []
        assert min(one.time for one in processes.starts() if one.time > at) - at < _SOON
        assert ended - at < _SOON
    async with database.connect() as connection:
        found = (await connection.execute(text("SELECT count(*), count(DISTINCT n) FROM effects"))).one()
    assert tuple(found) == (count // 2, count // 2)
