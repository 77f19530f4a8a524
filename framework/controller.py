"""Controllers and routers: what groups handlers under a path with common settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from framework.deprecation import Deprecation
from framework.limits import Limits
from framework.static import StaticFiles
from framework.typedefs import ExceptionHandlers, Guards, Middlewares

__all__ = ("Controller", "Controllers", "Router")


class Controller:
    """Base of all controllers: a class whose methods carry route decorators and whose constructor is injected.

    The class attributes apply to all of its handlers. Subclasses inherit handlers and attributes as Python has it; a
    method that overrides a handler keeps its route unless it carries a decorator of its own.
    """

    path: ClassVar[str] = ""
    tags: ClassVar[Sequence[str]] = ()
    guards: ClassVar[Guards] = ()
    middlewares: ClassVar[Middlewares] = ()
    exception_handlers: ClassVar[ExceptionHandlers] = {}
    limits: ClassVar[Limits] = Limits()
    deprecated: ClassVar[bool | Deprecation | None] = None
    """Where nothing is said, it is as on the level around."""
    raises: ClassVar[Sequence[type[Exception]]] = ()
    in_document: ClassVar[bool | None] = None
    """Whether its routes are in the OpenAPI document; as on the level around unless given."""
    metadata: ClassVar[Mapping[str, Any]] = {}
    """What guards, middlewares and observers read of its routes, see :func:`framework.routing.route_of`."""


@dataclass(frozen=True, slots=True)
class Router:
    """Groups controllers, and other routers, under a path prefix with common settings.

    ``name`` stands before the names of its routes (``v1.OrderController.show``), so that a controller can be mounted
    twice and each of its URLs still be asked for.
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


Controllers: TypeAlias = Sequence["type[Controller] | Router | StaticFiles"]
