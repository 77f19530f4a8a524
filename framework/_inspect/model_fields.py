"""The fields of a pydantic model in the form of msgspec's fields, for parameters; read from its JSON Schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from framework._codecs import codec_of
from framework._pydantic import ModelType, model_schema

__all__ = ("fields_of_model", "is_model_type", "model_forbids_unknown")


def is_model_type(kind: inspect.Type) -> bool:
    """Return whether a type is a pydantic model."""
    return isinstance(kind, inspect.CustomType) and isinstance(codec_of(kind.cls), ModelType)


def fields_of_model(cls: Any) -> tuple[inspect.Field, ...] | None:
    """Return the fields by the names that are read (aliases); ``None`` for a model that is not an object.

    The types only give the shape: one value, several values, or an object. The JSON Schema has the rest.
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
    """Return whether a model forbids unknown fields."""
    return _schema(cls)[0].get("additionalProperties") is False


def _schema(cls: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    top, definitions = model_schema(cls, "validation")
    return definitions[top], definitions


# A value that is nested more deeply cannot be a parameter; a recursive type would not end.
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
    """Yield the schemas that a value may match."""
    schema = _resolved(schema, definitions)
    options = [one for name in ("anyOf", "oneOf", "allOf") for one in schema.get(name, ())]
    if not options:
        yield schema
    for one in options:
        yield from _members(one, definitions)


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that a reference points to, merged with the keys beside the reference."""
    if "$ref" not in schema:
        return schema
    rest = {name: one for name, one in schema.items() if name != "$ref"}
    return {**definitions[schema["$ref"].removeprefix("#/$defs/")], **rest}


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Return the schema of a scalar or of several scalars with its references to enumerations replaced."""
    if isinstance(node, Mapping):
        return {name: _inlined(one, definitions) for name, one in _resolved(node, definitions).items()}
    return [_inlined(one, definitions) for one in node] if isinstance(node, list) else node
