"""What a JSON pointer can find in values of a type."""

import enum
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypedDict

import msgspec
import pytest
from msgspec import Meta, Raw, Struct, inspect

from framework._inspect.pointers import unreachable


class Line(Struct, rename="camel"):
    """Is written in other names than it is declared with."""

    line_number: int
    text: str | None = None


class Usual(Struct, tag=True):
    """Has its tag under the usual name."""


class Cat(Struct, tag_field="kind", tag="cat"):
    """One of two."""

    lives: int


class Dog(Struct, tag_field="kind", tag="dog"):
    """The other."""

    name: str


class Row(Struct, array_like=True, tag=True):
    """Has places, and its tag at the first."""

    first: int
    line: Line


class Point(NamedTuple):
    """Has places as well."""

    x: int
    line: Line


@dataclass
class Card:
    """Has fields."""

    owner: str


class Entry(TypedDict, total=False):
    """Has keys."""

    card: Card


class Colour(enum.Enum):
    """Has nothing below."""

    RED = "red"


class Odd(Struct):
    """Has names that pointers must escape."""

    slashed: Annotated[int, Meta(description="a/b")] = msgspec.field(name="a/b")
    tilde: int = msgspec.field(name="~")
    empty: int = msgspec.field(name="")


class Custom:
    """Is known to a hook alone."""


@pytest.mark.parametrize(
    ("annotation", "pointer"),
    [
        (int, ""),
        (Line, "/lineNumber"),
        (Line, "/text"),
        (Annotated[Line | None, Meta(description="A line")], "/lineNumber"),
        (Usual, "/type"),
        (Cat, "/lives"),
        (Cat | Dog | None, "/name"),
        (Dog, "/kind"),
        (Row, "/0"),
        (Row, "/2/lineNumber"),
        (Point, "/1/text"),
        (Card, "/owner"),
        (Entry, "/card/owner"),
        (list[Line], "/0/lineNumber"),
        (tuple[Line, ...], "/12/lineNumber"),
        (set[int], "/0"),
        (frozenset[int], "/1"),
        (tuple[int, Line], "/1/lineNumber"),
        (dict[str, list[Card]], "/any thing/3/owner"),
        (dict[str, int], "/"),
        (Odd, "/a~1b"),
        (Odd, "/~0"),
        (Odd, "/"),
        (Any, "/a/b/c"),
        (Raw, "/a"),
        (Custom, "/a/0"),
    ],
)
def test_what_there_can_be(annotation: Any, pointer: str) -> None:
    """A pointer finds something in at least one value of the type."""
    assert unreachable(inspect.type_info(annotation), pointer) is None


@pytest.mark.parametrize(
    ("annotation", "pointer", "expected"),
    [
        (int, "/a", ("/a", ())),
        (Colour, "/value", ("/value", ())),
        (str | None, "/0", ("/0", ())),
        (Line, "/line_number", ("/line_number", ("/lineNumber", "/text"))),
        (Line, "/lineNumber/x", ("/lineNumber/x", ())),
        (Cat | Dog, "/age", ("/age", ("/kind", "/lives", "/name"))),
        (Row, "/3", ("/3", ())),
        (Row, "/first", ("/first", ())),
        (Point, "/2", ("/2", ())),
        (Entry, "/card/name/first", ("/card/name", ("/card/owner",))),
        (list[Line], "/-", ("/-", ())),
        (list[Line], "/01", ("/01", ())),
        (list[Line], "/²", ("/²", ())),
        (list[Line], "/0/a~1b", ("/0/a~1b", ("/0/lineNumber", "/0/text"))),
        (tuple[int, Line], "/2", ("/2", ())),
        (dict[str, Card], "/x/y", ("/x/y", ("/x/owner",))),
        (Odd, "/a/b", ("/a", ("/a~1b", "/~0", "/"))),
    ],
)
def test_what_there_cannot_be(annotation: Any, pointer: str, expected: Any) -> None:
    """Told is the beginning that no value has, and what there is in its place."""
    assert unreachable(inspect.type_info(annotation), pointer) == expected
