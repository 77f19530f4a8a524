"""What a compiled middleware is, and what it may do for a route; public in :mod:`framework.layers`."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from aiohttp import web

from framework.container import Container
from framework.http_errors import HTTPError
from framework.routing import RouteInfo

__all__ = ("After", "Before", "ChooseHeaders", "Layer", "Steps")

Before: TypeAlias = Callable[[web.Request], Any]
"""``(request) -> None`` to go on, or a response, plain or ``async def``; it may raise an HTTPError."""

After: TypeAlias = Callable[..., web.StreamResponse | Awaitable[web.StreamResponse]]
"""``(request, response) -> response``, plain or ``async def``; the same response, changed, or another.

A plain function may return a coroutine if it has to wait after all.
"""

ChooseHeaders: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""``(value of a request header) -> response headers``, ``None`` for none; always the same for the same value.

It is not called if the header is missing, empty, or there several times.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a layer does for a route; plain functions are called without ``await``, and must not block."""

    __module__ = "framework.layers"

    headers: Mapping[str, str] = field(default_factory=dict)
    """Constant headers, added to every response, errors included, that does not have them."""
    secure_headers: Mapping[str, str] = field(default_factory=dict)
    """The same for requests that came over HTTPS."""
    headers_by: Mapping[str, ChooseHeaders] = field(default_factory=dict)
    """Functions by request header that return headers for its value; they are added like ``headers``."""
    before: Before | None = None
    """Called on the way in; a response that it returns is sent, and no inner layer or handler runs."""
    before_if: Sequence[str] = ()
    """Names of request headers: ``before`` is called only for requests with one of them, and skipped for all others."""
    after: After | None = None
    """Called on the way out if ``before`` was called, for every response whose head is not sent yet."""
    keeps: bool = False
    """Whether the result of ``before`` is not a response, but a value that ``after`` is called with as its third
    argument: ``None`` if ``before`` has raised an error or was skipped."""
    behind_guards: bool = False
    """Whether ``before`` runs after the guards; ``after`` then runs when the services of the request are closed."""
    after_validation: bool = False
    """Whether ``before`` runs after the guards and when the request is read and valid."""
    opens: Sequence[AbstractAsyncContextManager[object]] = ()
    """Entered when the app starts, before its singletons are opened, and left when it stops; each object once."""
    raises: Sequence[type[HTTPError]] = ()
    """The errors that it may respond with, for the OpenAPI document."""
    responses: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Other responses, for the OpenAPI document: Response Objects by status."""
    response_headers: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of the headers that it adds to responses, by their names, for the OpenAPI document."""
    request_headers: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of the headers that it reads, by their names, for the OpenAPI document."""
    request_cookies: Mapping[str, str] = field(default_factory=dict)
    """Descriptions of the cookies that it reads, by their names, for the OpenAPI document."""


class Layer:
    """Base class of a middleware that is compiled into the routes that it covers."""

    __module__ = "framework.layers"

    rank: ClassVar[int | None] = None
    """Position in the order of the catalogue; with ``None``, the layer may have any position."""
    nearest: ClassVar[bool] = False
    """Whether only the innermost instance of the class applies to a route; otherwise all of them apply."""

    def compile(self, route: RouteInfo | None, /) -> Steps | None:
        """Return what the layer does for a route, ``None`` for nothing; called at start-up.

        ``route`` is ``None`` for responses without a handler: 404, 405, 501, 400 of an unreadable path, and the
        automatic response to OPTIONS. May raise a DefinitionError.
        """
        raise NotImplementedError

    def compile_guard(self, route: RouteInfo) -> Steps:  # noqa: ARG002  overridden
        """Return what the layer ``raises`` and ``opens`` as a guard of a route; called at start-up.

        All other steps are ignored: a guard is called, with injected arguments.
        """
        return Steps()

    @classmethod
    def for_options(cls, policies: Mapping[str, Any], default: Any) -> Steps | None:  # noqa: ARG003  overridden
        """Return the steps for OPTIONS of a path; called only if ``nearest`` is true.

        ``policies`` has the instance that applies to each method of the path, ``default`` is the one that all routes
        of the path share, if any. For a path that does not exist there are no policies, and the app's own is the
        default. Subclasses may annotate both with ``Self``.
        """
        steps: Steps | None = None if default is None else default.compile(None)
        return steps

    def register(self, container: Container) -> None:
        """Add services that handlers may require; called at start-up with the build's own copy of the container."""

    def exclusive(self) -> Collection[Any]:
        """Return the types of registered services that only the routes which the layer covers may require."""
        return ()

    def mistakes(self) -> Iterable[tuple[str, str]]:
        """Return what is wrong with the options, each with a hint; reported when the app is built."""
        return ()

    def guard_mistakes(self) -> Iterable[tuple[str, str]]:
        """Return what is wrong with the options of a layer that is given as a guard."""
        return self.mistakes()
