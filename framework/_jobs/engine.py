"""What the queue, the workers and the commands need of an engine that stores jobs."""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Protocol

from msgspec import Struct

from framework._jobs.records import Claimed, JobRecord, JobState, NewJob, Outcome

__all__ = ("Engine", "Filter", "Heartbeat", "QueueStatus", "Ticked")


class Filter(Struct, frozen=True, kw_only=True):
    """Which jobs to list or change; everything that is given must match."""

    ids: tuple[int, ...] = ()
    states: tuple[JobState, ...] = ()
    queue: str | None = None
    name: str | None = None


class QueueStatus(Struct, frozen=True, kw_only=True):
    """A queue: how many jobs in each state, whether it is paused, the age in seconds of its oldest ready job."""

    name: str
    counts: Mapping[JobState, int]
    partial: Sequence[JobState] = ()
    """The states of which more jobs are stored than were counted, of this queue or of another one."""
    paused: bool
    oldest: float | None


class Ticked(IntEnum):
    """What became of the tick of a schedule."""

    ADDED = 0
    TAKEN = 1
    """Another process has added its job, or that of a later tick."""
    SKIPPED = 2
    """A job with the same unique key is waiting or running."""


class Heartbeat(Protocol):
    """Renews leases from a thread of its own, with a connection of its own."""

    async def renew(self, jobs: Sequence[Claimed], lease: float) -> Sequence[Claimed]:
        """Return the jobs whose lease is lost or that were cancelled."""
        ...

    async def close(self) -> None: ...


class Engine(Protocol):
    """Stores jobs. All methods may raise the errors of the engine's client while its server is away."""

    async def open(self) -> None:
        """Connect, and create what is missing."""

    async def close(self) -> None: ...

    async def add(self, jobs: Sequence[NewJob], session: Any = None) -> Sequence[int | None]:
        """Add jobs in the transaction of a session, or durably in one of their own.

        Return their ids; None where a job with the same unique key is waiting or running.
        """
        ...

    async def claim(self, owner: str, queues: Sequence[str], limit: int, lease: float) -> Sequence[Claimed]:
        """Claim up to ``limit`` due jobs of the queues, by priority, then by age; the lease is in seconds."""
        ...

    async def hand_back(self, owner: str) -> int:
        """Make the jobs of a claim ready again whose response was lost, if it has succeeded; return how many."""
        ...

    async def finish(self, outcomes: Sequence[Outcome]) -> Sequence[Claimed]:
        """Store how attempts ended, in one transaction; return those whose lease was lost, which changes nothing."""
        ...

    async def complete_in(self, session: Any, job: Claimed, result: bytes | None, lifetime: float) -> bool:
        """Complete a job in the transaction of a session; return whether the lease was still held."""
        ...

    def heartbeat(self) -> Heartbeat:
        """Return what renews leases; it connects when it is first used, in the loop of the thread that uses it."""
        ...

    async def now(self) -> float:
        """Return the seconds since the epoch by the clock that leases, delays and schedules are compared with."""
        ...

    async def rescue(self) -> int:
        """Make jobs whose lease has ended ready again, or dead after their last attempt; return how many."""
        ...

    async def make_due(self) -> int:
        """Make scheduled jobs ready whose time has come; return how many."""
        ...

    async def wait(self, seconds: float) -> None:
        """Return when there may be work for a worker, or after so many seconds."""

    async def tick(self, name: str, at: float, job: NewJob) -> Ticked:
        """Add the job of a schedule for a tick, once in the cluster; ``at`` is in seconds since the epoch."""
        ...

    async def keep_schedules(self, latest: Mapping[str, float]) -> None:
        """Forget the schedules with other names; one that is new begins after its latest tick."""

    async def list(self, which: Filter, limit: int, before: int | None = None) -> Sequence[JobRecord]:
        """Return jobs, the newest first, with ids below ``before``."""
        ...

    async def status(self, most: int | None = None) -> Sequence[QueueStatus]:
        """Return the queues; ``most`` is how many jobs of a state are counted, ``None`` for all."""
        ...

    async def retry(self, which: Filter) -> int:
        """Make dead and cancelled jobs ready again, with all their attempts; return how many."""
        ...

    async def discard(self, which: Filter) -> int:
        """Cancel waiting jobs; running ones are cancelled by their worker's next heartbeat. Return how many."""
        ...

    async def run_now(self, which: Filter) -> int:
        """Make scheduled jobs ready; return how many."""
        ...

    async def pause(self, queue: str, *, paused: bool) -> None: ...

    async def prune(self, done_age: float, dead_age: float) -> int:
        """Delete done and cancelled jobs that ended so many seconds ago, and dead ones; return how many."""
        ...

    async def progress(self, job: Claimed, progress: str) -> None:
        """Store how far a running job is."""

    async def result(self, job_id: int) -> bytes | None:
        """Return what a job returned, ``None`` if it has not ended, stores nothing, or its result has expired."""
        ...
