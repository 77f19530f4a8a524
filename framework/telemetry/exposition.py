"""The metrics of requests as the Prometheus client reads them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    Exemplar,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from framework.telemetry.collectors import NumbersCollector
from framework.telemetry.job_exposition import JobCollector
from framework.telemetry.processes import folder
from framework.telemetry.totals import Row, Snapshot, Totals, add_row

__all__ = ("RequestCollector", "collector_of", "exposed", "job_collector_of")

_SWITCHING_PROTOCOLS = "101"
_BY_ROUTE = ("method", "route")


class RequestCollector(NumbersCollector):
    """Collects the numbers of all requests, of this process or of several."""

    def __init__(self, prefix: str, buckets: Sequence[float]) -> None:
        self.totals = Totals(buckets)
        super().__init__(prefix, prefix, self.totals, buckets)

    def _families(self, numbers: Snapshot) -> Iterator[Metric]:
        name = self._prefix
        requests = CounterMetricFamily(
            f"{name}_requests", "Requests that have ended.", labels=("method", "route", "status")
        )
        for row in numbers.rows:
            requests.add_metric((row.method, row.route, row.status), row.requests)
        yield requests
        yield from self._by_route(numbers.rows)
        for what, text, value in (
            ("requests_in_progress", "Requests that have begun and not ended.", numbers.in_progress),
            ("streams_open", "Streams and event streams that are being sent.", numbers.streams),
            ("websockets_open", "Web sockets that are open.", numbers.sockets),
        ):
            yield GaugeMetricFamily(f"{name}_{what}", text, value=value)

    def _by_route(self, rows: Sequence[Row]) -> Iterator[Metric]:
        name = self._prefix
        durations = HistogramMetricFamily(
            f"{name}_request_duration_seconds", "Time to the last byte, without web sockets.", labels=_BY_ROUTE
        )
        sizes = SummaryMetricFamily(f"{name}_response_size_bytes", "Bytes of bodies that were sent.", labels=_BY_ROUTE)
        gone = CounterMetricFamily(
            f"{name}_client_disconnects", "Requests whose client disconnected before the end.", labels=_BY_ROUTE
        )
        for row in _by_route_only(rows):
            labels = (row.method, row.route)
            sizes.add_metric(labels, row.requests, row.body_bytes)
            gone.add_metric(labels, row.gone)
        for row in _by_route_only(one for one in rows if one.status != _SWITCHING_PROTOCOLS):
            durations.add_metric((row.method, row.route), list(self._buckets(row)), row.seconds)
        yield from (durations, sizes, gone)

    def _buckets(self, row: Row) -> Iterator[Any]:
        """Yield the buckets of a histogram, each with all that is below it and its example."""
        below = 0
        for bucket, (limit, count) in enumerate(zip(self._limits, row.counts, strict=True)):
            below += count
            found = row.examples.get(bucket)
            if found is None:
                yield limit, below
            else:
                labels = {"trace_id": found.trace_id, "span_id": found.span_id}
                yield limit, below, Exemplar(labels, found.duration, found.at)


def _by_route_only(rows: Iterable[Row]) -> list[Row]:
    """Add up the rows of all statuses."""
    together: dict[tuple[str, str], Row] = {}
    for row in rows:
        add_row(together, (row.method, row.route), row)
    return list(together.values())


_C = TypeVar("_C", RequestCollector, JobCollector)
_COLLECTORS: WeakKeyDictionary[CollectorRegistry, dict[Any, Any]] = WeakKeyDictionary()
"""By registry, kind and prefix: several apps of one process have the same metrics."""


def _forget_all() -> None:
    for known in list(_COLLECTORS.values()):
        for collector in known.values():
            collector.forget()


if hasattr(os, "register_at_fork"):
    # What a child process inherits was counted by its parent.
    os.register_at_fork(after_in_child=_forget_all)


def collector_of(registry: CollectorRegistry, prefix: str, buckets: Sequence[float]) -> RequestCollector:
    """Return the collector of requests of a registry.

    Raises ValueError if its metrics have other buckets or are not its own.
    """
    return _collector(registry, RequestCollector, prefix, buckets)


def job_collector_of(registry: CollectorRegistry, prefix: str, buckets: Sequence[float]) -> JobCollector:
    """Return the collector of jobs of a registry; raises ValueError as ``collector_of`` does."""
    return _collector(registry, JobCollector, prefix, buckets)


def _collector(registry: CollectorRegistry, kind: type[_C], prefix: str, buckets: Sequence[float]) -> _C:
    known = _COLLECTORS.setdefault(registry, {})
    found: _C | None = known.get((kind, prefix))
    if found is None:
        found = kind(prefix, buckets)
        registry.register(found)
        known[kind, prefix] = found
    elif found.totals.buckets != tuple(buckets):
        raise ValueError("another Metrics() of this registry has other buckets")
    return found


class Exposed(NamedTuple):
    """The metrics in a format that the client reads."""

    body: bytes
    media_type: str


def exposed(registry: CollectorRegistry, own: Sequence[Collector], stored: Sequence[Collector], accept: str) -> Exposed:
    """Return all metrics of a registry and of ``stored``, in OpenMetrics if the client accepts it.

    With several processes, they are those of all processes; of the collectors of this process, only ``own`` are there.
    """
    place = folder()
    shown = CollectorRegistry()
    if place is None:
        shown.register(registry)
    else:
        MultiProcessCollector(shown, str(place))  # type: ignore[no-untyped-call]  # the client has no types here
    for one in (*(() if place is None else own), *stored):
        shown.register(one)
    encode, media_type = choose_encoder(accept)
    return Exposed(encode(shown), media_type)
