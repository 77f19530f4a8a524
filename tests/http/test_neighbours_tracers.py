"""Tracers that replace methods and classes of aiohttp: whatever they replace is called, whenever they do it."""

import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web, web_protocol, web_server
from aiohttp.test_utils import TestServer
from aiohttp.web_urldispatcher import SystemRoute

import framework
from framework import Controller, get, post
from framework._serve.connections.protocol import LeanProtocol
from framework.http_errors import Conflict
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem, web_server_of

# ruff: noqa: SLF001  tracers replace private methods

Patch = Callable[[pytest.MonkeyPatch, list[Any]], None]


class Orders(Controller):
    """Handlers that end in every way."""

    path = "/orders"

    @get("/{order_id}")
    async def show(self, order_id: int) -> int:
        """Return the number."""
        return order_id

    @post()
    async def create(self) -> None:
        """Refuse."""
        raise Conflict("taken")

    @get("/fail")
    async def fail(self) -> None:
        """Fail."""
        raise KeyError("secret")


class Wrapper:
    """A wrapper that passes itself off as what it wraps, as wrapt's does."""

    def __init__(self, wrapped: Any, note: Callable[[Any], None]) -> None:
        self.__wrapped__ = wrapped
        self._note = note

    @property  # type: ignore[misc]  # it lies about its class
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  the same
        return type(self.__wrapped__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __get__(self, instance: Any, _: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Note the arguments, and call what is wrapped."""
        self._note(args)
        return self.__wrapped__(*args, **kwargs)


def handle_with_wraps(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace Application._handle by a function that looks like it."""
    stock = web.Application._handle

    @functools.wraps(stock)
    async def traced(self: web.Application, request: web.Request) -> web.StreamResponse:
        try:
            response = await stock(self, request)
        except Exception as error:
            seen.append(type(error))
            raise
        seen.append(response.status)
        return response

    patch.setattr(web.Application, "_handle", traced)


def handle_with_wrapper(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace Application._handle by an object that passes itself off as a function."""
    wrapper = Wrapper(web.Application._handle, lambda args: seen.append(args[1].path))
    patch.setattr(web.Application, "_handle", wrapper)


def resolve(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace UrlDispatcher.resolve, and read what tracers read of a match."""
    stock = web.UrlDispatcher.resolve

    @functools.wraps(stock)
    async def traced(self: web.UrlDispatcher, request: web.Request) -> Any:
        match = await stock(self, request)
        info = match.get_info()
        seen.append((match.handler.__qualname__, info.get("path") or info.get("formatter")))
        return match

    patch.setattr(web.UrlDispatcher, "resolve", traced)


def start(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace RequestHandler.start."""
    stock = web_protocol.RequestHandler.start

    async def traced(self: Any) -> None:
        seen.append("start")
        await stock(self)

    patch.setattr(web_protocol.RequestHandler, "start", traced)


def finish(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace RequestHandler.finish_response."""
    wrapper = Wrapper(web_protocol.RequestHandler.finish_response, lambda args: seen.append(args[2].status))
    patch.setattr(web_protocol.RequestHandler, "finish_response", wrapper)


def protocol(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace the class RequestHandler."""

    class Traced(web_protocol.RequestHandler):
        __slots__ = ()

        def log_access(self, request: Any, response: Any, time: Any) -> None:
            seen.append(response.status)
            super().log_access(request, response, time)

    patch.setattr(web_protocol, "RequestHandler", Traced)
    patch.setattr(web_server, "RequestHandler", Traced)


def make_request_of(patch: pytest.MonkeyPatch, seen: list[Any]) -> None:
    """Replace Application._make_request."""
    stock = web.Application._make_request

    def traced(self: web.Application, *args: Any, **kwargs: Any) -> web.Request:
        seen.append("request")
        return stock(self, *args, **kwargs)

    patch.setattr(web.Application, "_make_request", traced)


WHAT: dict[str, tuple[Patch, list[Any]]] = {
    "_handle, wraps": (handle_with_wraps, [200, web.HTTPNotFound, web.HTTPConflict, KeyError]),
    "_handle, wrapper": (handle_with_wrapper, ["/orders/3", "/nowhere", "/orders", "/orders/fail"]),
    "resolve": (
        resolve,
        [
            ("Orders.show", "/orders/{order_id}"),
            ("SystemRoute._handle", None),
            ("Orders.create", "/orders"),
            ("Orders.fail", "/orders/fail"),
        ],
    ),
    "start": (start, ["start"] * 4),
    "finish_response": (finish, [200, 404, 409, 500]),
    "RequestHandler": (protocol, [200, 404, 409, 500]),
    "_make_request": (make_request_of, ["request"] * 4),
}


async def check_responses(server: TestServer) -> None:
    """Send a request of each kind; the responses are those of an app without a tracer."""
    assert (await ask(server, "GET", "/orders/3")).json == 3
    assert (await ask(server, "GET", "/nowhere")).problem == problem(404, "/nowhere")
    assert (await ask(server, "POST", "/orders")).problem == problem(409, "/orders", "taken")
    assert (await ask(server, "GET", "/orders/fail")).problem == problem(500, "/orders/fail")


@pytest.mark.both_loops
@pytest.mark.parametrize("when", ["before build", "after build", "at start-up"])
@pytest.mark.parametrize("what", WHAT)
async def test_replaced_parts_are_called(serve: Serve, monkeypatch: pytest.MonkeyPatch, what: str, when: str) -> None:
    """What a tracer has replaced when the app begins to serve sees every request; the responses stay the same."""
    seen: list[Any] = []
    patch, expected = WHAT[what]
    if when == "before build":
        patch(monkeypatch, seen)
    application = app_of(Orders).build()

    async def trace(_: web.Application) -> None:
        patch(monkeypatch, seen)

    if when == "after build":
        await trace(application)
    elif when == "at start-up":
        application.on_startup.append(trace)
    await check_responses(await serve(application))
    assert seen == expected


async def test_handle_that_is_replaced_on_the_application(serve: Serve) -> None:
    """Whoever replaces _handle of one application is called for that one alone."""
    seen: list[str] = []
    application = app_of(Orders).build()
    stock = application._handle

    async def traced(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        return await stock(request)

    application._handle = traced  # type: ignore[method-assign]  # what a tracer does
    await check_responses(await serve(application))
    await check_responses(await serve(app_of(Orders)))
    assert seen == ["/orders/3", "/nowhere", "/orders", "/orders/fail"]


async def test_class_that_is_replaced(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subclass that stands in the place of web.Application, and adds a middleware, is built and served fast."""
    seen: list[Any] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> Any:
        seen.append(request.match_info.route.resource and request.match_info.route.resource.canonical)
        return await handler(request)

    with pytest.warns(DeprecationWarning, match="Inheritance class Instrumented"):

        class Instrumented(web.Application):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **{**kwargs, "middlewares": [note, *kwargs.pop("middlewares", ())]})

    monkeypatch.setattr(web, "Application", Instrumented)
    application = app_of(Orders).build()
    assert isinstance(application, Instrumented)
    server = await serve(application)
    await check_responses(server)
    assert seen == ["/orders/{order_id}", None, "/orders", "/orders/fail"]
    async with connect(server) as connection:
        await connection.exchange(make_request("GET", "/orders/3"))
        assert [type(one) for one in web_server_of(server).connections] == [LeanProtocol]


async def test_handlers_that_are_wrapped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wraps the handler of each route when it is made sees each request that a route takes."""
    seen: list[str] = []
    stock = web.ResourceRoute.__init__

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        self._handler = Wrapper(self._handler, lambda _: seen.append(self._handler.__qualname__))

    monkeypatch.setattr(web.ResourceRoute, "__init__", make)
    await check_responses(await serve(app_of(Orders)))
    assert seen == ["Orders.show", "Orders.create", "Orders.fail"]


async def test_system_routes_that_are_wrapped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wraps aiohttp's handler of paths that do not exist, beside Application._handle, sees those."""
    seen: list[Any] = []
    handle_with_wraps(monkeypatch, [])
    wrapper = Wrapper(SystemRoute._handle, lambda args: seen.append((args[0].status, args[1].path)))
    monkeypatch.setattr(SystemRoute, "_handle", wrapper)
    server = await serve(app_of(Orders))
    await check_responses(server)
    assert (await ask(server, "DELETE", "/orders")).problem == problem(405, "/orders")
    assert seen == [(404, "/nowhere"), (405, "/orders")]


async def test_tracer_of_a_parent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a mounted app a tracer sees the same exceptions, and the bodies of errors of clients are problems."""
    seen: list[Any] = []
    handle_with_wraps(monkeypatch, seen)
    outer = web.Application()
    outer.add_subapp("/api", app_of(Orders).build())
    server = await serve(outer)
    assert (await ask(server, "GET", "/api/nowhere")).problem == problem(404, "/api/nowhere")
    assert (await ask(server, "POST", "/api/orders")).problem == problem(409, "/api/orders", "taken")
    assert (await ask(server, "GET", "/api/orders/fail")).status == 500
    assert seen == [web.HTTPNotFound, web.HTTPConflict, KeyError]


async def test_app_without_a_tracer_takes_the_fast_path(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracer that has gone when the app starts costs nothing; the one before did not change the class for good."""
    with monkeypatch.context() as patch:
        handle_with_wraps(patch, [])
        application = app_of(Orders).build()
    server = await serve(application)
    assert web_server_of(server).request_handler.__module__ == "framework._serve.connections.fast_path"


PROGRAM = """
import asyncio
import functools

from aiohttp import web, web_protocol
from aiohttp.test_utils import TestClient, TestServer

seen = []

def trace(kind, name):
    stock = getattr(kind, name)

    @functools.wraps(stock)
    async def traced(*args, **kwargs):
        seen.append(name)
        return await stock(*args, **kwargs)

    setattr(kind, name, traced)

trace(web.Application, "_handle")
trace(web.UrlDispatcher, "resolve")
trace(web_protocol.RequestHandler, "start")

from framework import App, Controller, get

class Orders(Controller):
    @get("/orders/{order_id}")
    async def show(self, order_id: int) -> int:
        return order_id

async def main():
    async with TestClient(TestServer(App([Orders], openapi=None).build())) as client:
        async with client.get("/orders/3") as response:
            print(response.status, await response.text(), *seen)

asyncio.run(main())
"""


def test_tracer_that_comes_before_the_import() -> None:
    """What was replaced before the framework is imported is respected as well."""
    run = subprocess.run(  # noqa: S603  the interpreter that runs the tests
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        check=False,
        cwd=Path(framework.__file__).parents[1],
        text=True,
    )
    assert (run.stdout, run.stderr) == ("200 3 start _handle resolve\n", "")
