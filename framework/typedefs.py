"""The types of guards, middlewares, exception handlers and observers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from aiohttp import web

from framework.credentials import Credentials

__all__ = (
    "CallNext",
    "CompiledMiddleware",
    "ExceptionHandler",
    "ExceptionHandlers",
    "Guard",
    "Guards",
    "HasHeaders",
    "Middleware",
    "Middlewares",
    "Observers",
)

Guard: TypeAlias = Callable[..., Awaitable[None]]
"""``async (request, …) -> None``; raises an error, usually an HTTPError, to refuse the request.

Further parameters are injected, or read from path, query, headers and cookies by their markers.
"""

CallNext: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""The function that a middleware calls to continue; it returns the final response and never raises an Exception."""

Middleware: TypeAlias = Callable[[web.Request, CallNext], Awaitable[web.StreamResponse]]
"""``async (request, call_next) -> response``."""


class CompiledMiddleware(Protocol):
    """A middleware that is compiled into the routes that it covers: see :class:`framework.layers.Layer`."""

    def compile(self, route: Any, /) -> Any:
        """Return what it does for a route."""
        ...


ExceptionHandler: TypeAlias = Callable[..., Awaitable[web.StreamResponse]]
"""``async (request, error, …) -> response``; further parameters are services, in their own scope."""

# Each may also be a class with an injected constructor and the signature above as __call__.
Guards: TypeAlias = Sequence[Guard | Credentials | type[Any]]
"""Functions, security schemes, or classes that the container builds."""
Middlewares: TypeAlias = Sequence[Middleware | CompiledMiddleware | type[Any]]
"""Functions, compiled middlewares, or classes that the container builds; the first one is the outermost."""
Observers: TypeAlias = Sequence[Any]
"""Instances, or classes that the container builds, with ``begin``, ``end`` or both (:class:`framework.Observer`)."""
ExceptionHandlers: TypeAlias = Mapping[type[Exception] | int, ExceptionHandler | type[Any]]
"""Handlers by the class of the exception, or by the status of an error response."""


@runtime_checkable
class HasHeaders(Protocol):
    """A response value that adds headers to its response; a return annotation names its class."""

    header_descriptions: ClassVar[Mapping[str, str]]
    """The names of the headers, with their descriptions for the document."""

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """Return the headers of the response to a request."""
        ...
