"""Rejects ``-> tuple[Item, int]``, a value and its status as in Flask, which would be sent as an array of both."""

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web
from msgspec import inspect

from framework._inspect.model_fields import is_model_type
from framework._inspect.names import type_name
from framework._inspect.types import fields_of, kind_of, without_metadata
from framework.errors import InvalidResponseError

__all__ = ("refuse_status_tuples",)

_ARRAYS = (inspect.ListType, inspect.VarTupleType)
_UNREADABLE = (TypeError, NameError, AttributeError, RecursionError)


def refuse_status_tuples(annotation: Any, *, where: str, method: str) -> None:
    """Raise InvalidResponseError if a return annotation has a value and a status, or also headers.

    It is a tuple of an object, or of a list of objects, and a plain ``int``. A NamedTuple or a constrained number is
    sent as an array.
    """
    for one in _members(annotation):
        if _is_status_tuple(one):
            value = type_name(typing.get_args(one)[0])
            raise InvalidResponseError(
                where,
                f"its return type {type_name(one)} would be sent as an array, the status in it",
                hint=f"write @{method.lower()}(status=…), or return Response(value, status=…) and annotate it "
                f"-> {_response(one, value)}; if the array is meant, return a NamedTuple",
            )


def _members(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            yield from _members(one)
    else:
        yield annotation


def _is_status_tuple(annotation: Any) -> bool:
    if typing.get_origin(annotation) is not tuple:
        return False
    value, *rest = typing.get_args(annotation)
    return rest[:1] == [int] and (len(rest) == 1 or (len(rest) == 2 and _are_headers(rest[1]))) and _is_object(value)  # noqa: PLR2004  status and headers


def _are_headers(annotation: Any) -> bool:
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_object(annotation: Any) -> bool:
    if _is_response(annotation):
        return True
    try:
        kind = without_metadata(kind_of(annotation))
    except _UNREADABLE:
        return False
    kind = without_metadata(kind.item_type) if isinstance(kind, _ARRAYS) else kind
    return isinstance(kind, inspect.DictType) or fields_of(kind) is not None or is_model_type(kind)


def _is_response(annotation: Any) -> bool:
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, web.StreamResponse)


def _response(annotation: Any, value: str) -> str:
    return value if _is_response(typing.get_args(annotation)[0]) else f"Response[{value}]"
