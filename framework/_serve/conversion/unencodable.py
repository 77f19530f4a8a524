"""Finds the part of a value that cannot be encoded, for the log, after the encoder has failed."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from framework._inspect.names import type_name
from framework._serve.responses.response import Response
from framework.errors import ResponseMismatchError

__all__ = ("UNENCODABLE", "note_place")

UNENCODABLE = (TypeError, ValueError, OverflowError, NotImplementedError, RecursionError, msgspec.MsgspecError)
"""The exceptions of encoders."""

_MAX_DEPTH = 64


def note_place(error: BaseException, result: Any, encode: Callable[[Any], Any]) -> None:
    """Add the place to an exception of an encoder: ``$.lines[3].total``; nothing if the value can be encoded."""
    if isinstance(error, ResponseMismatchError):  # It names the place itself.
        return
    value = result.value if isinstance(result, Response) else result
    if _is_encodable(value, encode):
        return
    path, found = _find(value, encode)
    error.add_note(f"The value at `{path}` cannot be encoded: {_describe(found)}")


def _find(value: Any, encode: Callable[[Any], Any]) -> tuple[str, Any]:
    """Return the innermost value that cannot be encoded, and its path."""
    path = "$"
    for _ in range(_MAX_DEPTH):
        inner = next(((step, one) for step, one in _parts(value) if not _is_encodable(one, encode)), None)
        if inner is None:
            break
        path, value = path + inner[0], inner[1]
    return path, value


def _is_encodable(value: Any, encode: Callable[[Any], Any]) -> bool:
    try:
        encode(value)
    except UNENCODABLE:
        return False
    return True


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the steps to the values inside a value."""
    if isinstance(value, Mapping):
        # A key comes from a client or a user, and may be long.
        yield from ((f"[{str(key)[:100]!r}]", one) for key, one in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((f"[{place}]", one) for place, one in enumerate(value))
    elif isinstance(value, Struct):
        yield from ((f".{name}", getattr(value, name, None)) for name in value.__struct_fields__)
    elif dataclasses.is_dataclass(value):
        yield from ((f".{one.name}", getattr(value, one.name, None)) for one in dataclasses.fields(value))
    elif hasattr(value, "__attrs_attrs__"):
        yield from ((f".{one.name}", getattr(value, one.name, None)) for one in value.__attrs_attrs__)


def _describe(value: Any) -> str:
    if type(value) is int:
        return f"int of {value.bit_length()} bits"
    return type_name(type(value))
