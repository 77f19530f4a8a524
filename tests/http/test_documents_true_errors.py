"""The responses for errors in the document beside what is sent: exception handlers, time limits."""

import asyncio
from typing import Any, ClassVar

import pytest
from aiohttp import web
from msgspec import Struct
from pytest_aiohttp import AiohttpClient

from framework import App, Container, Controller, HTTPError, Limits, Request, Response, Router, get
from framework.controller import Controllers
from framework.openapi import handles
from framework.testing import check_contract


class Missing(Struct):
    """What is not there."""

    key: str


class OutOfStock(HTTPError, status=409):
    """Nothing is left."""

    sku: str


class Odd(HTTPError, status=409):
    """The number is odd."""


PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@handles(status=404)
async def no_such_key(_: Request, error: KeyError) -> Response[Missing]:
    """Nothing has this key.

    It is named.
    """
    return Response(Missing(str(error.args[0])))


async def sold_out(_: Request, error: OutOfStock) -> Response[dict[str, str]]:
    """Name what is sold out."""
    return Response({"sold out": error.sku})


class Shelf(Controller):
    """Raises errors of several kinds."""

    path = "/shelf"
    exception_handlers: ClassVar = {KeyError: no_such_key}

    @get("/key", raises=(KeyError,))
    async def key(self, name: str = "a") -> int:
        """Look into a dictionary."""
        return {"a": 1}[name]

    @get("/stock", raises=(OutOfStock, Odd), exception_handlers={OutOfStock: sold_out})
    async def stock(self, number: int) -> int:
        """Sell."""
        if number % 2:
            raise Odd
        raise OutOfStock(sku=str(number))


def build(controllers: Controllers, **settings: Any) -> dict[str, Any]:
    """Return the document of an app."""
    return App(controllers, **settings).document()


def responses(document: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the responses of a GET."""
    found: dict[str, Any] = document["paths"][path]["get"]["responses"]
    return found


def test_an_exception_of_others_is_documented_as_its_handler_declares() -> None:
    """The annotation gives the body, ``handles`` the status, the docstring the words."""
    document = build([Shelf])

    assert responses(document, "/shelf/key")["404"] == {
        "description": "Nothing has this key.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Missing"}}},
    }


def test_a_handler_that_declares_no_status_has_that_of_the_error() -> None:
    """A second error of the status stays a problem beside it."""
    document = build([Shelf])
    conflict = responses(document, "/shelf/stock")["409"]

    assert conflict == {
        "description": "Nothing is left.\n\nThe number is odd.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
            "application/json": {"schema": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
    }


async def test_what_is_sent_is_what_is_documented(aiohttp_client: AiohttpClient) -> None:
    """A Response without a status of its own has the declared one, or that of the error."""
    client = await aiohttp_client(App([Shelf]).build())
    missing = await client.get("/shelf/key?name=b")
    sold = await client.get("/shelf/stock?number=2")
    odd = await client.get("/shelf/stock?number=1")

    assert (missing.status, await missing.json()) == (404, {"key": "b"})
    assert (sold.status, await sold.json()) == (409, {"sold out": "2"})
    assert (odd.status, odd.content_type) == (409, "application/problem+json")


class Names:
    """Knows the names of keys."""

    def name(self, key: object) -> str:
        """Return a name."""
        return f"the key {key}"


@handles(status=410)
class Gone:
    """Says what is gone."""

    async def __call__(self, _: Request, error: KeyError, names: Names) -> Response[Missing]:
        """Name the key."""
        return Response(Missing(names.name(error.args[0])))


@handles(status=410)
async def gone(_: Request, error: KeyError, names: Names) -> Response[Missing]:
    """Name the key."""
    return Response(Missing(names.name(error.args[0])))


@pytest.mark.parametrize("handler", [Gone, Gone(), gone], ids=["class", "instance", "function"])
async def test_a_handler_with_services_declares_its_status(aiohttp_client: AiohttpClient, handler: Any) -> None:
    """What is declared holds for a handler that is called with services, also where the app names the exception."""

    class Keys(Controller):
        """Looks keys up."""

        @get("/keys")
        async def show(self) -> int:
            """Look one up."""
            raise KeyError("a")

    container = Container()
    container.add_singleton(Names)
    app = App([Keys], container=container, exception_handlers={KeyError: handler}, raises=(KeyError,))
    response = await (await aiohttp_client(app.build())).get("/keys")

    assert (response.status, await response.json()) == (410, {"key": "the key a"})
    assert set(responses(app.document(), "/keys")["410"]["content"]) == {"application/json"}


@pytest.mark.slow
def test_generated_requests_find_nothing() -> None:
    """The document is true for every generated request."""
    assert check_contract(App([Shelf]), examples=5, coverage=False).failures == []


async def unknown(_: Request, __: HTTPError) -> web.Response:
    """Send whatever aiohttp sends."""
    return web.Response(text="gone", status=409)


@handles(media_type="text/csv")
async def as_csv(_: Request, error: HTTPError) -> Response[str]:
    """Send the title as CSV."""
    return Response(error.title)


@handles(status=200, media_type="application/vnd.shelf+json")
class Forgiving:
    """Takes everything for a success."""

    async def __call__(self, _: Request, error: HTTPError) -> Response[Missing] | Response[int]:
        """Send what went wrong."""
        return Response(Missing(error.title))


class Items(Controller):
    """One route."""

    @get("/items/{number}", raises=(Odd,))
    async def show(self, number: int) -> int:
        """Refuse odd numbers."""
        if number % 2:
            raise Odd
        return number


@pytest.mark.parametrize(
    ("handlers", "status", "content", "sent"),
    [
        ({}, "409", PROBLEM, "application/problem+json"),
        ({Odd: unknown}, "409", {"*/*": {}}, "text/plain"),
        ({HTTPError: as_csv}, "409", {"text/csv": {"schema": {"type": "string"}}}, "text/csv"),
        ({409: as_csv}, "409", {"text/csv": {"schema": {"type": "string"}}}, "text/csv"),
        (
            {Exception: Forgiving},
            "200",
            {
                "application/json": {"schema": {"type": "integer"}},
                "application/msgpack": {"schema": {"type": "integer"}},
                "application/vnd.shelf+json": {
                    "schema": {"anyOf": [{"$ref": "#/components/schemas/Missing"}, {"type": "integer"}]}
                },
            },
            "application/vnd.shelf+json",
        ),
    ],
)
async def test_the_handler_that_takes_an_error_documents_it(
    aiohttp_client: AiohttpClient, handlers: Any, status: str, content: Any, sent: str
) -> None:
    """By class or status, on the app, as function or class; what is sent is what is documented."""
    app = App([Items], exception_handlers=handlers)
    client = await aiohttp_client(app.build())
    response = await client.get("/items/1")

    assert (response.status, response.content_type) == (int(status), sent)
    documented = responses(app.document(), "/items/{number}")
    assert documented[status]["content"] == content
    assert ("422" in documented) is (Exception not in handlers)


def test_the_nearest_handler_counts() -> None:
    """A handler of a router stands before one of the app."""
    document = build(
        [Router("/a", [Items], exception_handlers={409: unknown}), Items], exception_handlers={Odd: as_csv}
    )

    assert responses(document, "/a/items/{number}")["409"]["content"] == {"*/*": {}}
    assert list(responses(document, "/items/{number}")["409"]["content"]) == ["text/csv"]


async def undeclared(_: Request, error: KeyError) -> Response[str]:
    """Send some status."""
    return Response(str(error), status=404)


@handles(status=99)
async def impossible(_: Request, __: Exception) -> Response[complex]:
    """Send what cannot be."""
    return Response(1j)


def test_what_cannot_be_true_is_refused_at_start_up() -> None:
    """An exception whose status nobody declares, a status that is none, a body that cannot be encoded."""

    class Loose(Controller):
        """Raises what nobody declares."""

        @get("/loose", raises=(KeyError, OSError), exception_handlers={KeyError: undeclared, ValueError: impossible})
        async def show(self) -> int:
            """Raise."""
            raise KeyError

    with pytest.raises(ExceptionGroup) as caught:
        App([Loose]).build()

    found = [str(one).partition("): ")[2].splitlines() for one in caught.value.exceptions]
    assert found == [
        [
            "it handles an exception with the status 99, which is not a final status of HTTP.",
            "  Hint: use a status from 200 to 599.",
        ],
        [
            "it returns a Response of complex, which cannot be encoded (msgspec does not know complex).",
            "  Hint: describe it with App(types=[CustomType(complex, decode=…, encode=…, schema=…)]), "
            "or use a builtin, a Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class.",
        ],
        [
            "raises= names KeyError, whose exception handler does not declare its status.",
            "  Hint: decorate the handler with @framework.openapi.handles(status=409), for example.",
        ],
        [
            "raises= names OSError, which is not an HTTPError.",
            "  Hint: derive it from HTTPError with a status, register an exception handler for it, or take it out.",
        ],
    ]


class Slow(Controller):
    """Takes its time."""

    @get("/slow", timeout=0.05)
    async def slow(self) -> str:
        """Sleep."""
        await asyncio.sleep(5)
        return "late"

    @get("/quick")
    async def quick(self) -> str:
        """Return at once."""
        return "quick"


@pytest.mark.both_loops
async def test_a_time_limit_is_documented(aiohttp_client: AiohttpClient) -> None:
    """The 503 of a route with a limit is a problem, and in the document of no other route."""
    app = App([Slow])
    document = app.document()
    client = await aiohttp_client(app.build())
    response = await client.get("/slow")

    assert responses(document, "/slow")["503"] == {"$ref": "#/components/responses/ServiceUnavailable"}
    assert document["components"]["responses"]["ServiceUnavailable"] == {
        "description": "The operation takes longer than its timeout.",
        "content": PROBLEM,
    }
    assert "503" not in responses(document, "/quick")
    assert (response.status, response.content_type, "Retry-After" in response.headers) == (
        503,
        "application/problem+json",
        False,
    )


@pytest.mark.parametrize(
    "app",
    [
        App([Slow], limits=Limits(timeout=1)),
        App([Router("", [Slow], limits=Limits(timeout=1))]),
        App([type("Limited", (Slow,), {"limits": Limits(timeout=1)})]),
    ],
)
def test_a_time_limit_around_a_route_is_documented(app: App) -> None:
    """Of the app, a router or a controller."""
    assert "503" in responses(app.document(), "/quick")
