"""How the result of a handler becomes a response."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct, field

__all__ = ("Encoding", "MediaPlan", "ResponsePlan", "StreamKind", "StreamPlan")


class Encoding(Enum):
    """How the result of a handler becomes a body."""

    NONE = "none"
    TEXT = "text"
    BYTES = "bytes"
    MSGSPEC = "msgspec"
    ORJSON = "orjson"
    PASS = "pass"  # noqa: S105  not a secret
    """A response of aiohttp or the framework, sent unchanged."""


class MediaPlan(Struct, frozen=True, kw_only=True):
    """One media type that the result of a handler can be encoded as."""

    media_type: str
    """As in Content-Type, with its parameters."""
    encode: Callable[[Any], bytes]
    listed: bool = True
    """Whether the OpenAPI document names it; aliases are only sent."""


class StreamKind(Enum):
    """How the items of a stream are separated in its body."""

    LINES = "JSON lines"
    BYTES = "bytes"
    TEXT = "text"
    EVENTS = "server-sent events"


class StreamPlan(Struct, frozen=True, kw_only=True):
    """A response whose body is produced item by item while it is sent."""

    kind: StreamKind
    awaited: bool
    """Whether the handler is a coroutine that returns the iterator, instead of a generator itself."""
    keep_alive: float | None = None
    """Seconds without an item after which an event stream sends a comment."""


class ResponsePlan(Struct, frozen=True, kw_only=True):
    """The decisions from the return annotation of a handler and the options of its route."""

    annotation: Any
    """The type of the value in the body, or of one item of a stream; ``None`` if there is no body."""
    status: int
    encoding: Encoding
    media: tuple[MediaPlan, ...] = ()
    """The media types that a client can choose from by Accept, the default first; empty if there is no body."""
    strict: bool = True
    """Whether a client that accepts none of them is rejected (406) before the handler runs."""
    may_be_response: bool = False
    """Whether the annotation allows a complete response in addition to (or instead of) the value."""
    value_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers that the value itself adds to its response (:class:`framework.typedefs.HasHeaders`), described."""
    may_be_file: bool = False
    """Whether that response may be a FileResponse."""
    names_file: bool = False
    """Whether the annotation names FileResponse, and not only a base class of it."""
    redirects: bool = False
    """Whether the annotation names Redirect."""
    any_media: bool = False
    """Whether the media type of the response is unknown at start-up: a file, an aiohttp response, a bare Response."""
    headers: tuple[tuple[str, str], ...] = ()
    """The headers of every successful response: Vary, Cache-Control."""
    etag: bool | Callable[[Any], Any] = False
    """The source of the entity tag: the bytes of the body, or a function of the value."""
    last_modified: Callable[[Any], Any] | None = None
    """Returns the time at which the value last changed."""
    ranges: bool = False
    """Whether range requests are supported."""
    typed_headers: type[Any] | None = None
    """The Struct of the headers that the handler sets."""

    stream: StreamPlan | None = None

    @property
    def media_type(self) -> str | None:
        """The media type for clients that send no Accept."""
        return self.media[0].media_type if self.media else None

    @property
    def negotiated(self) -> bool:
        """Whether the client can choose between media types."""
        return len(self.media) > 1

    @property
    def conditional(self) -> bool:
        """Whether conditional requests are supported."""
        return bool(self.etag) or self.last_modified is not None
