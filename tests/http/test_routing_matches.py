"""What a request, and aiohttp's router, know of the routes of controllers."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import SystemRoute

from framework import Controller, Request, Router, get, post, put
from tests.http.raw import ask, connect, make_request
from tests.http.shapes import Serve, app_of, problem
from tests.http.tls import client_context, server_context


class Pets(Controller):
    """Handlers that look at their match."""

    path = "/pets"

    @get()
    async def index(self, request: Request) -> dict[str, str]:
        """Return what an earlier request left, and leave something."""
        before = dict(request.match_info)
        request.match_info["user"] = "Ada"
        return before

    @post()
    async def create(self) -> None:
        """Return nothing."""

    @get("/{pet_id}/{rest:path}", name="pet")
    async def show(self, pet_id: int, rest: str, request: Request) -> dict[str, str | int]:
        """Return its placeholders, and what an earlier request left among them."""
        left = request.match_info.get("user", "nothing")
        request.match_info["user"] = "Ada"
        return {"pet_id": pet_id, "rest": rest, "left": left}


@pytest.mark.both_loops
@pytest.mark.parametrize("native", [False, True], ids=["fast path", "stock path"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["TCP", "TLS"])
async def test_match_belongs_to_its_request(serve: Serve, *, native: bool, encrypted: bool) -> None:
    """What a handler writes into its match is gone with the request, with or without placeholders in the path."""
    application = app_of(Pets).build()
    if native:
        application.router.add_get("/native", _native)
    server = await serve(application, ssl=server_context()) if encrypted else await serve(application)
    async with connect(server, tls=client_context() if encrypted else None) as connection:
        for _ in range(3):
            assert (await connection.exchange(make_request("GET", "/pets"))).json == {}
            shown = await connection.exchange(make_request("GET", "/pets/1/a"))
            assert shown.json == {"pet_id": 1, "rest": "a", "left": "nothing"}


async def _native(_: web.Request) -> web.Response:
    return web.Response()


async def test_match_is_one_object_for_one_request(serve: Serve) -> None:
    """A middleware and the handler of one request read and write the same match."""

    class Reading(Controller):
        @get("/who")
        async def who(self, request: Request) -> str:
            assert request.match_info is request.match_info
            return request.match_info["user"]

    async def authenticate(request: Request, call_next: Any) -> Any:
        request.match_info["user"] = request.headers["X-User"]
        return await call_next(request)

    server = await serve(app_of(Reading, middlewares=[authenticate]))
    for name in ("Ada", "Bob"):
        assert (await ask(server, "GET", "/who", headers={"X-User": name})).body == name.encode()


def _watching(seen: list[Any]) -> Handler:
    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        resource = match.route.resource
        error = match.http_exception
        seen.append(
            {
                "template": resource.canonical if resource else None,
                "error": None if error is None else type(error),
                "system": isinstance(match.route, SystemRoute),
                "handler": f"{match.handler.__module__} {match.handler.__qualname__} {match.handler.__name__}",
                "name": match.route.name,
                "match": dict(match),
                "info": {key: value for key, value in match.get_info().items() if key in {"path", "formatter"}},
            }
        )
        return await handler(request)

    return watch  # type: ignore[return-value]  # a middleware


_SYSTEM = "aiohttp.web_urldispatcher SystemRoute._handle _handle"


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_middlewares_see_routes_as_those_of_aiohttp(serve: Serve, prefix: str) -> None:
    """The resource has the template with the prefix, the handler the names of the user's function."""
    seen: list[Any] = []
    application = app_of(Pets).build()
    if prefix:
        outer = web.Application(middlewares=[_watching(seen)])  # type: ignore[list-item]  # a middleware
        outer.add_subapp(prefix, application)
    else:
        outer = application
        outer.middlewares.append(_watching(seen))  # type: ignore[arg-type]  # a middleware
    server = await serve(outer)
    for path in ("/pets", "/pets/3/a%20b"):
        await ask(server, "GET", prefix + path)
    module = __name__
    assert seen == [
        {
            "template": f"{prefix}/pets",
            "error": None,
            "system": False,
            "handler": f"{module} Pets.index index",
            "name": "Pets.index",
            "match": {},
            "info": {"path": f"{prefix}/pets"},
        },
        {
            "template": f"{prefix}/pets/{{pet_id}}/{{rest:path}}",
            "error": None,
            "system": False,
            "handler": f"{module} Pets.show show",
            "name": "pet",
            "match": {"pet_id": "3", "rest": "a b"},
            "info": {"formatter": f"{prefix}/pets/{{pet_id}}/{{rest:path}}"},
        },
    ]


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/nowhere", web.HTTPNotFound),
        ("DELETE", "/pets", web.HTTPMethodNotAllowed),
        ("DELETE", "/pets/3/x", web.HTTPMethodNotAllowed),
        ("PROPFIND", "/pets", web.HTTPNotImplemented),
        ("GET", "/pets/3/%ff", web.HTTPBadRequest),
    ],
)
async def test_error_has_no_template(serve: Serve, prefix: str, method: str, path: str, error: type[Any]) -> None:
    """The match of what no route takes carries aiohttp's exception, and no template, placeholder or name."""
    seen: list[Any] = []
    application = app_of(Pets).build()
    outer = application
    if prefix:
        outer = web.Application()
        outer.add_subapp(prefix, application)
    outer.middlewares.append(_watching(seen))  # type: ignore[arg-type]  # a middleware
    answer = await ask(await serve(outer), method, prefix + path)
    assert answer.status == error.status_code
    assert seen == [
        {
            "template": None,
            "error": error,
            "system": True,
            "handler": _SYSTEM,
            "name": None,
            "match": {},
            "info": {},
        }
    ]


class Things(Controller):
    """Handlers whose names the router knows."""

    path = "/things"

    @get()
    async def index(self, request: Request) -> str:
        """Return the URL of another route, as aiohttp's handlers build it."""
        return str(request.app.router["thing"].url_for(thing_id="a b"))

    @post()
    async def create(self) -> None:
        """Return nothing."""

    @put("/{thing_id}", name="thing")
    async def change(self, thing_id: str) -> str:
        """Return which."""
        return thing_id

    @get("/a", "/b")
    async def several(self) -> None:
        """Return nothing, on two paths."""


async def test_named_routes_are_in_the_router(serve: Serve) -> None:
    """Each name of one path is in aiohttp's router, and gives the URL with the prefix at which the app is mounted."""
    application = app_of(Things, Router("/v1", [Pets], name="v1")).build()
    assert sorted(application.router.named_resources()) == [
        "Things.create",
        "Things.index",
        "thing",
        "v1.Pets.create",
        "v1.Pets.index",
        "v1.pet",
    ]
    assert str(application.router["v1.pet"].url_for(pet_id="3", rest="a/b")) == "/v1/pets/3/a/b"
    outer = web.Application()
    outer.add_subapp("/api", application)
    server = await serve(outer)
    assert (await ask(server, "GET", "/api/things")).body == b"/api/things/a%20b"
    assert str(application.router["Things.create"].url_for()) == "/api/things"


def test_names_that_the_application_has_already_stay() -> None:
    """A name of a native route, or of an app that was attached before, is not taken from it."""
    application = web.Application()
    application.router.add_get("/native", _native, name="thing")
    for _ in range(2):
        app_of(Things).attach(application)
    assert application.router["thing"].canonical == "/native"
    assert application.router["Things.index"].canonical == "/things"


def test_router_lists_routes_and_resources() -> None:
    """The router of aiohttp lists one truthy resource for each path and one route for each method."""
    router = app_of(Pets).build().router
    listed = {(one.method, one.resource.canonical, one.name) for one in router.routes() if one.resource}
    assert listed == {
        ("GET", "/pets", "Pets.index"),
        ("HEAD", "/pets", "Pets.index"),
        ("POST", "/pets", "Pets.create"),
        ("GET", "/pets/{pet_id}/{rest:path}", "pet"),
        ("HEAD", "/pets/{pet_id}/{rest:path}", "pet"),
    }
    assert all(isinstance(one, web.ResourceRoute) and one.resource for one in router.routes())
    assert all(router.resources())
    assert {one.canonical for one in router.resources()} == {"/pets", "/pets/{pet_id}/{rest:path}", "/"}
    (shown,) = [one for one in router.resources() if "pet_id" in one.canonical]
    pattern: Any = shown.get_info().get("pattern")
    assert pattern.fullmatch("/pets/3/a/b").groupdict() == {"pet_id": "3", "rest": "a/b"}


async def test_route_that_is_added_to_a_listed_resource(serve: Serve) -> None:
    """A method that aiohttp code adds to a path of the controllers is answered, also in the place of our OPTIONS."""
    application = app_of(Pets).build()
    for resource in list(application.router.resources()):
        if isinstance(resource, web.Resource) and list(resource):
            resource.add_route("OPTIONS", _preflight)
            resource.add_route("PURGE", _preflight)
    server = await serve(application)
    for method in ("OPTIONS", "PURGE"):
        assert (await ask(server, method, "/pets")).body == f"{method} /pets {{}}".encode()
        shown = await ask(server, method, "/pets/3/x")
        assert shown.body == f"{method} /pets/3/x {{'pet_id': '3', 'rest': 'x'}}".encode()
    refused = await ask(server, "DELETE", "/pets")
    assert (refused.problem, refused.headers["Allow"]) == (problem(405, "/pets"), "GET, HEAD, OPTIONS, POST, PURGE")


async def _preflight(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.method} {request.path} {dict(request.match_info)}")


async def test_native_route_of_the_same_path_stays_native(serve: Serve) -> None:
    """A native route that is added behind an app on one of its paths comes first, as before."""
    application = app_of(Pets).build()
    application.router.add_get("/pets", _preflight)
    application.router.add_delete("/pets", _preflight)
    server = await serve(application)
    assert (await ask(server, "GET", "/pets")).body == b"GET /pets {}"
    assert (await ask(server, "DELETE", "/pets")).body == b"DELETE /pets {}"
    assert (await ask(server, "POST", "/pets")).status == 204
