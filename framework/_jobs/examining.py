"""Finds what keeps jobs from running."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from framework._jobs.engine import Engine
from framework._jobs.store import JobFilter, JobStore, QueueState
from framework._plan.job_runs import JobTable

__all__ = ("Finding", "examine", "examine_broker", "examine_database")

_LATE = 60.0
"""Seconds after which a ready job is late."""
_LONG = 300
"""Seconds after which an open transaction keeps PostgreSQL from removing dead rows."""
_DEAD_ROWS = 100_000


class Finding(Struct, frozen=True):
    """Something that keeps jobs from running, and what to do."""

    what: str
    hint: str


async def examine(store: JobStore, table: JobTable) -> list[Finding]:
    """Return what is wrong with the queues and with the stored jobs."""
    queues = await store.queues()
    return [*_queue_findings(queues), *await _unknown(store, table), *_unserved(queues, table)]


def _queue_findings(queues: Sequence[QueueState]) -> Iterator[Finding]:
    for one in queues:
        if one.paused:
            yield Finding(f"queue {one.name} is paused", f"framework jobs resume {one.name}")
        elif one.oldest is not None and one.oldest > _LATE:
            hint = "start workers with framework jobs run, or more of them, and see that they serve this queue"
            yield Finding(f"queue {one.name} has a job that has been ready for {one.oldest:.0f} s", hint)
        dead = one.counts["dead"]
        if dead:
            hint = f"framework jobs list --state dead --queue {one.name}; then retry or discard them"
            yield Finding(f"queue {one.name} has {dead} dead {'job' if dead == 1 else 'jobs'}", hint)


async def _unknown(store: JobStore, table: JobTable) -> list[Finding]:
    """Return the names of the latest waiting jobs that the app does not have."""
    known = {name for plan in table.plans for name in (plan.name, *plan.aliases)}
    waiting = await store.list(JobFilter(states=("ready", "scheduled")), limit=500)
    names = sorted({one.name for one in waiting} - known)
    hint = "give the job aliases= if it was renamed, or discard its jobs"
    return [Finding(f"jobs named {name} are waiting, and the app has no such job", hint) for name in names]


def _unserved(queues: Sequence[QueueState], table: JobTable) -> Iterator[Finding]:
    """Yield queues with waiting jobs that workers do not serve by default."""
    served = set(table.settings.queues) or {plan.queue for plan in table.plans}
    for one in queues:
        if one.name not in served and one.counts["ready"] + one.counts["scheduled"]:
            hint = f"framework jobs run --queue {one.name}, or add it to JobSettings(queues=)"
            yield Finding(f"queue {one.name} has waiting jobs, and workers do not serve it by default", hint)


async def examine_broker(engine: Engine) -> list[Finding]:
    """Return whether the broker that carries the jobs cannot be reached; without one there is nothing to find."""
    # Imported late: applications without jobs do without sqlalchemy.
    from framework._jobs.broker.engine import BrokerEngine
    from framework._jobs.broker.protocol import BrokerError

    if not isinstance(engine, BrokerEngine):
        return []
    try:
        await engine.check_broker()
    except BrokerError as error:
        what = f"the broker {engine.broker_address} cannot be reached: {error}"
        return [Finding(what, "start it, or see that this machine reaches it; jobs wait in the table until then")]
    return []


_OPEN = """
SELECT pid, application_name, extract(epoch FROM clock_timestamp() - xact_start)::int AS age
FROM pg_stat_activity
WHERE xact_start IS NOT NULL AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
ORDER BY xact_start LIMIT 1
"""
_ROWS = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'framework_jobs'"


async def examine_database(database: Any) -> list[Finding]:
    """Return what slows the table of the jobs down on PostgreSQL; ``database`` is an AsyncEngine."""
    if database.dialect.name != "postgresql":
        return []
    from sqlalchemy import text

    async with database.connect() as connection:
        oldest = (await connection.execute(text(_OPEN))).first()
        dead = await connection.scalar(text(_ROWS)) or 0
    findings: list[Finding] = []
    if oldest is not None and oldest.age > _LONG:
        name = oldest.application_name or "without a name"
        what = f"a transaction of the process {oldest.pid} ({name}) has been open for {oldest.age} s"
        hint = "end it: while it is open, dead rows stay in the table and claims become slow"
        findings.append(Finding(what, hint))
    if dead > _DEAD_ROWS:
        hint = "VACUUM framework_jobs, after the long transaction that kept them has ended"
        findings.append(Finding(f"the table of the jobs has {dead} dead rows", hint))
    return findings
