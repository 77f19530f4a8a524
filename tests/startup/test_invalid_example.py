"""InvalidExampleError: an example that is not a value of its own type."""

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from framework import Body, Controller, Header, Query, get, post
from framework.errors import InvalidExampleError, InvalidMarkerError
from tests.startup.expected import mistakes, place


class Order(Struct):
    """A body."""

    sku: str
    count: Annotated[int, Meta(ge=1)] = 1


class Wrong(Struct):
    """A body whose field has an example that it does not take."""

    sku: Annotated[str, Meta(min_length=3, examples=["A-1", "A"])]


def told(handler: Any, where: str, text: str, reason: str) -> tuple[type, str]:
    """Return the mistake as it is told."""
    return (
        InvalidExampleError,
        f"Orders.order ({place(handler)}){where}: the example {text} does not fit its type ({reason}).\n"
        "  Hint: give an example that fits.",
    )


@pytest.mark.parametrize(
    ("marked", "text", "reason"),
    [
        (Annotated[int, Query(example="x")], "'x'", "Expected `int`, got `str`"),
        (
            Annotated[int, Meta(le=3), Query(examples={"few": 1, "many": 9})],
            "'many': 9",
            "Expected `int` <= 3",
        ),
        (Annotated[list[int], Header(example=[1, "2"])], "[1, '2']", "Expected `int`, got `str` - at `$[1]`"),
        (Annotated[str, Meta(max_length=1, examples=["ab"])], "'ab'", "Expected `str` of length <= 1"),
    ],
)
def test_of_a_parameter(marked: Any, text: str, reason: str) -> None:
    """The examples of a marker, and those in Meta."""

    class Orders(Controller):
        @get("/orders")
        async def order(self, value: marked) -> None:  # pyright: ignore[reportInvalidTypeForm]  of each test
            ...

    # The type may be that of several parameters.
    where = "" if text == "'ab'" else ", parameter 'value'"
    assert mistakes(Orders) == [told(Orders.order, where, text, reason)]


@pytest.mark.parametrize(
    ("example", "text"),
    [
        (Order("A-1", 0), "'none': Order(sku='A-1', count=0)"),
        ({"sku": "A-1", "count": 0}, "'none': {'sku': 'A-1', 'count': 0}"),
    ],
)
def test_of_a_body_and_of_an_answer(example: Any, text: str) -> None:
    """An example may be written as what it becomes, or as JSON has it."""
    reason = "Expected `int` >= 1 - at `$.count`"

    class Orders(Controller):
        @post("/orders")
        async def order(
            self, order: Annotated[Order, Body(examples={"one": Order("A-1"), "none": example})]
        ) -> None: ...

    assert mistakes(Orders) == [told(Orders.order, ", parameter 'order'", text, reason)]

    class Answers(Controller):
        @get("/orders", examples={"none": example})
        async def order(self) -> Order:
            return Order("")

    assert mistakes(Answers) == [
        (
            InvalidExampleError,
            f"Answers.order ({place(Answers.order)}): the example {text} does not fit its type ({reason}).\n"
            "  Hint: give an example that fits.",
        )
    ]


def test_inside_a_body() -> None:
    """Those of a field are told with the route that reads it."""

    class Orders(Controller):
        @post("/orders")
        async def order(self, order: Wrong) -> None: ...

    assert mistakes(Orders) == [told(Orders.order, "", "'A'", "Expected `str` of length >= 3")]


def test_both_ways_at_once() -> None:
    """One example or several by name."""

    class Orders(Controller):
        @get("/orders")
        async def order(self, size: Annotated[int, Query(example=1, examples={"one": 1})]) -> None: ...

    assert mistakes(Orders) == [
        (
            InvalidMarkerError,
            f"Orders.order ({place(Orders.order)}), parameter 'size': it has example= and examples=.\n"
            "  Hint: keep the one that is meant.",
        )
    ]
