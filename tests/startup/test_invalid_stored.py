"""InvalidLayerError, InvalidOptionError and LayerOrderError: routes and options that cannot be stored or repeated."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, ClassVar

import pytest

from framework import App, Container, Controller, Form, Request, Router, WebSocket, get, post, websocket
from framework.errors import InvalidLayerError, InvalidOptionError, LayerOrderError
from framework.middleware import Compression, Idempotency, ResponseCache
from framework.responses import FileResponse
from framework.security import Bearer
from framework.static import StaticFiles
from tests.startup.expected import after, mistakes, place, told

OFF = "to other routes, or {}(ttl=None) to this one"


async def verify(token: str) -> str | None:
    """Know everybody."""
    return token


async def opaque(request: Request) -> None:
    """Look at a header that nobody knows of."""


class Streams(Controller):
    """Has streams, files and sockets."""

    @get("/stream")
    async def stream(self) -> AsyncIterator[str]:
        """Stream."""
        yield ""

    @get("/file")
    async def file(self) -> FileResponse:
        """Return a file."""
        return FileResponse("a")

    @websocket("/socket")
    async def socket(self, socket: WebSocket[str]) -> None:
        """Talk."""

    @post("/stream")
    async def make(self) -> AsyncIterator[str]:
        """Stream."""
        yield ""

    @post("/form")
    async def form(self, name: Annotated[str, Form()]) -> None:
        """Read a form."""


def test_streams_and_sockets_cannot_be_cached() -> None:
    """A stream is never in memory as a whole; POST only removes what is stored."""
    hint = f"  Hint: give ResponseCache {OFF.format('ResponseCache')}."
    what = "it is covered by ResponseCache, and"

    assert mistakes(Streams, middlewares=[ResponseCache(ttl=60)]) == [
        (InvalidLayerError, f"Streams.stream (GET /stream): {what} responds with a stream or file.\n{hint}"),
        (InvalidLayerError, f"Streams.file (GET /file): {what} responds with a stream or file.\n{hint}"),
        (InvalidLayerError, f"Streams.socket (GET /socket): {what} is a web socket.\n{hint}"),
    ]


def test_streams_and_sockets_cannot_be_repeated() -> None:
    """Nor can a body be compared that is read in parts."""
    hint = f"  Hint: give Idempotency {OFF.format('Idempotency')}."
    what = "it is covered by Idempotency, and"

    assert mistakes(Streams, middlewares=[Idempotency()]) == [
        (
            InvalidLayerError,
            f"Streams.socket (GET /socket): {what} a web socket has no response that could be repeated.\n{hint}",
        ),
        (
            InvalidLayerError,
            f"Streams.make (POST /stream): {what} a stream or file is no response that could be repeated.\n{hint}",
        ),
        (
            InvalidLayerError,
            f"Streams.form (POST /form): {what} its body is read in parts and cannot be compared.\n{hint}",
        ),
    ]


def test_routes_without_them() -> None:
    """A route may be left out, and what comes with the framework is."""

    class Without(Streams):
        middlewares = (ResponseCache(ttl=None), Idempotency(ttl=None))

    layers: Any = [ResponseCache(ttl=60), Idempotency()]
    assert mistakes(Without, middlewares=layers) == []
    assert told(App([StaticFiles("/static", ".")], middlewares=layers)) == []


class Opaque(Controller):
    """Looks at the request."""

    guards: ClassVar[Any] = (opaque,)

    @get("/opaque")
    async def show(self, request: Request) -> None:
        """Look."""

    @post("/opaque")
    async def change(self) -> None:
        """Change."""


def test_clients_that_cannot_be_told_apart() -> None:
    """A guard or handler that takes the request may identify users by any header."""
    found = mistakes(Opaque, middlewares=[ResponseCache(ttl=60), Idempotency()])

    assert found == [
        (
            InvalidLayerError,
            "Opaque.show (GET /opaque): it is covered by ResponseCache, and opaque and Opaque.show may read headers "
            "that are not declared.\n  Hint: name the headers that responses depend on: "
            'ResponseCache(vary=("X-User",)), or vary=() for none.',
        ),
        (
            InvalidLayerError,
            "Opaque.change (POST /opaque): it is covered by Idempotency, and opaque may identify clients by headers "
            "that are not declared.\n  Hint: declare the credentials, or tell clients apart: "
            "Idempotency(client=lambda request: ...).",
        ),
    ]


@pytest.mark.parametrize("cache", [{"vary": ()}, {"vary": ("X-User",)}, {"client": lambda _: ""}])
def test_clients_that_can_be_told_apart(cache: Any) -> None:
    """By headers or a function, or by credentials that are required."""
    both = [ResponseCache(ttl=60, **cache), Idempotency(client=lambda _: "")]

    class Guarded(Opaque):
        guards = (opaque, Bearer(verify))

    assert mistakes(Opaque, middlewares=both) == []
    assert mistakes(Guarded, middlewares=[both[0], Idempotency()]) == []


def test_a_service_that_takes_the_request() -> None:
    """It may identify users as a guard does."""

    class User:
        """Who sends the request."""

    def current(request: Request) -> User:
        raise NotImplementedError(request)

    class Mine(Controller):
        @get("/mine")
        async def show(self, user: User) -> None:
            """Show."""

    container = Container()
    container.add_scoped(User, current)
    ((kind, text),) = mistakes(Mine, middlewares=[ResponseCache(ttl=60)], container=container)

    assert kind is InvalidLayerError
    assert "and User may read headers" in text


def test_o7_the_order() -> None:
    """O7: a cache outside of Compression would store coded bodies; idempotency is inside of the cache."""

    def make() -> App:
        return App([Router("/v1", [])], openapi=None, middlewares=[Idempotency(), ResponseCache(ttl=60), Compression()])

    where = f"App ({after(make, 1)})"
    hint = "  Hint: give them in this order, from the outside in: Compression, ResponseCache, Idempotency."
    assert told(make()) == [
        (LayerOrderError, f"{where}: the middleware ResponseCache is inside Idempotency.\n{hint}"),
        (LayerOrderError, f"{where}: the middleware Compression is inside Idempotency.\n{hint}"),
    ]


class Plain(Controller):
    """A controller with nothing wrong."""

    @get("/plain")
    async def show(self) -> str:
        """Respond."""
        return ""


SECONDS = "is not a number of seconds"
OPTIONS: list[tuple[Any, str, str]] = [
    (ResponseCache(ttl=0), f"ResponseCache(ttl=0) {SECONDS}", "write it as ttl=60"),
    (ResponseCache(ttl="60"), f"ResponseCache(ttl='60') {SECONDS}", "write it as ttl=60"),  # type: ignore[arg-type]  # as here
    (ResponseCache(ttl=float("inf")), f"ResponseCache(ttl=inf) {SECONDS}", "write it as ttl=60"),
    (ResponseCache(ttl=60, wait=0), f"ResponseCache(wait=0) {SECONDS}", "write it as wait=5"),
    (
        ResponseCache(ttl=60, stale_while_revalidate=-1),
        f"ResponseCache(stale_while_revalidate=-1) {SECONDS}",
        "write it as stale_while_revalidate=30",
    ),
    (
        ResponseCache(ttl=60, maximum_size=0),
        "ResponseCache(maximum_size=0) is not a number of bytes",
        "write it as maximum_size=65_536",
    ),
    (
        ResponseCache(ttl=60, vary="X-A"),
        "ResponseCache(vary='X-A') does not list headers",
        'write it as vary=("Accept-Language",)',
    ),
    (
        ResponseCache(ttl=60, vary=("X A",)),
        "ResponseCache(vary=('X A',)) does not list headers",
        'write it as vary=("Accept-Language",)',
    ),
    (ResponseCache(ttl=60, tags="a"), "ResponseCache(tags='a') does not list tags", 'write it as tags=("orders",)'),
    (
        ResponseCache(ttl=60, client="a"),  # type: ignore[arg-type]  # as here
        "ResponseCache(client='a') is not a function",
        'give a function of the request: client=lambda request: request["tenant"]',
    ),
    (
        ResponseCache(ttl=60, statuses=(200, 304)),
        "ResponseCache(statuses=(200, 304)) does not list statuses that can be stored",
        "write it as statuses=(200, 404); 206, 304 and statuses from 500 on are never stored",
    ),
    (
        ResponseCache(ttl=60, store="redis://a"),  # type: ignore[arg-type]  # as here
        "ResponseCache(store='redis://a') is not a Store",
        "give a MemoryStore, a RedisStore or your own Store",
    ),
    (Idempotency(ttl=0), f"Idempotency(ttl=0) {SECONDS}", "write it as ttl=86400"),
    (Idempotency(lock_ttl=None), f"Idempotency(lock_ttl=None) {SECONDS}", "write it as lock_ttl=60"),  # type: ignore[arg-type]  # as here
    (
        Idempotency(client=1),  # type: ignore[arg-type]  # as here
        "Idempotency(client=1) is not a function",
        'give a function of the request: client=lambda request: request["user"].id',
    ),
    (
        Idempotency(store=dict),  # type: ignore[arg-type]  # as here
        "Idempotency(store=<class 'dict'>) is not a Store",
        "give a MemoryStore, a RedisStore or your own Store",
    ),
    (
        Idempotency(fail="closing"),  # type: ignore[arg-type]  # as here
        "Idempotency(fail='closing') is not what can happen while the store cannot be reached",
        'give "closed" (503) or "open" (requests are executed)',
    ),
]


@pytest.mark.parametrize(("layer", "what", "hint"), OPTIONS, ids=[what for _, what, _ in OPTIONS])
def test_options(layer: Any, what: str, hint: str) -> None:
    """Each option is checked."""

    class Covered(Plain):
        middlewares = (layer,)

    assert mistakes(Covered) == [(InvalidOptionError, f"Covered ({place(Covered)}): {what}.\n  Hint: {hint}.")]
