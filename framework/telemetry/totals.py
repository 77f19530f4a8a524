"""The numbers that :class:`framework.telemetry.Metrics` counts in one process, and the sums of several processes.

All of them only grow, except the gauges. They change on the event loop, and may be read in any thread.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import ref

from aiohttp import web
from msgspec import Struct, field

from framework.layers import requests_in_progress, server_of
from framework.observers import Observation
from framework.runtime import open_connections

__all__ = ("Example", "JobRow", "Row", "Snapshot", "Totals", "add_row", "add_up")

_K = TypeVar("_K")
_R = TypeVar("_R", "Row", "JobRow")

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_OTHER = "other"
_UNMATCHED = "unmatched"
_NO_STATUS = "none"
_TRACES = "opentelemetry.trace"

TraceOf = Callable[[], tuple[str, str] | None]
"""Returns the ids of the current trace and span."""


class Example(Struct, frozen=True, array_like=True):
    """A request that fell into a bucket, and its trace."""

    trace_id: str
    span_id: str
    duration: float
    at: float


class Row(Struct, array_like=True):
    """The numbers of one method, route and status; ``counts`` are those of each bucket alone, the last is the rest."""

    method: str
    route: str
    status: str
    counts: list[int]
    seconds: float = 0.0
    body_bytes: int = 0
    gone: int = 0
    examples: dict[int, Example] = field(default_factory=dict)
    """The last example of each bucket."""

    @property
    def requests(self) -> int:
        """How many requests have ended."""
        return sum(self.counts)

    def copy(self) -> "Row":
        """Return a row that does not change."""
        counts, examples = list(self.counts), dict(self.examples)
        return Row(self.method, self.route, self.status, counts, self.seconds, self.body_bytes, self.gone, examples)

    def add(self, other: "Row") -> None:
        """Add the numbers of another row; of each two examples, the later one is kept."""
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds
        self.body_bytes += other.body_bytes
        self.gone += other.gone
        for bucket, example in other.examples.items():
            known = self.examples.get(bucket)
            if known is None or known.at < example.at:
                self.examples[bucket] = example


class JobRow(Struct, array_like=True):
    """The numbers of the attempts of one job that ended in one way; ``counts`` are as in a :class:`Row`."""

    name: str
    queue: str
    outcome: str
    counts: list[int]
    seconds: float = 0.0

    def copy(self) -> "JobRow":
        """Return a row that does not change."""
        return JobRow(self.name, self.queue, self.outcome, list(self.counts), self.seconds)

    def add(self, other: "JobRow") -> None:
        """Add the numbers of another row."""
        self.counts = [one + two for one, two in zip(self.counts, other.counts, strict=True)]
        self.seconds += other.seconds


class Snapshot(Struct, frozen=True):
    """The numbers of one process at one moment, or of several processes together; of requests, or of jobs."""

    buckets: tuple[float, ...]
    rows: list[Row]
    in_progress: int = 0
    streams: int = 0
    sockets: int = 0
    jobs: list[JobRow] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """What workers have counted beside attempts."""

    def without_gauges(self) -> "Snapshot":
        """Return what is kept of a process that has ended."""
        return Snapshot(self.buckets, self.rows, jobs=self.jobs, counts=self.counts)


class Totals:
    """What is counted in one process; ``changed`` is called when a method, route or status is new."""

    __slots__ = ("_applications", "_servers", "buckets", "changed", "exemplars", "rows", "trace_of")

    def __init__(self, buckets: Sequence[float]) -> None:
        self.buckets = tuple(buckets)
        self.exemplars = False
        """Whether buckets have examples, if OpenTelemetry is in use."""
        self.trace_of: TraceOf | None = None
        self.changed: Callable[[], None] | None = None
        self.rows: dict[tuple[str, str | None, int | None], Row] = {}
        # By id; read in other threads, so no WeakSet, which must not change while it is read.
        self._applications: dict[int, ref[Any]] = {}
        self._servers: dict[int, ref[Any]] = {}

    def row_of(self, observation: Observation) -> Row:
        """Return a row that is new, or of an unknown method: these share one, as do all requests without a route."""
        method, route, status = observation.labels
        key = (method if method in _METHODS else _OTHER, route, status)
        row = self.rows.get(key)
        if row is None:
            shown = _NO_STATUS if status is None else str(status)
            row = Row(key[0], route or _UNMATCHED, shown, [0] * (len(self.buckets) + 1))
            self.rows[key] = row
            self._look_at(observation.request)
            if self.trace_of is None and self.exemplars and _TRACES in sys.modules:
                self.trace_of = _find_trace(sys.modules[_TRACES])
            if self.changed is not None:
                self.changed()
        return row

    def _look_at(self, request: web.Request) -> None:
        """Keep what knows about the requests that have not ended."""
        match = getattr(request, "_match_info", None)
        self._applications |= {id(one): ref(one) for one in getattr(match, "apps", ())}
        server = server_of(request)
        if server is not None:
            self._servers[id(server)] = ref(server)

    def snapshot(self) -> Snapshot:
        """Return the numbers of this moment."""
        rows = [row.copy() for row in list(self.rows.values())]
        opened = [open_connections(one) for one in _alive(self._applications)]
        return Snapshot(
            self.buckets,
            rows,
            in_progress=sum(map(requests_in_progress, _alive(self._servers))),
            streams=sum(one.streams for one in opened),
            sockets=sum(one.sockets for one in opened),
        )

    def clear(self) -> None:
        """Forget everything: what a child process inherits was counted by its parent."""
        self.rows.clear()
        self._applications.clear()
        self._servers.clear()


def _alive(known: Mapping[int, "ref[Any]"]) -> list[Any]:
    return [one for one in (found() for found in list(known.values())) if one is not None]


def add_up(snapshots: Iterable[Snapshot], buckets: tuple[float, ...]) -> Snapshot:
    """Return the sums of several processes; those that count in other buckets are left out."""
    rows: dict[tuple[str, str, str], Row] = {}
    jobs: dict[tuple[str, str, str], JobRow] = {}
    counts: Counter[str] = Counter()
    same = [one for one in snapshots if one.buckets == buckets]
    for one in same:
        counts.update(one.counts)
        for row in one.rows:
            add_row(rows, (row.method, row.route, row.status), row)
        for job in one.jobs:
            add_row(jobs, (job.name, job.queue, job.outcome), job)
    return Snapshot(
        buckets,
        list(rows.values()),
        in_progress=sum(one.in_progress for one in same),
        streams=sum(one.streams for one in same),
        sockets=sum(one.sockets for one in same),
        jobs=list(jobs.values()),
        counts=dict(counts),
    )


def add_row(rows: dict[_K, _R], key: _K, row: _R) -> None:
    """Add a row to that of the same key, which is a copy of the first one."""
    if key in rows:
        rows[key].add(row)
    else:
        rows[key] = row.copy()


def _find_trace(trace: Any) -> TraceOf:
    """Return the function that finds the ids of the current trace, if it is recorded; ``trace`` is OpenTelemetry's."""
    current, trace_id, span_id = trace.get_current_span, trace.format_trace_id, trace.format_span_id

    def trace_of() -> tuple[str, str] | None:
        context = current().get_span_context()
        if not context.trace_flags.sampled:
            return None
        return trace_id(context.trace_id), span_id(context.span_id)

    return trace_of
