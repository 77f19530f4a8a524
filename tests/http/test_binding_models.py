"""Models whose fields are spread over the query, the headers or the cookies."""

import dataclasses
from typing import Annotated, Generic, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from framework import Controller, Cookie, Header, Query, get, post
from tests.http.raw import ask, exchange, make_request
from tests.http.shapes import Serve, app_of, fault, invalid, problem, reading

T = TypeVar("T")


class Page(Struct):
    """A page of a list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str | None = None
    tags: list[str] = msgspec.field(default_factory=lambda: ["all"])
    exact: bool | UnsetType = UNSET
    order: str = msgspec.field(name="order-by", default="name")


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """A model that knows all of the query."""

    page_size: int
    page_number: int = 1


async def test_fields_are_query_parameters(serve: Serve) -> None:
    """Each field is a query parameter, under its encoded name; lists are repeated keys."""
    server = await serve(app_of(reading(get("/read"), Annotated[Page, Query()])))
    answer = await ask(server, "GET", "/read?limit=5&after=x&tags=a&tags=b&exact=1&order-by=age&unknown=1")
    assert answer.body.decode() == repr(Page(5, "x", ["a", "b"], exact=True, order="age"))
    answer = await ask(server, "GET", "/read?tags=a")
    assert answer.body.decode() == repr(Page(tags=["a"]))


async def test_defaults_and_factories_fill_what_is_absent(serve: Serve) -> None:
    """An empty query makes a model of its defaults, each time anew."""
    server = await serve(app_of(reading(get("/read"), Annotated[Page, Query()])))
    for _ in range(2):
        assert (await ask(server, "GET", "/read")).body.decode() == repr(Page())


async def test_faults_of_a_model_are_those_of_its_fields(serve: Serve) -> None:
    """Every field that is wrong is told, under its name on the wire."""
    server = await serve(app_of(reading(get("/read"), Annotated[Page, Query()])))
    answer = await ask(server, "GET", "/read?limit=0&exact=maybe&order-by=a&order-by=b")
    assert answer.problem == invalid(
        "/read",
        fault("query", "/limit", "constraint", "Expected `int` >= 1"),
        fault("query", "/exact", "type", "Expected `bool`, got `str`"),
        fault("query", "/order-by", "type", "Given 2 times, expected once"),
    )


async def test_model_that_forbids_refuses_the_rest_of_the_query(serve: Serve) -> None:
    """forbid_unknown_fields makes a fault of every name that nobody declares, in the spelling of the client."""
    server = await serve(app_of(reading(get("/read"), Annotated[Strict, Query()])))
    assert (await ask(server, "GET", "/read?pageSize=5")).body.decode() == repr(Strict(5))
    answer = await ask(server, "GET", "/read?page_size=5&b&b&%C3%A9/=1")
    assert answer.problem == invalid(
        "/read",
        *sorted(
            [
                fault("query", "/page_size", "unknown", "Unknown field"),
                fault("query", "/b", "unknown", "Unknown field"),
                fault("query", "/\u00e9~1", "unknown", "Unknown field"),
            ],
            key=lambda one: [entry["pointer"] for entry in answer.problem["errors"]].index(one["pointer"]),
        ),
        fault("query", "/pageSize", "missing", "Field required"),
    )


async def test_model_that_forbids_knows_what_other_parameters_take(serve: Serve) -> None:
    """What a parameter beside the model declares is not unknown to it."""

    class Lists(Controller):
        @get("/read")
        async def read(self, page: Annotated[Strict, Query()], tag: tuple[str, ...] = ()) -> str:
            return repr((page, tag))

    server = await serve(app_of(Lists))
    assert (await ask(server, "GET", "/read?pageSize=5&tag=a")).body.decode() == repr((Strict(5), ("a",)))
    assert (await ask(server, "GET", "/read?pageSize=5&tags=a")).status == 422


async def test_model_that_forbids_knows_the_objects_beside_it(serve: Serve) -> None:
    """The keys of a deepObject parameter are not unknown to a model beside it."""

    class Lists(Controller):
        @get("/read")
        async def read(
            self,
            page: Annotated[Strict, Query()],
            where: Annotated[dict[str, str], Query(style="deepObject")],
        ) -> str:
            return repr((page, where))

    server = await serve(app_of(Lists))
    answer = await ask(server, "GET", "/read?pageSize=5&where[a]=1")
    assert answer.body.decode() == repr((Strict(5), {"a": "1"}))
    answer = await ask(server, "GET", "/read?pageSize=5&where[a]=1&wherever[a]=1")
    assert answer.problem == invalid("/read", fault("query", "/wherever[a]", "unknown", "Unknown field"))


@dataclasses.dataclass
class Plain:
    """A dataclass."""

    x: int
    y: str = "y"


@attrs.define
class Attrs:
    """An attrs class."""

    x: int
    y: str = "y"


class Dict(TypedDict, total=False):
    """A TypedDict."""

    x: int
    y: str


class Box(Struct, Generic[T]):
    """A generic Struct."""

    x: T


@pytest.mark.parametrize(
    ("annotation", "query", "expected"),
    [
        (Plain, "?x=1", Plain(1)),
        (Attrs, "?x=1&y=2", Attrs(1, "2")),
        (Dict, "?x=1", {"x": 1}),
        (Dict, "", {}),
        (Box[int], "?x=1", Box(1)),
        (Box[list[int]], "?x=1&x=2", Box([1, 2])),
    ],
)
async def test_model_may_be_any_class_with_fields(
    serve: Serve, annotation: object, query: str, expected: object
) -> None:
    """Dataclasses, attrs classes, TypedDicts and generics are spread as Structs are."""
    server = await serve(app_of(reading(get("/read"), Annotated[annotation, Query()])))
    answer = await ask(server, "GET", f"/read{query}")
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


async def test_optional_model_is_its_default_when_nothing_of_it_is_there(serve: Serve) -> None:
    """A model with a default is absent when none of its fields is there, and checked as soon as one is."""
    server = await serve(app_of(reading(get("/read"), Annotated[Strict | None, Query()], None)))
    assert (await ask(server, "GET", "/read")).body == b"None"
    answer = await ask(server, "GET", "/read?pageNumber=2")
    assert answer.problem == invalid("/read", fault("query", "/pageSize", "missing", "Field required"))


class Trace(Struct):
    """Headers that belong together."""

    x_request_id: str
    accept_language: list[str] = []
    x_depth: int = msgspec.field(name="X-Trace-Depth", default=0)


async def test_fields_are_headers(serve: Serve) -> None:
    """A header model reads each field under its name with - for _, and lists at their commas."""
    server = await serve(app_of(reading(get("/read"), Annotated[Trace, Header()])))
    headers = {"X-Request-Id": "7", "accept-language": "de, en;q=0.5", "x-trace-depth": "3"}
    answer = await ask(server, "GET", "/read", headers=headers)
    assert answer.body.decode() == repr(Trace("7", ["de", "en;q=0.5"], 3))


async def test_faults_of_a_header_model_name_the_headers(serve: Serve) -> None:
    """Faults of a header model are told as on the wire, in lower case."""
    server = await serve(app_of(reading(get("/read"), Annotated[Trace, Header()])))
    answer = await ask(server, "GET", "/read", headers={"X-Trace-Depth": "deep"})
    assert answer.problem == invalid(
        "/read",
        fault("header", "/x-trace-depth", "type", "Expected `int`, got `str`"),
        fault("header", "/x-request-id", "missing", "Field required"),
    )


class Session(Struct, forbid_unknown_fields=True):
    """Cookies that belong together."""

    sid: Annotated[str, Meta(min_length=2)]
    theme: str = "light"


async def test_fields_are_cookies(serve: Serve) -> None:
    """A cookie model reads each field from the cookie of its name."""
    server = await serve(app_of(reading(get("/read"), Annotated[Session, Cookie()])))
    answer = await ask(server, "GET", "/read", headers={"Cookie": 'sid=ab; theme="dark blue"'})
    assert answer.body.decode() == repr(Session("ab", "dark blue"))
    answer = await ask(server, "GET", "/read", headers={"Cookie": "sid=a; other=1"})
    assert answer.problem == invalid(
        "/read",
        fault("cookie", "/sid", "constraint", "Expected `str` of length >= 2"),
        fault("cookie", "/other", "unknown", "Unknown field"),
    )


@pytest.mark.parametrize(
    ("annotation", "name"), [(Annotated[str, Header(name="X-Text")], "X-Text"), (Annotated[str, Cookie()], "Cookie")]
)
async def test_header_that_is_no_text_cannot_be_parsed(serve: Serve, annotation: object, name: str) -> None:
    """A header or cookie that is declared and not UTF-8 is 400, and the connection lives on."""
    server = await serve(app_of(reading(get("/read"), annotation), reading(get("/probe"), str, "")))
    data = make_request("GET", "/read", headers={name: b"value=\xff"})
    answer = await exchange(server, data, probe=make_request("GET", "/probe"))
    expected = fault("header", f"/{name.lower()}", "syntax", "Not valid UTF-8")
    assert answer.problem == problem(400, "/read", "The request is not valid UTF-8", errors=[expected])


async def test_header_beyond_ascii_is_text(serve: Serve) -> None:
    """A header in UTF-8 is read as such."""
    server = await serve(app_of(reading(get("/read"), Annotated[str, Header(name="X-Text")])))
    assert (await ask(server, "GET", "/read", headers={"X-Text": "\u00e9"})).body.decode() == repr("\u00e9")


async def test_sources_do_not_mix(serve: Serve) -> None:
    """One name in every source is a parameter of each, and none of them stands in for another."""

    class Mixed(Controller):
        @post("/mixed/{name}")
        async def mixed(
            self,
            name: str,
            query: Annotated[str, Query(name="name")],
            header: Annotated[str, Header(name="name")],
            cookie: Annotated[str, Cookie(name="name")],
            body: dict[str, str],
        ) -> list[str]:
            return [name, query, header, cookie, body["name"]]

    server = await serve(app_of(Mixed))
    headers = {"Name": "h", "Cookie": "name=c"}
    assert (await ask(server, "POST", "/mixed/p?name=q", headers=headers, body={"name": "b"})).json == list("pqhcb")
    answer = await ask(server, "POST", "/mixed/p", headers={"Name": "h"}, body={"name": "b"})
    assert answer.problem == invalid(
        "/mixed/p",
        fault("query", "/name", "missing", "Field required"),
        fault("cookie", "/name", "missing", "Field required"),
    )
