"""The fast path from aiohttp's protocol to an emitted handler, past ``Application._handle``.

``Application._handle`` resolves through aiohttp's router, keeps a stack of applications and builds the middlewares
around the handler on every request. An application with only controllers needs none of this: its server calls a plain
function that looks the path up and returns the coroutine of the handler, around which aiohttp's middlewares are folded
once. If that function cannot decide (old-style middlewares, other resources,
sub-applications, ``Expect``), the request goes through aiohttp's router, with the same responses. All of it is decided
when the application starts: by then middlewares and signals are frozen, and tracers have applied their patches.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial, update_wrapper
from typing import Any

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.connections.replaced import is_routing_replaced, is_serving_replaced, is_traced
from framework._serve.errors import ErrorResponder
from framework._serve.native_errors import Watch, settling
from framework._serve.observing.calls import Observing, observe_tasks, observing_of
from framework._serve.observing.emitted import begin_first, emit_begin
from framework._serve.routing.entries import PathEntry, RefusalEntry, RouteEntry, TemplateResource, placeholders_of
from framework._serve.routing.resource import ControllerResource
from framework._serve.sockets.handshake import is_handshake
from framework._source import Source

# ruff: noqa: SLF001  see above

__all__ = ("install",)

_Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def install(application: web.Application, resource: ControllerResource, watch: Watch, default: ErrorResponder) -> None:
    """Choose how an application is served when it starts; a sub-application is served by its parent."""

    async def look(_: web.Application) -> None:
        watch.traced = is_traced(application)

    application.on_startup.append(look)
    if hasattr(application, "_make_handler"):
        vars(application)["_make_handler"] = partial(_make_server, application, resource, watch, default)


def _make_server(
    application: web.Application, resource: ControllerResource, watch: Watch, default: ErrorResponder, **settings: Any
) -> web.Server:
    """Create the server of an application as ``Application._make_handler`` does, on the fast path if possible."""
    server: web.Server = type(application)._make_handler(application, **settings)
    watch.traced = is_traced(application)
    stock: Any = server.request_handler
    if watch.traced or application.middlewares:
        stock = settling(stock, default, watch)
    observing = observing_of(application)
    watch.observed = observing is not None
    seen: Any = stock if observing is None else observe_tasks(stock, observing)
    server.request_handler = seen
    if not SUPPORTED or is_serving_replaced(application, server):
        return server
    if _takes_fast_path(application, resource):
        stock = _fast_path(_Finder(application, resource, default, watch), resource.hosts, stock, observing)
    elif observing is not None:
        stock = begin_first(stock, observing)
    # Other versions of aiohttp may not have the names that these modules import.
    from framework._serve.connections.codings import take_undecodable
    from framework._serve.connections.server import lean_server

    take_undecodable()
    return lean_server(application, server, stock, observing)


def _takes_fast_path(application: web.Application, resource: ControllerResource) -> bool:
    """Return whether an application has only controllers: no other routes, and no replaced routing."""
    return (
        not resource.prefix
        and all(one is resource or isinstance(one, TemplateResource) for one in application.router.resources())
        and not is_routing_replaced(application)
        and all(map(_is_new_style, application.middlewares))
    )


def _is_new_style(middleware: Any) -> bool:
    return getattr(middleware, "__middleware_version__", None) == 1


def _fast_path(
    finder: "_Finder", hosts: Collection[str | None], stock: _Handle, observing: Observing | None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Emit the function that handles requests; it calls the observers, if there are any."""
    source = Source()
    source.use(
        __name__=__name__, EXPECT=hdrs.EXPECT, HOST=hdrs.HOST, HttpVersion11=HttpVersion11, hosts=hosts, stock=stock
    )
    source.use(static=finder.static, find=finder.find, look_closely=finder.look_closely)
    with source.block("def handle(request):"):
        if observing is not None:
            emit_begin(source, observing)
        source.lines(_HANDLE)
    return source.run()["handle"]  # type: ignore[no-any-return]  # it was emitted here


# PERF: no coroutine of its own, no match object with a stack of applications, and private attributes instead of
# properties: 25 % of a plain request. A static path without a query needs two look-ups, and no URL.
_HANDLE = """\
headers = request._headers
if EXPECT in headers:
    return stock(request)
message = request._message
if message.version is HttpVersion11 and headers.get(HOST) in hosts:
    target = message.path
    methods = static.get(target)
    if methods is None:
        way = find(request, target)
    elif (way := methods.get(request._method)) is not None:
        request._match_info = way.match
    if way is not None:
        return way.endpoint(request)
return look_closely(request)""".splitlines()


class _Finder:
    """Finds the route of a request, and sets the match of the request."""

    def __init__(
        self, application: web.Application, resource: ControllerResource, default: ErrorResponder, watch: Watch
    ) -> None:
        table = resource.table
        self._application = application
        self._resource = resource
        self._find_plain = table.find_plain
        fold = _folder(application, default, watch)
        self._ways = ways = {route: _Way(application, route, fold(route)) for route in resource.answers()}
        for route, socket in resource.sockets.items():
            ways[route].endpoint = _forked(ways[route].endpoint, ways[socket], placeholders_of(socket))
        self.static = {path: methods for path, methods in _by_method(table.static, ways).items() if _is_plain(path)}
        self._last = _by_method(table.last_placeholders(), ways)

    def find(self, request: web.Request, target: str) -> "_Way | None":
        """Return the route of a target with a query or placeholders; ``None`` if the target needs the slow path."""
        # An absolute target has a host of its own.
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
        # PERF: most paths with placeholders end with their only placeholder, and are found without walking the tree.
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
        request._match_info = way.match_class(zip(placeholders_of(route), known[1], strict=True))
        return way

    def look_closely(self, request: web.Request) -> Awaitable[web.StreamResponse]:
        """Handle a target with an escape or bytes beyond ASCII, or whose path does not match."""
        resource = self._resource
        route, captures = resource.find(request) or (resource.nowhere(request), ())
        match = resource.match(route, captures, request.method)
        match.add_app(self._application)
        match.freeze()
        request._match_info = match
        return self._ways[route].endpoint(request)


class _Way:
    """The parts of a route that the fast path needs."""

    __slots__ = ("endpoint", "match", "match_class", "placeholder")

    def __init__(self, application: web.Application, route: web.AbstractRoute, endpoint: Handler) -> None:
        self.endpoint = endpoint
        self.match_class = _match_class(application, route)
        placeholders = placeholders_of(route)
        self.placeholder = placeholders[-1] if placeholders else ""
        if not placeholders:
            self.match = _shared_match(self.match_class)
            """Replaces the match until it is accessed."""


def _forked(endpoint: Handler, socket: _Way, placeholders: Sequence[str]) -> Handler:
    """Return the function that passes handshakes to the web socket on the same path."""

    def choose(request: web.Request) -> Awaitable[web.StreamResponse]:
        if not is_handshake(request):
            return endpoint(request)
        texts = request.match_info.values()
        request._match_info = socket.match_class(zip(placeholders, texts, strict=True))
        return socket.endpoint(request)

    return choose


def _folder(
    application: web.Application, default: ErrorResponder, watch: Watch
) -> Callable[[web.AbstractRoute], Handler]:
    """Return a function that folds aiohttp's middlewares around a handler, as ``Application._handle`` does."""
    middlewares = list(reversed(application.middlewares))

    def fold(route: web.AbstractRoute) -> Handler:
        if not middlewares:
            return route.endpoint if isinstance(route, RouteEntry | RefusalEntry) else route.handler
        handler: Any = route.handler
        for one in middlewares:
            handler = update_wrapper(partial(one, handler=handler), handler)
        return settling(handler, default, watch)

    return fold


def _is_plain(target: str) -> bool:
    """Return whether a target, or the string of a path, has no escapes and is what the client wrote."""
    return "%" not in target and target.isascii()


def _by_method(entries: Mapping[str, PathEntry], ways: Mapping[web.AbstractRoute, _Way]) -> dict[str, dict[str, _Way]]:
    return {path: {method: ways[route] for method, route in entry.methods.items()} for path, entry in entries.items()}


def _match_class(application: web.Application, route: web.AbstractRoute) -> Callable[..., UrlMappingMatchInfo]:
    """Create the class of a route's matches: a dictionary of placeholders, the rest the same for all requests."""
    info: Any = getattr(route, "info", None)
    fixed: dict[str, Any] = {
        "__slots__": (),
        "__init__": dict.__init__,
        "_route": route,
        "template": None if route.resource is None else route.resource.canonical,
        "metadata": {} if info is None else info.metadata,
        "_apps": [application],
        "_current_app": application,
        "_frozen": True,
        "make_own": None,
        "plain": not application.on_response_prepare,
    }
    made: Any = type("RouteMatch", (UrlMappingMatchInfo,), fixed)
    return made  # type: ignore[no-any-return]  # its constructor is that of dict


def _shared_match(match_class: Any) -> UrlMappingMatchInfo:
    """Create the placeholder for the matches of one path: each request gets its own match when it is accessed."""
    made: Any = type("SharedMatch", (match_class,), {"__slots__": (), "make_own": match_class})
    shared: UrlMappingMatchInfo = made()
    return shared
