"""The order of the layers around a handler, as it happens and as App.explain tells it."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web
from msgspec import Struct

from framework import Container, Controller, Request, Router, get, post
from framework.http_errors import Forbidden
from framework.typedefs import CallNext, Guard, Middleware
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

LEVELS = ("app", "outer", "inner", "controller", "route")


class Body(Struct):
    """A body."""

    x: int


class Service:
    """A scoped service."""


def middleware(name: str, trace: list[str]) -> Middleware:
    """Return a middleware that notes when it is entered and left, and with which status."""

    async def note(request: Request, call_next: CallNext) -> web.StreamResponse:
        trace.append(f"> {name}")
        response = await call_next(request)
        trace.append(f"< {name} {response.status}")
        return response

    note.__qualname__ = f"middleware_{name}"
    return note


def guard(name: str, trace: list[str]) -> Guard:
    """Return a guard that notes when it runs, and refuses who asks for it by its name."""

    async def note(request: Request) -> None:
        trace.append(f"guard {name}")
        if request.headers.get("X-Refuse") == name:
            raise Forbidden(name)

    note.__qualname__ = f"guard_{name}"
    return note


def traced_app(trace: list[str]) -> Any:
    """Return an app with two middlewares and two guards on each of its five levels."""

    def layers(level: str) -> dict[str, Any]:
        return {
            "middlewares": [middleware(f"{level}_{number}", trace) for number in (1, 2)],
            "guards": [guard(f"{level}_{number}", trace) for number in (1, 2)],
        }

    async def open_service() -> AsyncIterator[Service]:
        trace.append("open")
        yield Service()
        trace.append("close")

    class Traced(Controller):
        path = "/traced"
        middlewares = tuple(layers("controller")["middlewares"])
        guards = tuple(layers("controller")["guards"])

        @post(**layers("route"))
        async def handle(self, body: Body, service: Service, number: int = 1) -> int:  # noqa: ARG002  all are read
            trace.append("handler")
            return number

        @get(timeout=30, **layers("route"))
        async def read(self, number: int = 1) -> int:
            trace.append("handler")
            return number

    container = Container()
    container.add_scoped(Service, open_service)
    inner = Router("/inner", [Traced], **layers("inner"))
    return app_of(Router("/outer", [inner], **layers("outer")), container=container, **layers("app"))


def names(levels: Sequence[str]) -> list[str]:
    """Return the names of the layers of these levels, outermost first."""
    return [f"{level}_{number}" for level in levels for number in (1, 2)]


def entered(levels: Sequence[str] = LEVELS) -> list[str]:
    """Return what is noted on the way in."""
    return [f"> {name}" for name in names(levels)]


def left(status: int, levels: Sequence[str] = LEVELS) -> list[str]:
    """Return what is noted on the way out."""
    return [f"< {name} {status}" for name in reversed(names(levels))]


STAGES = (
    "middleware",
    "guard",
    "body of at most 1048576 bytes",
    "parsing",
    "validation",
    "scoped service",
    "handler",
    "encoding",
    "cleanup",
)
GUARDS = [f"guard {name}" for name in names(LEVELS)]


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status", "inside"),
    [
        pytest.param("POST", "", {"x": 1}, {}, 200, [*GUARDS, "open", "handler", "close"], id="handler"),
        pytest.param("GET", "", None, {}, 200, [*GUARDS, "handler"], id="handler with a deadline"),
        pytest.param("POST", "?number=x", {}, {}, 422, GUARDS, id="422: neither services nor handler"),
        pytest.param("POST", "", b"{", {}, 400, GUARDS, id="400"),
        pytest.param("POST", "", b"{}", {"Content-Type": "text/plain"}, 415, GUARDS, id="415"),
        pytest.param("POST", "", {"x": 1}, {"X-Refuse": "app_1"}, 403, GUARDS[:1], id="the first guard refuses"),
        pytest.param("POST", "", {"x": 1}, {"X-Refuse": "inner_2"}, 403, GUARDS[:6], id="a guard between refuses"),
        pytest.param("POST", "", {"x": 1}, {"X-Refuse": "route_2"}, 403, GUARDS, id="the last guard refuses"),
    ],
)
async def test_layers_run_from_the_outside_in(
    serve: Serve, method: str, target: str, body: Any, headers: dict[str, str], status: int, inside: list[str]
) -> None:
    """Middlewares of app, routers, controller and route wrap the guards in the same order; then the request is read."""
    trace: list[str] = []
    server = await serve(traced_app(trace))
    answer = await ask(server, method, f"/outer/inner/traced{target}", headers=headers, body=body)
    assert answer.status == status
    assert trace == [*entered(), *inside, *left(status)]


@pytest.mark.parametrize(
    ("method", "path", "status", "levels"),
    [
        ("GET", "/nowhere", 404, LEVELS[:1]),
        ("GET", "/outer/inner/nowhere", 404, LEVELS[:1]),
        ("PROPFIND", "/nowhere", 501, LEVELS[:1]),
        ("GET", "/outer/inner/%ff", 400, LEVELS[:1]),
        ("DELETE", "/outer/inner/traced", 405, LEVELS[:4]),
        ("OPTIONS", "/outer/inner/traced", 204, LEVELS[:4]),
        ("PROPFIND", "/outer/inner/traced", 501, LEVELS[:1]),
    ],
)
async def test_answers_without_a_handler_pass_the_layers_around_them(
    serve: Serve, method: str, path: str, status: int, levels: Sequence[str]
) -> None:
    """404, 405, 501 and OPTIONS pass the middlewares of the levels that they belong to, and no guards."""
    trace: list[str] = []
    server = await serve(traced_app(trace))
    assert (await ask(server, method, path)).status == status
    assert trace == [*entered(levels), *left(status, levels)]


async def test_405_passes_what_all_handlers_of_the_path_share(serve: Serve) -> None:
    """Where two controllers have the methods of one path, 405 has the layers that both have."""
    trace: list[str] = []

    class Reading(Controller):
        path = "/shared"
        middlewares = (middleware("reading", trace),)

        @get()
        async def read(self) -> None: ...

    class Writing(Controller):
        path = "/shared"
        middlewares = (middleware("writing", trace),)

        @post()
        async def write(self) -> None: ...

    shared = Router(controllers=[Reading, Writing], middlewares=[middleware("router", trace)])
    server = await serve(app_of(shared, middlewares=[middleware("app", trace)]))
    assert (await ask(server, "DELETE", "/shared")).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert trace == ["> app", "> router", "< router 405", "< app 405"]


async def test_explain_tells_the_order_that_happens(serve: Serve) -> None:
    """The stages that App.explain lists are those that are noted when a request comes."""
    trace: list[str] = []
    app = traced_app(trace)
    told = app.explain("POST", "/outer/inner/traced")
    stages = re.findall(r"^ *\d+\. (.*)$", told, re.MULTILINE)
    named = [re.sub(r" \(.*", "", one) for one in stages]
    happens = {
        "middleware middleware_": "> ",
        "guard guard_": "guard ",
    }
    expected = []
    for one in named:
        for prefix, sign in happens.items():
            if one.startswith(prefix):
                expected.append(sign + one.removeprefix(prefix))
        if one.startswith("scoped service Service"):
            expected.append("open")
        if one.startswith("handler "):
            expected.append("handler")
        if one.startswith("cleanup: Service"):
            expected.append("close")
    server = await serve(app)
    await ask(server, "POST", "/outer/inner/traced", body={"x": 1})
    assert [one for one in trace if not one.startswith("<")] == expected
    order = [next(place for place, one in enumerate(stages) if one.startswith(start)) for start in STAGES]
    assert order == sorted(order)
