"""The protocols that guards, middlewares and exception handlers follow."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from aiohttp import web

from framework.schemes import Credentials

__all__ = (
    "CallNext",
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
"""``async (request, …) -> None``; raises (an HTTPError as a rule) to refuse the request.

Parameters beside the request are injected, or read from path, query, headers and cookies by their markers.
"""

CallNext: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What a middleware calls to go on; it returns the final response and never raises an Exception."""

Middleware: TypeAlias = Callable[[web.Request, CallNext], Awaitable[web.StreamResponse]]
"""``async (request, call_next) -> response``."""

ExceptionHandler: TypeAlias = Callable[..., Awaitable[web.StreamResponse]]
"""``async (request, error, …) -> response``; what follows are services, in a scope of their own."""

# Each may also be a class whose constructor is injected and whose instances have the shape above as __call__.
Guards: TypeAlias = Sequence[Guard | Credentials | type[Any]]
Middlewares: TypeAlias = Sequence[Middleware | type[Any]]
Observers: TypeAlias = Sequence[Any]
"""Instances, or classes that the container builds, with ``begin``, ``end`` or both (:class:`framework.Observer`)."""
ExceptionHandlers: TypeAlias = Mapping[type[Exception] | int, ExceptionHandler | type[Any]]


@runtime_checkable
class HasHeaders(Protocol):
    """A value that adds headers to the answer which it is the body of; a return annotation names its class."""

    header_descriptions: ClassVar[Mapping[str, str]]
    """The names of the headers, with what the document says of each."""

    def headers(self, request: web.Request) -> Mapping[str, str]:
        """Return the headers of the answer to a request."""
        ...
