"""The small object of the workload ``json``, below one piece of the catalogue."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from msgspec import Struct
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler

from framework import App, Controller, Observer, get
from framework.layers import Layer
from framework.middleware import (
    CORS,
    CSRF,
    Compression,
    ConcurrencyLimit,
    HTTPSRedirect,
    ProxyHeaders,
    RateLimit,
    RequestID,
    ResponseCache,
    SecurityHeaders,
    Session,
    Sessions,
    TrustedHosts,
)
from framework.security import JWT, Bearer
from framework.stores import MemoryStore
from framework.telemetry import AccessLog, Metrics, Tracing
from tests.benchmarks.apps.observing import Recorder
from tests.benchmarks.production import ALGORITHM, AUDIENCE, ISSUER, MINIMUM_SIZE, ORIGIN, SECRET, access_logger
from tests.benchmarks.schemas import Message

__all__ = ("ASKED_BY_PAGES", "PIECES", "build")

_ANYBODY = ("203.0.113.0/24",)
# The peer of the measurement.
_PROXY = ("127.0.0.1",)
_SECRET = "s" * 32


class Owner(Struct):
    """Whose token it is."""

    sub: str


def _tokens(remember: int) -> JWT[Owner]:
    return JWT(Owner, keys=SECRET, algorithms=(ALGORITHM,), issuer=ISSUER, audience=AUDIENCE, remember=remember)


def _traces(sampler: Sampler) -> TracerProvider:
    """Return a provider that drops its spans."""
    provider = TracerProvider(sampler=ParentBased(sampler), shutdown_on_exit=False)
    provider.add_span_processor(SpanProcessor())
    return provider


PIECES: Mapping[str, Callable[[], Any]] = {
    "none": lambda: None,
    "ProxyHeaders": lambda: ProxyHeaders(trusted=_ANYBODY),
    "ProxyHeaders-trusted": lambda: ProxyHeaders(trusted=_PROXY),
    "RequestID": RequestID,
    "TrustedHosts": lambda: TrustedHosts("localhost", "127.0.0.1", "*.shop.example"),
    "HTTPSRedirect": HTTPSRedirect,
    "Sessions-unused": lambda: Sessions(Visit, secret=_SECRET),
    "Sessions-cookie": lambda: Sessions(Visit, secret=_SECRET),
    "Sessions-store": lambda: Sessions(Visit, store=MemoryStore()),
    "CSRF": lambda: [Sessions(Visit, secret=_SECRET), CSRF(secret=_SECRET)],
    "SecurityHeaders": SecurityHeaders,
    "SecurityHeaders-hsts": lambda: SecurityHeaders(hsts=31_536_000),
    "ConcurrencyLimit": lambda: ConcurrencyLimit(100),
    "RateLimit": lambda: RateLimit("1000000000/minute"),
    "CORS": lambda: CORS(origins=(ORIGIN,)),
    "Compression": lambda: Compression(minimum_size=MINIMUM_SIZE),
    "JWT": lambda: Bearer(_tokens(0)),
    "JWT-remembered": lambda: Bearer(_tokens(10_000)),
    "ResponseCache": lambda: ResponseCache(ttl=86_400),
    "Recorder": Recorder,
    "AccessLog-off": lambda: AccessLog(logger="bench.off"),
    "AccessLog": lambda: AccessLog(logger="bench.on"),
    "Metrics": lambda: Metrics(exemplars=False),
    "Metrics-exemplars": Metrics,
    "Tracing-off": Tracing,
    "Tracing-unsampled": lambda: Tracing(provider=_traces(ALWAYS_OFF)),
    "Tracing-share": lambda: Tracing(provider=_traces(ALWAYS_ON), sample=0.0),
    "Tracing-sampled": lambda: Tracing(provider=_traces(ALWAYS_ON)),
}
"""By name; ``Recorder`` is an observer that only keeps what it sees."""
ASKED_BY_PAGES = frozenset({"none", "CORS", "Compression", "JWT", "JWT-remembered"})
"""Those that are also measured with the request of ``production``, which has the headers that they read."""


class Visit(Struct):
    """The value of a session."""

    user: str | None = None


class VisitController(Controller):
    """The same, with a session: that of a visitor without a cookie."""

    @get("/json")
    async def small(self, session: Session[Visit]) -> Message:
        """Return one small object."""
        return Message(message="Hello, World!" if session.value.user is None else "")


class SmallController(Controller):
    """What is asked for."""

    @get("/json")
    async def small(self) -> Message:
        """Return one small object."""
        return Message(message="Hello, World!")


def build(name: str) -> web.Application:
    """Return the application below one piece."""
    piece = PIECES[name]()
    logging.getLogger("bench.off").setLevel(logging.WARNING)
    access_logger("bench.on")
    layers = [one for one in (piece if isinstance(piece, list) else [piece]) if isinstance(one, Layer)]
    observers = [piece] if isinstance(piece, Observer) else []
    guards = [piece] if isinstance(piece, Bearer) else []
    controller = VisitController if name in {"Sessions-cookie", "Sessions-store"} else SmallController
    return App([controller], middlewares=layers, guards=guards, observers=observers).build()
