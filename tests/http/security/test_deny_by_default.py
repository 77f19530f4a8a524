"""``App(default_guard=)``: what is closed and what is open; the ids are the rows of the table of cases."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from aiohttp import WSServerHandshakeError, web
from msgspec import Struct
from pytest_aiohttp.plugin import AiohttpClient

from framework import (
    App,
    Container,
    Controller,
    EventStream,
    OpenAPI,
    Request,
    Router,
    WebSocket,
    get,
    options,
    post,
    websocket,
)
from framework.http_errors import Forbidden, TooManyRequests
from framework.security import Bearer, public
from framework.static import StaticFiles
from framework.typedefs import CallNext
from tests.http.shapes import app_of, problem


class User(Struct):
    """Who is asking."""

    name: str
    scopes: tuple[str, ...] = ()


async def verify(token: str) -> User | None:
    """Know one person."""
    return User(token) if token == "ann" else None  # noqa: S105  no secret


async def busy(_: Request) -> None:
    """Refuse everybody who comes so far."""
    raise TooManyRequests


CLOSED: Any = Bearer(verify)
KNOWN = {"Authorization": "Bearer ann"}
CHALLENGE = 'Bearer realm="api"'


class Order(Struct):
    """A body."""

    sku: str


class Base(Controller):
    """Has a public method and closed ones."""

    @public
    @get("/open")
    async def open(self) -> str:
        """Answer everybody."""
        return "open"

    @get("/open-too")
    @public
    async def open_too(self) -> str:
        """Answer everybody, whatever the order of the decorators."""
        return "open"

    @post("/orders")
    async def create(self, order: Order) -> str:
        """Say nothing about who may."""
        return order.sku

    @get("/limited", guards=(busy,))
    async def limited(self) -> str:
        """Have another guard."""
        return ""

    @public
    @get("/open-limited", guards=(busy,))
    async def open_limited(self) -> str:
        """Be public behind another guard."""
        return ""

    @get("/events")
    async def events(self) -> EventStream[str]:
        """Stream."""
        yield "a"

    @websocket("/socket")
    async def socket(self, socket: WebSocket[str]) -> None:
        """Talk."""
        await socket.send("hello")


@public
class Open(Controller):
    """Is public as a whole."""

    path = "/public"

    @get()
    async def show(self) -> str:
        """Answer everybody."""
        return "open"


class Derived(Base):
    """Overrides a public method and does not say that it is public."""

    path = "/derived"

    async def open(self) -> str:
        """Answer with more than the base did."""
        return "derived"


class DerivedOpen(Open):
    """Derives from a public controller and does not say that it is public."""

    path = "/derived-public"


def closed(*controllers: Any, **settings: Any) -> App:
    """Return an app with a default guard."""
    return app_of(*controllers, default_guard=CLOSED, **settings)


async def test_d1_nothing_is_said(aiohttp_client: AiohttpClient) -> None:
    """A route is closed unless something else is said, and a broken body is not read."""
    client = await aiohttp_client(closed(Base).build())
    for data in (b"{", b'{"sku": "a"}', b"\xff" * 1_000):
        answer = await client.post("/orders", data=data, headers={"Content-Type": "application/json"})
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, CHALLENGE)
        assert await answer.json() == problem(401, "/orders", "Credentials are required")
    answer = await client.post("/orders", json={"sku": "a"}, headers=KNOWN)
    assert (answer.status, await answer.text()) == (200, "a")


async def test_d2_another_guard_opens_nothing(aiohttp_client: AiohttpClient) -> None:
    """The default guard stands first, before the guards of app, router, controller and route."""
    client = await aiohttp_client(closed(Router(controllers=[Base], guards=(busy,)), guards=(busy,)).build())
    assert (await client.get("/limited")).status == 401
    assert (await client.get("/limited", headers=KNOWN)).status == 429


async def test_d3_public(aiohttp_client: AiohttpClient) -> None:
    """A public route, or controller, is open; its own guards still run."""
    client = await aiohttp_client(closed(Base, Open).build())
    for path in ("/open", "/open-too", "/public"):
        answer = await client.get(path)
        assert (answer.status, await answer.text()) == (200, "open")
    assert (await client.get("/open-limited")).status == 429


async def test_d4_what_a_subclass_adds(aiohttp_client: AiohttpClient) -> None:
    """An override of a public method and a subclass of a public controller are closed; what is inherited is not."""
    client = await aiohttp_client(closed(Derived, DerivedOpen).build())
    assert (await client.get("/derived/open")).status == 401
    assert (await client.get("/derived-public")).status == 401
    assert (await client.get("/derived/open-too")).status == 200
    assert await (await client.get("/derived/open", headers=KNOWN)).text() == "derived"


async def test_d5_everything_that_answers(aiohttp_client: AiohttpClient, tmp_path: Path) -> None:
    """HEAD, streams, static files and sockets (before the upgrade) are closed."""
    (tmp_path / "app.js").write_text("let a;")
    app = closed(Base, StaticFiles("/assets", tmp_path), StaticFiles("/open-assets", tmp_path, public=True))
    client = await aiohttp_client(app.build())
    assert (await client.head("/derived")).status == 404
    for method, path in (("HEAD", "/limited"), ("GET", "/events"), ("GET", "/assets/app.js"), ("HEAD", "/assets/x")):
        assert (await client.request(method, path)).status == 401
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/socket")
    assert refused.value.status == 401
    async with client.ws_connect("/socket", headers=KNOWN) as socket:
        assert await socket.receive_str() == "hello"
    assert await (await client.get("/assets/app.js", headers=KNOWN)).text() == "let a;"
    assert await (await client.get("/open-assets/app.js")).text() == "let a;"


DOCUMENTS = ("/openapi.json", "/openapi.yaml", "/docs", "/redoc", "/asyncapi.json", "/asyncapi.yaml")


@pytest.mark.parametrize(
    ("guards", "status", "known"),
    [({}, 401, 200), ({"guards": ()}, 200, 200), ({"guards": (busy,)}, 401, 429)],
    ids=["closed", "opened", "guarded"],
)
async def test_d6_documents(aiohttp_client: AiohttpClient, guards: Any, status: int, known: int) -> None:
    """Documents and their pages are closed, unless ``OpenAPI(guards=())`` opens them; other guards stand behind."""
    settings = OpenAPI(redoc_path="/redoc", **guards)
    client = await aiohttp_client(closed(Base, openapi=settings).build())
    assert [(await client.get(path)).status for path in DOCUMENTS] == [status] * len(DOCUMENTS)
    assert [(await client.get(path, headers=KNOWN)).status for path in DOCUMENTS] == [known] * len(DOCUMENTS)


async def test_d7_answers_without_a_handler(aiohttp_client: AiohttpClient) -> None:
    """404, 405 and OPTIONS require nothing; an OPTIONS route of one's own is a route."""

    class Own(Controller):
        @options("/own")
        async def show(self) -> str:
            return ""

    client = await aiohttp_client(closed(Base, Own).build())
    assert (await client.get("/nowhere")).status == 404
    assert (await client.delete("/orders")).status == 405
    answer = await client.options("/orders")
    assert (answer.status, answer.headers["Allow"]) == (204, "OPTIONS, POST")
    assert (await client.options("/own")).status == 401


async def test_d8_native_routes(aiohttp_client: AiohttpClient) -> None:
    """Routes of aiohttp's own beside the app are not covered, and are listed."""

    async def native(_: web.Request) -> web.Response:
        return web.Response(text="native")

    application = web.Application()
    application.router.add_get("/metrics", native, allow_head=False)
    inner = web.Application()
    inner.router.add_post("/hook", native)
    application.add_subapp("/inner", inner)
    app = closed(Base)
    app.attach(application)
    client = await aiohttp_client(application)
    assert await (await client.get("/metrics")).text() == "native"
    assert (await client.get("/limited")).status == 401
    assert app.uncovered() == ["GET /metrics", "POST /inner/hook"]
    open_app = app_of(Open)
    open_app.attach(web.Application())
    assert open_app.uncovered() == []


async def test_middlewares_are_shared_on_a_path_with_both(aiohttp_client: AiohttpClient) -> None:
    """A path with a public and a closed route has the middlewares of its controller on 405 as well."""

    async def mark(request: Request, call_next: CallNext) -> web.StreamResponse:
        response = await call_next(request)
        response.headers["X-Marked"] = "yes"
        return response

    class Both(Controller):
        path = "/both"
        middlewares = (mark,)

        @public
        @get()
        async def show(self) -> str:
            return "open"

        @post()
        async def change(self) -> str:
            return "closed"

    client = await aiohttp_client(closed(Both).build())
    found = [(await client.request(method, "/both")) for method in ("GET", "POST", "DELETE", "OPTIONS")]
    assert [(one.status, one.headers["X-Marked"]) for one in found] == [
        (200, "yes"), (401, "yes"), (405, "yes"), (204, "yes"),
    ]  # fmt: skip


class Door:
    """A guard that the container builds."""

    def __init__(self, users: "Users") -> None:
        self._users = users

    async def __call__(self, request: Request) -> None:
        """Refuse whoever is not on the list."""
        if request.headers.get("X-Name") not in self._users.names:
            raise Forbidden


class Users:
    """A service."""

    names = ("ann",)


async def own(request: Request, user: Annotated[User, Bearer(verify)]) -> None:
    """Take who is asking."""
    assert request.path
    assert user.name == "ann"


async def test_guards_of_all_kinds(aiohttp_client: AiohttpClient) -> None:
    """A class, and a function with parameters, may be the default guard; credentials are verified in its place."""
    container = Container()
    container.add_singleton(Users)
    client = await aiohttp_client(app_of(Base, default_guard=Door, container=container).build())
    assert (await client.get("/limited")).status == 403
    assert (await client.get("/limited", headers={"X-Name": "ann"})).status == 429
    client = await aiohttp_client(app_of(Base, default_guard=own).build())
    assert (await client.get("/limited")).status == 401
    assert (await client.get("/limited", headers=KNOWN)).status == 429


async def test_it_runs_before_other_credentials(aiohttp_client: AiohttpClient) -> None:
    """Credentials of the route's own guards are verified after the default guard has admitted the request."""
    seen: list[str] = []

    async def first(_: Request) -> None:
        seen.append("default")

    async def find(token: str) -> User | None:
        seen.append("route")
        return User(token)

    class Names(Controller):
        guards = (Bearer(find),)

        @get("/name")
        async def name(self) -> str:
            return ""

    app = app_of(Names, default_guard=first)
    client = await aiohttp_client(app.build())
    assert (await client.get("/name", headers=KNOWN)).status == 200
    assert seen == ["default", "route"]
    stages = app.explain("GET", "/name").splitlines()
    assert stages[2].endswith("first (default_guard)")


def test_who_may_what() -> None:
    """The list of routes says what a request must pass."""

    class Songs(Controller):
        path = "/songs"

        @get(guards=(busy, Bearer(verify)))
        async def search(self) -> str:
            return ""

        @get("/mine", guards=(Bearer(verify, scopes=("a", "b")),))
        async def mine(self) -> str:
            return ""

        @public
        @get("/all")
        async def all(self, user: Annotated[User | None, Bearer(verify)]) -> str:
            return str(user)

    access = {one.path: one.access for one in app_of(Songs, default_guard=own).routes()}
    assert access == {"/songs": ("bearer", "own", "busy"), "/songs/mine": ("bearer (a b)", "own"), "/songs/all": ()}


def test_the_document_says_so() -> None:
    """A default guard that verifies credentials is in the document of each route that it covers, with its 401."""
    document = App([Base], default_guard=CLOSED).document()
    assert document["paths"]["/orders"]["post"]["security"] == [{"bearer": []}]
    assert "401" in document["paths"]["/orders"]["post"]["responses"]
    assert "security" not in document["paths"]["/open"]["get"]
