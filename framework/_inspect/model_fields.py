"""The fields of a model of pydantic as msgspec describes fields, for parameters: read from its JSON Schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from framework._codecs import codec_of
from framework._pydantic import ModelType, model_schema

__all__ = ("fields_of_model", "is_model_type", "model_forbids_unknown")


def is_model_type(kind: inspect.Type) -> bool:
    """Tell whether a type is a model of pydantic."""
    return isinstance(kind, inspect.CustomType) and isinstance(codec_of(kind.cls), ModelType)


def fields_of_model(cls: Any) -> tuple[inspect.Field, ...] | None:
    """Return the fields by the names that are read (aliases); ``None`` for a model of something else than an object.

    Only the shape of a type is given: whether it is one value, several, or an object. The rest is in its JSON Schema.
    """
    schema, definitions = _schema(cls)
    if schema.get("type") != "object":
        return None
    required = schema.get("required", ())
    return tuple(
        inspect.Field(name=name, encode_name=name, type=_kind(one, definitions), required=name in required)
        for name, one in schema.get("properties", {}).items()
    )


def model_forbids_unknown(cls: Any) -> bool:
    """Tell whether a model forbids fields that it does not have."""
    return _schema(cls)[0].get("additionalProperties") is False


def _schema(cls: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    top, definitions = model_schema(cls, "validation")
    return definitions[top], definitions


# A value nested more deeply has no form as a parameter; a type that holds itself has no end.
_MAX_DEPTH = 3


def _kind(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> inspect.Type:
    shape = _shape(schema, definitions)
    if isinstance(shape, inspect.DictType) or isinstance(getattr(shape, "item_type", None), inspect.DictType):
        return shape
    return inspect.Metadata(shape, extra_json_schema=_inlined(schema, definitions))


def _shape(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> inspect.Type:
    members = list(_members(schema, definitions)) if isinstance(schema, Mapping) else []
    if depth == _MAX_DEPTH or any(one.get("type") == "object" for one in members):
        return inspect.DictType(inspect.AnyType(), inspect.AnyType())
    arrays = [one for one in members if one.get("type") == "array"]
    if arrays:
        return inspect.ListType(_shape(arrays[0].get("items"), definitions, depth + 1))
    return inspect.AnyType()


def _members(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that a value may have one of."""
    schema = _resolved(schema, definitions)
    options = [one for name in ("anyOf", "oneOf", "allOf") for one in schema.get(name, ())]
    if not options:
        yield schema
    for one in options:
        yield from _members(one, definitions)


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference leads to, with what stands beside it."""
    if "$ref" not in schema:
        return schema
    rest = {name: one for name, one in schema.items() if name != "$ref"}
    return {**definitions[schema["$ref"].removeprefix("#/$defs/")], **rest}


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Return the schema of a scalar, or of several, without references: those of enumerations."""
    if isinstance(node, Mapping):
        return {name: _inlined(one, definitions) for name, one in _resolved(node, definitions).items()}
    return [_inlined(one, definitions) for one in node] if isinstance(node, list) else node
