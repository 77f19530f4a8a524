"""The numbers of attempts of jobs that :class:`framework.telemetry.Metrics` counts in one process."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from framework.job_observers import JobEnd, WorkerCounts
from framework.telemetry.totals import JobRow, Snapshot

__all__ = ("COUNTED", "JobTotals")

COUNTED = ("lost", "rescued", "ticks_added", "ticks_skipped")
"""What is read from the counts of workers."""


class JobTotals:
    """What is counted in one process; ``changed`` is called when a job, outcome or worker is new."""

    __slots__ = ("_rows", "_workers", "buckets", "changed")

    def __init__(self, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        self.changed: Callable[[], None] | None = None
        self._rows: dict[tuple[str, str, str], JobRow] = {}
        self._workers: list[WorkerCounts] = []

    def watch(self, worker: WorkerCounts) -> None:
        """Add the counts of a worker, which go on growing."""
        self._workers.append(worker)
        self._notify()

    def count(self, end: JobEnd) -> None:
        """Count an attempt that has ended."""
        start = end.start
        key = (start.name, start.queue, "lost" if end.lost else end.kind.name.lower())
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = JobRow(*key, [0] * (len(self.buckets) + 1))
            self._notify()
        row.counts[bisect_left(self.buckets, end.duration)] += 1
        row.seconds += end.duration

    def snapshot(self) -> Snapshot:
        """Return the numbers of this moment."""
        workers = list(self._workers)
        counts = {name: sum(getattr(one, name) for one in workers) for name in COUNTED}
        return Snapshot(self.buckets, [], jobs=[row.copy() for row in list(self._rows.values())], counts=counts)

    def clear(self) -> None:
        """Forget everything: what a child process inherits was counted by its parent."""
        self._rows.clear()
        self._workers.clear()

    def _notify(self) -> None:
        if self.changed is not None:
            self.changed()
