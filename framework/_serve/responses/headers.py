"""Typed headers: the fields of a Struct become header lines."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET, Struct

from framework._hooks import encode_hook
from framework.caching import http_date

__all__ = ("add_headers", "header_name", "header_texts")


def header_name(field: str) -> str:
    """Return the header name of a field: ``x_total_count`` -> ``x-total-count``."""
    return field.replace("_", "-")


def header_texts(headers: Mapping[str, str] | Struct) -> Mapping[str, str]:
    """Return headers as strings; None and UNSET in a Struct are left out, and dates are written as HTTP dates."""
    return dict(_lines(headers)) if isinstance(headers, Struct) else headers


def _lines(headers: Struct) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(headers):
        value = getattr(headers, field.name)
        if value is not None and value is not UNSET:
            yield header_name(field.encode_name), _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return http_date(value)
    plain = msgspec.to_builtins(value, enc_hook=encode_hook)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return ", ".join(map(_text, plain)) if isinstance(plain, list | tuple) else str(plain)


def add_headers(response: web.StreamResponse, headers: Mapping[str, str]) -> None:
    """Add headers to a response, unless it has them."""
    for name, value in headers.items():
        # Several Link headers are allowed; each other header only once.
        if name == "Link" or name not in response.headers:
            response.headers.add(name, value)
