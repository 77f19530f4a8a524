"""Observers of jobs: metrics, traces, logs. They see every attempt begin and end, and change nothing."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from framework._jobs.records import Claimed, OutcomeKind

__all__ = ("JobEnd", "JobObserver", "JobStart", "Observers", "WorkerCounts", "context_of")

_LOGGER = logging.getLogger("framework.jobs")


class JobStart(Struct, frozen=True, kw_only=True):
    """An attempt that begins."""

    id: int
    name: str
    queue: str
    attempt: int
    max_attempts: int
    context: Mapping[str, str]
    """The trace context and the ``request_id`` of who added the job."""


class JobEnd(Struct, frozen=True, kw_only=True):
    """An attempt that has ended."""

    start: JobStart
    kind: OutcomeKind
    """FAILED if there is another attempt, DEAD if there is none."""
    duration: float
    """In seconds."""
    exception: BaseException | None = None
    lost: bool = False
    """Whether the lease was lost meanwhile, so that the end was not stored."""


class JobObserver:
    """Base class of observers of jobs; all methods are optional.

    They are plain functions that return quickly: they run on the event loop. Their exceptions are logged and have no
    other effect.
    """

    def job_context(self) -> Mapping[str, str]:
        """Return what is stored with a job that is added now, for ``begin_job``: ``{"traceparent": "00-…"}``."""
        return {}

    def begin_worker(self, counts: "WorkerCounts") -> None:
        """Receive the counts of a worker that begins in this process, which go on growing."""

    def begin_job(self, start: JobStart) -> Any:
        """Return what ``end_job`` gets as ``state``; context variables that are set here apply to the job."""

    def end_job(self, end: JobEnd, state: Any) -> None:
        """Receive the end of an attempt."""


class WorkerCounts(Struct):
    """What a worker has done since it began."""

    ended: dict[OutcomeKind, int] = {}
    lost: int = 0
    """Attempts whose lease was lost."""
    rescued: int = 0
    """Jobs of other workers whose lease had ended."""
    ticks_added: int = 0
    ticks_skipped: int = 0
    """Ticks of schedules whose earlier job was still waiting or running."""


class Observers:
    """Calls observers, the last first at the end."""

    def __init__(self, observers: Sequence[JobObserver]) -> None:
        self._observers = observers

    def begin_worker(self, counts: WorkerCounts) -> None:
        """Call those that have the method."""
        for one in self._observers:
            if hasattr(one, "begin_worker"):
                self._call(one.begin_worker, counts)

    def begin(self, start: JobStart) -> list[Any]:
        """Call all, and return their states."""
        return [self._call(one.begin_job, start) for one in self._observers]

    def end(self, end: JobEnd, states: Sequence[Any]) -> None:
        """Call all with their states."""
        for one, state in reversed(tuple(zip(self._observers, states, strict=True))):
            self._call(one.end_job, end, state)

    def _call(self, function: Any, *args: Any) -> Any:
        try:
            return function(*args)
        except Exception:
            _LOGGER.exception("The observer of jobs %r failed", function)
            return None


def start_of(job: Claimed) -> JobStart:
    """Return what observers are given of a job."""
    return JobStart(
        id=job.id,
        name=job.name,
        queue=job.queue,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        context=context_of(job.context),
    )


def context_of(stored: str | None) -> dict[str, str]:
    """Return the stored context; what is malformed is ignored."""
    try:
        found = json.loads(stored or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}
