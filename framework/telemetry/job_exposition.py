"""The metrics of jobs as the Prometheus client reads them."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from framework.job_store import QueueState
from framework.telemetry.collectors import NumbersCollector
from framework.telemetry.job_totals import JobTotals
from framework.telemetry.totals import JobRow, Snapshot, add_row

__all__ = ("JobCollector", "StoredJobCollector")


class JobCollector(NumbersCollector):
    """Collects the numbers of attempts, of this process or of several; nothing unless the app has jobs."""

    def __init__(self, prefix: str, buckets: Sequence[float]) -> None:
        self.totals = JobTotals(buckets)
        self.in_use = False
        # The prefix of requests may be the same.
        super().__init__(prefix, f"{prefix}__of_jobs", self.totals, buckets)

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without numbers, with those of stored jobs, so that their names are not given twice."""
        return (*super().describe(), *StoredJobCollector(self._prefix, ()).collect())

    def collect(self) -> Iterable[Metric]:
        """Return the metrics with their numbers."""
        return super().collect() if self.in_use else ()

    def _families(self, numbers: Snapshot) -> Iterator[Metric]:
        name = self._prefix
        attempts = CounterMetricFamily(
            f"{name}_attempts", "Attempts that have ended.", labels=("name", "queue", "outcome")
        )
        durations = HistogramMetricFamily(
            f"{name}_attempt_duration_seconds", "Duration of attempts.", labels=("name", "queue")
        )
        together: dict[tuple[str, str], JobRow] = {}
        for row in numbers.jobs:
            attempts.add_metric((row.name, row.queue, row.outcome), sum(row.counts))
            add_row(together, (row.name, row.queue), row)
        for labels, row in together.items():
            durations.add_metric(labels, list(self._buckets(row)), row.seconds)
        yield from (attempts, durations)
        yield from self._counted(numbers)

    def _counted(self, numbers: Snapshot) -> Iterator[Metric]:
        name, counts = self._prefix, numbers.counts
        for what, text, key in (
            ("lost_leases", "Attempts whose lease was lost, so that their end was not stored.", "lost"),
            ("rescued", "Jobs of workers that gave no sign of life, made ready again or dead.", "rescued"),
        ):
            yield CounterMetricFamily(f"{name}_{what}", text, value=counts.get(key, 0))
        ticks = CounterMetricFamily(f"{name}_schedule_ticks", "Times of schedules.", labels=("result",))
        for result in ("added", "skipped"):
            ticks.add_metric((result,), counts.get(f"ticks_{result}", 0))
        yield ticks

    def _buckets(self, row: JobRow) -> Iterator[tuple[str, float]]:
        below = 0
        for limit, count in zip(self._limits, row.counts, strict=True):
            below += count
            yield limit, below


class StoredJobCollector(Collector):
    """Collects the state of the queues from the store; it is the same in all processes."""

    def __init__(self, prefix: str, queues: Sequence[QueueState]) -> None:
        self._prefix = prefix
        self._queues = queues

    def describe(self) -> Iterable[Metric]:
        """Return nothing: it is registered for one response."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return the metrics with their numbers."""
        name = self._prefix
        stored = GaugeMetricFamily(f"{name}_stored", "Stored jobs.", labels=("queue", "state"))
        oldest = GaugeMetricFamily(
            f"{name}_oldest_ready_seconds", "How long the oldest ready job has been due.", labels=("queue",)
        )
        paused = GaugeMetricFamily(f"{name}_queue_paused", "Whether the queue is paused.", labels=("queue",))
        for queue in self._queues:
            for state, count in queue.counts.items():
                stored.add_metric((queue.name, state), count)
            oldest.add_metric((queue.name,), queue.oldest or 0.0)
            paused.add_metric((queue.name,), queue.paused)
        return (stored, oldest, paused)
