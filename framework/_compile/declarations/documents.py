"""Checks the values of an ``OpenAPI``, because a document with wrong values would be served, and break its readers."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from framework._compile.declarations.shapes import Shape, is_bool, is_collection, is_string
from framework._inspect.names import callable_name, value_name
from framework.errors import DefinitionError, InvalidOptionError
from framework.openapi import OpenAPI

__all__ = ("check_document", "is_part_of_document")


def _may_be_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and is_part_of_document(value)


def _has(*names: str) -> Callable[[Any], bool]:
    """Return a function that checks whether an optional object of OpenAPI has its required fields."""
    return lambda value: value is None or (_is_object(value) and all(is_string(value.get(one)) for one in names))


def _are_servers(value: Any) -> bool:
    return is_collection(value) and all(isinstance(one, str) or (one is not None and _has("url")(one)) for one in value)


def _are_texts_by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)


def _are_by_name(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(one, str) for one in value)


def is_part_of_document(value: Any) -> bool:
    """Return whether a value can be in the document: JSON values, and types as the value of ``schema``."""
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


def _may_be_collection(value: Any) -> bool:
    return value is None or is_collection(value)


_SHAPES: Mapping[str, Shape] = {
    "title": Shape(is_string, "a text", 'title="Shop"'),
    "version": Shape(is_string, "a text", 'version="1.0"'),
    "summary": Shape(_may_be_text, "a text", 'summary="Sells things"'),
    "description": Shape(_may_be_text, "a text", 'description="All that is sold."'),
    "terms_of_service": Shape(_may_be_text, "a text", 'terms_of_service="https://shop.example/terms"'),
    "contact": Shape(_has(), "a mapping", 'contact={"name": "Ann", "email": "ann@shop.example"}'),
    "license": Shape(_has("name"), "a mapping with a name", 'license={"name": "MIT", "identifier": "MIT"}'),
    "servers": Shape(
        _are_servers, "a sequence of URLs, or of mappings with a url", 'servers=("https://shop.example",)'
    ),
    "tags": Shape(_are_texts_by_name, "a mapping of tags to texts", 'tags={"orders": "What is sold"}'),
    "external_docs": Shape(_has("url"), "a mapping with a url", 'external_docs={"url": "https://shop.example/docs"}'),
    "webhooks": Shape(_are_by_name, "a mapping of names to types", 'webhooks={"orderPlaced": OrderPlaced}'),
    "yaml": Shape(is_bool, "True or False", "yaml=False"),
    "guards": Shape(_may_be_collection, "a sequence", "guards=(require_admin,)"),
    "middlewares": Shape(is_collection, "a sequence", "middlewares=(measure,)"),
}


def check_document(where: str, settings: OpenAPI, report: Callable[[DefinitionError], None]) -> bool:
    """Report the errors in the settings of a document, and return whether there are none."""
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
