"""Headers with types: the fields of a Struct become lines of the head."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from framework._hooks import encode_hook
from framework.caching import http_date

__all__ = ("header_name", "header_texts")


def header_name(field: str) -> str:
    """Return the name of a header for the name of a field: ``x_total_count`` -> ``x-total-count``."""
    return field.replace("_", "-")


def header_texts(headers: Mapping[str, str] | Struct) -> Mapping[str, str]:
    """Return headers as texts; what is None or UNSET in a Struct is left out, and dates are written as HTTP does."""
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
