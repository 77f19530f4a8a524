"""OPTIONS with policies: the one of the method that a preflight asks for decides, before guards and limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import pytest
from aiohttp import web

from framework import Controller, Request, Response, Router, WebSocket, get, options, post, put, websocket
from framework.http_errors import Forbidden
from framework.layers import Layer, Steps
from framework.routing import RouteInfo
from tests.http.layers import Trace, Traced
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem

TRACE: Trace = []
ASKED = "Access-Control-Request-Method"


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    """Begin each test with an empty trace."""
    TRACE.clear()


@dataclass(frozen=True)
class Policy(Layer):
    """Answers preflights with its name, and names itself on all other responses."""

    rank: ClassVar[int | None] = 60
    nearest: ClassVar[bool] = True

    name: str

    def compile(self, _: RouteInfo | None) -> Steps:
        """Return the header."""
        return Steps(headers={"X-Policy": self.name})

    @classmethod
    def for_options(cls, policies: Mapping[str, Self], default: Self | None) -> Steps:
        """Return what answers preflights."""
        names = {method: one.name for method, one in policies.items()}
        usual = "none" if default is None else default.name

        def before(request: web.Request) -> web.StreamResponse | None:
            asked = request.headers.get(ASKED)
            if asked is None:
                return None
            known = " ".join(f"{method}={name}" for method, name in sorted(names.items()))
            return Response(status=204, headers={"X-Decided": names.get(asked, usual), "X-Known": known})

        return Steps(before=before, headers={"X-Policy": usual})


async def guard(_: Request) -> None:
    """Refuse everybody."""
    TRACE.append("guard")
    raise Forbidden


class Things(Controller):
    """Has a policy of its own, and one for a route."""

    path = "/things"
    guards = (guard,)
    middlewares = (Policy("controller"),)

    @get()
    async def index(self) -> str:
        """Respond."""
        return ""

    @put(middlewares=(Policy("route"),))
    async def change(self) -> None:
        """Respond."""


class Others(Controller):
    """Has none."""

    path = "/things"

    @post()
    async def make(self) -> None:
        """Respond."""

    @get("/plain")
    async def plain(self) -> str:
        """Respond."""
        return ""


LIMIT = Traced(name="limit", trace=TRACE)


async def decided(server: object, path: str, method: str) -> tuple[int, str | None, str | None]:
    """Ask by a preflight; return the status, which policy has decided, and the policies of the path."""
    answer = await ask(server, "OPTIONS", path, headers={ASKED: method})  # type: ignore[arg-type]  # a server
    return answer.status, answer.headers.get("X-Decided"), answer.headers.get("X-Known")


@pytest.mark.both_loops
async def test_the_policy_of_the_method_decides(serve: Serve) -> None:
    """No guard runs, and nothing further in; a method that the path does not have is for what all routes share."""
    server = await serve(app_of(Things, Others, middlewares=[Policy("app"), LIMIT]))
    known = "GET=controller HEAD=controller POST=app PUT=route"
    for method, name in [
        ("GET", "controller"),
        ("HEAD", "controller"),
        ("PUT", "route"),
        ("POST", "app"),
        ("DELETE", "app"),
    ]:
        assert await decided(server, "/things", method) == (204, name, known)
    assert await decided(server, "/things/plain", "GET") == (204, "app", "GET=app HEAD=app")
    assert TRACE == []


async def test_without_a_preflight_it_is_the_automatic_response(serve: Serve) -> None:
    """With what the layers of the path add."""
    server = await serve(app_of(Things, Others, middlewares=[Policy("app"), LIMIT]))
    answer = await ask(server, "OPTIONS", "/things")
    assert (answer.status, answer.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST, PUT")
    assert (answer.headers["X-Policy"], TRACE) == ("app", [">limit", "<limit 204"])


async def test_one_controller_alone_has_a_policy(serve: Serve) -> None:
    """Methods of other controllers on the path have none."""
    server = await serve(app_of(Things, Others))
    known = "GET=controller HEAD=controller PUT=route"
    assert await decided(server, "/things", "PUT") == (204, "route", known)
    assert await decided(server, "/things", "POST") == (204, "none", known)
    assert await decided(server, "/things/plain", "GET") == (204, None, None)
    assert await decided(server, "/nowhere", "GET") == (404, None, None)


async def test_all_routes_share_a_policy(serve: Serve) -> None:
    """The innermost that they share decides about what the path does not have."""
    server = await serve(app_of(Things, middlewares=[Policy("app")]))
    assert (await decided(server, "/things", "DELETE"))[1] == "controller"


async def test_an_unknown_path_has_the_policy_of_the_app(serve: Serve) -> None:
    """So that a page sees the real 404; without a preflight it is one."""
    server = await serve(app_of(Things, middlewares=[Policy("app")]))
    assert await decided(server, "/nowhere", "GET") == (204, "app", "")
    answer = await ask(server, "OPTIONS", "/nowhere")
    assert (answer.problem, answer.headers["X-Policy"]) == (problem(404, "/nowhere"), "app")
    assert (await ask(server, "GET", "/nowhere", headers={ASKED: "GET"})).status == 404


async def test_in_front_of_an_options_route(serve: Serve) -> None:
    """The policy answers, and the handler is called for all other requests."""

    class Own(Controller):
        @options("/own")
        async def show(self) -> str:
            TRACE.append("handler")
            return "own"

        @get("/own", middlewares=(Policy("route"),))
        async def index(self) -> str:
            return ""

    server = await serve(app_of(Own))
    assert await decided(server, "/own", "GET") == (204, "route", "GET=route HEAD=route")
    assert TRACE == []
    answer = await ask(server, "OPTIONS", "/own")
    assert (answer.status, answer.body, TRACE) == (200, b"own", ["handler"])


async def test_beside_a_socket_and_below_a_prefix(serve: Serve) -> None:
    """A socket's policy is that of GET, unless the path has a handler for GET; sub-applications decide for theirs."""

    class Talking(Controller):
        @websocket("/talk", middlewares=(Policy("socket"),))
        async def talk(self, socket: WebSocket[str]) -> None:
            """Say nothing."""

        @post("/talk")
        async def say(self) -> None:
            """Respond."""

    outer = web.Application()
    outer.add_subapp("/api", app_of(Router("/r", [Talking]), middlewares=[Policy("app")]).build())
    server = await serve(outer)
    assert await decided(server, "/api/r/talk", "POST") == (204, "app", "GET=socket POST=app")
    assert await decided(server, "/api/nowhere", "POST") == (204, "app", "")


async def test_a_class_that_does_not_decide(serve: Serve) -> None:
    """By default OPTIONS has what all routes share, and a route of one's own its own steps."""

    @dataclass(frozen=True)
    class Named(Layer):
        nearest: ClassVar[bool] = True
        name: str

        def compile(self, route: RouteInfo | None) -> Steps:
            return Steps(headers={"X-Named": f"{self.name} {route and route.method}"})

    class Own(Controller):
        middlewares = (Named("controller"),)

        @get("/shared", middlewares=(Named("route"),))
        async def index(self) -> str:
            return ""

        @post("/shared")
        async def make(self) -> str:
            return ""

        @options("/own")
        async def own(self) -> str:
            return ""

    server = await serve(app_of(Own))
    assert (await ask(server, "OPTIONS", "/shared")).headers["X-Named"] == "controller None"
    assert (await ask(server, "OPTIONS", "/own")).headers["X-Named"] == "controller OPTIONS"
