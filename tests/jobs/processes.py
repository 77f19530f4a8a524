"""Worker processes that tests kill, stop and ask to stop."""

import collections
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from framework._jobs.records import NewJob
from framework._jobs.table.engine import TableEngine
from framework.jobs import JobSettings
from tests.forked import FORKS
from tests.jobs.chaos_app import run_worker
from tests.jobs.working import CARRIED

Process: TypeAlias = ForkServerProcess

__all__ = ("Process", "Start", "WorkerProcesses", "new_job", "prepared", "worker_processes")


class Start(NamedTuple):
    """The start of an attempt."""

    job: int
    attempt: int
    process: int
    time: float


class WorkerProcesses:
    """Processes that run the jobs of ``chaos_app``."""

    def __init__(self, url: str, folder: Path, options: dict[str, Any]) -> None:
        self._folder = folder
        self._arguments = (url, str(folder), options)
        self.processes: list[Process] = []

    def start(self) -> Process:
        """Start one more process."""
        process = FORKS.Process(target=run_worker, args=self._arguments)
        process.start()
        self.processes.append(process)
        return process

    def kill(self, process: Process) -> None:
        """End a process at once."""
        process.kill()
        process.join()
        self.processes.remove(process)

    def signal(self, process: Process, number: signal.Signals) -> None:
        """Send a signal to a process."""
        assert process.pid is not None
        os.kill(process.pid, number)

    def stop(self) -> list[int | None]:
        """Ask all processes to stop, and return their statuses."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(30)
        found = [process.exitcode for process in self.processes]
        self.processes.clear()
        return found

    def starts(self) -> list[Start]:
        """Return the attempts that have begun."""
        return [Start(int(one[0]), int(one[1]), int(one[2]), float(one[3])) for one in self._noted("starts")]

    def ready(self) -> int:
        """Return how many processes run jobs, and stop at a signal."""
        return len(self._noted("workers"))

    def failures(self) -> set[tuple[int, int]]:
        """Return jobs and attempts that have failed."""
        return {(int(job), int(attempt)) for job, attempt in self._noted("failures")}

    def _noted(self, name: str) -> list[list[str]]:
        file = self._folder / name
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def log(self) -> str:
        """Return what the processes have logged."""
        file = self._folder / "log"
        return file.read_text() if file.exists() else ""

    def again(self) -> list[tuple[Start, Start]]:
        """Return each start of a job that had been started before, after that earlier start."""
        found: dict[int, Start] = {}
        pairs: list[tuple[Start, Start]] = []
        for start in sorted(self.starts(), key=lambda one: one.time):
            if start.job in found:
                pairs.append((found[start.job], start))
            found[start.job] = start
        return pairs

    def counts(self) -> collections.Counter[int]:
        """Count the starts of each job."""
        return collections.Counter(start.job for start in self.starts())


@contextmanager
def worker_processes(url: str, folder: Path, **options: Any) -> Iterator[WorkerProcesses]:
    """Run processes inside the block, and kill what is left of them."""
    processes = WorkerProcesses(url, folder, CARRIED | options)
    try:
        yield processes
    finally:
        for process in tuple(processes.processes):
            processes.kill(process)


async def prepared(database: AsyncEngine) -> TableEngine:
    """Return the engine of the jobs, with the table that jobs write to."""
    engine = TableEngine(database, JobSettings([]))
    await engine.open()
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS effects (n integer)"))
    return engine


def new_job(name: str, arguments: dict[str, Any], *, max_attempts: int = 101) -> NewJob:
    """Return a job of ``chaos_app``."""
    encoded = json.dumps(arguments).encode()
    return NewJob(name=f"Shop.{name}", queue="default", arguments=encoded, max_attempts=max_attempts)
