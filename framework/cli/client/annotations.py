"""Converts schemas to Python annotations: ``{"type": "array", "items": {"$ref": ...}}`` -> ``list[Order]``."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from framework.cli.diff.changes import Document, resolve

__all__ = ("FILE", "Schema", "annotation", "is_object", "is_tagged_union", "literal", "quoted")

Schema: TypeAlias = Mapping[str, Any]

FILE = "bytes | FilePart"
"""The annotation for a file of a form."""

_COMPONENTS = "#/components/schemas/"
_SCALARS = {"integer": "int", "number": "float", "boolean": "bool", "null": "None", "string": "str"}
_FORMATS = {
    "date-time": "datetime.datetime",
    "date-time-local": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "time-local": "datetime.time",
    "duration": "datetime.timedelta",
    "uuid": "UUID",
    "decimal": "Decimal",
    "binary": "bytes",
}
# msgspec allows one of each in a union, because it cannot distinguish two.
_TEXTS = frozenset({"str", "bytes", "UUID", "Decimal", *_FORMATS.values()})


def annotation(schema: Any, names: Mapping[str, str], document: Document) -> str:
    """Return the annotation for a schema; unions that Python or msgspec cannot distinguish are ``Any``."""
    if not isinstance(schema, Mapping) or not schema:
        return "Any"
    if "$ref" in schema:
        return names.get(str(schema["$ref"]).removeprefix(_COMPONENTS), "Any")
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return _union(options, names, document, tagged="discriminator" in schema)
    if "const" in schema or "enum" in schema:
        return literal([schema["const"]] if "const" in schema else schema["enum"])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union([{**schema, "type": one} for one in kind], names, document, tagged=False)
    if kind == "array":
        return _array(schema, names, document)
    if kind == "object":
        return f"dict[str, {annotation(schema.get('additionalProperties'), names, document)}]"
    return _text(schema) if kind == "string" else _SCALARS.get(str(kind), "Any")


def _text(schema: Schema) -> str:
    # msgspec writes bytes as base64; a media type without an encoding is a file in a form.
    if schema.get("contentEncoding") == "base64":
        return "bytes"
    if "contentMediaType" in schema:
        return FILE
    return _FORMATS.get(schema.get("format", ""), "str")


def _array(schema: Schema, names: Mapping[str, str], document: Document) -> str:
    places = schema.get("prefixItems") or ()
    closed = schema.get("items") is False or schema.get("maxItems") == len(places)
    if places and closed and schema.get("minItems") == len(places):
        return f"tuple[{', '.join(annotation(one, names, document) for one in places)}]"
    return "list[Any]" if places else f"list[{annotation(schema.get('items'), names, document)}]"


def _union(options: Sequence[Any], names: Mapping[str, str], document: Document, *, tagged: bool) -> str:
    kinds = list(dict.fromkeys(annotation(one, names, document) for one in options))
    if "Any" in kinds:
        return "Any"
    groups = [_group(one, kind, document) for one, kind in zip(options, kinds, strict=False)]
    told_apart = all(groups.count(one) == 1 or (one == "object" and tagged) for one in groups)
    # One of the alternatives may itself be a union of tagged classes.
    kinds = [one for one in kinds if one != "None"] + [one for one in kinds if one == "None"]
    return " | ".join(_one_literal(kinds)) if told_apart else "Any"


def _one_literal(kinds: Sequence[str]) -> list[str]:
    """Return one Literal for the fixed values of several alternatives."""
    fixed = [one.removeprefix("Literal[").removesuffix("]") for one in kinds if one.startswith("Literal[")]
    literals = [f"Literal[{', '.join(fixed)}]"] if fixed else []
    return [*literals, *(one for one in kinds if not one.startswith("Literal["))]


def _group(schema: Any, kind: str, document: Document) -> str:
    """Return the kind by which msgspec distinguishes a type."""
    if kind in _TEXTS:
        return "text"
    resolved = resolve(document, schema)
    if is_tagged_union(resolved) or resolved.get("type") == "object":
        return "object"
    if kind.startswith(("list[", "tuple[")) or resolved.get("type") == "array":
        return "array"
    values = [resolved["const"]] if "const" in resolved else resolved.get("enum")
    return "text" if values and any(isinstance(one, str) for one in values) else kind


def is_tagged_union(schema: Any) -> bool:
    """Return whether a schema is a union of classes that are distinguished by a field."""
    return isinstance(schema, Mapping) and "oneOf" in schema and "discriminator" in schema


def is_object(schema: Any) -> bool:
    """Return whether a schema becomes a class."""
    return isinstance(schema, Mapping) and schema.get("type") == "object" and "properties" in schema


def literal(values: Sequence[Any]) -> str:
    """Return the annotation for fixed values: ``Literal["a", "b"]``."""
    if any(isinstance(one, bool | float | list | dict) for one in values):
        kinds = {_SCALARS[name] for one in values for name, types in _TYPES.items() if type(one) in types}
        return " | ".join(sorted(kinds)) or "Any"
    return f"Literal[{', '.join(quoted(one) for one in values)}]"


_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (float,),
    "string": (str,),
    "null": (type(None),),
}


def quoted(value: Any) -> str:
    r"""Return a string literal in the style of formatters: ``"it's"``, ``'say "x"'``."""
    text = repr(value)
    if isinstance(value, str) and text.startswith("'") and '"' not in text:
        return f'"{text[1:-1]}"'
    return text
