"""What happens to jobs without a worker that runs them: rescue, delays, schedules, deletion of old ones."""

from collections.abc import Mapping

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from framework._jobs.engine import Ticked
from framework._jobs.records import JobState, NewJob
from framework._jobs.table.adding import Adder
from framework._jobs.table.claiming import Limits
from framework._jobs.table.database import Database
from framework._jobs.table.statements import Statements

__all__ = ("LOST", "Keeper")

LOST = "The worker was lost: its lease ended while the job ran"
"""The error of a job whose worker has died."""
_BATCH = 1_000


class Keeper:
    """Keeps the table in order; any number of workers may do so at the same time."""

    def __init__(self, database: Database, statements: Statements, limits: Limits, adder: Adder) -> None:
        self._database = database
        self._statements = statements
        self._limits = limits
        self._adder = adder

    async def rescue(self) -> int:
        """Make jobs ready again whose lease has ended, or dead after their last attempt."""
        await self._limits.sweep()
        total = 0
        while await self._any(self._statements.any_lost):
            async with self._database.write() as connection:
                rows = (await connection.execute(self._statements.rescue, self._database.values(error=LOST))).all()
                await self._limits.unblock(connection, (key for _, key in rows))
            total += len(rows)
            if len(rows) < _BATCH:
                break
        return total

    async def hand_back(self, owner: str) -> int:
        """Make the jobs of an owner ready again; their attempts are not counted."""
        async with self._database.write() as connection:
            rows = (await connection.execute(self._statements.hand_back, {"owner": owner})).all()
            await self._limits.unblock(connection, (row.concurrency_key for row in rows))
        return len(rows)

    async def make_due(self) -> int:
        """Make scheduled jobs ready whose time has come."""
        total = 0
        while await self._any(self._statements.any_due):
            async with self._database.write() as connection:
                count = len((await connection.execute(self._statements.make_due, self._database.values())).all())
            total += count
            if count < _BATCH:
                break
        return total

    async def tick(self, name: str, at: float, job: NewJob) -> Ticked:
        """Add the job of a schedule for a tick, in the transaction that notes the tick."""
        async with self._database.write() as connection:
            found = await connection.execute(self._statements.tick, {"name": name, "at": round(at * 1000)})
            if found.first() is None:
                return Ticked.TAKEN
            (added,) = await self._adder.insert(connection, [job])
        return Ticked.SKIPPED if added is None else Ticked.ADDED

    async def keep_schedules(self, latest: Mapping[str, float]) -> None:
        """Forget the schedules with other names; one that is new begins after its latest tick."""
        known = text("SELECT name FROM framework_job_schedules")
        async with self._database.read() as connection:
            if set((await connection.execute(known)).scalars()) == set(latest):
                return
        async with self._database.write() as connection:
            for name in set((await connection.execute(known)).scalars()) - set(latest):
                await connection.execute(self._statements.forget_schedule, {"name": name})
            for name, at in latest.items():
                await connection.execute(self._statements.keep_schedule, {"name": name, "at": round(at * 1000)})

    async def prune(self, done_age: float, dead_age: float) -> int:
        """Delete jobs that ended so many seconds ago, and the results that have expired."""
        statements = self._statements
        ages = {JobState.DONE: done_age, JobState.CANCELLED: done_age, JobState.DEAD: dead_age}
        old = [{"state": int(state), "age": int(age * 1000)} for state, age in ages.items()]
        # Look first, so that no write lock is required for nothing, and in one transaction for all.
        async with self._database.read() as connection:
            expired = await self._finds(connection, statements.any_expired, {})
            found = [values for values in old if await self._finds(connection, statements.any_old, values)]
        if expired:
            await self._batches(statements.expire, {})
        return sum([await self._batches(statements.prune, values) for values in found])

    async def _batches(self, change: TextClause, values: Mapping[str, int]) -> int:
        """Execute a statement until it finds fewer rows than a batch has; each in a short transaction."""
        total = 0
        while True:
            async with self._database.write() as connection:
                count = (await connection.execute(change, self._database.values(**values))).rowcount
            total += count
            if count < _BATCH:
                return total

    async def _any(self, statement: TextClause) -> bool:
        """Look first, so that no write lock is required for nothing."""
        async with self._database.read() as connection:
            return await self._finds(connection, statement, {})

    async def _finds(self, connection: AsyncConnection, statement: TextClause, values: Mapping[str, int]) -> bool:
        return (await connection.execute(statement, self._database.values(**values))).first() is not None
