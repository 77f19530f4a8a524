"""The middlewares of aiohttp around controllers: what they see, what they may change, and what stays fast."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from aiohttp.web_middlewares import normalize_path_middleware

from framework import Controller, HTTPError, Request, Response, get, post
from framework._serve.connections.protocol import LeanProtocol
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, logged, problem, web_server_of

_EVENTS = web.AppKey("_EVENTS", list[str])


class OutOfStock(HTTPError, status=409, title="Out of stock"):
    """An error with a member."""

    sku: str


class TooEarly(HTTPError, status=425, title="Too early"):
    """An error of a status that has no class in aiohttp."""


class Orders(Controller):
    """Handlers that end in every way."""

    path = "/orders"

    @get()
    async def index(self, limit: int = 1) -> list[int]:
        """Return numbers."""
        return list(range(limit))

    @post()
    async def create(self) -> None:
        """Raise an error with a member."""
        raise OutOfStock("none left", sku="A-1", headers={"X-Left": "0"})

    @get("/native")
    async def native(self) -> None:
        """Raise an error of aiohttp's."""
        raise web.HTTPNotFound(text="no such order")

    @get("/early")
    async def early(self) -> None:
        """Raise an error that aiohttp has no class for."""
        raise TooEarly

    @get("/moved")
    async def moved(self) -> None:
        """Raise a redirect of aiohttp's."""
        raise web.HTTPFound("/orders")

    @get("/fail")
    async def fail(self) -> None:
        """Fail."""
        raise KeyError("secret")

    @get("/late")
    async def late(self) -> None:
        """Fail as a handler does that has waited in vain."""
        raise TimeoutError

    @get("/slash/")
    async def slash(self) -> str:
        """Return who it is."""
        return "slash"


async def serve_with(serve: Serve, *middlewares: Any, prefix: str = "", **settings: Any) -> TestServer:
    """Serve the controllers with aiohttp middlewares, alone or in a parent that has them."""
    application = app_of(Orders, **settings).build()
    outer = application
    if prefix:
        outer = web.Application()
        outer.add_subapp(prefix, application)
    outer.middlewares.extend(middlewares)
    return await serve(outer)


def watching(seen: list[Any]) -> Any:
    """Return a middleware that notes how each request ends, and rolls back after an exception."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except BaseException as error:
            seen.append(error)
            raise
        seen.append(response.status)
        return response

    return watch


ERRORS = {
    "404": ("GET", "/nowhere", web.HTTPNotFound, problem(404, "/nowhere")),
    "405": ("DELETE", "/orders", web.HTTPMethodNotAllowed, problem(405, "/orders")),
    "501": ("PROPFIND", "/orders", web.HTTPNotImplemented, problem(501, "/orders")),
    "422": (
        "GET",
        "/orders?limit=x",
        web.HTTPUnprocessableEntity,
        invalid("/orders", fault("query", "/limit", "type", "Expected `int`, got `str`")),
    ),
    "HTTPError": (
        "POST",
        "/orders",
        web.HTTPConflict,
        {**problem(409, "/orders", "none left", sku="A-1"), "title": "Out of stock"},
    ),
    "HTTPException": ("GET", "/orders/native", web.HTTPNotFound, problem(404, "/orders/native", "no such order")),
    "no class": (
        "GET",
        "/orders/early",
        web.HTTPClientError,
        {"type": "about:blank", "title": "Too early", "status": 425, "instance": "/orders/early"},
    ),
    "500": ("GET", "/orders/fail", KeyError, problem(500, "/orders/fail")),
    "timeout": ("GET", "/orders/late", TimeoutError, problem(500, "/orders/late")),
}


@pytest.mark.both_loops
@pytest.mark.parametrize("name", ERRORS)
async def test_middlewares_see_exceptions(serve: Serve, caplog: pytest.LogCaptureFixture, name: str) -> None:
    """Each error is raised through aiohttp's middlewares, and answered as without them; a 500 is logged once."""
    method, target, kind, body = ERRORS[name]
    seen: list[Any] = []
    server = await serve_with(serve, watching(seen))
    answer = await ask(server, method, target)
    assert answer.problem == body
    assert "Server" not in answer.headers
    assert (await ask(await serve(app_of(Orders)), method, target)).body == answer.body
    (error,) = seen
    assert isinstance(error, kind)
    if isinstance(error, web.HTTPException):
        assert error.status == answer.status
    caplog.clear()
    await ask(server, method, target)
    assert len(logged(caplog)) == (body["status"] == 500)


@pytest.mark.parametrize("name", ["404", "422", "HTTPError", "HTTPException"])
async def test_middlewares_of_a_parent_see_exceptions(serve: Serve, name: str) -> None:
    """The middlewares of an application around see the same below the prefix; the bodies are problems."""
    method, target, kind, body = ERRORS[name]
    seen: list[Any] = []
    server = await serve_with(serve, watching(seen), prefix="/api")
    answer = await ask(server, method, "/api" + target)
    if name != "HTTPException":
        assert answer.problem == {**body, "instance": "/api" + body["instance"]}
    assert [type(one) for one in seen] == [kind]


async def test_exception_carries_the_problem(serve: Serve) -> None:
    """A middleware that catches an HTTPException finds the problem, its headers and its cause in it."""
    caught: list[web.HTTPException] = []

    @web.middleware
    async def catch(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPMethodNotAllowed as error:
            return web.Response(text=f"{error.method} is not among {sorted(error.allowed_methods)}")
        except web.HTTPException as error:
            caught.append(error)
            return web.Response(text="caught", status=error.status)

    server = await serve_with(serve, catch)
    answer = await ask(server, "POST", "/orders")
    assert (answer.status, answer.body) == (409, b"caught")
    (error,) = caught
    assert isinstance(error.__cause__, OutOfStock)
    assert (error.headers["X-Left"], error.content_type) == ("0", "application/problem+json")
    assert b'"sku":"A-1"' in (error.body or b"")  # type: ignore[operator]  # bytes here
    assert (await ask(server, "DELETE", "/orders")).body == b"DELETE is not among ['GET', 'HEAD', 'OPTIONS', 'POST']"


async def test_middleware_changes_an_exception(serve: Serve) -> None:
    """Headers and cookies that a middleware gives to an exception are sent, beside those of our own layers."""

    @web.middleware
    async def stamp(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            error.headers["X-Native"] = str(error.status)
            error.set_cookie("seen", "yes")
            raise

    async def mark(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers["X-Ours"] = str(response.status)
        return response

    server = await serve_with(serve, stamp, middlewares=[mark])
    for method, target in (("GET", "/nowhere"), ("GET", "/orders/native"), ("POST", "/orders")):
        answer = await ask(server, method, target)
        assert answer.problem["status"] == answer.status
        names = ("X-Native", "X-Ours", "Set-Cookie")
        assert [answer.headers[name] for name in names] == [str(answer.status)] * 2 + ["seen=yes; Path=/"]


async def test_middleware_puts_another_response_in_place(serve: Serve) -> None:
    """A middleware may answer an error, raise another one, or change the text of the exception."""

    @web.middleware
    async def change(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPNotFound as error:
            if request.query_string == "text":
                error.text = "changed"
                raise
            if request.query_string == "other":
                raise web.HTTPGone(text="gone") from error
            if request.query_string == "ours":
                raise TooEarly from error
            return Response("page", status=404)

    server = await serve_with(serve, change)
    bodies = {one: (await ask(server, "GET", f"/nowhere?{one}")).body for one in ("", "text", "other")}
    assert bodies == {"": b"page", "text": b"changed", "other": b"gone"}
    assert (await ask(server, "GET", "/nowhere?ours")).problem["status"] == 425


async def test_exception_handlers_answer_before_middlewares(serve: Serve) -> None:
    """What an exception handler of the app answers is a response for aiohttp's middlewares, no exception."""

    async def page(_: Request, __: Exception) -> web.StreamResponse:
        return Response("page", status=404)

    seen: list[Any] = []
    server = await serve_with(serve, watching(seen), exception_handlers={404: page})
    assert (await ask(server, "GET", "/nowhere")).body == b"page"
    assert seen == [404]


async def test_error_of_a_middleware(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """An exception that a middleware itself raises is a 500 problem, logged once; its redirect is a redirect."""

    @web.middleware
    async def fail(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.query_string == "moved":
            raise web.HTTPFound("/elsewhere")
        await handler(request)
        raise ZeroDivisionError

    server = await serve_with(serve, fail)
    caplog.set_level(logging.ERROR)
    assert (await ask(server, "GET", "/orders")).problem == problem(500, "/orders")
    assert logged(caplog) == ["GET /orders failed"]
    moved = await ask(server, "GET", "/orders?moved")
    assert (moved.status, moved.headers["Location"]) == (302, "/elsewhere")
    assert (await ask(server, "GET", "/orders/moved")).headers["Location"] == "/orders"


async def test_redirect_of_a_handler_passes_as_itself(serve: Serve) -> None:
    """A redirect that a handler raises is the same exception for a middleware, and a redirect for the client."""
    seen: list[Any] = []
    answer = await ask(await serve_with(serve, watching(seen)), "GET", "/orders/moved")
    assert (answer.status, answer.headers["Location"]) == (302, "/orders")
    assert [type(one) for one in seen] == [web.HTTPFound]


async def test_middlewares_run_in_order(serve: Serve) -> None:
    """The first stands outermost, all see the match and the app, and the handler that stands in it."""
    events: list[str] = []

    def layer(name: str) -> Any:
        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            assert request.match_info.current_app is request.app is request.match_info.apps[0]
            events.append(f"{name} {request.match_info.route.resource.canonical}")  # type: ignore[union-attr]
            response = await handler(request)
            events.append(name)
            return response

        return note

    server = await serve_with(serve, layer("first"), layer("second"))
    for target in ("/orders", "/orders?limit=2"):
        events.clear()
        assert (await ask(server, "GET", target)).status == 200
        assert events == ["first /orders", "second /orders", "second", "first"]


@pytest.mark.filterwarnings("ignore:old-style middleware:DeprecationWarning")
async def test_old_style_middlewares(serve: Serve) -> None:
    """A middleware of aiohttp's old style, which makes a handler, is called as aiohttp calls it."""

    async def factory(_: web.Application, handler: Handler) -> Handler:
        async def around(request: web.Request) -> web.StreamResponse:
            response = await handler(request)
            response.headers["X-Old"] = "yes"
            return response

        return around

    server = await serve_with(serve, factory)
    assert (await ask(server, "GET", "/orders")).headers["X-Old"] == "yes"
    assert (await ask(server, "GET", "/nowhere")).problem == problem(404, "/nowhere")


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_paths_are_normalized(serve: Serve, prefix: str) -> None:
    """The middleware of aiohttp that tries other spellings of a path finds those of controllers, and redirects."""
    append = await serve_with(serve, normalize_path_middleware(), prefix=prefix)
    for target, location in (
        ("/orders/slash", "/orders/slash/"),
        ("/orders//slash/", "/orders/slash/"),
        ("/orders//slash?a=1", "/orders/slash/?a=1"),
    ):
        answer = await ask(append, "GET", prefix + target)
        assert (answer.status, answer.headers["Location"]) == (308, prefix + location)
    assert (await ask(append, "GET", f"{prefix}/nowhere")).problem == problem(404, f"{prefix}/nowhere")
    remove = await serve_with(serve, normalize_path_middleware(append_slash=False, remove_slash=True), prefix=prefix)
    answer = await ask(remove, "GET", f"{prefix}/orders/")
    assert (answer.status, answer.headers["Location"]) == (308, f"{prefix}/orders")


@pytest.mark.both_loops
@pytest.mark.parametrize("early", [False, True], ids=["after build", "before start"])
async def test_signals_that_are_added_at_start_up(serve: Serve, *, early: bool) -> None:
    """A handler of on_response_prepare that start-up adds sees every response, whenever start-up adds it."""

    async def stamp(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Signal"] = f"{request.path} {response.status}"

    async def start(application: web.Application) -> None:
        await asyncio.sleep(0)
        application.on_response_prepare.append(stamp)

    application = app_of(Orders).build()
    if early:
        application.on_startup.insert(0, start)
    else:
        application.on_startup.append(start)
    server = await serve(application)
    for target, status in (("/orders", 200), ("/orders?limit=x", 422), ("/nowhere", 404), ("/orders/fail", 500)):
        answer = await ask(server, "GET", target)
        assert answer.headers["X-Signal"] == f"{target.partition('?')[0]} {status}"


async def test_middlewares_keep_the_lean_protocol(serve: Serve) -> None:
    """An application with aiohttp middlewares is still served past aiohttp's router, by the lean protocol."""
    seen: list[Any] = []
    server = await serve_with(serve, watching(seen))
    async with connect(server) as connection:
        assert (await connection.exchange(make_request("GET", "/orders"))).json == [0]
        assert [type(one) for one in web_server_of(server).connections] == [LeanProtocol]
    assert seen == [200]


async def test_expectation_with_middlewares(serve: Serve) -> None:
    """A request that expects 100 Continue passes the same middlewares, and gets the same error."""
    seen: list[Any] = []
    server = await serve_with(serve, watching(seen))
    head = make_request("POST", "/orders", headers={"Expect": "100-continue", "Content-Length": "1"})
    async with connect(server) as connection:
        await connection.send(head)
        first = await connection.receive(method="HEAD")
        answer = await connection.exchange(b"x") if first.status == 100 else first
    assert answer.status == 409
    assert [type(one) for one in seen] == [web.HTTPConflict]


async def test_response_with_an_attribute_of_that_kind(serve: Serve) -> None:
    """A response of the user's own class is sent as it is, whatever attributes it has."""

    class Failed(web.Response):
        error = ValueError("an attribute")

    class Jobs(Controller):
        @get("/job")
        async def job(self) -> web.StreamResponse:
            return Failed(text="failed")

    application = app_of(Jobs).build()
    application.middlewares.append(watching([]))
    answer = await ask(await serve(application), "GET", "/job")
    assert (answer.status, answer.body) == (200, b"failed")
