"""Merges a decoded patch into a value (RFC 7396, section 2)."""

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from framework._dataclass_defaults import completed
from framework._hooks import decode_hook, raise_broken
from framework._http.pointers import escape
from framework._inspect.types import kind_of
from framework._pydantic_dataclasses import hiding
from framework.http_errors import FieldError

__all__ = ("Merge", "PatchField", "apply_patch", "class_of", "given_fields")


class Merge(Enum):
    """How a given value is merged into the existing value."""

    REPLACE = auto()
    PATCH = auto()
    """The value is a patch itself."""
    ENTRIES = auto()
    """The entries of the value are set one by one; null removes an entry."""


class PatchField(Struct, frozen=True, kw_only=True):
    name: str
    """The field in the patched class."""
    attribute: str
    """The attribute in the patch."""
    wire: str
    annotation: Any
    merge: Merge
    required: bool


def class_of(annotation: Any) -> Any:
    return typing.get_origin(annotation) or annotation


def given_fields(patch: Any) -> Iterator[tuple[PatchField, Any]]:
    for field in patch.patched_fields:
        value = getattr(patch, field.attribute)
        if value is not UNSET:
            yield field, value


def apply_patch(patch: Any, target: Any, pointer: str, errors: list[FieldError]) -> Any:
    """Return the target with the changes of a patch; without a target, a new object."""
    before = len(errors)
    changed: dict[str, Any] = {}
    for field, value in given_fields(patch):
        place = _below(pointer, field)
        changed[field.name] = _MERGERS[field.merge](field, value, getattr(target, field.name, None), place, errors)
    if target is None:
        missing = (one for one in patch.patched_fields if one.required and one.name not in changed)
        errors.extend(FieldError("body", _below(pointer, one), "missing", "Field required") for one in missing)
    if len(errors) > before:
        return None
    try:
        if target is None:
            return class_of(patch.patched)(**changed)
        return _replace(target, changed)
    except (ValueError, TypeError, msgspec.ValidationError) as error:
        # As msgspec treats exceptions of __post_init__.
        errors.append(FieldError("body", pointer, "value", str(error)))
        return None


def _below(pointer: str, field: PatchField) -> str:
    return f"{pointer}/{escape(field.wire)}"


def _replace(target: Any, changed: Mapping[str, Any]) -> Any:
    if isinstance(target, Struct):
        return msgspec.structs.replace(target, **changed)
    return dataclasses.replace(target, **changed)


def _patch_of(_: PatchField, value: Any, known: Any, pointer: str, errors: list[FieldError]) -> Any:
    return None if value is None else apply_patch(value, known, pointer, errors)


def _entries(field: PatchField, value: Any, known: Any, pointer: str, errors: list[FieldError]) -> Any:
    merged = _merged(known, value)
    try:
        # Only the existing and the new entries together have a length to check.
        with hiding():
            made = msgspec.convert(merged, field.annotation, from_attributes=True, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise_broken(error)
        errors.append(FieldError("body", pointer, "constraint", str(error)))
        return None
    return completed(kind_of(field.annotation), made)


def _merged(known: Any, value: Any) -> Any:
    """Merge by the rules of RFC 7396, section 2."""
    if not isinstance(value, Mapping):
        return value
    merged = dict(known) if isinstance(known, Mapping) else {}
    for key, one in value.items():
        if one is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), one)
    return merged


_MERGERS: dict[Merge, Callable[[PatchField, Any, Any, str, list[FieldError]], Any]] = {
    Merge.REPLACE: lambda _field, value, _known, _pointer, _errors: value,
    Merge.PATCH: _patch_of,
    Merge.ENTRIES: _entries,
}
