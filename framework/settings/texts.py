"""The text of a variable in the form that the conversion reads: durations, sizes, lists and JSON."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from msgspec import Meta, inspect

__all__ = ("COLLECTIONS", "ByteSize", "TextError", "is_size", "plain", "shape")

_SIZE = {"framework.settings": "size"}

ByteSize = Annotated[int, Meta(ge=0, extra=_SIZE)]
"""A number of bytes, as a setting ``512KiB``, ``10 MiB``, ``2GB`` or ``1048576``. KiB is 1024 bytes, kB is 1000."""

_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip
_BYTES = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?i?b|)", re.ASCII | re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])", re.ASCII)
COLLECTIONS = (inspect.ListType, inspect.SetType, inspect.FrozenSetType, inspect.VarTupleType, inspect.TupleType)
_MAPPINGS = (inspect.DictType, inspect.TypedDictType, inspect.StructType, inspect.DataclassType)


class TextError(ValueError):
    """A string has the wrong form; the message never contains it."""


def plain(kind: inspect.Type) -> Any:
    """Return a type without its metadata, and without None: ``Annotated[int, ...] | None`` -> int."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        others = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(others) == 1:
            return plain(others[0])
    return kind


def is_size(kind: inspect.Type) -> bool:
    """Return whether a type is ``ByteSize``, or an optional one."""
    if isinstance(kind, inspect.UnionType):
        return any(map(is_size, kind.types))
    if not isinstance(kind, inspect.Metadata):
        return False
    return (kind.extra or {}).get("framework.settings") == "size" or is_size(kind.type)


def shape(kind: inspect.Type, text: str) -> Any:
    """Return what the conversion reads for a value: a string, a list of strings, or JSON. Raises TextError."""
    if is_size(kind):
        return _size(text)
    bare = plain(kind)
    make = _SHAPES.get(type(bare))
    return text if make is None else make(bare, text)


def _size(text: str) -> str:
    found = _BYTES.fullmatch(text.strip())
    factor = None if found is None else _UNITS.get(found[2].lower())
    if found is None or factor is None:
        raise TextError("expected a size in bytes")
    return str(round(float(found[1]) * factor)) if "." in found[1] else str(int(found[1]) * factor)


def _duration(_: Any, text: str) -> str:
    """Return ``1h30m`` in the form of ISO 8601; other texts are left to the conversion."""
    if _DURATION.fullmatch(text) is None:
        return text
    total = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    return f"PT{total:.6f}S"


def _items(kind: Any, text: str) -> list[Any]:
    fixed: tuple[Any, ...] | None = kind.item_types if isinstance(kind, inspect.TupleType) else None
    items = _json(text, list) if text.lstrip().startswith("[") else None
    if items is None:
        items = [one.strip() for one in text.split(",")] if text.strip() else []
    kinds = [kind.item_type] * len(items) if fixed is None else fixed  # pyright: ignore[reportAttributeAccessIssue]  not a TupleType
    shaped = [_item(each, one, number) for number, (each, one) in enumerate(zip(kinds, items, strict=False), start=1)]
    # What is too long for a fixed tuple is an error of the conversion.
    return [*shaped, *items[len(shaped) :]]


def _item(kind: Any, item: Any, number: int) -> Any:
    try:
        return shape(kind, item) if isinstance(item, str) else item
    except TextError as error:
        raise TextError(f"item {number}: {error}") from None


def _object(_: Any, text: str) -> Any:
    found = _json(text, dict)
    if found is None:
        raise TextError("expected a JSON object")
    return found


def _json(text: str, kind: type) -> Any:
    """Return the value of a JSON text, ``None`` if it is not JSON or of another kind."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, kind) else None


_SHAPES: Mapping[type, Callable[[Any, str], Any]] = {
    inspect.TimeDeltaType: _duration,
    **dict.fromkeys(COLLECTIONS, _items),
    **dict.fromkeys(_MAPPINGS, _object),
}
