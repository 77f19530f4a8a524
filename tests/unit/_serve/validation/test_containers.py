"""Collections, objects and unions are looked into, and have faults of their own."""

import uuid
from typing import Annotated, Any

import pytest
from msgspec import Meta

from tests.unit._serve.validation.models import (
    Box,
    Card,
    Cash,
    Circle,
    Color,
    Couple,
    Dotted,
    Level,
    One,
    Open,
    Options,
    Order,
    Page,
    Pair,
    Person,
    Point,
    Square,
    Strict,
    Two,
    found,
)


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (
            Annotated[list[int], Meta(max_length=1)],
            ["a", 1],
            [("", "constraint", "Expected `array` of length <= 1"), ("/0", "type", "Expected `int`, got `str`")],
        ),
        (
            set[int],
            [1, "a", 1, None],
            [("/1", "type", "Expected `int`, got `str`"), ("/3", "type", "Expected `int`, got `null`")],
        ),
        (Annotated[set[int], Meta(min_length=2)], [1, 1], [("", "constraint", "Expected `array` of length >= 2")]),
        (Annotated[frozenset[int], Meta(max_length=1)], [1, 1], []),
        (
            Annotated[frozenset[int], Meta(max_length=1)],
            [1, 2],
            [("", "constraint", "Expected `array` of length <= 1")],
        ),
        (set[Any], [1, [2]], [("/1", "type", "Expected a hashable value")]),
        (
            frozenset[list[int]],
            [["a"], [2]],
            [("/0/0", "type", "Expected `int`, got `str`"), ("/1", "type", "Expected a hashable value")],
        ),
        (set[tuple[Any, ...]], [[1], [[2]]], [("/1", "type", "Expected a hashable value")]),
        (list[set[Any]], [[1], [{}]], [("/1/0", "type", "Expected a hashable value")]),
        (tuple[str, ...], ["a", 1], [("/1", "type", "Expected `str`, got `int`")]),
        (
            tuple[int, str],
            ["a"],
            [("", "constraint", "Expected `array` of length 2, got 1"), ("/0", "type", "Expected `int`, got `str`")],
        ),
        (
            tuple[int, str],
            ["a", 1],
            [("/0", "type", "Expected `int`, got `str`"), ("/1", "type", "Expected `str`, got `int`")],
        ),
        (tuple[()], [1], [("", "constraint", "Expected `array` of length 0, got 1")]),
        (list[list[int]], [[1], ["a"]], [("/1/0", "type", "Expected `int`, got `str`")]),
    ],
)
def test_arrays(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """A wrong length is a fault of the array, and its items are looked at all the same."""
    assert found(hint, value) == expected


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (
            dict[int, str],
            {"1": 1, "a": 2, "b": "x"},
            [
                ("/1", "type", "Expected `str`, got `int`"),
                ("/a", "key", "Expected `int`, got `str`"),
                ("/a", "type", "Expected `str`, got `int`"),
                ("/b", "key", "Expected `int`, got `str`"),
            ],
        ),
        (dict[Color, Any], {"red": 1, "secret": 2}, [("/secret", "key", "Invalid enum value")]),
        (dict[Level, Any], {"1": 1, "2": 2}, [("/2", "key", "Invalid enum value")]),
        (dict[uuid.UUID, int], {"a": 1}, [("/a", "key", "Invalid UUID")]),
        (dict[Annotated[str, Meta(max_length=1)], int], {"ab": 1}, [("/ab", "key", "Expected `str` of length <= 1")]),
        (
            Annotated[dict[str, int], Meta(min_length=2)],
            {"a": "b"},
            [("", "constraint", "Expected `object` of length >= 2"), ("/a", "type", "Expected `int`, got `str`")],
        ),
        (
            Annotated[dict[str, int], Meta(max_length=1)],
            {"a": 1, "b": 2},
            [("", "constraint", "Expected `object` of length <= 1")],
        ),
        (
            Annotated[dict[float, int], Meta(min_length=2)],
            {"1": 1, "1.0": 2},
            [("", "constraint", "Expected `object` of length >= 2")],
        ),
        (Annotated[dict[float, int], Meta(max_length=1)], {"1": 1, "1.0": 2}, []),
    ],
)
def test_mappings(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """A wrong key is a fault at its entry; a mapping is as long as it has different keys."""
    assert found(hint, value) == expected


def test_long_collections() -> None:
    """Faults far into a long array or mapping stand at their own places."""
    body: list[Any] = [*range(1000)]
    body[70] = body[999] = "x"
    fault = ("type", "Expected `int`, got `str`")
    assert found(list[int], body) == [("/70", *fault), ("/999", *fault)]
    assert found(set[int], body) == [("/70", *fault), ("/999", *fault)]
    with_lists: list[Any] = [[] if place in {70, 999} else place for place in range(1000)]
    unhashable = ("type", "Expected a hashable value")
    assert found(set[Any], with_lists) == [("/70", *unhashable), ("/999", *unhashable)]
    entries: dict[str, Any] = {str(place): item for place, item in enumerate(body)}
    entries = {"wrong": 1, **entries, "late": 1}
    assert found(dict[int, int], entries) == [
        ("/wrong", "key", fault[1]),
        ("/70", *fault),
        ("/999", *fault),
        ("/late", "key", fault[1]),
    ]


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Person, {"age": "x"}, [("/age", "type", "Expected `int`, got `str`"), ("/name", "missing", "Field required")]),
        (Box, {"width": 1, "depth": None, "more": 1}, [("/depth", "type", "Expected `int`, got `null`")]),
        (
            Options,
            {"size": "x"},
            [("/size", "type", "Expected `int`, got `str`"), ("/name", "missing", "Field required")],
        ),
        (Strict, {}, [("/name", "missing", "Field required")]),
        (Page[int], {"items": ["x"]}, [("/items/0", "type", "Expected `int`, got `str`")]),
        (
            Page[Page[str]],
            {"items": [{"items": [1]}, {}]},
            [
                ("/items/0/items/0", "type", "Expected `str`, got `int`"),
                ("/items/1/items", "missing", "Field required"),
            ],
        ),
        (Dotted, {"a": {"b": 1}, "a.b": ["x"]}, [("/a.b/0", "type", "Expected `int`, got `str`")]),
    ],
)
def test_objects(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """Dataclasses, attrs classes, TypedDicts and generics are looked into like Structs."""
    assert found(hint, value) == expected


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Point, [1], [("", "constraint", "Expected `array` of at least length 2, got 1")]),
        (
            Point,
            [1, "x", "", 4],
            [
                ("", "constraint", "Expected `array` of at most length 3, got 4"),
                ("/1", "type", "Expected `int`, got `str`"),
            ],
        ),
        (Open, [1, 2, 3], []),
        (Pair, [], [("", "constraint", "Expected `array` of length 1 to 2, got 0")]),
        (
            Couple,
            ["x", 1, 2],
            [("", "constraint", "Expected `array` of length 2, got 3"), ("/0", "type", "Expected `int`, got `str`")],
        ),
        (Circle, ["circle", "x"], [("/1", "type", "Expected `int`, got `str`")]),
        (Circle, ["secret", 1], [("/0", "tag", "Invalid tag")]),
        (
            Circle,
            [],
            [
                ("", "constraint", "Expected `array` of at least length 2, got 0"),
                ("/0", "missing", "Field required"),
            ],
        ),
        (Circle | Square, ["secret", 1], [("/0", "tag", "Invalid tag")]),
        (Circle | Square, [], [("/0", "missing", "Field required")]),
        (Circle | Square | None, [7, 1], [("/0", "type", "Expected `str`, got `int`")]),
        (Circle | Square, ["square", "x"], [("/1", "type", "Expected `int`, got `str`")]),
    ],
)
def test_array_models(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """Structs as arrays and NamedTuples have faults by place; too short or too long is a fault of the array."""
    assert found(hint, value) == expected


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (Card | Cash, {"kind": "cash", "amount": "x"}, [("/amount", "type", "Expected `int`, got `str`")]),
        (Card | Cash, {"amount": "x"}, [("/kind", "missing", "Field required")]),
        (Card | Cash, {"amount": "x", "kind": "secret"}, [("/kind", "tag", "Invalid tag")]),
        (Card | Cash | None, {"kind": None}, [("/kind", "type", "Expected `str`, got `null`")]),
        (One | Two, {"type": 3}, [("/type", "tag", "Invalid tag")]),
        (One | Two, {"type": True}, [("/type", "type", "Expected `int`, got `bool`")]),
        (Card, {"number": "1"}, []),
        (
            Card,
            {"kind": "cash", "number": 1},
            [("/kind", "tag", "Invalid tag"), ("/number", "type", "Expected `str`, got `int`")],
        ),
        (Card | None, {"kind": "card"}, [("/number", "missing", "Field required")]),
        (Order | int | list[int], [1, "x"], [("/1", "type", "Expected `int`, got `str`")]),
        (dict[str, int] | None, {"a": "x"}, [("/a", "type", "Expected `int`, got `str`")]),
        (int | list[Card | Cash], [{"kind": "card"}], [("/0/number", "missing", "Field required")]),
    ],
)
def test_unions(hint: Any, value: object, expected: list[tuple[str, str, str]]) -> None:
    """An object or array is looked into as the member it is meant for; a tag has faults of its own."""
    assert found(hint, value) == expected
