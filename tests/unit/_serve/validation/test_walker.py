"""Every fault of a value is found, at its place, with its code, in msgspec's words."""

import datetime as dt
import sys
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct, inspect

from framework._serve.validation.walker import find_errors
from framework.http_errors import FieldError
from tests.unit._serve.validation.models import (
    MADE,
    Box,
    Card,
    Cash,
    Color,
    Counted,
    Holder,
    Level,
    Order,
    Person,
    Point,
    Range,
    Tree,
    Wrapped,
    found,
)


def test_every_fault_in_the_order_of_the_document() -> None:
    """Faults come as the document is read: an object's missing fields after those that are there."""
    body = {
        "discount": "much",
        "lines": [
            {"quantity": 0, "stockUnit": "", "colour": "red"},
            {"quantity": 1, "stockUnit": "a"},
            {"note": None},
            7,
        ],
    }
    faults, more = find_errors(inspect.type_info(Order), body, location="body", pointer="/order")
    assert faults == [
        FieldError("body", "/order/discount", "type", "Expected `float | null`, got `str`"),
        FieldError("body", "/order/lines/0/quantity", "constraint", "Expected `int` >= 1"),
        FieldError("body", "/order/lines/0/stockUnit", "constraint", "Expected `str` of length >= 1"),
        FieldError("body", "/order/lines/0/colour", "unknown", "Unknown field"),
        FieldError("body", "/order/lines/2/note", "type", "Expected `str`, got `null`"),
        FieldError("body", "/order/lines/2/stockUnit", "missing", "Field required"),
        FieldError("body", "/order/lines/2/quantity", "missing", "Field required"),
        FieldError("body", "/order/lines/3", "type", "Expected `object`, got `int`"),
        FieldError("body", "/order/customer", "missing", "Field required"),
    ]
    assert not more


def test_what_is_valid_has_no_fault() -> None:
    """A value that msgspec takes has no fault, and a field that nobody forbids is none."""
    assert found(Order, {"customer": "c", "lines": [{"stockUnit": "a", "quantity": 1}], "extra": 1}) == []


@pytest.mark.parametrize(("limit", "expected"), [(0, (0, True)), (2, (2, True)), (3, (3, False)), (100, (3, False))])
def test_limit(limit: int, expected: tuple[int, bool]) -> None:
    """No more than the limit are returned, and that more were dropped is told only when there were more."""
    faults, more = find_errors(inspect.type_info(list[int]), ["a", 1, "b", "c"], location="body", limit=limit)
    assert (len(faults), more) == expected
    assert [one.pointer for one in faults] == ["/0", "/2", "/3"][:limit]


def test_keys_are_escaped_and_cut() -> None:
    """A key in a pointer is escaped by RFC 6901 and cut at 100 characters before that."""
    body = {"a/b~c": "x", "": "x", "/" * 101: "x"}
    assert [pointer for pointer, _, _ in found(dict[str, int], body)] == ["/a~1b~0c", "/", "/" + "~1" * 100]


_TEXT = "x"


_ANGRY = Annotated[str, Meta(pattern="^a", max_length=3)]


@pytest.mark.parametrize(
    ("hint", "value", "code", "detail"),
    [
        (bool, 1, "type", "Expected `bool`, got `int`"),
        (int, True, "type", "Expected `int`, got `bool`"),
        (int, 1.0, "type", "Expected `int`, got `float`"),
        (int, "1", "type", "Expected `int`, got `str`"),
        (Annotated[int, Meta(gt=1)], 1, "constraint", "Expected `int` >= 2"),
        (Annotated[int, Meta(le=100)], 2**70, "constraint", "Expected `int` <= 100"),
        (Annotated[int, Meta(multiple_of=3)], 4, "constraint", "Expected `int` that's a multiple of 3"),
        (float, 10**400, "value", "Number out of range"),
        (Annotated[float, Meta(lt=1)], 1, "constraint", "Expected `float` < 1.0"),
        (str, None, "type", "Expected `str`, got `null`"),
        (_ANGRY, _TEXT, "constraint", "Expected `str` matching regex '^a'"),
        (_ANGRY, "aaaa", "constraint", "Expected `str` of length <= 3"),
        (bytes, "?", "value", "Invalid base64 encoded string"),
        (Annotated[bytearray, Meta(min_length=2)], "YQ==", "constraint", "Expected `bytes` of length >= 2"),
        (memoryview, 1, "type", "Expected `bytes`, got `int`"),
        (dt.datetime, "today", "value", "Invalid RFC3339 encoded datetime"),
        (dt.datetime, 1, "type", "Expected `datetime`, got `int`"),
        (
            Annotated[dt.datetime, Meta(tz=True)],
            "2020-01-02T03:04:05",
            "constraint",
            "Expected `datetime` with a timezone component",
        ),
        (
            Annotated[dt.time, Meta(tz=False)],
            "03:04:05Z",
            "constraint",
            "Expected `time` with no timezone component",
        ),
        (dt.date, "2020-13-01", "value", "Invalid RFC3339 encoded date"),
        (dt.time, "25:00:00", "value", "Invalid RFC3339 encoded time"),
        (dt.timedelta, "1 day", "value", "Invalid ISO8601 duration"),
        (dt.timedelta, "P99999999999D", "value", "Duration is out of range"),
        (uuid.UUID, "1234", "value", "Invalid UUID"),
        (Decimal, "many", "value", "Invalid decimal string"),
        (Decimal, [], "type", "Expected `decimal`, got `array`"),
        (None, 0, "type", "Expected `null`, got `int`"),
        (Color, "secret", "value", "Invalid enum value"),
        (Color, 1, "type", "Expected `str`, got `int`"),
        (Level, 9, "value", "Invalid enum value"),
        (Literal["a", 1], "secret", "value", "Invalid enum value"),
        (Literal["a", 1], 1.5, "type", "Expected `int | str`, got `float`"),
        (complex, 1, "type", "Expected `complex`, got `int`"),
        (int | str | None, 1.5, "type", "Expected `int | str | null`, got `float`"),
        (int | dt.datetime, "x", "value", "Invalid RFC3339 encoded datetime"),
        (Annotated[int, Meta(le=3)] | list[int], 5, "constraint", "Expected `int` <= 3"),
        (int | Color, "x", "value", "Invalid enum value"),
        (Card | Cash | int, "x", "type", "Expected `int | object`, got `str`"),
        (list[int] | None, {}, "type", "Expected `array | null`, got `object`"),
        (Annotated[int, Meta(description="described")], "x", "type", "Expected `int`, got `str`"),
        (Order, [], "type", "Expected `object`, got `array`"),
        (Point, {}, "type", "Expected `array`, got `object`"),
        (list[int], "x", "type", "Expected `array`, got `str`"),
        (dict[str, int], [], "type", "Expected `object`, got `array`"),
        (tuple[int], "x", "type", "Expected `array`, got `str`"),
    ],
)
def test_one_value(hint: Any, value: object, code: str, detail: str) -> None:
    """What is wrong with one value has msgspec's words, without the value itself."""
    assert found(hint, value) == [("", code, detail)]


@pytest.mark.parametrize(
    "hint", [Any, object, msgspec.Raw, list[Any], dict[str, msgspec.Raw] | list[msgspec.Raw], Any | list[int]]
)
def test_anything_goes(hint: Any) -> None:
    """Any and Raw take everything."""
    assert found(hint, [1, {"a": None}, 2**70]) == []


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ({"low": 2, "high": 1}, "low is above high"),
        ({"low": -1, "high": 1}, "Expected `low` - at `$.high`"),
        ({"low": -2, "high": 1}, "Invalid value"),
    ],
)
def test_an_object_that_objects(value: object, detail: str) -> None:
    """What __post_init__ raises is a fault of the object, wherever it stands and whatever its text looks like."""
    assert found(Range, value) == [("", "value", detail)]
    body = {"one": value, "many": {"a": {"low": 1, "high": "x"}, "b": value}}
    assert found(Holder, body) == [
        ("/one", "value", detail),
        ("/many/a/high", "type", "Expected `int`, got `str`"),
        ("/many/b", "value", detail),
    ]


def test_a_client_cannot_make_up_paths() -> None:
    """A path inside a client's own key, or inside what a __post_init__ says about it, leads nowhere."""
    wrong = {"stockUnit": "a", "quantity": 1, "a` - at `$.inner.note": 1}
    pointer = "/a` - at `$.inner.note"
    assert found(Wrapped, {"inner": {"stockUnit": "a", "quantity": 1}, pointer[1:]: 1}) == [
        (pointer, "unknown", "Unknown field")
    ]
    assert found(Wrapped, {"inner": wrong}) == [(f"/inner{pointer}", "unknown", "Unknown field")]
    sound = {"stockUnit": "a", "quantity": 1}
    text = "x - at `$.inner.note`"
    assert found(Wrapped, {"text": text, "inner": sound}) == [("", "value", text)]
    assert found(list[Wrapped], [{"text": text, "inner": sound}]) == [("/0", "value", text)]


def test_dataclasses_and_attrs_classes_object() -> None:
    """A dataclass's __post_init__ and the validators of attrs speak as well."""
    assert found(list[Person], [{"name": "n", "age": -1}]) == [("/0", "value", "age is below 0")]
    assert found(list[Box], [{"width": 0}]) == [("/0", "value", "'width' must be > 0: 0")]


def test_an_object_is_asked_only_when_its_fields_are_valid() -> None:
    """__post_init__ does not run on an object that has a fault."""
    assert found(Range, {"low": -3, "high": "x"}) == [("/high", "type", "Expected `int`, got `str`")]


def test_other_errors_of_an_object_escape() -> None:
    """A KeyError in __post_init__ is a mistake of the programmer's, not of the client's."""
    with pytest.raises(KeyError, match="low"):
        found(Range, {"low": -3, "high": 1})


class Careless(Struct):
    """Its default cannot be made."""

    one: int
    two: Any = msgspec.field(default_factory=[].count)  # type: ignore[arg-type]  # raises TypeError


def test_a_type_error_of_the_programmer_escapes() -> None:
    """A TypeError that msgspec does not take for a fault is none of the client's."""
    with pytest.raises(TypeError, match="count"):
        found(Careless, {"one": 1})


def test_recursion_does_not_escape() -> None:
    """A RecursionError becomes a fault, or ends the list of those found before."""
    deep = {"low": -4, "high": 1}
    kind = inspect.type_info(list[Range])
    assert find_errors(kind, [deep], location="body") == ([FieldError("body", "", "value", "Nested too deeply")], False)
    assert find_errors(kind, ["x", deep], location="body", pointer="/p") == (
        [FieldError("body", "/p/0", "type", "Expected `object`, got `str`")],
        True,
    )


def _nested(levels: int, inner: Any, wrap: Callable[[Any], Any]) -> Any:
    for _ in range(levels):
        inner = wrap(inner)
    return inner


def test_depth_is_bounded() -> None:
    """Far down msgspec alone judges: one fault for all that is there, at its place as far as msgspec tells it."""
    below = {"children": ["x", "y"]}
    tree = _nested(30, below, lambda inner: {"children": [inner]})
    assert [one[0] for one in found(Tree, tree)] == ["/children/0" * 31, "/children/0" * 30 + "/children/1"]
    tree = _nested(40, below, lambda inner: {"children": [inner]})
    assert found(Tree, tree) == [("/children/0" * 41, "type", "Expected `object`, got `str`")]
    tree = _nested(40, {"name": 1}, lambda inner: {"by_name": {"k": inner}})
    assert found(Tree, tree) == [("/by_name/k" * 8 + "/by_name", "type", "Expected `str`, got `int`")]


def test_any_depth_that_json_allows() -> None:
    """A body as deep as the parser takes it has an answer, also when the stack is nearly full."""
    body = msgspec.json.decode(b'{"children":[' * 300 + b"1" + b"]}" * 300)

    def on_a_full_stack(frames: int) -> list[tuple[str, str, str]]:
        return on_a_full_stack(frames - 1) if frames else found(Tree, body)

    assert [code for _, code, _ in found(Tree, body)] == ["type"]
    assert [code for _, code, _ in on_a_full_stack(sys.getrecursionlimit() // 2)] in (["type"], ["value"])


@pytest.mark.parametrize("early", [{}, {"early": "x"}])
def test_depth_costs_no_more_than_breadth(early: dict[str, str]) -> None:
    """However deep a fault is, and with faults all the way down, a sound part is converted a few times only."""
    body: Any = {"children": [*({} for _ in range(500)), "x"]}
    body = _nested(25, body, lambda inner: {**early, "children": [inner]})
    MADE.clear()
    assert len(found(Counted, body)) == 1 + 25 * len(early)
    assert MADE["counted"] <= 5 * 500


def test_kinds_are_not_remembered_without_end() -> None:
    """What is worked out for kinds is dropped when there are too many of them, and worked out again."""
    kinds = [inspect.IntType(ge=place) for place in range(10_001)]
    for kind in (*kinds, *kinds[:2]):
        low = kind.ge or 0
        fault = FieldError("body", "", "constraint", f"Expected `int` >= {low}")
        assert find_errors(kind, low - 1, location="body") == ([fault], False)
