"""What engines store and return."""

from enum import IntEnum

from msgspec import Struct

__all__ = ("Claimed", "Handed", "JobRecord", "JobState", "NewJob", "Outcome", "OutcomeKind")


class JobState(IntEnum):
    """The numbers are stored."""

    READY = 0
    RUNNING = 1
    DONE = 2
    DEAD = 3
    CANCELLED = 4
    SCHEDULED = 5


class NewJob(Struct, frozen=True, kw_only=True):
    """A job to add. It is due after ``delay`` seconds or at ``run_at``, milliseconds since the epoch."""

    name: str
    queue: str
    arguments: bytes
    max_attempts: int
    priority: int = 0
    delay: float = 0.0
    run_at: int | None = None
    unique_key: str | None = None
    concurrency_key: str | None = None
    concurrency: int | None = None
    """How many jobs with the same ``concurrency_key`` run at once; both are given, or neither."""
    context: str | None = None
    """JSON: the trace context and the request id of who added it."""


class Claimed(Struct, frozen=True, kw_only=True):
    """A job that a worker may run until its lease ends. Owner and attempt fence everything that it writes."""

    id: int
    name: str
    queue: str
    arguments: bytes
    context: str | None
    priority: int
    attempt: int
    """The first is 1; counted when the job is claimed."""
    max_attempts: int
    owner: str
    concurrency_key: str | None = None


class Handed(Struct, frozen=True, array_like=True):
    """A ready job that is handed to a broker: the message. Owner and attempt fence the claim that it leads to."""

    id: int
    attempt: int
    """How many attempts have begun."""
    queue: str
    owner: str
    """The batch in which it was handed over."""
    until: int
    """Milliseconds since the epoch until when the broker is expected to have delivered it."""


class OutcomeKind(IntEnum):
    """How an attempt ended."""

    DONE = 0
    FAILED = 1
    """Again after ``delay``, or dead after the last attempt."""
    DEAD = 2
    """Dead without another attempt."""
    RELEASED = 3
    """Handed back: ready after ``delay`` seconds, the attempt is not counted."""
    CANCELLED = 4


class Outcome(Struct, frozen=True, kw_only=True):
    """The end of an attempt."""

    job: Claimed
    kind: OutcomeKind
    delay: float = 0.0
    error: str | None = None
    result: bytes | None = None
    result_lifetime: float = 0.0


class JobRecord(Struct, frozen=True, kw_only=True):
    """A stored job, for people. Times are milliseconds since the epoch."""

    id: int
    name: str
    queue: str
    state: JobState
    priority: int
    attempt: int
    max_attempts: int
    arguments: bytes
    created_at: int
    run_at: int
    finished_at: int | None
    lease_until: int | None
    owner: str | None
    unique_key: str | None
    context: str | None
    error: str | None
    result: bytes | None
    progress: str | None = None
