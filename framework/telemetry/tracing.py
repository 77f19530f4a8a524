"""Tracing: one server span of OpenTelemetry for each request, and one consumer span for each attempt of a job."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import web

from framework.job_observers import JobEnd, JobStart
from framework.layers import target_of
from framework.observers import Observation, Observer
from framework.telemetry.extras import missing_packages

__all__ = ("Tracing",)

_INSTRUMENTATION = "opentelemetry.instrumentation.aiohttp_server"
_PLACEHOLDER = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True, kw_only=True)
class Tracing(Observer):
    """Makes one span for each request, and for each attempt of a job: ``App(observers=[Tracing()])``.

    It is current in middlewares, services and the handler, and ends with the last byte of the response, or with the
    stream or web socket. The headers of the caller are read by the propagators of OpenTelemetry (W3C's
    ``traceparent``), unless ``accept`` is False. ``provider`` is a TracerProvider (default: the global one). Of the
    requests without such headers, the share ``sample`` has spans, if the sampler of the provider agrees. Requests of
    the path templates in ``exclude`` have no spans, nor does anything that they call. Values of query parameters whose
    names mean a secret, or are in ``redact``, are ``***``.

    The span of a job is linked to the span that added it. With ``sample`` below 1, a job has a span if the request that
    added it had one; of the jobs that were added outside of a span, that share has.
    """

    provider: Any = None
    accept: bool = True
    sample: float = 1.0
    exclude: Sequence[str] = ()
    redact: Sequence[str] = ()

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the options."""
        yield from missing_packages("Tracing", "opentelemetry", "opentelemetry.trace", "opentelemetry.sdk")
        if self.provider is not None and not callable(getattr(self.provider, "get_tracer", None)):
            yield f"Tracing(provider={self.provider!r}) is not a TracerProvider", "leave it out for the global one"
        accept: object = self.accept
        if not isinstance(accept, bool):
            yield f"Tracing(accept={accept!r}) is neither True nor False", "leave it out to continue traces of callers"
        sample: object = self.sample
        if isinstance(sample, bool) or not isinstance(sample, int | float) or not 0 <= sample <= 1:
            yield f"Tracing(sample={sample!r}) is not a share", "write it as sample=0.1 for one request in ten"
        for name, example in (("exclude", '("/health/live",)'), ("redact", '("pin",)')):
            given: object = getattr(self, name)
            if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(x, str) for x in given):
                yield f"Tracing({name}={given!r}) is not a sequence of strings", f"write it as {name}={example}"
        if _is_instrumented():
            hint = "leave out AioHttpServerInstrumentor().instrument()"
            yield "Tracing() and AioHttpServerInstrumentor would make two spans for each request", hint

    def begin(self, request: web.Request) -> Any:
        """Begin the span of a request, and make it current."""
        is_excluded = self._is_excluded
        if is_excluded is not None and is_excluded(target_of(request).partition("?")[0]):
            return self._spans.ignore()
        return self._spans.start(request)

    def end(self, observation: Observation, state: Any) -> None:
        """End the span."""
        if state is not None and state.is_recording():
            self._spans.finish(state, observation)

    def job_context(self) -> Mapping[str, str]:
        """Return what is stored with a job: the headers that would be sent with a request."""
        from framework.telemetry.job_spans import trace_context

        return trace_context()

    def begin_job(self, start: JobStart) -> Any:
        """Begin the span of an attempt, and make it current."""
        return self._job_spans.start(start)

    def end_job(self, end: JobEnd, state: Any) -> None:
        """End the span of an attempt."""
        if state is not None and state.is_recording():
            self._job_spans.finish(state, end)

    @cached_property
    def _job_spans(self) -> Any:
        from framework.telemetry.job_spans import JobSpans

        return JobSpans(self.provider, self.sample)

    @cached_property
    def _spans(self) -> Any:
        # Imported late: the package is an extra.
        from framework.telemetry.spans import Spans

        return Spans(self.provider, self.redact, accept=self.accept, sample=self.sample)

    @cached_property
    def _is_excluded(self) -> Callable[[str], object] | None:
        return _excluded(self.exclude)


def _excluded(templates: Sequence[str]) -> Callable[[str], object] | None:
    """Return what finds out whether a path is one of the templates."""
    if not templates:
        return None
    patterns = []
    for template in templates:
        parts = _PLACEHOLDER.split(template)
        # The text, the name and the kind of each placeholder in turn.
        texts = [re.escape(one) for one in parts[::3]]
        holes = [".+" if kind else "[^/]+" for kind in parts[2::3]]
        patterns.append("".join(text + hole for text, hole in zip(texts, [*holes, ""], strict=True)))
    return re.compile("|".join(patterns)).fullmatch


def _is_instrumented() -> bool:
    """Return whether OpenTelemetry's own instrumentation of aiohttp is active."""
    module = sys.modules.get(_INSTRUMENTATION)
    return module is not None and bool(module.AioHttpServerInstrumentor().is_instrumented_by_opentelemetry)
