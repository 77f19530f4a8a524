"""What layers know of the routes that they cover, and services that only these routes may require."""

from collections.abc import Collection
from typing import Annotated, Any

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from framework import (
    App,
    Container,
    Controller,
    Cookie,
    Form,
    OpenAPI,
    Request,
    Response,
    UploadFile,
    WebSocket,
    get,
    post,
)
from framework import websocket as socket
from framework.caching import forbid_storing, may_be_stored
from framework.errors import InvalidLayerError
from framework.layers import Layer, Steps
from framework.requests import read_field
from framework.routing import RouteInfo
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, problem


class Desk:
    """A service of a layer."""


class Lamp:
    """A service of the application."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk


class Furnished(Layer):
    """Brings a desk for the routes that it covers."""

    def __init__(self) -> None:
        self.routes: list[RouteInfo] = []

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Keep the route."""
        if route is not None:
            self.routes.append(route)
        return Steps(request_cookies={"desk": "Which desk.", "known": "Not this one."})

    def register(self, container: Container) -> None:
        """Add the desk."""
        container.add_scoped(Desk)

    def exclusive(self) -> Collection[Any]:
        """Return the desk."""
        return (Desk,)


class Plain(Layer):
    """Does nothing."""

    def compile(self, _: RouteInfo | None) -> None:
        """Do nothing."""


async def lit(_: Lamp) -> None:
    """Guard with a service that requires the desk."""


class Office(Controller):
    """Has a desk, of its own or of its guard."""

    @get("/own")
    async def own(self, _: Desk, known: Annotated[str, Cookie()] = "") -> str:
        """Require the desk."""
        return known

    @get("/guarded", guards=(lit,))
    async def guarded(self) -> str:
        """Require it for the guard."""
        return ""

    @get("/none")
    async def none(self) -> str:
        """Require nothing."""
        return ""

    @socket("/socket")
    async def talk(self, _: WebSocket[str, str]) -> None:
        """Be a web socket."""


def lamps() -> Container:
    """Return a container with a lamp."""
    container = Container()
    container.add_scoped(Lamp)
    return container


def test_what_a_layer_knows_of_a_route() -> None:
    """The services that its requests create, guards included, and the layers that cover it, each once."""
    layer, outer = Furnished(), Plain()
    on_routes = type("OnController", (Office,), {"middlewares": (layer,)})
    App([on_routes], container=lamps(), openapi=None, middlewares=[outer, layer]).build()

    known = {one.template: (one.services, one.is_websocket) for one in layer.routes}
    assert known == {
        "/own": (frozenset({Desk}), False),
        "/guarded": (frozenset({Desk, Lamp}), False),
        "/none": (frozenset(), False),
        "/socket": (frozenset(), True),
    }
    assert {one.middlewares for one in layer.routes} == {(outer, layer)}


@pytest.mark.parametrize("handler", ["own", "guarded"])
def test_a_service_of_a_layer_is_only_for_its_routes(handler: str) -> None:
    """A route outside that requires it, through a guard too, is an error at start-up."""

    class Elsewhere(Controller):
        middlewares = (Furnished(),)

        @get("/elsewhere")
        async def show(self, _: Desk) -> str:
            return ""

    only = type("Only", (Controller,), {handler: getattr(Office, handler)})
    with pytest.raises(ExceptionGroup) as caught:
        App([Elsewhere, only], container=lamps(), openapi=None).build()

    (error,) = caught.value.exceptions
    assert isinstance(error, InvalidLayerError)
    assert "it requires Desk, which only the routes that Furnished covers have" in str(error)
    assert "give the Furnished to the app, or to a router or controller around it" in str(error)


async def apologize(_: Request, __: KeyError, lamp: Lamp) -> Response[str]:
    """Handle an error with a service that requires the desk."""
    return Response(type(lamp.desk).__name__, status=404)


class Apologizing:
    """The same as a class."""

    async def __call__(self, request: Request, error: KeyError, *, lamp: Lamp) -> Response[str]:
        """Handle an error."""
        return await apologize(request, error, lamp)


@pytest.mark.parametrize("handler", [apologize, Apologizing])
def test_services_of_exception_handlers_are_those_of_the_routes_inside(handler: Any) -> None:
    """A layer covers them as if the route required them; sockets and documents are excepted."""
    layer = Furnished()
    App([Office], container=lamps(), middlewares=[layer], exception_handlers={KeyError: handler}).build()

    known = {one.template: one.services for one in layer.routes}
    assert [known[path] for path in ("/own", "/guarded", "/none")] == [{Desk, Lamp}] * 3
    assert [known[path] for path in ("/socket", "/openapi.json")] == [set(), set()]


async def test_an_exception_handler_with_a_service_of_a_layer(serve: Serve) -> None:
    """It gets the service, on a route that does not require it itself."""

    class Failing(Controller):
        middlewares = (Furnished(),)
        exception_handlers = {KeyError: apologize}  # noqa: RUF012  read once

        @get("/lost")
        async def lost(self) -> None:
            raise KeyError("lost")

    answer = await ask(await serve(app_of(Failing, container=lamps())), "GET", "/lost")
    assert (answer.status, answer.body) == (404, b"Desk")


def test_an_exception_handler_needs_a_layer_around_its_routes() -> None:
    """Each route that it covers, and the layer does not, is named."""

    class Elsewhere(Controller):
        middlewares = (Furnished(),)

        @get("/elsewhere")
        async def show(self) -> str:
            return ""

    class Outside(Controller):
        @get("/outside")
        async def show(self) -> str:
            return ""

    with pytest.raises(ExceptionGroup) as caught:
        App([Elsewhere, Outside], container=lamps(), openapi=None, exception_handlers={KeyError: apologize}).build()

    (error,) = caught.value.exceptions
    assert isinstance(error, InvalidLayerError)
    text = "an exception handler of app requires Desk, which only the routes that Furnished covers have"
    assert f"): {text}, and also handles errors of Outside.show (" in str(error).replace(
        f"{Outside.__qualname__}.", "Outside."
    )
    assert str(error).endswith(
        "give the Furnished to the app, or to a router or controller around it, "
        "or give the exception handler only to those routes."
    )


def test_cookies_of_a_layer_are_in_the_document() -> None:
    """Each is an optional parameter; what the handler declares itself stays."""
    app = App([Office], container=lamps(), openapi=OpenAPI(title="Office", version="1"), middlewares=[Furnished()])
    document = app.document()
    OpenAPIV31SpecValidator(document).validate()

    found = document["paths"]["/own"]["get"]["parameters"]
    assert [(one["in"], one["name"], one.get("description")) for one in found] == [
        ("cookie", "known", None),
        ("cookie", "desk", "Which desk."),
    ]


FIELD = web.RequestKey("field", object)


class Fields(Layer):
    """Reads a field of a form before the handler."""

    def __init__(self, limit: int = 1_000) -> None:
        self.limit = limit

    def compile(self, _: RouteInfo | None) -> Steps:
        """Read the field, and put it into a header."""
        return Steps(before=self.read, after=self.show)

    async def read(self, request: web.Request) -> None:
        """Read the field."""
        request[FIELD] = await read_field(request, "token", limit=self.limit)
        forbid_storing(request)

    def show(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Show the field."""
        response.headers["X-Field"] = f"{request.get(FIELD)} {not may_be_stored(request)}"
        return response


class Uploads(Controller):
    """Takes forms."""

    @post("/form")
    async def form(self, name: Annotated[str, Form()]) -> str:
        """Return a field."""
        return name

    @post("/file")
    async def file(self, photo: UploadFile) -> str:
        """Return what a file has."""
        return (await photo.read()).decode()

    @post("/raw")
    async def raw(self, request: Request) -> str:
        """Return the whole body."""
        return (await request.read()).decode()


URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nabc\r\n'
    b'--b\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\npixels\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("target", "headers", "body", "field", "answer"),
    [
        ("/form", URLENCODED, b"token=a%26b&name=ann", "a&b", b"ann"),
        ("/form", URLENCODED, b"name=ann", "None", b"ann"),
        ("/form", URLENCODED, b"token=a&token=b&name=ann", "None", b"ann"),
        ("/file", MULTIPART, PARTS, "abc", b"pixels"),
        ("/raw", {"Content-Type": "text/plain"}, b"token=a", "None", b"token=a"),
        ("/raw", {}, b"", "None", b""),
    ],
)
async def test_a_field_is_read_before_the_handler(
    serve: Serve, target: str, headers: dict[str, str], body: bytes, field: str, answer: bytes
) -> None:
    """A single field of a form, which the handler reads again; other bodies are not read."""
    server = await serve(app_of(Uploads, middlewares=[Fields()]))
    found = await ask(server, "POST", target, headers=headers, body=body)
    assert (found.status, found.body, found.headers["X-Field"]) == (200, answer, f"{field} True")


async def test_a_form_is_read_up_to_a_limit(serve: Serve) -> None:
    """What is larger is a 413, as it is for the handler."""
    server = await serve(app_of(Uploads, middlewares=[Fields(limit=10)]))
    found = await ask(server, "POST", "/form", headers=URLENCODED, body=b"token=a&name=ann")
    assert found.problem == problem(413, "/form", "The body exceeds 10 bytes")
