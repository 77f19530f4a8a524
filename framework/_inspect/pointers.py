"""JSON pointers (RFC 6901) into types: whether any value of a type can have the place that a pointer names."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import inspect

from framework._http.pointers import escape, unescape
from framework._inspect.types import FormType

__all__ = ("Unreachable", "unreachable")

Unreachable = tuple[str, tuple[str, ...]]
"""The first part of a pointer that no value has, and the existing pointers at that place."""


def unreachable(kind: inspect.Type, pointer: str) -> Unreachable | None:
    """Return the part of a pointer that no value of a type can have, ``None`` if the whole pointer is possible."""
    kinds = [kind]
    passed = ""
    for part in pointer.split("/")[1:]:
        alternatives = [one for each in kinds for one in _alternatives(each)]
        below = [found for one in alternatives for found in _below(one, unescape(part))]
        if not below:
            names = dict.fromkeys(name for one in alternatives for name in _names(one))
            return f"{passed}/{part}", tuple(f"{passed}/{escape(name)}" for name in names)
        kinds = below
        passed = f"{passed}/{part}"
    return None


def _alternatives(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _alternatives(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from _alternatives(one)
    else:
        yield kind


def _below(kind: inspect.Type, part: str) -> Sequence[inspect.Type]:
    """Return the possible types of a value under a key or an index; empty if there is no such value."""
    look = _BELOW.get(type(kind))
    return () if look is None else look(kind, part)


def _names(kind: Any) -> Iterator[str]:
    """Yield the keys that values of a type can have, as far as their names are known."""
    if isinstance(kind, _OBJECTS) and not _is_array(kind):
        yield from _properties(kind)


def _properties(kind: Any) -> dict[str, inspect.Type]:
    tag = {} if getattr(kind, "tag_field", None) is None else {kind.tag_field: _tag(kind)}
    return {**tag, **{one.encode_name: one.type for one in kind.fields}}


def _places(kind: Any) -> list[inspect.Type]:
    tag = [] if getattr(kind, "tag_field", None) is None else [_tag(kind)]
    return [*tag, *(one.type for one in kind.fields)]


def _tag(kind: inspect.StructType) -> inspect.Type:
    return inspect.LiteralType((kind.tag,))


def _is_array(kind: Any) -> bool:
    return isinstance(kind, inspect.StructType) and kind.array_like


def _field(kind: Any, part: str) -> Sequence[inspect.Type]:
    if _is_array(kind):
        return _at(_places(kind), part)
    found = _properties(kind).get(part)
    return () if found is None else (found,)


def _at(places: Sequence[inspect.Type], part: str) -> Sequence[inspect.Type]:
    return (places[int(part)],) if _is_index(part) and int(part) < len(places) else ()


def _is_index(part: str) -> bool:
    # RFC 6901, section 4: without leading zeros.
    return part.isascii() and part.isdigit() and (part == "0" or not part.startswith("0"))


def _item(kind: Any, part: str) -> Sequence[inspect.Type]:
    return (kind.item_type,) if _is_index(part) else ()


def _anything(_: Any, __: str) -> Sequence[inspect.Type]:
    return (inspect.AnyType(),)


_OBJECTS = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType, FormType)
_MAPPINGS = (inspect.DictType, getattr(inspect, "FrozenDictType", inspect.DictType))
_ARRAYS = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType)
_OPEN = (inspect.AnyType, inspect.RawType, inspect.CustomType, inspect.ExtType)
_BELOW: dict[type[inspect.Type], Callable[[Any, str], Sequence[inspect.Type]]] = {
    **dict.fromkeys(_OBJECTS, _field),
    **dict.fromkeys(_MAPPINGS, lambda kind, _: (kind.value_type,)),
    **dict.fromkeys(_ARRAYS, _item),
    **dict.fromkeys(_OPEN, _anything),
    inspect.TupleType: lambda kind, part: _at(kind.item_types, part),
    inspect.NamedTupleType: lambda kind, part: _at(_places(kind), part),
}
