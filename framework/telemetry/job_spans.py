"""Spans of jobs, by the semantic conventions of OpenTelemetry for messaging.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

import random
from collections.abc import Mapping
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    Span,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
    get_current_span,
    get_tracer,
    set_span_in_context,
)

from framework._version import __version__
from framework.job_observers import JobEnd, JobStart
from framework.telemetry.spans import attach_ignored, name_of_error
from framework.telemetry.unhandled import unhandled_job_error

__all__ = ("JobSpans", "trace_context")

_SCHEMA = "https://opentelemetry.io/schemas/1.27.0"


def trace_context() -> Mapping[str, str]:
    """Return what the propagators of OpenTelemetry send of the current span."""
    found: dict[str, str] = {}
    propagate.inject(found)
    return found


class JobSpans:
    """Makes and ends the spans of attempts.

    Each is the root of a trace of its own, because a job may run days later, and is linked to the span that added it.
    ``sample`` is the share of the jobs with spans that were added outside of a span.
    """

    def __init__(self, provider: TracerProvider | None, sample: float) -> None:
        self._tracer = get_tracer("framework", __version__, provider, schema_url=_SCHEMA)
        self._sample = sample
        self._waits = provider is None
        """Whether the global provider is used, which may be set later."""

    def start(self, job: JobStart) -> Span | None:
        """Begin the span of an attempt and make it current, in the task of the job."""
        if self._waits and getattr(trace, "_TRACER_PROVIDER", True) is None:
            return None
        context = propagate.extract(job.context)
        producer = get_current_span(context).get_span_context()
        if not self._is_chosen(producer):
            attach_ignored()
            return None
        span = self._tracer.start_span(
            f"process {job.name}",
            Context(),
            SpanKind.CONSUMER,
            _attributes(job),
            [Link(producer)] if producer.is_valid else [],
        )
        if span is INVALID_SPAN:
            return None
        # Never detached: the context ends with the task of the job.
        attach(set_span_in_context(span, context))
        return span

    def _is_chosen(self, producer: trace.SpanContext) -> bool:
        if self._sample >= 1:
            return True
        if producer.is_valid:
            return bool(producer.trace_flags.sampled)
        return random.random() < self._sample  # noqa: S311  not a secret

    def finish(self, span: Span, end: JobEnd) -> None:
        """Give a span what is known at the end of its attempt, and end it."""
        span.set_attribute("framework.job.outcome", "lost" if end.lost else end.kind.name.lower())
        error = unhandled_job_error(end)
        if error is not None:
            span.record_exception(error)
            span.set_attribute("error.type", name_of_error(error))
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _attributes(job: JobStart) -> dict[str, Any]:
    return {
        "messaging.system": "framework",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": job.queue,
        "messaging.message.id": str(job.id),
        "framework.job.name": job.name,
        "framework.job.attempt": job.attempt,
    }
