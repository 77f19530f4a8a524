"""What people see of the stored jobs, and what they do with them: for the commands, the page and applications."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from framework._jobs.engine import Engine, Filter
from framework._jobs.records import JobRecord, JobState

__all__ = ("JobFilter", "JobStore", "QueueState", "StoredJob")

_SECRET = re.compile(r"passw|secret|token|api_?key|authorization", re.IGNORECASE)


class StoredJob(Struct, frozen=True, kw_only=True):
    """A stored job."""

    __module__ = "framework.job_store"

    id: int
    name: str
    queue: str
    state: str
    """``ready``, ``scheduled``, ``running``, ``done``, ``dead`` or ``cancelled``."""
    priority: int
    attempt: int
    """How many attempts have begun."""
    max_attempts: int
    arguments: Any
    """As JSON has them; the values of names such as ``password`` and ``token`` are ``***``."""
    created_at: datetime
    run_at: datetime
    """When it is or was due."""
    finished_at: datetime | None
    lease_until: datetime | None
    """Until when its worker may run it without a sign of life, or the broker deliver it."""
    owner: str | None
    """The worker that runs it; ``broker:…`` if it is ready, and a broker carries it."""
    key: str | None
    """The unique key."""
    request_id: str | None
    error: str | None
    """The traceback of the last attempt that failed."""
    progress: str | None
    result: Any
    """As JSON has it; ``None`` if none is stored."""


class QueueState(Struct, frozen=True, kw_only=True):
    """A queue: how many jobs are in each state, and how long its oldest ready job has been due."""

    __module__ = "framework.job_store"

    name: str
    paused: bool
    oldest: float | None
    """In seconds; ``None`` if no job is ready."""
    counts: Mapping[str, int]
    partial: Sequence[str] = ()
    """The states of which more jobs are stored than were counted, of this queue or of another one."""


class JobFilter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs are listed or changed; everything that is given must match."""

    __module__ = "framework.job_store"

    ids: tuple[int, ...] = ()
    states: tuple[str, ...] = ()
    queue: str | None = None
    name: str | None = None


_ALL = JobFilter()


class JobStore:
    """Lists and changes the jobs of an app; injected by its type."""

    __module__ = "framework.job_store"
    __provider_hint__ = "give the classes of the jobs to the app: App(jobs=[Mail])"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list(
        self,
        which: JobFilter = _ALL,
        *,
        limit: int = 50,
        before: int | None = None,
    ) -> Sequence[StoredJob]:
        """Return jobs, the newest first, with ids below ``before``. Raises ValueError for an unknown state."""
        return [_shown(one) for one in await self._engine.list(_as_filter(which), limit, before)]

    async def find(self, job_id: int) -> StoredJob | None:
        """Return one job, ``None`` if it does not exist any more."""
        return next(iter(await self.list(JobFilter(ids=(job_id,)), limit=1)), None)

    async def queues(self, *, most: int | None = 10_000) -> Sequence[QueueState]:
        """Return the queues, by name, and count their jobs: ``most`` of each state, or all with ``None``.

        That many ready jobs of each queue are counted, and of all queues together those scheduled jobs that are due
        first and those jobs that ended last. To count all takes long if there are millions.
        """
        return [
            QueueState(
                name=one.name,
                paused=one.paused,
                oldest=one.oldest,
                counts={state.name.lower(): one.counts.get(state, 0) for state in JobState},
                partial=[state.name.lower() for state in one.partial],
            )
            for one in await self._engine.status(most)
        ]

    async def retry(self, which: JobFilter) -> int:
        """Make dead and cancelled jobs ready again, with all their attempts; return how many."""
        return await self._engine.retry(_as_filter(which))

    async def discard(self, which: JobFilter) -> int:
        """Cancel jobs that wait or run; return how many. A running one is cancelled within a heartbeat."""
        return await self._engine.discard(_as_filter(which))

    async def run_now(self, which: JobFilter) -> int:
        """Make scheduled jobs ready; return how many."""
        return await self._engine.run_now(_as_filter(which))

    async def pause(self, queue: str) -> None:
        """Let workers claim no more jobs of a queue; those that run go on."""
        await self._engine.pause(queue, paused=True)

    async def resume(self, queue: str) -> None:
        """Let workers claim the jobs of a queue again."""
        await self._engine.pause(queue, paused=False)

    async def result(self, job_id: int) -> Any:
        """Return what a job returned, in its JSON form; ``None`` if it has not ended or stores nothing."""
        stored = await self._engine.result(job_id)
        return None if stored is None else msgspec.json.decode(stored)

    async def check(self) -> None:
        """Raise the exception of the engine if the jobs cannot be read; for readiness."""
        await self._engine.list(Filter(ids=(0,)), 1)


def _as_filter(which: JobFilter) -> Filter:
    known = {one.name.lower(): one for one in JobState}
    unknown = [one for one in which.states if one not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a state; the states are {', '.join(known)}")
    return Filter(ids=which.ids, states=tuple(known[one] for one in which.states), queue=which.queue, name=which.name)


def _shown(record: JobRecord) -> StoredJob:
    return StoredJob(
        id=record.id,
        name=record.name,
        queue=record.queue,
        state=record.state.name.lower(),
        priority=record.priority,
        attempt=record.attempt,
        max_attempts=record.max_attempts,
        arguments=_masked(_as_json(record.arguments)),
        created_at=_moment(record.created_at),
        run_at=_moment(record.run_at),
        finished_at=None if record.finished_at is None else _moment(record.finished_at),
        lease_until=None if record.lease_until is None else _moment(record.lease_until),
        owner=record.owner,
        key=record.unique_key,
        request_id=_request_id(record.context),
        error=record.error,
        progress=record.progress,
        result=None if record.result is None else _as_json(record.result),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _as_json(stored: bytes) -> Any:
    """Return stored JSON, or its text if it is not JSON."""
    try:
        return msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return stored.decode(errors="replace")


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "***" if _SECRET.search(name) else _masked(item) for name, item in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _request_id(context: str | None) -> str | None:
    if context is None:
        return None
    found: Any = json.loads(context)
    return found.get("request_id") if isinstance(found, dict) else None
