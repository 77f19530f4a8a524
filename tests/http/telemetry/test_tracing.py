"""Tracing: server spans by the semantic conventions, current in handlers, from the first byte to the last."""

import asyncio
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from framework import App, Controller, get
from framework.middleware import ProxyHeaders
from framework.telemetry import Metrics, Tracing
from tests.http.telemetry.observed_app import Observed, said

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}


class Spans(InMemorySpanExporter):
    """Keeps the spans of a provider."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self))

    async def ended(self, count: int = 1) -> list[ReadableSpan]:
        """Wait until so many spans have ended."""
        async with asyncio.timeout(10):
            while len(found := self.get_finished_spans()) < count:  # noqa: ASYNC110  other tasks end them
                await asyncio.sleep(0.005)
        assert len(found) == count
        return list(found)


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Keep the spans of a provider of this test."""
    made = Spans()
    yield made
    made.provider.shutdown()


async def serve(aiohttp_client: Any, spans: Spans, *controllers: Any, **options: Any) -> Any:
    """Serve the observed app with traces."""
    tracing = Tracing(provider=spans.provider, **options)
    return await aiohttp_client(App(controllers or [Observed], observers=[tracing], openapi=None).build())


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span, without the port."""
    found = dict(span.attributes or {})
    assert isinstance(found.pop("server.port"), int)
    return found


def ids(span: ReadableSpan) -> tuple[str, str]:
    """Return the ids of the trace and the span."""
    context = span.get_span_context()
    assert context is not None
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


@pytest.mark.both_loops
async def test_a_span_has_what_the_conventions_name(aiohttp_client: Any, spans: Spans) -> None:
    """It continues the trace of the caller; secrets of the query are hidden."""
    client = await serve(aiohttp_client, spans)
    await client.get("/orders/7?page=2&token=abc", headers={"User-Agent": "curl/8", **PARENT})

    (span,) = await spans.ended()
    assert (span.name, span.kind, span.status.status_code) == (
        "GET /orders/{order_id}",
        trace.SpanKind.SERVER,
        trace.StatusCode.UNSET,
    )
    assert span.parent is not None
    assert (ids(span)[0], trace.format_span_id(span.parent.span_id)) == (TRACE, CALLER)
    assert attributes(span) == {
        "http.request.method": "GET",
        "url.path": "/orders/7",
        "url.query": "page=2&token=***",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "client.address": "127.0.0.1",
        "user_agent.original": "curl/8",
        "http.route": "/orders/{order_id}",
        "http.response.status_code": 200,
    }


async def test_unknown_methods_and_paths(aiohttp_client: Any, spans: Spans) -> None:
    """The name of the span has few values."""
    client = await serve(aiohttp_client, spans)
    await client.request("PURGE", "/orders/other/one")
    await client.get("/nowhere")

    one, two = await spans.ended(2)
    known = dict(one.attributes or {})
    assert (one.name, known["http.request.method"], known["http.request.method_original"]) == (
        "HTTP /orders/other/one",
        "_OTHER",
        "PURGE",
    )
    assert (two.name, "http.route" in (two.attributes or {})) == ("GET", False)


async def test_errors(aiohttp_client: Any, spans: Spans) -> None:
    """An unhandled exception is recorded; errors of the client are none."""
    client = await serve(aiohttp_client, spans)
    for path in ("/orders/broken/one", "/orders/sold/out", "/orders/missing/one", "/orders/x"):
        await client.get(path)
    response = await client.get("/orders/items/all?fails=true")
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()

    found = await spans.ended(5)
    assert [
        ((one.attributes or {}).get("error.type"), one.status.status_code.name, [event.name for event in one.events])
        for one in found
    ] == [
        ("builtins.KeyError", "ERROR", ["exception"]),
        (None, "UNSET", []),
        (None, "UNSET", []),
        (None, "UNSET", []),
        ("builtins.KeyError", "ERROR", ["exception"]),
    ]


async def test_a_span_ends_with_its_stream_or_socket(aiohttp_client: Any, spans: Spans) -> None:
    """Not with the handler."""
    client = await serve(aiohttp_client, spans)
    socket = await client.ws_connect("/orders/feed/one")
    await asyncio.sleep(0.05)
    assert spans.get_finished_spans() == ()
    await socket.close()
    await (await client.get("/orders/items/all")).read()

    found = await spans.ended(2)
    lengths = [((one.end_time or 0) - (one.start_time or 0)) / 1e9 for one in found]
    assert min(lengths) >= 0.05
    assert (found[0].attributes or {})["http.response.status_code"] == 101


class Nested(Controller):
    """Has spans of its own, also in a thread."""

    @get("/async")
    async def inside(self) -> None:
        """Make a span."""
        self._span()

    @get("/thread")
    def in_thread(self) -> None:
        """Make a span in a thread."""
        self._span()

    def _span(self) -> None:
        with TRACERS[-1].start_as_current_span("query"):
            pass


TRACERS: list[trace.Tracer] = []


async def test_the_span_is_current_in_the_handler(aiohttp_client: Any, spans: Spans) -> None:
    """Spans of libraries are below it, and requests do not see those of others."""
    TRACERS.append(spans.provider.get_tracer("test"))
    client = await serve(aiohttp_client, spans, Nested)
    await asyncio.gather(*[client.get(path) for path in ("/async", "/thread") * 3])

    found = await spans.ended(12)
    parents = {ids(one)[1] for one in found if one.name != "query"}
    below = [trace.format_span_id(one.parent.span_id) for one in found if one.name == "query" and one.parent]
    assert (len(below), set(below)) == (6, parents)


async def test_what_is_left_out(aiohttp_client: Any, spans: Spans) -> None:
    """Excluded routes and requests beyond the share have no spans, nor has what they call."""
    TRACERS.append(spans.provider.get_tracer("test"))
    client = await serve(aiohttp_client, spans, Nested, Observed, exclude=("/async", "/orders/{order_id}"))
    for path in ("/async", "/orders/7", "/thread", "/orders/sold/out"):
        await client.get(path)
    assert [one.name for one in await spans.ended(3)] == ["query", "GET /thread", "GET /orders/sold/out"]
    spans.clear()

    client = await serve(aiohttp_client, spans, Nested, sample=0)
    await client.get("/async")
    # Who calls has decided.
    await client.get("/async", headers=PARENT)
    assert [one.name for one in await spans.ended(2)] == ["query", "GET /async"]


async def test_callers_are_not_trusted(aiohttp_client: Any, spans: Spans) -> None:
    """With accept=False each request begins a trace; an invalid header does in any case."""
    client = await serve(aiohttp_client, spans, accept=False)
    await client.get("/orders/1", headers=PARENT)
    client = await serve(aiohttp_client, spans)
    await client.get("/orders/1", headers={"traceparent": "00-abc"})
    await client.get("/orders/1", headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})

    found = await spans.ended(2)
    assert [one.parent for one in found] == [None, None]


async def test_the_address_behind_a_proxy(aiohttp_client: Any, spans: Spans) -> None:
    """Middlewares find it out after the span has begun."""
    tracing = Tracing(provider=spans.provider)
    app = App([Observed], observers=[tracing], middlewares=[ProxyHeaders(trusted=("127.0.0.1",))])
    client = await aiohttp_client(app.build())
    await client.get("/orders/1", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})

    (span,) = await spans.ended()
    known = span.attributes or {}
    assert (known["client.address"], known["url.scheme"]) == ("203.0.113.9", "https")


async def test_a_bucket_has_the_trace_of_a_request(aiohttp_client: Any, spans: Spans) -> None:
    """An exemplar of OpenMetrics."""
    metrics = Metrics(registry=CollectorRegistry())
    app = App([Observed, metrics.routes()], observers=[Tracing(provider=spans.provider), metrics], openapi=None)
    client = await aiohttp_client(app.build())
    await client.get("/orders/1", headers=PARENT)
    text = await (await client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})).text()

    (exemplar,) = [line for line in text.splitlines() if " # {" in line]
    (span, _) = await spans.ended(2)
    assert f'trace_id="{TRACE}"' in exemplar
    assert f'span_id="{ids(span)[1]}"' in exemplar


async def test_without_a_provider_nothing_happens(aiohttp_client: Any) -> None:
    """The application has not set up OpenTelemetry."""
    client = await aiohttp_client(App([Observed], observers=[Tracing()]).build())

    assert (await client.get("/orders/1")).status == 200
    assert not trace.get_current_span().get_span_context().is_valid


def test_the_instrumentation_of_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would make a second span for each request."""
    module: Any = ModuleType("opentelemetry.instrumentation.aiohttp_server")
    module.AioHttpServerInstrumentor = lambda: type("Active", (), {"is_instrumented_by_opentelemetry": True})
    monkeypatch.setitem(sys.modules, module.__name__, module)

    assert said(App([Observed], observers=[Tracing()])) == (
        "Tracing() and AioHttpServerInstrumentor would make two spans for each request.\n"
        "  Hint: leave out AioHttpServerInstrumentor().instrument()."
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"provider": 1},
            "Tracing(provider=1) is not a TracerProvider.\n  Hint: leave it out for the global one.",
        ),
        (
            {"accept": "no"},
            "Tracing(accept='no') is neither True nor False.\n  Hint: leave it out to continue traces of callers.",
        ),
        (
            {"sample": 10},
            "Tracing(sample=10) is not a share.\n  Hint: write it as sample=0.1 for one request in ten.",
        ),
        (
            {"exclude": "/health"},
            "Tracing(exclude='/health') is not a sequence of strings.\n"
            '  Hint: write it as exclude=("/health/live",).',
        ),
        (
            {"redact": 1},
            'Tracing(redact=1) is not a sequence of strings.\n  Hint: write it as redact=("pin",).',
        ),
    ],
    ids=lambda one: "".join(one) if isinstance(one, dict) else "",
)
def test_wrong_options(options: dict[str, Any], expected: str) -> None:
    """They are errors at start-up."""
    assert said(App([Observed], observers=[Tracing(**options)])) == expected
