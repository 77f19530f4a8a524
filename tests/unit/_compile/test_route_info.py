"""What a layer is told of a route at start-up: its response, its body, and where clients identify themselves."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from msgspec import Struct

from framework import (
    App,
    Container,
    Controller,
    Cookie,
    Form,
    Header,
    Inject,
    OpenAPI,
    Request,
    UploadFile,
    WebSocket,
    get,
    post,
)
from framework import websocket as socket_route
from framework.credentials import SecurityRequirement
from framework.layers import Layer
from framework.middleware import RateLimit
from framework.requests import BodyStream
from framework.responses import FileResponse
from framework.routing import RouteInfo
from framework.security import APIKey, Basic, Bearer
from framework.static import StaticFiles


def test_documents_and_static_files_are_built_in() -> None:
    """Their handlers are not those of a user."""
    layer = Seen()
    App([Kinds, StaticFiles("/static", ".")], openapi=OpenAPI(title="t", version="1"), middlewares=[layer]).build()

    assert {one.template for one in layer.routes.values() if not one.is_built_in} == {
        "/value", "/stream", "/file", "/socket", "/json", "/form", "/upload", "/chunks",
    }  # fmt: skip
    assert {"/openapi.json", "/static/{path:path}"} <= set(layer.routes)


class User(Struct):
    """Who sends a request."""

    name: str


async def by_token(token: str) -> User | None:
    """Know everybody."""
    return User(token)


async def by_password(name: str, _: str) -> User | None:
    """Know everybody."""
    return User(name)


class Seen(Layer):
    """Keeps the descriptions that it is given."""

    def __init__(self) -> None:
        self.routes: dict[str, RouteInfo] = {}

    def compile(self, route: RouteInfo | None) -> None:
        """Keep one."""
        if route is not None:
            self.routes[route.template] = route


def seen(*controllers: Any, **settings: Any) -> dict[str, RouteInfo]:
    """Return the descriptions of the routes of an app by their paths."""
    layer = Seen()
    App(controllers, openapi=None, middlewares=[layer], **settings).build()
    return layer.routes


class Kinds(Controller):
    """Routes of each kind."""

    @get("/value")
    async def value(self) -> list[int]:
        """Return a value."""
        return []

    @get("/stream")
    async def stream(self) -> AsyncIterator[str]:
        """Return a stream."""
        yield ""

    @get("/file")
    async def file(self) -> FileResponse:
        """Return a file."""
        return FileResponse("a")

    @socket_route("/socket")
    async def socket(self, socket: WebSocket[str]) -> None:
        """Talk."""

    @post("/json")
    async def json(self, body: dict[str, int]) -> None:
        """Read a value."""

    @post("/form")
    async def form(self, name: Annotated[str, Form()]) -> None:
        """Read a form."""

    @post("/upload")
    async def upload(self, file: UploadFile) -> None:
        """Read a file."""

    @post("/chunks")
    async def chunks(self, body: BodyStream) -> None:
        """Read chunks."""


def test_kinds_of_responses_and_bodies() -> None:
    """Streams and files are never whole, and some bodies are read once."""
    routes = seen(Kinds)

    assert [path for path, one in routes.items() if one.streams] == ["/stream", "/file"]
    assert [path for path, one in routes.items() if one.is_websocket] == ["/socket"]
    assert [path for path, one in routes.items() if not one.keeps_body] == ["/form", "/upload", "/chunks"]


async def opaque(request: Request) -> None:
    """Read what it likes."""


async def stated(request: Request) -> None:
    """Say what it reads."""


stated.security = SecurityRequirement(  # type: ignore[attr-defined]  # as users declare it
    scheme="key", document={"type": "apiKey", "in": "header", "name": "X-Signed"}
)


async def by_certificate(request: Request) -> None:
    """Say that clients are known by their connections."""


by_certificate.security = SecurityRequirement(  # type: ignore[attr-defined]  # as users declare it
    scheme="certificate", document={"type": "mutualTLS"}
)


async def declared(tenant: Annotated[str, Header(name="X-Tenant")]) -> None:
    """Read a header by its marker."""


async def reading(request: Request) -> User:
    """Find the user by hand."""
    return User(request.headers["X-User"])


BEARER = Bearer(by_token)
WANTED: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "/none": ((), (), ()),
    "/parameters": (("x-lang", "cookie"), (), ()),
    "/required": (("authorization",), ("authorization",), ()),
    "/optional": (("authorization",), (), ()),
    "/either": (("authorization", "x-key"), ("authorization", "x-key"), ()),
    "/cookie": (("cookie",), ("cookie",), ()),
    "/query": ((), (), ()),
    "/opaque": ((), (), ("opaque",)),
    "/limited": ((), (), ()),
    "/stated": (("x-signed",), (), ()),
    "/certificate": ((), (), ("certificate",)),
    "/declared": (("x-tenant",), (), ()),
    "/service": ((), (), ("User",)),
    "/handler": ((), (), ("Identified.handler",)),
}


class Identified(Controller):
    """Routes by where clients identify themselves."""

    @get("/none")
    async def none(self, count: int = 1) -> None:
        """Ask for nothing."""

    @get("/parameters")
    async def parameters(self, x_lang: Annotated[str, Header()], theme: Annotated[str, Cookie()]) -> None:
        """Read a header and a cookie."""

    @get("/required")
    async def required(self, user: Annotated[User, BEARER]) -> None:
        """Require a token."""

    @get("/optional")
    async def optional(self, user: Annotated[User | None, BEARER] = None) -> None:
        """Read a token."""

    @get("/either", guards=(Basic(by_password) | APIKey(by_token, header="X-Key"),))
    async def either(self) -> None:
        """Require one of two."""

    @get("/cookie", guards=(APIKey(by_token, cookie="sid"),))
    async def cookie(self) -> None:
        """Require a cookie."""

    @get("/query", guards=(APIKey(by_token, query="key"),))
    async def query(self) -> None:
        """Require a value in the query."""

    @get("/opaque", guards=(opaque,))
    async def opaque(self) -> None:
        """Be guarded by a function of the request."""

    @get("/limited", guards=(RateLimit("1/minute"),))
    async def limited(self) -> None:
        """Be guarded by a layer."""

    @get("/stated", guards=(stated,))
    async def stated(self) -> None:
        """Be guarded by a function that says what it reads."""

    @get("/certificate", guards=(by_certificate,))
    async def certificate(self) -> None:
        """Be guarded by the connection."""

    @get("/declared", guards=(declared,))
    async def declared(self) -> None:
        """Be guarded by a function with a parameter."""

    @get("/service")
    async def service(self, user: Annotated[User, Inject()]) -> None:
        """Take a service that takes the request."""

    @get("/handler")
    async def handler(self, request: Request) -> None:
        """Take the request."""


@pytest.mark.parametrize("path", WANTED)
def test_where_clients_identify_themselves(path: str) -> None:
    """The headers of parameters and credentials, and who may read others."""
    container = Container()
    container.add_scoped(User, reading)

    one = seen(Identified, container=container)[path]

    assert (one.request_headers, one.credential_headers, one.takes_request) == WANTED[path]
    assert one.credential_query == (("key",) if path == "/query" else ())
