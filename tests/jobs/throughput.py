"""Measures how many jobs are added and run in a second, and how long one waits.

Run by hand on a machine that does nothing else: ``python -m tests.jobs.throughput --engine sqlite --jobs 20000``.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import JobState, NewJob
from framework._jobs.table.engine import TableEngine
from tests.jobs.brokers import BROKERS, Servers
from tests.jobs.databases import new_engine
from tests.jobs.processes import WorkerProcesses, prepared, worker_processes

_SINGLE = 300
_WAITS = 150
_ENDED = (
    "SELECT min(finished_at), max(finished_at), count(*) FROM framework_jobs WHERE state = 2 AND finished_at >= :since"
)
_LATENCY = "SELECT finished_at - created_at FROM framework_jobs WHERE state = 2 ORDER BY id DESC LIMIT :count"


def _job(number: int) -> NewJob:
    arguments = f'{{"number": {number}}}'.encode()
    return NewJob(name="Empty.run", queue="default", arguments=arguments, max_attempts=5)


class _Measured:
    """One database, and what is measured on it."""

    def __init__(self, database: AsyncEngine, engine: TableEngine, start: Callable[[], WorkerProcesses]) -> None:
        self._database = database
        self._engine = engine
        self._start = start

    async def add_single(self) -> float:
        """Return how many jobs are added in a second, one by one."""
        began = time.perf_counter()
        for number in range(_SINGLE):
            await self._engine.add([_job(number)])
        return _SINGLE / (time.perf_counter() - began)

    async def add_together(self, count: int) -> float:
        """Return how many jobs are added in a second, 1000 in a call."""
        began = time.perf_counter()
        for start in range(0, count, 1000):
            await self._engine.add([_job(number) for number in range(start, start + 1000)])
        return count / (time.perf_counter() - began)

    async def run(self, workers: int) -> float:
        """Return how many jobs that wait are run in a second."""
        since = int(await self._engine.now() * 1000)
        processes = self._start()
        for _ in range(workers):
            processes.start()
        await self._until_done()
        await asyncio.to_thread(processes.stop)
        async with self._database.connect() as connection:
            first, last, count = (await connection.execute(text(_ENDED), {"since": since})).one()
        return float(count / max(0.001, (last - first) / 1000))

    async def waits(self) -> tuple[float, float]:
        """Return the median and the 99th percentile of the milliseconds from an add to the end of a job."""
        processes = self._start()
        processes.start()
        await asyncio.sleep(3)
        for number in range(_WAITS):
            await self._engine.add([_job(number)])
            await asyncio.sleep(0.02)
        await self._until_done()
        await asyncio.to_thread(processes.stop)
        async with self._database.connect() as connection:
            found = sorted((await connection.execute(text(_LATENCY), {"count": _WAITS})).scalars())
        return statistics.median(found), found[int(len(found) * 0.99)]

    async def _until_done(self) -> None:
        while True:
            (status,) = await self._engine.status()
            if set(status.counts) == {JobState.DONE}:
                return
            await asyncio.sleep(0.2)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one engine."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        servers = stack.enter_context(Servers(options.engine, folder))
        url = servers.url
        settings = {"concurrency": options.concurrency, "synchronous": options.synchronous} | servers.settings
        database = new_engine(url)
        engine = await prepared(database)
        measured = _Measured(database, engine, lambda: stack.enter_context(worker_processes(url, folder, **settings)))
        found: dict[str, Any] = {"added one by one, in a second": round(await measured.add_single())}
        for workers in options.workers:
            found["added 1000 in a call, in a second"] = round(await measured.add_together(options.jobs))
            found[f"run by {workers} workers, in a second"] = round(await measured.run(workers))
        found["milliseconds from add to end: median, 99 %"] = await measured.waits()
        await engine.close()
        await database.dispose()
        return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("sqlite", "postgresql", *BROKERS), default="sqlite")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL"), default="FULL")
    for name, value in asyncio.run(measure(parser.parse_args())).items():
        print(f"{name:45}{value}")  # noqa: T201  its purpose


if __name__ == "__main__":
    main()
