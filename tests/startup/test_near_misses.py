"""What looks right and was meant otherwise: nothing is lost without an error."""

import functools
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, NewType

import pytest

from framework import App, Container, Controller, HTTPError, Inject, Query, Request, get, post
from framework.errors import InvalidControllerError, InvalidHandlerError, InvalidProviderError
from tests.startup.expected import mistakes, mistakes_of, place, told


class Session:
    """A service."""


class Unit:
    """A service that is made by a function."""


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler and hide that it is one."""

    async def wrapper(*args: Any, **keywords: Any) -> Any:
        return await function(*args, **keywords)

    return wrapper


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a handler as one should."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **keywords: Any) -> Any:
        return await function(*args, **keywords)

    return wrapper


class Traced:
    """Wrap a handler in an object."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    async def __call__(self) -> str:
        """Call it."""
        return ""


def test_attributes_that_are_nearly_those_of_a_controller() -> None:
    """A misspelt attribute, or that of another framework, is reported; others are the user's own."""

    class Orders(Controller):
        prefix = "/orders"
        gaurds = ()
        dependencies = ()
        page_size = 20
        _tag = "hidden"

        @get("/orders")
        async def search(self) -> str:
            return ""

    where = f"Orders ({place(Orders)})"
    assert mistakes(Orders) == [
        (
            InvalidControllerError,
            f"{where}: its attribute {name} has no effect.\n"
            f"  Hint: write {meant} instead, or choose a name that is less like it.",
        )
        for name, meant in (("prefix", "path"), ("gaurds", "guards"), ("dependencies", "guards"))
    ]


def test_a_route_decorator_that_another_decorator_hides() -> None:
    """A wrapper without functools.wraps, and an object around the handler; one with wraps is a route."""

    class Orders(Controller):
        @cached
        @get("/a")
        async def first(self) -> str:
            return ""

        @Traced
        @get("/b")
        async def second(self) -> str:
            return ""

        @get("/c")
        @traced
        async def third(self) -> str:
            return ""

    file, _, line = place(Orders).rpartition(":")
    assert mistakes(Orders) == [
        (
            InvalidHandlerError,
            f"Orders.{name} ({file}:{int(line) + below}): another decorator hides its route decorator, so it has no "
            "route.\n"
            "  Hint: write the route decorator first, above the other, or use functools.wraps in the other.",
        )
        for name, below in (("first", 1), ("second", 6))
    ]


def test_two_methods_of_one_name() -> None:
    """Python keeps the last of them; the route of the other would be lost."""

    class Orders(Controller):
        @get("/orders")
        async def handle(self) -> str:  # pyright: ignore[reportRedeclaration]  the mistake
            return ""

        @post("/orders")  # type: ignore[no-redef]  # the mistake
        async def handle(self) -> str:  # noqa: F811  as above
            return ""

    first = int(place(Orders).rpartition(":")[2])
    assert mistakes(Orders) == [
        (
            InvalidControllerError,
            f"Orders ({place(Orders)}): it has several methods named handle (lines {first + 2} and {first + 6}), "
            "and only the last exists.\n  Hint: give each method a name of its own.",
        )
    ]


@pytest.mark.parametrize("key", [str, int, bytes, date, dict, list[str], dict[str, int]])
def test_types_of_values_are_not_registered(key: Any) -> None:
    """A registered str would fill every parameter of that type."""
    name = getattr(key, "__name__", "") if isinstance(key, type) else str(key)
    found = mistakes_of(lambda container: container.add_singleton(key, Unit))

    assert [(type_, text.partition(": ")[2]) for type_, text in found] == [
        (
            InvalidProviderError,
            f"{name} is registered, so it would fill every parameter of that type.\n"
            f'  Hint: register a type of your own (a class, or NewType("Name", {name})), or give it a qualifier and '
            f'ask for Annotated[{name}, Inject("…")].',
        )
    ]


Name = NewType("Name", str)


class Shops(Controller):
    """Asks for values that are services."""

    @get("/shops")
    async def search(self, name: Name, shop: Annotated[str, Inject("shop")], units: list[Unit]) -> str:
        """Return them."""
        return f"{name} {shop} {units}"


def test_what_is_registered_for_a_type_of_its_own() -> None:
    """A NewType, a qualifier and lists of services are no errors."""
    container = Container()
    container.add_instance(Name, Name("shop"))
    container.add_instance(str, "north", qualifier="shop")
    container.add_singleton(Unit)

    assert told(App([Shops], container=container)) == []


class Anything:
    """Names nothing that it takes."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.given = (args, keywords)


async def make_unit(**keywords: Any) -> Unit:
    """Name nothing either."""
    raise AssertionError(keywords)


def test_providers_that_name_no_parameters() -> None:
    """What they need would never be injected; a test's fake may be anything."""
    container = Container()
    container.add_scoped(Session, Session)
    container.add_scoped(Anything)
    container.add_scoped(Unit, make_unit)

    assert mistakes(Shops, container=container)[:2] == [
        (
            InvalidProviderError,
            f"Anything.__init__ ({place(Anything.__init__)}): nothing fills *args, **keywords.\n"
            "  Hint: name the parameters one by one, or register a function that calls it.",
        ),
        (
            InvalidProviderError,
            f"make_unit ({place(make_unit)}): nothing fills **keywords.\n"
            "  Hint: name the parameters one by one, or register a function that calls it.",
        ),
    ]


async def paged(limit: int = 20, *, request: Request) -> Session:
    """Look like a dependency of FastAPI."""
    raise AssertionError(limit, request)


async def marked(limit: Annotated[int, Query()] = 20, session: Session | None = None) -> Unit:
    """Say where it is read."""
    raise AssertionError(limit, session)


async def open_engine(echo: bool = False) -> Session:  # noqa: FBT002  as a user writes it
    """Be configured by a default."""
    raise AssertionError(echo)


def test_a_value_with_a_default_in_a_scoped_provider() -> None:
    """It looks like a query parameter and never is; a singleton's default is its configuration."""
    assert mistakes_of(lambda container: container.add_scoped(Session, paged)) == [
        (
            InvalidProviderError,
            f"paged ({place(paged)}), parameter 'limit': it has no marker, so it is never read from the request and "
            "always has its default.\n"
            "  Hint: name its source, for example Annotated[int, Query()], or leave it out.",
        )
    ]
    assert mistakes_of(lambda container: container.add_scoped(Unit, marked)) == []
    assert mistakes_of(lambda container: container.add_singleton(Session, open_engine)) == []


def test_options_and_members_of_errors() -> None:
    """An HTTPError with a wrong option, or a member that every error has, is reported where the class is written."""
    with pytest.raises(TypeError) as option:
        type("Lost", (HTTPError,), {"__annotations__": {}}, status_code=404)
    with pytest.raises(TypeError) as member:
        type("Lost", (HTTPError,), {"__annotations__": {"headers": "dict[str, str]"}}, status=404)

    assert str(option.value) == "class Lost: an HTTPError has no option status_code=; write status= instead"
    assert str(member.value) == "class Lost: every HTTPError has headers already; rename the member"
