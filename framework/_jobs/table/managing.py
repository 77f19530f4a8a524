"""What people do with jobs: list, retry, discard, pause."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from framework._jobs.engine import Filter
from framework._jobs.records import Claimed, JobRecord, JobState
from framework._jobs.table.claiming import Limits
from framework._jobs.table.database import Database
from framework._jobs.table.schema import JOBS
from framework._jobs.table.statements import Statements

__all__ = ("Manager",)

_BATCH = 1_000
_SHOWN = tuple(name for name in JobRecord.__struct_fields__ if name != "state")
_WAITING = (JobState.READY, JobState.SCHEDULED)
_FREED = {"blocked": 0, "owner": None, "lease_until": None}
"""No broker carries the job any more, and no limit holds it."""
_GIVEN_UP = (JobState.DEAD, JobState.CANCELLED)


class Manager:
    """Reads and changes jobs; a change affects a job only if it is still in the state that it is for."""

    def __init__(self, database: Database, statements: Statements, limits: Limits) -> None:
        self._database = database
        self._statements = statements
        self._limits = limits

    async def records(self, which: Filter, limit: int, before: int | None = None) -> list[JobRecord]:
        """Return jobs, the newest first."""
        query = select(JOBS).where(*_conditions(which)).order_by(JOBS.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(JOBS.c.id < before)
        async with self._database.read() as connection:
            return [_record(row) for row in await connection.execute(query)]

    async def retry(self, which: Filter) -> int:
        """Make dead and cancelled jobs ready again, with all their attempts."""
        values = {"attempt": 0, "blocked": 0, "error": None, "finished_at": None, "progress": None, "state": 0}
        total = 0
        for ids in await self._ids(which, _GIVEN_UP):
            async with self._database.write() as connection:
                total += await self._retry(connection, ids, values)
        return total

    async def run_now(self, which: Filter) -> int:
        """Make scheduled jobs ready."""
        total = 0
        for ids in await self._ids(which, (JobState.SCHEDULED,)):
            async with self._database.write() as connection:
                total += len(await self._change(connection, ids, (JobState.SCHEDULED,), {"state": 0, "blocked": 0}))
        return total

    async def discard(self, which: Filter) -> int:
        """Cancel waiting jobs, and ask the workers of running ones to cancel them."""
        total = 0
        for ids in await self._ids(which, (*_WAITING, JobState.RUNNING)):
            async with self._database.write() as connection:
                ended = {"state": JobState.CANCELLED, "finished_at": await self._now(connection)} | _FREED
                keys = await self._change(connection, ids, _WAITING, ended)
                running = await self._change(connection, ids, (JobState.RUNNING,), {"cancelling": 1})
                await self._limits.unblock(connection, keys)
            total += len(keys) + len(running)
        return total

    async def pause(self, queue: str, *, paused: bool) -> None:
        """Let workers claim no jobs of a queue, or let them go on."""
        async with self._database.write() as connection:
            await connection.execute(
                text(
                    "INSERT INTO framework_job_queues (name, paused) VALUES (:name, :paused)"
                    " ON CONFLICT (name) DO UPDATE SET paused = excluded.paused"
                ),
                {"name": queue, "paused": int(paused)},
            )

    async def result(self, job_id: int) -> bytes | None:
        """Return the stored result of a job."""
        async with self._database.read() as connection:
            found = await connection.execute(self._statements.result, self._database.values(id=job_id))
            value = found.scalar()
        return None if value is None else bytes(value)

    async def progress(self, job: Claimed, progress: str) -> None:
        """Store how far a running job is."""
        values = {"id": job.id, "attempt": job.attempt, "owner": job.owner, "progress": progress}
        async with self._database.write() as connection:
            await connection.execute(self._statements.progress, values)

    async def _retry(self, connection: AsyncConnection, ids: Sequence[int], values: dict[str, Any]) -> int:
        """Make jobs ready; of those with the same unique key only the newest, if none is waiting or running."""
        query = select(JOBS.c.id, JOBS.c.unique_key).where(JOBS.c.id.in_(ids)).order_by(JOBS.c.id)
        rows = (await connection.execute(query)).all()
        keys = {key: id_ for id_, key in rows if key is not None}
        active = select(JOBS.c.unique_key).where(JOBS.c.unique_key.in_(keys), text("state IN (0, 1, 5)"))
        taken = set((await connection.execute(active)).scalars())
        free = [id_ for id_, key in rows if key is None or (keys[key] == id_ and key not in taken)]
        values = values | {"run_at": await self._now(connection)}
        return len(await self._change(connection, free, _GIVEN_UP, values))

    async def _change(
        self, connection: AsyncConnection, ids: Sequence[int], states: Sequence[JobState], values: dict[str, Any]
    ) -> list[str | None]:
        """Change the jobs that are in one of the states; return their concurrency keys."""
        change = JOBS.update().where(JOBS.c.id.in_(ids), JOBS.c.state.in_(states)).values(values)
        return list((await connection.execute(change.returning(JOBS.c.concurrency_key))).scalars())

    async def _ids(self, which: Filter, states: Sequence[JobState]) -> list[list[int]]:
        """Return the ids of the jobs to change, in batches, the oldest first."""
        query = select(JOBS.c.id).where(*_conditions(which), JOBS.c.state.in_(states)).order_by(JOBS.c.id)
        async with self._database.read() as connection:
            ids = list((await connection.execute(query)).scalars())
        return [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]

    async def _now(self, connection: AsyncConnection) -> int:
        return int((await connection.execute(self._statements.time, self._database.values())).scalar_one())


def _conditions(which: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.ids:
        found.append(JOBS.c.id.in_(which.ids))
    if which.states:
        found.append(JOBS.c.state.in_(which.states))
    if which.queue is not None:
        found.append(JOBS.c.queue == which.queue)
    if which.name is not None:
        found.append(JOBS.c.name == which.name)
    return found


def _record(row: Any) -> JobRecord:
    return JobRecord(state=JobState(row.state), **{name: getattr(row, name) for name in _SHOWN})
