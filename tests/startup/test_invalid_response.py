"""InvalidResponseError: a status, a return annotation and raises= contradict what HTTP has."""

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, NamedTuple

import msgspec
import pytest
from aiohttp import web
from msgspec import Meta, Struct, field

from framework import App, Controller, EventStream, HTTPError, Response, get, post
from framework.errors import InvalidOptionError, InvalidResponseError, UnencodableReturnError, UnresolvedAnnotationError
from framework.formats import MSGPACK
from framework.http_errors import NotFound
from framework.responses import Redirect
from tests.startup.expected import custom_type_hint, mistakes, place

NO_ERRORS: Any = (ValueError, HTTPError("made"), "NotFound")


def test_a_body_with_a_status_that_has_none() -> None:
    """204, 205 and 304 have no body to put a value into."""

    class Orders(Controller):
        @get("/a", status=204)
        async def first(self) -> list[int]:
            return []

        @get("/b", status=304)
        async def second(self) -> Response[str]:
            return Response("")

    assert mistakes(Orders) == [
        (
            InvalidResponseError,
            f"Orders.first ({place(Orders.first)}): its status 204 has no body, and it returns list[int].\n"
            "  Hint: annotate it -> None, or use another status.",
        ),
        (
            InvalidResponseError,
            f"Orders.second ({place(Orders.second)}): its status 304 has no body, and it returns str.\n"
            "  Hint: annotate it -> None, or use another status.",
        ),
    ]


class Item(Struct):
    """What is sent."""

    name: str


class Counted(NamedTuple):
    """An array that is meant."""

    item: Item
    number: int


STATUS_TUPLES = [
    (tuple[Item, int], "tuple[Item, int]", "Response[Item]"),
    (tuple[list[Item], int], "tuple[list[Item], int]", "Response[list[Item]]"),
    (tuple[dict[str, Any], int], "tuple[dict[str, Any], int]", "Response[dict[str, Any]]"),
    (tuple[Item, int, dict[str, str]], "tuple[Item, int, dict[str, str]]", "Response[Item]"),
    (tuple[Response[Item], int], "tuple[Response[Item], int]", "Response[Item]"),
    (tuple[web.Response, int], "tuple[Response, int]", "Response"),
    (Item | tuple[Item, int], "tuple[Item, int]", "Response[Item]"),
]


@pytest.mark.parametrize(("annotation", "named", "written"), STATUS_TUPLES)
def test_a_value_and_a_status(annotation: Any, named: str, written: str) -> None:
    """It would be an array; the hint says how a status is given."""
    controller = returning(annotation)

    assert mistakes(controller) == [
        (
            InvalidResponseError,
            f"Returning.read ({place(controller.read)}): its return type {named} would be sent as an array, the "  # type: ignore[attr-defined]  # made here
            "status in it.\n  Hint: write @get(status=…), or return Response(value, status=…) and annotate it -> "
            f"{written}; if the array is meant, return a NamedTuple.",
        )
    ]


ARRAYS = [
    Counted,
    tuple[str, int],
    tuple[int, int],
    tuple[Item, float],
    tuple[Item, bool],
    tuple[Item, Annotated[int, Meta(ge=0)]],
    tuple[Item, int, int],
    tuple[Item, ...],
    list[tuple[Item, int]],
    Response[tuple[Item, int]],
]


@pytest.mark.parametrize("annotation", ARRAYS)
def test_an_array_that_is_meant(annotation: Any) -> None:
    """Other tuples are arrays, and so is one that a Response is given for its value."""
    App([returning(annotation)]).build()


def returning(annotation: Any) -> type[Controller]:
    """Return a controller whose handler has a return annotation."""

    async def read(_: Controller) -> Any: ...

    read.__annotations__ = {"return": annotation}
    return type("Returning", (Controller,), {"read": get("/a")(read)})


def test_a_status_that_is_none() -> None:
    """A final status lies between 200 and 599."""

    class Orders(Controller):
        @get("/a", status=100)
        async def first(self) -> str:
            return ""

        @get("/b", status=600)
        async def second(self) -> str:
            return ""

    assert mistakes(Orders) == [
        (
            InvalidResponseError,
            f"Orders.first ({place(Orders.first)}): its status 100 is not a final status of HTTP.\n"
            "  Hint: use a status from 200 to 599.",
        ),
        (
            InvalidResponseError,
            f"Orders.second ({place(Orders.second)}): its status 600 is not a final status of HTTP.\n"
            "  Hint: use a status from 200 to 599.",
        ),
    ]


def test_raises_names_what_is_no_http_error() -> None:
    """The document describes HTTPError classes only; each other thing is told."""

    class Orders(Controller):
        @get(raises=(NotFound, *NO_ERRORS))
        async def search(self) -> str:
            return ""

    hint = "  Hint: derive it from HTTPError with a status, register an exception handler for it, or take it out."
    where = f"Orders.search ({place(Orders.search)})"
    assert mistakes(Orders) == [
        (InvalidResponseError, f"{where}: raises= names an instance of HTTPError.\n  Hint: name the class."),
        (InvalidResponseError, f"{where}: raises= names 'NotFound', which is not an HTTPError.\n{hint}"),
        (InvalidResponseError, f"{where}: raises= names ValueError, which is not an HTTPError.\n{hint}"),
    ]


NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


class Page(Struct):
    """A page."""

    text: str


def test_a_status_of_a_response_of_aiohttps() -> None:
    """A ready response has its own status, whatever the route says."""

    class Pages(Controller):
        @post("/a", status=201)
        async def first(self) -> web.Response:
            return web.Response()

        @post("/b", status=201)
        async def second(self) -> web.FileResponse | web.StreamResponse:
            return web.FileResponse("x")

        @post("/c", status=201)
        async def third(self) -> Response:  # type: ignore[type-arg]
            return Response()

    hint = "  Hint: drop status=, or return a framework Response, which takes the status of the route."
    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): its status 201 is not that of the Response that it returns.\n{hint}",
        ),
        (
            InvalidResponseError,
            f"Pages.second ({place(Pages.second)}): its status 201 is not that of the FileResponse or StreamResponse "
            f"that it returns.\n{hint}",
        ),
    ]


def test_a_media_type_that_does_not_fit() -> None:
    """A format must write the type; texts and bytes have one type, and nothing has none."""

    class Pages(Controller):
        @get("/a", media_type="text/html")
        async def first(self) -> Page:
            return Page("")

        @get("/b", media_type=("text/html", "text/plain"))
        async def second(self) -> str:
            return ""

        @get("/c", media_type="text/html")
        async def third(self) -> None:
            pass

        @get("/d", media_type="text/html")
        async def fourth(self) -> web.Response:
            return web.Response()

    hint = "  Hint: annotate it with the type of the value, or drop media_type=."
    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): no format of the app writes Page as text/html.\n"
            "  Hint: return str or bytes, or name application/json, application/msgpack or a type that ends with a "
            "suffix of theirs.",
        ),
        (
            InvalidResponseError,
            f"Pages.second ({place(Pages.second)}): media_type= names 2 media types, and str is written in one way.\n"
            "  Hint: keep one of them; if the handler chooses the type, return Response(value, media_type=…) instead.",
        ),
        (
            InvalidResponseError,
            f"Pages.third ({place(Pages.third)}): media_type='text/html' has no value to describe.\n{hint}",
        ),
        (
            InvalidResponseError,
            f"Pages.fourth ({place(Pages.fourth)}): media_type='text/html' has no value to describe.\n{hint}",
        ),
    ]


def test_a_type_that_only_json_writes() -> None:
    """Without JSON among the formats nothing writes what is JSON already."""

    class Pages(Controller):
        @get("/a")
        async def first(self) -> msgspec.Raw:
            return msgspec.Raw(b"1")

    assert mistakes(Pages, formats=(MSGPACK,)) == [
        (
            UnencodableReturnError,
            f"Pages.first ({place(Pages.first)}): its return type Raw cannot be encoded "
            "(no format of the app but JSON writes it).\n"
            "  Hint: return a Struct, a dataclass or builtins, a framework Response, or an aiohttp StreamResponse.",
        )
    ]


def test_versions_of_what_has_none() -> None:
    """Only what is read and has a value has versions."""

    class Pages(Controller):
        @post("/a", etag=True)
        async def first(self) -> str:
            return ""

        @get("/b", etag=True, last_modified=lambda _: NOON)
        async def second(self) -> None:
            pass

        @get("/c", etag=True)
        async def third(self) -> web.Response:
            return web.Response()

    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): etag= is for GET, and it is POST.\n"
            "  Hint: drop etag=, and take preconditions: Preconditions where a version is to be compared.",
        ),
        (
            InvalidResponseError,
            f"Pages.second ({place(Pages.second)}): etag= needs a value, and it returns nothing.\n"
            "  Hint: annotate it with the type of the value, or drop etag=.",
        ),
        (
            InvalidResponseError,
            f"Pages.second ({place(Pages.second)}): last_modified= needs a value, and it returns nothing.\n"
            "  Hint: annotate it with the type of the value, or drop last_modified=.",
        ),
        (
            InvalidResponseError,
            f"Pages.third ({place(Pages.third)}): etag= needs a value, and it returns a ready Response.\n"
            "  Hint: annotate it with the type of the value, or drop etag=.",
        ),
    ]


def test_parts_of_what_has_none() -> None:
    """Only bytes that are read have parts."""

    class Pages(Controller):
        @get("/a", ranges=True)
        async def first(self) -> Page:
            return Page("")

        @post("/b", ranges=True)
        async def second(self) -> bytes:
            return b""

    hint = "  Hint: return bytes, or drop ranges=True."
    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): ranges=True is for GET and bytes, and it is Page.\n{hint}",
        ),
        (
            InvalidResponseError,
            f"Pages.second ({place(Pages.second)}): ranges=True is for GET and bytes, and it is POST.\n{hint}",
        ),
    ]


def test_headers_that_nothing_sets() -> None:
    """Only a Response has headers of its own."""

    class Pages(Controller):
        @get("/a", response_headers=Page)
        async def first(self) -> Page:
            return Page("")

    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): response_headers= declares headers that it cannot set.\n"
            "  Hint: annotate it -> Response[Page], and give Response(headers=…).",
        )
    ]


def test_a_header_whose_name_is_not_a_token() -> None:
    """The fields of response_headers= are names of headers."""

    class Headers(Struct):
        total: int = field(name="x total")

    class Pages(Controller):
        @get("/a", response_headers=Headers)
        async def first(self) -> Response[Page]:
            return Response(Page(""))

    assert mistakes(Pages) == [
        (
            InvalidOptionError,
            f"Pages.first ({place(Pages.first)}): response_headers= has a header 'x total', which is not a token.\n"
            "  Hint: name headers with letters, digits, '-' and '_' (RFC 9110, section 5.1).",
        )
    ]


def test_a_redirect_that_is_none() -> None:
    """A Redirect has a status that leads elsewhere."""

    class Pages(Controller):
        @post("/a", status=201)
        async def first(self) -> Redirect:
            return Redirect("/")

    assert mistakes(Pages) == [
        (
            InvalidResponseError,
            f"Pages.first ({place(Pages.first)}): its status 201 is not a redirect.\n"
            "  Hint: use 303, 307 or 308, or drop status=.",
        )
    ]


def test_streams_that_are_none() -> None:
    """A stream says what is in it, has a body, and is the whole answer."""

    class Orders(Controller):
        @get("/a", status=204)
        async def empty(self) -> EventStream[int]:
            yield 1

        @get("/b")
        async def bare(self) -> AsyncIterator:  # type: ignore[type-arg]  # the mistake
            yield 1

        @get("/c")
        async def bare_events(self) -> EventStream:  # type: ignore[type-arg]  # the mistake
            yield 1

        @get("/d")
        async def perhaps(self) -> AsyncIterator[int] | None:
            return None

        @get("/e")
        async def wrapped(self) -> Response[EventStream[int]]:
            raise NotImplementedError

        @get("/f")
        async def nothing(self) -> AsyncIterator[None]:
            yield None

        @get("/g")
        async def raw(self) -> EventStream[bytes]:
            yield b""

        @get("/h")
        async def responses(self) -> AsyncGenerator[Response[int], None]:
            yield Response(1)

    alone = "  Hint: return the stream alone, and raise an HTTPError where there is none."
    told = {
        "empty": "its status 204 has no body, and it returns EventStream[int].\n"
        "  Hint: annotate it -> None, or use another status.",
        "bare": "its annotation AsyncIterator does not say what is in the stream.\n"
        "  Hint: write it as AsyncIterator[Order].",
        "bare_events": "its annotation EventStream does not say what is in the stream.\n"
        "  Hint: write it as EventStream[Order].",
        "perhaps": f"its annotation AsyncIterator[int] | None has more in it than a stream.\n{alone}",
        "wrapped": f"its annotation Response[EventStream[int]] has more in it than a stream.\n{alone}",
        "nothing": "None cannot be an item of a stream.\n  Hint: yield bytes, str, or what can be written as JSON.",
        "raw": "bytes cannot be the data of an event.\n  Hint: yield str, or what can be written as JSON.",
        "responses": "Response[int] cannot be an item of a stream.\n"
        "  Hint: yield bytes, str, or what can be written as JSON.",
    }
    assert mistakes(Orders) == [
        (InvalidResponseError, f"Orders.{name} ({place(vars(Orders)[name])}): {what}") for name, what in told.items()
    ]


class Engine:
    """A service, not data."""


class Fine(HTTPError, status=200):
    """Is no error."""


class Doubled(HTTPError, status=409):
    """Has members that every problem has, and one that cannot be written."""

    status: int  # type: ignore[misc]  # the mistake
    title: str  # type: ignore[misc]  # the mistake
    engine: Engine


class Lost(HTTPError, status=404):
    """Names what cannot be found."""

    place: "Nowhere"  # type: ignore[name-defined]


def test_errors_that_cannot_be_answered() -> None:
    """Whether there is a document or not, they would be a 500 when they are raised; each is told once."""

    class Orders(Controller):
        @get("/a", raises=(Fine, Doubled))
        async def first(self) -> str:
            return ""

        @get("/b", raises=(Doubled, Lost))
        async def second(self) -> str:
            return ""

    doubled = f"Doubled ({place(Doubled)})"
    other_name = "is one that every problem has already.\n  Hint: give it another name."
    assert mistakes(Orders) == [
        (
            InvalidResponseError,
            f"Fine ({place(Fine)}): its status 200 is not that of an error.\n  Hint: give it a status from 400 to 599.",
        ),
        (InvalidResponseError, f"{doubled}: its member 'status' {other_name}"),
        (InvalidResponseError, f"{doubled}: its member 'title' {other_name}"),
        (
            InvalidResponseError,
            f"{doubled}: its member 'engine' is Engine, which cannot be encoded (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        ),
        (
            UnresolvedAnnotationError,
            f"Lost ({place(Lost)}): its annotations cannot be resolved (name 'Nowhere' is not defined).\n"
            "  Hint: import the name at module level, not under TYPE_CHECKING, where the function is defined.",
        ),
    ]
