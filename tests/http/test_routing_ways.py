"""The fast path past aiohttp's router and the stock path through it give the same responses."""

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from framework import Controller, Request, get, post
from tests.http.items import JSON
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, web_server_of

NAME = web.AppKey("NAME", str)


class Looking(Controller):
    """Answers what aiohttp knows of a request."""

    path = "/pets"

    @get("/{pet_id}/{rest:path}", name="pet")
    async def show(self, pet_id: int, rest: str, request: Request) -> dict[str, str]:
        """Answer what the request says of its route."""
        match = request.match_info
        resource = match.route.resource
        assert resource is not None
        assert match.handler is match.route.handler
        assert match.http_exception is None
        return {
            "parameters": f"{pet_id} {rest}",
            "match": str(dict(match)),
            "one": match["rest"],
            "absent": str(match.get("absent")),
            "apps": str([app[NAME] for app in match.apps]),
            "current": match.current_app[NAME],
            "app": request.app[NAME],
            "config": request.config_dict[NAME],
            "route": f"{match.route.method} {match.route.name}",
            "resource": resource.canonical,
            "info": str(match.get_info()),
            "url": str(match.route.url_for(pet_id="7", rest="a/b")),
            "path": f"{request.path} {request.raw_path} {request.path_qs} {request.query_string}",
        }

    @post()
    async def create(self, body: dict[str, int]) -> dict[str, int]:
        """Answer the body."""
        return body

    @get("/crash")
    async def crash(self) -> None:
        """Fail."""
        raise ValueError("secret")


@pytest.fixture
async def ways(serve: Serve) -> list[TestServer]:
    """Serve one app by each way: alone, and beside a native route."""
    servers = []
    for native in (False, True):
        application = app_of(Looking).build()
        application[NAME] = "name"
        if native:
            application.router.add_get("/native", _native)
        servers.append(await serve(application))
        assert (web_server_of(servers[-1]).request_handler == application._handle) is native  # noqa: SLF001  the stock way
    return servers


async def _native(_: web.Request) -> web.Response:
    return web.Response()


REQUESTS = {
    "match": make_request("GET", "/pets/5/a/b?c=1"),
    "encoded match": make_request("GET", "/pets/5/a%2Fb/%C3%A9"),
    "422": make_request("GET", "/pets/x/y"),
    "body": make_request("POST", "/pets", headers=JSON, body=b'{"a": 1}'),
    "400": make_request("POST", "/pets", headers=JSON, body=b"{"),
    "404": make_request("GET", "/nowhere"),
    "405": make_request("PUT", "/pets"),
    "405 with placeholders": make_request("PUT", "/pets/5/x"),
    "options": make_request("OPTIONS", "/pets"),
    "options with placeholders": make_request("OPTIONS", "/pets/5/x"),
    "501": make_request("PROPFIND", "/pets"),
    "501 with placeholders": make_request("PROPFIND", "/pets/5/x"),
    "501 nowhere": make_request("PROPFIND", "/nowhere"),
    "bad path": make_request("GET", "/pets/%ff"),
    "bad query": make_request("GET", "/pets?%ff"),
    "bad host": make_request("GET", "/pets", headers={"Host": "a b"}),
    "crash": make_request("GET", "/pets/crash"),
    "close": make_request("GET", "/nowhere", headers={"Connection": "close"}),
}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_both_ways_answer_alike(ways: list[TestServer], kind: str) -> None:
    """Every kind of request gets the same bytes by both ways."""
    seen = []
    for server in ways:
        async with connect(server) as connection:
            answer = await connection.exchange(REQUESTS[kind])
            head = re.sub(rb"Date: [^\r]*", b"", answer.head)
            seen.append((head, answer.body, await connection.is_open()))
    assert seen[0] == seen[1]


async def test_expectation_is_met_by_both_ways(ways: list[TestServer]) -> None:
    """Expect: 100-continue is answered before the body is sent."""
    body = b'{"a": 1}'
    data = make_request("POST", "/pets", headers={**JSON, "Expect": "100-continue"}, body=body)
    for server in ways:
        async with connect(server) as connection:
            await connection.send(data.removesuffix(body))
            assert (await connection.receive(method="HEAD")).status == 100
            assert (await connection.exchange(body)).json == {"a": 1}
            assert await connection.is_open()


@pytest.mark.parametrize(
    ("target", "length", "status"), [("/pets", 2_000_000_000, 413), ("/pets/crash", 8, 405), ("/nowhere", 8, 404)]
)
async def test_body_that_is_refused_by_its_head_is_not_asked_for(
    ways: list[TestServer], target: str, length: int, status: int
) -> None:
    """A client that waits for 100 Continue hears of a refusal before it sends its body (RFC 9110, section 10.1.1)."""
    head = make_request("POST", target, headers={**JSON, "Expect": "100-continue", "Content-Length": str(length)})
    for server in ways:
        async with connect(server) as connection:
            assert (await connection.exchange(head)).status == status


async def test_native_middlewares_of_a_built_app_are_called(serve: Serve) -> None:
    """What is added to a built application before it starts counts: middlewares, signals and contexts."""
    events: list[str] = []

    @web.middleware
    async def stamp(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers["X-Native"] = str(response.status)
        return response

    async def context(_: web.Application) -> AsyncIterator[None]:
        events.append("open")
        yield
        events.append("close")

    application = app_of(Looking).build()
    application[NAME] = "name"
    application.middlewares.append(stamp)
    application.cleanup_ctx.append(context)
    server = await serve(application)
    assert (await ask(server, "GET", "/pets/5/a")).headers["X-Native"] == "200"
    assert (await ask(server, "POST", "/pets", body={"a": 1})).headers["X-Native"] == "200"
    assert events == ["open"]
    await server.close()
    assert events == ["open", "close"]


async def test_untested_aiohttp_goes_the_stock_way(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a version of aiohttp that nobody has tested the short way is not taken."""
    monkeypatch.setattr("framework._serve.connections.fast_path.SUPPORTED", False)
    application = app_of(Looking).build()
    application[NAME] = "name"
    server = await serve(application)
    assert (await ask(server, "POST", "/pets", body={"a": 1})).json == {"a": 1}
    assert type(web_server_of(server)) is web.Server
