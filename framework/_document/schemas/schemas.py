"""JSON Schemas (2020-12) of all types that msgspec knows, read from its public ``inspect``.

Classes are referred to by name, ``{"$ref": "#/components/schemas/Order"}``; the names are chosen before, for the
whole document, so that a schema does not depend on the other types in it.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from types import MemberDescriptorType
from typing import Any, TypeAlias

import msgspec
from msgspec import NODEFAULT, UNSET, inspect

from framework._document.schemas.docstrings import class_description, field_descriptions
from framework._document.schemas.models import model_reference, writes_differently
from framework._document.schemas.scalars import KEYS, SCALARS, Schema, compact, plain_copy
from framework._document.schemas.values import enum_schema, fixed_values
from framework._hooks import encode_hook
from framework._inspect.model_fields import is_model_type
from framework._inspect.types import FormType, without_metadata
from framework._pydantic import unfolded

__all__ = ("Names", "OutputNames", "component_schema", "default_of", "differs_in_output", "reference", "schema_of")

Names: TypeAlias = Mapping[Any, str]
"""The component names of all classes that a document refers to."""


class OutputNames(dict[Any, str]):
    """Names for output schemas, in which a field with a default is always present."""

    def __init__(self, names: Names, read: Iterable[Any] = ()) -> None:
        super().__init__(names)
        self.read = frozenset(read)
        """The classes that are also read."""


# If one of these keys is beside it, a wider "type" does not make a schema accept null.
_NOT_WIDENED = frozenset({"$ref", "const", "not", "allOf", "anyOf", "oneOf", "if"})
# Other factories are not called: their results may differ every time, for example a UUID.
_CONSTANT_FACTORIES = (list, tuple, set, frozenset, dict, bytearray)


def schema_of(kind: inspect.Type, names: Names) -> Schema:
    """Return the schema of a type for an operation or inside another schema."""
    write = _SCHEMAS.get(type(kind))
    return SCALARS[type(kind)](kind) if write is None else write(kind, names)


def component_schema(kind: inspect.Type, names: Names) -> Schema:
    """Return the schema of a class for the components."""
    return compact(description=class_description(_class_of(kind))) | _COMPONENTS[type(kind)](kind, names)


def reference(kind: inspect.Type, names: Names) -> Schema:
    """Return the reference to a class's component."""
    return {"$ref": f"#/components/schemas/{names[_class_of(kind)]}"}


def default_of(field: Any) -> Schema:
    """Return ``{"default": …}`` for a field that has a default and that JSON can express, else nothing."""
    value = field.default
    factory = getattr(field, "default_factory", NODEFAULT)
    if value is NODEFAULT and factory in _CONSTANT_FACTORIES:
        value = factory()
    if value is NODEFAULT or value is UNSET:
        return {}
    try:
        plain = _plain(value)
    except (TypeError, ValueError):
        return {}
    return {"default": plain} if _is_finite(plain) else {}


def _class_of(kind: inspect.Type) -> Any:
    return kind.cls  # type: ignore[attr-defined]  # all types in the tables that lead here have one


def _plain(value: Any) -> Any:
    return plain_copy(msgspec.to_builtins(unfolded(value), str_keys=True, enc_hook=encode_hook))


def _is_finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_is_finite(one) for one in value.values())
    return all(_is_finite(one) for one in value) if isinstance(value, list) else True


# Metadata and unions


def _annotated(kind: inspect.Metadata, names: Names) -> Schema:
    extra: Schema = _plain(kind.extra_json_schema or {})
    return schema_of(kind.type, names) | extra


def _union(kind: inspect.UnionType, names: Names) -> Schema:
    members = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    tagged = [one for one in members if _is_tagged(one)]
    if len(tagged) > 1:
        others = [schema_of(one, names) for one in members if not _is_tagged(one)]
        return _any_of([*others, _discriminated(tagged, names)], null=kind.includes_none)
    return _any_of([schema_of(one, names) for one in members], null=kind.includes_none)


def _any_of(options: list[Schema], *, null: bool) -> Schema:
    options = [inner for one in options for inner in _flat(one)]
    if len(options) == 1:
        only = options[0]
        if not null:
            return only
        if isinstance(only.get("type"), str) and _NOT_WIDENED.isdisjoint(only):
            return _nullable(only)
    return {"anyOf": [*options, {"type": "null"}] if null else options}


def _flat(schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema that only has alternatives."""
    return schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]


def _nullable(schema: Schema) -> Schema:
    widened = schema | {"type": [schema["type"], "null"]}
    if "enum" in schema:
        widened["enum"] = [*schema["enum"], None]
    return widened


def _is_tagged(kind: inspect.Type) -> bool:
    kind = without_metadata(kind)
    # An array has no property that could be the tag.
    return isinstance(kind, inspect.StructType) and kind.tag_field is not None and not kind.array_like


def _discriminated(members: list[inspect.Type], names: Names) -> Schema:
    structs = [one for member in members if isinstance(one := without_metadata(member), inspect.StructType)]
    mapping = {str(one.tag): reference(one, names)["$ref"] for one in structs}
    return {
        "oneOf": [schema_of(one, names) for one in members],
        "discriminator": {"propertyName": structs[0].tag_field, "mapping": mapping},
    }


# Arrays and mappings


def _array(kind: inspect.CollectionType, names: Names) -> Schema:
    return compact(
        type="array",
        # Written also if any value is allowed: tools look for it.
        items=schema_of(kind.item_type, names),
        minItems=kind.min_length,
        maxItems=kind.max_length,
    )


def _set(kind: inspect.CollectionType, names: Names) -> Schema:
    return _array(kind, names) | {"uniqueItems": True}


def _tuple(kind: inspect.TupleType, names: Names) -> Schema:
    return _positional([schema_of(one, names) for one in kind.item_types], len(kind.item_types), closed=True)


def _positional(items: list[Schema], required: int, *, closed: bool) -> Schema:
    return compact(
        type="array",
        prefixItems=items or None,
        # A closed array has no more items than places; several generators do not support ``items: false``.
        items=None if closed and items else {},
        minItems=required or None,
        maxItems=len(items) if closed else None,
    )


def _mapping(kind: inspect.DictType, names: Names) -> Schema:
    return compact(
        type="object",
        propertyNames=_key_schema(kind.key_type) or None,
        additionalProperties=schema_of(kind.value_type, names) or None,
        minProperties=kind.min_length,
        maxProperties=kind.max_length,
    )


def _key_schema(kind: inspect.Type) -> Schema:
    describe = KEYS.get(type(without_metadata(kind)))
    schema = describe(without_metadata(kind)) if describe is not None else {}
    while isinstance(kind, inspect.Metadata):
        schema |= _plain(kind.extra_json_schema or {})
        kind = kind.type
    return schema


# Classes


def _custom(kind: inspect.CustomType, names: Names) -> Schema:
    if is_model_type(kind):
        return model_reference(kind.cls, written=isinstance(names, OutputNames))
    return SCALARS[inspect.CustomType](kind)


def _field_schema(field: inspect.Field, names: Names, words: str | None = None) -> Schema:
    return compact(description=words) | schema_of(field.type, names) | default_of(field)


def differs_in_output(kind: inspect.Type) -> bool:
    """Return whether a class has fields that may be absent from a request but are never absent from a response."""
    if isinstance(kind, inspect.CustomType) and is_model_type(kind):
        return writes_differently(kind.cls)
    return any(_is_filled_in(kind, one, is_read=True) for one in getattr(kind, "fields", ()))


def _is_filled_in(kind: Any, field: inspect.Field, *, is_read: bool) -> bool:
    # A field without either has the default UNSET.
    defaults = (field.default, field.default_factory)
    if field.required or all(one is NODEFAULT or one is UNSET for one in defaults):
        return False
    if not isinstance(kind, inspect.StructType | inspect.DataclassType):
        return False
    settings = getattr(kind.cls, "__struct_config__", None)
    if settings is not None:
        return not (settings.omit_defaults or settings.array_like)
    # A default that is a class attribute is not on an instance that msgspec has made, and is not written.
    attribute = getattr(kind.cls, field.name, NODEFAULT)
    return not is_read or attribute is NODEFAULT or isinstance(attribute, MemberDescriptorType)


def _object(kind: Any, names: Names) -> Schema:
    # The fields of a form are parameters, and have descriptions of their own.
    words = {} if isinstance(kind, FormType) else field_descriptions(kind.cls)
    properties = {one.encode_name: _field_schema(one, names, words.get(one.name)) for one in kind.fields}
    required = [one.encode_name for one in kind.fields if one.required or _is_in_output(kind, one, names)]
    return compact(type="object", properties=properties, required=required or None)


def _is_in_output(kind: Any, field: inspect.Field, names: Names) -> bool:
    return isinstance(names, OutputNames) and _is_filled_in(
        kind, field, is_read=getattr(kind, "cls", None) in names.read
    )


def _struct(kind: inspect.StructType, names: Names) -> Schema:
    if kind.array_like:
        return _array_struct(kind, names)
    schema = _object(kind, names)
    if kind.tag_field is not None:
        schema["properties"] = {kind.tag_field: _tag(kind)} | schema["properties"]
        schema["required"] = [kind.tag_field, *schema.get("required", ())]
    if kind.forbid_unknown_fields:
        schema["additionalProperties"] = False
    return schema


def _form(kind: FormType, names: Names) -> Schema:
    return _object(kind, names) | ({"additionalProperties": False} if kind.closed else {})


def _array_struct(kind: inspect.StructType, names: Names) -> Schema:
    tag = [_tag(kind)] if kind.tag_field is not None else []
    items = [*tag, *(_field_schema(one, names) for one in kind.fields)]
    return _positional(items, len(tag) + _leading_required(kind.fields), closed=kind.forbid_unknown_fields)


def _tag(kind: inspect.StructType) -> Schema:
    return fixed_values((kind.tag,))


def _named_tuple(kind: inspect.NamedTupleType, names: Names) -> Schema:
    items = [_field_schema(one, names) for one in kind.fields]
    return _positional(items, _leading_required(kind.fields), closed=True)


def _leading_required(fields: tuple[inspect.Field, ...]) -> int:
    # A field with a default before a field without must be present all the same: the last required field decides.
    return max((place for place, one in enumerate(fields, start=1) if one.required), default=0)


_SCHEMAS: dict[type[inspect.Type], Callable[[Any, Names], Schema]] = {
    inspect.CustomType: _custom,
    inspect.Metadata: _annotated,
    inspect.UnionType: _union,
    inspect.ListType: _array,
    inspect.VarTupleType: _array,
    inspect.SetType: _set,
    inspect.FrozenSetType: _set,
    inspect.TupleType: _tuple,
    inspect.DictType: _mapping,
    # Since Python 3.15, and not in msgspec 0.21.
    getattr(inspect, "FrozenDictType", inspect.DictType): _mapping,
    FormType: _form,
    inspect.StructType: reference,
    inspect.DataclassType: reference,
    inspect.TypedDictType: reference,
    inspect.NamedTupleType: reference,
    inspect.EnumType: reference,
}
_COMPONENTS: dict[type[inspect.Type], Callable[[Any, Names], Schema]] = {
    inspect.StructType: _struct,
    inspect.DataclassType: _object,
    inspect.TypedDictType: _object,
    inspect.NamedTupleType: _named_tuple,
    inspect.EnumType: lambda kind, _: enum_schema(kind.cls),
}
