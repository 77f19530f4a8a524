"""Observers beside aiohttp: native routes, mounted apps, injected constructors and context variables."""

from contextvars import ContextVar, Token
from typing import Any

import pytest
from aiohttp import web

from framework import App, Container, Controller, Observation, Observer, Request, get
from framework.http_errors import Conflict, NotFound
from tests.http.observing import Recorder, Seen
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

_SPAN: ContextVar[str] = ContextVar("span", default="none")


class Items(Controller):
    """Handlers that see a context."""

    path = "/items"

    @get("/{item_id}")
    async def show(self, item_id: int) -> str:
        """Return the span."""
        return f"{item_id} {_SPAN.get()}"

    @get("/taken/one")
    async def taken(self) -> None:
        """Refuse."""
        raise Conflict("taken")

    @get("/fail/one")
    async def fail(self) -> None:
        """Fail."""
        raise KeyError("secret")


async def _native(_: web.Request) -> web.Response:
    return web.Response(text="native")


async def _broken(_: web.Request) -> web.Response:
    raise KeyError("native")


async def _begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=203)
    await response.prepare(request)
    await response.write(b"abc")
    raise KeyError("native")


def _application() -> web.Application:
    application = web.Application()
    application.router.add_get("/native/{name}", _native)
    application.router.add_get("/broken", _broken)
    application.router.add_get("/begun", _begun)
    return application


@pytest.mark.both_loops
async def test_native_routes_are_seen(serve: Serve) -> None:
    """An app that is attached sees all requests of its aiohttp application."""
    recorder, application = Recorder(), _application()
    app_of(Items, observers=[recorder]).attach(application)
    server = await serve(application)

    sizes = [len((await ask(server, "GET", target)).body) for target in ("/native/a", "/broken", "/items/1", "/x")]

    assert await recorder.ended(4) == [
        Seen("GET", "/native/{name}", 200, sizes[0]),
        Seen("GET", "/broken", 500, sizes[1], KeyError),
        Seen("GET", "/items/{item_id}", 200, sizes[2]),
        Seen("GET", None, 404, sizes[3], NotFound),
    ]


async def test_a_native_response_that_fails_amid_is_seen(serve: Serve) -> None:
    """With the status that is sent already."""
    recorder, application = Recorder(), _application()
    app_of(Items, observers=[recorder]).attach(application)
    server = await serve(application)
    with pytest.raises(EOFError):
        await ask(server, "GET", "/begun")
    (one,) = await recorder.ended(1)
    assert (one.route, one.status, one.exception, one.client_gone) == ("/begun", 203, KeyError, False)


@pytest.mark.both_loops
async def test_each_app_has_its_own_observers(serve: Serve) -> None:
    """A mounted app sees the requests below its prefix; the app around it sees all."""
    inner, outer, application = Recorder(), Recorder(), _application()
    app_of(Items, observers=[outer]).attach(application)
    application.add_subapp("/api", app_of(Items, observers=[inner]).build())
    server = await serve(application)

    for target in ("/items/1", "/api/items/2", "/api/items/taken/one", "/api/nowhere", "/api/items/fail/one"):
        await ask(server, "GET", target)

    below = [
        ("/api/items/{item_id}", 200, None),
        ("/api/items/taken/one", 409, Conflict),
        (None, 404, NotFound),
        ("/api/items/fail/one", 500, KeyError),
    ]
    assert [(one.route, one.status, one.exception) for one in await inner.ended(4)] == below
    assert [(one.route, one.status, one.exception) for one in await outer.ended(5)] == [
        ("/items/{item_id}", 200, None),
        *below,
    ]
    assert inner.begun == ["/api/items/2", "/api/items/taken/one", "/api/nowhere", "/api/items/fail/one"]


async def test_an_app_inside_plain_aiohttp_sees_the_response_that_is_sent(serve: Serve) -> None:
    """A middleware of the application around it has the last word, and exceptions are those that were raised."""

    @web.middleware
    async def replace(request: web.Request, handler: Any) -> web.StreamResponse:
        response = await handler(request)
        return web.Response(status=299, text="replaced") if request.path == "/api/items/1" else response

    recorder = Recorder()
    application = web.Application(middlewares=[replace])
    application.add_subapp("/api", app_of(Items, observers=[recorder]).build())
    server = await serve(application)
    for target in ("/api/items/1", "/api/items/2", "/api/items/taken/one"):
        await ask(server, "GET", target)

    assert [(one.status, one.exception) for one in await recorder.ended(3)] == [
        (299, None),
        (200, None),
        (409, Conflict),
    ]


async def test_two_apps_in_one_application(serve: Serve) -> None:
    """The observers of both see every request."""
    first, second, application = Recorder(), Recorder(), web.Application()
    app_of(Items, observers=[first]).attach(application)
    App([], openapi=None, observers=[second]).attach(application)
    await ask(await serve(application), "GET", "/items/1")
    assert await first.ended(1) == await second.ended(1)


class Settings:
    """A service."""

    def __init__(self) -> None:
        self.spans: list[str] = []


class Tracing:
    """An observer that the container builds, and that derives from nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def begin(self, request: Request) -> Token[str]:
        """Set the span of the request."""
        return _SPAN.set(request.path)

    def end(self, observation: Observation, state: Token[str]) -> None:
        """Keep the span, and reset it."""
        self._settings.spans.append(f"{_SPAN.get()} {observation.route}")
        _SPAN.reset(state)


@pytest.mark.both_loops
async def test_context_variables_of_begin_are_set_in_the_handler(serve: Serve) -> None:
    """They are reset at the end, in the context in which they were set, and no other request sees them."""
    container, settings = Container(), Settings()
    container.add_instance(Settings, settings)
    recorder = Recorder()
    server = await serve(app_of(Items, container=container, observers=[recorder, Tracing]))
    for number in (1, 2):
        assert (await ask(server, "GET", f"/items/{number}")).body == f"{number} /items/{number}".encode()

    await recorder.ended(2)
    assert settings.spans == ["/items/1 /items/{item_id}", "/items/2 /items/{item_id}"]
    assert _SPAN.get() == "none"


class Beginner(Observer):
    """An observer that sees beginnings only."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def begin(self, request: Request) -> None:
        """Keep the path."""
        self.paths.append(request.path)


async def test_an_observer_needs_one_method_only(serve: Serve) -> None:
    """What it does not override is not called."""
    beginner, recorder = Beginner(), Recorder()
    await ask(await serve(app_of(Items, observers=[beginner, recorder])), "GET", "/items/1")
    await recorder.ended(1)
    assert beginner.paths == ["/items/1"]


def test_explain_shows_observers() -> None:
    """Around all other stages; the emitted code is that of an app without observers."""
    container = Container()
    container.add_singleton(Settings)
    explained = app_of(Items, container=container, observers=[Beginner(), Tracing]).explain("GET", "/items/{item_id}")
    plain = app_of(Items).explain("GET", "/items/{item_id}")
    stages, source = explained.split("\n\n", 2)[1:]
    lines = stages.splitlines()
    assert lines[:2] == ["  1. observer Beginner.begin (app)", "  2. observer Tracing.begin (app)"]
    assert lines[-1] == f"{len(lines):>3}. observer Tracing.end (app)"
    assert source == plain.split("\n\n", 2)[2]
