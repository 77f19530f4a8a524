"""Information about the route of a request while it is served."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from msgspec import Struct
from yarl import URL

from framework.errors import ReverseError
from framework.limits import DEFAULT_LIMITS, Limits

__all__ = ("URL_MAKERS", "RouteInfo", "route_of", "url_for")


URL_MAKERS: web.AppKey[list[Callable[..., URL]]] = web.AppKey("framework.url_makers", list)
"""The ``url_for`` of each App that is served by an aiohttp application."""


class RouteInfo(Struct, frozen=True, kw_only=True, eq=False):
    """One method on one path, as declared; made when the app is built, and shared by all of its requests."""

    __module__ = "framework.routing"

    method: str
    """``GET`` also for HEAD and for web sockets."""
    template: str
    """The full path template, below the prefix of a sub-application: ``/v1/orders/{order_id}``."""
    name: str
    """The name for ``App.url_for``."""
    handler: str
    """The qualified name of the handler: ``OrderController.show``."""
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    """The merged metadata of app, routers, controller and route; the inner level wins. It is read-only."""
    services: frozenset[Any] = frozenset()
    """The types of the scoped and transient services that a request to the route creates.

    Those of guards included, and of the exception handlers around it, except for web sockets and built-in routes.
    """
    middlewares: tuple[Any, ...] = ()
    """The compiled middlewares (:class:`framework.layers.Layer`) that cover the route, outermost first."""
    guards: tuple[Any, ...] = ()
    """The layers that are given as guards of the route, such as a RateLimit, in their order."""
    is_built_in: bool = False
    """Whether the handler comes with the framework: documents and their pages, static files."""
    streams: bool = False
    """Whether the response is never in memory as a whole: a stream, or a declared file."""
    is_websocket: bool = False
    limits: Limits = DEFAULT_LIMITS
    """Those of the route, with the inherited values filled in."""
    keeps_body: bool = True
    """Whether ``await request.read()`` returns the body when the request is valid; false for multipart forms, parts and
    chunks, which are read once."""
    request_headers: tuple[str, ...] = ()
    """The names, in lower case, of the request headers that parameters and credentials are read from."""
    credential_headers: tuple[str, ...] = ()
    """Those of the credentials without which every request is refused."""
    credential_query: tuple[str, ...] = ()
    """The names of credentials in the query."""
    takes_request: tuple[str, ...] = ()
    """Guards, services and the handler that take the request itself, and may read headers that they do not declare."""


def route_of(request: web.Request) -> RouteInfo | None:
    """Return the route that a request has matched.

    ``None`` if no handler of a controller responds: for 404, 405, the automatic response to OPTIONS, and routes of
    plain aiohttp.
    """
    info: RouteInfo | None = getattr(request.match_info.route, "info", None)
    return info


def url_for(request: web.Request, target: Callable[..., Any] | str, /, **values: Any) -> URL:
    """Return what ``App.url_for`` of the app that serves a request returns, for code that does not have the app.

    Raises ReverseError.
    """
    failed = ReverseError("url_for: the request is not served by an App")
    for make in request.app.get(URL_MAKERS, ()):
        try:
            return make(target, **values)
        except ReverseError as error:
            failed = error
    raise failed
