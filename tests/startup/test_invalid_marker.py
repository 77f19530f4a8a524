"""InvalidMarkerError: a marker stands where it means nothing."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from msgspec import Struct

from framework import Body, Controller, Cookie, Header, Inject, Path, Query, get
from framework.errors import InvalidMarkerError, InvalidOptionError
from framework.security import Bearer
from tests.startup.expected import mistakes, mistakes_of, place

NO_STYLE: Any = "commas"
NO_TEXT: Any = 3


class Page(Struct):
    """A model of scalars."""

    number: int = 1


class Search(Struct):
    """A model with another inside."""

    page: Page


class Agent(Struct, forbid_unknown_fields=True):
    """A model that no set of headers satisfies."""

    user_agent: str


class Clock:
    """Something to provide."""


def marker_told(controller: type[Controller], *whats: tuple[Any, str, str]) -> None:
    """Compare all mistakes of a controller with handler, what and hint; each is of the parameter ``value``."""
    assert mistakes(controller) == [
        (
            InvalidMarkerError,
            f"{function.__qualname__.rpartition('<locals>.')[2]} ({place(function)}), parameter 'value': {what}.\n"
            f"  Hint: {hint}.",
        )
        for function, what, hint in whats
    ]


def test_two_markers() -> None:
    """A parameter comes from one place."""

    class Orders(Controller):
        @get("/a")
        async def first(self, value: Annotated[int, Query(), Header()]) -> str:
            return str(value)

        @get("/{value}")
        async def second(self, value: Annotated[int, Path, Query, Cookie]) -> str:
            return str(value)

    marker_told(
        Orders,
        (Orders.first, "it carries Query() and Header()", "keep the one that is meant"),
        (Orders.second, "it carries Path() and Query() and Cookie()", "keep the one that is meant"),
    )


def test_two_markers_of_a_provider() -> None:
    """A provider's parameter comes from one place too, and an unused provider is looked at."""

    def make_clock(zone: Annotated[str, Header(), Inject()]) -> Clock:
        raise NotImplementedError(zone)

    assert mistakes_of(lambda container: container.add_scoped(Clock, make_clock)) == [
        (
            InvalidMarkerError,
            f"make_clock ({place(make_clock)}), parameter 'zone': it carries Header() and Inject().\n"
            "  Hint: keep the one that is meant.",
        )
    ]


def test_a_marker_as_default() -> None:
    """What other frameworks write as a default is told with the way in which it is written here."""

    class Orders(Controller):
        @get("/a")
        async def first(self, value: int = Query()) -> str:  # type: ignore[assignment]  # the mistake
            return str(value)

        @get("/b")
        async def second(self, value=Header) -> str:  # type: ignore[no-untyped-def]  # the mistake
            return str(value)

        @get("/c")
        async def third(self, value: list[Clock] | None = Inject("slow")) -> str:  # type: ignore[assignment]  # the mistake
            return str(value)

    marker_told(
        Orders,
        (Orders.first, "Query() stands as its default", "write value: Annotated[int, Query()]"),
        (Orders.second, "Header() stands as its default", "write value: Annotated[int, Header()]"),
        (
            Orders.third,
            "Inject() stands as its default",
            "write value: Annotated[list[Clock] | None, Inject()]",
        ),
    )


def test_a_marker_as_default_of_a_constructor() -> None:
    """The same is told of constructors, where the marker would be passed on as the value."""

    class Orders(Controller):
        def __init__(self, value: Clock = Inject("slow")) -> None:  # type: ignore[assignment]  # the mistake
            self.value = value

        @get()
        async def search(self) -> str:
            return ""

    marker_told(Orders, (Orders.__init__, "Inject() stands as its default", "write value: Annotated[Clock, Inject()]"))


def test_a_marker_as_type() -> None:
    """A marker without its Annotated says nothing of the type."""

    class Orders(Controller):
        @get("/a")
        async def first(self, value: Query) -> str:
            return str(value)

        @get("/b")
        async def second(self, value: Header(name="x")) -> str:  # type: ignore[valid-type]  # the mistake
            return str(value)

        @get("/c")
        async def third(self, value: Body | None = None) -> str:
            return str(value)

    marker_told(
        Orders,
        (Orders.first, "Query() stands as its type", "write value: Annotated[int, Query()], with its own type"),
        (Orders.second, "Header() stands as its type", "write value: Annotated[int, Header()], with its own type"),
        (Orders.third, "Body() stands as its type", "write value: Annotated[int, Body()], with its own type"),
    )


def test_a_marker_inside_the_type() -> None:
    """A marker inside a union or a list is not seen, and the whole type is the one to mark."""

    class Orders(Controller):
        @get("/a")
        async def first(self, value: Annotated[int, Query(name="v")] | None = None) -> str:
            return str(value)

        @get("/b")
        async def second(self, value: list[Annotated[str, Header()]]) -> str:
            return str(value)

    marker_told(
        Orders,
        (
            Orders.first,
            "Query() stands inside its type",
            "put it around the whole type: Annotated[int | None, Query()]",
        ),
        (
            Orders.second,
            "Header() stands inside its type",
            "put it around the whole type: Annotated[list[str], Header()]",
        ),
    )


def test_a_path_parameter_is_one_text() -> None:
    """A placeholder holds neither a model nor a collection, and is not told as unbound besides."""

    class Orders(Controller):
        @get("/a/{value}")
        async def first(self, value: Page) -> str:
            return str(value)

        @get("/b/{value}")
        async def second(self, value: list[int]) -> str:
            return str(value)

    marker_told(
        Orders,
        (
            Orders.first,
            "a path parameter is one text and cannot be a model",
            "take each placeholder by a parameter of its own",
        ),
        (Orders.second, "a path parameter is one text and cannot be a collection", "take a str and part it"),
    )


def test_a_cookie_of_many_values() -> None:
    """A name is there once (RFC 6265, section 5.3): a collection, also as a field of a model, is a text to part."""

    class Theme(Struct):
        colours: list[str]

    class Orders(Controller):
        @get("/a")
        async def first(self, value: Annotated[list[int], Cookie()]) -> str:
            return str(value)

        @get("/b")
        async def second(self, value: Annotated[Theme, Cookie()]) -> str:
            return str(value)

    what, hint = "a cookie is one text and cannot hold a collection", "take a str and part it"
    marker_told(Orders, (Orders.first, what, hint), (Orders.second, what, hint))


def test_a_header_model_that_forbids_unknown_fields() -> None:
    """Every request has headers that no model knows."""

    class Orders(Controller):
        @get()
        async def search(self, value: Annotated[Agent, Header()]) -> str:
            return str(value)

    marker_told(
        Orders,
        (
            Orders.search,
            "Agent forbids unknown fields, and every request has headers that it does not know",
            "drop forbid_unknown_fields from the header model",
        ),
    )


def test_a_model_with_a_field_that_is_no_scalar() -> None:
    """Only scalars and collections of scalars can be spread."""

    class Orders(Controller):
        @get()
        async def search(self, value: Annotated[Search, Query()]) -> str:
            return str(value)

    marker_told(
        Orders,
        (
            Orders.search,
            "the field 'page' of Search is not a scalar and no collection of scalars",
            'send it as a JSON body, or take it by a parameter of its own with Query(style="deepObject")',
        ),
    )


def test_a_style_that_does_not_fit() -> None:
    """A style is one of four, csv and pipe are for collections, deepObject is for what has fields."""

    class Orders(Controller):
        @get("/a")
        async def unknown(self, value: Annotated[list[int], Query(style=NO_STYLE)]) -> str:
            return str(value)

        @get("/b")
        async def scalar(self, value: Annotated[int, Query(style="csv")]) -> str:
            return str(value)

        @get("/c")
        async def fields(self, value: Annotated[Page, Query(style="pipe")]) -> str:
            return str(value)

        @get("/d")
        async def deep(self, value: Annotated[int, Query(style="deepObject")]) -> str:
            return str(value)

    marker_told(
        Orders,
        (Orders.unknown, "style='commas' is not a style", "use one of 'form', 'csv', 'pipe', 'deepObject'"),
        (Orders.scalar, "style='csv' needs a collection", "drop style="),
        (Orders.fields, "style='pipe' needs a collection", "drop style="),
        (Orders.deep, 'style="deepObject" needs a type with fields', "use a Struct, or another style"),
    )


def test_a_deep_object_of_several_levels() -> None:
    """style="deepObject" has one level of keys: what would need a second is not silently lost."""

    class Orders(Controller):
        @get("/a")
        async def field(self, value: Annotated[Search, Query(style="deepObject")]) -> str:
            return str(value)

        @get("/b")
        async def optional(self, value: Annotated[Search | None, Query(style="deepObject")] = None) -> str:
            return str(value)

        @get("/c")
        async def entry(self, value: Annotated[dict[str, dict[str, int]], Query(style="deepObject")]) -> str:
            return str(value)

        @get("/d")
        async def lists(self, value: Annotated[dict[str, list[int]], Query(style="deepObject")]) -> str:
            return str(value)

    one_level = 'is not a scalar and not a collection of scalars, and style="deepObject" has one level of keys'
    hint = "use scalars, or send it as a JSON body"
    marker_told(
        Orders,
        (Orders.field, f"the field 'page' of Search {one_level}", hint),
        (Orders.optional, f"the field 'page' of Search {one_level}", hint),
        (Orders.entry, f"the value of the dict {one_level}", hint),
    )


def test_a_name_that_does_not_fit() -> None:
    """A name on the wire is a text, a token where it names a header or a cookie, and one parameter's."""

    class Orders(Controller):
        @get("/a")
        async def number(self, value: Annotated[int, Query(name=NO_TEXT)]) -> str:
            return str(value)

        @get("/b")
        async def empty(self, value: Annotated[int, Query(name="")]) -> str:
            return str(value)

        @get("/c")
        async def header(self, value: Annotated[int, Header(name="x y")]) -> str:
            return str(value)

        @get("/d")
        async def cookie(self, value: Annotated[int, Cookie(name="x;y")]) -> str:
            return str(value)

        @get("/e")
        async def model(self, value: Annotated[Page, Query(name="page")]) -> str:
            return str(value)

    marker_told(
        Orders,
        (Orders.number, "name=3 is not a name of a query parameter", "give a text with something in it"),
        (Orders.empty, "name='' is not a name of a query parameter", "give a text with something in it"),
        (Orders.header, "name='x y' is not a name of a header parameter", "use letters, digits, '-' and '_'"),
        (Orders.cookie, "name='x;y' is not a name of a cookie parameter", "use letters, digits, '-' and '_'"),
        (
            Orders.model,
            "name='page' names one parameter, and every field of a model is one",
            "drop name=; the fields are renamed in the model",
        ),
    )


def test_what_is_no_mistake() -> None:
    """A marker's class is as good as its instance, and metadata of others is left alone."""

    class Orders(Controller):
        @get("/{value}")
        async def show(self, value: Annotated[int, Path], other: Annotated[int | None, "note", Query] = None) -> str:
            return f"{value} {other}"

    assert mistakes(Orders) == []


class Depends:
    """Has the name, and by its module the origin, of what another framework reads."""

    def __init__(self, provider: object) -> None:
        self.provider = provider


Depends.__module__ = "fastapi.params"


class Ge:
    """A constraint of another library."""


Ge.__module__ = "annotated_types"


def test_markers_of_others() -> None:
    """What a route would read otherwise, or not check at all, when it is brought over as it is."""

    class Orders(Controller):
        @get("/a")
        async def user(self, value: Annotated[str, Depends(Clock)]) -> str:
            return value

        @get("/b")
        async def limit(self, value: Annotated[int, Query(), Ge] = 1) -> str:
            return str(value)

    hint = "take the markers of framework and Meta of msgspec; services are injected by their type"
    marker_told(
        Orders,
        (Orders.user, "it carries Depends() of fastapi, which nobody reads here", hint),
        (Orders.limit, "it carries Ge() of annotated_types, which nobody reads here", hint),
    )


def test_credentials_as_a_default() -> None:
    """The hint keeps the function that verifies."""

    async def verify(token: str) -> Page | None:
        return Page(len(token))

    class Orders(Controller):
        @get()
        async def search(self, value: Page = Bearer(verify)) -> str:  # type: ignore[assignment]  # the mistake
            return str(value)

    marker_told(
        Orders, (Orders.search, "Bearer() stands as its default", "write value: Annotated[Page, Bearer(verify)]")
    )


@pytest.mark.parametrize(
    ("make", "what", "hint"),
    [
        (
            lambda query: query(None),
            "Query() takes no positional values",
            "write a default behind the parameter: name: Annotated[T, Query()] = value",
        ),
        (
            lambda query: query(default=None),
            "Query() has no option default=",
            "write a default behind the parameter: name: Annotated[T, Query()] = value",
        ),
        (
            lambda query: query(None, regex="^a"),
            "Query() has no option regex=",
            "constrain the type: Annotated[T, Meta(pattern='^a'), Query()]",
        ),
        (lambda query: query(alias="q"), "Query() has no option alias=", "write name="),
        (
            lambda query: query(convert=int),
            "Query() has no option convert=",
            "write one of name=, description=, deprecated=, example=, examples=, style=",
        ),
    ],
)
def test_what_a_marker_does_not_take(make: Callable[[Any], object], what: str, hint: str) -> None:
    """What stands in the markers of other frameworks is told where it stands, when the module is imported."""
    with pytest.raises(InvalidOptionError) as caught:
        make(Query)
    error, line = caught.value, make.__code__.co_firstlineno
    assert (error.where, error.what, error.hint) == (f"Query (tests/startup/test_invalid_marker.py:{line})", what, hint)


def test_markers_are_what_they_were() -> None:
    """All that they take, they take: Inject its qualifier by its place."""
    assert Inject("primary") == Inject(qualifier="primary")
    assert Query(name="q", style="csv").style == "csv"
    with pytest.raises(InvalidOptionError, match=r"Inject\(\) has no option by="):
        Inject(by="name")  # type: ignore[call-arg]
