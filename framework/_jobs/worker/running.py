"""Runs one attempt of a job, and decides how it has ended."""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, TypeAlias

from msgspec import Struct

from framework._jobs.engine import Engine
from framework._jobs.records import Claimed, Outcome, OutcomeKind
from framework._jobs.worker.observing import JobEnd, JobStart, Observers, start_of
from framework._plan.job_runs import RunJob
from framework._plan.jobs import JobPlan
from framework.jobs import CurrentJob, Discard, JobSettings, RetryLater
from framework.request_ids import UNHANDLED, restore_request_id

__all__ = ("JobRunner", "Key", "Reason", "Run", "key_of", "place_of_error")

_LOGGER = logging.getLogger("framework.jobs")
_UNKNOWN = 5.0
"""Seconds that a job is put off whose name this worker does not know: another one may."""
_LONGEST = 300
"""Characters of an error in the log."""


class Reason(Enum):
    """Why the worker has cancelled a job."""

    STOP = "stop"
    LEASE = "lease"


class LeaseLostError(Exception):
    """The job is another worker's now; raised into the scope of a transactional job, so that its session rolls back."""


class ResultError(Exception):
    """The job has ended, and what it returned cannot be stored."""


class Run:
    """An attempt of this worker, from the claim until its end is stored."""

    __slots__ = ("begun", "completed", "ended", "finishing", "job", "lost", "plan", "reason", "started", "task")

    def __init__(self, job: Claimed, plan: JobPlan | None) -> None:
        self.job = job
        self.plan = plan
        self.task: asyncio.Task[None] | None = None
        self.started = time.monotonic()
        self.begun = False
        self.reason: Reason | None = None
        self.finishing = False
        """It is being completed in its own transaction, and is neither renewed nor cancelled."""
        self.completed = False
        self.lost = False
        self.ended = False

    def cancel(self, reason: Reason) -> None:
        """Cancel the job, unless it has ended or is being completed."""
        if self.task is not None and not self.ended and not self.finishing and self.reason is None:
            self.reason = reason
            # A task that is cancelled before its first step would not run at all.
            if self.begun:
                self.task.cancel()


Key: TypeAlias = tuple[int, int, str]


def key_of(job: Claimed) -> Key:
    """Return what distinguishes an attempt from others of the same worker, which may have claimed the job again.

    An attempt that was handed back has the number of the next one, and another owner.
    """
    return job.id, job.attempt, job.owner


class _Ended(Struct):
    """How an attempt has ended; without an outcome there is nothing to store."""

    outcome: Outcome | None
    exception: BaseException | None = None


class JobRunner:
    """Runs jobs of the given plans."""

    def __init__(
        self,
        engine: Engine,
        plans: Sequence[JobPlan],
        run: RunJob,
        settings: JobSettings,
        report: Callable[[Run, str], None],
    ) -> None:
        self._engine = engine
        self._plans: Mapping[str, JobPlan] = {name: one for one in plans for name in (one.name, *one.aliases)}
        self._run = run
        self._limit = settings.size_limit
        self._observers = Observers(settings.observers)
        self._report = report
        self._warned: set[str] = set()

    def prepare(self, job: Claimed) -> Run:
        """Return the run of a claimed job."""
        return Run(job, self._plans.get(job.name))

    async def run(self, run: Run) -> Outcome | None:
        """Run an attempt; return what is to be stored, ``None`` if that has happened or must not happen."""
        run.begun = True
        if run.reason is not None:
            return _handed_back(run)
        if run.plan is None:
            return self._put_off(run.job)
        start = start_of(run.job)
        restore_request_id(start.context.get("request_id"))
        states = self._observers.begin(start)
        ended = await self._attempt(run, run.plan)
        self._observers.end(self._seen(run, start, ended), states)
        return ended.outcome

    def _put_off(self, job: Claimed) -> Outcome:
        if job.name not in self._warned:
            self._warned.add(job.name)
            _LOGGER.warning("No class in App(jobs=) has the job %s; job %d is left to other workers", job.name, job.id)
        return Outcome(job=job, kind=OutcomeKind.RELEASED, delay=_UNKNOWN)

    async def _attempt(self, run: Run, plan: JobPlan) -> _Ended:
        job = run.job
        try:
            arguments = plan.decode(job.arguments)
        except Exception as error:  # noqa: BLE001  decoders of an application's own types raise anything
            reason = f"The stored arguments do not fit {plan.name}: {error}"
            _LOGGER.error("The job %s %d is dead: %s", plan.name, job.id, reason, extra=UNHANDLED)  # noqa: TRY400  one line
            return _Ended(Outcome(job=job, kind=OutcomeKind.DEAD, error=reason), error)
        limit = asyncio.timeout(plan.timeout)
        try:
            async with limit:
                value = await self._run(plan, arguments, self._current(run, plan), self._complete(run, plan))
            return _Ended(None if run.completed else self._done(run, plan, value))
        except BaseException as error:  # noqa: BLE001  also SystemExit, which would end the worker
            return self._failed(run, plan, error, timed_out=limit.expired() and isinstance(error, TimeoutError))

    def _current(self, run: Run, plan: JobPlan) -> CurrentJob:
        async def report(text: str) -> None:
            self._report(run, text)

        return CurrentJob(
            id=run.job.id,
            name=plan.name,
            attempt=run.job.attempt,
            max_attempts=run.job.max_attempts,
            report=report,
        )

    def _complete(self, run: Run, plan: JobPlan) -> Any:
        if not plan.transactional:
            return None

        async def complete(session: Any, value: Any) -> None:
            run.finishing = True
            result = self._encode(plan, value)
            if not await self._engine.complete_in(session, run.job, result, plan.result_lifetime):
                run.lost = True
                raise LeaseLostError(f"The lease of job {run.job.id} is lost")
            run.completed = True

        return complete

    def _done(self, run: Run, plan: JobPlan, value: Any) -> Outcome:
        result = self._encode(plan, value)
        return Outcome(job=run.job, kind=OutcomeKind.DONE, result=result, result_lifetime=plan.result_lifetime)

    def _encode(self, plan: JobPlan, value: Any) -> bytes | None:
        if plan.encode_result is None:
            return None
        try:
            encoded = plan.encode_result(value)
        except Exception as error:
            raise ResultError(f"The job has ended, and its result cannot be stored: {error}") from error
        if len(encoded) > self._limit:
            what = f"it has {len(encoded)} bytes, the limit is {self._limit}"
            raise ResultError(f"The job has ended, and its result cannot be stored: {what}")
        return encoded

    def _failed(self, run: Run, plan: JobPlan, error: BaseException, *, timed_out: bool) -> _Ended:
        """Return how an attempt has ended that has raised an exception."""
        job = run.job
        run.finishing = run.completed = False
        if run.lost:
            _LOGGER.warning("The lease of job %s %d was lost: its transaction is rolled back", job.name, job.id)
            return _Ended(None, error)
        if run.reason is not None:
            return _Ended(_handed_back(run), error)
        if timed_out:
            error = _TimedOut(f"The job took longer than its timeout of {plan.timeout:g} s").with_traceback(
                error.__traceback__
            )
        text = "".join(traceback.format_exception(error))
        if isinstance(error, Discard | ResultError):
            outcome = Outcome(job=job, kind=OutcomeKind.DEAD, error=text)
        else:
            delay = error.delay if isinstance(error, RetryLater) else _delay(plan, job.attempt)
            outcome = Outcome(job=job, kind=OutcomeKind.FAILED, delay=delay, error=text)
        _log(outcome, error)
        return _Ended(outcome, error)

    def _seen(self, run: Run, start: JobStart, ended: _Ended) -> JobEnd:
        outcome = ended.outcome
        kind = OutcomeKind.DONE if outcome is None else outcome.kind
        if kind is OutcomeKind.FAILED and run.job.attempt >= run.job.max_attempts:
            kind = OutcomeKind.DEAD
        duration = time.monotonic() - run.started
        return JobEnd(start=start, kind=kind, duration=duration, exception=ended.exception, lost=run.lost)


def _handed_back(run: Run) -> Outcome:
    """Return the outcome of an attempt that the worker has cancelled."""
    kind = OutcomeKind.RELEASED if run.reason is Reason.STOP else OutcomeKind.CANCELLED
    return Outcome(job=run.job, kind=kind)


class _TimedOut(TimeoutError):
    """An attempt has taken longer than the timeout of its job."""


_TimedOut.__name__ = _TimedOut.__qualname__ = "TimeoutError"


def place_of_error(error: BaseException) -> str:
    """Return the first line of an exception and where it was raised: ``ValueError: no (shop/mail.py:12)``."""
    lines = "".join(traceback.format_exception_only(error)).splitlines()
    text = lines[0][:_LONGEST] if lines else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    return f"{text} ({frames[-1].filename}:{frames[-1].lineno})" if frames else text


def _delay(plan: JobPlan, attempt: int) -> float:
    """Return the seconds until the next attempt; a function of the application that fails counts as one second."""
    try:
        return max(0.0, float(plan.backoff(attempt)))
    except Exception:
        _LOGGER.exception("backoff= of the job %s failed", plan.name)
        return 1.0


def _log(outcome: Outcome, error: BaseException) -> None:
    job = outcome.job
    said = place_of_error(error)
    if outcome.kind is OutcomeKind.DEAD:
        _LOGGER.error("The job %s %d is dead: %s", job.name, job.id, said, extra=UNHANDLED)
    elif job.attempt >= job.max_attempts:
        _LOGGER.error(
            "The job %s %d is dead after %d attempts: %s", job.name, job.id, job.attempt, said, extra=UNHANDLED
        )
    else:
        _LOGGER.warning(
            "The job %s %d failed, attempt %d of %d, again in %.1f s: %s",
            job.name,
            job.id,
            job.attempt,
            job.max_attempts,
            outcome.delay,
            said,
        )
