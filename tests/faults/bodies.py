"""Types of every sort that msgspec reads, each with valid bodies."""

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Required, TypedDict, TypeVar

import attrs
import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

__all__ = ("SAMPLES", "Color", "Filter")

T = TypeVar("T")


class Color(enum.Enum):
    """An enum of texts."""

    RED = "red"
    NULL = "null"


class Level(enum.IntEnum):
    """An enum of numbers."""

    LOW = 1
    HIGH = 2


class Address(Struct, rename="camel", forbid_unknown_fields=True):
    """Renamed, and nothing unknown."""

    street_name: Annotated[str, Meta(min_length=1, max_length=10)]
    zip_code: Annotated[str, Meta(pattern="^[0-9]{5}$")]
    po_box: int | None = None
    note: str | UnsetType = UNSET


class Card(Struct, tag="card", tag_field="kind", forbid_unknown_fields=True):
    """A member of a union by a text."""

    number: Annotated[str, Meta(min_length=4)]


class Transfer(Struct, tag="transfer", tag_field="kind"):
    """Another member, which holds a model."""

    bank: Address
    amount: Annotated[float, Meta(gt=0)]


class One(Struct, tag=1):
    """A member of a union by a number."""

    a: int


class Two(Struct, tag=2):
    """Another member by a number."""

    b: list[int]


class Point(Struct, array_like=True, forbid_unknown_fields=True):
    """An array on the wire."""

    x: float
    y: float
    label: str = ""


class Circle(Struct, array_like=True, tag="circle"):
    """A member of a union of arrays."""

    center: Point
    radius: Annotated[int, Meta(ge=1)]


class Line(Struct, array_like=True, tag="line"):
    """Another member, all of it optional."""

    points: list[Point] = []


class Tree(Struct):
    """Holds itself."""

    name: str
    children: list["Tree"] = []
    parent: "Tree | None" = None


class Range(Struct):
    """Objects to itself as a whole."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


class Page(Struct, Generic[T]):
    """A generic."""

    items: list[T]
    total: Annotated[int, Meta(ge=0)]


@dataclasses.dataclass
class Person:
    """A dataclass that objects by hand."""

    name: str
    age: int = 0
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if self.age < 0:
            raise msgspec.ValidationError("Expected an age - at `$.nowhere`")


@attrs.define
class Box:
    """An attrs class with a validator."""

    width: int = attrs.field(validator=attrs.validators.gt(0))
    depth: int = 1


class Options(TypedDict, total=False):
    """A dict with known keys."""

    name: Required[str]
    size: int


class More(Options):
    """Another one, which extends the first."""

    must: bool
    may: NotRequired[Color]


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: str = ""


class Scalars(Struct):
    """One of each scalar."""

    flag: bool
    whole: Annotated[int, Meta(ge=0, lt=100, multiple_of=5)]
    real: Annotated[float, Meta(le=1.5)]
    text: str
    blob: Annotated[bytes, Meta(max_length=4)]
    array: bytearray
    at: Annotated[dt.datetime, Meta(tz=True)]
    naive: Annotated[dt.datetime, Meta(tz=False)]
    day: dt.date
    time: Annotated[dt.time, Meta(tz=False)]
    span: dt.timedelta
    id: uuid.UUID
    price: Decimal
    nothing: None
    anything: Any
    raw: msgspec.Raw
    color: Color
    level: Level
    word: Literal["a", "b", 3] | None


class Collections(Struct, kw_only=True):
    """One of each collection."""

    list_: Annotated[list[int | str], Meta(min_length=1, max_length=3)] = msgspec.field(name="list")
    distinct: Annotated[set[int], Meta(min_length=2, max_length=3)]
    frozen: frozenset[Color] = frozenset()
    fixed: tuple[int, str, Pair]
    many: Annotated[tuple[Range, ...], Meta(max_length=2)] = ()
    by_number: Annotated[dict[int, Range], Meta(min_length=1, max_length=2)]
    by_real: Annotated[dict[float, int], Meta(max_length=1)] = {}
    by_color: dict[Color, list[Person]]
    by_id: dict[uuid.UUID, Card | Transfer] = {}
    by_day: dict[dt.date, int | None] = {}
    by_word: dict[Annotated[str, Meta(max_length=3)], Any] = {}
    empty: tuple[()] = ()


class Everything(Struct, forbid_unknown_fields=True):
    """All of it together."""

    payment: Card | Transfer
    number: One | Two | None
    shape: Circle | Line
    tree: Tree
    page: Page[Annotated[Range, Meta(description="a range")]]
    people: list[Person | int | None]
    box: Box
    options: More
    either: str | int | list[Tree] | dict[str, Range]
    single: One
    when: dt.datetime | int | float | None = None


class Item(Struct, forbid_unknown_fields=True):
    """What can be judged field by field."""

    sku: Annotated[str, Meta(min_length=2, max_length=5, pattern="[a-z]")]
    count: Annotated[int, Meta(gt=0, lt=100)] = 1
    price: Annotated[float, Meta(gt=0)] | None = None


class Basket(Struct, rename="camel"):
    """What holds nothing else, at several places and depths."""

    lines: Annotated[list[Item], Meta(min_length=1, max_length=70)]
    first_line: Item | None = None
    several: str | list[Item | int] | Item = ""
    numbers: tuple[Annotated[int, Meta(multiple_of=2)], ...] = ()
    words: Annotated[list[Literal["a", "b", 3] | None], Meta(max_length=20)] = []
    color: Color | None = None
    rows: list[list[float]] = []
    level: Level = Level.LOW
    anything: Any = None
    raw: msgspec.Raw = msgspec.Raw()


_SCALARS: dict[str, Any] = {
    "flag": True, "whole": 5, "real": 1, "text": "t", "blob": "YQ==", "array": "", "at": "2020-01-02T03:04:05Z",
    "naive": "2020-01-02T03:04:05", "day": "2020-01-02", "time": "03:04:05", "span": "PT1S", "price": "1.50",
    "id": "12345678-1234-5678-1234-567812345678", "nothing": None, "anything": {"a": [1, {}]}, "raw": [1, 2 ** 70],
    "color": "red", "level": 2, "word": "a",
}  # fmt: skip
_COLLECTIONS: dict[str, Any] = {
    "list": [1, "a"], "distinct": [1, 2, 2], "frozen": ["red", "null"], "fixed": [1, "a", [1, "b"]],
    "many": [{"low": 1, "high": 2}], "by_number": {"7": {"low": 1, "high": 1}}, "by_real": {"1": 1},
    "by_color": {"red": [{"name": "n", "age": 3}]}, "by_id": {_SCALARS["id"]: {"kind": "card", "number": "1234"}},
    "by_day": {"2020-01-02": None}, "by_word": {"abc": [1]}, "empty": [],
}  # fmt: skip
_EVERYTHING: dict[str, Any] = {
    "payment": {"bank": {"streetName": "s", "zipCode": "12345", "poBox": 3}, "kind": "transfer", "amount": 2},
    "number": {"type": 2, "b": [1, 2]}, "shape": ["circle", [1, 2.5], 3],
    "tree": {"name": "a", "children": [{"name": "b", "parent": {"name": "c"}}, {"name": "d"}]},
    "page": {"items": [{"low": 1, "high": 2}, {"low": 0, "high": 0}], "total": 2},
    "people": [{"name": "n", "tags": ["t"]}, 4, None], "box": {"width": 1, "depth": 2},
    "options": {"name": "n", "must": True, "may": "red"}, "either": {"k": {"low": 1, "high": 2}},
    "single": {"type": 1, "a": 1}, "when": "2020-01-02T03:04:05Z",
}  # fmt: skip
_LINE: dict[str, Any] = {"sku": "abc", "count": 5, "price": 1}
_BASKET: dict[str, Any] = {
    "lines": [{"sku": "ab"}, _LINE], "firstLine": _LINE, "several": [_LINE, 1], "numbers": [2], "anything": {"a": 1},
    "words": ["a", None, 3], "rows": [[1.5, 2]] * 10, "level": 2, "\u00e9": 1,
}  # fmt: skip
_LONG: list[Any] = [{"low": place, "high": place + 1} for place in range(150)]

# Types, each with valid bodies.
SAMPLES: tuple[tuple[Any, Any], ...] = (
    (Scalars, _SCALARS),
    (Collections, _COLLECTIONS),
    (Everything, _EVERYTHING),
    (Everything, {**_EVERYTHING, "payment": {"kind": "card", "number": "12345"}, "number": None, "shape": ["line"]}),
    (Everything, {**_EVERYTHING, "number": {"a": 1, "type": 1}, "either": [{"name": "x"}], "when": 5}),
    (list[Everything], [_EVERYTHING, _EVERYTHING]),
    (Card | Transfer, {"kind": "card", "number": "1234"}),
    (Circle | Line | None, ["line", [[1, 2], [3, 4, "l"]]]),
    (Circle, ["circle", [1, 2], 3]),
    (dict[int, list[Person]], {"1": [{"name": "n"}], "-2": []}),
    (dict[str, int | None], {f"key {place}": place for place in range(150)}),
    (Annotated[set[str], Meta(min_length=1)], ["a", "b"]),
    (list[Range], _LONG),
    (Tree, {"name": "a", "children": [{"name": "b", "children": [{"name": "c", "children": []}]}]}),
    (Pair, [1, "a"]),
    (set[Any], [1, "a", None]),
    (Basket, _BASKET),
    (Basket, {"lines": [_LINE] * 66, "several": _LINE, "firstLine": None, "words": ["b"] * 10}),
    (list[Basket] | None, [_BASKET] * 12),
    (Annotated[Tree | None, Meta(description="maybe")], {"name": "a"}),
)


class Filter(Struct, forbid_unknown_fields=True):
    """What a query string carries."""

    page: Annotated[int, Meta(ge=1)]
    size: int | None = None
    ratio: float | None = None
    price: Decimal | None = None
    since: dt.datetime | None = None
    within: dt.timedelta | int = 0
    day: dt.date | None = None
    word: Literal["a", "null", 1] | None = None
    text: str | None = None
    flags: list[bool | None] = []
    ids: Annotated[set[uuid.UUID], Meta(max_length=2)] = set()
    pair: tuple[float, Color] | None = None
