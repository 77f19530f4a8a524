"""The worker of a process that serves requests: in development, or if the settings say so."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from msgspec.structs import replace

from framework._jobs.engine import Engine
from framework._plan.job_runs import JobTable

__all__ = ("worker_while_serving",)

_LOGGER = logging.getLogger("framework.jobs")
_RELOAD = 2.0
"""Seconds that jobs have in development before a new version of the app runs them again."""


def worker_while_serving(*, reloads: bool) -> Callable[..., AsyncIterator[None]]:
    """Return a lifespan function that runs a worker; one of a server that reloads does not wait for long jobs."""

    async def work(engine: Engine, table: JobTable) -> AsyncIterator[None]:
        from framework._jobs.worker.loop import Worker

        settings = table.settings
        if reloads:
            settings = replace(settings, grace=min(settings.grace, _RELOAD))
        worker = Worker(engine, table.plans, table.run, settings, stuck=_report_stuck)
        running = asyncio.create_task(worker.run())
        running.add_done_callback(_report_end)
        try:
            yield
        finally:
            worker.stop()
            await asyncio.wait((running,))

    return work


def _report_stuck() -> None:
    """Log that a job cannot be stopped: the process serves requests, and is not ended because of it."""
    _LOGGER.error("A job cannot be stopped; restart the server, and run jobs with framework jobs run")


def _report_end(running: asyncio.Task[Any]) -> None:
    """Log an exception that has ended the worker, at once and not when the process stops."""
    error = None if running.cancelled() else running.exception()
    if error is not None:
        _LOGGER.error("The worker has ended, and this process runs no more jobs", exc_info=error)
