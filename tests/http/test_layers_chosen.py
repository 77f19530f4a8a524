"""Compiled middlewares whose headers depend on a header of the request, and steps that run for some requests only."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, ClassVar

import pytest
from aiohttp import web

from framework import Controller, HTTPError, Request, Response, get
from framework.errors import InvalidLayerError
from framework.layers import Layer, Steps, replace_header
from framework.responses import HeaderLines
from framework.routing import RouteInfo
from framework.typedefs import CallNext
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of
from tests.startup.expected import mistakes

Choose = Callable[[str], Mapping[str, str] | None]


class Choosing(Layer):
    """Adds headers by a header of the request, and counts how often it chooses."""

    def __init__(self, name: str, added: str) -> None:
        self.name = name
        self.added = added
        self.asked: list[str] = []

    def compile(self, route: RouteInfo | None) -> Steps:
        """Choose for all routes."""
        del route
        return Steps(headers={"Vary": self.name}, headers_by={self.name: self.choose})

    def choose(self, value: str) -> Mapping[str, str] | None:
        """Choose for all values but one."""
        self.asked.append(value)
        return None if value == "none" else {self.added: value}


class Given(Layer):
    """Has the steps that it is given."""

    nearest: ClassVar[bool] = True

    def __init__(self, **steps: Any) -> None:
        self.steps = steps

    def compile(self, route: RouteInfo | None) -> Steps:
        """Return them."""
        del route
        return Steps(**self.steps)


class Gone(HTTPError, status=410):
    """It is not there any more."""


class Songs(Controller):
    """Responds in many ways."""

    @get("/text")
    async def text(self) -> str:
        """Return a text."""
        return "text"

    @get("/json")
    async def json(self) -> list[int]:
        """Return what may be JSON or MessagePack."""
        return [1]

    @get("/tagged", etag=lambda _: "v1")
    async def tagged(self) -> str:
        """Have a version."""
        return "tagged"

    @get("/made")
    async def made(self) -> Response[str]:
        """Make the response."""
        return Response("made", headers={"X-Lang": "own"})

    @get("/either")
    async def either(self, plain: int) -> str | Response[str]:
        """Make the response or not."""
        return "plain" if plain else Response("made")

    @get("/gone")
    async def gone(self) -> None:
        """Fail."""
        raise Gone

    @get("/stream")
    async def stream(self) -> AsyncIterator[int]:
        """Yield."""
        yield 1


async def pass_on(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Stand between."""
    return await call_next(request)


@pytest.mark.parametrize("between", [[], [pass_on]])
@pytest.mark.parametrize(
    ("target", "status", "expected"),
    [
        ("/text", 200, "de"),
        ("/json", 200, "de"),
        ("/tagged", 200, "de"),
        ("/made", 200, "own"),
        ("/either?plain=1", 200, "de"),
        ("/either?plain=0", 200, "de"),
        ("/either?plain=x", 422, "de"),
        ("/gone", 410, "de"),
        ("/stream", 200, "de"),
        ("/nowhere", 404, "de"),
    ],
)
async def test_every_response(serve: Serve, between: list[Any], target: str, status: int, expected: str) -> None:
    """Headers are chosen for every response, the same way each time; a handler's own stay."""
    layers = [Choosing("Accept-Language", "X-Lang"), *between, Choosing("X-Tenant", "X-For")]
    server = await serve(app_of(Songs, middlewares=layers))
    async with connect(server) as connection:
        for language, tenant in (("de", "a"), ("fr", "a"), ("none", "b"), ("de", "a")):
            sent = {"Accept-Language": language, "X-Tenant": tenant}
            answer = await connection.exchange(make_request("GET", target, headers=sent))
            own = {"de": expected, "fr": expected.replace("de", "fr"), "none": "own" if expected == "own" else None}
            assert answer.status == status
            assert (answer.headers.get("X-Lang"), answer.headers["X-For"]) == (own[language], tenant)
            names = [one for one in answer.headers["Vary"].split(", ") if one != "Accept"]
            assert sorted(names) == ["Accept-Language", "X-Tenant"]
        answer = await connection.exchange(make_request("GET", target))
        assert (answer.headers.get("X-Lang"), answer.headers.get("X-For")) == (own["none"], None)


async def test_chosen_once(serve: Serve) -> None:
    """A value is asked about once for a prepared head; missing, empty and repeated headers never."""
    layer = Choosing("X-Tenant", "X-For")
    server = await serve(app_of(Songs, middlewares=[layer]))

    for headers in ({}, {"X-Tenant": ""}, {"X-Tenant": "a"}, {"X-Tenant": "a"}):
        await ask(server, "GET", "/text", headers=headers)
    async with connect(server) as connection:
        head = make_request("GET", "/text", headers={"X-Tenant": "b"}).removesuffix(b"\r\n")
        answer = await connection.exchange(head + b"X-Tenant: c\r\n\r\n")

    assert layer.asked == ["a"]
    assert "X-For" not in answer.headers


async def test_many_values(serve: Serve) -> None:
    """More values than are remembered get their headers all the same."""
    server = await serve(app_of(Songs, middlewares=[Choosing("X-Tenant", "X-For")]))
    async with connect(server) as connection:
        for target in ("/text", "/made"):
            for number in range(300):
                data = make_request("GET", target, headers={"X-Tenant": str(number)})
                assert (await connection.exchange(data)).headers["X-For"] == str(number)


async def test_before_if(serve: Serve) -> None:
    """A step that is for requests with a header is not called for others."""
    seen: list[str] = []

    def note(request: web.Request) -> None:
        seen.append(request.headers.get("X-One", "") + request.headers.get("X-Two", ""))

    server = await serve(app_of(Songs, middlewares=[Given(before=note, before_if=("x-one", "X-Two"))]))
    for headers in ({}, {"X-One": "1"}, {"X-Other": "0"}, {"X-Two": "2"}):
        assert (await ask(server, "GET", "/text", headers=headers)).status == 200
        assert (await ask(server, "GET", "/nowhere", headers=headers)).status == 404

    assert seen == ["1", "1", "2", "2"]


@pytest.mark.parametrize(
    "behind", [{}, {"behind_guards": True}, {"after_validation": True}], ids=["", "guards", "valid"]
)
async def test_a_value_is_kept_for_after(serve: Serve, behind: dict[str, bool]) -> None:
    """What ``before`` returns is no response; it is None if ``before`` was skipped or has raised an error."""

    def before(request: web.Request) -> str:
        if request.headers["X-One"] == "raise":
            raise Gone
        return request.headers["X-One"]

    def after(_: web.Request, response: web.StreamResponse, kept: str | None) -> web.StreamResponse:
        response.headers["X-Kept"] = str(kept)
        return response

    layer = Given(before=before, before_if=("X-One",), after=after, keeps=True, **behind)
    server = await serve(app_of(Songs, middlewares=[layer]))
    for target in ("/text", "/json", "/made"):
        for sent, status, kept in (("a", 200, "a"), ("", 200, ""), ("raise", 410, "None"), (None, 200, "None")):
            headers = {} if sent is None else {"X-One": sent}
            found = await ask(server, "GET", target, headers=headers)
            assert (found.status, found.headers["X-Kept"]) == (status, kept)


async def test_a_plain_function_that_waits(serve: Serve) -> None:
    """A plain ``after`` may return a coroutine, whose errors are responses as those of any step."""

    async def late(response: web.StreamResponse, status: str) -> web.StreamResponse:
        if status == "410":
            raise Gone
        response.headers["X-Late"] = "yes"
        return response

    def after(request: web.Request, response: web.StreamResponse) -> Any:
        status = request.headers.get("X-Late")
        return response if status is None else late(response, status)

    server = await serve(app_of(Songs, middlewares=[Given(after=after)]))

    assert "X-Late" not in (await ask(server, "GET", "/text")).headers
    assert (await ask(server, "GET", "/text", headers={"X-Late": "200"})).headers["X-Late"] == "yes"
    assert (await ask(server, "GET", "/text", headers={"X-Late": "410"})).status == 410


async def test_the_nearest_in_the_place_of_the_outermost(serve: Serve) -> None:
    """The instance of a route runs where that of the app stands."""
    seen: list[str] = []

    def noting(name: str) -> Any:
        def note(request: web.Request) -> None:
            del request
            seen.append(name)

        return note

    class Inner(Songs):
        middlewares = (Given(before=noting("inner")),)

    class Between(Layer):
        def compile(self, route: RouteInfo | None) -> Steps:
            del route
            return Steps(before=noting("between"))

    server = await serve(app_of(Inner, middlewares=[Given(before=noting("outer")), Between()]))
    await ask(server, "GET", "/text")

    assert seen == ["inner", "between"]


async def test_another_request_header(serve: Serve) -> None:
    """What is inside of a layer sees the header that the layer puts there."""

    def replace(request: web.Request) -> None:
        assert request.headers["X-Name"] == "outside"
        replace_header(request, "x-name", "inside")

    class Named(Controller):
        @get("/name")
        async def name(self, request: Request) -> str:
            return f"{request.headers['X-Name']} {request.headers.getall('X-Name')}"

    server = await serve(app_of(Named, middlewares=[Given(before=replace)]))

    assert (await ask(server, "GET", "/name", headers={"X-Name": "outside"})).body == b"inside ['inside']"


async def test_header_lines(serve: Serve) -> None:
    """Lines that are added in a step stand on prepared responses and on others."""
    lines = HeaderLines({"X-Added": "yes", "Vary": "X-One, x-two"})

    def after(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        del request
        return lines.add_to(response)

    server = await serve(app_of(Songs, middlewares=[Given(after=after, headers={"Vary": "X-Two"})]))

    for target, vary in (("/text", "X-Two, X-One"), ("/json", "Accept, X-Two, X-One"), ("/made", "X-One, x-two")):
        for _ in range(2):
            answer = await ask(server, "GET", target)
            assert (answer.headers["X-Added"], answer.headers["Vary"]) == ("yes", vary)


@pytest.mark.parametrize(
    ("steps", "what", "hint"),
    [
        (
            {"headers_by": {"X Y": len}},
            "headers_by={'X Y': the function len})",
            "give a function of one argument for a request header",
        ),
        ({"headers_by": {"X": 1}}, "headers_by={'X': 1})", "give a function of one argument for a request header"),
        (
            {"before": lambda _: None, "before_if": ("X:",)},
            "before_if=...) with 'X:'",
            'name request headers: before_if=("If-Match",)',
        ),
        (
            {"before": len, "after": len, "keeps": True},
            "after=the function len), which cannot be called so",
            "write it as after(request, response, kept)",
        ),
        (
            {"before": len, "keeps": True},
            "keeps=True) without before= and after=",
            "give both: after gets what before has returned",
        ),
    ],
)
def test_wrong_steps(steps: Any, what: str, hint: str) -> None:
    """What cannot be a header, or cannot be called, is reported when the app is built."""
    ((kind, text), *_) = mistakes(Songs, middlewares=[Given(**steps)])

    assert kind is InvalidLayerError
    assert text.partition(": ")[2] == f"it returns Steps({what}.\n  Hint: {hint}."
