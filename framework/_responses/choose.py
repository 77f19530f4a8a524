"""From a handler's return annotation to its status, media type and encoder."""

import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web
from msgspec import inspect

from framework._inspect.hooks import holds_secrets
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING
from framework._inspect.types import kind_of, subtypes, unsupported
from framework._plan import Encoding, ResponsePlan
from framework._responses.encoders import encode_bytes, encode_msgspec, encode_orjson
from framework._responses.headers import headers_of_value
from framework._responses.response import Response
from framework.errors import InvalidResponseError, MissingReturnAnnotationError, UnencodableReturnError

__all__ = ("ENCODERS", "plan_response")

ENCODERS: dict[Encoding, Callable[[Any], bytes]] = {
    Encoding.TEXT: str.encode,
    Encoding.BYTES: encode_bytes,
    Encoding.MSGSPEC: encode_msgspec,
    Encoding.ORJSON: encode_orjson,
}
_MEDIA_TYPES: dict[Encoding, str | None] = {
    Encoding.NONE: None,
    Encoding.PASS: None,
    Encoding.TEXT: "text/plain; charset=utf-8",
    Encoding.BYTES: "application/octet-stream",
    Encoding.MSGSPEC: "application/json",
    Encoding.ORJSON: "application/json",
}
# What orjson does not write, or not as msgspec does.
_MSGSPEC_ONLY = (
    inspect.StructType,
    inspect.NamedTupleType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.DecimalType,
    inspect.BytesType,
    inspect.ByteArrayType,
    inspect.MemoryViewType,
    inspect.TimeDeltaType,
    inspect.RawType,
    inspect.ExtType,
)
_FIRST, _LAST = 200, 599
_WITHOUT_BODY = frozenset({204, 205, 304})


def plan_response(annotation: Any, *, where: str, status: int | None) -> ResponsePlan:
    """Decide how a handler's value is answered.

    Raises MissingReturnAnnotationError, UnencodableReturnError, InvalidResponseError.
    """
    if annotation is MISSING:
        raise MissingReturnAnnotationError(where)
    if status is not None and not _FIRST <= status <= _LAST:
        raise InvalidResponseError(
            where, f"its status {status} is no final status of HTTP", mend="use a status from 200 to 599"
        )
    value, ready = _split(annotation)
    encoding = _encoding(value, where) if value is not _NOTHING else Encoding.PASS
    if status is None:
        status = 204 if encoding is Encoding.NONE else 200
    if encoding not in {Encoding.NONE, Encoding.PASS} and status in _WITHOUT_BODY:
        raise InvalidResponseError(
            where,
            f"its status {status} has no body, and it returns {type_name(value)}",
            mend="annotate it -> None, or use another status",
        )
    return ResponsePlan(
        annotation=None if value is _NOTHING else value,
        status=status,
        media_type=_MEDIA_TYPES[encoding],
        encoding=encoding,
        may_be_response=ready,
        headers=headers_of_value(value),
    )


_NOTHING = object()


def _members(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            yield from _members(one)
    elif origin is typing.Annotated and not isinstance(typing.get_args(annotation)[0], type):
        yield from _members(typing.get_args(annotation)[0])
    else:
        yield annotation


def _split(annotation: Any) -> tuple[Any, bool]:
    """Part the value's type from ready responses: ``Order | web.FileResponse`` -> ``Order``, True."""
    values: list[Any] = []
    ready = False
    for one in _members(annotation):
        origin = typing.get_origin(one) or one
        if not (isinstance(origin, type) and issubclass(origin, web.StreamResponse)):
            values.append(one)
            continue
        ready = True
        if issubclass(origin, Response) and typing.get_args(one):
            values.extend(_members(typing.get_args(one)[0]))
    if not values:
        return _NOTHING, True
    return (annotation if not ready else typing.Union[tuple(values)]), ready  # noqa: UP007  built from a list


def _encoding(value: Any, where: str) -> Encoding:
    plain = typing.get_args(value)[0] if typing.get_origin(value) is typing.Annotated else value
    if plain is None or plain is type(None):
        return Encoding.NONE
    if plain is str:
        return Encoding.TEXT
    if plain is bytes:
        return Encoding.BYTES
    if getattr(plain, "__module__", "").partition(".")[0] == "numpy":
        return Encoding.ORJSON
    reason = unsupported(value)
    if reason is not None:
        raise UnencodableReturnError(where, type_name(value), reason)
    if holds_secrets(kind_of(value)):
        raise UnencodableReturnError(where, type_name(value), "it holds a SecretStr")
    kinds = list(subtypes(kind_of(value)))
    if any(isinstance(one, _MSGSPEC_ONLY) or _is_attrs(one) for one in kinds):
        return Encoding.MSGSPEC
    return Encoding.ORJSON


def _is_attrs(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.DataclassType) and hasattr(kind.cls, "__attrs_attrs__")
