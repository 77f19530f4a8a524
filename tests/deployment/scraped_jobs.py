"""An application whose worker Prometheus scrapes."""

import asyncio

from framework import App
from framework.jobs import Jobs, JobSettings, job
from framework.telemetry import Metrics

__all__ = ("app",)


class Shop(Jobs):
    """Jobs of schedules."""

    @job(every=0.5, retries=0)
    async def fail(self) -> None:
        """Fail."""
        raise ValueError("no server")

    @job(every=0.5, queue="slow")
    async def wait(self) -> None:
        """Take longer than the time between two jobs."""
        await asyncio.sleep(2)


app = App(observers=[Metrics()], jobs=JobSettings([Shop], url="sqlite+aiosqlite:///jobs.db"))
