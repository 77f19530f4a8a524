"""What layers that store responses use: routes that run again, hidden headers, private responses."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from framework import Controller, Request, Response, get
from framework.caching import forbid_storing, may_be_stored
from framework.layers import Layer, Steps, remove_headers, repeat
from framework.middleware import csp_nonce
from framework.responses import not_modified
from framework.routing import RouteInfo
from tests.http.observing import Recorder
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem

_AGAIN = web.RequestKey("again", bool)


class Repeats(Layer):
    """Runs each route once more, after its first response."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[web.StreamResponse]] = []

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return the step."""
        return Steps(after=self._after, behind_guards=True)

    async def _after(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if not request.get(_AGAIN):
            request[_AGAIN] = True
            self.tasks.append(asyncio.create_task(repeat(request)))
        return response


class Counting(Controller):
    """Counts its calls."""

    calls = 0

    @get("/count/{name}")
    async def count(self, name: str, request: Request, by: int = 1) -> str:
        """Count."""
        Counting.calls += by
        return f"{name} {Counting.calls} {request.headers['X-A']}"

    @get("/broken")
    async def broken(self) -> str:
        """Fail when it is called again."""
        Counting.calls += 1
        if Counting.calls > 1:
            raise KeyError
        return "once"


@pytest.fixture(autouse=True)
def no_calls() -> None:
    """Begin to count."""
    Counting.calls = 0


async def repeated(serve: Serve, target: str, **settings: Any) -> tuple[str, web.StreamResponse]:
    """Return the response to a request, and that of its repetition."""
    layer = Repeats()
    server = await serve(app_of(Counting, middlewares=[layer], **settings))
    answer = await ask(server, "GET", target, headers={"X-A": "a"})
    (task,) = layer.tasks
    return answer.body.decode(), await task


@pytest.mark.both_loops
async def test_a_route_runs_again(serve: Serve) -> None:
    """With the same path, query and headers; its response is not sent, and no observer sees it."""
    recorder = Recorder()

    body, again = await repeated(serve, "/count/b?by=2", observers=[recorder])

    assert body == "b 2 a"
    assert isinstance(again, web.Response)
    assert again.body == b"b 4 a"
    assert [one.status for one in await recorder.ended(1)] == [200]


async def test_a_repetition_that_fails_is_an_error_of_its_own(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """The response of the first request is complete."""
    body, again = await repeated(serve, "/broken")

    assert (body, again.status) == ("once", 500)
    assert "GET /broken failed" in caplog.text


async def test_a_repetition_cannot_write_to_the_connection(serve: Serve) -> None:
    """A handler that sends its response itself fails, and the connection stays as it is."""
    sent: list[web.StreamResponse] = []

    class Own(Controller):
        @get("/self")
        async def own(self, request: Request) -> web.StreamResponse:
            if not request.get(_AGAIN):
                request[_AGAIN] = True
                sent.append(await repeat(request))
                return Response("first")
            response = Response("second")
            await response.prepare(request)
            return response

    server = await serve(app_of(Own))
    assert (await ask(server, "GET", "/self")).body == b"first"
    assert [one.status for one in sent] == [500]


async def test_headers_are_hidden_from_inner_layers(serve: Serve) -> None:
    """Those that are named, however they are spelled."""

    class Hides(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            return Steps(before=lambda request: remove_headers(request, ["x-a", "X-None"]))

    class Shows(Controller):
        @get("/headers")
        async def show(self, request: Request) -> str:
            return f"{'X-A' in request.headers} {request.headers['X-B']}"

    server = await serve(app_of(Shows, middlewares=[Hides()]))

    assert (await ask(server, "GET", "/headers", headers={"X-A": "a", "X-B": "b"})).body == b"False b"


async def test_a_nonce_forbids_storing(serve: Serve) -> None:
    """A response with a nonce is for its request alone, and so is what code of one's own says."""

    class Private(Controller):
        @get("/{how}")
        async def show(self, how: str, request: Request) -> str:
            if how == "nonce":
                csp_nonce(request)
            if how == "own":
                forbid_storing(request)
            return str(may_be_stored(request))

    server = await serve(app_of(Private))

    answers = [(await ask(server, "GET", f"/{how}")).body for how in ("plain", "nonce", "own")]
    assert answers == [b"True", b"False", b"False"]


async def test_a_response_becomes_a_304(serve: Serve) -> None:
    """It keeps its headers, except those of its body."""

    class Known(Layer):
        def compile(self, _: RouteInfo | None) -> Steps:
            return Steps(after=lambda _, response: not_modified(response) if response.status == 200 else response)

    class Tagged(Controller):
        @get("/tagged")
        async def show(self) -> Response[str]:
            return Response("text", headers={"ETag": '"v1"', "Content-Language": "de"})

    server = await serve(app_of(Tagged, middlewares=[Known()]))

    answer = await ask(server, "GET", "/tagged")
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", '"v1"')
    assert "Content-Type" not in answer.headers
    assert (await ask(server, "GET", "/none")).problem == problem(404, "/none")
