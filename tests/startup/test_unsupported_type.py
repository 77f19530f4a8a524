"""UnsupportedTypeError: a type that no request can be read into."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import pytest
from msgspec import Meta, Struct

from framework import App, Body, Controller, Cookie, Header, Query, get, post
from framework.errors import UnsupportedTypeError
from framework.types import SecretStr
from tests.startup.expected import custom_type_hint, mistakes, place, told

HINT = (
    "  Hint: use a builtin, a msgspec Struct, a dataclass, a TypedDict, a NamedTuple or an attrs class, "
    "or register the type in the container."
)


class Engine:
    """A service, not data."""


Sku: TypeAlias = Annotated[str, Meta(pattern="^[A-Z]+$")]


class Line(Struct):
    """One row of data."""

    sku: str


def test_in_the_query() -> None:
    """A service cannot be a query parameter, whatever marker it carries."""

    class Orders(Controller):
        @get()
        async def search(self, engine: Annotated[Engine, Query()]) -> str:
            return str(engine)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.search ({place(Orders.search)}), parameter 'engine': "
            f"Engine cannot be read from a request (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        )
    ]


def test_in_the_path() -> None:
    """A placeholder's parameter of an unknown type is told once, not as a missing parameter too."""

    class Orders(Controller):
        @get("/{engine}")
        async def show(self, engine: Engine) -> str:
            return str(engine)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.show ({place(Orders.show)}), parameter 'engine': "
            f"Engine cannot be read from a request (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        )
    ]


def test_in_the_body() -> None:
    """A service inside a body's type is found at any depth, and so is a service given as the body."""

    class Orders(Controller):
        @post("/a")
        async def first(self, orders: dict[str, list[Engine]]) -> str:
            return str(orders)

        @post("/b")
        async def second(self, order: Annotated[Engine, Body()]) -> str:
            return str(order)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.first ({place(Orders.first)}), parameter 'orders': "
            f"dict[str, list[Engine]] cannot be read from a request (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        ),
        (
            UnsupportedTypeError,
            f"Orders.second ({place(Orders.second)}), parameter 'order': "
            f"Engine cannot be read from a request (msgspec does not know Engine).\n"
            f"  Hint: {custom_type_hint('Engine')}.",
        ),
    ]


def test_a_union_that_msgspec_cannot_tell_apart() -> None:
    """Two untagged Structs in a union have no telling what a body means."""

    class Item(Struct):
        name: str

    class Orders(Controller):
        @post()
        async def create(self, order: Line | Item) -> str:
            return str(order)

    ((kind, text),) = mistakes(Orders)
    assert kind is UnsupportedTypeError
    assert text == (
        f"Orders.create ({place(Orders.create)}), parameter 'order': Line | Item cannot be read from a request "
        "(If a type union contains multiple Struct types, all Struct types must be tagged (via `tag` or `tag_field` "
        f"kwarg) - type `{Line.__module__}.Line | {Item.__module__}.{Item.__qualname__}` is not supported).\n"
        "  Hint: tag each of them: class Cat(Struct, tag=True); the tag is then sent as the field type."
    )


def test_a_constraint_that_the_type_cannot_have() -> None:
    """What is wrong with a Meta has the Meta in its hint."""

    class Orders(Controller):
        @get()
        async def search(self, limit: Annotated[int, Meta(min_length=1)]) -> str:
            return str(limit)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.search ({place(Orders.search)}), parameter 'limit': int cannot be read from a request "
            "(Can only set `min_length` on a str, bytes, or collection type - type "
            "`typing.Annotated[int, msgspec.Meta(min_length=1)]` is invalid).\n"
            "  Hint: msgspec checks min_length= of str, bytes and collections only; check a value of another type in "
            "__post_init__ of a Struct, which raises ValueError.",
        )
    ]


class Priced(Struct):
    """Data with a bound that msgspec does not check."""

    price: Annotated[Decimal, Meta(gt=0)]


def elsewhere(argument: str, types: str) -> str:
    """Return the hint for a constraint of another type."""
    return (
        f"msgspec checks {argument}= of {types} only; check a value of another type in __post_init__ of a Struct, "
        "which raises ValueError"
    )


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [
        (Annotated[Decimal, Meta(gt=0)], elsewhere("gt", "int and float")),
        (Annotated[date, Meta(le=1)], elsewhere("le", "int and float")),
        (Priced, elsewhere("gt", "int and float")),
        (Annotated[SecretStr, Meta(min_length=8)], elsewhere("min_length", "str, bytes and collections")),
        (Annotated[Decimal | None, Meta(pattern="^1")], elsewhere("pattern", "str")),
        (Annotated[str, Meta(tz=True)], elsewhere("tz", "datetime and time")),
        (Annotated[str | None, Meta(min_length=1)], "write Annotated[str, Meta(min_length=1)] | None"),
        (Annotated[str | None, Meta(max_length=9)], "write Annotated[str, Meta(max_length=9)] | None"),
        (
            Annotated[list[str | int] | None, Meta(min_length=1)],
            "write Annotated[list[str | int], Meta(min_length=1)] | None",
        ),
        (Annotated[int | datetime, Meta(ge=1)], "write Annotated[int, Meta(ge=1)] | datetime"),
        (Annotated[datetime | None, Meta(tz=True)], "write Annotated[datetime, Meta(tz=True)] | None"),
    ],
    ids=str,
)
def test_a_constraint_has_a_hint_that_can_be_followed(annotation: Any, hint: str) -> None:
    """Either where the constraint is written, or where another is checked."""

    class Orders(Controller):
        @post()
        async def search(self, given: Annotated[annotation, Body()]) -> None:  # pyright: ignore[reportInvalidTypeForm]  each
            raise NotImplementedError

    app = App([Orders])
    with pytest.raises(ExceptionGroup) as caught:
        app.build()
    (found,) = caught.value.exceptions
    assert isinstance(found, UnsupportedTypeError)
    assert found.hint == hint


def test_what_has_no_form_as_a_query_parameter() -> None:
    """Objects, rows and nested lists are no query parameters; the hint says what they can be."""

    class Orders(Controller):
        @get("/a")
        async def objects(self, where: Annotated[dict[str, int], Query()]) -> str:
            return str(where)

        @get("/b")
        async def rows(self, lines: Annotated[list[Line], Query()]) -> str:
            return str(lines)

        @get("/c")
        async def nested(self, matrix: Annotated[list[list[int]], Query()]) -> str:
            return str(matrix)

    reason = "cannot be read from a request (it has no form as a query parameter)"
    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.objects ({place(Orders.objects)}), parameter 'where': dict[str, int] {reason}.\n"
            '  Hint: read it from the query with Annotated[dict[str, int], Query(style="deepObject")].',
        ),
        (
            UnsupportedTypeError,
            f"Orders.rows ({place(Orders.rows)}), parameter 'lines': list[Line] {reason}.\n"
            "  Hint: serve POST, PUT, PATCH or DELETE.",
        ),
        (
            UnsupportedTypeError,
            f"Orders.nested ({place(Orders.nested)}), parameter 'matrix': list[list[int]] {reason}.\n"
            "  Hint: serve POST, PUT, PATCH or DELETE.",
        ),
    ]


def test_what_has_no_form_as_another_parameter() -> None:
    """A header, a cookie and a placeholder hold a text."""

    class Orders(Controller):
        @get("/a")
        async def in_header(self, where: Annotated[dict[str, int], Header()]) -> str:
            return str(where)

        @get("/b")
        async def in_cookie(self, lines: Annotated[list[Line], Cookie()]) -> str:
            return str(lines)

        @get("/{where}")
        async def in_path(self, where: dict[str, int]) -> str:
            return str(where)

    hint = "  Hint: use a scalar or a collection of scalars."
    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.in_header ({place(Orders.in_header)}), parameter 'where': dict[str, int] "
            f"cannot be read from a request (it has no form as a header parameter).\n{hint}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.in_cookie ({place(Orders.in_cookie)}), parameter 'lines': list[Line] "
            f"cannot be read from a request (it has no form as a cookie parameter).\n{hint}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.in_path ({place(Orders.in_path)}), parameter 'where': dict[str, int] "
            f"cannot be read from a request (it has no form as a path parameter).\n{hint}",
        ),
    ]


class Price(Struct):
    """Has a field of a type for which msgspec ends the process."""

    amount: Annotated[str, Meta(pattern="^[0-9]+$")] | dict[str, str]


def test_a_pattern_beside_a_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that msgspec 0.22 frees as if it were the items kills the process: it is not asked."""
    monkeypatch.setattr("framework._inspect.pattern_unions.IS_AFFECTED", True)

    class Orders(Controller):
        @get("/a")
        async def search(self, sku: Annotated[str, Meta(pattern="^[A-Z]+$")] | list[int]) -> str:
            return str(sku)

        @post("/b")
        async def create(self, skus: Annotated[list[Sku | tuple[int, ...]], Body()]) -> str:
            return str(skus)

        @post("/c")
        async def sell(self, prices: list[Price]) -> str:
            return str(prices)

    reason = (
        "cannot be read from a request "
        "(msgspec ends the process for a union of a string with a pattern and a list, set, dict or tuple).\n"
        "  Hint: put the string or the collection into a Struct, or check the string in a __post_init__."
    )
    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.search ({place(Orders.search)}), parameter 'sku': str | list[int] {reason}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.create ({place(Orders.create)}), parameter 'skus': list[str | tuple[int, ...]] {reason}",
        ),
        (
            UnsupportedTypeError,
            f"Orders.sell ({place(Orders.sell)}), parameter 'prices': list[Price] {reason}",
        ),
    ]


def test_a_pattern_beside_something_else() -> None:
    """Numbers, Structs and tuples of a fixed length do no harm."""

    class Orders(Controller):
        @post("/a")
        async def create(self, order: Annotated[Sku | Line | int | None, Body()]) -> Sku | tuple[int, int]:
            return (len(str(order)), 0)

        @post("/b")
        async def change(self, order: Annotated[list[Sku] | int, Body()]) -> dict[str, Sku]:
            return {str(order): "A"}

    assert told(App(controllers=[Orders])) == []


class Parcel(Struct):
    """Names a class that cannot be found."""

    address: "Address"  # type: ignore[name-defined]


def test_a_field_whose_type_cannot_be_found() -> None:
    """The hint is the import, not another type."""

    class Orders(Controller):
        @post()
        async def send(self, parcel: Parcel) -> str:
            return str(parcel)

    assert mistakes(Orders) == [
        (
            UnsupportedTypeError,
            f"Orders.send ({place(Orders.send)}), parameter 'parcel': Parcel cannot be read from a request "
            "(name 'Address' is not defined).\n"
            "  Hint: import the name at module level, not under TYPE_CHECKING, where the class is defined.",
        )
    ]
