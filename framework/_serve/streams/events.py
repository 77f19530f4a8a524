"""Server-sent events (WHATWG HTML, section 9.2): the items of handlers, and their encoding."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

__all__ = ("COMMENT", "Event", "EventStream", "Notice", "event_encoder")

_T_co = TypeVar("_T_co", covariant=True)
_ABSENT: Any = object()
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")

COMMENT = b":\n\n"
"""Sent in silence: a comment without text."""


class EventStream(Protocol[_T_co]):
    """The return annotation of an async generator whose items are sent as server-sent events.

    ``EventStream[Order]`` yields orders, each the data of an event; ``EventStream[Event[Order]]`` yields events that
    have more than data.
    """

    def __aiter__(self) -> AsyncIterator[_T_co]:
        """Yield the items."""
        ...


# Set here, because in the body it would be a member of the protocol.
EventStream.__module__ = "framework.responses"


class Event(Generic[_T_co]):
    """A server-sent event with more than data, or without data.

    ``event`` is its type, ``id`` the value that a reconnecting client sends in ``Last-Event-ID``, ``retry`` the
    milliseconds after which it should reconnect. Raises ValueError if one of them cannot be written.
    """

    __module__ = "framework.responses"

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: _T_co = _ABSENT,
        *,
        id: str | None = None,  # noqa: A002  its name in the standard
        event: str | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        for name, text in (("id", id), ("event", event)):
            if text is not None and not {"\r", "\n", "\0"}.isdisjoint(text):
                raise ValueError(f"The {name} of an event holds CR, LF or NUL: {text!r}")
        if retry is not None and retry < 0:
            raise ValueError(f"The retry of an event is negative: {retry}")
        self.data = data
        self.id = id
        self.event = event
        self.retry = retry
        self.comment = comment

    def __repr__(self) -> str:
        data = () if self.data is _ABSENT else (repr(self.data),)
        named = ((name, getattr(self, name)) for name in ("id", "event", "retry", "comment"))
        return f"Event({', '.join([*data, *(f'{name}={value!r}' for name, value in named if value is not None)])})"


class Notice(Event[Any]):
    """An event about the stream itself: its data is JSON already, and not of the type in the annotation."""

    __module__ = "framework.responses"

    names: ClassVar[tuple[str, ...]] = ("reset", "lagged")
    """The types of these events that the framework sends."""

    __slots__ = ()


def event_encoder(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return the function that encodes an item as an event, and its data by ``encode``."""

    def encode_event(item: Any) -> bytes:
        if not isinstance(item, Event):
            return _field(b"data", encode(item)) + b"\n"
        lines = [] if item.comment is None else [_field(b"", item.comment.encode())]
        if item.event is not None:
            lines.append(_field(b"event", item.event.encode()))
        if item.id is not None:
            lines.append(_field(b"id", item.id.encode()))
        if item.retry is not None:
            lines.append(b"retry: %d\n" % item.retry)
        if item.data is not _ABSENT:
            lines.append(_field(b"data", item.data if isinstance(item, Notice) else encode(item.data)))
        return b"".join(lines) + b"\n"

    return encode_event


def _field(name: bytes, text: bytes) -> bytes:
    if b"\n" not in text and b"\r" not in text:
        return b"%b: %b\n" % (name, text)
    return b"".join(b"%b: %b\n" % (name, line) for line in _LINE_ENDS.split(text))
