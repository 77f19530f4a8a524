"""ASGI applications that serve all paths below a prefix."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from framework._inspect.calls import explained_class
from framework.limits import Limits
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("ASGIApplication", "Mount")

ASGIApplication: TypeAlias = Callable[
    [Any, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
"""An application of ASGI 3: ``await application(scope, receive, send)``."""


@explained_class("Mount", 'Mount("/old", asgi_application)')
@dataclass(frozen=True, slots=True)
class Mount:
    """Serves an ASGI application below a path; an item of ``controllers=`` of an app or a router.

    ``Mount("/old", old_application)``. It serves all methods of HTTP and web sockets, and starts and stops with the
    app. Its ``root_path`` is the prefix. Its routes are not in the OpenAPI document.
    """

    __module__ = "framework.asgi"

    path: str
    application: ASGIApplication
    with_lifespan: bool = field(default=True, kw_only=True)
    """Whether the application starts and stops with the app; one without lifespan ignores it."""
    public: bool = field(default=False, kw_only=True)
    """Whether it is open to everybody in an app with a ``default_guard``."""
    guards: Guards = field(default=(), kw_only=True)
    middlewares: Middlewares = field(default=(), kw_only=True)
    exception_handlers: ExceptionHandlers = field(default_factory=dict, kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)
