"""What is known of a matched route: its metadata, merged inwards, template, method, handler and tags."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient

from framework import App, Controller, HTTPError, OpenAPI, Request, Router, WebSocket, get, post, route, websocket
from framework.http_errors import Forbidden, NotFound
from framework.routing import RouteInfo, route_of
from framework.typedefs import CallNext
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of

pytestmark = pytest.mark.both_loops


def as_text(info: RouteInfo | None) -> str:
    """Write a route down."""
    if info is None:
        return "none"
    metadata = ",".join(f"{key}={value}" for key, value in info.metadata.items())
    return f"{info.method} {info.template} {info.name} {info.handler} {','.join(info.tags)} {metadata}".rstrip()


async def tell_route(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Name the route in a header."""
    response = await call_next(request)
    response.headers["X-Route"] = as_text(route_of(request))
    return response


async def audited(request: Request) -> None:
    """Admit what is public."""
    info = route_of(request)
    assert info is not None
    if not info.metadata.get("public"):
        raise Forbidden("Not public")


class Orders(Controller):
    """Routes with metadata of their own."""

    path = "/orders"
    tags = ("orders",)
    metadata: ClassVar[Mapping[str, Any]] = {"level": "controller", "audit": True}

    @get("/{order_id}", metadata={"level": "route", "public": True}, name="show")
    async def show(self, order_id: int) -> str:
        """Have metadata."""
        return f"order {order_id}"

    @get(metadata={"public": True})
    async def search(self) -> str:
        """Have a static path."""
        return "orders"

    @post()
    async def create(self) -> str:
        """Have none of its own."""
        return "created"

    @route("/{order_id}/lock", methods=("PUT", "DELETE"), metadata={"public": True})
    async def lock(self, order_id: int) -> str:
        """Have two methods."""
        return f"lock {order_id}"


def shop(**settings: Any) -> App:
    """Return an app with metadata on all levels."""
    router = Router("/v1", [Orders], name="v1", metadata={"level": "router", "team": "shop"})
    return app_of(router, middlewares=[tell_route], guards=[audited], metadata={"level": "app", "app": 1}, **settings)


async def test_levels(serve: Serve) -> None:
    """Metadata are merged inwards; what answers without a handler has no route."""
    server = await serve(shop())
    metadata = "app=1,team=shop,audit=True,public=True"

    async def told(method: str, path: str) -> tuple[int, str]:
        answer = await ask(server, method, path)
        return answer.status, answer.headers["X-Route"]

    show = f"GET /v1/orders/{{order_id}} v1.show Orders.show orders level=route,{metadata}"
    assert await told("GET", "/v1/orders/7") == (200, show)
    assert await told("HEAD", "/v1/orders/7") == (200, show)
    assert await told("GET", "/v1/orders/%37") == (200, show)
    assert await told("GET", "/v1/orders/x") == (422, show)
    search = f"GET /v1/orders v1.Orders.search Orders.search orders level=controller,{metadata}"
    assert await told("GET", "/v1/orders") == (200, search)
    create = "POST /v1/orders v1.Orders.create Orders.create orders level=controller,app=1,team=shop,audit=True"
    assert await told("POST", "/v1/orders") == (403, create)
    lock = f"DELETE /v1/orders/{{order_id}}/lock v1.Orders.lock Orders.lock orders level=controller,{metadata}"
    assert await told("DELETE", "/v1/orders/7/lock") == (200, lock)
    assert await told("GET", "/nowhere") == (404, "none")
    assert await told("PUT", "/v1/orders") == (405, "none")
    assert await told("OPTIONS", "/v1/orders") == (204, "none")


async def test_neighbours_and_sockets(serve: Serve, aiohttp_client: AiohttpClient) -> None:
    """Middlewares of aiohttp see the same; a route of aiohttp's own has none, and a web socket has one."""
    seen: list[str] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(as_text(route_of(request)))
        response: web.StreamResponse = await handler(request)
        return response

    async def native(request: web.Request) -> web.Response:
        return web.Response(text=as_text(route_of(request)))

    class Talk(Controller):
        @websocket("/talk", metadata={"kind": "socket"})
        async def talk(self, socket: WebSocket[str]) -> None:
            request: Any = socket.request
            await socket.send(as_text(route_of(request)))

    application = web.Application(middlewares=[note])
    application.router.add_get("/native", native)
    App([Orders, Talk], openapi=None).attach(application)
    client: TestClient[Any, Any] = await aiohttp_client(await serve(application))

    assert await (await client.get("/native")).text() == "none"
    assert await (await client.get("/orders/7")).text() == "order 7"
    async with client.ws_connect("/talk") as socket:
        told = await socket.receive_str()
    assert told == "GET /talk Talk.talk Talk.talk  kind=socket"
    show = "GET /orders/{order_id} show Orders.show orders level=route,audit=True,public=True"
    assert seen == ["none", show, told]


async def test_a_sub_application(serve: Serve) -> None:
    """The template is that of the app, below the prefix."""
    parent = web.Application()
    parent.add_subapp("/shop", shop().build())
    server = await serve(parent)

    answer = await ask(server, "GET", "/shop/v1/orders/7")

    assert answer.headers["X-Route"].startswith("GET /v1/orders/{order_id} v1.show ")


async def test_read_only(serve: Serve) -> None:
    """Nobody can change what all requests share, and what was declared may change afterwards."""
    declared = {"limit": 1}
    found: list[Mapping[str, Any]] = []

    async def keep(request: Request) -> None:
        info = route_of(request)
        assert info is not None
        found.append(info.metadata)

    class Rooms(Controller):
        @get("/rooms", metadata=declared, guards=(keep,))
        async def search(self) -> str:
            return ""

    server = await serve(app_of(Rooms))
    declared["limit"] = 2
    await ask(server, "GET", "/rooms")
    await ask(server, "GET", "/rooms")

    assert found[0] == {"limit": 1}
    assert found[1] is found[0]
    with pytest.raises(TypeError):
        found[0]["limit"] = 3  # type: ignore[index]  # what is tested


class Busy(HTTPError, status=429):
    """Too many at once."""


class OutOfStock(HTTPError, status=409):
    """Nothing left."""


def documented() -> App:
    """Return an app that says on every level what is raised and what is shown."""

    class Items(Controller):
        path = "/items"
        raises = (NotFound,)

        @get("/{item}", raises=(OutOfStock, NotFound))
        async def show(self, item: str) -> str:
            return item

        @get("/hidden", in_document=False)
        async def hidden(self) -> str:
            return ""

    class Inner(Controller):
        path = "/inner"
        in_document = False

        @get()
        async def hidden(self) -> str:
            return ""

        @get("/shown", in_document=True)
        async def shown(self) -> str:
            return ""

    class Other(Controller):
        in_document = True

        @get("/other")
        async def shown(self) -> str:
            return ""

    away = Router("/away", [Inner, Other], in_document=False, raises=(Forbidden,))
    return App([Items, Inner, away], raises=(Busy,), openapi=OpenAPI(title="Shop", version="1"))


def test_raises_and_in_document() -> None:
    """Errors of all levels are documented together; the innermost level that says so shows or hides a route."""
    paths = documented().document()["paths"]

    assert {path: [status for status in one["get"]["responses"] if status > "406"] for path, one in paths.items()} == {
        "/items/{item}": ["409", "429"],
        "/inner/shown": ["429"],
        "/away/inner/shown": ["429"],
        "/away/other": ["429"],
    }
    assert "404" in paths["/items/{item}"]["get"]["responses"]
    assert "403" in paths["/away/other"]["get"]["responses"]
    assert [(one.path, one.in_document) for one in documented().routes()][:2] == [
        ("/items/{item}", True),
        ("/items/hidden", False),
    ]
