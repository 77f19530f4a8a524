"""Kinds of msgspec.inspect in the forms that the walker needs: as types, narrowed, with their fields by name."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import GenericAlias
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import Meta, Struct, inspect

from framework._inspect.model_fields import is_model_type
from framework._inspect.per_kind import per_kind
from framework._pydantic_dataclasses import readable
from framework._secret import SecretStr

__all__ = (
    "ARRAYS",
    "MAPPINGS",
    "OBJECTS",
    "SETS",
    "Form",
    "Model",
    "bare",
    "form_of",
    "is_leaf",
    "member_for",
    "model_of",
    "probe_of",
)

SETS: tuple[type[inspect.Type], ...] = (inspect.SetType, inspect.FrozenSetType)
# Since msgspec 0.22.
MAPPINGS: tuple[type[inspect.Type], ...] = (inspect.DictType, getattr(inspect, "FrozenDictType", inspect.DictType))
OBJECTS: tuple[type[inspect.Type], ...] = (inspect.DataclassType, inspect.TypedDictType)
ARRAYS: tuple[type[inspect.Type], ...] = (
    *SETS,
    inspect.ListType,
    inspect.VarTupleType,
    inspect.TupleType,
    inspect.NamedTupleType,
)


class Form(Struct, frozen=True):
    """A kind as a type; ``exact`` if ``msgspec.convert`` differs from msgspec's JSON decoder for it.

    ``convert`` does not read Raw, and it counts the items of a set and the keys of a mapping before it drops
    duplicates; the decoder counts after.
    """

    hint: Any
    exact: bool
    probe: Any = None
    """An array-like Struct with the kind as its only field, if converting to it is faster than to the kind itself.

    msgspec caches its description of a class, and builds that of other types in each conversion.
    """


class Model(Struct, frozen=True):
    """The facts that the walker needs about a class; the places of an array begin at ``offset``, after the tag."""

    fields: dict[str, inspect.Field]
    is_array: bool
    offset: int
    needed: int
    tag: str | int | None
    tag_field: str | None
    forbids_unknown: bool
    has_dotted_names: bool


def bare(kind: inspect.Type) -> inspect.Type:
    """Return a kind without its descriptions."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def member_for(kind: inspect.Type, value: object) -> inspect.Type:
    """Return the member of a union that an object or array matches, or the kind itself if none does."""
    kind = bare(kind)
    if not isinstance(kind, inspect.UnionType):
        return kind
    members = [bare(member) for member in kind.types]
    for member in members:
        if isinstance(member, inspect.AnyType):
            return member
    fitting = [member for member in members if _takes(member, value)]
    if len(fitting) > 1:
        fitting = [member for member in fitting if isinstance(member, inspect.StructType) and _is_tagged(member, value)]
    return fitting[0] if len(fitting) == 1 else kind


def _takes(kind: inspect.Type, value: object) -> bool:
    if isinstance(kind, inspect.StructType):
        return isinstance(value, list if kind.array_like else dict)
    if isinstance(value, list):
        return isinstance(kind, ARRAYS)
    return isinstance(value, dict) and isinstance(kind, (*OBJECTS, *MAPPINGS))


def _is_tagged(kind: inspect.StructType, value: Any) -> bool:
    first = value[0] if value and isinstance(value, list) else None
    tag = value.get(kind.tag_field) if isinstance(value, dict) else first
    # The classes are compared because True == 1.
    return type(tag) is type(kind.tag) and tag == kind.tag


@per_kind
def form_of(kind: inspect.Type) -> Form:
    """Convert a kind back to a type: IntType(le=3) -> Annotated[int, Meta(le=3)]."""
    hint = _hint(kind)
    exact = any(_is_exact(part) for part in _parts(kind, set()))
    is_remembered = isinstance(hint, type) and not isinstance(hint, GenericAlias)
    return Form(hint, exact, None if is_remembered else probe_of(hint))


def probe_of(hint: Any) -> type[Struct]:
    """Return an array-like Struct with one field, for a type that msgspec does not cache."""
    return msgspec.defstruct("Probe", [("value", hint)], array_like=True)


def _hint(kind: inspect.Type) -> Any:
    kind = bare(kind)
    build = _HINTS.get(type(kind))
    hint = build(kind) if build is not None else _PLAIN[type(kind)]
    limits = {name: getattr(kind, name) for name in kind.__struct_fields__ if name in _LIMITS}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[hint, Meta(**given)] if given else hint


_LIMITS = frozenset({"ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern", "tz"})

_PLAIN: dict[type[inspect.Type], Any] = {
    inspect.AnyType: Any,
    inspect.BoolType: bool,
    inspect.ByteArrayType: bytearray,
    inspect.BytesType: bytes,
    inspect.DateTimeType: dt.datetime,
    inspect.DateType: dt.date,
    inspect.DecimalType: Decimal,
    inspect.ExtType: msgspec.msgpack.Ext,
    inspect.FloatType: float,
    inspect.IntType: int,
    inspect.MemoryViewType: memoryview,
    inspect.NoneType: None,
    inspect.RawType: msgspec.Raw,
    inspect.StrType: str,
    inspect.TimeDeltaType: dt.timedelta,
    inspect.TimeType: dt.time,
    inspect.UUIDType: uuid.UUID,
}


def _class_of(kind: Any) -> Any:
    return kind.cls


_HINTS: dict[type[inspect.Type], Callable[[Any], Any]] = {
    **dict.fromkeys(MAPPINGS, lambda kind: GenericAlias(dict, (_hint(kind.key_type), _hint(kind.value_type)))),
    # A secret is a string.
    inspect.CustomType: lambda kind: str if kind.cls is SecretStr else readable(kind.cls),
    inspect.DataclassType: _class_of,
    inspect.EnumType: _class_of,
    inspect.FrozenSetType: lambda kind: GenericAlias(frozenset, (_hint(kind.item_type),)),
    inspect.ListType: lambda kind: GenericAlias(list, (_hint(kind.item_type),)),
    inspect.LiteralType: lambda kind: Literal[kind.values],
    inspect.NamedTupleType: _class_of,
    inspect.SetType: lambda kind: GenericAlias(set, (_hint(kind.item_type),)),
    inspect.StructType: _class_of,
    inspect.TupleType: lambda kind: GenericAlias(tuple, tuple(_hint(item) for item in kind.item_types)),
    inspect.TypedDictType: _class_of,
    inspect.UnionType: lambda kind: Union[tuple(_hint(member) for member in kind.types)],  # noqa: UP007  made at run time
    inspect.VarTupleType: lambda kind: GenericAlias(tuple, (_hint(kind.item_type), ...)),
}


def _parts(kind: Any, seen: set[int]) -> Iterator[inspect.Type]:
    if id(kind) in seen:
        return
    seen.add(id(kind))
    yield kind
    inner = [getattr(kind, name) for name in ("type", "item_type", "key_type", "value_type") if hasattr(kind, name)]
    inner += [*getattr(kind, "types", ()), *getattr(kind, "item_types", ())]
    inner += [field.type for field in getattr(kind, "fields", ())]
    for part in inner:
        yield from _parts(part, seen)


def _is_exact(kind: Any) -> bool:
    if type(kind) in (*SETS, *MAPPINGS):
        return (kind.min_length, kind.max_length) != (None, None)
    return isinstance(kind, inspect.RawType)


def is_leaf(kind: inspect.Type) -> bool:
    """Return whether a kind contains no other kinds, whatever its value is."""
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return all(is_leaf(member) for member in kind.types)
    return not is_model_type(kind) and not isinstance(
        kind, (*ARRAYS, *MAPPINGS, *OBJECTS, inspect.StructType, inspect.AnyType)
    )


@per_kind
def model_of(kind: Any) -> Model:
    """Return the facts that the walker needs about a Struct, dataclass, attrs class, TypedDict or NamedTuple."""
    tag = getattr(kind, "tag", None)
    offset = 0 if tag is None else 1
    return Model(
        fields={field.encode_name: field for field in kind.fields},
        is_array=isinstance(kind, inspect.NamedTupleType) or getattr(kind, "array_like", False),
        offset=offset,
        needed=max((place for place, field in enumerate(kind.fields, 1) if field.required), default=0) + offset,
        tag=tag,
        tag_field=getattr(kind, "tag_field", None),
        forbids_unknown=getattr(kind, "forbid_unknown_fields", False),
        has_dotted_names=any(mark in field.encode_name for field in kind.fields for mark in ".["),
    )
