"""The table's place in aiohttp's router: one catch-all resource, tried after aiohttp's own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.web_urldispatcher import UrlMappingMatchInfo
from yarl import URL

from framework._serve.aiohttp_names import note_other_host
from framework._serve.routing.entries import (
    PathEntry,
    RefusalEntry,
    Refusals,
    RefusedMatch,
    RouteEntry,
    TemplateResource,
    placeholders_of,
)
from framework._serve.routing.hosts import is_host
from framework._serve.routing.table import PathTable, UndecodablePathError
from framework._serve.routing.template import PathTemplate

__all__ = ("ControllerResource",)

_Found: TypeAlias = tuple[web.AbstractRoute, Sequence[str]]
"""The route of a request, and the strings of its placeholders."""

_HOSTS_REMEMBERED = 1024


class ControllerResource(web.AbstractResource):
    """Resolves every path of the controllers, and responds to unknown paths with a problem."""

    def __init__(
        self,
        table: PathTable[PathEntry],
        *,
        methods: frozenset[str],
        refusals: Refusals,
        neighbours: Iterable[web.AbstractResource],
        is_handshake: Callable[[web.Request], bool],
    ) -> None:
        super().__init__()
        self.table = table
        self._methods = methods
        self._refusals = refusals
        self._neighbours = neighbours
        self._is_handshake = is_handshake
        self._prefix = ""
        self._above: Sequence[str | None] = ()
        self._entries: list[PathEntry] = []
        self.hosts: set[str | None] = set()
        """Hosts that were looked at and are well formed."""
        self.sockets: dict[web.AbstractRoute, RouteEntry] = {}
        """The web socket beside each GET that has one on its path."""

    def add(self, template: PathTemplate, entry: PathEntry) -> None:
        """Add a path with its methods."""
        self.table.add(template, entry)
        self._entries.append(entry)
        if entry.socket is not None:
            self.sockets[entry.methods[hdrs.METH_GET]] = entry.socket
        for resource in entry.resources:
            resource.take_others(entry)

    def listed(self) -> Iterator[TemplateResource]:
        """Yield what lists the routes in aiohttp's router."""
        for entry in self._entries:
            yield from entry.resources

    def answers(self) -> Iterator[web.AbstractRoute]:
        """Yield every route that may respond to a request, including 404 and the like."""
        for entry in self._entries:
            yield from entry.methods.values()
            yield from filter(None, (entry.socket,))
            yield entry.other
        yield from self._refusals

    @property
    def canonical(self) -> str:
        # "/" is the last place that aiohttp's router looks at: a catch-all.
        return "/"

    @property
    def prefix(self) -> str:
        """Where the app is mounted inside another."""
        return self._prefix

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """Return the match for a request; every request below the prefix has one, unless a neighbour knows its path."""
        if self._above and self._below(request.rel_url.raw_path) is None:
            return None, set()
        found = self.find(request)
        if found is None:
            return await self._elsewhere(request)
        route, captures = found
        if isinstance(route, RouteEntry | RefusalEntry) and route.allowed:
            route, captures = await self._beside(request, route, captures)
            if isinstance(route, UrlMappingMatchInfo):
                return route, set()
        return self.match(route, captures, request.method), set()

    @staticmethod
    def match(route: web.AbstractRoute, captures: Sequence[str], method: str) -> UrlMappingMatchInfo:
        """Return a match of its own for a request."""
        if isinstance(route, RefusalEntry):
            return RefusedMatch(route, method)
        return UrlMappingMatchInfo(dict(zip(placeholders_of(route), captures, strict=True)), route)

    def find(self, request: web.Request) -> _Found | None:
        """Return the route of a request and the strings of its placeholders; ``None`` if no path matches."""
        url = request.rel_url
        host = request.headers.get(hdrs.HOST)
        query = url.raw_query_string
        if request.raw_path[:1] != "/":
            note_other_host(request)
        if request.version.major != 1:
            return self._refusals.version, ()
        if host not in self.hosts and not self._remember(host):
            return self._refusals.host, ()
        if query and not _is_text(query):
            return self._refusals.query, ()
        if hdrs.EXPECT in request.headers and not _is_expected(request):
            return self._refusals.expectation, ()
        # RFC 9110, section 4.2.3: an empty path is the same as "/".
        found = self._look_up(url.raw_path or "/", request.method)
        if found is not None and found[0] in self.sockets and self._is_handshake(request):
            return self.sockets[found[0]], found[1]
        return found

    def _look_up(self, path: str, method: str) -> _Found | None:
        """Return the route for a method on a raw path, if host and query are well formed."""
        try:
            found = self._at(path)
        except UndecodablePathError:
            return self._refusals.path, ()
        if found is None:
            return None
        entry, captures = found
        route = entry.methods.get(method)
        if route is not None:
            return route, captures
        return (entry.other, captures) if method in self._methods else (self._refusals.method, ())

    def _at(self, path: str) -> tuple[PathEntry, Sequence[str]] | None:
        """Return the entry of a raw path and the strings of its placeholders; raises UndecodablePathError."""
        below = self._below(path) if self._above else path
        return None if below is None else self.table.find(below)

    def _below(self, path: str) -> str | None:
        """Return what follows the prefix in a raw path, ``None`` for a path below another prefix.

        The client may have percent-encoded the prefix: ``/%61pi/x`` -> ``/x``, ``/api`` -> an empty path.
        """
        depth = len(self._above)
        parts = path.split("/", depth + 1)
        if [_decoded(one) for one in parts[1 : depth + 1]] != self._above:
            return None
        return "/" + parts[-1] if len(parts) > depth + 1 else ""

    def _remember(self, host: str | None) -> bool:
        if host is not None and not is_host(host):
            return False
        if len(self.hosts) < _HOSTS_REMEMBERED:
            self.hosts.add(host)
        return True

    def _asked(self, request: web.Request) -> Iterator[web.AbstractResource]:
        """Yield the other resources that aiohttp's router would try for the path of a request, without applications.

        An application handles everything below its own prefix, so such a request does not arrive here; paths outside
        its prefix do not concern it, although its resource would match them.
        """
        path = request.rel_url.path_safe
        for resource in self._neighbours:
            if resource is self or isinstance(resource, TemplateResource) or "app" in resource.get_info():
                continue
            literal, brace, _ = resource.canonical.partition("{")
            start = (literal.rpartition("/")[0] if brace else literal).rstrip("/")
            if path == start or path.startswith(start + "/"):
                yield resource

    async def _elsewhere(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        # Resources beside this one may know the path under another method, or come after this one.
        allowed: set[str] = set()
        for resource in self._asked(request):
            if isinstance(resource, ControllerResource) and resource.find(request) is None:
                continue
            match, methods = await resource.resolve(request)
            if match is not None:
                return match, set()
            allowed |= methods
        if allowed:
            return None, allowed
        return self.match(self.nowhere(request), (), request.method), set()

    async def _beside(
        self, request: web.Request, route: RouteEntry | RefusalEntry, captures: Sequence[str]
    ) -> tuple[Any, Sequence[str]]:
        """Return the route for a method that the path does not have here.

        That is a route of another app, the match of a native route, or a route that reports all methods.
        """
        allowed: set[str] = set()
        for resource in self._asked(request):
            if isinstance(resource, ControllerResource):
                # Not resolve(), which would ask its neighbours, and so this one.
                found = resource._at(request.rel_url.raw_path or "/")  # noqa: SLF001  of this class
                if found is None:
                    continue
                entry, texts = found
                own = entry.methods.get(request.method)
                if own is not None and not getattr(own, "allowed", None):
                    return own, texts
                methods = entry.allowed
            else:
                match, methods = await resource.resolve(request)
                if match is not None:
                    return match, ()
            allowed |= methods
        return (route.allowing(allowed) if allowed else route), captures

    def nowhere(self, request: web.Request) -> RefusalEntry:
        """Return the route of a request whose path no resource knows."""
        if request.method == hdrs.METH_OPTIONS:
            return self._refusals.options
        return self._refusals.not_found if request.method in self._methods else self._refusals.method

    def url_for(self, **kwargs: str) -> URL:
        """Raise: a catch-all has no URL; ``App.url_for`` builds those of routes."""
        raise NotImplementedError("use App.url_for(handler, ...)")

    def add_prefix(self, prefix: str) -> None:
        self._prefix = prefix + self._prefix
        self._above = [_decoded(one) for one in self._prefix.split("/")[1:]]

    def get_info(self) -> Any:
        return {"path": self._prefix + "/"}

    def raw_match(self, path: str) -> bool:  # noqa: ARG002  the signature is aiohttp's
        return False

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        """Return 0: the resources of the paths list the routes."""
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())


def _decoded(segment: str) -> str | None:
    """Return a segment without percent-encoding, ``None`` if it is not UTF-8."""
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeError:
        return None


def _is_expected(request: web.Request) -> bool:
    # RFC 9110, section 10.1.1: an expectation in a request of HTTP/1.0 is ignored.
    return request.version != HttpVersion11 or request.headers[hdrs.EXPECT].lower() == "100-continue"


def _is_text(query: str) -> bool:
    if "%" not in query and query.isascii():
        return True
    try:
        unquote_to_bytes(query).decode()
    except UnicodeError:
        return False
    return True
