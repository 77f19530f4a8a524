"""What compiled middlewares bring along: services, what is open as long as the app, and what a proxy reported."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pytest
from aiohttp import web
from yarl import URL

from framework import App, Container, Controller, Request, Router, get
from framework.layers import Layer, Steps, is_secure, set_client
from framework.routing import RouteInfo
from tests.http.frames import plain_server
from tests.http.layers import Trace
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of
from tests.http.tls import client_context, server_context

T = TypeVar("T")
TRACE: Trace = []


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    """Begin each test with an empty trace."""
    TRACE.clear()


class Cart:
    """What a session holds."""


class Session(Generic[T]):
    """A service that a layer brings."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True)
class Sessions(Layer):
    """Brings a session."""

    name: str

    def compile(self, _: RouteInfo | None) -> Steps | None:
        """Do nothing more."""
        return None

    def register(self, container: Container) -> None:
        """Add the session."""
        TRACE.append("register")

        def session() -> Session[Cart]:
            return Session(self.name)

        container.add_scoped(Session[Cart], session)


class Shop(Controller):
    """Asks for a session."""

    @get("/name")
    async def name(self, session: Session[Cart]) -> str:
        """Respond with the name of the session."""
        return session.name


def shop_with(place: str, layer: Layer) -> dict[str, Any]:
    """Return controllers and middlewares of an app that has a layer somewhere."""

    class OnRoute(Controller):
        @get("/other", middlewares=(layer,))
        async def other(self) -> str:
            return ""

    on_controller = type("OnController", (Shop,), {"middlewares": (layer,)})
    found: dict[str, dict[str, Any]] = {
        "app": {"controllers": [Shop], "middlewares": [layer]},
        "router": {"controllers": [Shop, Router("/r", [], middlewares=[layer])]},
        "inner router": {"controllers": [Shop, Router("/r", [Router("/s", [], middlewares=[layer])])]},
        "controller": {"controllers": [on_controller]},
        "route": {"controllers": [Shop, OnRoute]},
    }
    return found[place]


@pytest.mark.parametrize("place", ["app", "router", "inner router", "controller", "route"])
@pytest.mark.parametrize("container", [None, Container()])
async def test_services_of_a_layer(serve: Serve, place: str, container: Container | None) -> None:
    """They are in the graph wherever the layer stands, registered once a build, and not in the user's container."""
    app = App(openapi=None, container=container, **shop_with(place, Sessions("a")))
    assert (await ask(await serve(app), "GET", "/name")).body == b"a"
    assert TRACE == ["register"]
    app.build()
    assert TRACE == ["register", "register"]
    assert container is None or container.registrations() == ()


async def test_a_service_of_a_layer_may_be_overridden(serve: Serve) -> None:
    """As any other, around build()."""
    container = Container()
    app = App([Shop], openapi=None, container=container, middlewares=[Sessions("a")])
    with container.override(Session[Cart], instance=Session("fake")):
        built = app.build()
    assert (await ask(await serve(built), "GET", "/name")).body == b"fake"


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[None]:
    """Note when it is entered and left."""
    TRACE.append(f"open {name}")
    yield
    TRACE.append(f"close {name}")


class Opening(Layer):
    """Has something that is open as long as the app."""

    def __init__(self, *names: str) -> None:
        self.opens = [opened(name) for name in names]

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return what is opened, the same for each route."""
        return Steps(opens=self.opens)


async def open_engine() -> AsyncIterator[Cart]:
    """Open a singleton."""
    TRACE.append("open engine")
    yield Cart()
    TRACE.append("close engine")


@pytest.mark.both_loops
@pytest.mark.parametrize("serving", [True, False])
async def test_what_is_open_as_long_as_the_app(aiohttp_server: Any, *, serving: bool) -> None:
    """Each object once, before the singletons, and closed after them in reverse, without HTTP too."""
    container = Container()
    container.add_singleton(Cart, open_engine)

    class Two(Controller):
        @get("/a")
        async def first(self, _: Cart) -> str:
            return ""

        @get("/b")
        async def second(self) -> str:
            return ""

    app = App([Two], openapi=None, container=container, middlewares=[Opening("a", "b"), Opening("c")])
    if serving:
        server = await aiohttp_server(app.build())
        TRACE.append("serve")
        await server.close()
    else:
        async with app.services():
            TRACE.append("serve")
    assert [
        *("open a", "open b", "open c", "open engine", "serve"),
        *("close engine", "close c", "close b", "close a"),
    ] == TRACE


class Proxied(Controller):
    """Responds with what it knows of the client."""

    @get("/client")
    async def client(self, request: Request) -> list[str | None]:
        """Respond with address, scheme, host and URL."""
        return [request.remote, request.scheme, request.host, str(request.url), str(request.secure)]


@pytest.mark.parametrize("target", ["/client?x=%2F", "http://shop.test/client?x=%2F"])
@pytest.mark.parametrize("early", [True, False])
async def test_the_client_that_a_proxy_reported(serve: Serve, target: str, *, early: bool) -> None:
    """Whether or not somebody has asked the request before; what is not said stays as it is."""

    class Proxy(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            def before(request: web.Request) -> None:
                if early:
                    _ = (request.url, request.remote, request.scheme, request.host)
                set_client(request, remote="203.0.113.9", scheme="https")
                set_client(request, host="real.test")

            return Steps(before=before)

    server = await serve(app_of(Proxied, middlewares=[Proxy()]))
    answer = await ask(server, "GET", target)
    url = str(URL("https://real.test/client?x=%2F", encoded=True))
    assert answer.json == ["203.0.113.9", "https", "real.test", url, "True"]


async def test_nothing_reported(serve: Serve) -> None:
    """Without values, the request is as the connection is."""

    class Nothing(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            def before(request: web.Request) -> None:
                set_client(request)

            return Steps(before=before)

    answer = await ask(await serve(app_of(Proxied, middlewares=[Nothing()])), "GET", "/client")
    assert answer.json == ["127.0.0.1", "http", "localhost", "http://localhost/client", "False"]


@pytest.mark.both_loops
@pytest.mark.parametrize("target", ["/client", "http://shop.test/client", "https://shop.test/client"])
@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("change", ["nothing", "told", "clone", "asked"])
async def test_is_secure_is_what_the_request_says(target: str, change: str, *, tls: bool) -> None:
    """The connection decides, unless a proxy was believed, or a middleware of aiohttp's has made a clone."""
    found: list[bool] = []

    class Look(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            def before(request: web.Request) -> None:
                if change == "told":
                    set_client(request, scheme="http" if tls else "https")
                if change == "asked":
                    _ = request.url, request.scheme
                found.append(is_secure(request))
                found.append(request.secure)

            return Steps(before=before)

    application = app_of(Proxied, middlewares=[Look()]).build()
    if change == "clone":

        @web.middleware
        async def clone(request: web.Request, handler: Any) -> web.StreamResponse:
            cloned = request.clone(scheme="http" if tls else "https")
            cloned._match_info = request._match_info  # noqa: SLF001  as aiohttp-remotes does
            return await handler(cloned)  # type: ignore[no-any-return]  # aiohttp's own shape

        application.middlewares.append(clone)
    context = (server_context(), client_context()) if tls else (None, None)
    async with plain_server(application, tls=context[0]) as server, connect(server, tls=context[1]) as connection:
        answer = await connection.exchange(make_request("GET", target))
    assert answer.status == 200
    assert found == [tls is (change in {"nothing", "asked"})] * 2
