"""Facts about types, as msgspec knows them."""

import datetime as dt
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict
from uuid import UUID

import attrs
import pytest
from msgspec import Meta, Struct, UnsetType, inspect

from framework._inspect.types import (
    carried_by_query,
    fields_of,
    is_collection,
    is_foreign,
    is_model,
    subtypes,
    unsupported,
    without_metadata,
    without_none,
    without_unset,
)


class Colour(Enum):
    """Members."""

    RED = "red"


class Record(Struct):
    """Fields, one of its own kind among them."""

    number: int
    next: "Record | None" = None


@dataclass
class Row:
    """Fields."""

    number: int


@attrs.define
class Entry:
    """Fields."""

    number: int


class Mapping(TypedDict):
    """Fields."""

    number: int


class Point(NamedTuple):
    """Fields."""

    number: int


class Service:
    """No data."""


MODELS: list[Any] = [Record, Row, Entry, Mapping, Point]


SCALARS: list[Any] = [int, str, float, bool, bytes, dt.datetime, dt.date, UUID, Colour, Literal["a"], Any]
CARRIED: list[Any] = [
    *SCALARS,
    int | None,
    int | str,
    Annotated[int, Meta(ge=1)],
    Optional[Annotated[int, Meta(ge=1)]],  # noqa: UP045  Annotated takes no | in 3.11
    list[int],
    list[int] | None,
    set[str],
    frozenset[str],
    tuple[int, ...],
    tuple[int, str],
    list[int | None],
    list[Annotated[str, Meta(max_length=3)]],
    int | list[int],
]
NOT_CARRIED: list[Any] = [
    *MODELS,
    Record | None,
    list[Row],
    list[Mapping] | None,
    tuple[Point, ...],
    dict[str, int],
    dict,
    list[dict[str, int]],
    list[list[int]],
    tuple[tuple[int, ...], ...],
    list[list[int]] | None,
    set[tuple[int, int]],
    list[list[int] | None],
]


@pytest.mark.parametrize("annotation", CARRIED)
def test_what_a_query_carries(annotation: Any) -> None:
    """Scalars, optional scalars and collections of scalars."""
    assert carried_by_query(inspect.type_info(annotation))
    assert not is_model(annotation)
    assert not is_foreign(annotation)


@pytest.mark.parametrize("annotation", NOT_CARRIED)
def test_what_no_query_carries(annotation: Any) -> None:
    """Objects, and collections of objects or of collections."""
    assert not carried_by_query(inspect.type_info(annotation))
    assert is_model(annotation)
    assert not is_foreign(annotation)


@pytest.mark.parametrize("annotation", [Service, Callable[[int], str], type[Service], object, complex])
def test_what_is_a_service(annotation: Any) -> None:
    """A class that msgspec does not know is not data."""
    assert is_foreign(annotation)
    assert not is_model(annotation)


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (int, None),
        (Record, None),
        (Service, "msgspec does not know Service"),
        (dict[str, list[Service]], "msgspec does not know Service"),
        (Annotated[int, Meta(min_length=1)], "Can only set `min_length` on a str, bytes, or collection type - "
         "type `typing.Annotated[int, msgspec.Meta(min_length=1)]` is invalid"),
        (3, "Type '3' is not supported"),
    ],
)  # fmt: skip
def test_what_is_not_supported(annotation: Any, reason: str | None) -> None:
    """The reason is msgspec's own, in one line and without its full stop."""
    refused = unsupported(annotation)
    assert (None if refused is None else refused.reason) == reason


@pytest.mark.parametrize("annotation", MODELS)
def test_fields(annotation: Any) -> None:
    """Whatever has fields tells them, inside Meta too."""
    for one in (annotation, Annotated[annotation, Meta(title="Model")]):
        fields = fields_of(inspect.type_info(one))
        assert fields is not None
        assert fields[0].name == "number"
    assert fields_of(inspect.type_info(list[annotation])) is None


def test_subtypes() -> None:
    """All types inside a type, each class once, recursive ones without end."""
    found = [type(one).__name__ for one in subtypes(inspect.type_info(dict[str, list[Record] | None]))]
    assert sorted(found) == sorted(
        ["DictType", "StrType", "UnionType", "ListType", "NoneType", "StructType", "IntType", "UnionType", "NoneType"]
    )


def test_collections() -> None:
    """Lists, sets and tuples take several values, optional ones too."""
    assert all(
        is_collection(inspect.type_info(one)) for one in (list[int], set[int], tuple[int, ...], list[int] | None)
    )
    assert not any(is_collection(inspect.type_info(one)) for one in (int, str, dict[str, int], Record))


def test_taking_types_apart() -> None:
    """Meta around a type, None and Unset inside a union are taken away, and nothing else."""
    described = inspect.type_info(Annotated[int, Meta(title="Number")])
    assert isinstance(described, inspect.Metadata)
    assert isinstance(without_metadata(described), inspect.IntType)
    assert without_none(int | None) is int
    assert without_none(int | str | None) == int | str
    assert without_none(list[int | None]) == list[int | None]
    assert without_none(int) is int
    assert without_unset(int | UnsetType) is int
    assert without_unset(int | None) == int | None


def test_an_untyped_named_tuple() -> None:
    """A namedtuple has fields of any type."""
    untyped = namedtuple("untyped", "number")  # noqa: PYI024  what is tested
    fields = fields_of(inspect.type_info(untyped))
    assert fields is not None
    assert [type(one.type) for one in fields] == [inspect.AnyType]
