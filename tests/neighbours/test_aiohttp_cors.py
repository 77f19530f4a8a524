"""aiohttp-cors answers preflights and sets headers for the routes of controllers."""

import aiohttp_cors
import pytest
from aiohttp import web

from framework import App, Controller, get, options, post
from tests.neighbours.shapes import Serve, Sites, heads, sites_of

_ALLOWED = {
    "https://shop.example": aiohttp_cors.ResourceOptions(
        allow_credentials=True, expose_headers=("X-Total",), allow_headers=("X-Token",), max_age=60
    )
}
_NAMES = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
)


class Items(Controller):
    """Items."""

    path = "/items"

    @get()
    async def index(self) -> list[int]:
        """Return all."""
        return [1]

    @post()
    async def create(self) -> list[int]:
        """Create one."""
        return [2]

    @get("/{item_id}")
    async def show(self, item_id: int) -> int:
        """Return one."""
        return item_id


def _sites() -> Sites:
    async def index(_: web.Request) -> web.Response:
        return web.json_response([1])

    async def create(_: web.Request) -> web.Response:
        return web.json_response([2])

    async def show(request: web.Request) -> web.Response:
        if not request.match_info["item_id"].isdigit():
            raise web.HTTPUnprocessableEntity
        return web.json_response(int(request.match_info["item_id"]))

    routes = [web.get("/items", index), web.post("/items", create), web.get("/items/{item_id}", show)]
    return sites_of(routes, Items)


def _all_routes(site: web.Application) -> None:
    """Allow all routes, as its documentation says."""
    cors = aiohttp_cors.setup(site, defaults=_ALLOWED)
    for route in list(site.router.routes()):
        cors.add(route)


async def test_the_headers_of_responses_are_those_of_plain_aiohttp(serve_both: Serve) -> None:
    """Responses and errors of allowed routes have CORS headers for an allowed origin, and no others."""
    ask = await serve_both(_sites(), _all_routes)

    for origin in ("https://shop.example", "https://evil.example"):
        for method, path in (("GET", "/items"), ("POST", "/items"), ("GET", "/items/7"), ("GET", "/items/x")):
            by_hand, controllers = await ask(method, path, {"Origin": origin})
            assert heads(controllers, *_NAMES) == heads(by_hand, *_NAMES)
            assert (controllers.headers.get("Access-Control-Allow-Origin") == origin) == ("shop" in origin)


async def test_preflights_are_answered(serve_both: Serve) -> None:
    """A preflight for an allowed origin, method and header is 200 with headers; any other is 403."""
    ask = await serve_both(_sites(), _all_routes)
    for origin, method, headers, status in (
        ("https://shop.example", "GET", "X-Token", 200),
        ("https://shop.example", "POST", "X-Token", 200),
        ("https://shop.example", "DELETE", "X-Token", 403),
        ("https://shop.example", "GET", "X-Other", 403),
        ("https://evil.example", "GET", "X-Token", 403),
    ):
        asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
        by_hand, controllers = await ask("OPTIONS", "/items", asked)
        assert heads(controllers, *_NAMES) == heads(by_hand, *_NAMES)
        assert controllers.status == status


async def test_one_route_is_allowed_and_others_are_not(serve_both: Serve) -> None:
    """A route by its name or its resource can be allowed alone."""

    class Named(Items):
        @get("/named/x", name="named")
        async def named(self) -> str:
            """Return text."""
            return "named"

    async def named(_: web.Request) -> web.Response:
        return web.Response(text="named")

    async def other(_: web.Request) -> web.Response:
        return web.json_response([1])

    def switch_on(site: web.Application) -> None:
        cors = aiohttp_cors.setup(site)
        cors.add(site.router["named"], _ALLOWED)

    routes = [web.get("/items/named/x", named, name="named"), web.get("/items", other)]
    ask = await serve_both(sites_of(routes, Named), switch_on)

    for path, allowed in (("/items/named/x", True), ("/items", False)):
        by_hand, controllers = await ask("GET", path, {"Origin": "https://shop.example"})
        assert heads(controllers, *_NAMES) == heads(by_hand, *_NAMES)
        assert ("Access-Control-Allow-Origin" in controllers.headers) == allowed


def test_an_own_options_route_is_reported() -> None:
    """A path with an OPTIONS route of its own cannot have a preflight handler, as on plain aiohttp."""

    class Own(Controller):
        @get("/own")
        async def own(self) -> str:
            return "own"

        @options("/own")
        async def describe(self) -> str:
            return "described"

    site = App(controllers=[Own], openapi=None).build()
    with pytest.raises(ValueError, match="already has OPTIONS handler"):
        _all_routes(site)


def test_routes_and_named_resources_are_added_not_all_resources() -> None:
    """The resource that stands for all paths is refused; the page about packages says what to add instead."""
    site = App(controllers=[Items], openapi=None).build()
    cors = aiohttp_cors.setup(site, defaults=_ALLOWED)

    def add_all() -> None:
        for resource in list(site.router.resources()):
            cors.add(resource)

    with pytest.raises(ValueError, match="Resource or ResourceRoute expected"):
        add_all()
