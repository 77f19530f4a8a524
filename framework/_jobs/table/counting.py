"""Counts jobs by queue and state, of each state up to a limit: what it costs does not grow with the table."""

from collections.abc import Iterator
from functools import cache

from sqlalchemy import TextClause, select, text

from framework._jobs.engine import QueueStatus
from framework._jobs.records import JobState
from framework._jobs.table.database import Database
from framework._jobs.table.schema import QUEUES
from framework._jobs.table.statements import HANDED, Statements

__all__ = ("Counter",)

_ALL = 2**62
_WAITING = "j.state = 0 AND j.blocked = 0"
_ENDED = "state IN (2, 3, 4) AND state = {}"
# What is counted beside the jobs that wait, and in which order: the conditions are those of the indexes.
_PARTS = (
    (JobState.READY, "state = 0 AND blocked = 1", "concurrency_key, priority, run_at, id"),
    (JobState.READY, f"state = 0 AND blocked = {HANDED}", "queue, lease_until"),
    (JobState.RUNNING, "state = 1", "lease_until"),
    (JobState.SCHEDULED, "state = 5", "run_at"),
    *((one, _ENDED.format(int(one)), "finished_at DESC") for one in (JobState.DONE, JobState.DEAD, JobState.CANCELLED)),
)


class Counter:
    """Counts jobs: the ready ones of each queue, the scheduled ones that are due first, and those that ended last."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements

    async def status(self, most: int | None) -> list[QueueStatus]:
        """Return all queues of which jobs were counted or that are paused, by name; ``None`` counts all jobs."""
        limit = _ALL if most is None else most
        async with self._database.read() as connection:
            time = (await connection.execute(self._statements.time, self._database.values())).scalar_one()
            paused = set((await connection.execute(select(QUEUES.c.name).where(QUEUES.c.paused == 1))).scalars())
            waiting = (await connection.execute(_count_waiting(limit))).all()
            parts = (await connection.execute(_count_parts(limit))).all()
        queues = {name: _Queue(name, limit) for name in paused}
        totals = [0] * len(_PARTS)
        for queue, count, oldest in waiting:
            queues.setdefault(queue, _Queue(queue, limit)).add(JobState.READY, count, oldest)
        for part, queue, count, oldest in parts:
            totals[part] += count
            queues.setdefault(queue, _Queue(queue, limit)).add(_PARTS[part][0], count, oldest)
        partial = {state for (state, *_), total in zip(_PARTS, totals, strict=True) if total >= limit}
        return [queues[name].status(time, partial, paused=name in paused) for name in sorted(queues)]


class _Queue:
    """What is known of a queue so far."""

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._counts: dict[JobState, int] = {}
        self._oldest: int | None = None

    def add(self, state: JobState, count: int, oldest: int) -> None:
        """Add jobs, of which the first is or was due at a time."""
        self._counts[state] = min(self._limit, self._counts.get(state, 0) + count)
        if state is JobState.READY:
            self._oldest = oldest if self._oldest is None else min(self._oldest, oldest)

    def status(self, time: int, partial: set[JobState], *, paused: bool) -> QueueStatus:
        """Return the result; ``partial`` are states of which more jobs are stored, of this queue or of another one."""
        full = {state for state, count in self._counts.items() if count >= self._limit}
        return QueueStatus(
            name=self._name,
            counts=self._counts,
            partial=tuple(sorted(full | partial)),
            paused=paused,
            oldest=None if self._oldest is None else (time - self._oldest) / 1000,
        )


@cache
def _count_waiting(limit: int) -> TextClause:
    """Return the statement that counts the jobs that wait: one step of the index for each queue and priority."""
    waiting = f"FROM framework_jobs j WHERE {_WAITING}"
    of_queue = f"{waiting} AND j.queue = {{0}}.queue"
    of_both = of_queue.format("p") + " AND j.priority = p.priority"
    # The order is that of the index; without it, PostgreSQL may read the table until it has found enough.
    some = f"{of_both} ORDER BY j.run_at, j.id LIMIT {limit:d}"
    return text(
        f"WITH RECURSIVE q(queue) AS (SELECT min(j.queue) {waiting} UNION ALL"
        f" SELECT (SELECT min(j.queue) {waiting} AND j.queue > q.queue) FROM q WHERE q.queue IS NOT NULL),"
        f" p(queue, priority) AS (SELECT q.queue, (SELECT min(j.priority) {of_queue.format('q')}) FROM q"
        " WHERE q.queue IS NOT NULL UNION ALL"
        f" SELECT p.queue, (SELECT min(j.priority) {of_queue.format('p')} AND j.priority > p.priority) FROM p"
        " WHERE p.priority IS NOT NULL)"
        f" SELECT p.queue, (SELECT count(*) FROM (SELECT 1 {some}) AS c) AS jobs,"
        f" (SELECT min(j.run_at) {of_both}) AS oldest FROM p WHERE p.priority IS NOT NULL"
    )


@cache
def _count_parts(limit: int) -> TextClause:
    """Return the statement that counts the other jobs, by the number of their part."""

    def parts() -> Iterator[str]:
        for number, (_, where, order) in enumerate(_PARTS):
            rows = f"SELECT queue, run_at FROM framework_jobs WHERE {where} ORDER BY {order} LIMIT {limit:d}"
            yield f"SELECT {number} AS part, queue, count(*), min(run_at) FROM ({rows}) AS c{number} GROUP BY queue"

    return text(" UNION ALL ".join(parts()))
