"""What msgspec takes from texts although it should not is a fault, and is noticed quickly."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, inspect

from framework._serve.validation.walker import lax_check
from tests.unit._serve.validation.models import Card, Cash, Color, Deep, Line, Open, Options, Pair, Point, Spot, found


class Search(Struct):
    """What a query string carries."""

    page: Annotated[int, Meta(ge=1)]
    size: int | None = None
    ids: list[int | None] = []
    at: dt.datetime | None = None
    pair: tuple[float, str] | None = None
    point: Point | None = None


def test_texts() -> None:
    """Texts are converted, and each fault stands at its parameter."""
    raw = {"page": "0", "size": "null", "ids": ["1", "null", "x"], "at": "5"}
    raw |= {"pair": ["nan", "nan"], "point": ["1", "x"]}
    assert found(Search, raw, strict=False) == [
        ("/page", "constraint", "Expected `int` >= 1"),
        ("/size", "type", "Expected `int`, got `null`"),
        ("/ids/1", "type", "Expected `int`, got `null`"),
        ("/ids/2", "type", "Expected `int | null`, got `str`"),
        ("/at", "type", "Expected `datetime | null`, got `int`"),
        ("/pair/0", "value", "Expected a finite number"),
        ("/point/1", "type", "Expected `int`, got `str`"),
    ]
    assert found(Search, {"page": "1", "size": "2", "ids": ["3"], "pair": ["1e3", "null"]}, strict=False) == []


_FINITE = ("value", "Expected a finite number")
_LAX: list[tuple[Any, str, tuple[str, str]]] = [
    (int | None, "null", ("type", "Expected `int`, got `null`")),
    (bool | None, "NuLL", ("type", "Expected `bool`, got `null`")),
    (dt.date | None, "null", ("type", "Expected `date`, got `null`")),
    (bytes | None, "null", ("type", "Expected `bytes`, got `null`")),
    (Literal["null", 1] | None, "null", ("type", "Expected `int | str`, got `null`")),
    (Literal["a", None], "null", ("type", "Expected `str`, got `null`")),  # noqa: PYI061  None as a literal is the point
    (Annotated[int | None, Meta(description="d")], "null", ("type", "Expected `int`, got `null`")),
    (None, "null", ("type", "Expected `null`, got `str`")),
    *((float, text, _FINITE) for text in ("nan", "-NaN", "+inf", "inf", "-INF", "Infinity", "+infinity")),
    *((Decimal, text, _FINITE) for text in ("nan", "sNaN", "-nan7", " Inf ", "infin_ity")),
    (float | None, "nan", _FINITE),
    (int | float, "inf", _FINITE),
    (Annotated[float, Meta(ge=0)], "nan", _FINITE),
    (dt.datetime, "1700000000", ("type", "Expected `datetime`, got `int`")),
    (dt.datetime, "99999999999999999999", ("type", "Expected `datetime`, got `int`")),
    (dt.datetime | None, "-1.5", ("type", "Expected `datetime | null`, got `float`")),
    (dt.timedelta, "1e3", ("type", "Expected `duration`, got `float`")),
    (int | dt.datetime, "1.5", ("type", "Expected `int | datetime`, got `float`")),
]


@pytest.mark.parametrize(("hint", "text", "reason"), _LAX)
def test_texts_that_msgspec_should_not_take(hint: Any, text: str, reason: tuple[str, str]) -> None:
    """The texts null, nan and inf, and bare numbers for times, are faults; the quick check says the same."""
    check = lax_check(inspect.type_info(hint))
    assert check is not None
    assert check(text)
    assert found(hint, text, strict=False) == [("", *reason)]


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (str | None, "null"),
        (float | str, "nan"),
        (dt.datetime | int, "5"),
        (dt.datetime | float, "5.5"),
        (dt.datetime | bool, "1"),
        (int | None, "5"),
        (float, "1e3"),
        (Decimal, "1_0"),
        (dt.datetime, "2020-01-02T03:04:05Z"),
        (dt.timedelta, "PT5S"),
        (Any, "nan"),
    ],
)
def test_texts_that_are_fine(hint: Any, text: str) -> None:
    """What is legitimate for one member of a union is no fault, and str takes every text."""
    check = lax_check(inspect.type_info(hint))
    assert check is None or not check(text)
    assert found(hint, text, strict=False) == []


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (int, ["1", "2", "3"], [("", "type", "Given 3 times, expected once")]),
        (int | None, ["1", "2"], [("", "type", "Given 2 times, expected once")]),
        (str, ["1", "2"], [("", "type", "Given 2 times, expected once")]),
        (Color, ["red", "red"], [("", "type", "Given 2 times, expected once")]),
        (Search, ["1", "2"], [("", "type", "Given 2 times, expected once")]),
        (int, ["1"], [("", "type", "Expected `int`, got `array`")]),
        (int, {"a": "1"}, [("", "type", "Expected `int`, got `object`")]),
        (list[int], ["1", "2"], []),
        (list[int], "1", [("", "type", "Expected `array`, got `str`")]),
        (int | None, "", [("", "type", "Expected `int | null`, got `str`")]),
        (int, "\u0661", [("", "type", "Expected `int`, got `str`")]),
        (int, "9" * 5000, [("", "value", "Integer value out of range")]),
        (Color, "a\udcff", [("", "value", "Expected text in UTF-8")]),
        (float | None, "n\udcff", [("", "value", "Expected text in UTF-8")]),
        (Decimal, "n\udcff", [("", "value", "Expected text in UTF-8")]),
        (Decimal, "many", [("", "value", "Invalid decimal string")]),
        (Annotated[int, Meta(le=3)] | dt.datetime, "5", [("", "constraint", "Expected `int` <= 3")]),
    ],
)
def test_texts_that_msgspec_refuses(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """A scalar given several times says how often; the rest has msgspec's words."""
    assert found(hint, value, strict=False) == expected


@pytest.mark.parametrize(
    ("hint", "wrong", "right"),
    [
        (list[int | None], ["1", "null"], ["1"]),
        (tuple[float, ...], ["nan"], ["1"]),
        (set[Decimal], ["1", "inf"], []),
        (tuple[str, float], ["nan", "nan"], ["nan"]),
        (dict[str, float], {"a": "nan"}, {"nan": "1"}),
        (Search, {"page": "1", "size": "null"}, {"page": "1", "unknown": "null"}),
        (Search, {"page": "1", "point": "null"}, {"point": ["1"]}),
        (Open | None, "null", ["null"]),
        (float | list[float], ["nan"], ["1"]),
        (int | list[float] | dict[str, float], {"a": "nan"}, {}),
        (Card | Cash | None, "null", {"kind": "card", "number": "null"}),
    ],
)
def test_quick_check_of_collections_and_models(hint: Any, wrong: Any, right: Any) -> None:
    """The quick check looks into lists of texts and into the fields of a model."""
    check = lax_check(inspect.type_info(hint))
    assert check is not None
    assert check(wrong)
    assert not check(right)


def test_quick_check_of_models_in_models() -> None:
    """The quick check follows a model that holds itself, and knows that a tag takes the first place."""
    deep, spot = lax_check(inspect.type_info(Deep)), lax_check(inspect.type_info(Spot))
    assert deep is not None
    assert spot is not None
    assert deep({"size": "1", "inner": [{"size": "1"}, {"size": "1", "inner": [{"size": "nan"}]}]})
    assert not deep({"size": "1", "inner": [{"size": "1", "inner": []}]})
    assert (spot(["nan", "1"]), spot(["spot", "nan"])) == (False, True)


@pytest.mark.parametrize(
    "hint",
    [
        *(int, str, bool, str | None, Any, float | str, dt.date, uuid.UUID, Color, Literal["a", 1]),
        *(list[int], dict[str, int], tuple[int, str], Pair, Open, Options, list[Line], Line | str),
    ],
)
def test_no_quick_check_where_none_is_needed(hint: Any) -> None:
    """A type that msgspec's lax mode reads well costs nothing."""
    assert lax_check(inspect.type_info(hint)) is None
