# ruff: noqa: D101 - a docstring would stand in the schema
"""Every type that msgspec knows, as JSON Schema."""

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, TypedDict, TypeVar

import attrs
import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType, field

from framework._document.openapi.naming import component_names, named_types
from framework._document.schemas.placeholders import describe
from framework._document.schemas.schemas import component_schema, schema_of

T = TypeVar("T")
UserId = NewType("UserId", int)


def schema(annotation: Any) -> dict[str, Any]:
    """Return the schema as it stands in an operation."""
    kind = describe(annotation)
    return schema_of(kind, component_names(named_types([kind])))


def components(annotation: Any) -> dict[str, Any]:
    """Return the schemas of all classes in a type, by name."""
    kinds = named_types([describe(annotation)])
    names = component_names(kinds)
    return {names[cls]: component_schema(kind, names) for cls, kind in kinds.items()}


class Color(enum.Enum):
    """What it looks like."""

    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 2
    HIGH = 1


class Cat(Struct, tag="cat"):
    lives: int = 9


class Dog(Struct, tag="dog"):
    name: str


class One(Struct, tag=1, tag_field="kind"):
    pass


class Two(Struct, tag=2, tag_field="kind"):
    pass


class Left(Struct, tag=True, array_like=True):
    value: int


class Right(Struct, tag=True, array_like=True):
    value: str


class Node(Struct):
    """A node of a tree."""

    children: "list[Node]" = []
    parent: "Node | None" = None


class Page(Struct, Generic[T]):
    """Some of many."""

    items: list[T]


class Everything(Struct, forbid_unknown_fields=True, rename="camel"):
    """All kinds of fields.

    With a second paragraph.
    """

    plain_name: str
    described: Annotated[int, Meta(title="Size", description="In bytes", examples=[1, 2], ge=0)]
    color: Color = Color.RED
    listed: list[int] = field(default_factory=list)
    made: uuid.UUID = field(default_factory=uuid.uuid4)
    moment: dt.timedelta = dt.timedelta(seconds=90)
    maybe: int | UnsetType = UNSET
    optional: str | None = None
    endless: float = float("inf")
    pair: tuple[int, str] = (1, "a")


class Row(Struct, array_like=True):
    sku: str
    quantity: int = 1


class ClosedRow(Struct, array_like=True, forbid_unknown_fields=True):
    sku: str
    quantity: int = 1


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Described:
    """Described(by hand) and not by dataclass()."""

    x: int


@attrs.define
class Sized:
    """From attrs."""

    width: int
    height: int = 1


class Movie(TypedDict):
    """A film."""

    title: str
    year: NotRequired[int]


class Pair(NamedTuple):
    first: int
    second: str = "b"


SCALARS: list[tuple[Any, dict[str, Any]]] = [
    (Any, {}),
    (msgspec.Raw, {}),
    (None, {"type": "null"}),
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (str, {"type": "string"}),
    (bytes, {"type": "string", "contentEncoding": "base64"}),
    (bytearray, {"type": "string", "contentEncoding": "base64"}),
    (memoryview, {"type": "string", "contentEncoding": "base64"}),
    (dt.datetime, {"type": "string", "format": "date-time"}),
    (Annotated[dt.datetime, Meta(tz=True)], {"type": "string", "format": "date-time"}),
    (Annotated[dt.datetime, Meta(tz=False)], {"type": "string", "format": "date-time-local"}),
    (dt.time, {"type": "string", "format": "time"}),
    (Annotated[dt.time, Meta(tz=False)], {"type": "string", "format": "time-local"}),
    (dt.date, {"type": "string", "format": "date"}),
    (dt.timedelta, {"type": "string", "format": "duration"}),
    (uuid.UUID, {"type": "string", "format": "uuid"}),
    (decimal.Decimal, {"type": "string", "format": "decimal"}),
    (UserId, {"type": "integer"}),
    (complex, {}),
    (msgspec.msgpack.Ext, {}),
]


@pytest.mark.parametrize(("annotation", "expected"), SCALARS)
def test_scalar(annotation: Any, expected: dict[str, Any]) -> None:
    """A scalar has the JSON type that msgspec writes, with the format that says more."""
    assert schema(annotation) == expected


CONSTRAINED: list[tuple[Any, dict[str, Any]]] = [
    (Annotated[int, Meta(ge=1, le=9)], {"type": "integer", "minimum": 1, "maximum": 9}),
    (
        Annotated[int, Meta(gt=0, lt=10, multiple_of=2)],
        {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 2},
    ),
    (Annotated[float, Meta(ge=0.5)], {"type": "number", "minimum": 0.5}),
    (
        Annotated[str, Meta(min_length=1, max_length=3, pattern="^a")],
        {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^a"},
    ),
    (
        Annotated[bytes, Meta(min_length=1, max_length=4)],
        {"type": "string", "contentEncoding": "base64", "minLength": 4, "maxLength": 8},
    ),
    (
        Annotated[list[int], Meta(min_length=1, max_length=2)],
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
    ),
    (
        Annotated[dict[str, int], Meta(min_length=1, max_length=2)],
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 2},
    ),
]


@pytest.mark.parametrize(("annotation", "expected"), CONSTRAINED)
def test_constraint(annotation: Any, expected: dict[str, Any]) -> None:
    """The constraints of Meta are those of JSON Schema; lengths of bytes are counted as base64."""
    assert schema(annotation) == expected


def test_words_of_meta() -> None:
    """Title, description and examples stand beside the type, and extra_json_schema has the last word."""
    annotation = Annotated[
        str,
        Meta(
            title="Mail",
            description="Where to write",
            examples=["a@b.c"],
            extra_json_schema={"format": "email", "type": ["string", "null"]},
        ),
    ]
    assert schema(annotation) == {
        "type": ["string", "null"],
        "title": "Mail",
        "description": "Where to write",
        "examples": ["a@b.c"],
        "format": "email",
    }


def test_custom_type_with_extra_json_schema() -> None:
    """A type that only a hook decodes is what extra_json_schema says."""
    assert schema(Annotated[complex, Meta(extra_json_schema={"type": "string"})]) == {"type": "string"}


def test_annotation_of_another_library() -> None:
    """What somebody else put into Annotated, hashable or not, changes nothing."""
    assert schema(Annotated[int, ["theirs"]]) == {"type": "integer"}


def test_type_that_msgspec_refuses() -> None:
    """A return type that only orjson can write (numpy's arrays) may be anything."""
    assert schema(complex | int) == {}


def test_default_that_json_cannot_write() -> None:
    """A default that is not JSON is left out, and so is its being required."""

    class Hooked(Struct):
        number: complex = 1j
        limits: list[float] = msgspec.field(default_factory=list)
        nested: dict[str, tuple[float, ...]] = msgspec.field(default_factory=dict)
        odd: tuple[float, ...] = (1.0, float("nan"))

    number = {"type": "array", "items": {"type": "number"}}
    assert components(Hooked)["Hooked"] == {
        "type": "object",
        "properties": {
            "number": {},
            "limits": {**number, "default": []},
            "nested": {"type": "object", "additionalProperties": number, "default": {}},
            "odd": number,
        },
    }


def test_examples_are_written_as_json() -> None:
    """An example may be a value of the type itself."""
    assert schema(Annotated[dt.date, Meta(examples=[dt.date(2020, 1, 2)])]) == {
        "type": "string",
        "format": "date",
        "examples": ["2020-01-02"],
    }


CONTAINERS: list[tuple[Any, dict[str, Any]]] = [
    (list, {"type": "array", "items": {}}),
    (list[str], {"type": "array", "items": {"type": "string"}}),
    (Sequence[str], {"type": "array", "items": {"type": "string"}}),
    (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
    (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
    (frozenset[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
    (
        tuple[int, str],
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string"}],
            "minItems": 2,
            "maxItems": 2,
        },
    ),
    (tuple[()], {"type": "array", "items": {}, "maxItems": 0}),
    (dict, {"type": "object"}),
    (dict[str, Any], {"type": "object"}),
    (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (dict[str, list[int]], {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}}),
]


@pytest.mark.parametrize(("annotation", "expected"), CONTAINERS)
def test_container(annotation: Any, expected: dict[str, Any]) -> None:
    """Collections are arrays, mappings are objects; items that may be anything are not mentioned."""
    assert schema(annotation) == expected


KEYS: list[tuple[Any, dict[str, Any]]] = [
    (Annotated[str, Meta(min_length=2, pattern="^a")], {"minLength": 2, "pattern": "^a"}),
    (Annotated[str, Meta(description="A SKU")], {"description": "A SKU"}),
    (int, {"pattern": "^-?[0-9]+$"}),
    (uuid.UUID, {"format": "uuid"}),
    (dt.date, {"format": "date"}),
    (Literal["a", "b"], {"enum": ["a", "b"]}),
    (Color, {"enum": ["red", "blue"]}),
    (Level, {"enum": ["2", "1"]}),
]


@pytest.mark.parametrize(("key", "expected"), KEYS)
def test_mapping_key(key: Any, expected: dict[str, Any]) -> None:
    """The keys of a mapping are strings in JSON, whatever they are in Python."""
    assert schema(dict[key, int]) == {
        "type": "object",
        "propertyNames": expected,
        "additionalProperties": {"type": "integer"},
    }


LITERALS: list[tuple[Any, dict[str, Any]]] = [
    (Literal["a"], {"type": "string", "const": "a"}),
    (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
    (Literal[1, 2], {"type": "integer", "enum": [1, 2]}),
    (Literal[1, "a", 2], {"anyOf": [{"type": "integer", "enum": [1, 2]}, {"type": "string", "const": "a"}]}),
    (Literal["a", None], {"type": ["string", "null"], "enum": ["a", None]}),  # noqa: PYI061  not the same to msgspec
    (
        Literal["a", 1, None],  # noqa: PYI061  as above
        {"anyOf": [{"type": "integer", "const": 1}, {"type": "string", "const": "a"}, {"type": "null"}]},
    ),
]


@pytest.mark.parametrize(("annotation", "expected"), LITERALS)
def test_literal(annotation: Any, expected: dict[str, Any]) -> None:
    """A literal is its values and their types."""
    assert schema(annotation) == expected


NOT_EMPTY: Any = Annotated[str, Meta(min_length=1)]
NOT_ZERO: Any = Annotated[int, Meta(extra_json_schema={"not": {"const": 0}})]
OPTIONALS: list[tuple[Any, dict[str, Any]]] = [
    (int | None, {"type": ["integer", "null"]}),
    (NOT_EMPTY | None, {"type": ["string", "null"], "minLength": 1}),
    (list[int] | None, {"type": ["array", "null"], "items": {"type": "integer"}}),
    (Literal["a", "b"] | None, {"type": ["string", "null"], "enum": ["a", "b", None]}),
    (Literal["a"] | None, {"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}]}),
    (
        Literal["a", 1] | None,
        {"anyOf": [{"type": "integer", "const": 1}, {"type": "string", "const": "a"}, {"type": "null"}]},
    ),
    (Row | None, {"anyOf": [{"$ref": "#/components/schemas/Row"}, {"type": "null"}]}),
    (Color | None, {"anyOf": [{"$ref": "#/components/schemas/Color"}, {"type": "null"}]}),
    (Annotated[int | None, Meta(description="Or not")], {"type": ["integer", "null"], "description": "Or not"}),
    (
        NOT_ZERO | None,
        {"anyOf": [{"type": "integer", "not": {"const": 0}}, {"type": "null"}]},
    ),
]


@pytest.mark.parametrize(("annotation", "expected"), OPTIONALS)
def test_optional(annotation: Any, expected: dict[str, Any]) -> None:
    """An optional is an array of types where the rest of the schema allows it, and else one of two schemas."""
    assert schema(annotation) == expected


def test_union_of_scalars() -> None:
    """A union is any of its members."""
    assert schema(int | str | None) == {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}


CAT_OR_DOG = {
    "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
    "discriminator": {
        "propertyName": "type",
        "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"},
    },
}


def test_tagged_union() -> None:
    """Exactly one of the Structs of a tagged union applies, and the tag says which."""
    assert schema(Cat | Dog) == CAT_OR_DOG
    assert components(Cat | Dog) == {
        "Cat": {
            "type": "object",
            "properties": {"type": {"type": "string", "const": "cat"}, "lives": {"type": "integer", "default": 9}},
            "required": ["type"],
        },
        "Dog": {
            "type": "object",
            "properties": {"type": {"type": "string", "const": "dog"}, "name": {"type": "string"}},
            "required": ["type", "name"],
        },
    }


def test_tagged_union_among_others() -> None:
    """What is not a tagged Struct stands beside the tagged union, null last."""
    assert schema(Cat | Dog | None) == {"anyOf": [CAT_OR_DOG, {"type": "null"}]}
    assert schema(Cat | int | None | Dog) == {"anyOf": [{"type": "integer"}, CAT_OR_DOG, {"type": "null"}]}


def test_integer_tags() -> None:
    """A mapping has text keys, also where the tags are numbers."""
    assert schema(One | Two)["discriminator"] == {
        "propertyName": "kind",
        "mapping": {"1": "#/components/schemas/One", "2": "#/components/schemas/Two"},
    }
    assert components(One)["One"] == {
        "type": "object",
        "properties": {"kind": {"type": "integer", "const": 1}},
        "required": ["kind"],
    }


def test_tagged_union_of_arrays() -> None:
    """Arrays have no property that could tell them apart, so there is no discriminator."""
    assert schema(Left | Right) == {
        "anyOf": [{"$ref": "#/components/schemas/Left"}, {"$ref": "#/components/schemas/Right"}]
    }
    assert components(Left)["Left"] == {
        "type": "array",
        "prefixItems": [{"type": "string", "const": "Left"}, {"type": "integer"}],
        "items": {},
        "minItems": 2,
    }


def test_struct() -> None:
    """A Struct is an object with its wire names, its docstring and the defaults that JSON can write."""
    assert components(Everything)["Everything"] == {
        "description": "All kinds of fields.\n\nWith a second paragraph.",
        "type": "object",
        "properties": {
            "plainName": {"type": "string"},
            "described": {
                "type": "integer",
                "minimum": 0,
                "title": "Size",
                "description": "In bytes",
                "examples": [1, 2],
            },
            "color": {"$ref": "#/components/schemas/Color", "default": "red"},
            "listed": {"type": "array", "items": {"type": "integer"}, "default": []},
            "made": {"type": "string", "format": "uuid"},
            "moment": {"type": "string", "format": "duration", "default": "PT90S"},
            "maybe": {"type": "integer"},
            "optional": {"type": ["string", "null"], "default": None},
            "endless": {"type": "number"},
            "pair": {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
                "default": [1, "a"],
            },
        },
        "required": ["plainName", "described"],
        "additionalProperties": False,
    }


def test_recursive_struct() -> None:
    """A class that holds itself refers to itself."""
    assert components(Node) == {
        "Node": {
            "description": "A node of a tree.",
            "type": "object",
            "properties": {
                "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}, "default": []},
                "parent": {"anyOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}], "default": None},
            },
        }
    }


def test_generic_struct() -> None:
    """A generic has a component for each of its arguments, with the docstring of all."""
    assert components(Page[Color]) == {
        "PageOfColor": {
            "description": "Some of many.",
            "type": "object",
            "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Color"}}},
            "required": ["items"],
        },
        "Color": {"description": "What it looks like.", "type": "string", "enum": ["red", "blue"]},
    }


def test_array_like_struct() -> None:
    """An array-like Struct is an array by position, that only forbid_unknown_fields closes."""
    places = [{"type": "string"}, {"type": "integer", "default": 1}]
    row = {"type": "array", "prefixItems": places, "minItems": 1}
    assert components(Row) == {"Row": {**row, "items": {}}}
    assert components(ClosedRow) == {"ClosedRow": {**row, "maxItems": 2}}


def test_named_tuple() -> None:
    """A NamedTuple is an array by position; the docstring that Python writes for it is none."""
    assert components(Pair) == {
        "Pair": {
            "type": "array",
            "prefixItems": [{"type": "integer"}, {"type": "string", "default": "b"}],
            "minItems": 1,
            "maxItems": 2,
        }
    }


def test_dataclass() -> None:
    """A dataclass is an object; the docstring that dataclass() writes is none."""
    assert components(Point) == {
        "Point": {
            "type": "object",
            "properties": {
                "x": {"type": "integer"},
                "y": {"type": "integer", "default": 0},
                "tags": {"type": "object", "additionalProperties": {"type": "integer"}, "default": {}},
            },
            "required": ["x"],
        }
    }


def test_docstring_that_begins_like_a_signature() -> None:
    """A docstring written by hand is kept."""
    assert components(Described)["Described"]["description"] == "Described(by hand) and not by dataclass()."


def test_attrs_class() -> None:
    """An attrs class is an object."""
    assert components(Sized) == {
        "Sized": {
            "description": "From attrs.",
            "type": "object",
            "properties": {"width": {"type": "integer"}, "height": {"type": "integer", "default": 1}},
            "required": ["width"],
        }
    }


def test_typed_dict() -> None:
    """A TypedDict is an object whose NotRequired keys are optional."""
    assert components(Movie) == {
        "Movie": {
            "description": "A film.",
            "type": "object",
            "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
            "required": ["title"],
        }
    }


def test_enum() -> None:
    """An enum is its values, in the order in which they are written."""
    assert components(Color) == {
        "Color": {"description": "What it looks like.", "type": "string", "enum": ["red", "blue"]}
    }
    assert components(Level) == {"Level": {"type": "integer", "enum": [2, 1]}}


def test_words_beside_a_reference() -> None:
    """What Meta says about one use of a class stands beside the reference."""
    assert schema(Annotated[Color, Meta(description="Of the car")]) == {
        "$ref": "#/components/schemas/Color",
        "description": "Of the car",
    }
