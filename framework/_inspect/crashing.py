"""Types over which msgspec crashes the process: they must not reach it."""

import collections.abc
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Any

import msgspec
from msgspec import Meta, inspect

__all__ = ("CRASHING", "CRASHING_HINT", "IS_AFFECTED", "crashes", "is_crashing_union")

# msgspec up to 0.22 stores the compiled pattern of a text before the items of a collection, and does not count it when
# it frees both: the pattern is then freed as if it were the type of the items. A probe would end the process, so the
# version decides.
IS_AFFECTED = tuple(map(int, msgspec.__version__.split(".")[:2])) < (0, 23)
"""Whether the installed msgspec crashes over such a union."""
CRASHING = "msgspec crashes over a text with a pattern beside a list, set, dict or tuple of any length"
CRASHING_HINT = "put the text or the collection into a Struct, or check the text in a __post_init__"

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


def crashes(annotation: Any) -> bool:
    """Tell whether such a union stands in an annotation as it is written: ``list[Sku | list[int]]``.

    The fields of classes are left to ``is_crashing_union``: msgspec keeps what it knows of a class, and can be asked.
    """
    if not IS_AFFECTED:
        return False
    members = list(_members(annotation))
    if len(members) > 1 and any(has_pattern for _, has_pattern in members):
        return any(_is_collection(one) for one, _ in members)
    return any(crashes(inner) for one, _ in members for inner in typing.get_args(one))


def is_crashing_union(kind: inspect.Type) -> bool:
    """Tell whether what msgspec knows of a type is such a union."""
    if not IS_AFFECTED or not isinstance(kind, inspect.UnionType):
        return False
    members = [one.type if isinstance(one, inspect.Metadata) else one for one in kind.types]
    has_pattern = any(isinstance(one, inspect.StrType) and one.pattern is not None for one in members)
    return has_pattern and any(isinstance(one, _COLLECTION_KINDS) for one in members)


def _members(annotation: Any) -> Iterator[tuple[Any, bool]]:
    """Yield the members of a union, or the type itself where it is none, each with whether it has a pattern."""
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
