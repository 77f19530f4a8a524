"""The entries of the table of paths, as aiohttp sees them: resources, routes, and matches of unknown paths."""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import MatchInfoError, SystemRoute, UrlMappingMatchInfo
from yarl import URL

from framework._matched import RouteInfo
from framework._serve.routing.template import PathTemplate
from framework.limits import DEFAULT_LIMITS, Limits

__all__ = (
    "NamedResource",
    "PathEntry",
    "RefusalEntry",
    "Refusals",
    "RefusedMatch",
    "RouteEntry",
    "TemplateResource",
    "placeholders_of",
)

MakeException: TypeAlias = Callable[[str, Iterable[str]], web.HTTPException]
"""Creates aiohttp's exception for a method, and the methods that the path has."""
# The characters of a path that are not percent-encoded, and percent-encoded characters.
_PATH_SAFE = "/%!$&'()*+,;=:@"


class TemplateResource(web.Resource):
    """A path template in aiohttp's router: it lists and names the routes, which the catch-all resource resolves."""

    def __init__(self, template: PathTemplate, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.template = template
        self._prefix = ""
        self._entry: PathEntry | None = None

    def leave_name(self) -> None:
        """Have no name: the router knows another resource by it."""
        self._name = None

    def take_others(self, entry: "PathEntry") -> None:
        """Let routes that are added from now on match the paths of an entry."""
        self._entry = entry

    def register_route(self, route: Any) -> None:
        """Add a route of the framework, or another route of the path: a preflight handler, for example."""
        super().register_route(route)
        if self._entry is not None:
            self._entry.methods[route.method] = route
            self._entry.allowed.add(route.method)

    @property
    def canonical(self) -> str:
        return self._prefix + self.template.text

    def url_for(self, **kwargs: str) -> URL:
        return URL(quote(self._prefix, safe=_PATH_SAFE) + self.template.fill(kwargs), encoded=True)

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:  # noqa: ARG002
        """Match nothing: the catch-all resource knows all paths."""
        return None, set()

    def _match(self, path: str) -> dict[str, str] | None:  # noqa: ARG002  aiohttp's abstract method
        return None

    def add_prefix(self, prefix: str) -> None:
        self._prefix = prefix + self._prefix

    def get_info(self) -> Any:
        if not self.template.placeholders:
            return {"path": self.canonical}
        return {"formatter": self.canonical, "pattern": re.compile(re.escape(self._prefix) + self._pattern())}

    def _pattern(self) -> str:
        return "".join(
            "/" + re.escape(one.before)
            if one.name is None
            else f"/{re.escape(one.before)}(?P<{one.name}>{'.*' if one.rest else '[^{}/]+'}){re.escape(one.after)}"
            for one in self.template.segments
        )

    def raw_match(self, path: str) -> bool:  # noqa: ARG002  aiohttp would add native routes of the same path here
        return False

    def __bool__(self) -> bool:
        return True


class NamedResource(TemplateResource):
    """Another name of a path: each route has its own, and a resource of aiohttp's has only one."""


class _Entry:
    """The common base of all routes of the framework."""

    endpoint: Handler
    """Gives the response and raises nothing: errors are responses."""
    allowed: set[str]
    """The methods of the path, if this route reports them."""
    limits: Limits = DEFAULT_LIMITS
    """The limits of requests on this route."""
    body: int | None = 0
    """The most bytes of a body that are read here, ``None`` if the handler may read what it likes."""

    async def _expect(
        self, request: web.Request, ask: Callable[[web.Request], Awaitable[web.StreamResponse | None]]
    ) -> web.StreamResponse | None:
        length, most = request.content_length, self.body
        if most is not None and (not most or (length is not None and length > most)):
            return None
        return await ask(request)


class RouteEntry(_Entry, web.ResourceRoute):
    """One method on one path."""

    def __init__(
        self,
        method: str,
        handler: Handler,
        resource: TemplateResource,
        *,
        endpoint: Handler,
        name: str | None = None,
        allowed: set[str] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        body: int | None = None,
        info: RouteInfo | None = None,
    ) -> None:
        super().__init__(method, handler, resource)
        self._name = name
        self.info = info
        # Tracers that wrap the handlers of aiohttp's routes have wrapped this one by now.
        self.endpoint = endpoint if self.handler is handler else self.handler
        self.allowed = set() if allowed is None else allowed
        self.limits = limits
        self.body = body

    def allowing(self, methods: Iterable[str]) -> "RouteEntry":
        """Return a route that gives the same response and reports more methods of its path."""
        resource: Any = self.resource
        allowed = {*self.allowed, *methods}
        return RouteEntry(self.method, self.handler, resource, endpoint=self.endpoint, allowed=allowed, body=0)

    async def handle_expect_header(self, request: web.Request) -> web.StreamResponse | None:
        """Send 100 Continue to a client that waits for it, unless its head shows that the body will not be read."""
        return await self._expect(request, super().handle_expect_header)

    @property
    def name(self) -> str | None:
        return self._name


class RefusalEntry(_Entry, SystemRoute):
    """Responds to requests without a route: aiohttp's kind of route without a resource."""

    def __init__(
        self, handler: Handler, *, endpoint: Handler, make: MakeException, allowed: set[str] | None = None
    ) -> None:
        self.allowed = set() if allowed is None else allowed
        super().__init__(make("", self.allowed))
        self._own_handler = handler
        self.endpoint = endpoint
        self._make = make

    @property
    def handler(self) -> Handler:
        return self._own_handler

    def exception(self, method: str) -> web.HTTPException:
        """Return aiohttp's exception for a request."""
        return self._make(method, self.allowed)

    def allowing(self, methods: Iterable[str]) -> "RefusalEntry":
        """Return a route that gives the same response and reports more methods of its path."""
        allowed = {*self.allowed, *methods}
        return RefusalEntry(self.handler, endpoint=self.endpoint, make=self._make, allowed=allowed)

    async def handle_expect_header(self, request: web.Request) -> web.StreamResponse | None:
        """Send no 100 Continue: the body will not be read."""
        return await self._expect(request, super().handle_expect_header)


class RefusedMatch(MatchInfoError):
    """The match of a request that no route takes: it has no template, and aiohttp's exception instead."""

    __slots__ = ("_made", "_method")

    def __init__(self, route: RefusalEntry, method: str) -> None:
        UrlMappingMatchInfo.__init__(self, {}, route)
        self._method = method
        self._made: web.HTTPException | None = None

    @property
    def http_exception(self) -> web.HTTPException:
        """Aiohttp's exception, which is created on the first access."""
        if self._made is None:
            route: Any = self.route
            self._made = made = route.exception(self._method)
            return made  # type: ignore[no-any-return]  # made by the route
        return self._made

    def get_info(self) -> Any:
        return {"http_exception": self.http_exception}

    def __repr__(self) -> str:
        return f"<MatchInfoError {self.http_exception.status}: {self.http_exception.reason}>"


@dataclass(slots=True)
class PathEntry:
    """The methods of one path; ``other`` responds to the methods that it does not have (405)."""

    other: RefusalEntry
    allowed: set[str]
    """The methods, as ``Allow`` names them."""
    methods: dict[str, web.AbstractRoute] = field(default_factory=dict)
    resources: tuple[TemplateResource, ...] = ()
    """Those that list the routes, one for each spelling of the path."""
    socket: RouteEntry | None = None
    """The route for handshakes, in addition to that for any other GET."""


class Refusals(NamedTuple):
    """The routes for requests without a route, by the reason."""

    not_found: RefusalEntry
    options: RefusalEntry
    """The same for OPTIONS."""
    method: RefusalEntry
    """The method is unknown."""
    version: RefusalEntry
    """The version of HTTP is not 1."""
    host: RefusalEntry
    path: RefusalEntry
    query: RefusalEntry
    expectation: RefusalEntry


def placeholders_of(route: web.AbstractRoute) -> Sequence[str]:
    """Return the names of a route's placeholders, from left to right."""
    resource = route.resource
    return resource.template.placeholders if isinstance(resource, TemplateResource) else ()
