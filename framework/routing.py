"""Route decorators: each attaches one frozen record to a method and touches nothing else."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from msgspec import Struct

from framework._matched import RouteInfo, route_of
from framework.caching import CacheControl, ETag
from framework.deprecation import Deprecation
from framework.errors import InvalidHandlerError
from framework.formats import Format
from framework.limits import Limits
from framework.openapi import Callback, Link
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
    "websocket",
)

_F = TypeVar("_F", bound=Callable[..., Any])


class RouteOptions(TypedDict, total=False):
    """What every route decorator takes beside its paths."""

    status: int
    """The status of a successful answer; 200 (204 for ``-> None``) unless given."""
    name: str
    """The route's name for ``App.url_for``; ``OrderController.show`` unless given."""
    raises: Sequence[type[Exception]]
    """The errors that the handler may raise, for the document: HTTPErrors, and what an exception handler takes."""
    tags: Sequence[str]
    guards: Guards
    middlewares: Middlewares
    exception_handlers: ExceptionHandlers
    summary: str
    description: str
    operation_id: str
    deprecated: bool | Deprecation
    in_document: bool
    """Whether the route stands in the OpenAPI document."""
    metadata: Mapping[str, Any]
    """What guards, middlewares and observers read of the route, see :func:`route_of`."""
    examples: Mapping[str, Any]
    """Successful answers by their names, for the document."""
    limits: Limits
    body_limit: int
    """Short for ``limits=Limits(body=…)``."""
    timeout: float | None
    """Short for ``limits=Limits(timeout=…)``."""
    media_type: str | Sequence[str]
    """What the value is written as: ``text/html`` for a text, ``application/vnd.shop+json`` for one with a type."""
    cache_control: CacheControl
    """What caches may do with a good answer."""
    etag: bool | Callable[[Any], str | ETag | Awaitable[str | ETag]]
    """Send a tag for the version: of the bytes (``True``), or what a function makes of the value."""
    last_modified: Callable[[Any], datetime | Awaitable[datetime]]
    """Send when the value last changed."""
    ranges: bool
    """Let clients ask for a part of the bytes."""
    response_headers: type[Struct]
    """The type of the headers that the handler sets, for the document."""
    require_precondition: bool
    """Refuse (428) requests that do not say which version they mean."""
    keep_alive: float | None
    """Seconds of silence after which an event stream sends a comment, 15 unless given; ``None`` for never."""
    links: Mapping[str, Link]
    """What can be done with a successful answer, by their names, for the document."""
    callbacks: Mapping[str, Callback]
    """What the application sends because of the request, by their names, for the document."""
    extra: Mapping[str, Any]
    """Members added to the operation in the document, ``x-`` extensions above all."""


class SocketOptions(TypedDict, total=False):
    """What the decorator of a web socket takes beside its paths."""

    name: str
    """The route's name for ``App.url_for``."""
    tags: Sequence[str]
    guards: Guards
    middlewares: Middlewares
    exception_handlers: ExceptionHandlers
    """For what is raised before the socket is accepted."""
    summary: str
    description: str
    deprecated: bool
    in_document: bool
    metadata: Mapping[str, Any]
    limits: Limits
    """``message`` and ``write_timeout`` count."""
    extra: Mapping[str, Any]
    format: Format
    """How messages that have a type are written: JSON as text, unless given; any other format as binary."""
    invalid: Literal["close", "report"]
    """What a message that is not valid does: close the socket (unless given), or be answered with its problem."""
    origins: Sequence[str]
    """The origins of pages that may open it, ``"*"`` for all; only that of the request's own host unless given."""
    subprotocols: Sequence[str]
    """Those that are spoken (RFC 6455, section 1.9)."""
    heartbeat: float | None
    """Seconds of silence after which the client is pinged (20 unless given); it has half as many to answer."""
    compress: bool
    """Whether messages are compressed where the client can (RFC 7692); True unless given."""


class RouteDefinition(Struct, frozen=True, kw_only=True):
    """What one decorator declared about a handler."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]
    options: RouteOptions | SocketOptions
    socket: bool = False


class RouteSummary(Struct, frozen=True, kw_only=True):
    """What tools are told about one method on one path of an application."""

    method: str
    path: str
    """The full path template: ``/v1/orders/{order_id}``, ``/files/{name:path}``."""
    name: str
    """For ``App.url_for``."""
    handler: str
    """The handler and where it stands: ``OrderController.show (shop/orders.py:12)``."""
    tags: tuple[str, ...] = ()
    in_document: bool = True
    metadata: Mapping[str, Any] = MappingProxyType({})


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

    One that takes a ``WebSocket`` is called for each connection; one that takes a message instead is called for each
    message, and what it returns is sent back.
    """
    return _declare(RouteDefinition(methods=("GET",), paths=paths or ("",), options=settings, socket=True), paths)


def _declare(definition: RouteDefinition, paths: Sequence[str]) -> Callable[[_F], _F]:
    def attach(function: Any) -> Any:
        # A tuple, since decorators may be stacked.
        try:
            function.__routes__ = (definition, *getattr(function, "__routes__", ()))
        except AttributeError as error:
            raise InvalidHandlerError(
                f"a route decorator of {'/'.join(definition.methods)} {' and '.join(map(repr, paths))}",
                f"a {type(function).__name__} cannot be a handler",
                hint="decorate a method of a controller",
            ) from error
        return function

    # A decorator without parentheses is told with all other mistakes, when the app is built.
    bare: Callable[[_F], _F] = attach(paths[0]) if len(paths) == 1 and callable(paths[0]) else attach
    return bare


def get(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for GET, and for HEAD, which is answered without the body."""
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
    """Declare a handler for HEAD alone, in the place of the one that GET brings."""
    return _route(paths, ("HEAD",), settings)


def options(*paths: str, **settings: Unpack[RouteOptions]) -> Callable[[_F], _F]:
    """Declare a handler for OPTIONS, in the place of the automatic answer."""
    return _route(paths, ("OPTIONS",), settings)
