"""InvalidLinkError: a link that leads nowhere, or gives its target what it does not take or nobody has."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from aiohttp import web
from msgspec import Struct

from framework import (
    App,
    Body,
    BodyStream,
    Controller,
    Form,
    Header,
    OpenAPI,
    Path,
    Query,
    Response,
    Router,
    WebSocket,
    get,
    post,
    put,
    route,
    websocket,
)
from framework.caching import Preconditions
from framework.errors import InvalidLinkError, MissingAnnotationError
from framework.openapi import Link
from tests.startup.expected import mistakes, place, told

UNKNOWN: Any = 3
USE = (
    'write "$request.path.NAME", "$request.query.NAME", "$request.header.NAME", "$request.body#/POINTER", '
    '"$response.header.NAME", "$response.body#/POINTER", "$url", "$method" or "$statusCode"'
)
NAME = "name a handler that is mounted, or a route as url_for does: Link('OrderController.show')"


class Line(Struct):
    """Part of an order."""

    sku: str


class Order(Struct):
    """What is answered."""

    id: int
    lines: list[Line]
    place: tuple[int, str]
    notes: dict[str, Line] | None = None


class NewOrder(Struct):
    """What is read."""

    sku: str


class Total(Struct):
    """The headers of an answer."""

    x_total: int


class Targets(Controller):
    """What links lead to."""

    path = "/targets"

    @get("/{number}")
    async def show(self, number: int, page: int = 1, x_tenant: Annotated[str, Header()] = "") -> Order:
        """Show."""
        raise NotImplementedError

    @put("/{number}")
    async def change(self, number: int, order: NewOrder) -> None:
        """Change."""

    @get("/{number}/twice")
    async def twice(self, number: int, again: Annotated[int, Query(name="number")] = 1) -> None:
        """Read one name from two places."""

    @get()
    async def search(self) -> None:
        """Take nothing."""

    @post("/upload")
    async def upload(self, body: BodyStream) -> None:
        """Take bytes."""

    @get("/tagged")
    async def tagged(self, tag: tuple[int, ...] = ()) -> None:
        """Take several."""

    @route("/both", methods=("GET", "POST"))
    async def both(self) -> None:
        """Be two operations."""

    @websocket("/talk")
    async def talk(self, socket: WebSocket[str, str]) -> None:
        """Be none."""

    @get("/hidden", in_document=False)
    async def hidden(self) -> None:
        """Be in no document."""


def of_link(link: Link, what: str, hint: str, *, name: str = "next") -> None:
    """Declare a link at a route that reads and answers, and see what is told."""

    class Orders(Controller):
        @post("/orders/{owner}", links={name: link}, response_headers=Total)
        async def order(
            self, owner: str, order: NewOrder, dry: int = 0, trace: Annotated[str, Header(name="X-Trace")] = ""
        ) -> Response[Order]:
            raise NotImplementedError

    where = f"Orders.order ({place(Orders.order)}), link {name!r}"
    assert mistakes(Orders, Targets) == [(InvalidLinkError, f"{where}: {what}.\n  Hint: {hint}.")]


@pytest.mark.parametrize(
    ("link", "what", "hint"),
    [
        (Link("Targets.shw"), "its target 'Targets.shw' is not an operation of this app", "write 'Targets.show'"),
        (Link("Elsewhere.index"), "its target 'Elsewhere.index' is not an operation of this app", NAME),
        (Link(of_link), "its target of_link is not an operation of this app", NAME),
        (Link(UNKNOWN), "its target 3 is neither a handler nor the name of a route", NAME),
        (Link("Targets.talk"), "its target 'Targets.talk' is a web socket, not an operation", NAME),
        (
            Link(Targets.both),
            "its target Targets.both is several operations: GET /targets/both, POST /targets/both",
            "give each a decorator with its own name=, and link to a name",
        ),
    ],
)
def test_a_target_that_is_none(link: Link, what: str, hint: str) -> None:
    """It must be one operation of the app."""
    of_link(link, what, hint)


@pytest.mark.parametrize(("target", "hint"), [("Orders.ordr", NAME), ("Targets.tlk", "write 'Targets.both'")])
def test_a_hint_names_a_possible_target(target: str, hint: str) -> None:
    """It is not the route that has the link, nor a web socket, although these names are nearer."""
    of_link(Link(target), f"its target {target!r} is not an operation of this app", hint)


@pytest.mark.parametrize(
    ("link", "what", "hint"),
    [
        (
            Link("Targets.show", number=1, numbr=2),
            "it gives numbr=, which is not a parameter of GET /targets/{number}",
            "use one of number, page, x-tenant",
        ),
        (Link("Targets.search", page=1), "it gives page=, which is not a parameter of GET /targets", "take it out"),
        (
            Link("Targets.twice", parameters={"path.number": 1, "number": 2}),
            "it gives number=, which GET /targets/{number}/twice has several times",
            "call it 'path.number' or 'query.number' in parameters=",
        ),
        (
            Link("Targets.show", page=1),
            "it does not give the path parameter 'number' of GET /targets/{number}",
            'write where its value comes from, for example number="$response.body#/number"',
        ),
        (
            Link("Targets.show", number="seven"),
            "number='seven' does not fit its type (Expected `int`, got `str`)",
            "give a value that fits, or an expression",
        ),
        (
            Link("Targets.show", parameters={"path.number": 1}, number=2),
            "it gives path.number= and number=, which are one parameter",
            "keep one of them",
        ),
        (
            Link("Targets.upload", request_body=b"a"),
            "request_body=b'a' is a constant, and the body of POST /targets/upload is not JSON",
            "give an expression",
        ),
        (
            Link("Targets.tagged", tag=["a", "b"]),
            "tag=['a', 'b'] is not a single value, and a link can give no other",
            "give one, or an expression",
        ),
        (
            Link("Targets.tagged", tag="a"),
            "tag='a' does not fit its type (Expected `int`, got `str` - at `$[0]`)",
            "give a value that fits, or an expression",
        ),
        (
            Link("Targets.search", request_body="$request.body"),
            "it gives request_body=, and GET /targets reads none",
            "take it out",
        ),
        (
            Link("Targets.change", number=1, request_body={"sku": 1}),
            "request_body={'sku': 1} does not fit its type (Expected `str`, got `int` - at `$.sku`)",
            "give a value that fits, or an expression",
        ),
    ],
)
def test_what_the_target_does_not_take(link: Link, what: str, hint: str) -> None:
    """All that a link gives is a parameter or the body of its target, and all of its path is given."""
    of_link(link, what, hint)


def test_one_parameter_twice() -> None:
    """Its name on the wire and that of the argument are one."""
    of_link(
        Link("Targets.show", parameters={"X-Tenant": "a"}, number=1, x_tenant="b"),
        "it gives X-Tenant= and x_tenant=, which are one parameter",
        "keep one of them",
    )


@pytest.mark.parametrize(
    "text",
    [
        "$response",
        "$response.body.id",
        "$response.body#id",
        "$response.body#/~2",
        "$request.header.",
        "$request.header.two words",
        "$request.cookie.id",
        "$statuscode",
        "$",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    """Whatever begins with a dollar must be one."""
    of_link(Link("Targets.show", number=text), f"number={text!r} is not a runtime expression", USE)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (
            "$request.path.number",
            "'$request.path.number' names a path parameter that the route does not have",
            "use one of owner",
        ),
        (
            "$request.query.wet",
            "'$request.query.wet' names a query parameter that the route does not have",
            "use one of dry",
        ),
        (
            "$request.header.trace",
            "'$request.header.trace' names a header that the route does not have",
            "use one of x-trace, accept, authorization, content-type",
        ),
        (
            "$response.header.location",
            "'$response.header.location' names a header that the route does not declare",
            "use one of Vary, x-total, or declare it with response_headers=",
        ),
        (
            "$request.body#/ski",
            "'$request.body#/ski' points to what the body of the request cannot have: /ski",
            "use one of /sku",
        ),
        (
            "$response.body#/number",
            "'$response.body#/number' points to what the response cannot have: /number",
            "use one of /id, /lines, /place, /notes",
        ),
        (
            "$response.body#/lines/0/name",
            "'$response.body#/lines/0/name' points to what the response cannot have: /lines/0/name",
            "use one of /lines/0/sku",
        ),
        (
            "$response.body#/notes/a/b/c",
            "'$response.body#/notes/a/b/c' points to what the response cannot have: /notes/a/b",
            "use one of /notes/a/sku",
        ),
        (
            "$response.body#/lines/first",
            "'$response.body#/lines/first' points to what the response cannot have: /lines/first",
            "point to a value above it",
        ),
        (
            "$response.body#/place/2",
            "'$response.body#/place/2' points to what the response cannot have: /place/2",
            "point to a value above it",
        ),
        (
            "$response.body#/id/x",
            "'$response.body#/id/x' points to what the response cannot have: /id/x",
            "point to a value above it",
        ),
        ("$response.query.page", "'$response.query.page' names a query parameter of a response, which has none", USE),
        ("a{$url", "'a{$url' has a brace without its other", "close each expression: {$request.body#/url}"),
        ("{$url}{name}", "'{name}' is not a runtime expression", USE),
        (
            "n-{$request.path.number}",
            "'$request.path.number' names a path parameter that the route does not have",
            "use one of owner",
        ),
    ],
)
def test_what_the_route_does_not_have(text: str, what: str, hint: str) -> None:
    """An expression names what the request or the answer of its own route can have."""
    of_link(Link("Targets.show", number=text), f"number={what}", hint)


def test_a_name_that_is_none() -> None:
    """Links are named as components are."""
    of_link(
        Link("Targets.search"),
        "its name 'next order' is not allowed by OpenAPI",
        "use letters, digits, '.', '-' and '_'",
        name="next order",
    )


def test_bodies_that_have_no_parts() -> None:
    """What is not JSON cannot be pointed into, and what is not there cannot be named."""
    into_answer = {"next": Link("Targets.show", number="$response.body#/id")}
    into_request = {"next": Link("Targets.show", number="$request.body#/id")}

    class Text(Controller):
        @get("/text", links=into_answer)
        async def order(self) -> str:
            return ""

    class Lines(Controller):
        @get("/lines", links=into_answer)
        async def order(self) -> AsyncIterator[Order]:
            yield Order(1, [], (1, ""))

    class Nothing(Controller):
        @get("/nothing", links=into_answer)
        async def order(self) -> None: ...

    class Without(Controller):
        @get("/without", links=into_request)
        async def order(self) -> None: ...

    class Stream(Controller):
        @post("/stream", links=into_request)
        async def order(self, body: BodyStream) -> None: ...

    class Fields(Controller):
        @post("/fields", links=into_request)
        async def order(self, sku: Annotated[str, Form()]) -> None: ...

    expected: dict[Any, tuple[str, str]] = {
        Text: ("'$response.body#/id' points into the response, which is not JSON", 'write "$response.body"'),
        Lines: ("'$response.body#/id' points into the response, which is not JSON", 'write "$response.body"'),
        Nothing: ("'$response.body#/id' names a body, but the response of the route has none", "take it out"),
        Without: ("'$request.body#/id' names a body, and the route reads none", "take it out"),
        Stream: ("'$request.body#/id' points into the body of the request, which is not JSON", 'write "$request.body"'),
        Fields: ("'$request.body#/id' points to what the body of the request cannot have: /id", "use one of /sku"),
    }
    for controller, (what, hint) in expected.items():
        where = f"{controller.__name__}.order ({place(controller.order)}), link 'next'"
        assert mistakes(controller, Targets) == [(InvalidLinkError, f"{where}: number={what}.\n  Hint: {hint}.")]


def test_a_header_that_nothing_declares() -> None:
    """Where the answer has no header of its own, the hint is the option alone."""

    class Orders(Controller):
        @get("/orders", links={"next": Link("Targets.show", number="$response.header.X-Next")})
        async def order(self) -> str:
            return ""

    where = f"Orders.order ({place(Orders.order)}), link 'next'"
    assert mistakes(Orders, Targets) == [
        (
            InvalidLinkError,
            f"{where}: number='$response.header.X-Next' names a header that the route does not declare.\n"
            "  Hint: declare it with response_headers=.",
        )
    ]


def test_a_target_with_a_mistake_of_its_own() -> None:
    """That is told alone: the link is not wrong for it."""

    class Orders(Controller):
        @get("/orders", links={"next": Link("show"), "again": Link("Orders.show")})
        async def search(self) -> None: ...

        @get("/orders/{number}")
        async def show(self, number) -> None: ...  # type: ignore[no-untyped-def]  # the mistake

    assert [error for error, _ in mistakes(Orders)] == [MissingAnnotationError]


def test_a_target_in_no_document() -> None:
    """A link that no document has is a mistake, for each reason that there is."""

    class Orders(Controller):
        @get("/orders", links={"hidden": Link("Targets.hidden"), "all": Link(Targets.search)})
        async def search(self) -> None: ...

    def of(name: str, target: str) -> tuple[type, str]:
        return (
            InvalidLinkError,
            f"Orders.search ({place(Orders.search)}), link {name!r}: its target GET {target} is in no OpenAPI document "
            "with the route.\n  Hint: let one document include both, or take the link out.",
        )

    public = OpenAPI(include=("/orders",))
    targets = OpenAPI(path="/targets.json", docs_path=None, include=("/targets",))
    everything = OpenAPI(path="/all.json", docs_path=None)
    hidden = of("hidden", "/targets/hidden")
    assert told(App([Orders, Targets])) == [hidden]
    assert told(App([Orders, Targets], openapi=[public, targets])) == [hidden, of("all", "/targets")]
    assert told(App([Orders, Targets], openapi=[public, everything])) == [hidden]
    assert told(App([Orders, Targets], openapi=[targets])) == []
    assert told(App([Orders, Targets], openapi=None)) == []


def test_what_is_right() -> None:
    """All kinds of expressions and constants, and every way to name a target and its parameters."""

    class Pages(Struct):
        page: int = 1

    class Items(Controller):
        path = "/items"

        @post(
            "/{owner}",
            links={
                "by-handler": Link(Targets.show, number="$response.body#/lines/0/sku", page=2, x_tenant="$url"),
                "by.name": Link("Targets.show", parameters={"path.number": 7, "X-Tenant": "t-{$request.path.owner}"}),
                "own": Link("show", number="$request.query.dry", page="$request.header.Accept"),
                "if-match": Link(
                    "put",
                    parameters={"if-match": "$response.header.x-total"},
                    number="$statusCode",
                    request_body="$request.body",
                ),
                "constant": Link("Targets.change", number=1, request_body=NewOrder("A")),
                "several": Link("Targets.twice", parameters={"path.number": 1, "query.number": "$method"}),
            },
            response_headers=Total,
        )
        async def order(
            self, owner: Annotated[str, Path()], order: Annotated[NewOrder, Body()], dry: int = 0
        ) -> Response[Order]:
            raise NotImplementedError

        @get("/{number}")
        async def show(self, number: int, pages: Annotated[Pages, Query()]) -> None: ...

        @put("/{number}")
        async def put(self, number: int, order: NewOrder, preconditions: Preconditions) -> None: ...

        @get(
            "/raw", links={"next": Link("Targets.show", number="$response.body#/what/ever", page="$response.header.X")}
        )
        async def raw(self) -> web.Response:
            return web.Response()

    assert told(App([Items, Targets])) == []


def test_one_controller_below_two_routers() -> None:
    """A link leads to the operation that is nearest, by handler and by name."""

    class Orders(Controller):
        path = "/orders"

        @get("/{number}")
        async def show(self, number: int) -> None: ...

        @get(links={"a": Link("show", number=1), "b": Link("Orders.show", number=1), "c": Link(show, number=1)})
        async def search(self) -> None: ...

    app = App([Router("/v1", [Orders], name="v1"), Router("/v2", [Router("", [Orders], name="in")], name="v2")])
    assert told(app) == []
    links = {
        path: {name: one["operationId"] for name, one in item["get"]["responses"]["204"].get("links", {}).items()}
        for path, item in app.document()["paths"].items()
    }
    assert links == {
        "/v1/orders": dict.fromkeys("abc", "v1.Orders.show"),
        "/v1/orders/{number}": {},
        "/v2/orders": dict.fromkeys("abc", "v2.in.Orders.show"),
        "/v2/orders/{number}": {},
    }
