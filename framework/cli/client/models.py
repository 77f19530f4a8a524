"""Writes components as classes: a Struct for each object, an alias for every other schema."""

import ast
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from framework.cli.client.annotations import Schema, annotation, is_object, is_tagged_union, quoted
from framework.cli.client.naming import snake_name, unique_names
from framework.cli.diff.changes import Document

__all__ = ("Models", "assignment", "docstring")

_INDENT = "    "
_WIDTH = 120
_COMPONENTS = "#/components/schemas/"


class Models:
    """Writes the classes of a document."""

    def __init__(self, document: Document, names: Mapping[str, str]) -> None:
        self._document = document
        self._names = names
        self._schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
        self._tags = dict(_tags_in(document))

    def classes(self) -> Iterator[str]:
        """Yield the source of a class for each component that is an object."""
        for key, schema in self._schemas.items():
            if is_object(schema):
                yield self.class_of(self._names[key], schema, self._tags.get(key))

    def aliases(self) -> Iterator[str]:
        """Yield the source of an alias for each other component, in the order of their references."""
        waiting = {self._names[key]: self.annotation(one) for key, one in self._schemas.items() if not is_object(one)}
        while waiting:
            # A remaining alias that refers to itself may be any value.
            name = next((one for one in waiting if not _mentions(waiting[one], waiting)), None)
            if name is None:
                name = next(iter(waiting))
                waiting[name] = "Any"
            yield assignment(f"{name}: TypeAlias", waiting.pop(name))

    def annotation(self, schema: Any) -> str:
        """Return the annotation for a schema."""
        return annotation(schema, self._names, self._document)

    def class_of(self, name: str, schema: Schema, tag: str | None = None) -> str:
        """Return the source of a class for an object; ``tag`` is the field that distinguishes it in a union."""
        properties = {key: one for key, one in schema["properties"].items() if key != tag}
        bases = ["msgspec.Struct", "kw_only=True"]
        if tag is not None:
            bases += [f"tag_field={quoted(tag)}", f"tag={quoted(schema['properties'][tag]['const'])}"]
        lines = [f"class {name}({', '.join(bases)}):"]
        lines += docstring(schema.get("description") or f"{name}, as it is sent and received.", _INDENT)
        if properties:
            lines.append("")
        fields = unique_names((key, snake_name(key)) for key in properties)
        for key, one in properties.items():
            lines += self._field(key, fields[key], one, is_required=key in schema.get("required", ()))
        return "\n".join(lines)

    def _field(self, key: str, name: str, schema: Any, *, is_required: bool) -> list[str]:
        kind = self.annotation(schema)
        default = _default(schema, is_required=is_required)
        if default == "UNSET":
            kind = "Any" if kind == "Any" else f"{kind} | UnsetType"
        if name != key:
            default = _renamed(key, default)
        written = f"{_INDENT}{name}: {kind}" + ("" if default is None else f" = {default}")
        description = schema.get("description") if isinstance(schema, Mapping) else None
        return [written, *(docstring(description, _INDENT) if description else ())]


def _default(schema: Any, *, is_required: bool) -> str | None:
    """Return the default of a field; UNSET for an optional field without a default."""
    if not isinstance(schema, Mapping):
        return None if is_required else "UNSET"
    if "const" in schema:
        return quoted(schema["const"])
    if is_required:
        return None
    value = schema.get("default", _ABSENT)
    if value in ([], {}):
        return f"msgspec.field(default_factory={type(value).__name__})"
    is_plain = isinstance(value, str | bool | int | float | None) and "$ref" not in schema
    has_other_type = isinstance(value, str) and ("format" in schema or "contentEncoding" in schema)
    return quoted(value) if is_plain and not has_other_type else "UNSET"


_ABSENT: Any = object()


def _renamed(key: str, default: str | None) -> str:
    if default is None:
        return f"msgspec.field(name={quoted(key)})"
    if default.startswith("msgspec.field("):
        return f"{default[:-1]}, name={quoted(key)})"
    return f"msgspec.field(default={default}, name={quoted(key)})"


def _tags_in(node: Any) -> Iterator[tuple[str, str]]:
    """Yield each component that is distinguished by a field, and the field."""
    if is_tagged_union(node):
        field = node["discriminator"]["propertyName"]
        yield from ((one["$ref"].removeprefix(_COMPONENTS), field) for one in node["oneOf"] if "$ref" in one)
    children: Iterable[Any] = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
    for one in children:
        yield from _tags_in(one)


def _mentions(text: str, names: Iterable[str]) -> bool:
    words = set("".join(one if one.isalnum() or one == "_" else " " for one in text).split())
    return not words.isdisjoint(names)


def assignment(target: str, value: str) -> str:
    """Return an assignment; if it is too long, its value has one part per line."""
    line = f"{target} = {value}"
    if len(line) <= _WIDTH or not value.startswith(("Literal[", "tuple[")):
        return line
    # Split by Python's own parser, because a string in it may contain a comma.
    tree = ast.parse(value, mode="eval").body
    elements = tree.slice.elts if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Tuple) else []
    parts = "".join(f"{_INDENT}{ast.get_source_segment(value, one)},\n" for one in elements)
    return f"{target} = {value.partition('[')[0]}[\n{parts}]" if elements else line


def docstring(text: str, indent: str) -> list[str]:
    """Return the lines of a docstring, within the maximum line length."""
    clean = text.replace("\\", "\\\\").replace('"""', r"\"\"\"").strip()
    if clean.endswith('"'):
        clean += " "
    lines = [part for one in clean.splitlines() for part in textwrap.wrap(one, _WIDTH - 6 - len(indent)) or [""]]
    if len(lines) <= 1:
        return [f'{indent}"""{clean}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{one}".rstrip() for one in lines[1:]), f'{indent}"""']
