"""Chooses status, media type and encoder of a response by the handler's return annotation."""

import types
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiohttp import web
from msgspec import inspect

from framework._compile.responses.media import is_numpy, plan_media
from framework._compile.responses.options import option_mistakes
from framework._compile.responses.status_tuples import refuse_status_tuples
from framework._http.statuses import WITHOUT_CONTENT
from framework._inspect.names import type_name
from framework._inspect.signatures import MISSING
from framework._inspect.types import holds_custom, holds_secrets, kind_of, subtypes, unsupported
from framework._plan import Encoding, ResponsePlan
from framework._serve.files.response import FileResponse
from framework._serve.responses.redirects import REDIRECTS, Redirect
from framework._serve.responses.response import Response
from framework._serve.responses.value_headers import headers_of_value
from framework.caching import CacheControl
from framework.errors import (
    DefinitionError,
    InvalidResponseError,
    MissingReturnAnnotationError,
    UnencodableReturnError,
)
from framework.formats import Format
from framework.routing import RouteOptions

__all__ = ("plan_response",)

# Types that orjson does not write, or not as msgspec does.
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
# Their media type may differ from the annotation if a handler creates the response.
_AS_IT_IS = frozenset({Encoding.TEXT, Encoding.BYTES})


def plan_response(
    annotation: Any,
    *,
    where: str,
    method: str,
    options: RouteOptions,
    formats: Sequence[Format],
    report: Callable[[DefinitionError], None],
) -> ResponsePlan:
    """Decide how a handler's value is sent, and report errors in the options.

    Raises MissingReturnAnnotationError, UnencodableReturnError, InvalidResponseError.
    """
    if annotation is MISSING:
        raise MissingReturnAnnotationError(where)
    refuse_status_tuples(annotation, where=where, method=method)
    value, ready = _split(annotation)
    encoding = _encoding(value, where) if value is not _NOTHING else Encoding.PASS
    status = _status(options.get("status"), encoding, value, ready, where)
    own = any(issubclass(one, Response) for one in ready)
    for mistake in option_mistakes(
        options,
        where=where,
        method=method,
        annotation=annotation if value is _NOTHING else value,
        encoding=encoding,
        may_set_headers=own,
    ):
        report(mistake)
    declared = options.get("media_type")
    media = plan_media(value, encoding, where=where, formats=formats, declared=declared)
    control = options.get("cache_control")
    vary = len({one.media_type for one in media if one.listed}) > 1
    return ResponsePlan(
        annotation=None if value is _NOTHING else value,
        status=status,
        encoding=encoding,
        media=media,
        strict=not ready or (ready == [Response] and (encoding not in _AS_IT_IS or declared is not None)),
        may_be_response=bool(ready),
        may_be_file=any(issubclass(FileResponse, one) or issubclass(one, FileResponse) for one in ready),
        names_file=any(issubclass(one, FileResponse) for one in ready),
        redirects=any(issubclass(one, Redirect) for one in ready),
        any_media=any(_has_any_media(one, value) for one in ready),
        headers=_headers(control, vary=vary),
        etag=options.get("etag", False),
        last_modified=options.get("last_modified"),
        ranges=options.get("ranges", False),
        typed_headers=options.get("response_headers"),
        value_headers=headers_of_value(value),
    )


def _status(status: int | None, encoding: Encoding, value: Any, ready: Sequence[type[Any]], where: str) -> int:
    if status is None:
        if encoding is Encoding.PASS and ready == [Redirect]:
            return 303
        return 204 if encoding is Encoding.NONE else 200
    if not _FIRST <= status <= _LAST:
        raise InvalidResponseError(
            where, f"its status {status} is not a final status of HTTP", hint="use a status from 200 to 599"
        )
    if encoding is Encoding.PASS and not any(issubclass(one, Response) for one in ready):
        names = " or ".join(map(type_name, ready))
        raise InvalidResponseError(
            where,
            f"its status {status} is not that of the {names} that it returns",
            hint="drop status=, or return a framework Response, which takes the status of the route",
        )
    if encoding is Encoding.PASS and ready == [Redirect] and status not in REDIRECTS:
        raise InvalidResponseError(
            where, f"its status {status} is not a redirect", hint="use 303, 307 or 308, or drop status="
        )
    if encoding not in {Encoding.NONE, Encoding.PASS} and status in WITHOUT_CONTENT:
        raise InvalidResponseError(
            where,
            f"its status {status} has no body, and it returns {type_name(value)}",
            hint="annotate it -> None, or use another status",
        )
    return status


_NOTHING = object()


def _has_any_media(response: type[Any], value: Any) -> bool:
    # A Response with a value has the value's type, and a Redirect has no body.
    bare = value is _NOTHING and not issubclass(response, Redirect)
    return bare or issubclass(response, FileResponse) or not issubclass(response, Response)


def _members(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for one in typing.get_args(annotation):
            yield from _members(one)
    elif origin is typing.Annotated and not isinstance(typing.get_args(annotation)[0], type):
        yield from _members(typing.get_args(annotation)[0])
    else:
        yield annotation


def _split(annotation: Any) -> tuple[Any, list[type[Any]]]:
    """Separate the value from complete responses: ``Order | web.FileResponse`` -> ``Order``, [web.FileResponse]."""
    values: list[Any] = []
    ready: list[type[Any]] = []
    for one in _members(annotation):
        origin = typing.get_origin(one) or one
        if not (isinstance(origin, type) and issubclass(origin, web.StreamResponse)):
            values.append(one)
            continue
        ready.append(origin)
        if issubclass(origin, Response) and typing.get_args(one):
            values.extend(_members(typing.get_args(one)[0]))
    if not values:
        return _NOTHING, ready
    return (annotation if not ready else typing.Union[tuple(values)]), ready  # noqa: UP007  built from a list


def _encoding(value: Any, where: str) -> Encoding:
    plain = typing.get_args(value)[0] if typing.get_origin(value) is typing.Annotated else value
    if plain is None or plain is type(None):
        return Encoding.NONE
    if plain is str:
        return Encoding.TEXT
    if plain is bytes:
        return Encoding.BYTES
    if is_numpy(plain):
        return Encoding.ORJSON
    refused = unsupported(value, written=True)
    if refused is not None:
        raise UnencodableReturnError(where, type_name(value), refused.reason, hint=refused.hint)
    if holds_secrets(kind_of(value)):
        raise UnencodableReturnError(where, type_name(value), "it holds a SecretStr")
    kinds = list(subtypes(kind_of(value)))
    if holds_custom(kind_of(value)) or any(isinstance(one, _MSGSPEC_ONLY) or _has_more(one) for one in kinds):
        return Encoding.MSGSPEC
    return Encoding.ORJSON


def _has_more(kind: inspect.Type) -> bool:
    """Return whether orjson would write other attributes of a class than the OpenAPI document describes.

    It writes everything in the ``__dict__`` of a dataclass instance, cached properties too, but no field with a
    leading underscore; it does not support attrs classes.
    """
    if not isinstance(kind, inspect.DataclassType):
        return False
    cls = typing.get_origin(kind.cls) or kind.cls
    private = any(one.name.startswith("_") for one in kind.fields)
    return private or bool(cls.__dictoffset__) or hasattr(cls, "__attrs_attrs__")


def _headers(control: CacheControl | None, *, vary: bool) -> tuple[tuple[str, str], ...]:
    """Return the constant headers of successful responses."""
    headers = [("Vary", "Accept")] if vary else []
    if control is not None and control.mistake() is None:
        headers.append(("Cache-Control", str(control)))
    return tuple(headers)
