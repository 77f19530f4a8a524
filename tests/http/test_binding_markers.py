"""Where a parameter comes from: markers before names, names before types, and markers in odd places."""

from typing import Annotated, Any, NewType, Optional

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from framework import Body, Container, Controller, Cookie, Header, Inject, Query, Request, get, post
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, reading

Word = NewType("Word", str)


class Page(Struct):
    """A model of the query."""

    limit: int = 1


@pytest.mark.parametrize(
    ("annotation", "target", "headers", "expected"),
    [
        (Annotated[str | None, Header()], "/read?value=q", {"value": "h"}, "h"),
        (Annotated[str | None, Header], "/read?value=q", {"value": "h"}, "h"),
        (Annotated[Page | None, Query()], "/read?limit=5", {}, Page(5)),
        (Annotated[int, Query(name="v"), Meta(ge=1)], "/read?v=5", {}, 5),
        (Annotated[Annotated[int, Meta(ge=1)], Query(name="v")], "/read?v=5", {}, 5),
        (Annotated[int | UnsetType, Cookie()], "/read?value=1", {"Cookie": "value=5"}, 5),
    ],
)
async def test_marker_says_where_the_value_comes_from(
    serve: Serve, annotation: Any, target: str, headers: dict[str, str], expected: object
) -> None:
    """A marker may be a class or an instance, and stand before or behind constraints."""
    server = await serve(app_of(reading(get("/read"), annotation)))
    answer = await ask(server, "GET", target, headers=headers)
    assert (answer.status, answer.body.decode()) == (200, repr(expected))


@pytest.mark.parametrize(
    ("annotation", "default"),
    [
        (Annotated[str | None, Header()], None),
        (Annotated[Page | None, Query()], None),
        (Annotated[int | UnsetType, Cookie()], UNSET),
    ],
)
async def test_absent_value_of_one_source_is_not_looked_for_in_another(
    serve: Serve, annotation: Any, default: object
) -> None:
    """What is absent is the default, although a query parameter of the name is there."""
    server = await serve(app_of(reading(get("/read"), annotation, default)))
    assert (await ask(server, "GET", "/read?value=q")).body.decode() == repr(default)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Header()] | None,  # pyright: ignore[reportOperatorIssue]  Python allows it
        Optional[Annotated[Page, Query]],  # noqa: UP045  as users write it
        list[Annotated[int, Query()]],
        Annotated[Annotated[str, Header()] | None, Meta(description="a text")],
    ],
)
def test_marker_inside_a_type_is_a_mistake(annotation: Any) -> None:
    """A marker that is not around the whole type is found at start-up rather than passed over."""
    with pytest.raises(ExceptionGroup) as caught:
        app_of(reading(get("/read"), annotation)).build()
    assert "stands inside its type" in str(caught.value.exceptions[0])


class Service:
    """A service."""

    name = "the service"


class Both(Controller):
    """Parameters whose names or types could mean more than one thing."""

    @get("/named/{service}")
    async def named(self, service: str, other: Annotated[str, Query(name="service")]) -> list[str]:
        """Read the path by name, the query by its marker."""
        return [service, other]

    @get("/marked/{name}")
    async def marked(self, name: str, value: Annotated[str, Header(name="name")]) -> list[str]:
        """Read the header although a placeholder has its name."""
        return [name, value]

    @get("/injected")
    async def injected(self, service: Service, request: Request) -> list[str]:
        """Take a service by its type, and the request."""
        return [service.name, request.path]

    @get("/scalar")
    async def scalar(self, word: Word, marked: Annotated[str, Query()], number: int = 0) -> list[str | int]:
        """Take a registered type from the container, and from the query where that is said."""
        return [word, marked, number]

    @get("/qualified")
    async def qualified(self, word: Annotated[Word, Inject("other")], words: list[Word]) -> list[str | list[Word]]:
        """Take one of several, and all of them."""
        return [word, words]

    @post("/page")
    async def page(self, page: Page) -> list[int]:
        """Take a model of the container rather than the body."""
        return [page.limit]

    @post("/body")
    async def body(self, page: Annotated[Page, Body()]) -> list[int]:
        """Take the body rather than the model of the container."""
        return [page.limit]


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", "/named/p?service=q", None, ["p", "q"]),
        ("GET", "/marked/p", None, ["p", "h"]),
        ("GET", "/injected?service=x", None, ["the service", "/injected"]),
        ("GET", "/scalar?word=x&marked=m", None, ["registered", "m", 0]),
        ("GET", "/qualified?words=x", None, ["of the other kind", ["registered", "of the other kind"]]),
        ("POST", "/page", {"limit": 5}, [7]),
        ("POST", "/body", {"limit": 5}, [5]),
    ],
)
async def test_markers_come_before_names_and_names_before_types(
    serve: Serve, method: str, target: str, body: object, expected: list[object]
) -> None:
    """The order is: marker, the request itself, placeholder, container, body, query."""
    container = Container()
    container.add_instance(Service, Service())
    container.add_instance(Word, Word("registered"))
    container.add_instance(Word, Word("of the other kind"), qualifier="other")
    container.add_instance(Page, Page(7))
    server = await serve(app_of(Both, container=container))
    assert (await ask(server, method, target, headers={"name": "h"}, body=body)).json == expected


async def test_provider_reads_the_request(serve: Serve) -> None:
    """What a provider reads is checked together with what the handler reads, and shared with it."""

    class User(Struct):
        name: str

    async def current_user(x_user: Annotated[str, Header()], page: Annotated[int, Query()] = 1) -> User:
        return User(f"{x_user} on page {page}")

    class Users(Controller):
        @get("/me")
        async def show(self, user: User, page: int = 1) -> dict[str, str | int]:
            return {"user": user.name, "page": page}

    container = Container()
    container.add_scoped(User, current_user)
    server = await serve(app_of(Users, container=container))
    answer = await ask(server, "GET", "/me?page=2", headers={"X-User": "ann"})
    assert answer.json == {"user": "ann on page 2", "page": 2}
    errors = (await ask(server, "GET", "/me?page=x")).problem["errors"]
    assert sorted((one["location"], one["pointer"], one["code"]) for one in errors) == [
        ("header", "/x-user", "missing"),
        ("query", "/page", "type"),
    ]


async def test_keyword_only_and_positional_only_parameters_are_bound(serve: Serve) -> None:
    """How a parameter can be passed is the handler's own matter."""

    class Shapes(Controller):
        @get("/shapes/{first}")
        async def show(self, first: int, /, second: int, *, third: int = 3) -> list[int]:
            return [first, second, third]

    server = await serve(app_of(Shapes))
    assert (await ask(server, "GET", "/shapes/1?second=2")).json == [1, 2, 3]
    assert (await ask(server, "GET", "/shapes/1?second=2&third=4")).json == [1, 2, 4]
