"""The models whose faults are looked for, and how they are."""

import dataclasses
import enum
from collections import Counter
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import attrs
import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from framework._serve.validation.walker import find_errors

T = TypeVar("T")


def found(hint: Any, value: object, *, strict: bool = True) -> list[tuple[str, str, str]]:
    """Return pointer, code and detail of each fault, having checked the rest."""
    location = "body" if strict else "query"
    faults, more = find_errors(inspect.type_info(hint), value, location=location, strict=strict)
    assert not more
    assert {one.location for one in faults} <= {location}
    return [(one.pointer, one.code, one.detail) for one in faults]


class Color(enum.Enum):
    """A text."""

    RED = "red"


class Level(enum.IntEnum):
    """A number."""

    LOW = 1


class Line(Struct, rename="camel", forbid_unknown_fields=True):
    """A line of an order."""

    stock_unit: Annotated[str, Meta(min_length=1)]
    quantity: Annotated[int, Meta(ge=1, le=100)]
    note: str | UnsetType = UNSET


class Order(Struct):
    """An order."""

    customer: str
    lines: Annotated[list[Line], Meta(min_length=1)]
    discount: float | None = None


class Card(Struct, tag="card", tag_field="kind"):
    """A member of a union."""

    number: str


class Cash(Struct, tag="cash", tag_field="kind"):
    """Another member."""

    amount: int


class One(Struct, tag=1):
    """A member with a number for a tag."""

    a: int


class Two(Struct, tag=2):
    """Another one."""

    b: int


class Point(Struct, array_like=True, forbid_unknown_fields=True):
    """An array."""

    x: int
    y: int
    label: str = ""


class Open(Struct, array_like=True):
    """An array with room for more."""

    x: int


class Circle(Struct, array_like=True, tag="circle"):
    """A tagged array."""

    radius: int


class Square(Struct, array_like=True, tag="square"):
    """Another one."""

    side: int


class Pair(NamedTuple):
    """A named tuple with a default."""

    left: int
    right: str = ""


class Couple(NamedTuple):
    """A named tuple without a default."""

    left: int
    right: int


class Range(Struct):
    """Objects in each of the ways there are."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")
        if self.low == -1:
            raise msgspec.ValidationError("Expected `low` - at `$.high`")
        if self.low == -2:
            raise TypeError
        if self.low == -3:
            raise KeyError("low")
        if self.low == -4:
            raise RecursionError


class Holder(Struct):
    """Holds objects that object."""

    one: Range
    many: dict[str, Range] = {}


class Wrapped(Struct, forbid_unknown_fields=True):
    """Holds a model, and says what it was given."""

    inner: Line
    text: str = ""

    def __post_init__(self) -> None:
        if self.text:
            raise ValueError(self.text)


class Tree(Struct):
    """Holds itself."""

    name: str = ""
    children: list["Tree"] = []
    by_name: dict[str, "Tree"] = {}


class Page(Struct, Generic[T]):
    """A generic."""

    items: list[T]


@dataclasses.dataclass
class Person:
    """A dataclass."""

    name: str
    age: int = 0

    def __post_init__(self) -> None:
        if self.age < 0:
            raise ValueError("age is below 0")


@attrs.define
class Box:
    """An attrs class."""

    width: int = attrs.field(validator=attrs.validators.gt(0))
    depth: int = 1


class Options(TypedDict, total=False):
    """A dict with known keys."""

    name: Required[str]
    size: int


class Strict(TypedDict):
    """A dict whose keys are there unless it says otherwise."""

    name: str
    size: NotRequired[int]


class Dotted(Struct, rename={"inner": "a.b"}):
    """A name that looks like a path."""

    a: dict[str, int]
    inner: list[int]


class Deep(Struct):
    """Holds itself, and a number."""

    size: float
    inner: list["Deep"] = []
    pairs: list[Pair] = []


class Spot(Struct, array_like=True, tag="spot"):
    """A tagged array with a number."""

    x: float


class Counted(Struct):
    """Counts how often it is made."""

    children: list["Counted"] = []
    early: int = 0

    def __post_init__(self) -> None:
        MADE["counted"] += 1


MADE: Counter[str] = Counter()
