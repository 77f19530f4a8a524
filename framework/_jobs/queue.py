"""The queue that applications inject: it checks a job, and adds it to the engine, or to the jobs of a test."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from framework._inspect.names import callable_name, value_name
from framework._jobs.engine import Engine
from framework._jobs.records import NewJob
from framework._plan.job_runs import JobTable
from framework._plan.jobs import JobPlan
from framework.jobs import Added
from framework.request_ids import current_request_id

__all__ = ("Adder", "new_job", "prepare")

_MOST = 200
"""The limit of the columns for keys, in characters."""


def prepare(added: Added, table: JobTable) -> tuple[JobPlan, Any]:
    """Return the plan and the checked arguments of a call of JobQueue.add().

    Raises LookupError for a function that is not a job of the application, and TypeError for arguments that do not fit.
    """
    plan = table.find(added.function)
    if plan is None:
        raise LookupError(_unknown(added.function, table))
    return plan, plan.bind(tuple(added.args), added.keywords)


def _unknown(function: Any, table: JobTable) -> str:
    name = callable_name(function) if callable(function) else value_name(function)
    owner = getattr(function, "__self__", None)
    if owner is not None and table.find(getattr(function, "__func__", None)) is not None:
        return f"{name} is a method of an instance; write queue.add({name}, …) with the class, not with an instance"
    if hasattr(function, "__job__"):
        return f"{name} is a job of a class that the app does not have; give the class to App(jobs=[…]), {table.where}"
    return f"{name} is not a job; write @job above it, in a class that App(jobs=[…]) has"


def new_job(plan: JobPlan, arguments: Any, added: Added, table: JobTable) -> NewJob:
    """Return what is stored; raises ValueError for arguments that are too large, and for a wrong time."""
    encoded = plan.encode(arguments)
    limit = table.settings.size_limit
    if len(encoded) > limit:
        what = f"{plan.name}: its arguments have {len(encoded)} bytes, the limit is {limit}"
        raise ValueError(f"{what}; store what is large, and pass its id")
    key = _unique_key(plan, arguments, added.key)
    return NewJob(
        name=plan.name,
        queue=plan.queue,
        arguments=encoded,
        max_attempts=plan.max_attempts,
        priority=plan.priority,
        delay=_delay(plan, added),
        run_at=_moment(plan, added),
        unique_key=key,
        concurrency_key=_concurrency_key(plan, arguments),
        concurrency=plan.concurrency,
        context=_context(table.settings.observers),
    )


def _unique_key(plan: JobPlan, arguments: Any, given: str | None) -> str | None:
    if given is None and plan.unique is None:
        return None
    text: Any = given
    if text is not None and not (isinstance(text, str) and text):
        raise TypeError(f"{plan.name}: key={value_name(given)} is not a string with something in it")
    return _limited(f"{plan.name}:{given if plan.unique is None or given is not None else plan.unique(arguments)}")


def _concurrency_key(plan: JobPlan, arguments: Any) -> str | None:
    if plan.concurrency is None:
        return None
    return _limited(plan.name if plan.concurrency_key is None else f"{plan.name}:{plan.concurrency_key(arguments)}")


def _limited(key: str) -> str:
    """Return a key, or the digest of one that is too long for its column."""
    return key if len(key) <= _MOST else hashlib.sha256(key.encode()).hexdigest()


def _delay(plan: JobPlan, added: Added) -> float:
    delay = added.delay
    if delay is None:
        return 0.0
    if added.at is not None:
        raise TypeError(f"{plan.name}: delay= and at= are two times; give one of them")
    if isinstance(delay, bool) or not isinstance(delay, int | float | timedelta):
        raise TypeError(f"{plan.name}: delay={value_name(delay)} is not a number of seconds or a timedelta")
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"{plan.name}: delay={delay!r} is not a time in the future")
    return seconds


def _moment(plan: JobPlan, added: Added) -> int | None:
    """Return when a job is due, in milliseconds since the epoch."""
    if added.at is None:
        return None
    if not isinstance(added.at, datetime):
        raise TypeError(f"{plan.name}: at={value_name(added.at)} is not a datetime")
    if added.at.tzinfo is None:
        raise ValueError(f"{plan.name}: at={added.at!r} has no time zone; write datetime(…, tzinfo=UTC)")
    return int(added.at.timestamp() * 1000)


def _context(observers: Sequence[Any]) -> str | None:
    """Return the request id of who adds a job, and what observers add, as JSON: the trace context."""
    known = {"request_id": current_request_id()}
    for one in observers:
        if hasattr(one, "job_context"):
            known.update(one.job_context())
    kept = {name: value for name, value in known.items() if value}
    return json.dumps(kept) if kept else None


class Adder:
    """Adds jobs to an engine, in the transaction of a session if there is one."""

    def __init__(self, engine: Engine, table: JobTable, session: Any = None) -> None:
        self._engine = engine
        self._table = table
        self._session = session

    async def __call__(self, added: Added) -> int | None:
        """Add one job; return its id, or None if another job has its unique key."""
        plan, arguments = prepare(added, self._table)
        (job_id,) = await self._engine.add([new_job(plan, arguments, added, self._table)], self._session)
        return job_id
