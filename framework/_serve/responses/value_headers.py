"""Headers that a handler's value adds to its response."""

import types
import typing
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from framework.typedefs import HasHeaders

__all__ = ("add_value_headers", "headers_of_value")


def headers_of_value(annotation: Any) -> Mapping[str, str]:
    """Return the headers, with their descriptions, that values of a type (or of one in a union) may add."""
    found: dict[str, str] = {}
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated or origin in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            found |= headers_of_value(one)
    elif hasattr(origin or annotation, "header_descriptions") and hasattr(origin or annotation, "headers"):
        found |= (origin or annotation).header_descriptions
    return found


def add_value_headers(response: web.StreamResponse, value: object, request: web.Request) -> web.StreamResponse:
    """Add the headers of a value to the response, and return the response."""
    if isinstance(value, HasHeaders):
        for name, text in value.headers(request).items():
            response.headers.add(name, text)
    return response
