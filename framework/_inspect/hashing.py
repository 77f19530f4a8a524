"""Types whose values cannot be items of a set."""

import typing

from msgspec import Struct, inspect
from msgspec.structs import StructConfig

__all__ = ("unhashable",)

_LISTED = "write list in place of set"
# Mutable collections.
_OPEN: dict[type[inspect.Type], str] = {
    inspect.ListType: "list",
    inspect.SetType: "set",
    inspect.DictType: "dict",
    inspect.TypedDictType: "dict",
    inspect.ByteArrayType: "bytearray",
}


def unhashable(kind: inspect.Type) -> tuple[str, str] | None:
    """Return the name of a type whose values are not hashable, and a replacement; ``None`` if they are hashable."""
    if isinstance(kind, inspect.Metadata):
        return unhashable(kind.type)
    name = _OPEN.get(type(kind))
    if name is not None:
        return name, _LISTED
    if isinstance(kind, inspect.CustomType) and getattr(kind.cls, "__hash__", unhashable) is None:
        return kind.cls.__name__, _LISTED
    if isinstance(kind, inspect.StructType | inspect.DataclassType):
        return _unhashable_class(kind)
    return next((found for one in _items(kind) if (found := unhashable(one)) is not None), None)


def _items(kind: inspect.Type) -> typing.Sequence[inspect.Type]:
    """Return the types that decide whether a value of a type is hashable."""
    if isinstance(kind, inspect.UnionType):
        return kind.types
    if isinstance(kind, inspect.VarTupleType):
        return (kind.item_type,)
    return kind.item_types if isinstance(kind, inspect.TupleType) else ()


def _is_hashed(config: StructConfig) -> bool:
    """Return whether msgspec hashes the instances of a Struct, by their fields or by identity."""
    return config.frozen or not config.eq


def _unhashable_class(kind: inspect.StructType | inspect.DataclassType) -> tuple[str, str] | None:
    cls = typing.get_origin(kind.cls) or kind.cls
    if cls.__hash__ is not None and (cls.__hash__ is not Struct.__hash__ or _is_hashed(cls.__struct_config__)):
        return None
    written = f"class {cls.__name__}(Struct, frozen=True)" if isinstance(kind, inspect.StructType) else "frozen=True"
    return cls.__name__, f"write {written}, or list in place of set"
