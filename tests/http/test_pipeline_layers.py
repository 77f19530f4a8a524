"""What may stand as a layer: functions, classes that the container builds, instances, and what else can be called."""

import functools
from typing import NewType

import pytest
from aiohttp import web
from msgspec import Struct

from framework import Container, Controller, Request, Response, get, post
from framework.http_errors import Forbidden, ServiceUnavailable
from framework.typedefs import CallNext
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, logged, problem

Word = NewType("Word", str)


class Body(Struct):
    """A body."""

    x: int


class Stamp:
    """A middleware that is built by the container."""

    built = 0

    def __init__(self, word: Word) -> None:
        Stamp.built += 1
        self._word = word

    async def __call__(self, request: Request, call_next: CallNext) -> web.StreamResponse:
        """Stamp the answer."""
        response = await call_next(request)
        response.headers["X-Stamp"] = self._word
        return response


class Allow:
    """A guard that is built by the container, or by hand."""

    def __init__(self, word: Word) -> None:
        self._word = word

    async def __call__(self, request: Request) -> None:
        """Let in who knows the word."""
        if request.headers.get("X-Word") != self._word:
            raise Forbidden("You do not know the word")


class Teller:
    """An exception handler that is built by the container."""

    def __init__(self, word: Word) -> None:
        self._word = word

    async def __call__(self, _: Request, error: LookupError) -> web.StreamResponse:
        """Tell of the error."""
        return Response(f"{self._word}: {error!r}", status=410)


class Guarded(Controller):
    """Answers, and fails."""

    @get("/fine")
    async def fine(self) -> str:
        """Answer."""
        return "fine"

    @get("/lost")
    async def lost(self) -> str:
        """Fail."""
        raise KeyError("key")


@pytest.mark.parametrize("built", [True, False])
async def test_layers_are_classes_or_instances(serve: Serve, *, built: bool) -> None:
    """A class among the layers is built once with its services; an instance is used as it is."""
    Stamp.built = 0
    container = Container()
    container.add_instance(Word, "sesame")
    app = app_of(
        Guarded,
        container=container,
        middlewares=[Stamp if built else Stamp(Word("sesame"))],
        guards=[Allow if built else Allow(Word("sesame"))],
        exception_handlers={LookupError: Teller if built else Teller(Word("sesame"))},
    )
    server = await serve(app)
    for _ in range(2):
        answer = await ask(server, "GET", "/fine", headers={"X-Word": "sesame"})
        assert (answer.body, answer.headers["X-Stamp"]) == (b"fine", "sesame")
    refused = await ask(server, "GET", "/fine")
    assert (refused.problem, refused.headers["X-Stamp"]) == (
        problem(403, "/fine", "You do not know the word"),
        "sesame",
    )
    lost = await ask(server, "GET", "/lost", headers={"X-Word": "sesame"})
    assert (lost.status, lost.body, lost.headers["X-Stamp"]) == (410, b"sesame: KeyError('key')", "sesame")
    assert Stamp.built == 1


async def test_layers_are_partials_and_methods(serve: Serve) -> None:
    """Whatever can be called as a layer is one: a partial, a bound method."""

    async def stamp(word: str, request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers.add("X-Stamp", word)
        return response

    middlewares = [functools.partial(stamp, "a"), functools.partial(stamp, "b"), Stamp(Word("c")).__call__]
    answer = await ask(await serve(app_of(Guarded, middlewares=middlewares)), "GET", "/fine")
    assert answer.headers.getall("X-Stamp") == ["c", "b", "a"]


async def test_middleware_may_answer_itself(serve: Serve) -> None:
    """A middleware that does not call on keeps guards and handler from running."""
    trace: list[str] = []

    async def answer_itself(_: Request, __: CallNext) -> web.StreamResponse:
        trace.append("middleware")
        return Response("cached", status=203)

    async def refuse(_: Request) -> None:
        trace.append("guard")

    answer = await ask(await serve(app_of(Guarded, middlewares=[answer_itself], guards=[refuse])), "GET", "/fine")
    assert (answer.status, answer.body, trace) == (203, b"cached", ["middleware"])


async def test_middleware_may_call_the_rest_again(serve: Serve) -> None:
    """call_next may be called more than once; each time the whole rest runs, the body included."""
    calls: list[int] = []

    class Flaky(Controller):
        @post("/flaky")
        async def handle(self, body: Body) -> int:
            calls.append(body.x)
            if len(calls) < 3:
                raise ServiceUnavailable
            return body.x

    async def retry(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        while response.status == 503:
            response = await call_next(request)
        return response

    answer = await ask(await serve(app_of(Flaky, middlewares=[retry])), "POST", "/flaky", body={"x": 7})
    assert (answer.json, calls) == (7, [7, 7, 7])


async def test_response_of_an_inner_layer_may_be_read_and_changed(serve: Serve) -> None:
    """A Response that a middleware or an exception handler has made is whole for the layers around it."""
    seen: list[tuple[str | None, int | None]] = []

    async def outer(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        assert isinstance(response, web.Response)
        seen.append((response.text, response.content_length))
        response.text = f"outer, around {response.text}"
        return response

    async def inner(request: Request, call_next: CallNext) -> web.StreamResponse:
        return Response("inner") if request.path == "/fine" else await call_next(request)

    async def tell(_: Request, error: LookupError) -> web.StreamResponse:
        return Response(str(error), status=410)

    server = await serve(app_of(Guarded, middlewares=[outer, inner], exception_handlers={LookupError: tell}))
    assert (await ask(server, "GET", "/fine")).body == b"outer, around inner"
    assert (await ask(server, "GET", "/lost")).body == b"outer, around 'key'"
    assert seen == [("inner", 5), ("'key'", 5)]


@pytest.mark.parametrize("path", ["/fine", "/lost"])
async def test_response_of_a_layer_that_cannot_be_encoded_is_a_crash(
    serve: Serve, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A value that nothing encodes is a 500 as well where a layer answers it."""

    async def inner(request: Request, call_next: CallNext) -> web.StreamResponse:
        return Response([object()]) if request.path == "/fine" else await call_next(request)

    async def tell(_: Request, __: LookupError) -> web.StreamResponse:
        return Response([object()])

    server = await serve(app_of(Guarded, middlewares=[inner], exception_handlers={LookupError: tell}))
    assert (await ask(server, "GET", path)).problem == problem(500, path)
    assert logged(caplog) == [f"GET {path}: a response cannot be encoded"]
