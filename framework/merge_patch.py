"""Partial updates (RFC 7396): ``Patch[Order]`` is a JSON Merge Patch of an Order."""

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, defstruct

from framework._inspect.names import type_name
from framework._inspect.signatures import class_hints, fill_in, type_arguments
from framework._inspect.types import without_none, without_unset
from framework._merge import Merge, PatchField, apply_patch, class_of, given_fields
from framework._pydantic_dataclasses import is_pydantic_dataclass
from framework.errors import InvalidPatchError
from framework.http_errors import FieldError, UnprocessableContent

__all__ = ("JSON_PATCH", "MERGE_PATCH", "Patch", "is_patch")

_T = TypeVar("_T")

MERGE_PATCH = "application/merge-patch+json"
"""The media type of RFC 7396; patches are also accepted as application/json."""

JSON_PATCH = "application/json-patch+json"
"""The media type of RFC 6902: a list of operations, which is JSON but not a merge patch."""


class Patch(Struct, Generic[_T]):
    """Some of the fields of a Struct or dataclass: ``patch: Patch[Order]`` takes a JSON Merge Patch of an Order.

    Omitted fields keep their values. ``null`` sets None if the type allows it, otherwise it is an error. An object for
    a nested Struct or dataclass is a patch of it. The entries of a mapping are set one by one, and ``null`` removes an
    entry. Every other value is replaced. Names, constraints and ``forbid_unknown_fields`` are those of the type.
    """

    patched: ClassVar[Any] = None
    """The patched type."""
    patched_fields: ClassVar[tuple[Any, ...]] = ()

    def __class_getitem__(cls, annotation: Any) -> Any:
        """Return the Struct that is decoded, always the same for a type. Raises InvalidPatchError."""
        if annotation is Any:
            return cls
        if isinstance(annotation, TypeVar) or _variables(annotation):
            return _OpenPatch(annotation)
        return _made.get(annotation) or _make(annotation)

    def apply_to(self, target: _T) -> _T:
        """Return a copy of the target with the changes; the target is not changed.

        Raises UnprocessableContent with every error of the result: errors of ``__post_init__``, constraints of
        mappings, and missing fields of a new nested object.
        """
        if not isinstance(target, class_of(self.patched)):
            raise TypeError(f"Patch[{type_name(self.patched)}] cannot be applied to a {type(target).__name__}")
        errors: list[FieldError] = []
        result = apply_patch(self, target, "", errors)
        if errors:
            detail = f"{len(errors)} error{'' if len(errors) == 1 else 's'} in the request"
            raise UnprocessableContent(detail, errors=tuple(errors))
        return typing.cast("_T", result)

    def changes(self) -> dict[str, Any]:
        """Return the given values by the field names of the type; nested patches are dictionaries."""
        return {
            field.name: value.changes() if isinstance(value, Patch) else value for field, value in given_fields(self)
        }


def is_patch(annotation: Any) -> bool:
    """Return whether a type is a patch or an optional patch."""
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
        """Do nothing; typing requires arguments of a type to be callable."""

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
        """Return the patch of a type, or its name as a forward reference while it is being made."""
        if annotation in _made:
            return _made[annotation]
        if annotation in self._names:
            return typing.ForwardRef(self._names[annotation])
        name = self._names[annotation] = f"_Patch{len(self._names)}"
        self._made[name] = self._define(annotation)
        return self._made[name]

    def finish(self) -> None:
        """Make the patches resolvable by name: msgspec looks up names in the class on first use."""
        for cls in self._made.values():
            for name, other in self._made.items():
                setattr(cls, name, other)
            _made.setdefault(cls.patched, cls)

    def _define(self, annotation: Any) -> Any:
        cls = class_of(annotation)
        fields: list[PatchField] = []
        defined: list[tuple[str, Any, Any]] = []
        for name, wire, kind, required in _fields(annotation):
            kept = without_unset(kind)
            changed, merge = self._changed(kept)
            # A field may have the name of a method of Patch.
            attribute = f"{name}_" if hasattr(Patch, name) else name
            fields.append(
                PatchField(name=name, attribute=attribute, wire=wire, annotation=kept, merge=merge, required=required)
            )
            defined.append((attribute, _or_unset(changed), UNSET))
        tag = getattr(cls, "__struct_config__", None) and cls.__struct_config__.tag
        if tag is not None:
            # The field may be sent and changes nothing.
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

    def _changed(self, annotation: Any) -> tuple[Any, Merge]:
        """Return the type of a field in a patch, and how its value is merged."""
        if typing.get_origin(annotation) is typing.Annotated:
            inner, merge = self._changed(typing.get_args(annotation)[0])
            # The length of a mapping is checked after merging.
            return (annotation, merge) if merge is Merge.REPLACE else (inner, merge)
        plain = without_none(annotation)
        if plain is not annotation:
            inner, merge = self._changed(plain)
            return (annotation, merge) if merge is Merge.REPLACE else (_or_none(inner), merge)
        if _is_patchable(annotation):
            return self.patch(annotation), Merge.PATCH
        if typing.get_origin(annotation) in _MAPPINGS:
            key, value = typing.get_args(annotation)
            entry, merge = self._changed(value)
            kept = entry if merge is Merge.ENTRIES else value
            return types.GenericAlias(dict, (key, _or_none(kept))), Merge.ENTRIES
        return annotation, Merge.REPLACE if annotation not in _UNTYPED else Merge.ENTRIES


def _or_none(annotation: Any) -> Any:
    return typing.Optional[annotation]  # noqa: UP045  a value


def _or_unset(annotation: Any) -> Any:
    return typing.Union[annotation, UnsetType]  # noqa: UP007  a value


_MAPPINGS = (dict, Mapping, MutableMapping)
_UNTYPED = (Any, object, dict)


def _is_patchable(annotation: Any) -> bool:
    cls = class_of(annotation)
    if not isinstance(cls, type) or issubclass(cls, Patch) or is_pydantic_dataclass(cls):
        return False
    if issubclass(cls, Struct):
        return not cls.__struct_config__.array_like
    return dataclasses.is_dataclass(cls)


def _forbids(cls: Any) -> bool:
    config = getattr(cls, "__struct_config__", None)
    return bool(config.forbid_unknown_fields if config else getattr(cls, "__forbid_unknown_fields__", False))


def _patch_name(annotation: Any) -> str:
    """Return the name of a patch, in the style of component names: ``PatchOfBoxOfOrder``."""
    words = re.findall(r"\w+", type_name(annotation))
    return "".join(f"Of{one[:1].upper()}{one[1:]}" for one in ("", *words)).replace("Of", "Patch", 1)


def _fields(annotation: Any) -> Iterator[tuple[str, str, Any, bool]]:
    """Yield the fields of a type: name, name on the wire, type, and whether the field is required."""
    cls = class_of(annotation)
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
