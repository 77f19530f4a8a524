"""What sees each request begin and end: the access log, and what the settings name."""

import os
from importlib.metadata import entry_points
from typing import Any

from app_template.settings import Settings
from framework import Observer
from framework.telemetry import AccessLog, ErrorReports, Metrics, Tracing

__all__ = ("METRICS", "create_observers")

METRICS = Metrics()
_PROBES = ("/health/live", "/health/ready", "/metrics")


def create_observers(settings: Settings) -> list[Observer]:
    """Return the observers."""
    observers: list[Observer] = [AccessLog(exclude=("/metrics",))]
    if settings.metrics:
        observers.append(METRICS)
    if settings.traces:
        observers.append(Tracing(provider=_provider(), sample=settings.traces, exclude=_PROBES))
    if settings.sentry_dsn:
        options = {"environment": settings.environment.value}
        observers.append(ErrorReports(dsn=settings.sentry_dsn, options=options))
    return observers


def _provider() -> Any:
    """Return what exports spans: the installed package that OTEL_TRACES_EXPORTER names (otlp), with its variables."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    exporters = entry_points(group="opentelemetry_traces_exporter", name=name)
    if not exporters:
        raise RuntimeError(f"traces require a package with the exporter {name}, such as opentelemetry-exporter-{name}")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(next(iter(exporters)).load()()))
    return provider
