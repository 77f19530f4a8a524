"""Spans of requests, by the stable semantic conventions of OpenTelemetry for HTTP servers.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy, istr
from opentelemetry import propagate, trace
from opentelemetry.context import attach
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
    get_tracer,
    set_span_in_context,
)

from framework._version import __version__
from framework.layers import headers_of, is_secure, plain_host, remote_of, target_of
from framework.observers import Observation
from framework.telemetry.secret_names import hiding
from framework.telemetry.unhandled import unhandled_error

__all__ = ("Spans", "attach_ignored", "name_of_error")

_SCHEMA = "https://opentelemetry.io/schemas/1.23.1"
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_OTHER = "_OTHER"
_SERVER_ERROR = 500
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?")
_LONGEST = 1024
"""The longest value of a client, in characters."""


class _Headers(Getter[CIMultiDictProxy[str]]):
    """Reads headers for propagators."""

    def get(self, carrier: CIMultiDictProxy[str], key: str) -> list[str] | None:
        """Return all values of a header."""
        return carrier.getall(key, None)

    def keys(self, carrier: CIMultiDictProxy[str]) -> list[str]:
        """Return the names of all headers."""
        return list(carrier)


class _Attributes(Mapping[str, Any]):
    """The attributes that are known when a request begins, made when a sampler or a recorded span reads them."""

    __slots__ = ("__dict__", "_hide", "_request")

    def __init__(self, request: web.Request, hide: Callable[[str], str]) -> None:
        self._request = request
        self._hide = hide

    @cached_property
    def _made(self) -> dict[str, Any]:
        request = self._request
        path, _, query = target_of(request).partition("?")
        method = request.method
        scheme = "https" if is_secure(request) else "http"
        made = {"http.request.method": method, "url.path": path[:_LONGEST], "url.scheme": scheme}
        if method not in _METHODS:
            made |= {"http.request.method": _OTHER, "http.request.method_original": method[:_LONGEST]}
        if query:
            made["url.query"] = self._hide(query)[:_LONGEST]
        return made

    def __getitem__(self, name: str) -> Any:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def copy(self) -> dict[str, Any]:
        """Return them as a dictionary, as samplers of older SDKs do."""
        return dict(self._made)


class Spans:
    """Makes and ends the spans of one app.

    ``accept`` is whether the traces of callers are continued, ``sample`` the share of the other requests that have
    spans.
    """

    def __init__(self, provider: TracerProvider | None, redact: Iterable[str], *, accept: bool, sample: float) -> None:
        tracer = get_tracer("framework", __version__, provider, schema_url=_SCHEMA)
        self._hide = hiding(redact)
        self._sample = sample
        self._waits = provider is None
        """Whether the global provider is used, which may be set later."""
        self._headers = _Headers()
        # Without the names, no header is looked for.
        names = propagate.get_global_textmap().fields if accept else ()
        self.start = self._starter(tracer.start_span, tuple(map(istr, sorted(names))))

    def _starter(self, start_span: Callable[..., Span], names: Sequence[istr]) -> Callable[[web.Request], Span | None]:
        hide, server, waits, sample, chance = self._hide, SpanKind.SERVER, self._waits, self._sample, random.random

        def start(request: web.Request) -> Span | None:
            """Begin a span and make it current, in the task of the request; ``None`` if OpenTelemetry is not set up."""
            # PERF: a span that does nothing takes 15 000 instructions.
            if waits and getattr(trace, "_TRACER_PROVIDER", True) is None:
                return None
            headers, context = headers_of(request), None
            for name in names:
                # PERF: the propagators look for each of their headers, in 10 000 instructions.
                if name in headers:
                    context = propagate.extract(headers, getter=self._headers)
                    break
            if context is None and sample < 1 and chance() >= sample:
                # PERF: a span that the sampler of the SDK leaves out takes 48 000 instructions.
                attach_ignored()
                return None
            method = request.method
            span = start_span(method if method in _METHODS else "HTTP", context, server, _Attributes(request, hide))
            if span is INVALID_SPAN:
                return None
            # Never detached: the context ends with the task of the request.
            attach(set_span_in_context(span, context))
            return span

        return start

    def ignore(self) -> None:
        """Make a span current that is not recorded."""
        attach_ignored()

    def finish(self, span: Span, observation: Observation) -> None:
        """Give a span what is known at the end of its request, and end it."""
        method, route, status = observation.method, observation.route, observation.status
        shown = method if method in _METHODS else "HTTP"
        span.update_name(f"{shown} {route}" if route else shown)
        attributes = dict(_at_end(observation.request))
        if route:
            attributes["http.route"] = route
        if status is not None:
            attributes["http.response.status_code"] = status
        error = unhandled_error(observation)
        if error is not None:
            span.record_exception(error)
            attributes["error.type"] = name_of_error(error)
        elif status is not None and status >= _SERVER_ERROR:
            attributes["error.type"] = str(status)
        if "error.type" in attributes:
            span.set_status(Status(StatusCode.ERROR))
        span.set_attributes(attributes)
        span.end()


def attach_ignored() -> None:
    """Make a span current that is not recorded, so that samplers leave out what is called below it."""
    trace_id, span_id = random.getrandbits(128) | 1, random.getrandbits(64) | 1
    attach(set_span_in_context(NonRecordingSpan(SpanContext(trace_id, span_id, is_remote=False))))


def name_of_error(error: BaseException) -> str:
    """Return the value of ``error.type``."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _at_end(request: web.Request) -> Iterator[tuple[str, Any]]:
    """Yield what a trusted proxy reports, which is known only now, and what samplers do not read."""
    yield "url.scheme", "https" if is_secure(request) else "http"
    version = request.version
    yield "network.protocol.version", f"{version.major}.{version.minor}" if version.minor else str(version.major)
    found = _HOST.fullmatch(plain_host(request) or request.host)
    if found is not None:
        yield "server.address", found[1][:_LONGEST]
        if found[2]:
            yield "server.port", int(found[2])
    remote = remote_of(request)
    if remote:
        yield "client.address", remote
    agent = headers_of(request).get(hdrs.USER_AGENT)
    if agent:
        yield "user_agent.original", agent[:_LONGEST]
