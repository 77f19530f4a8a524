"""Types of every kind that can be sent and received."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar
from uuid import UUID

import attrs
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as struct_field

T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1, max_length=40, description="One line of text.", examples=["Ada"])]
Code = Annotated[str, Meta(pattern=r"^[A-Z]{2}-[0-9]{1,4}$")]
Small = Annotated[int, Meta(ge=-1_000, le=1_000)]
Share = Annotated[float, Meta(ge=0, lt=1)]


class Colour(Enum):
    """A colour."""

    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    """A level."""

    LOW = 1
    HIGH = 9


class Moments(Struct, kw_only=True):
    """All that a clock and a calendar say."""

    aware: Annotated[datetime, Meta(tz=True)]
    naive: Annotated[datetime, Meta(tz=False)] | None = None
    day: date
    hour: time | None = None
    length: timedelta = timedelta(minutes=1)


class Scalars(Struct, rename="camel", forbid_unknown_fields=True):
    """One field for each scalar."""

    text: Name
    code: Code
    small_number: Small
    share: Share
    is_set: bool
    identifier: UUID
    amount: Decimal
    data: bytes
    colour: Colour
    level: Level
    mode: Literal["fast", "safe", 7]
    even: Annotated[int, Meta(multiple_of=2)] = 0
    maybe: int | None = None
    absent: str | UnsetType = UNSET
    odd_name: str = struct_field(name="odd-name", default="x")


class Tree(Struct):
    """A tree of texts."""

    label: str
    children: Annotated[list["Tree"], Meta(max_length=3)] = []


class Circle(Struct, tag="circle"):
    """A circle."""

    radius: Annotated[float, Meta(gt=0)]


class Square(Struct, tag="square"):
    """A square."""

    side: Annotated[float, Meta(gt=0)]


class Version1(Struct, tag_field="version", tag=1):
    """The first version."""

    old: str


class Version2(Struct, tag_field="version", tag=2):
    """The second version."""

    new: str


class Point(Struct, array_like=True):
    """A point, as an array."""

    x: float
    y: float
    name: str = ""


class Pair(NamedTuple):
    """A number and a text."""

    number: int
    text: str


class Address(TypedDict):
    """Where somebody lives."""

    street: str
    city: str


@dataclass
class Person:
    """Somebody."""

    name: Name
    address: Address
    nicknames: list[str] = field(default_factory=list)


@attrs.define
class Parcel:
    """Something sent."""

    weight: Annotated[int, Meta(ge=1)]
    fragile: bool = False


class Page(Struct, Generic[T]):
    """A part of a list."""

    items: list[T]
    total: int


class Collections(Struct, omit_defaults=True):
    """Collections of every kind."""

    numbers: Annotated[list[Small], Meta(min_length=1, max_length=5)]
    names: set[str]
    frozen: frozenset[int]
    fixed: tuple[int, str, bool]
    several: tuple[float, ...]
    by_name: dict[str, Small]
    by_code: dict[Code, list[Point]]
    by_level: dict[Literal["a", "b"], int]
    point: Point
    pair: Pair
    shape: Circle | Square
    version: Version1 | Version2 | None = None
    anything: Any = None


class PageQuery(Struct):
    """Which part of a list is wanted."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    offset: Annotated[int, Meta(ge=0)] = 0


class Filter(Struct):
    """What is searched for."""

    text: str | None = None
    least: int = 0


class ClientHeaders(Struct):
    """What a client says about itself."""

    x_client: Annotated[str, Meta(max_length=20)]
    x_build: int = 0


class Crumbs(Struct, rename="kebab"):
    """What cookies keep."""

    theme_name: Literal["dark", "light"] = "light"
    visits: Annotated[int, Meta(ge=0)] | None = None


@dataclass
class Window:
    """From where, until where."""

    first: Annotated[int, Meta(ge=0)] = 0
    last: int | None = None


class Span(TypedDict, total=False):
    """The same, with other names."""

    start: date
    stop: date


@attrs.define
class Sorting:
    """In which order."""

    by: Literal["name", "age"] = "name"
    descending: bool = False


class Colours(Struct, forbid_unknown_fields=True):
    """Which colours."""

    best: Colour = Colour.GREEN
    others: str = ""


@dataclass(slots=True, frozen=True)
class Frame:
    """What stands around a window."""

    width: Annotated[int, Meta(ge=1)] = 1
    colour: Colour | None = None
    windows: tuple[Window, ...] = ()
