"""The jobs that a test has captured."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from framework.jobs import CapturedJob, capture_jobs
from framework.testing.control import Builder

__all__ = ("CapturedJobs",)


class CapturedJobs:
    """The jobs that this test has added, and that have not run."""

    def __init__(self, builder: Builder) -> None:
        self._added: list[CapturedJob] = []
        builder.add("jobs", lambda _: capture_jobs(self._added))

    def __len__(self) -> int:
        return len(self._added)

    def __iter__(self) -> Iterator[CapturedJob]:
        """Yield the waiting jobs: ``job.function``, ``job.arguments``, ``job.delay``, ``job.key``."""
        return iter(list(self._added))

    @property
    def functions(self) -> Sequence[Callable[..., Any]]:
        """The functions of the waiting jobs, in their order."""
        return [job.function for job in self]

    async def drain(self) -> int:
        """Run the waiting jobs in their order, each in its own scope, and those that they add; return their number.

        Each runs once and at once, whatever its delay is. Raises the exception of the first job that fails; the jobs
        after it stay.
        """
        count = 0
        while self._added:
            await self._added.pop(0).run()
            count += 1
        return count

    def clear(self) -> None:
        """Forget the waiting jobs."""
        self._added.clear()
