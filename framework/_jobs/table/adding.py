"""Adds jobs, in the transaction of a session or in one of their own."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Insert, bindparam, event, func, insert, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from framework._jobs.records import JobState, NewJob
from framework._jobs.table.database import Database
from framework._jobs.table.schema import JOBS

__all__ = ("Adder",)

_COLUMNS = (
    "queue",
    "name",
    "arguments",
    "context",
    "state",
    "priority",
    "max_attempts",
    "unique_key",
    "concurrency_key",
    "concurrency",
)

_LAST = text("SELECT last_insert_rowid()")
_MARK = "framework_jobs_added"
"""In ``Session.info``: what to call after the commit."""


class Adder:
    """Adds jobs; ``announce`` is called when they are committed."""

    def __init__(self, database: Database, now: str, announce: Callable[[], None]) -> None:
        self._database = database
        self._announce = announce
        self._one = _insert(database, now, several=False)
        self._several = _insert(database, now, several=True)

    async def add(self, jobs: Sequence[NewJob], session: Any = None) -> Sequence[int | None]:
        """Add jobs, and return their ids; None for a unique key that another job has."""
        if session is None:
            async with self._database.write() as connection:
                ids = await self.insert(connection, jobs)
            if any(one is not None for one in ids):
                self._announce()
            return ids
        ids = await self.insert(session, jobs)
        if any(one is not None for one in ids):
            _after_commit(session, self._announce)
        return ids

    async def insert(self, connection: AsyncConnection | AsyncSession, jobs: Sequence[NewJob]) -> list[int | None]:
        """Insert jobs in a transaction, without a notification."""
        rows = [self._database.values(**_row(job)) for job in jobs]
        if len(rows) == 1 or any(job.unique_key is not None for job in jobs):
            return [(await connection.execute(self._one, row)).scalar() for row in rows]
        if not rows:
            return []
        # A session would treat a list of parameters as rows of a mapped class.
        if isinstance(connection, AsyncSession):
            connection = await connection.connection()
        if self._database.postgresql:
            return list((await connection.execute(self._several, rows)).scalars())
        await connection.execute(self._several, rows)
        # The transaction has the write lock, so that the ids follow each other. RETURNING would insert row by row.
        last = int((await connection.execute(_LAST)).scalar_one())
        return list(range(last - len(rows) + 1, last + 1))


def _insert(database: Database, now: str, *, several: bool) -> Insert:
    time: Any = literal_column(now, BigInteger) if database.postgresql else bindparam("now", type_=BigInteger)
    due = time + bindparam("after", type_=BigInteger)
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=JOBS.c[name].type) for name in _COLUMNS}
    values |= {
        "run_at": func.coalesce(bindparam("at", type_=BigInteger), due),
        "created_at": time,
        "attempt": literal_column("0"),
    }
    if several:
        plain = insert(JOBS).values(values)
        return plain.returning(JOBS.c.id, sort_by_parameter_order=True) if database.postgresql else plain
    kind = postgresql.insert if database.postgresql else sqlite.insert
    return kind(JOBS).values(values).on_conflict_do_nothing().returning(JOBS.c.id)


def _row(job: NewJob) -> dict[str, Any]:
    later = job.delay > 0 or job.run_at is not None
    row = {f"new_{name}": getattr(job, name) for name in _COLUMNS if name != "state"}
    return row | {
        # One whose time has come is made ready by the next worker that looks.
        "new_state": JobState.SCHEDULED if later else JobState.READY,
        "after": int(job.delay * 1000),
        "at": job.run_at,
    }


def _after_commit(session: AsyncSession | AsyncConnection, announce: Callable[[], None]) -> None:
    """Call a function when the transaction of a session is committed."""
    if not isinstance(session, AsyncSession):
        # There is no event after a commit; workers that look before it find the job when they look again.
        announce()
        return
    info = session.sync_session.info
    if _MARK not in info:
        event.listen(session.sync_session, "after_commit", _announce_added)
    info[_MARK] = announce


def _announce_added(session: Session) -> None:
    announce = session.info.get(_MARK)
    if announce is not None:
        session.info[_MARK] = None
        announce()
