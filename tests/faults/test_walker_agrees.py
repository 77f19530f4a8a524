"""The fault walker finds a fault exactly where msgspec refuses, and as many as there are."""

import copy
import dataclasses
import datetime as dt
import enum
import json
import random
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Required, TypeAlias, TypedDict, TypeVar

import attrs
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from framework._binding.faults import find_faults, lax_check
from framework.http_errors import Fault

BODIES = 20_000

T = TypeVar("T")
Path: TypeAlias = tuple[str | int, ...]
Finder: TypeAlias = Callable[[inspect.Type, object], list[Fault]]


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
    word: Literal["a", "b", 3, None]


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
    (Annotated[Tree | None, Meta(description="maybe")], {"name": "a"}),
)

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3, 5, 1.0, 1.5, -0.0, 1e300, 2**63, 2**64, 2**70, 10**400, "", "a", "x", "red", "null",
    "nan", "1", "1.5", "12345", "YQ==", "card", "line", "2020-01-02", "2020-01-02T03:04:05", "2020-01-02T03:04:05+01:00",
    "03:04:05", "PT1S", "12345678-1234-5678-1234-567812345678", "\x00", "é" * 12, [], {}, [1], [[1]], {"a": 1}, ["line"],
    {"type": 1, "a": 1}, {"kind": "card", "number": "1234"}, {"low": 2, "high": 1}, {"low": 1, "high": 2}, [1, 2], [1, "a"],
)  # fmt: skip
_KEYS = ("a", "x", "kind", "type", "1", "2.0", "", "a/b~c", "low", "name", "red", "k" * 300, "2020-01-02")


def _nodes(document: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    entries = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in entries:
        yield from _nodes(value, (*path, key))


def _get(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def _replace(document: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    _get(document, path[:-1])[path[-1]] = value
    return document


def _mutate_object(rng: random.Random, node: dict[str, Any]) -> None:
    action = rng.randrange(4)
    if action == 0 or not node:
        node[rng.choice(_KEYS)] = copy.deepcopy(rng.choice(_STRANGE))
    elif action == 1:
        del node[rng.choice(list(node))]
    else:
        key = rng.choice(list(node))
        node[rng.choice(_KEYS)] = node.pop(key)


def _mutate_array(rng: random.Random, node: list[Any]) -> None:
    action = rng.randrange(4)
    if action == 0 or not node:
        node.append(copy.deepcopy(rng.choice(_STRANGE)))
    elif action == 1:
        del node[rng.randrange(len(node))]
    elif action == 2:  # noqa: PLR2004  the third of four
        node.append(copy.deepcopy(rng.choice(node)))
    else:
        rng.shuffle(node)


def mutate(rng: random.Random, document: Any) -> Any:
    """Change one thing at one place of a document: a value, a key, an item, its nesting."""
    path = rng.choice(list(_nodes(document)))
    node = _get(document, path)
    action = rng.randrange(6)
    if action == 0 and isinstance(node, dict):
        _mutate_object(rng, node)
    elif action == 1 and isinstance(node, list):
        _mutate_array(rng, node)
    elif action == 2:  # noqa: PLR2004  the third of six
        return _replace(document, path, copy.deepcopy(_get(document, rng.choice(list(_nodes(document))))))
    elif action == 3:  # noqa: PLR2004  the fourth of six
        return _replace(document, path, [node])
    else:
        return _replace(document, path, copy.deepcopy(rng.choice(_STRANGE)))
    return document


def mutated(seed: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Yield types with bodies that were valid before one to four mutations."""
    rng = random.Random(seed)  # noqa: S311  nothing is secret here
    for _ in range(count):
        hint, body = rng.choice(SAMPLES)
        body = copy.deepcopy(body)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
            body = mutate(rng, body)
        yield hint, body


def is_refused(hint: Any, body: bytes) -> bool:
    """Tell whether msgspec refuses a body; TypeError is what it raises for the items of a set that cannot be hashed."""
    try:
        msgspec.json.decode(body, type=hint)
    except (msgspec.ValidationError, TypeError):
        return True
    return False


_INFO: dict[int, inspect.Type] = {id(hint): inspect.type_info(hint) for hint, _ in SAMPLES}


def walk(kind: inspect.Type, value: object) -> list[Fault]:
    """Return the faults of a body."""
    return find_faults(kind, value, location="body")[0]


def disagreements(find: Finder, seed: int, count: int) -> tuple[int, list[tuple[Any, Any]]]:
    """Return how many bodies were refused, and those on which a finder and msgspec disagree."""
    refused = 0
    found: list[tuple[Any, Any]] = []
    for hint, document in mutated(seed, count):
        body = json.dumps(document).encode()
        is_bad = is_refused(hint, body)
        refused += is_bad
        if is_bad != bool(find(_INFO[id(hint)], msgspec.json.decode(body))):
            found.append((hint, document))
    return refused, found


def test_walker_and_msgspec_agree_on_what_is_valid() -> None:
    """Of 20 000 mutated bodies the walker finds a fault in each that msgspec refuses, and in no other."""
    refused, found = disagreements(walk, 20260729, BODIES)
    assert found == []
    assert BODIES // 2 < refused < BODIES * 9 // 10


def test_disagreements_are_noticed() -> None:
    """A finder that overlooks one code, and one that finds a fault in everything, are caught."""
    overlooking = disagreements(lambda kind, value: [f for f in walk(kind, value) if f.code != "key"], 1, 2000)
    overzealous = disagreements(lambda kind, value: [*walk(kind, value), Fault("body", "", "value", "")], 1, 2000)
    assert overlooking[1]
    assert len(overzealous[1]) == 2000 - overzealous[0]
