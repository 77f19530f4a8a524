"""Route decorators: each attaches one frozen record to a method and has no other effect."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from msgspec import Struct

from framework._inspect.calls import explained
from framework._matched import RouteInfo, route_of, url_for
from framework.caching import CacheControl, ETag
from framework.deprecation import Deprecation
from framework.errors import InvalidHandlerError
from framework.formats import Format
from framework.limits import Limits
from framework.openapi import Callback, Link, RouteSummary
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = (
    "RouteDefinition",
    "RouteInfo",
    "RouteOptions",
    "RouteSummary",
    "SocketOptions",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "route",
    "route_of",
    "url_for",
    "websocket",
)

_F = TypeVar("_F", bound=Callable[..., Any])


class RouteOptions(TypedDict, total=False):
    """The options of every route decorator."""

    status: int
    """The status of a successful response; the default is 200 (204 for ``-> None``)."""
    name: str
    """The route's name for ``App.url_for``; the default is ``OrderController.show``."""
    raises: Sequence[type[Exception]]
    """The errors that the handler may raise, for the document: HTTPErrors, and exceptions with an exception handler."""
    tags: Sequence[str]
    guards: Guards
    middlewares: Middlewares
    exception_handlers: ExceptionHandlers
    summary: str
    description: str
    operation_id: str
    deprecated: bool | Deprecation
    in_document: bool
    """Whether the route is in the OpenAPI document."""
    metadata: Mapping[str, Any]
    """Metadata for guards, middlewares and observers, see :func:`route_of`."""
    examples: Mapping[str, Any]
    """Examples of successful responses by name, for the document."""
    limits: Limits
    body_limit: int
    """Short for ``limits=Limits(body=…)``."""
    timeout: float | None
    """Short for ``limits=Limits(timeout=…)``."""
    media_type: str | Sequence[str]
    """The media type of the response: ``text/html`` for a string, ``application/vnd.shop+json`` for a typed value."""
    cache_control: CacheControl
    """``Cache-Control`` of a successful response."""
    etag: bool | Callable[[Any], str | ETag | Awaitable[str | ETag]]
    """Send an entity tag: of the bytes (``True``), or the result of a function of the value."""
    last_modified: Callable[[Any], datetime | Awaitable[datetime]]
    """Send ``Last-Modified``: the result of a function of the value."""
    ranges: bool
    """Accept range requests."""
    response_headers: type[Struct]
    """A Struct of the headers that the handler sets, for the document."""
    require_precondition: bool
    """Reject requests without a precondition (428)."""
    keep_alive: float | None
    """Seconds of silence after which an event stream sends a comment; the default is 15, ``None`` for never."""
    links: Mapping[str, Link]
    """Links from a successful response by name, for the document."""
    callbacks: Mapping[str, Callback]
    """Requests that the application sends because of this request, by name, for the document."""
    extra: Mapping[str, Any]
    """Further members of the operation in the document, such as ``x-`` extensions."""


class SocketOptions(TypedDict, total=False):
    """The options of the web socket decorator."""

    name: str
    """The route's name for ``App.url_for``."""
    tags: Sequence[str]
    guards: Guards
    middlewares: Middlewares
    exception_handlers: ExceptionHandlers
    """Exception handlers for errors before the socket is accepted."""
    summary: str
    description: str
    deprecated: bool
    in_document: bool
    metadata: Mapping[str, Any]
    limits: Limits
    """Limits; only ``message``, ``write_timeout`` and ``outlive_credentials`` apply."""
    extra: Mapping[str, Any]
    format: Format
    """The format of typed messages; the default is JSON, as text. Any other format is binary."""
    invalid: Literal["close", "report"]
    """What an invalid message does: ``close`` the socket (the default) or ``report`` the problem to the client."""
    origins: Sequence[str]
    """The origins of pages that may open the socket, ``"*"`` for all; the default is only the request's own host."""
    subprotocols: Sequence[str]
    """The supported subprotocols (RFC 6455, section 1.9)."""
    heartbeat: float | None
    """Seconds of silence after which the client is pinged (default 20); it must reply within half that time."""
    compress: bool
    """Whether messages are compressed if the client supports it (RFC 7692); the default is True."""


class RouteDefinition(Struct, frozen=True, kw_only=True):
    """The declaration of one route decorator."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]
    options: RouteOptions | SocketOptions
    socket: bool = False


@explained("@route", '@route("/path", methods=("GET", "POST")), or @get("/path")')
def route(*paths: str, methods: Sequence[str], **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for some methods on one or more paths, below the controller's own path."""
    return _route(paths, methods, settings)


def _route(paths: Sequence[str], methods: Sequence[str], settings: RouteOptions) -> Callable[[_F], _F]:
    listed: Iterable[Any] = (methods,) if isinstance(methods, str) else methods
    definition = RouteDefinition(
        methods=tuple(one.upper() if isinstance(one, str) else one for one in listed),
        paths=tuple(paths) or ("",),
        options=settings,
    )
    return _declare(definition, paths)


def websocket(*paths: str, **settings: Unpack[SocketOptions]) -> Callable[[_F], _F]:
    """Declare the handler of a web socket (RFC 6455).

    A handler with a ``WebSocket`` parameter is called once per connection. A handler with a message parameter is called
    once per message, and its result is sent back.
    """
    return _declare(RouteDefinition(methods=("GET",), paths=paths or ("",), options=settings, socket=True), paths)


def _declare(definition: RouteDefinition, paths: Sequence[str]) -> Callable[[_F], _F]:
    def attach(function: Any) -> Any:
        # A tuple, because decorators may be stacked.
        try:
            function.__routes__ = (definition, *getattr(function, "__routes__", ()))
        except AttributeError as error:
            raise InvalidHandlerError(
                f"a route decorator of {'/'.join(definition.methods)} {' and '.join(map(repr, paths))}",
                f"a {type(function).__name__} cannot be a handler",
                hint="decorate a method of a controller",
            ) from error
        return function

    # A decorator without parentheses is reported with all other errors, when the app is built.
    bare: Callable[[_F], _F] = attach(paths[0]) if len(paths) == 1 and callable(paths[0]) else attach
    return bare


def get(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for GET, and for HEAD, whose response has no body."""
    return _route(paths, ("GET",), settings)


def post(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for POST."""
    return _route(paths, ("POST",), settings)


def put(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for PUT."""
    return _route(paths, ("PUT",), settings)


def patch(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for PATCH."""
    return _route(paths, ("PATCH",), settings)


def delete(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for DELETE."""
    return _route(paths, ("DELETE",), settings)


def head(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for HEAD, in place of the one that GET provides."""
    return _route(paths, ("HEAD",), settings)


def options(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for OPTIONS, in place of the automatic response."""
    return _route(paths, ("OPTIONS",), settings)
