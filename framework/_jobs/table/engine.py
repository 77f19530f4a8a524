"""The engine that stores jobs in the database of the application: SQLite or PostgreSQL, over SQLAlchemy."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from framework._jobs.engine import Filter, QueueStatus, Ticked
from framework._jobs.records import Claimed, JobRecord, NewJob, Outcome
from framework._jobs.table.adding import Adder
from framework._jobs.table.claiming import Claimer, Limits
from framework._jobs.table.counting import Counter
from framework._jobs.table.database import Database
from framework._jobs.table.ending import Finisher, TableHeartbeat
from framework._jobs.table.handing import Handing
from framework._jobs.table.keeping import Keeper
from framework._jobs.table.managing import Manager
from framework._jobs.table.schema import create_tables, missing_tables
from framework._jobs.table.statements import Statements
from framework._jobs.table.waking import Waker
from framework.jobs import JobSettings

__all__ = ("TableEngine", "TablesMissing")


_LOOK = 0.05
"""Seconds after which SQLite's counter of commits is read again."""
_TABLES = 0x6672616D_6A6F6273
"""The advisory lock of those who create the tables."""


class TablesMissing(Exception):
    """The tables of the jobs do not exist."""


class TableEngine:
    """Stores jobs through an AsyncEngine, which stays open when this is closed.

    ``create`` makes missing tables when the engine is opened; without it they must exist. Of the settings it reads
    ``poll`` and ``synchronous``. Use an object in one event loop only.
    """

    def __init__(self, engine: AsyncEngine, settings: JobSettings, *, create: bool = True) -> None:
        self._app_engine = engine
        self._create = create
        self._database = Database(engine, settings.synchronous)
        self._statements = Statements(postgresql=self._database.postgresql)
        self._waker = Waker(self._database, _LOOK if settings.poll is None else settings.poll)
        # Workers do not wait for the connections that their jobs use.
        self._working = Database(engine, own=True) if self._database.postgresql else self._database
        limits = Limits(self._working, self._statements)
        self._adder = Adder(self._database, self._statements.now, self._waker.announce)
        self._claimer = Claimer(self._working, self._statements, limits)
        self._finisher = Finisher(self._working, self._statements, limits)
        self._keeper = Keeper(self._working, self._statements, limits, self._adder)
        self._handing = Handing(self._working, self._statements)
        self._counter = Counter(self._database, self._statements)
        self._manager = Manager(self._database, self._statements, limits)

    async def open(self) -> None:
        """Create the tables that do not exist, or raise TablesMissing."""
        async with self._database.read() as connection:
            missing = await connection.run_sync(missing_tables)
        if missing and self._create:
            async with self._database.write() as connection:
                # Processes that start at the same time wait for each other.
                await self._lock(connection)
                await connection.run_sync(create_tables)
        elif missing:
            hint = "a migration creates them with framework.jobs.create_tables(op.get_bind())"
            raise TablesMissing(f"The database does not have the tables {', '.join(missing)}: {hint}")

    async def close(self) -> None:
        """Send the last notifications, and close the connections that are its own."""
        await self._waker.close()
        await self._working.close()
        await self._database.close()

    async def add(self, jobs: Sequence[NewJob], session: Any = None) -> Sequence[int | None]:
        """Add jobs in the transaction of a session, or durably in one of their own."""
        return await self._adder.add(jobs, session)

    async def claim(self, owner: str, queues: Sequence[str], limit: int, lease: float) -> Sequence[Claimed]:
        """Claim up to ``limit`` due jobs of the queues, by priority, then by age."""
        return await self._claimer.claim(owner, queues, limit, lease)

    async def hand_back(self, owner: str) -> int:
        """Make the jobs of a claim ready again whose response was lost, if it has succeeded; return how many."""
        return await self._changed(self._keeper.hand_back(owner))

    async def finish(self, outcomes: Sequence[Outcome]) -> Sequence[Claimed]:
        """Store how attempts ended, in one transaction; return those whose lease was lost."""
        return await self._finisher.finish(outcomes)

    async def complete_in(self, session: Any, job: Claimed, result: bytes | None, lifetime: float) -> bool:
        """Complete a job in the transaction of a session; return whether the lease was still held."""
        return await self._finisher.complete(session, job, result, lifetime)

    def heartbeat(self) -> TableHeartbeat:
        """Return what renews leases, in the loop of the thread that uses it."""
        return TableHeartbeat(self._app_engine, self._statements)

    async def now(self) -> float:
        """Return the seconds since the epoch, by the clock of the database."""
        async with self._database.read() as connection:
            found = await connection.execute(self._statements.time, self._database.values())
            return float(found.scalar_one()) / 1000

    async def rescue(self) -> int:
        """Make jobs whose lease has ended ready again, or dead after their last attempt; return how many."""
        count = await self._keeper.rescue()
        await self._recall()
        if count:
            self._waker.announce()
        return count

    async def _recall(self) -> None:
        """Let jobs wait again that were handed to a broker which has been switched off."""
        await self._handing.recall_all()

    async def make_due(self) -> int:
        """Make scheduled jobs ready whose time has come; return how many."""
        count = await self._keeper.make_due()
        if count:
            self._waker.announce()
        return count

    async def wait(self, seconds: float) -> None:
        """Return when there may be work for a worker, or after so many seconds."""
        await self._waker.wait(seconds)

    async def tick(self, name: str, at: float, job: NewJob) -> Ticked:
        """Add the job of a schedule for a tick, once in the cluster."""
        ticked = await self._keeper.tick(name, at, job)
        if ticked is Ticked.ADDED:
            self._waker.announce()
        return ticked

    async def keep_schedules(self, latest: Mapping[str, float]) -> None:
        """Forget the schedules with other names; one that is new begins after its latest tick."""
        await self._keeper.keep_schedules(latest)

    async def list(self, which: Filter, limit: int, before: int | None = None) -> Sequence[JobRecord]:
        """Return jobs, the newest first, with ids below ``before``."""
        return await self._manager.records(which, limit, before)

    async def status(self, most: int | None = None) -> Sequence[QueueStatus]:
        """Return all queues that have jobs or are paused, by name; ``most`` jobs of a state are counted, or all."""
        return await self._counter.status(most)

    async def retry(self, which: Filter) -> int:
        """Make dead and cancelled jobs ready again, with all their attempts; return how many."""
        return await self._changed(self._manager.retry(which))

    async def discard(self, which: Filter) -> int:
        """Cancel jobs that are waiting; running ones are cancelled by their worker's next heartbeat."""
        return await self._changed(self._manager.discard(which))

    async def run_now(self, which: Filter) -> int:
        """Make scheduled jobs ready; return how many."""
        return await self._changed(self._manager.run_now(which))

    async def pause(self, queue: str, *, paused: bool) -> None:
        """Let workers claim no jobs of a queue, or let them go on."""
        await self._manager.pause(queue, paused=paused)
        self._waker.announce()

    async def prune(self, done_age: float, dead_age: float) -> int:
        """Delete done and cancelled jobs that ended so many seconds ago, and dead ones; return how many."""
        return await self._keeper.prune(done_age, dead_age)

    async def progress(self, job: Claimed, progress: str) -> None:
        """Store how far a running job is."""
        await self._manager.progress(job, progress)

    async def result(self, job_id: int) -> bytes | None:
        """Return what a job returned, if it is stored and has not expired."""
        return await self._manager.result(job_id)

    async def _lock(self, connection: AsyncConnection) -> None:
        if self._database.postgresql:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _TABLES})

    async def _changed(self, change: Coroutine[Any, Any, int]) -> int:
        count = await change
        if count:
            self._waker.announce()
        return count
