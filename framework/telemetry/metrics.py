"""Metrics: counts requests and jobs for Prometheus, and a route that shows the numbers."""

import itertools
import math
import re
from asyncio import to_thread
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Annotated, Any

from framework import clock
from framework.caching import CacheControl
from framework.controller import Controller, Router
from framework.errors import InvalidOptionError
from framework.job_observers import JobEnd, JobStart, WorkerCounts
from framework.observers import Observation, Observer
from framework.params import Header
from framework.responses import Response
from framework.routing import get
from framework.security.public import public as make_public
from framework.telemetry.extras import missing_packages
from framework.telemetry.processes import FOLDER, folder
from framework.telemetry.totals import Example, Totals

__all__ = ("Metrics",)

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_JOB_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_EACH = 16
"""Of the requests in a bucket, each of the first ones and then one of so many is an example."""
_PREFIX = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Metrics(Observer):
    """Counts requests and jobs for Prometheus: ``App(controllers=[..., metrics.routes()], observers=[metrics])``.

    Labels are methods, path templates and statuses, never paths: requests without a route share one label, as do
    unknown methods. ``buckets`` are those of the durations, in seconds. ``registry`` is one of the Prometheus client
    (default: its own); Metrics with the same registry and ``prefix`` count together. With ``exemplars``, buckets have
    the trace of a request, if OpenTelemetry is in use. ``job_prefix`` and ``job_buckets`` are those of the metrics of
    jobs, if the app has any.
    """

    prefix: str = "http"
    buckets: Sequence[float] = _BUCKETS
    job_prefix: str = "jobs"
    job_buckets: Sequence[float] = _JOB_BUCKETS
    exemplars: bool = True
    registry: Any = None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        missing = list(missing_packages("Metrics", "prometheus", "prometheus_client"))
        wrong = [*self._wrong_options(), *missing]
        place = folder()
        if place is not None and not place.is_dir():
            hint = "create it before the server starts; prepare_metrics_folder() of framework.telemetry does"
            wrong.append((f"{FOLDER}={str(place)!r} is not a folder", hint))
        if not wrong:
            wrong.extend(self._taken_names())
        yield from wrong

    def _taken_names(self) -> Iterator[tuple[str, str]]:
        for name, collector in (("prefix", "_requests"), ("job_prefix", "_jobs")):
            try:
                getattr(self, collector)
            except ValueError as error:
                what = f"Metrics({name}={getattr(self, name)!r}) has names that exist: {error}"
                yield what, f"choose another {name}"
                return

    def _wrong_options(self) -> Iterator[tuple[str, str]]:
        for name, example in (("prefix", "http"), ("job_prefix", "jobs")):
            given: object = getattr(self, name)
            if not isinstance(given, str) or not _PREFIX.fullmatch(given):
                yield f"Metrics({name}={given!r}) is not the beginning of a name", f'write it as {name}="{example}"'
        for name in ("buckets", "job_buckets"):
            limits: object = getattr(self, name)
            if not _are_limits(limits):
                hint = f"write them as {name}=(0.01, 0.1, 1)"
                yield f"Metrics({name}={limits!r}) are not growing, positive times", hint
        exemplars: object = self.exemplars
        if not isinstance(exemplars, bool):
            yield f"Metrics(exemplars={exemplars!r}) is neither True nor False", "leave it out to have exemplars"
        if self.registry is not None and not callable(getattr(self.registry, "register", None)):
            hint = "write it as registry=prometheus_client.CollectorRegistry()"
            yield f"Metrics(registry={self.registry!r}) is not a registry", hint

    def end(self, observation: Observation, state: Any) -> None:  # noqa: ARG002  there is none
        """Count a request that has ended."""
        totals = self._totals
        try:
            row = totals.rows[observation.labels]
        except KeyError:
            row = totals.row_of(observation)
        seconds = observation.duration
        bucket = bisect_left(totals.buckets, seconds)
        counts = row.counts
        counts[bucket] = count = counts[bucket] + 1
        row.seconds += seconds
        row.body_bytes += observation.body_size
        if observation.client_gone:
            row.gone += 1
        # PERF: a look at the current span takes as long as everything else here.
        if totals.trace_of is not None and (count < _EACH or not count % _EACH):
            trace = totals.trace_of()
            if trace is not None:
                row.examples[bucket] = Example(*trace, seconds, clock.time())

    def begin_worker(self, counts: WorkerCounts) -> None:
        """Show what a worker counts."""
        self._jobs.in_use = True
        self._jobs.totals.watch(counts)

    def begin_job(self, start: JobStart) -> None:
        """Do nothing: an attempt is counted when it has ended."""

    def end_job(self, end: JobEnd, state: Any) -> None:  # noqa: ARG002  there is none
        """Count an attempt that has ended."""
        self._jobs.totals.count(end)

    def routes(self, path: str = "/metrics", *, public: bool = False) -> Router:
        """Return the route that shows the metrics, to be given among the controllers.

        It has the default guard of the app unless it is ``public``; ``Router("", [metrics.routes()], guards=[...])``
        gives it other guards. Raises InvalidOptionError if the Prometheus client is not installed.
        """
        for what, hint in missing_packages("Metrics", "prometheus", "prometheus_client"):
            raise InvalidOptionError("Metrics", what, hint=hint)
        made = _controller(self, path)
        return Router("", (make_public(made) if public else made,), in_document=False)

    def _exposed(self, queues: Any, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their media type; ``queues`` are those of the stored jobs, if the app has any."""
        # Imported late: the package is an extra.
        from framework.telemetry.exposition import exposed
        from framework.telemetry.job_exposition import StoredJobCollector

        stored = []
        if queues is not None:
            self._jobs.in_use = True
            stored = [StoredJobCollector(self.job_prefix, queues)]
        return exposed(self._registry, (self._requests, self._jobs), stored, accept)

    @cached_property
    def _registry(self) -> Any:
        return import_module("prometheus_client").REGISTRY if self.registry is None else self.registry

    @cached_property
    def _requests(self) -> Any:
        """What collects the numbers of requests; raises ValueError if their names exist already."""
        # Imported late: the package is an extra.
        from framework.telemetry.exposition import collector_of

        return collector_of(self._registry, self.prefix, self.buckets)

    @cached_property
    def _jobs(self) -> Any:
        """What collects the numbers of jobs; raises ValueError if their names exist already."""
        # Imported late: the package is an extra.
        from framework.telemetry.exposition import job_collector_of

        return job_collector_of(self._registry, self.job_prefix, self.job_buckets)

    @cached_property
    def _totals(self) -> Totals:
        totals: Totals = self._requests.totals
        totals.exemplars = self.exemplars
        return totals


def _are_limits(given: object) -> bool:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        return False
    numbers = [one for one in given if isinstance(one, int | float) and not isinstance(one, bool)]
    growing = all(one < two for one, two in itertools.pairwise(numbers))
    return len(numbers) == len(given) and growing and all(0 < one < math.inf for one in numbers)


def _controller(metrics: Metrics, path: str) -> type[Controller]:
    # Imported late: not every app shows its metrics.
    from framework.job_store import JobStore
    from framework.telemetry.stored_jobs import StoredJobs

    class MetricsController(Controller):
        """Shows metrics to Prometheus."""

        tags = ("metrics",)

        def __init__(self, store: JobStore | None = None) -> None:
            self._stored = None if store is None else StoredJobs(store)

        @get(path, cache_control=CacheControl(no_store=True))
        async def show(self, accept: Annotated[str, Header()] = "") -> Response[bytes]:
            """Return all metrics, as OpenMetrics or in Prometheus's text format."""
            queues = None if self._stored is None else await self._stored.read()
            body, media_type = await to_thread(metrics._exposed, queues, accept)  # noqa: SLF001  of its own
            return Response(body, media_type=media_type)

    return MetricsController
