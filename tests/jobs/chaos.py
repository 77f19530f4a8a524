"""Kills workers while they run jobs, and counts what became of the jobs.

Run by hand: ``python -m tests.jobs.chaos --engine postgresql --jobs 20000 --workers 4``. Each second a random worker is
killed and another one is started; with PostgreSQL, the server is killed twice, and with a broker, that is.
"""

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import JobState
from framework._jobs.table.engine import TableEngine
from tests.jobs.brokers import BROKERS, Servers
from tests.jobs.databases import new_engine
from tests.jobs.processes import WorkerProcesses, new_job, prepared, worker_processes

_LEASE = 5.0
_PATIENCE = 600.0


class _Run:
    """A run, and what it has found."""

    def __init__(self, options: argparse.Namespace, kill_and_start: Callable[[], None] | None) -> None:
        self.jobs: int = options.jobs
        self.workers: int = options.workers
        self.pause: float = options.pause
        self.slack: float = options.slack
        self.kill_and_start = kill_and_start
        self.kills = self.server_kills = 0

    async def run(self, database: AsyncEngine, processes: WorkerProcesses) -> dict[str, Any]:
        """Add the jobs, run them, and return the counts."""
        engine = await prepared(database)
        for start in range(0, self.jobs, 1000):
            count = min(1000, self.jobs - start)
            await engine.add([self._job(number) for number in range(start, start + count)])
        began = time.monotonic()
        for _ in range(self.workers):
            processes.start()
        await self._until_done(engine, processes)
        seconds = time.monotonic() - began
        statuses = processes.stop()
        found = await self._counts(database, engine, processes)
        await engine.close()
        return found | {"seconds": round(seconds, 1), "statuses": statuses}

    def _job(self, number: int) -> Any:
        return new_job("effect", {"number": number}) if number % 2 else new_job("plain", {"seconds": 0.0})

    async def _until_done(self, engine: TableEngine, processes: WorkerProcesses) -> None:
        async with asyncio.timeout(_PATIENCE):
            while (left := await self._left(engine)) > 0:
                await asyncio.sleep(self.pause)
                processes.kill(random.choice(processes.processes))  # noqa: S311  not a secret
                processes.start()
                self.kills += 1
                most = self.jobs * (2 - self.server_kills) / 3
                if self.kill_and_start is not None and self.server_kills < 2 and left < most:
                    self.server_kills += 1
                    await asyncio.to_thread(self.kill_and_start)

    async def _left(self, engine: TableEngine) -> int:
        try:
            (status,) = await engine.status()
        except Exception:  # noqa: BLE001  the server has just been killed
            return self.jobs
        ended = sum(status.counts.get(one, 0) for one in (JobState.DONE, JobState.DEAD, JobState.CANCELLED))
        return self.jobs - ended

    async def _counts(self, database: AsyncEngine, engine: TableEngine, processes: WorkerProcesses) -> dict[str, Any]:
        (status,) = await engine.status()
        async with database.connect() as connection:
            effects, different = (
                await connection.execute(text("SELECT count(*), count(DISTINCT n) FROM effects"))
            ).one()
        again = processes.again()
        failures = processes.failures()
        # What failed by itself, as transactions do while the server is away, is tried again without a lease that ends.
        waits = sorted(
            second.time - first.time for first, second in again if (first.job, first.attempt) not in failures
        )
        return {
            "states": {state.name: count for state, count in status.counts.items()},
            "kills": self.kills,
            "server kills": self.server_kills,
            "starts": len(processes.starts()),
            "started again": len(again),
            "failed attempts": len(failures),
            "earliest second start (s)": round(waits[0], 2) if waits else None,
            "second starts before the lease ended": sum(wait < _LEASE - self.slack for wait in waits),
            "effects": effects,
            "different effects": different,
            "expected effects": self.jobs // 2,
        }


async def chaos(options: argparse.Namespace) -> dict[str, Any]:
    """Run the jobs in a new database, and return the counts."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        servers = stack.enter_context(Servers(options.engine, folder))
        settings = {"lease": _LEASE, "heartbeat": 1.0, "concurrency": 50, "grace": 5.0} | servers.settings
        processes = stack.enter_context(worker_processes(servers.url, folder, **settings))
        database = new_engine(servers.url)
        try:
            return await _Run(options, servers.kill_and_start).run(database, processes)
        except BaseException:
            print(processes.log()[-5000:])  # noqa: T201  what a failed run says
            raise
        finally:
            await database.dispose()


def main() -> None:
    """Print the counts of a run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("sqlite", "postgresql", *BROKERS), default="sqlite")
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--pause", type=float, default=1.0, help="the seconds between two kills")
    slack = "the seconds that may pass on a busy machine between a claim and the start of the job"
    parser.add_argument("--slack", type=float, default=1.0, help=slack)
    for name, value in asyncio.run(chaos(parser.parse_args())).items():
        print(f"{name:40}{value}")  # noqa: T201  its purpose


if __name__ == "__main__":
    main()
