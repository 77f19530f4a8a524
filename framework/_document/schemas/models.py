"""Pydantic models among the components of a document: their definitions, under unique names.

Until the document is built, a placeholder refers to a model: ``#/$models/serialization/140012`` for output.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from framework._document.schemas.scalars import Schema
from framework._pydantic import Mode, model_schema

__all__ = ("model_reference", "with_models", "writes_differently")

_START = "#/$models/"
_DEFINITIONS = "#/$defs/"
_COMPONENTS = "#/components/schemas/"
# OpenAPI 3.1, section 4.8.7.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]")
_models: dict[str, Any] = {}


def model_reference(cls: type, *, written: bool) -> Schema:
    """Return the placeholder of a model until the document is built."""
    reference = f"{_START}{_MODES[written]}/{id(cls)}"
    _models[reference] = cls
    return {"$ref": reference}


_MODES: tuple[Mode, Mode] = ("validation", "serialization")


def writes_differently(cls: type) -> bool:
    """Return whether the output schema of a model differs from its input schema."""
    return model_schema(cls, "validation") != model_schema(cls, "serialization")


def with_models(document: dict[str, Any], write: Callable[[Schema], Schema] = lambda one: one) -> dict[str, Any]:
    """Return a document with the definitions of its models as components; ``write`` converts them to its dialect.

    A model with equal input and output schemas has one component; else the input schema is called ``OrderInput``.
    """
    found = sorted(
        set(_references(document) if _models else ()), key=lambda one: (_mode(one), _models[one].__qualname__, one)
    )
    if not found:
        return document
    schemas = dict(document.get("components", {}).get("schemas", {}))
    names: dict[tuple[str, str], str] = {}
    targets: dict[str, str] = {}
    for reference in found:
        top, definitions = model_schema(_models[reference], _mode(reference))
        renamed = {one: _named(one, definitions, names, schemas, reference) for one in definitions}
        for one, schema in definitions.items():
            schemas[renamed[one]] = _pointed(write(schema), {_DEFINITIONS + old: new for old, new in renamed.items()})
        targets[reference] = renamed[top]
    components = {**document.get("components", {}), "schemas": dict(sorted(schemas.items()))}
    pointed: dict[str, Any] = _pointed({**document, "components": components}, targets)
    return pointed


def _mode(reference: str) -> Mode:
    # Output schemas come first and keep their names.
    return _MODES["/serialization/" in reference]


def _references(document: Mapping[str, Any]) -> Iterator[str]:
    waiting: list[Any] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | Mapping):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference in _models:
                yield reference
            waiting.extend(node.values())
        elif isinstance(node, list | tuple):
            waiting.extend(node)


def _named(
    name: str,
    definitions: Mapping[str, Any],
    names: dict[tuple[str, str], str],
    schemas: dict[str, Any],
    reference: str,
) -> str:
    """Return the name of a definition; equal definitions share a name."""
    key = name, _fingerprint(name, definitions)
    if key not in names:
        plain = _FORBIDDEN.sub("_", name)
        plain = plain if plain not in schemas or _mode(reference) == "serialization" else f"{plain}Input"
        spellings = (f"{plain}{number or ''}" for number in count())
        names[key] = next(one for one in spellings if one not in schemas)
        schemas[names[key]] = {}
    return names[key]


def _fingerprint(name: str, definitions: Mapping[str, Any]) -> str:
    """Return a definition and all definitions that it refers to as one string."""
    waiting, seen = [name], dict[str, str]()
    while waiting:
        one = waiting.pop()
        if one in definitions and one not in seen:
            seen[one] = json.dumps(definitions[one], sort_keys=True)
            waiting += re.findall(rf'"{re.escape(_DEFINITIONS)}([^"]+)"', seen[one])
    return json.dumps(seen, sort_keys=True)


def _pointed(node: Any, targets: Mapping[str, str]) -> Any:
    """Return a copy in which references point to components."""
    if isinstance(node, Mapping):
        return {key: _pointed_member(key, one, targets) for key, one in node.items()}
    return [_pointed(one, targets) for one in node] if isinstance(node, list | tuple) else node


def _pointed_member(key: str, value: Any, targets: Mapping[str, str]) -> Any:
    if key == "$ref" and isinstance(value, str) and value in targets:
        return _COMPONENTS + targets[value]
    if key == "mapping" and isinstance(value, Mapping):
        return {
            tag: _COMPONENTS + targets[one] if isinstance(one, str) and one in targets else one
            for tag, one in value.items()
        }
    return _pointed(value, targets)
