"""JSON Schemas of fixed values: literals, enums, flags and tags."""

import enum
from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import combinations
from operator import or_
from typing import Any, TypeAlias

__all__ = ("Schema", "enum_schema", "fixed_values", "keys_of_enum", "type_of_values")

Schema: TypeAlias = dict[str, Any]

_JSON_TYPES: dict[type, str] = {
    bool: "boolean",  # before int, whose subclass it is
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}
# msgspec does not read enum values that are integers beyond 64 bits.
_LEAST, _MOST = -(2**63), 2**64 - 1
# For a flag whose bits are not contiguous, the number of integers that are listed.
_LISTED = 256


def type_of_values(values: Sequence[Any]) -> Schema:
    """Return the JSON types of some values: ``("a", None)`` -> ``{"type": ["string", "null"]}``."""
    types = list(dict.fromkeys(_json_type(value) for value in values))
    return {"type": types[0] if len(types) == 1 else types}


def fixed_values(values: Sequence[Any]) -> Schema:
    """Return the schema of fixed values, null last, with values of several types as alternatives.

    Generators of clients do not support ``enum`` with values of several types, except null and one other type.
    """
    some = [one for one in values if one is not None]
    nothing = [None] if len(some) < len(values) else []
    groups: dict[str, list[Any]] = {}
    for one in some:
        groups.setdefault(_json_type(one), []).append(one)
    if len(groups) > 1:
        options = [_of_one_type(group) for group in groups.values()]
        return {"anyOf": [*options, {"type": "null"}] if nothing else options}
    return _of_one_type([*some, *nothing])


def _of_one_type(values: Sequence[Any]) -> Schema:
    fixed: Schema = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    return {**type_of_values(values), **fixed}


def _json_type(value: Any) -> str:
    return next(name for kind, name in _JSON_TYPES.items() if isinstance(value, kind))


def enum_schema(cls: type[enum.Enum]) -> Schema:
    """Return the schema of an enum: its values, or all values that a Flag reads, which are more than its members."""
    if issubclass(cls, enum.Flag):
        return _flag(cls)
    values = [member.value for member in cls]
    return {**type_of_values(values), "enum": values}


def keys_of_enum(cls: type[enum.Enum]) -> Schema | None:
    """Return the schema of an enum's keys, which are strings; ``None`` for a Flag, whose keys are integers."""
    return None if issubclass(cls, enum.Flag) else {"enum": [str(member.value) for member in cls]}


def _flag(cls: type[enum.Flag]) -> Schema:
    """Return the integers that a Flag reads.

    Only a strict Flag rejects integers: those with unknown bits. A negative integer is the complement of a combination.
    If there are too many non-contiguous values to list, the range is returned.
    """
    bits = _bits(one.value for one in cls.__members__.values())
    if not _is_strict(cls):
        return {"type": "integer", "minimum": _LEAST, "maximum": _MOST}
    mask = sum(bits)
    beyond = 1 << mask.bit_length()
    lowest = mask & -mask
    is_whole = mask + lowest == beyond or not mask
    if is_whole or 2 << len(bits) > _LISTED:
        step = {"multipleOf": lowest} if lowest > 1 else {}
        return {"type": "integer", "minimum": -beyond, "maximum": mask, **step}
    sums = [sum(some) for size in range(len(bits) + 1) for some in combinations(bits, size)]
    return {"type": "integer", "enum": sorted([*sums, *(one - beyond for one in sums)])}


def _is_strict(cls: type[enum.Flag]) -> bool:
    # IntFlag keeps unknown bits; other classes have the boundary of their definition.
    return getattr(cls, "_boundary_", enum.STRICT) is enum.STRICT


def _bits(values: Iterable[int]) -> list[int]:
    mask: int = reduce(or_, values, 0)
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
