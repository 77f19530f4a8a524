"""How a handler is answered with."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

__all__ = ("Encoding", "MediaPlan", "ResponsePlan", "StreamKind", "StreamPlan")


class Encoding(Enum):
    """How a handler's value becomes a body."""

    NONE = "none"
    TEXT = "text"
    BYTES = "bytes"
    MSGSPEC = "msgspec"
    ORJSON = "orjson"
    PASS = "pass"  # noqa: S105  no secret
    """A response of aiohttp's or ours, sent as it is."""


class MediaPlan(Struct, frozen=True, kw_only=True):
    """One media type in which a handler's value is written."""

    media_type: str
    """As Content-Type has it, with its parameters."""
    encode: Callable[[Any], bytes]
    listed: bool = True
    """Whether the document names it; aliases are answered only."""


class StreamKind(Enum):
    """How the items of a stream stand in its body."""

    LINES = "JSON lines"
    BYTES = "bytes"
    TEXT = "text"
    EVENTS = "server-sent events"


class StreamPlan(Struct, frozen=True, kw_only=True):
    """An answer whose body is made item by item while it is sent."""

    kind: StreamKind
    awaited: bool
    """Whether the handler is a coroutine that returns the iterator, and not a generator itself."""
    keep_alive: float | None = None
    """Seconds of silence after which an event stream sends a comment."""


class ResponsePlan(Struct, frozen=True, kw_only=True):
    """What the return annotation of a handler and the options of its route decide."""

    annotation: Any
    """The type of the value in the body, ``None`` where there is no body; that of one item, in a stream."""
    status: int
    encoding: Encoding
    media: tuple[MediaPlan, ...] = ()
    """What a client may choose from by Accept; the first where it says nothing. None where there is no body."""
    strict: bool = True
    """Whether a client that accepts none of them is refused (406) before the handler runs."""
    may_be_response: bool = False
    """Whether the annotation admits a ready response beside (or instead of) the value."""
    value_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that the value itself adds to its answer (see :class:`framework.typedefs.HasHeaders`), described."""
    may_be_file: bool = False
    """Whether that response may be a FileResponse."""
    names_file: bool = False
    """Whether the annotation names a FileResponse, not just some response."""
    redirects: bool = False
    """Whether it names a Redirect."""
    any_media: bool = False
    """Whether it names a response whose media type nobody knows before: a file, one of aiohttp's, a bare Response."""
    headers: tuple[tuple[str, str], ...] = ()
    """What every good answer carries: Vary, Cache-Control."""
    etag: bool | Callable[[Any], Any] = False
    """Where the entity tag comes from: the bytes of the body, or a function of the value."""
    last_modified: Callable[[Any], Any] | None = None
    """When the value last changed."""
    ranges: bool = False
    """Whether a part of the body may be asked for."""
    typed_headers: type[Any] | None = None
    """The Struct of the headers that the handler sets."""

    stream: StreamPlan | None = None

    @property
    def media_type(self) -> str | None:
        """What is answered where the client says nothing."""
        return self.media[0].media_type if self.media else None

    @property
    def negotiated(self) -> bool:
        """Whether the client has a choice."""
        return len(self.media) > 1

    @property
    def conditional(self) -> bool:
        """Whether the client may say which version it has."""
        return bool(self.etag) or self.last_modified is not None
