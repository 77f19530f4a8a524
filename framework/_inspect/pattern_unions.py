"""Unions that make msgspec end the process, and so must not reach it."""

import collections.abc
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Any

import msgspec
from msgspec import Meta, inspect

__all__ = ("IS_AFFECTED", "PATTERN_UNION", "PATTERN_UNION_HINT", "has_pattern_union", "is_pattern_union")

# msgspec up to 0.22 stores the compiled pattern of a string before the item type of a collection, but ignores the
# pattern when it frees both: the pattern is freed as if it were the item type. A test would end the process, so the
# version decides.
IS_AFFECTED = tuple(map(int, msgspec.__version__.split(".")[:2])) < (0, 23)
"""Whether the installed msgspec has this bug."""
PATTERN_UNION = "msgspec ends the process for a union of a string with a pattern and a list, set, dict or tuple"
PATTERN_UNION_HINT = "put the string or the collection into a Struct, or check the string in a __post_init__"

_COLLECTIONS = frozenset(
    {
        list,
        set,
        frozenset,
        dict,
        collections.abc.Collection,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Set,
        collections.abc.MutableSet,
        collections.abc.Mapping,
        collections.abc.MutableMapping,
    }
)
_COLLECTION_KINDS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
    inspect.DictType,
    getattr(inspect, "FrozenDictType", inspect.DictType),
)


def has_pattern_union(annotation: Any) -> bool:
    """Return whether an annotation contains such a union as it is written: ``list[Sku | list[int]]``.

    The fields of classes are checked by ``is_pattern_union``: msgspec can describe a class without ending the process.
    """
    if not IS_AFFECTED:
        return False
    members = list(_members(annotation))
    if len(members) > 1 and any(has_pattern for _, has_pattern in members):
        return any(_is_collection(one) for one, _ in members)
    return any(has_pattern_union(inner) for one, _ in members for inner in typing.get_args(one))


def is_pattern_union(kind: inspect.Type) -> bool:
    """Return whether a type, as msgspec describes it, is such a union."""
    if not IS_AFFECTED or not isinstance(kind, inspect.UnionType):
        return False
    members = [one.type if isinstance(one, inspect.Metadata) else one for one in kind.types]
    has_pattern = any(isinstance(one, inspect.StrType) and one.pattern is not None for one in members)
    return has_pattern and any(isinstance(one, _COLLECTION_KINDS) for one in members)


def _members(annotation: Any) -> Iterator[tuple[Any, bool]]:
    """Yield the members of a union, or the type itself if it is not a union, each with whether it has a pattern."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        has_pattern = any(isinstance(one, Meta) and one.pattern is not None for one in annotation.__metadata__)
        for one, inner in _members(annotation.__origin__):
            yield one, inner or has_pattern
    elif origin in (typing.Union, UnionType):
        for one in typing.get_args(annotation):
            yield from _members(one)
    elif hasattr(annotation, "__supertype__"):
        yield from _members(annotation.__supertype__)
    elif hasattr(annotation, "__value__"):
        yield from _members(annotation.__value__)
    else:
        yield annotation, False


def _is_collection(annotation: Any) -> bool:
    origin = typing.get_origin(annotation) or annotation
    if origin is tuple:
        arguments = typing.get_args(annotation)
        return not arguments or arguments[-1] is ...
    return origin in _COLLECTIONS
