"""Plans the response of a handler whose return annotation is a stream."""

import types
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from framework._compile.responses.values import plan_response
from framework._http.statuses import WITHOUT_CONTENT
from framework._inspect.names import type_name
from framework._plan import Encoding, ResponsePlan, StreamKind, StreamPlan
from framework._serve.streams.events import Event, EventStream
from framework.errors import DefinitionError, InvalidResponseError
from framework.formats import JSON
from framework.routing import RouteOptions

__all__ = ("is_stream", "mentions_stream", "plan_stream")

_STREAMS = (AsyncIterator, AsyncGenerator, AsyncIterable, EventStream)
_KINDS: dict[Encoding, StreamKind] = {
    Encoding.BYTES: StreamKind.BYTES,
    Encoding.TEXT: StreamKind.TEXT,
    Encoding.MSGSPEC: StreamKind.LINES,
    Encoding.ORJSON: StreamKind.LINES,
}
_MEDIA_TYPES: dict[StreamKind, str] = {
    StreamKind.LINES: "application/jsonl",
    StreamKind.EVENTS: "text/event-stream",
}
_KEEP_ALIVE = 15.0
_FREELY_TYPED = frozenset({StreamKind.BYTES, StreamKind.TEXT})
_KEPT_OPTIONS = frozenset({"status", "media_type", "cache_control"})
_OF_ONE_VALUE = frozenset({"etag", "last_modified", "ranges", "response_headers"})


def is_stream(annotation: Any) -> bool:
    """Return whether an annotation is an async iterator, an async generator or an EventStream."""
    plain = _plain(annotation)
    return (typing.get_origin(plain) or plain) in _STREAMS


def mentions_stream(annotation: Any) -> bool:
    """Return whether a union or a response contains a stream."""
    plain = _plain(annotation)
    origin = typing.get_origin(plain) or plain
    inside = origin in (typing.Union, types.UnionType) or (
        isinstance(origin, type) and issubclass(origin, web.StreamResponse)
    )
    return is_stream(plain) or (inside and any(mentions_stream(one) for one in typing.get_args(plain)))


def _plain(annotation: Any) -> Any:
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    return annotation


def plan_stream(
    annotation: Any,
    *,
    where: str,
    options: RouteOptions,
    awaited: bool,
    report: Callable[[DefinitionError], None],
) -> ResponsePlan:
    """Decide how the items of a stream are sent.

    ``awaited`` means that the handler is a coroutine. Raises InvalidResponseError, UnencodableReturnError.
    """
    plain, inside = _stream_and_items(annotation, where, options.get("status"))
    events = typing.get_origin(plain) is EventStream
    item = _data_of(inside) if events else inside
    kept: Any = {name: value for name, value in options.items() if name in _KEPT_OPTIONS}
    for name in _OF_ONE_VALUE & options.keys():
        report(InvalidResponseError(where, f"{name}= is for one value, and it is a stream", hint=f"drop {name}="))
    response = plan_response(item, where=where, method="GET", options=kept, formats=(JSON,), report=report)
    kind = _KINDS.get(response.encoding)
    if kind is None or response.may_be_response or (events and kind is StreamKind.BYTES):
        raise InvalidResponseError(
            where,
            f"{type_name(item)} cannot be {'the data of an event' if events else 'an item of a stream'}",
            hint=f"yield {'' if events else 'bytes, '}str, or what can be written as JSON",
        )
    kind = StreamKind.EVENTS if events else kind
    keep_alive = options.get("keep_alive", _KEEP_ALIVE) if events else None
    media_type = response.media[0].media_type if kind in _FREELY_TYPED else _MEDIA_TYPES[kind]
    return replace(
        response,
        media=(replace(response.media[0], media_type=media_type),),
        stream=StreamPlan(kind=kind, awaited=awaited, keep_alive=keep_alive),
    )


def _stream_and_items(annotation: Any, where: str, status: int | None) -> tuple[Any, Any]:
    """Return the annotation of the stream, and that of its items; raises InvalidResponseError."""
    name = type_name(annotation)
    if not is_stream(annotation):
        raise InvalidResponseError(
            where,
            f"its annotation {name} has more in it than a stream",
            hint="return the stream alone, and raise an HTTPError where there is none",
        )
    plain = _plain(annotation)
    arguments = typing.get_args(plain)
    if not arguments:
        raise InvalidResponseError(
            where, f"its annotation {name} does not say what is in the stream", hint=f"write it as {name}[Order]"
        )
    if status in WITHOUT_CONTENT:
        raise InvalidResponseError(
            where,
            f"its status {status} has no body, and it returns {name}",
            hint="annotate it -> None, or use another status",
        )
    return plain, arguments[0]


def _data_of(item: Any) -> Any:
    """Return the type of the data: ``Order | Event[Order]`` -> ``Order``."""
    if typing.get_origin(item) in (typing.Union, types.UnionType):
        return typing.Union[tuple(_data_of(one) for one in typing.get_args(item))]  # noqa: UP007  built from a list
    if (typing.get_origin(item) or item) is Event:
        return next(iter(typing.get_args(item)), Any)
    return item
