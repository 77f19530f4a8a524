"""OpenTelemetry's instrumentation of aiohttp's server with exporters in memory."""

from typing import Any

from aiohttp import web
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.aiohttp_server import AioHttpServerInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

__all__ = ("OpenTelemetry",)


class OpenTelemetry:
    """OpenTelemetry: spans and metrics."""

    def start(self) -> None:
        """Switch it on."""
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        trace.set_tracer_provider(provider)
        self._reader = InMemoryMetricReader()
        metrics.set_meter_provider(MeterProvider([self._reader]))
        AioHttpServerInstrumentor().instrument()

    def prepare(self, site: web.Application) -> None:
        """Do nothing: it replaces ``web.Application``."""

    def take(self) -> list[Any]:
        """Return what was recorded since the last call, and all metrics up to now."""
        spans = [_summary(one) for one in self._exporter.get_finished_spans()]
        self._exporter.clear()
        return [*spans, *self._counts()]

    def _counts(self) -> list[Any]:
        data = self._reader.get_metrics_data()
        if data is None:
            return []
        found = [
            (metric.name, _value(point), sorted(_kept(point.attributes).items()))
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]
        return sorted(found, key=repr)


def _summary(span: ReadableSpan) -> dict[str, Any]:
    assert span.start_time is not None
    assert span.end_time is not None
    return {
        "name": span.name,
        "kind": span.kind.name,
        "status": [span.status.status_code.name, span.status.description],
        "attributes": _kept(span.attributes),
        "parent": span.parent is not None,
        "took time": span.end_time > span.start_time,
        "events": [
            [event.name, {key: value for key, value in (event.attributes or {}).items() if "stacktrace" not in key}]
            for event in span.events
        ],
    }


def _value(point: Any) -> int:
    """Return the count of a histogram, the value of a counter."""
    value: int = point.count if hasattr(point, "count") else point.value
    return value


def _kept(attributes: Any) -> dict[str, Any]:
    return dict(attributes or {})
