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
    middlewares, hosts = application.middlewares, resource.hosts
    finder = _Finder(application, resource, stock)
    static, capture, look_closely = finder.static, finder.capture, finder.look_closely

    # PERF: no coroutine of its own, no match object with a stack of applications, the private attributes in the place
    # of properties: 25 % of a plain request. A static path needs two look-ups.
    def handle(request: web.Request) -> Awaitable[web.StreamResponse]:
        headers = request._headers  # noqa: SLF001  see the module's docstring
        if middlewares or hdrs.EXPECT in headers:
            return stock(request)
        message = request._message  # noqa: SLF001
        target = message.path
        if (
            message.version is HttpVersion11
            and headers.get(hdrs.HOST) in hosts
            and "%" not in target
            and target.isascii()
        ):
            path = request._rel_url.raw_path  # noqa: SLF001
            methods = static.get(path)
            if methods is None:
                way = capture(request, path)
            elif (way := methods.get(request._method)) is not None:  # noqa: SLF001
                request._match_info = way.match  # noqa: SLF001
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
        self.static = _by_method(table.static, ways)
        self._last = _by_method(table.last_placeholders(), ways)

    def capture(self, request: web.Request, path: str) -> "_Way | None":
        """Return the way of a path with placeholders, all of it ASCII without escapes."""
        # PERF: most of these paths end with their only placeholder, and are found without a walk.
        before, slash, text = path.rpartition("/")
        methods = self._last.get(before)
        if methods is not None and slash and text:
            way = methods.get(request.method)
            if way is not None:
                request._match_info = match = way.match_class()  # noqa: SLF001  see the module's docstring
                match[way.placeholder] = text
            return way
        known = self._find_plain(path)
        route = None if known is None else known[0].methods.get(request.method)
        if known is None or route is None:
            return None
        way = self._ways[route]
        request._match_info = way.match_class(zip(route.placeholders, known[1], strict=True))  # noqa: SLF001  as above
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
        request._match_info = way.match_class(zip(route.placeholders, captures, strict=True))  # noqa: SLF001  as above
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
