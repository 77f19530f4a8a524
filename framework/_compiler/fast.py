"""The short way from aiohttp's protocol to an emitted handler, past ``Application._handle``.

``Application._handle`` resolves through aiohttp's router, keeps a stack of applications and asks for middlewares on
every request. An application that holds nothing but controllers needs none of this: its ``_handle`` is replaced on the
instance by a plain function that looks the path up and returns the handler's coroutine. Whatever it does not know
(aiohttp middlewares, other resources, sub-applications, ``Expect``) goes the stock way, with the same answers.

The private names are read only where :mod:`framework._private` knows them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

from framework._private import SUPPORTED
from framework._routing.resource import ControllerResource, PathEntry, RouteEntry

# ruff: noqa: SLF001  see above

__all__ = ("install",)

_EXPECT, _HOST = hdrs.EXPECT, hdrs.HOST
_Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def install(application: web.Application, resource: ControllerResource) -> None:
    """Give an application that is about to serve the short way, unless it has more than controllers."""
    if not SUPPORTED or resource.prefix or list(application.router.resources()) != [resource]:
        return
    # Other versions of aiohttp may not have the names that it imports.
    from framework._compiler.codings import take_undecodable
    from framework._compiler.lean_server import lean_servers

    stock: _Handle = application._handle
    vars(application)["_handle"] = _short_way(application, resource, stock)
    vars(application)["_make_handler"] = lean_servers(application)
    take_undecodable()


def _short_way(application: web.Application, resource: ControllerResource, stock: _Handle) -> _Handle:
    middlewares, hosts = application.middlewares, resource.hosts
    finder = _Finder(application, resource, stock)
    static, find, look_closely = finder.static, finder.find, finder.look_closely

    # PERF: no coroutine of its own, no match object with a stack of applications, the private attributes in the place
    # of properties: 25 % of a plain request. A static path without a query needs two look-ups, and no URL.
    def handle(request: web.Request) -> Awaitable[web.StreamResponse]:
        headers = request._headers
        if middlewares or _EXPECT in headers:
            return stock(request)
        message = request._message
        if message.version is HttpVersion11 and headers.get(_HOST) in hosts:
            target = message.path
            methods = static.get(target)
            if methods is None:
                way = find(request, target)
            elif (way := methods.get(request._method)) is not None:
                request._match_info = way.match
            if way is not None:
                return way.endpoint(request)
        return look_closely(request)

    return handle


class _Finder:
    """Finds the way of a request, and gives the request its match."""

    def __init__(self, application: web.Application, resource: ControllerResource, stock: _Handle) -> None:
        table = resource.table
        self._resource = resource
        self._stock = stock
        self._find_plain = table.find_plain
        self._ways = ways = {route: _Way(application, route) for route in resource.answers()}
        self.static = {path: methods for path, methods in _by_method(table.static, ways).items() if _is_plain(path)}
        self._last = _by_method(table.last_placeholders(), ways)

    def find(self, request: web.Request, target: str) -> "_Way | None":
        """Return the way of a target that has a query or placeholders; ``None`` where it is to be looked at closely."""
        # An absolute target names a host of its own.
        if target[:1] != "/" or not _is_plain(target):
            return None
        request._rel_url = url = request._message.url
        path = url.raw_path
        method = request._method
        methods = self.static.get(path)
        if methods is not None:
            way = methods.get(method)
            if way is not None:
                request._match_info = way.match
            return way
        # PERF: most paths with placeholders end with their only one, and are found without a walk.
        before, _, text = path.rpartition("/")
        methods = self._last.get(before)
        if methods is None or not text:
            return self._descend(request, path, method)
        way = methods.get(method)
        if way is not None:
            request._match_info = match = way.match_class()
            match[way.placeholder] = text
        return way

    def _descend(self, request: web.Request, path: str, method: str) -> "_Way | None":
        known = self._find_plain(path)
        route = None if known is None else known[0].methods.get(method)
        if known is None or route is None:
            return None
        way = self._ways[route]
        request._match_info = way.match_class(zip(route.placeholders, known[1], strict=True))
        return way

    def look_closely(self, request: web.Request) -> Awaitable[web.StreamResponse]:
        """Answer what has an escape, or bytes beyond ASCII, or is answered by nobody."""
        found = self._resource.find(request)
        if found is None:
            if request.rel_url.raw_path:
                return self._stock(request)
            # Aiohttp's router knows no empty path, not even as one that nobody has.
            found = self._resource.nowhere(request), ()
        route, captures = found
        way = self._ways[route]
        request._match_info = way.match_class(zip(route.placeholders, captures, strict=True))
        return way.endpoint(request)


class _Way:
    """What the short way needs of a route."""

    __slots__ = ("endpoint", "match", "match_class", "placeholder")

    def __init__(self, application: web.Application, route: RouteEntry) -> None:
        self.endpoint = route.handler
        self.match_class = _match_class(application, route)
        self.placeholder = route.placeholders[-1] if route.placeholders else ""
        self.match = self.match_class()
        """Shared by all requests where the path has no placeholders."""


def _is_plain(target: str) -> bool:
    """Tell whether a target, or the text of a path, has no escapes and is what the client wrote."""
    return "%" not in target and target.isascii()


def _by_method(entries: Mapping[str, PathEntry], ways: Mapping[RouteEntry, _Way]) -> dict[str, dict[str, _Way]]:
    return {path: {method: ways[route] for method, route in entry.methods.items()} for path, entry in entries.items()}


def _match_class(application: web.Application, route: RouteEntry) -> Callable[..., UrlMappingMatchInfo]:
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
