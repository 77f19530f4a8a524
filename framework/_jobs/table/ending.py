"""Stores how attempts ended, and renews the leases of those that have not."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from framework._jobs.records import Claimed, Outcome, OutcomeKind
from framework._jobs.table.claiming import Limits
from framework._jobs.table.database import Database
from framework._jobs.table.statements import Statements

__all__ = ("Finisher", "TableHeartbeat")

_LONGEST_ERROR = 8_000
"""Characters of an error that are stored: its end, which names the exception."""


class Finisher:
    """Stores outcomes."""

    def __init__(self, database: Database, statements: Statements, limits: Limits) -> None:
        self._database = database
        self._statements = statements
        self._limits = limits
        self._by_kind: dict[OutcomeKind, TextClause] = {
            OutcomeKind.FAILED: statements.failed,
            OutcomeKind.DEAD: statements.dead,
            OutcomeKind.RELEASED: statements.released,
            OutcomeKind.CANCELLED: statements.cancelled,
        }

    async def finish(self, outcomes: Sequence[Outcome]) -> list[Claimed]:
        """Store outcomes in one transaction; return the jobs whose lease was lost."""
        plain = [one.job for one in outcomes if one.kind is OutcomeKind.DONE and one.result is None]
        # In the order of the ids, so that transactions that write the same jobs do not wait for each other.
        others = sorted(
            (one for one in outcomes if one.kind is not OutcomeKind.DONE or one.result is not None), key=_id
        )
        async with self._database.write() as connection:
            keys = [one.job.concurrency_key for one in outcomes]
            await self._limits.lock(connection, keys)
            lost = await self._finish_plain(connection, plain)
            lost += [one.job for one in others if not await self._finish_one(connection, one)]
            await self._limits.unblock(connection, keys)
        return lost

    async def complete(
        self, session: AsyncSession | AsyncConnection, job: Claimed, result: bytes | None, lifetime: float
    ) -> bool:
        """Complete a job in the transaction of a session; return whether its lease was held."""
        await self._limits.lock(session, (job.concurrency_key,))
        held = await self._done(session, job, result, lifetime)
        if held:
            await self._limits.unblock(session, (job.concurrency_key,))
        return held

    async def _finish_plain(self, connection: AsyncConnection, jobs: Sequence[Claimed]) -> list[Claimed]:
        if not jobs:
            return []
        values = self._database.values(rows=rows_of(jobs))
        ended = set((await connection.execute(self._statements.done_many, values)).scalars())
        # A worker may have claimed a job again whose lease it has lost: both attempts may end at once.
        latest = {job.id: job for job in sorted(jobs, key=_attempt)}
        return [job for job in jobs if job.id not in ended or latest[job.id] is not job]

    async def _finish_one(self, connection: AsyncConnection, outcome: Outcome) -> bool:
        """Store an outcome; return whether the lease was held."""
        if outcome.kind is OutcomeKind.DONE:
            return await self._done(connection, outcome.job, outcome.result, outcome.result_lifetime)
        error = None if outcome.error is None else _storable(outcome.error)
        values = _fence(outcome.job) | {"delay": int(outcome.delay * 1000), "error": error}
        found = await connection.execute(self._by_kind[outcome.kind], self._database.values(**values))
        return found.first() is not None

    async def _done(
        self, connection: AsyncConnection | AsyncSession, job: Claimed, result: bytes | None, lifetime: float
    ) -> bool:
        values = _fence(job) | {"result": result, "lifetime": int(lifetime * 1000)}
        return (await connection.execute(self._statements.done, self._database.values(**values))).first() is not None


class TableHeartbeat:
    """Renews leases in the loop that uses it, with one connection of its own."""

    def __init__(self, engine: AsyncEngine, statements: Statements) -> None:
        self._app_engine = engine
        self._statements = statements
        self._database: Database | None = None

    async def renew(self, jobs: Sequence[Claimed], lease: float) -> Sequence[Claimed]:
        """Renew the leases of jobs, in seconds; return those whose lease is lost or that are to be cancelled."""
        if not jobs:
            return []
        if self._database is None:
            # A lease is lost later than it would be without a commit that a power cut loses.
            self._database = Database(self._app_engine, "NORMAL", own=True)
        rows = rows_of(jobs)
        async with self._database.write() as connection:
            values = self._database.values(rows=rows, lease=int(lease * 1000))
            found = await connection.execute(self._statements.renew, values)
            # A worker may have claimed a job again whose lease it has lost: the owners of the two differ.
            renewed = {(row.id, row.owner): row.cancelling for row in found}
            held: set[tuple[int, str]] = set()
            if len(renewed) < len(jobs):
                # A job that another transaction is just completing was skipped, and is not lost.
                left = await connection.execute(self._statements.held, {"rows": rows})
                held = {(row.id, row.owner) for row in left}
        return [job for job in jobs if renewed.get((job.id, job.owner), (job.id, job.owner) not in held)]

    async def close(self) -> None:
        """Close the connection."""
        if self._database is not None:
            await self._database.close()


def rows_of(jobs: Sequence[Claimed]) -> str:
    """Return the parameter ``rows`` of a statement."""
    return json.dumps([{"id": job.id, "attempt": job.attempt, "owner": job.owner} for job in sorted(jobs, key=_by_id)])


def _fence(job: Claimed) -> dict[str, Any]:
    return {"id": job.id, "attempt": job.attempt, "owner": job.owner}


def _by_id(job: Claimed) -> int:
    return job.id


def _id(outcome: Outcome) -> int:
    return outcome.job.id


def _attempt(job: Claimed) -> int:
    return job.attempt


def _storable(error: str) -> str:
    """Return the text without what PostgreSQL or an encoding refuses."""
    return error[-_LONGEST_ERROR:].replace("\0", "").encode("utf-8", "replace").decode()
