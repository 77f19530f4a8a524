"""InvalidDefaultError: a default that is not a value of its own type."""

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID, uuid4

from msgspec import UNSET, Meta, Struct, UnsetType

from framework import App, Body, Controller, Header, Query, get, post
from framework.errors import InvalidDefaultError
from framework.types import SecretStr
from tests.startup.expected import mistakes, place, told

NONE = "  Hint: write the type as T | None, or give a default that fits."
HINT = "  Hint: give a default that fits, or a type that admits it."


class Colour(enum.Enum):
    """What a type of members takes."""

    RED = 1


class Page(Struct):
    """A model whose default can be changed."""

    number: int = 1


def test_of_a_parameter() -> None:
    """None is not an int, a text is none, and neither is what breaks the constraint."""

    class Orders(Controller):
        @get("/a")
        async def null(self, limit: int = None) -> str:  # type: ignore[assignment]  # the mistake
            return str(limit)

        @get("/b")
        async def text(self, limit: Annotated[int, Header()] = "20") -> str:  # type: ignore[assignment]  # the mistake
            return str(limit)

        @get("/c")
        async def ellipsis(self, limit: int = ...) -> str:  # type: ignore[assignment]  # the mistake
            return str(limit)

        @get("/d")
        async def low(self, limit: Annotated[int, Meta(ge=1)] = 0) -> str:
            return str(limit)

    def told(function: Any, default: str, reason: str) -> tuple[type, str]:
        where = f"{function.__qualname__.rpartition('<locals>.')[2]} ({place(function)}), parameter 'limit'"
        hint = NONE if default == "None" else HINT
        return InvalidDefaultError, f"{where}: its default {default} does not fit its type ({reason}).\n{hint}"

    assert mistakes(Orders) == [
        told(Orders.null, "None", "Expected `int`, got `null`"),
        told(Orders.text, "'20'", "Expected `int`, got `str`"),
        told(Orders.ellipsis, "Ellipsis", "got `ellipsis`"),
        told(Orders.low, "0", "Expected `int` >= 1"),
    ]


def test_of_a_body() -> None:
    """A body's default is a value of the body's type."""

    class Orders(Controller):
        @post()
        async def create(self, page: Page = None) -> str:  # type: ignore[assignment]  # the mistake
            return str(page)

    assert mistakes(Orders) == [
        (
            InvalidDefaultError,
            f"Orders.create ({place(Orders.create)}), parameter 'page': "
            f"its default None does not fit its type (Expected `object`, got `null`).\n{NONE}",
        )
    ]


def test_of_a_field() -> None:
    """A field's default is told where its class stands, once, however deep it lies and whoever reads it."""

    class Line(Struct):
        count: int = "one"  # type: ignore[assignment]  # the mistake

    @dataclass
    class Order:
        lines: list[Line]
        note: str = None  # type: ignore[assignment]  # the mistake
        tags: list[str] = field(default_factory=list)

    class Orders(Controller):
        @post("/a")
        async def first(self, order: Order) -> str:
            return str(order)

        @post("/b")
        async def second(self, orders: list[Order]) -> str:
            return str(orders)

        @get("/c")
        async def third(self, line: Annotated[Line, Query()]) -> str:
            return str(line)

    where = place(Order).rpartition(":")
    assert mistakes(Orders) == [
        (
            InvalidDefaultError,
            # inspect counts from the decorator, the message from the class statement.
            f"Order ({where[0]}:{int(where[2]) + 1}), field 'note': "
            f"its default None does not fit its type (Expected `str`, got `null`).\n{NONE}",
        ),
        (
            InvalidDefaultError,
            f"Line ({place(Line)}), field 'count': "
            f"its default 'one' does not fit its type (Expected `int`, got `str`).\n{HINT}",
        ),
    ]


def test_of_every_type_that_fits() -> None:
    """Members of enums, dates, UUIDs, models, collections and UNSET are values of their types."""

    class Orders(Controller):
        @get()
        async def search(
            self,
            colour: Colour = Colour.RED,
            colours: tuple[Colour, ...] = (Colour.RED,),
            day: dt.date = dt.date(2020, 1, 1),
            key: UUID = uuid4(),
            names: list[str] = [],
            ratio: float = 1,
            missing: int | UnsetType = UNSET,
            page: Annotated[Page, Query()] = Page(2),
        ) -> str:
            return f"{colour} {colours} {day} {key} {names} {ratio} {missing} {page}"

    assert mistakes(Orders) == []


class Invoice(Struct):
    """Has a field whose default is written as JSON has it."""

    due: dt.date = "2026-12-31"  # type: ignore[assignment]  # the mistake


def test_a_text_in_the_place_of_a_value() -> None:
    """A default reaches the handler as it is: what JSON would have in the place of a value is none."""

    class Orders(Controller):
        @get("/a")
        async def date(self, given: dt.date = "2026-12-31") -> str:  # type: ignore[assignment]  # the mistake
            return given.isoformat()

        @get("/b")
        async def member(self, given: Colour = 1) -> str:  # type: ignore[assignment]  # the mistake
            return given.name

        @get("/c")
        async def members(self, given: tuple[Colour, ...] = (Colour.RED, 1)) -> str:  # type: ignore[assignment]  # the mistake
            return given[1].name

        @post("/d")
        async def model(self, given: Page = {"number": 1}) -> str:  # type: ignore[assignment]  # the mistake
            return str(given.number)

        @get("/e")
        async def secret(self, given: Annotated[SecretStr, Header()] = "sesame") -> str:  # type: ignore[assignment]  # the mistake
            return given.reveal()

        @post("/f")
        async def invoice(self, given: Invoice) -> str:
            return given.due.isoformat()

    def told(function: Any, default: str, reason: str) -> tuple[type, str]:
        where = f"{function.__qualname__.rpartition('<locals>.')[2]} ({place(function)}), parameter 'given'"
        return InvalidDefaultError, f"{where}: its default {default} does not fit its type ({reason}).\n{HINT}"

    assert mistakes(Orders) == [
        told(Orders.date, "'2026-12-31'", "Expected `date`, got `str`"),
        told(Orders.member, "1", "Expected `Colour`, got `int`"),
        told(Orders.members, "(<Colour.RED: 1>, 1)", "Expected `Colour`, got `int`"),
        told(Orders.model, "{'number': 1}", "Expected `Page`, got `dict`"),
        told(Orders.secret, "'sesame'", "Expected `SecretStr`, got `str`"),
        (
            InvalidDefaultError,
            f"Invoice ({place(Invoice)}), field 'due': its default '2026-12-31' does not fit its type "
            f"(Expected `date`, got `str`).\n{HINT}",
        ),
    ]


def test_defaults_that_fit() -> None:
    """A number may be a whole one, a list may stand for a tuple, and Any is anything."""

    class Orders(Controller):
        @get("/a")
        async def number(self, given: float = 1) -> str:
            return str(given)

        @get("/b")
        async def listed(self, given: Sequence[Colour] = (Colour.RED,), also: tuple[str, ...] = []) -> str:  # type: ignore[assignment]  # it does no harm
            return f"{given} {also}"

        @post("/c")
        async def anything(self, given: Annotated[Any, Body()] = Page()) -> str:
            return str(given)

        @post("/d")
        async def mapped(self, given: dict[str, list[Page]] = {"first": [Page()]}) -> str:
            return str(given)

    assert told(App(controllers=[Orders])) == []


class Clock:
    """A service that nobody provides."""


class Depends:
    """What another framework has in the place of a default."""


def test_of_a_service() -> None:
    """Where nobody provides a service its default stands in, if it is one; None says that there may be none."""

    class Orders(Controller):
        @get("/a")
        async def wrong(self, clock: Clock = Depends()) -> str:  # type: ignore[assignment]  # the mistake
            return str(clock)

        @get("/b")
        async def right(self, clock: Clock = Clock(), other: Clock | None = None) -> str:
            return f"{clock} {other}"

    ((kind, text),) = mistakes(Orders)
    assert kind is InvalidDefaultError
    assert text.startswith(
        f"Orders.wrong ({place(Orders.wrong)}), parameter 'clock': its default an instance of Depends"
    )
    assert text.endswith(f"does not fit its type (got `Depends`).\n{HINT}")


T = TypeVar("T")


class Several(Struct, Generic[T]):
    """A generic with a wrong default."""

    items: list[T]
    number: int = "one"  # type: ignore[assignment]  # the mistake


def test_of_a_field_of_a_generic() -> None:
    """A parametrised class is looked into as another is."""

    class Orders(Controller):
        @post()
        async def create(self, pages: Several[int]) -> str:
            return str(pages)

    assert mistakes(Orders) == [
        (
            InvalidDefaultError,
            f"Several ({place(Several)}), field 'number': its default 'one' does not fit its type "
            f"(Expected `int`, got `str`).\n{HINT}",
        )
    ]
