"""What is known of the route of a request, while it is served."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from msgspec import Struct

__all__ = ("RouteInfo", "route_of")


class RouteInfo(Struct, frozen=True, kw_only=True, eq=False):
    """One method on one path, as it was declared; made when the app is built, and shared by all of its requests."""

    method: str
    """``GET`` also for HEAD and for web sockets."""
    template: str
    """The full path template, below the prefix of a sub-application: ``/v1/orders/{order_id}``."""
    name: str
    """For ``App.url_for``."""
    handler: str
    """The qualified name of the handler: ``OrderController.show``."""
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]
    """Of app, routers, controller and route together; the inner level wins. It is read-only."""


def route_of(request: web.Request) -> RouteInfo | None:
    """Return the route that a request has matched.

    ``None`` where no handler of a controller responds: 404, 405, the automatic response to OPTIONS, and routes of
    aiohttp's own.
    """
    info: RouteInfo | None = getattr(request.match_info.route, "info", None)
    return info
