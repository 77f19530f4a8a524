"""Compiled middlewares: in which order their steps run, and what they see."""

from typing import Any, ClassVar

import pytest
from aiohttp import web

from framework import Controller, Request, Response, Router, WebSocket, get, websocket
from framework.http_errors import Conflict
from framework.layers import Layer, Steps
from tests.http.layered_shop import TRACE, Shop, traced
from tests.http.layers import Trace, called, shake_hands
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    """Begin each test with an empty trace."""
    TRACE.clear()


@pytest.mark.both_loops
@pytest.mark.parametrize("plain", [True, False])
async def test_steps_run_from_the_outside_in_and_back(serve: Serve, *, plain: bool) -> None:
    """On app, router, controller and route, with a user's own middleware among them."""

    class Deep(Controller):
        middlewares = (called("own", TRACE), traced("c", plain=plain))

        @get("/deep", middlewares=(traced("d", plain=plain),))
        async def deep(self) -> str:
            TRACE.append("handler")
            return "deep"

    app = app_of(Router("/r", [Deep], middlewares=[traced("b", plain=plain)]), middlewares=[traced("a", plain=plain)])
    answer = await ask(await serve(app), "GET", "/r/deep")
    assert answer.body == b"deep"
    assert [
        *(">a", ">b", ">own", ">c", ">d", "handler"),
        *("<d 200", "<c 200", "<own 200", "<b 200", "<a 200"),
    ] == TRACE


@pytest.mark.parametrize(
    ("method", "target", "status", "middle"),
    [
        ("GET", "/fine", 200, ["guard", "handler"]),
        ("HEAD", "/fine", 200, ["guard", "handler"]),
        ("GET", "/fine?number=0", 422, ["guard"]),
        ("GET", "/fine?banned", 403, ["guard"]),
        ("GET", "/lost", 500, ["guard"]),
        ("GET", "/late", 503, ["guard"]),
        ("GET", "/impatient", 500, ["guard"]),
        ("POST", "/things", 400, ["guard"]),
        ("OPTIONS", "/fine", 204, []),
        ("PUT", "/fine", 405, []),
        ("GET", "/nowhere", 404, []),
        ("OPTIONS", "/nowhere", 404, []),
        ("REPORT", "/fine", 501, []),
        ("GET", "/%ff", 400, []),
    ],
)
@pytest.mark.parametrize("separate", [True, False])
async def test_after_sees_every_response(
    serve: Serve, method: str, target: str, status: int, middle: Trace, *, separate: bool
) -> None:
    """Errors, refusals and what no handler responds to, in the endpoint and in a function around it."""
    own = [called("own", [])] if separate else []
    server = await serve(app_of(Shop, middlewares=[traced("a"), traced("b"), *own]))
    answer = await ask(server, method, target)
    assert (answer.status, TRACE) == (status, [">a", ">b", *middle, f"<b {status}", f"<a {status}"])


@pytest.mark.parametrize("separate", [True, False])
async def test_before_may_give_the_response(serve: Serve, *, separate: bool) -> None:
    """Nothing further in runs; the layers that were reached see the response."""
    own = [called("own", [])] if separate else []
    second = traced("b", before=lambda _: Response("b", status=203))
    server = await serve(app_of(Shop, middlewares=[traced("a"), second, traced("c"), *own]))
    answer = await ask(server, "GET", "/fine")
    assert (answer.status, answer.body, TRACE) == (203, b"b", [">a", ">b", "<b 203", "<a 203"])


@pytest.mark.parametrize("separate", [True, False])
async def test_before_may_raise(serve: Serve, caplog: pytest.LogCaptureFixture, *, separate: bool) -> None:
    """An HTTPError is its problem; anything else is a 500 that is logged."""

    def refuse(request: web.Request) -> None:
        raise Conflict("Not now") if "http" in request.query else KeyError("x")

    own = [called("own", [])] if separate else []
    server = await serve(app_of(Shop, middlewares=[traced("a"), traced("b", before=refuse), traced("c"), *own]))
    answer = await ask(server, "GET", "/fine?http")
    assert (answer.problem, TRACE) == (problem(409, "/fine", "Not now"), [">a", ">b", "<b 409", "<a 409"])
    assert logged(caplog) == []
    assert (await ask(server, "GET", "/fine")).problem == problem(500, "/fine")
    assert logged(caplog) == ["GET /fine failed"]


async def test_after_may_give_another_response(serve: Serve) -> None:
    """What is further out sees the new one; the stream in whose place it stands is closed."""
    replace = traced("b", after=lambda _: Response("other", status=203))
    server = await serve(app_of(Shop, middlewares=[traced("a"), replace]))
    for path in ("/fine", "/lines"):
        TRACE.clear()
        answer = await ask(server, "GET", path)
        assert (answer.status, answer.body) == (203, b"other")
        assert TRACE == [">a", ">b", "guard", "handler", "<b 200", "<a 203"]


async def test_after_may_raise(serve: Serve) -> None:
    """The response is that of the error, for the layers further out too."""

    def fail(_: web.StreamResponse) -> web.StreamResponse:
        raise Conflict("After all")

    server = await serve(app_of(Shop, middlewares=[traced("a"), traced("b", after=fail), traced("c")]))
    answer = await ask(server, "GET", "/fine")
    assert answer.problem == problem(409, "/fine", "After all")
    assert TRACE == [">a", ">b", ">c", "guard", "handler", "<c 200", "<b 200", "<a 409"]


async def test_what_is_not_a_response_is_an_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """``before`` gives None or a response, ``after`` a response: the log names the function."""
    wrong: Any = "text"
    before = await serve(app_of(Shop, middlewares=[traced("a", before=lambda _: wrong)]))
    assert (await ask(before, "GET", "/fine")).problem == problem(500, "/fine")
    nothing: Any = None
    after = await serve(app_of(Shop, middlewares=[traced("a", after=lambda _: nothing)]))
    assert (await ask(after, "GET", "/fine")).problem == problem(500, "/fine")
    errors = [str(one.exc_info[1]).partition(" (")[0] for one in caplog.records if one.exc_info]
    assert errors == ["before", "after"]


async def test_errors_are_answered_by_the_handlers_around_a_layer(serve: Serve) -> None:
    """What a layer of the app raises is not for the exception handlers of a controller, as with any middleware."""

    async def inner(_: Request, __: Conflict) -> Response[str]:
        return Response("inner", status=409)

    async def outer(_: Request, __: Conflict) -> Response[str]:
        return Response("outer", status=409)

    def refuse(_: web.Request) -> None:
        raise Conflict

    class Handling(Controller):
        exception_handlers: ClassVar = {Conflict: inner}

        @get("/app")
        async def plain(self) -> str:
            return ""

    async def body_of(**settings: Any) -> bytes:
        handling = type("Handling", (Handling,), settings.pop("controller", {}))
        app = app_of(handling, exception_handlers={Conflict: outer}, **settings)
        return (await ask(await serve(app), "GET", "/app")).body

    layer = traced("a", before=refuse)
    assert await body_of(middlewares=[layer]) == b"outer"
    assert await body_of(controller={"middlewares": (layer,)}) == b"inner"
    assert await body_of(middlewares=[traced("b")], controller={"middlewares": (traced("c"), layer)}) == b"inner"


async def test_a_response_that_is_sent_passes_no_more(serve: Serve) -> None:
    """``after`` is not called once the head is sent, by the handler itself or by an upgrade."""

    class Talking(Controller):
        @websocket("/talk")
        async def talk(self, socket: WebSocket[str]) -> None:
            """Say nothing."""

    server = await serve(app_of(Shop, Talking, middlewares=[traced("a")]))
    assert (await ask(server, "GET", "/own")).body == b"own"
    assert TRACE == [">a", "guard"]
    TRACE.clear()
    assert (await shake_hands(server, "/talk")).status == 101
    assert TRACE == [">a"]
    TRACE.clear()
    assert (await ask(server, "GET", "/talk")).status == 426
    assert TRACE == [">a", "<a 426"]


async def test_a_layer_may_do_nothing_for_a_route(serve: Serve) -> None:
    """``None`` leaves it out; it is asked once for each route, and once for what no handler responds to."""
    asked: list[str] = []

    class Choosy(Layer):
        def compile(self, route: Any) -> Steps | None:
            asked.append("none" if route is None else f"{route.method} {route.template} {route.handler}")
            return Steps(headers={"X-Choosy": "yes"}) if route is not None and route.template == "/fine" else None

    server = await serve(app_of(Shop, middlewares=[Choosy()]))
    assert (await ask(server, "GET", "/fine")).headers["X-Choosy"] == "yes"
    assert "X-Choosy" not in (await ask(server, "GET", "/lost")).headers
    assert "X-Choosy" not in (await ask(server, "GET", "/nowhere")).headers
    assert sorted(asked) == [
        "GET /fine Shop.fine",
        "GET /impatient Shop.impatient",
        "GET /late Shop.late",
        "GET /lines Shop.lines",
        "GET /lost Shop.lost",
        "GET /own Shop.own",
        "POST /things Shop.make",
        "none",
    ]
