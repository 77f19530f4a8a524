"""Routers, inheritance and generics: how handlers come to their paths."""

from typing import Annotated, Generic, TypeVar

import pytest
from msgspec import Meta, Struct

from framework import Container, Controller, Response, Router, delete, get, post
from tests.http.raw import ask
from tests.http.shapes import Serve, app_of, fault, invalid, problem

T = TypeVar("T")
K = TypeVar("K")


class Pets(Controller):
    """A controller that is mounted in several places."""

    path = "/pets"

    @get()
    async def index(self) -> str:
        """Answer who it is."""
        return "pets"

    @get("/{pet_id}")
    async def show(self, pet_id: int) -> dict[str, int]:
        """Answer one."""
        return {"pet_id": pet_id}


class Root(Controller):
    """A controller without a path."""

    @get()
    async def index(self) -> str:
        """Answer who it is."""
        return "root"


async def test_routers_nest(serve: Serve) -> None:
    """The paths of routers, controller and route join, and controllers beside a router stay where they are."""
    inner = Router("/v1", [Pets, Router("/deep", [Root])])
    server = await serve(app_of(Router("api", [inner]), Root))
    for path, body in (("/", b"root"), ("/api/v1/pets", b"pets"), ("/api/v1/deep", b"root")):
        assert (await ask(server, "GET", path)).body == body
    assert (await ask(server, "GET", "/api/v1/pets/3")).json == {"pet_id": 3}
    for path in ("/pets", "/api", "/api/v1", "/v1/pets", "/api/v1/deep/"):
        assert (await ask(server, "GET", path)).problem == problem(404, path)


async def test_router_without_a_path_only_groups(serve: Serve) -> None:
    """A router may stand for its layers alone."""
    server = await serve(app_of(Router(controllers=[Pets]), Router("/", [Root])))
    assert (await ask(server, "GET", "/pets")).body == b"pets"
    assert (await ask(server, "GET", "/")).body == b"root"


async def test_placeholder_in_a_router_is_a_parameter_of_the_handlers(serve: Serve) -> None:
    """A placeholder of a router's or controller's path is taken by each handler below it."""

    class Tenants(Controller):
        path = "/{tenant}/pets"

        @get("/{pet_id}")
        async def show(self, region: str, tenant: str, pet_id: int) -> list[str | int]:
            return [region, tenant, pet_id]

    server = await serve(app_of(Router("/{region}", [Tenants])))
    assert (await ask(server, "GET", "/eu/acme/pets/4")).json == ["eu", "acme", 4]


async def test_controller_is_mounted_twice(serve: Serve) -> None:
    """One controller answers under two routers, and each of its URLs can be asked for by the routers' names."""
    app = app_of(Router("/v1", [Pets], name="v1"), Router("/v2", [Pets], name="v2"))
    server = await serve(app)
    for version in ("v1", "v2"):
        assert (await ask(server, "GET", f"/{version}/pets/1")).json == {"pet_id": 1}
        assert str(app.url_for(f"{version}.Pets.show", pet_id=7)) == f"/{version}/pets/7"


async def test_controller_mounted_twice_is_built_once(serve: Serve) -> None:
    """A controller whose services are all singletons is built once for the process, wherever it is mounted."""
    built: list[object] = []

    class Counting(Controller):
        def __init__(self) -> None:
            built.append(self)

        @get("/who")
        async def who(self) -> int:
            return built.index(self)

    server = await serve(app_of(Router("/a", [Counting]), Router("/b", [Counting])))
    for path in ("/a/who", "/b/who", "/a/who"):
        assert (await ask(server, "GET", path)).json == 0
    assert len(built) == 1


class Base(Controller):
    """Handlers to inherit."""

    path = "/base"

    @get()
    async def index(self) -> str:
        """Answer who it is."""
        return f"index of {type(self).__name__}"

    @get("/fixed", status=203)
    async def fixed(self) -> str:
        """Answer who it is."""
        return "base"

    @delete("/gone")
    async def gone(self) -> None:
        """Answer nothing."""


class Derived(Base):
    """Inherits, overrides with and without a route, and adds."""

    path = "/derived"

    async def fixed(self) -> str:
        """Keep the route of the base."""
        return "derived, after " + await super().fixed()

    @get("/moved")
    async def gone(self) -> None:
        """Answer nothing, elsewhere."""

    @get("/added")
    async def added(self) -> str:
        """Answer what the base has not."""
        return "added"


async def test_handlers_are_inherited(serve: Serve) -> None:
    """A subclass has the handlers of its base under its own path."""
    server = await serve(app_of(Base, Derived))
    assert (await ask(server, "GET", "/base")).body == b"index of Base"
    assert (await ask(server, "GET", "/derived")).body == b"index of Derived"
    assert (await ask(server, "GET", "/derived/added")).body == b"added"
    assert (await ask(server, "GET", "/base/added")).status == 404


async def test_overridden_handler_keeps_its_route(serve: Serve) -> None:
    """A method that overrides a handler without a decorator has its path, method and settings."""
    answer = await ask(await serve(app_of(Base, Derived)), "GET", "/derived/fixed")
    assert (answer.status, answer.body) == (203, b"derived, after base")


async def test_overriding_decorator_replaces_the_route(serve: Serve) -> None:
    """A method that overrides a handler with a decorator of its own has no other route."""
    server = await serve(app_of(Base, Derived))
    assert (await ask(server, "GET", "/derived/moved")).status == 204
    assert (await ask(server, "DELETE", "/derived/gone")).status == 404
    assert (await ask(server, "DELETE", "/base/gone")).status == 204


class Pet(Struct):
    """A thing of a repository."""

    name: Annotated[str, Meta(min_length=2)]


class Crud(Controller, Generic[T, K]):
    """Handlers for any thing under any kind of key."""

    @get("/{key}")
    async def show(self, key: K) -> dict[str, K]:
        """Answer the key."""
        return {"key": key}

    @post()
    async def create(self, thing: T, tag: list[K] | None = None) -> tuple[T, list[K] | None]:
        """Answer the thing."""
        return thing, tag

    @post("/many")
    async def create_many(self, things: list[T]) -> Response[list[T]]:
        """Answer the things."""
        return Response(things, status=201)


class PetCrud(Crud[Pet, int]):
    """Pets under numbers."""

    path = "/pets"


class Half(Crud[Pet, K], Generic[K]):
    """Pets under any kind of key."""


class NamedPets(Half[str]):
    """Pets under names."""

    path = "/named"


async def test_generic_controller_is_read_with_its_types(serve: Serve) -> None:
    """Type variables of a base are what the subclass says, in path, query, body and answer."""
    server = await serve(app_of(PetCrud))
    assert (await ask(server, "GET", "/pets/5")).json == {"key": 5}
    answer = await ask(server, "POST", "/pets?tag=1&tag=2", body={"name": "Rex"})
    assert answer.json == [{"name": "Rex"}, [1, 2]]
    many = await ask(server, "POST", "/pets/many", body=[{"name": "Rex"}, {"name": "Ada"}])
    assert (many.status, many.json) == (201, [{"name": "Rex"}, {"name": "Ada"}])


async def test_generic_controller_is_checked_with_its_types(serve: Serve) -> None:
    """What does not fit the subclass's types is a fault like any other."""
    server = await serve(app_of(PetCrud))
    answer = await ask(server, "GET", "/pets/rex")
    assert answer.problem == invalid("/pets/rex", fault("path", "/key", "type", "Expected `int`, got `str`"))
    answer = await ask(server, "POST", "/pets?tag=x", body={"name": "R"})
    assert answer.problem == invalid(
        "/pets",
        fault("query", "/tag/0", "type", "Expected `int`, got `str`"),
        fault("body", "/name", "constraint", "Expected `str` of length >= 2"),
    )


async def test_generics_reach_through_several_bases(serve: Serve) -> None:
    """Type variables are followed from base to base."""
    server = await serve(app_of(NamedPets))
    assert (await ask(server, "GET", "/named/5")).json == {"key": "5"}
    assert (await ask(server, "POST", "/named", body={"name": "Rex"})).json == [{"name": "Rex"}, None]


async def test_generic_constructor_is_injected_with_its_types(serve: Serve) -> None:
    """A service of a generic base is asked for by what its type variables are in the subclass."""

    class Repository(Generic[T]):
        def __init__(self, name: str) -> None:
            self.name = name

    class Listing(Controller, Generic[T]):
        def __init__(self, repository: Repository[T]) -> None:
            self._repository = repository

        @get("/name")
        async def name(self) -> str:
            return self._repository.name

    class PetListing(Listing[Pet]):
        path = "/pets"

    class NumberListing(Listing[int]):
        path = "/numbers"

    container = Container()
    container.add_instance(Repository[Pet], Repository[Pet]("pets"))
    container.add_instance(Repository[int], Repository[int]("numbers"))
    server = await serve(app_of(PetListing, NumberListing, container=container))
    assert (await ask(server, "GET", "/pets/name")).body == b"pets"
    assert (await ask(server, "GET", "/numbers/name")).body == b"numbers"


@pytest.mark.parametrize("name", ["show", "index"])
async def test_url_is_built_from_the_handler(serve: Serve, name: str) -> None:
    """App.url_for gives the path on which a handler answers, its values percent-encoded."""
    app = app_of(Router("/v1", [Pets]))
    await serve(app)
    if name == "show":
        assert str(app.url_for(Pets.show, pet_id=7)) == "/v1/pets/7"
    else:
        assert str(app.url_for(Pets.index)) == "/v1/pets"
