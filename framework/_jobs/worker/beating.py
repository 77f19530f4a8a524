"""The thread of a worker that renews leases, whatever the event loop does, and watches the loop and its jobs."""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence

from framework._jobs.engine import Engine
from framework._jobs.records import Claimed
from framework._jobs.worker.running import Key, Reason, Run, key_of
from framework.jobs import JobSettings

__all__ = ("STUCK_STATUS", "Beating")

_LOGGER = logging.getLogger("framework.jobs")
_BLOCKED = 1.0
"""Seconds that a job may block the event loop before that is logged."""
_STEP = 0.1
"""Seconds between two looks at the loop."""
_DEPTH = 6
"""The number of innermost calls that are logged."""
STUCK_STATUS = 70
"""The exit status of a worker with a job that cannot be stopped: EX_SOFTWARE of sysexits.h."""


class Beating:
    """Renews the leases of the runs of a worker, in a thread with a loop and a connection of its own.

    A job that has not ended ``settings.grace`` seconds after its timeout cannot be stopped: its lease is not renewed
    any more, and ``stuck`` is called, by default to end the process.
    """

    def __init__(
        self,
        engine: Engine,
        runs: Mapping[Key, Run],
        settings: JobSettings,
        contact: Callable[[], None],
        stuck: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._runs = runs
        self._settings = settings
        self._contact = contact
        self._stuck = stuck
        self._loop = asyncio.get_running_loop()
        self._main = threading.get_ident()
        self._tick = time.monotonic()
        self._reported = 0.0
        self._hung: set[Run] = set()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._timer = self._loop.call_soon(self._beat)
        threading.Thread(target=self._run, name="framework-jobs", daemon=True).start()

    async def stop(self) -> None:
        """End the thread, and wait for it for a moment."""
        self._timer.cancel()
        self._stopping.set()
        await self._loop.run_in_executor(None, self._ended.wait, 5.0)

    def _beat(self) -> None:
        self._tick = time.monotonic()
        self._timer = self._loop.call_later(_STEP, self._beat)

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except Exception:
            _LOGGER.exception("The thread that renews leases has failed")
        finally:
            self._ended.set()

    async def _live(self) -> None:
        renewing = asyncio.create_task(self._renew_all())
        watching = asyncio.create_task(self._watch())
        while not self._stopping.is_set():  # noqa: ASYNC110  an event of another loop
            await asyncio.sleep(_STEP)
        for task in (renewing, watching):
            task.cancel()
        await asyncio.wait((renewing, watching))

    async def _renew_all(self) -> None:
        beat = self._engine.heartbeat()
        try:
            while True:
                await asyncio.sleep(self._settings.heartbeat)
                try:
                    jobs = self._to_renew()
                    if jobs:
                        lost = await asyncio.wait_for(beat.renew(jobs, self._settings.lease), self._settings.lease)
                        self._contact()
                        if lost:
                            self._loop.call_soon_threadsafe(self._cancel, lost)
                except Exception as error:  # noqa: BLE001  the database is away, which the worker logs
                    _LOGGER.debug("Leases could not be renewed: %r", error)
        finally:
            await beat.close()

    def _to_renew(self) -> list[Claimed]:
        return [run.job for run in self._copy() if not run.finishing and run not in self._hung]

    def _copy(self) -> list[Run]:
        return list(dict(self._runs).values())

    def _cancel(self, jobs: Sequence[Claimed]) -> None:
        """Cancel jobs, in the loop of the worker; one that ended meanwhile is not affected."""
        for job in jobs:
            run = self._runs.get(key_of(job))
            if run is not None:
                run.cancel(Reason.LEASE)

    async def _watch(self) -> None:
        while True:
            slept = time.monotonic()
            await asyncio.sleep(_STEP)
            now = time.monotonic()
            # If this thread was late, too, the machine is busy, or the interpreter is locked.
            if now - slept < 2 * _STEP and now - self._tick > _BLOCKED + _STEP and self._reported != self._tick:
                self._reported = self._tick
                self._report_blocked()
            self._hung.intersection_update(self._copy())
            for run in self._copy():
                if self._is_hung(run, now):
                    self._hung.add(run)
                    self._report_hung(run)

    def _is_hung(self, run: Run, now: float) -> bool:
        if run.plan is None or run.ended or run.finishing or run in self._hung:
            return False
        return now - run.started > run.plan.timeout + self._settings.grace

    def _report_blocked(self) -> None:
        task = asyncio.current_task(self._loop)
        names = [f"{run.job.name} {run.job.id}" for run in self._copy() if run.task is task and task is not None]
        frame = sys._current_frames()[self._main]  # noqa: SLF001  its documented name
        stack = traceback.StackSummary.extract(traceback.walk_stack(frame), limit=_DEPTH, lookup_lines=False)
        calls = " < ".join(f"{one.filename}:{one.lineno} {one.name}" for one in stack)
        who = f"The job {names[0]}" if names else "Something"
        _LOGGER.warning("%s blocks the event loop for more than %g s: %s", who, _BLOCKED, calls)

    def _report_hung(self, run: Run) -> None:
        _LOGGER.error(
            "The job %s %d does not stop: it has run for %.1f s, its timeout is %g s",
            run.job.name,
            run.job.id,
            time.monotonic() - run.started,
            0 if run.plan is None else run.plan.timeout,
        )
        self._stuck()


def end_process() -> None:
    """End the process at once, after a dump of the stacks of all threads; what supervises it starts another one."""
    faulthandler.dump_traceback(sys.__stderr__ or 2, all_threads=True)
    os._exit(STUCK_STATUS)
