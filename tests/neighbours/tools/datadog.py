"""Datadog's tracer with a filter that keeps its traces and sends none."""

import os
from typing import Any

# Before ddtrace is imported: it asks for its agent otherwise.
os.environ.update(
    DD_INSTRUMENTATION_TELEMETRY_ENABLED="false",
    DD_REMOTE_CONFIGURATION_ENABLED="false",
    DD_TRACE_STARTUP_LOGS="false",
    DD_TRACE_AGENT_URL="http://127.0.0.1:9",
    DD_TRACE_STATS_COMPUTATION_ENABLED="false",
    DD_RUNTIME_METRICS_ENABLED="false",
    DD_CRASHTRACKING_ENABLED="false",
)

from aiohttp import web
from ddtrace import patch
from ddtrace.contrib.aiohttp import trace_app
from ddtrace.trace import Span, TraceFilter, tracer

__all__ = ("Datadog",)

_IDENTITIES = {"runtime-id", "_dd.p.tid", "_dd.p.dm", "out.host", "_dd.base_service", "_dd.p.ksr"}


class _Kept(TraceFilter):
    def __init__(self) -> None:
        self.spans: list[Span] = []

    def process_trace(self, trace: list[Span]) -> None:
        """Keep a trace; it is not sent."""
        self.spans += trace


class Datadog:
    """Datadog: spans."""

    def start(self) -> None:
        """Switch it on."""
        self._kept = _Kept()
        tracer.configure(trace_processors=[self._kept])
        patch(aiohttp=True, asyncio=True)

    def prepare(self, site: web.Application) -> None:
        """Trace an application, as its documentation says."""
        trace_app(site, service="site")

    def take(self) -> list[Any]:
        """Return what was recorded since the last call."""
        spans, self._kept.spans = self._kept.spans, []
        return [_summary(one) for one in spans]


def _summary(span: Span) -> dict[str, Any]:
    return {
        "name": span.name,
        "resource": span.resource,
        "service": span.service,
        "type": span.span_type,
        "error": span.error,
        "parent": span.parent_id is not None,
        "took time": (span.duration or 0) > 0,
        "tags": {key: value for key, value in span.get_tags().items() if key not in _IDENTITIES and "stack" not in key},
    }
