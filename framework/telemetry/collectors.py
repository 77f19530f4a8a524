"""What the collectors of requests and of jobs have in common: numbers of this process, or of several."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from framework.telemetry.processes import Counting, Processes, folder
from framework.telemetry.totals import Snapshot

__all__ = ("NumbersCollector",)


class NumbersCollector(Collector):
    """Collects numbers that are counted in a process; ``name`` is that of the files which processes share."""

    def __init__(self, prefix: str, name: str, totals: Counting, buckets: Sequence[float]) -> None:
        self._prefix = prefix
        self._limits = [*map(floatToGoString, buckets), "+Inf"]
        self._source = totals
        place = folder()
        self._processes = None if place is None else Processes(place, name, totals)

    def describe(self) -> Iterable[Metric]:
        """Return the metrics without numbers."""
        return self._families(Snapshot((), []))

    def collect(self) -> Iterable[Metric]:
        """Return the metrics with their numbers."""
        return self._families(self._source.snapshot() if self._processes is None else self._processes.sum())

    def forget(self) -> None:
        """Begin anew in a child process."""
        if self._processes is None:
            self._source.clear()
        else:
            self._processes.forget()

    def _families(self, numbers: Snapshot) -> Iterator[Metric]:
        """Return the metrics with these numbers."""
        raise NotImplementedError
