"""The short way from aiohttp's protocol to an emitted handler, past ``Application._handle``.

``Application._handle`` resolves through aiohttp's router, keeps a stack of applications and asks for middlewares on
every request. An application that holds nothing but controllers needs none of this: its ``_handle`` is replaced on the
instance by a plain function that looks the path up and returns the handler's coroutine. Whatever it does not know
(aiohttp middlewares, other resources, sub-applications, ``Expect``) goes the stock way, with the same answers.

The private names are read only where :mod:`framework._private` knows them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

from framework._private import SUPPORTED
from framework._routing.resource import ControllerResource, RouteEntry

__all__ = ("install",)

_Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def install(application: web.Application, resource: ControllerResource) -> None:
    """Give an application that is about to serve the short way, unless it has more than controllers."""
    if not SUPPORTED or resource.prefix or list(application.router.resources()) != [resource]:
        return
    # Other versions of aiohttp may not have the names that it imports.
    from framework._compiler.protocol import lean_servers

    stock: _Handle = application._handle  # noqa: SLF001  see the module's docstring
    vars(application)["_handle"] = _short_way(application, resource, stock)
    vars(application)["_make_handler"] = lean_servers(application)


def _short_way(application: web.Application, resource: ControllerResource, stock: _Handle) -> _Handle:
    middlewares = application.middlewares
    hosts, find, find_plain = resource.hosts, resource.find, resource.table.find_plain
    ways = {route: _Way(application, route) for route in resource.answers()}
    static = {
        path: {method: ways[route] for method, route in entry.methods.items()}
        for path, entry in resource.table.static.items()
    }

    # PERF: no coroutine of its own, no match object with a stack of applications, the private attributes in the place
    # of properties: 25 % of a plain request. A static path needs two look-ups.
    def handle(request: web.Request) -> Awaitable[web.StreamResponse]:
        headers = request._headers  # noqa: SLF001  see the module's docstring
        if middlewares or hdrs.EXPECT in headers:
            return stock(request)
        url = request._rel_url  # noqa: SLF001
        path, query = url.raw_path, url.raw_query_string
        # What has an escape, or bytes beyond ASCII, is looked at more closely by the resource.
        if (
            request._version is HttpVersion11  # noqa: SLF001
            and headers.get(hdrs.HOST) in hosts
            and "%" not in query
            and query.isascii()
        ):
            methods = static.get(path)
            if methods is not None:
                way = methods.get(request._method)  # noqa: SLF001
                if way is not None:
                    request._match_info = way.match  # noqa: SLF001
                    return way.endpoint(request)
            elif "%" not in path and path.isascii() and (known := find_plain(path)) is not None:
                route = known[0].methods.get(request._method)  # noqa: SLF001
                if route is not None:
                    way = ways[route]
                    request._match_info = way.match_class(zip(route.placeholders, known[1]))  # noqa: B905, SLF001  as many
                    return way.endpoint(request)
        found = find(request)
        if found is None:
            if path:
                return stock(request)
            # Aiohttp's router knows no empty path, not even as one that nobody has.
            found = resource.nowhere(request), ()
        route, captures = found
        way = ways[route]
        request._match_info = way.match_class(zip(route.placeholders, captures, strict=True))  # noqa: SLF001
        return way.endpoint(request)

    return handle


class _Way:
    """What the short way needs of a route."""

    __slots__ = ("endpoint", "match", "match_class")

    def __init__(self, application: web.Application, route: RouteEntry) -> None:
        self.endpoint = route.handler
        self.match_class = _match_class(application, route)
        self.match = self.match_class({})
        """Shared by all requests where the path has no placeholders."""


def _match_class(application: web.Application, route: RouteEntry) -> Callable[[Any], UrlMappingMatchInfo]:
    """Make the class of a route's matches: a dictionary of placeholders, the rest of it the same for all requests."""
    fixed: dict[str, Any] = {
        "__slots__": (),
        "__init__": dict.__init__,
        "_route": route,
        "_apps": [application],
        "_current_app": application,
        "_frozen": True,
        "plain": not application.on_response_prepare,
    }
    made: Any = type("RouteMatch", (UrlMappingMatchInfo,), fixed)
    return made  # type: ignore[no-any-return]  # its constructor is that of dict
