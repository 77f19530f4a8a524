"""Checks what an ``OpenAPI`` says: a document with the wrong things in it is served, and breaks those who read it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson
from msgspec import Struct

from framework._inspect.names import callable_name, value_name
from framework._openapi.settings import OpenAPI
from framework.errors import DefinitionError, InvalidOptionError

__all__ = ("check_document", "is_part_of_document")


class _Shape(Struct, frozen=True):
    fits: Callable[[Any], bool]
    expected: str
    example: str


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _may_be_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_series(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping | type)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and is_part_of_document(value)


def _has(*names: str) -> Callable[[Any], bool]:
    """Return what tells of an object of OpenAPI, which may be left out, whether it has what it must have."""
    return lambda value: value is None or (_is_object(value) and all(_is_text(value.get(one)) for one in names))


def _are_servers(value: Any) -> bool:
    return _is_series(value) and all(isinstance(one, str) or (one is not None and _has("url")(one)) for one in value)


def _are_texts_by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)


def _are_by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value)


def is_part_of_document(value: Any) -> bool:
    """Tell whether something can stand in the document: what JSON has, and types wherever there is ``schema``."""
    if isinstance(value, Mapping):
        return all(name == "schema" or is_part_of_document(one) for name, one in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_part_of_document, value))
    try:
        orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits are written by another encoder.
        return isinstance(value, int)
    return True


_SHAPES: Mapping[str, _Shape] = {
    "title": _Shape(_is_text, "a text", 'title="Shop"'),
    "version": _Shape(_is_text, "a text", 'version="1.0"'),
    "summary": _Shape(_may_be_text, "a text", 'summary="Sells things"'),
    "description": _Shape(_may_be_text, "a text", 'description="All that is sold."'),
    "terms_of_service": _Shape(_may_be_text, "a text", 'terms_of_service="https://shop.example/terms"'),
    "contact": _Shape(_has(), "a mapping", 'contact={"name": "Ann", "email": "ann@shop.example"}'),
    "license": _Shape(_has("name"), "a mapping with a name", 'license={"name": "MIT", "identifier": "MIT"}'),
    "servers": _Shape(
        _are_servers, "a sequence of URLs, or of mappings with a url", 'servers=("https://shop.example",)'
    ),
    "tags": _Shape(_are_texts_by_name, "a mapping of tags to texts", 'tags={"orders": "What is sold"}'),
    "external_docs": _Shape(_has("url"), "a mapping with a url", 'external_docs={"url": "https://shop.example/docs"}'),
    "webhooks": _Shape(_are_by_name, "a mapping of names to types", 'webhooks={"orderPlaced": OrderPlaced}'),
    "yaml": _Shape(_is_switch, "True or False", "yaml=False"),
    "guards": _Shape(_is_series, "a sequence", "guards=(require_admin,)"),
    "middlewares": _Shape(_is_series, "a sequence", "middlewares=(measure,)"),
}


def check_document(where: str, settings: OpenAPI, report: Callable[[DefinitionError], None]) -> bool:
    """Report what is wrong with the settings of a document, and tell whether nothing is."""
    mistakes = list(_mistakes(where, settings))
    for one in mistakes:
        report(one)
    return not mistakes


def _mistakes(where: str, settings: OpenAPI) -> list[DefinitionError]:
    found: list[DefinitionError] = []
    for name, shape in _SHAPES.items():
        value = getattr(settings, name)
        if not shape.fits(value):
            given = callable_name(value) if callable(value) else value_name(value)
            what = f"OpenAPI({name}={given}) is not {shape.expected}"
            found.append(InvalidOptionError(where, what, hint=f"write it as {shape.example}"))
    return found
