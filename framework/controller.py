"""Controllers and routers: groups of handlers under a path with common settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from framework._inspect.calls import explained_class
from framework._mount import Mount
from framework.deprecation import Deprecation
from framework.limits import Limits
from framework.static import StaticFiles
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("Controller", "Controllers", "Router")


class Controller:
    """Base class of controllers: methods with route decorators are handlers, and the constructor is injected.

    The class attributes apply to all handlers. Subclasses inherit handlers and attributes by Python's rules. A method
    that overrides a handler keeps its route unless it has a route decorator.
    """

    path: ClassVar[str] = ""
    tags: ClassVar[Sequence[str]] = ()
    guards: ClassVar[Guards] = ()
    middlewares: ClassVar[Middlewares] = ()
    exception_handlers: ClassVar[ExceptionHandlers] = {}
    limits: ClassVar[Limits] = Limits()
    deprecated: ClassVar[bool | Deprecation | None] = None
    """Whether its routes are deprecated; None inherits the value of the enclosing level."""
    raises: ClassVar[Sequence[type[Exception]]] = ()
    in_document: ClassVar[bool | None] = None
    """Whether its routes are in the OpenAPI document; None inherits the value of the enclosing level."""
    metadata: ClassVar[Mapping[str, Any]] = {}
    """Metadata of its routes for guards, middlewares and observers, see :func:`framework.routing.route_of`."""
    injected_calls: ClassVar[Sequence[Callable[..., Any]]] = ()
    """The functions that it calls with :class:`framework.runtime.Runtime`; checked when the app is built."""


@explained_class("Router", 'Router("/v1", [Items], name="v1")')
@dataclass(frozen=True, slots=True)
class Router:
    """Groups controllers, and other routers, under a path prefix with common settings.

    ``name`` prefixes the names of its routes (``v1.OrderController.show``), so that a controller can be mounted twice
    and each of its routes has its own name for ``url_for``.
    """

    path: str = ""
    controllers: "Controllers" = ()
    name: str | None = field(default=None, kw_only=True)
    tags: Sequence[str] = field(default=(), kw_only=True)
    guards: Guards = field(default=(), kw_only=True)
    middlewares: Middlewares = field(default=(), kw_only=True)
    exception_handlers: ExceptionHandlers = field(default_factory=dict, kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)
    deprecated: bool | Deprecation | None = field(default=None, kw_only=True)
    raises: Sequence[type[Exception]] = field(default=(), kw_only=True)
    in_document: bool | None = field(default=None, kw_only=True)
    metadata: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


Controllers: TypeAlias = Sequence["type[Controller] | Router | StaticFiles | Mount"]
"""What ``App`` and ``Router`` take as ``controllers``."""
