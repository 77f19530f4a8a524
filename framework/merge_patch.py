"""Partial updates (RFC 7396): ``Patch[Order]`` is what a client may change of an Order."""

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from enum import Enum, auto
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, defstruct

from framework._hooks import decode_hook, raise_broken
from framework._inspect.hints import class_hints
from framework._inspect.names import type_name
from framework._inspect.signatures import fill_in, type_arguments
from framework._inspect.types import without_none, without_unset
from framework.errors import InvalidPatchError
from framework.http_errors import FieldError, UnprocessableContent

__all__ = ("JSON_PATCH", "MERGE_PATCH", "Patch", "is_patch")

_T = TypeVar("_T")

MERGE_PATCH = "application/merge-patch+json"
"""The media type of RFC 7396; patches are read as application/json as well."""

JSON_PATCH = "application/json-patch+json"
"""The media type of RFC 6902: a list of operations, which is not a merge patch although it is JSON."""


class _Merge(Enum):
    """What a given value does to the one that is there."""

    REPLACE = auto()
    PATCH = auto()
    """It is a patch itself."""
    ENTRIES = auto()
    """Its entries are set one by one, and removed where they are null."""


class _Field(Struct, frozen=True, kw_only=True):
    name: str
    """In the class that is patched."""
    attribute: str
    """In the patch."""
    wire: str
    annotation: Any
    merge: _Merge
    required: bool


class Patch(Struct, Generic[_T]):
    """Some of the fields of a Struct or dataclass: ``patch: Patch[Order]`` takes a JSON Merge Patch of an Order.

    What is left out stays as it is. ``null`` sets None where the type admits it and is a fault elsewhere; an object for
    a nested Struct or dataclass is a patch of it; the entries of a mapping are set one by one, those that are ``null``
    are removed; all else is replaced. Names, constraints and ``forbid_unknown_fields`` are those of the type.
    """

    patched: ClassVar[Any] = None
    """The type that is changed."""
    patched_fields: ClassVar[tuple[Any, ...]] = ()

    def __class_getitem__(cls, annotation: Any) -> Any:
        """Return the Struct that is decoded, the same one for each type; raises InvalidPatchError."""
        if annotation is Any:
            return cls
        if isinstance(annotation, TypeVar) or _variables(annotation):
            return _OpenPatch(annotation)
        return _made.get(annotation) or _make(annotation)

    def apply_to(self, target: _T) -> _T:
        """Return the target with the changes; the target itself stays as it is.

        Raises UnprocessableContent with every fault of what comes out: what ``__post_init__`` refuses, the constraints
        of mappings, and fields that a new nested object lacks.
        """
        if not isinstance(target, _class_of(self.patched)):
            raise TypeError(f"Patch[{type_name(self.patched)}] cannot be applied to a {type(target).__name__}")
        faults: list[FieldError] = []
        result = _apply(self, target, "", faults)
        if faults:
            detail = f"{len(faults)} error{'' if len(faults) == 1 else 's'} in the request"
            raise UnprocessableContent(detail, errors=tuple(faults))
        return typing.cast("_T", result)

    def changes(self) -> dict[str, Any]:
        """Return what was given, by the names of the type's fields; nested patches as dictionaries."""
        return {field.name: value.changes() if isinstance(value, Patch) else value for field, value in _given(self)}


def is_patch(annotation: Any) -> bool:
    """Tell whether a type is a patch, or an optional one."""
    plain = without_none(annotation)
    return isinstance(plain, type) and issubclass(plain, Patch)


_made: dict[Any, Any] = {}


def _variables(annotation: Any) -> tuple[Any, ...]:
    found: Any = getattr(annotation, "__parameters__", None)
    return found or ()


class _OpenPatch:
    """``Patch[T]`` of a generic class, until T is known."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self.__parameters__ = _variables(annotation) or (annotation,)

    def __getitem__(self, arguments: Any) -> Any:
        values = arguments if isinstance(arguments, tuple) else (arguments,)
        return Patch[fill_in(self._annotation, dict(zip(self.__parameters__, values, strict=True)))]  # type: ignore[misc]  # a value

    def __call__(self) -> None:
        """Be callable, as typing wants of all that stands inside of a type."""

    def __or__(self, other: Any) -> Any:
        return typing.Union[self, other]  # noqa: UP007  this is how | comes to it


def _make(annotation: Any) -> Any:
    """Make the Struct of a patch, and those of the patches in it."""
    if not _is_patchable(annotation):
        raise InvalidPatchError(
            type_name(annotation),
            "it is neither a Struct with named fields nor a dataclass",
            hint="give the class of what is changed",
        )
    building = _Building()
    try:
        made = building.patch(annotation)
    except (NameError, TypeError, AttributeError) as error:
        raise InvalidPatchError(
            type_name(annotation),
            f"its annotations cannot be resolved ({error})",
            hint="define the types that it names before the patch, and not under TYPE_CHECKING",
        ) from error
    building.finish()
    return made


class _Building:
    """Makes the patches of types that hold each other."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._made: dict[str, Any] = {}

    def patch(self, annotation: Any) -> Any:
        """Return the patch of a type, or what stands for it as long as it is being made."""
        if annotation in _made:
            return _made[annotation]
        if annotation in self._names:
            return typing.ForwardRef(self._names[annotation])
        name = self._names[annotation] = f"_Patch{len(self._names)}"
        self._made[name] = self._define(annotation)
        return self._made[name]

    def finish(self) -> None:
        """Let the patches find each other: msgspec looks names up in the class when it is first used."""
        for cls in self._made.values():
            for name, other in self._made.items():
                setattr(cls, name, other)
            _made.setdefault(cls.patched, cls)

    def _define(self, annotation: Any) -> Any:
        cls = _class_of(annotation)
        fields: list[_Field] = []
        defined: list[tuple[str, Any, Any]] = []
        for name, wire, kind, required in _fields(annotation):
            kept = without_unset(kind)
            changed, merge = self._changed(kept)
            # A field may have the name of a method of ours.
            attribute = f"{name}_" if hasattr(Patch, name) else name
            fields.append(
                _Field(name=name, attribute=attribute, wire=wire, annotation=kept, merge=merge, required=required)
            )
            defined.append((attribute, _or_unset(changed), UNSET))
        tag = getattr(cls, "__struct_config__", None) and cls.__struct_config__.tag
        if tag is not None:
            # It may be sent, and changes nothing.
            defined.append(("tag_", _or_unset(typing.Literal[tag]), UNSET))
        doc = f"Changes of {type_name(annotation)}: what is left out stays as it is (RFC 7396)."
        return defstruct(
            _patch_name(annotation),
            defined,
            bases=(Patch,),
            namespace={"__doc__": doc, "patched": annotation, "patched_fields": tuple(fields)},
            module=cls.__module__,
            rename={one.attribute: one.wire for one in fields}
            | ({} if tag is None else {"tag_": cls.__struct_config__.tag_field}),
            forbid_unknown_fields=_forbids(cls),
            kw_only=True,
        )

    def _changed(self, annotation: Any) -> tuple[Any, _Merge]:
        """Return what a patch takes for a field, and how that is merged."""
        if typing.get_origin(annotation) is typing.Annotated:
            inner, merge = self._changed(typing.get_args(annotation)[0])
            # The length of a mapping is that of what comes out.
            return (annotation, merge) if merge is _Merge.REPLACE else (inner, merge)
        plain = without_none(annotation)
        if plain is not annotation:
            inner, merge = self._changed(plain)
            return (annotation, merge) if merge is _Merge.REPLACE else (_or_none(inner), merge)
        if _is_patchable(annotation):
            return self.patch(annotation), _Merge.PATCH
        if typing.get_origin(annotation) in _MAPPINGS:
            key, value = typing.get_args(annotation)
            entry, merge = self._changed(value)
            kept = entry if merge is _Merge.ENTRIES else value
            return types.GenericAlias(dict, (key, _or_none(kept))), _Merge.ENTRIES
        return annotation, _Merge.REPLACE if annotation not in _UNTYPED else _Merge.ENTRIES


def _or_none(annotation: Any) -> Any:
    return typing.Optional[annotation]  # noqa: UP045  a value


def _or_unset(annotation: Any) -> Any:
    return typing.Union[annotation, UnsetType]  # noqa: UP007  a value


_MAPPINGS = (dict, Mapping, MutableMapping)
_UNTYPED = (Any, object, dict)


def _class_of(annotation: Any) -> Any:
    return typing.get_origin(annotation) or annotation


def _is_patchable(annotation: Any) -> bool:
    cls = _class_of(annotation)
    if not isinstance(cls, type) or issubclass(cls, Patch):
        return False
    if issubclass(cls, Struct):
        return not cls.__struct_config__.array_like
    return dataclasses.is_dataclass(cls)


def _forbids(cls: Any) -> bool:
    config = getattr(cls, "__struct_config__", None)
    return bool(config.forbid_unknown_fields if config else getattr(cls, "__forbid_unknown_fields__", False))


def _patch_name(annotation: Any) -> str:
    """Spell a patch as components are spelled: ``PatchOfBoxOfOrder``."""
    words = re.findall(r"\w+", type_name(annotation))
    return "".join(f"Of{one[:1].upper()}{one[1:]}" for one in ("", *words)).replace("Of", "Patch", 1)


def _fields(annotation: Any) -> Iterator[tuple[str, str, Any, bool]]:
    """Yield the fields of a type: name, name on the wire, type, and whether one must be given."""
    cls = _class_of(annotation)
    if issubclass(cls, Struct):
        for one in msgspec.structs.fields(annotation):
            yield one.name, one.encode_name, one.type, one.required
        return
    hints, variables = class_hints(cls), type_arguments(annotation)
    for each in dataclasses.fields(cls):
        if each.init:
            owner = next(base for base in cls.__mro__ if each.name in vars(base).get("__annotations__", {}))
            required = each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
            yield each.name, each.name, fill_in(hints[each.name], variables.get(owner, {})), required


def _given(patch: Patch[Any]) -> Iterator[tuple[_Field, Any]]:
    for field in patch.patched_fields:
        value = getattr(patch, field.attribute)
        if value is not UNSET:
            yield field, value


def _apply(patch: Patch[Any], target: Any, pointer: str, faults: list[FieldError]) -> Any:
    """Return the target with the changes of a patch, or a new one where there is none."""
    before = len(faults)
    changed: dict[str, Any] = {}
    for field, value in _given(patch):
        place = _below(pointer, field)
        changed[field.name] = _MERGERS[field.merge](field, value, getattr(target, field.name, None), place, faults)
    if target is None:
        missing = (one for one in patch.patched_fields if one.required and one.name not in changed)
        faults.extend(FieldError("body", _below(pointer, one), "missing", "Field required") for one in missing)
    if len(faults) > before:
        return None
    try:
        if target is None:
            return _class_of(patch.patched)(**changed)
        return _replace(target, changed)
    except (ValueError, TypeError, msgspec.ValidationError) as error:
        # As msgspec has it for what __post_init__ raises.
        faults.append(FieldError("body", pointer, "value", str(error)))
        return None


def _below(pointer: str, field: _Field) -> str:
    return f"{pointer}/{field.wire.replace('~', '~0').replace('/', '~1')}"


def _replace(target: Any, changed: Mapping[str, Any]) -> Any:
    if isinstance(target, Struct):
        return msgspec.structs.replace(target, **changed)
    return dataclasses.replace(target, **changed)


def _patch_of(_: _Field, value: Any, known: Any, pointer: str, faults: list[FieldError]) -> Any:
    return None if value is None else _apply(value, known, pointer, faults)


def _entries(field: _Field, value: Any, known: Any, pointer: str, faults: list[FieldError]) -> Any:
    merged = _merged(known, value)
    try:
        # Only what was there and what is new together have a length.
        return msgspec.convert(merged, field.annotation, from_attributes=True, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise_broken(error)
        faults.append(FieldError("body", pointer, "constraint", str(error)))
        return None


def _merged(known: Any, value: Any) -> Any:
    """Merge as RFC 7396, section 2, has it."""
    if not isinstance(value, Mapping):
        return value
    merged = dict(known) if isinstance(known, Mapping) else {}
    for key, one in value.items():
        if one is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), one)
    return merged


_MERGERS: dict[_Merge, Callable[[_Field, Any, Any, str, list[FieldError]], Any]] = {
    _Merge.REPLACE: lambda _field, value, _known, _pointer, _faults: value,
    _Merge.PATCH: _patch_of,
    _Merge.ENTRIES: _entries,
}
