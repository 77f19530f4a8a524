"""Exceptions become responses: by the nearest exception handler, or as problems, and middlewares see them so."""

import logging
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from framework import Controller, HTTPError, Request, Response, Router, get, post
from framework.http_errors import Conflict, Forbidden, NotFound, UnprocessableContent
from framework.typedefs import CallNext, ExceptionHandler, ExceptionHandlers
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem


class Base(Exception):
    """An error of the application."""


class Derived(Base):
    """A more special one."""


class Gone(HTTPError, status=410):
    """An answer that is an error."""


ERRORS: dict[str, Exception] = {
    "base": Base(),
    "derived": Derived(),
    "value": ValueError("secret"),
    "gone": Gone(),
    "forbidden": Forbidden("no"),
    "native": web.HTTPForbidden(text="no"),
    "native-404": web.HTTPNotFound(),
    "found": web.HTTPFound("/there"),
}


class Failing(Controller):
    """Fails in every way."""

    path = "/fail"

    @get("/{name}")
    async def fail(self, name: str) -> str:
        """Fail."""
        raise ERRORS[name]

    @post("/number")
    async def number(self, number: int, body: dict[str, int]) -> None:
        """Answer nothing."""


def answering(name: str) -> ExceptionHandler:
    """Return an exception handler that answers its name and the error."""

    async def answer(_: Request, error: Exception) -> web.StreamResponse:
        return Response(f"{name}: {type(error).__name__}", status=299)

    return answer


async def text_of(server: TestServer, name: str) -> str:
    """Return what is answered to an error by name."""
    answer = await ask(server, "GET", f"/fail/{name}")
    return f"{answer.status} {answer.body.decode()}"


@pytest.mark.parametrize(
    ("handlers", "name", "expected"),
    [
        pytest.param({Base: "base"}, "base", "base: Base", id="its class"),
        pytest.param({Base: "base"}, "derived", "base: Derived", id="a class that it derives from"),
        pytest.param({Base: "base", Derived: "derived"}, "derived", "derived: Derived", id="the most special class"),
        pytest.param({Derived: "derived", Base: "base"}, "derived", "derived: Derived", id="whatever the order"),
        pytest.param({Exception: "any", Base: "base"}, "value", "any: ValueError", id="any class"),
        pytest.param({500: "crash"}, "value", "crash: ValueError", id="a crash is a 500"),
        pytest.param({410: "status"}, "gone", "status: Gone", id="its status"),
        pytest.param({410: "status", Gone: "class"}, "gone", "class: Gone", id="class before status"),
        pytest.param({HTTPError: "http", 410: "status"}, "gone", "http: Gone", id="a class that it derives from first"),
        pytest.param({HTTPError: "http"}, "forbidden", "http: Forbidden", id="all answers that are errors"),
        pytest.param({403: "status"}, "native", "status: HTTPError", id="the status of an exception of aiohttp"),
        pytest.param(
            {HTTPError: "http"}, "native", "http: HTTPError", id="an exception of aiohttp is an HTTPError here"
        ),
        pytest.param({web.HTTPForbidden: "native"}, "native", "native: HTTPForbidden", id="a class of aiohttp"),
        pytest.param({web.HTTPException: "native"}, "native-404", "native: HTTPNotFound", id="all of aiohttp"),
        pytest.param({web.HTTPFound: "native"}, "found", "native: HTTPFound", id="a redirect of aiohttp by its class"),
        pytest.param({Exception: "any"}, "forbidden", "any: Forbidden", id="all exceptions"),
    ],
)
async def test_error_is_answered_by_the_handler_that_fits_best(
    serve: Serve, handlers: dict[Any, str], name: str, expected: str
) -> None:
    """On one level the handler of the most special class counts, then that of the status."""
    app = app_of(Failing, exception_handlers={key: answering(one) for key, one in handlers.items()})
    assert await text_of(await serve(app), name) == f"299 {expected}"


@pytest.mark.parametrize(
    ("handlers", "name"),
    [
        ({Derived: "derived"}, "base"),
        ({404: "status"}, "forbidden"),
        ({Gone: "gone"}, "forbidden"),
        ({500: "crash"}, "gone"),
        ({Exception: "any"}, "found"),
        ({web.HTTPNotFound: "native"}, "native"),
    ],
)
async def test_error_that_no_handler_fits_is_answered_as_ever(
    serve: Serve, handlers: dict[Any, str], name: str
) -> None:
    """Handlers for other errors change nothing, and a redirect is not an error."""
    app = app_of(Failing, exception_handlers={key: answering(one) for key, one in handlers.items()})
    plain = await text_of(await serve(app_of(Failing)), name)
    assert await text_of(await serve(app), name) == plain


@pytest.mark.parametrize("nearest", ["app", "router", "controller", "route"])
async def test_nearest_level_answers(serve: Serve, nearest: str) -> None:
    """Route, controller, router, app: what is nearest counts, though it be for a less special class."""
    levels = ("app", "router", "controller", "route")
    inside = levels[: levels.index(nearest) + 1]

    def handlers(level: str) -> dict[Any, ExceptionHandler]:
        if level not in inside:
            return {}
        return {(Exception if level == nearest else Derived): answering(level)}

    class Layered(Controller):
        exception_handlers = handlers("controller")

        @get("/fail/derived", exception_handlers=handlers("route"))
        async def fail(self) -> None:
            raise Derived

    router = Router(controllers=[Layered], exception_handlers=handlers("router"))
    server = await serve(app_of(router, exception_handlers=handlers("app")))
    assert await text_of(server, "derived") == f"299 {nearest}: Derived"


async def test_exception_handlers_see_errors_of_every_stage(serve: Serve) -> None:
    """404, 405, 422 and refusals of guards are answered by exception handlers like errors of handlers."""

    async def refuse(request: Request) -> None:
        if "X-Refuse" in request.headers:
            raise Forbidden

    app = app_of(Failing, exception_handlers={HTTPError: answering("http")}, guards=[refuse])
    server = await serve(app)
    for method, path, headers, body, name in (
        ("GET", "/nowhere", {}, None, "NotFound"),
        ("DELETE", "/fail/number", {}, None, "MethodNotAllowed"),
        ("PROPFIND", "/fail/number", {}, None, "NotImplementedMethod"),
        ("GET", "/fail/%ff", {}, None, "BadRequest"),
        ("GET", "/fail/base", {"X-Refuse": "1"}, None, "Forbidden"),
        ("POST", "/fail/number", {}, {}, "UnprocessableContent"),
        ("POST", "/fail/number?number=1", {}, b"{", "BadRequest"),
        ("POST", "/fail/number?number=1", {"Content-Type": "a/b"}, b"{", "UnsupportedMediaType"),
    ):
        answer = await ask(server, method, path, headers=headers, body=body)
        assert (answer.status, answer.body.decode()) == (299, f"http: {name}")


async def test_exception_handler_sees_the_error_whole(serve: Serve) -> None:
    """An exception handler can answer in a shape of its own, with the faults and headers of the error."""

    async def plain(request: Request, error: UnprocessableContent) -> web.StreamResponse:
        return Response([one.pointer for one in error.errors], status=error.status, headers={"X-Path": request.path})

    server = await serve(app_of(Failing, exception_handlers={422: plain}))
    answer = await ask(server, "POST", "/fail/number?number=x", body={"a": "b"})
    assert (answer.status, answer.json, answer.headers["X-Path"]) == (422, ["/number", "/a"], "/fail/number")


async def test_exception_handler_may_raise_an_answer(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """An exception handler turns an error into another by raising it; no other handler is asked."""

    async def translate(_: Request, error: Base) -> web.StreamResponse:
        raise Conflict("translated") from error

    async def redirect(_: Request, error: ValueError) -> web.StreamResponse:
        raise web.HTTPFound("/there") from error

    handlers = {Base: translate, ValueError: redirect, HTTPError: answering("http")}
    server = await serve(app_of(Failing, exception_handlers=handlers))
    assert (await ask(server, "GET", "/fail/base")).problem == problem(409, "/fail/base", "translated")
    answer = await ask(server, "GET", "/fail/value")
    assert (answer.status, answer.headers.get("Location")) == (302, "/there")
    assert logged(caplog) == []


async def test_exception_handler_that_fails_is_a_crash(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """An exception handler that fails, or answers no response, is a 500, logged once."""

    async def fail(_: Request, error: Base) -> web.StreamResponse:
        raise RuntimeError("the handler") from error

    async def answer_nothing(_: Request, __: ValueError) -> Any:
        return None

    server = await serve(app_of(Failing, exception_handlers={Base: fail, ValueError: answer_nothing}))
    assert (await ask(server, "GET", "/fail/base")).problem == problem(500, "/fail/base")
    assert logged(caplog) == ["GET /fail/base failed"]
    assert "RuntimeError: the handler" in caplog.text
    assert "Base" in caplog.text
    caplog.clear()
    assert (await ask(server, "GET", "/fail/value")).problem == problem(500, "/fail/value")
    assert logged(caplog) == ["GET /fail/value failed"]


class Statuses:
    """A middleware that keeps the statuses that it sees."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    async def __call__(self, request: Request, call_next: CallNext) -> web.StreamResponse:
        """Keep the status; nothing is ever raised by call_next."""
        response = await call_next(request)
        self.seen.append(response.status)
        response.headers["X-Seen"] = str(response.status)
        return response


async def test_middlewares_see_final_statuses(serve: Serve) -> None:
    """404, 405, 422, crashes and what exception handlers make of errors reach middlewares as responses."""
    outer, inner = Statuses(), Statuses()
    handlers = {Base: answering("base")}
    app = app_of(Router(controllers=[Failing], middlewares=[inner]), middlewares=[outer], exception_handlers=handlers)
    server = await serve(app)
    statuses = []
    for method, path in (
        ("GET", "/nowhere"),
        ("DELETE", "/fail/number"),
        ("POST", "/fail/number"),
        ("GET", "/fail/value"),
        ("GET", "/fail/base"),
        ("GET", "/fail/native"),
        ("GET", "/fail/found"),
    ):
        answer = await ask(server, method, path)
        assert answer.headers["X-Seen"] == str(answer.status)
        statuses.append(answer.status)
    assert statuses == [404, 405, 400, 500, 299, 403, 302]
    assert (outer.seen, inner.seen) == (statuses, statuses[1:])


@pytest.mark.parametrize("wrong", [None, "text", 5, {"a": 1}])
async def test_middleware_that_answers_no_response_is_a_crash(
    serve: Serve, wrong: object, caplog: pytest.LogCaptureFixture
) -> None:
    """A middleware that forgets its return is a 500, logged once, which the middlewares around it see."""
    outer = Statuses()

    async def forget(request: Request, call_next: CallNext) -> Any:
        await call_next(request)
        return wrong

    server = await serve(app_of(Failing, middlewares=[outer, forget]))
    assert (await ask(server, "GET", "/nowhere")).problem == problem(500, "/nowhere")
    assert (outer.seen, logged(caplog)) == ([500], ["GET /nowhere failed"])
    assert type(wrong).__name__ in caplog.text


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize(
    ("error", "status", "lines"),
    [(RuntimeError("secret"), 500, 1), (NotFound("no"), 404, 0), (web.HTTPFound("/x"), 302, 0), (Base(), 299, 0)],
)
async def test_middleware_that_raises_is_answered_where_it_stands(
    serve: Serve, where: str, error: Exception, status: int, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What a middleware raises is answered by the handlers of its level, and the middlewares around it see that."""
    outer = Statuses()

    async def fail(request: Request, call_next: CallNext) -> web.StreamResponse:
        if where == "after":
            await call_next(request)
        raise error

    class Fine(Controller):
        exception_handlers: ClassVar[ExceptionHandlers] = {Exception: answering("too deep")}

        @get("/fine")
        async def fine(self) -> str:
            return "fine"

    server = await serve(app_of(Fine, middlewares=[outer, fail], exception_handlers={Base: answering("base")}))
    answer = await ask(server, "GET", "/fine")
    assert (answer.status, outer.seen, len(logged(caplog))) == (status, [status], lines)


async def test_crash_is_logged_once_with_its_request(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """A crash is one line with method and encoded path, and its traceback, however many layers there are."""
    app = app_of(Router(controllers=[Failing], middlewares=[Statuses()]), middlewares=[Statuses(), Statuses()])
    server = await serve(app)
    await ask(server, "GET", "/fail/value?secret=1")
    await ask(server, "GET", "/fail/no%0D%0Asuch")
    assert logged(caplog) == ["GET /fail/value failed", "GET /fail/no%0D%0Asuch failed"]
    first = next(one for one in caplog.records if one.name == "framework")
    assert (first.levelno, first.exc_info is not None and first.exc_info[0]) == (logging.ERROR, ValueError)
