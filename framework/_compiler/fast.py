"""The short way from aiohttp's protocol to an emitted handler, past ``Application._handle``.

``Application._handle`` resolves through aiohttp's router, keeps a stack of applications and asks for middlewares on
every request. An application that holds nothing but controllers needs none of this: its ``_handle`` is replaced on the
instance by a plain function that looks the path up and returns the handler's coroutine. Whatever it does not know
(aiohttp middlewares, other resources, sub-applications, ``Expect``) goes the stock way, with the same answers.

The only private names are ``Application._handle`` and the attributes of a request that its properties read. They are as
expected in the aiohttp
versions of ``TESTED``; elsewhere the stock way is taken, with one warning.
"""

import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import hdrs, web
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

from framework._routing.resource import ControllerResource, RouteEntry

__all__ = ("TESTED", "install")

TESTED = ("3.14",)
"""The series of aiohttp with which the tests of both ways pass."""

_Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


def install(application: web.Application, resource: ControllerResource) -> None:
    """Give an application that is about to serve the short way, unless it has more than controllers."""
    if list(application.router.resources()) != [resource] or resource.prefix:
        return
    if not _supported():
        return
    stock: _Handle = application._handle  # noqa: SLF001  see the module's docstring
    vars(application)["_handle"] = _short_way(application, resource, stock)


def _supported() -> bool:
    if aiohttp.__version__.rpartition(".")[0] in TESTED and hasattr(web.Application, "_handle"):
        return True
    warnings.warn(
        f"aiohttp {aiohttp.__version__} is not among those tested ({', '.join(TESTED)}); requests go its stock way",
        RuntimeWarning,
        stacklevel=2,
    )
    return False


def _short_way(application: web.Application, resource: ControllerResource, stock: _Handle) -> _Handle:
    middlewares = application.middlewares
    hosts, find = resource.hosts, resource.find
    ways = {route: _Way(application, route) for route in resource.answers()}
    static: dict[str, dict[str, _Way]] = {}
    for path, method, route in resource.static_routes():
        static.setdefault(path, {})[method] = ways[route]

    # PERF: no coroutine of its own, no match object with a stack of applications, the private attributes in the place
    # of properties: 25 % of a plain request. A static path with a plain query needs two look-ups.
    def handle(request: web.Request) -> Awaitable[web.StreamResponse]:
        headers = request._headers  # noqa: SLF001  see the module's docstring
        if middlewares or hdrs.EXPECT in headers:
            return stock(request)
        url = request._rel_url  # noqa: SLF001
        methods = static.get(url.raw_path)
        if methods is not None and not url.raw_query_string and headers.get(hdrs.HOST) in hosts:
            way = methods.get(request._method)  # noqa: SLF001
            if way is not None:
                request._match_info = way.match  # noqa: SLF001
                return way.endpoint(request)
        found = find(request)
        if found is None:
            return stock(request)
        route, captures = found
        way = ways[route]
        request._match_info = way.match_class(zip(route.placeholders, captures, strict=True)) if captures else way.match  # noqa: SLF001
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
    return type("RouteMatch", (UrlMappingMatchInfo,), fixed)
