"""How a client calls a handler: what ``App.operations()`` returns, for test clients and other tools."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from framework.credentials import Credentials
from framework.formats import Format
from framework.params import QueryStyle

__all__ = ("BodySummary", "MessageSummary", "Operation", "ParameterSummary")


class ParameterSummary(Struct, frozen=True, kw_only=True):
    """An argument of a handler that is read from the path, the query, the headers, the cookies or a form."""

    argument: str
    source: Literal["path", "query", "header", "cookie", "form"]
    names: Mapping[str, str]
    """The names on the wire, by the key in the encoded value; a parameter that is not a model has a single name."""
    model: bool = False
    """Whether each field of the value is sent under a name of its own."""
    style: QueryStyle = "form"
    parts: frozenset[str] = frozenset()
    """The names that are sent as separate parts of a form, encoded as JSON."""


class BodySummary(Struct, frozen=True, kw_only=True):
    """The body of a request."""

    kind: Literal["typed", "bytes", "text", "stream", "form", "parts"]
    arguments: Mapping[str, str | None]
    """Arguments by name: their keys in the object that is sent, ``None`` for an argument that is the whole body."""
    media_type: str
    """The media type that is sent unless a client chooses another."""
    annotation: Any
    format: Format | None
    """The format of a typed body."""


class MessageSummary(Struct, frozen=True, kw_only=True):
    """The messages of a web socket in one direction."""

    annotation: Any
    frames: Literal["typed", "text", "binary", "text or binary"]
    format: Format
    """The format of typed messages."""


class Operation(Struct, frozen=True, kw_only=True):
    """A handler on one path for one method, as a client sees it."""

    method: str
    path: str
    """The full path template: ``/v1/orders/{order_id}``."""
    name: str
    """The route's name for ``App.url_for``."""
    function: Callable[..., Any]
    """The handler as declared."""
    parameters: tuple[ParameterSummary, ...] = ()
    body: BodySummary | None = None
    provided: frozenset[str] = frozenset()
    """The arguments that no client sends: services, the request, the owner of credentials."""
    credentials: tuple[Credentials, ...] = ()
    """What the route and its guards verify themselves."""
    result: Any = None
    """The type of the value of a successful response, or of an item of a stream; ``None`` if there is no body."""
    has_result: bool = False
    """Whether the return annotation has the type of a value, and not only a response."""
    stream: Literal["JSON lines", "bytes", "text", "server-sent events"] | None = None
    incoming: MessageSummary | None = None
    """The messages that a web socket receives."""
    outgoing: MessageSummary | None = None
    """The messages that a web socket sends."""
