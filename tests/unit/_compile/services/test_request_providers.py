"""Providers that read the request themselves."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from framework import Body, Container, Cookie, Header, Path, Query, Request
from framework.http_errors import Unauthorized
from tests.unit._compile.services.asking import Asking


class User:
    """Who asks."""

    def __init__(self, name: str) -> None:
        self.name = name


class Page(Struct):
    """What of a list is asked for."""

    number: Annotated[int, Meta(ge=1)] = 1
    size: int = 20


class Reading:
    """Everything that a provider may read."""

    def __init__(
        self,
        request: Request,
        place: Annotated[int, Path()],
        tag: Annotated[tuple[str, ...], Query()],
        page: Annotated[Page, Query()],
        x_tenant: Annotated[str, Header()],
        session: Annotated[str | None, Cookie()] = None,
        body: Annotated[dict[str, int] | None, Body()] = None,
    ) -> None:
        self.given: tuple[Any, ...] = (place, tag, page, x_tenant, session, body)
        self.request = request


async def test_everything_can_be_read() -> None:
    """A scoped service reads path, query, headers, cookies, the body and the request itself."""
    container = Container()
    container.add_scoped(Reading)
    async with Asking(container, "/{place}", reading=Reading, request=Request) as app:
        given = await app.ask(
            "/7?tag=a&tag=b&size=5",
            headers={"X-Tenant": "t", "Cookie": "session=s"},
            json={"count": 3},
        )
        plain = await app.ask("/8?tag=", headers={"X-Tenant": "t"})
    assert given["reading"].given == (7, ("a", "b"), Page(1, 5), "t", "s", {"count": 3})
    assert given["reading"].request is given["request"]
    assert plain["reading"].given == (8, ("",), Page(), "t", None, None)


async def test_all_faults_of_handler_and_providers_arrive_together() -> None:
    """What providers read is validated with the rest, before anything is made."""
    made: list[User] = []

    def find_user(x_user: Annotated[int, Header()], limit: Annotated[int, Query()]) -> User:
        made.append(User(f"{x_user} {limit}"))
        return made[-1]

    container = Container()
    container.add_scoped(User, find_user)
    async with (
        Asking(container, user=User, page=Annotated[Page, Query()]) as app,
        app.client.post("/?number=0&limit=many", headers={"X-User": "me"}) as response,
    ):
        assert response.status == 422
        problem = await response.json()
    assert sorted((one["location"], one["pointer"], one["code"]) for one in problem["errors"]) == [
        ("header", "/x-user", "type"),
        ("query", "/limit", "type"),
        ("query", "/number", "constraint"),
    ]
    assert made == []


async def test_a_provider_may_refuse() -> None:
    """An HTTPError of a provider is the answer, and the handler is not called."""

    def find_user(authorization: Annotated[str | None, Header()] = None) -> User:
        if authorization is None:
            raise Unauthorized("Say who you are", headers={"WWW-Authenticate": "Bearer"})
        return User(authorization)

    container = Container()
    container.add_scoped(User, find_user)
    async with Asking(container, user=User) as app:
        assert (await app.ask(headers={"Authorization": "Bearer x"}))["user"].name == "Bearer x"
        assert await app.ask(status=401) == {}


async def test_a_parameter_is_read_once_for_all() -> None:
    """A parameter that several ask for in the same way is one value, whoever asks."""

    def find_user(page: Annotated[Page, Query()]) -> User:
        user = User("")
        user.__dict__["page"] = page
        return user

    class Reader:
        def __init__(self, user: User, page: Annotated[Page, Query()]) -> None:
            self.user, self.page = user, page

    container = Container()
    container.add_scoped(User, find_user)
    container.add_transient(Reader)
    async with Asking(container, reader=Reader, page=Annotated[Page, Query()]) as app:
        given = await app.ask("/?number=3")
    assert given["page"] is given["reader"].page is given["reader"].user.page
    assert given["page"] == Page(3)


async def test_a_name_that_is_read_with_other_defaults() -> None:
    """Who has a default gets it where the parameter is absent; who has none makes it required."""

    class First:
        def __init__(self, limit: Annotated[int, Query()] = 10) -> None:
            self.limit = limit

    class Second:
        def __init__(self, limit: Annotated[int | None, Query()] = None) -> None:
            self.limit = limit

    class Third:
        def __init__(self, limit: Annotated[int, Query()]) -> None:
            self.limit = limit

    container = Container()
    for one in (First, Second, Third):
        container.add_scoped(one)
    async with Asking(container, first=First, second=Second) as app:
        assert [one.limit for one in (await app.ask()).values()] == [10, None]
        assert [one.limit for one in (await app.ask("/?limit=5")).values()] == [5, 5]
    async with Asking(container, first=First, third=Third) as app:
        assert await app.ask(status=422) == {}
        assert [one.limit for one in (await app.ask("/?limit=5")).values()] == [5, 5]


async def test_a_default_that_can_be_changed_is_not_shared() -> None:
    """Each request has its own copy of a default list, model or body."""

    class Reader:
        def __init__(
            self,
            tags: Annotated[list[str], Query()] = [],  # noqa: B006  what is tested
            page: Annotated[Page, Query()] = Page(2),  # noqa: B008  what is tested
            body: Annotated[dict[str, list[int]], Body()] = {"a": []},  # noqa: B006  what is tested
        ) -> None:
            self.given = (list(tags), Page(page.number, page.size), {key: list(one) for key, one in body.items()})
            tags.append("kept")
            page.number += 1
            body["a"].append(1)

    container = Container()
    container.add_scoped(Reader)
    async with Asking(container, reader=Reader) as app:
        for _ in range(2):
            assert (await app.ask())["reader"].given == ([], Page(2), {"a": []})
