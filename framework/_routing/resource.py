"""The table's place in aiohttp's router: one catch-all resource, tried after aiohttp's own."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import UrlMappingMatchInfo
from yarl import URL

from framework._routing.table import PathTable, UndecodablePathError
from framework._routing.template import PathTemplate
from framework.limits import DEFAULT_LIMITS, Limits

__all__ = ("ControllerResource", "PathEntry", "Refusals", "RouteEntry")

# RFC 3986, section 3.2.2: a registered name or an IP literal, then perhaps a port.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?\Z")
_LAST_PORT = 65535
_HOSTS_REMEMBERED = 1024


class _TemplateResource(web.AbstractResource):
    """What ``request.match_info.route.resource`` shows for a route: its path template."""

    def __init__(self, template: PathTemplate) -> None:
        super().__init__()
        self._template = template

    @property
    def canonical(self) -> str:
        return self._template.text

    def url_for(self, **kwargs: str) -> URL:
        return URL(self._template.fill(kwargs), encoded=True)

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:  # noqa: ARG002
        return None, set()

    def add_prefix(self, prefix: str) -> None:
        """Do nothing: the catch-all resource holds the prefix."""

    def get_info(self) -> Any:
        return {"formatter": self._template.text}

    def raw_match(self, path: str) -> bool:
        return path == self._template.text

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())


class RouteEntry(web.AbstractRoute):
    """One method on one path, as aiohttp sees it."""

    def __init__(
        self,
        method: str,
        handler: Handler,
        template: PathTemplate,
        name: str | None,
        *,
        allow: str = "",
        limits: Limits = DEFAULT_LIMITS,
        body: int | None = None,
    ) -> None:
        super().__init__(method, handler, resource=_TemplateResource(template))
        self._name = name
        self.allow = allow
        """The methods of the path, where this route tells them."""
        self.limits = limits
        """What requests may cost here."""
        self._body = body
        """The most bytes of a body that are read here, ``None`` where the handler may read what it likes."""
        self.template = template
        self.placeholders = template.placeholders

    def allowing(self, methods: Iterable[str]) -> "RouteEntry":
        """Return a route that answers the same and tells more methods of its path."""
        allow = ", ".join(sorted({*self.allow.split(", "), *methods}))
        return RouteEntry(self.method, self.handler, self.template, self.name, allow=allow, limits=self.limits, body=0)

    async def handle_expect_header(self, request: web.Request) -> web.StreamResponse | None:
        """Ask a client that waits for it to send its body, unless its head tells that nobody will read it."""
        length, most = request.content_length, self._body
        if most is not None and (not most or (length is not None and length > most)):
            return None
        return await super().handle_expect_header(request)

    @property
    def name(self) -> str | None:
        return self._name

    def get_info(self) -> Any:
        return {"formatter": self.template.text}

    def url_for(self, *args: str, **kwargs: str) -> URL:  # noqa: ARG002  the signature is aiohttp's
        return URL(self.template.fill(kwargs), encoded=True)


@dataclass(slots=True)
class PathEntry:
    """The methods of one path; ``other`` answers the methods that it has not (405)."""

    other: RouteEntry
    methods: dict[str, RouteEntry] = field(default_factory=dict)


class Refusals(NamedTuple):
    """What answers requests that no route takes, by what is wrong with them."""

    not_found: RouteEntry
    method: RouteEntry
    """The method is unknown."""
    version: RouteEntry
    """The version of HTTP is not 1."""
    host: RouteEntry
    path: RouteEntry
    query: RouteEntry
    expectation: RouteEntry


class ControllerResource(web.AbstractResource):
    """Resolves every path of the controllers, and answers what nobody knows with problems of the framework's own."""

    def __init__(
        self,
        table: PathTable[PathEntry],
        *,
        methods: frozenset[str],
        refusals: Refusals,
        neighbours: Iterable[web.AbstractResource],
    ) -> None:
        super().__init__()
        self.table = table
        self._methods = methods
        self._refusals = refusals
        self._neighbours = neighbours
        self._prefix = ""
        self._depth = 0
        self._entries: list[RouteEntry] = []
        self._others: list[RouteEntry] = []
        self.hosts: set[str | None] = set()
        """Hosts that were looked at and are well formed."""

    def add(self, template: PathTemplate, entry: PathEntry) -> None:
        """Add a path with its methods."""
        self.table.add(template, entry)
        self._entries.extend(entry.methods.values())
        self._others.append(entry.other)

    def answers(self) -> Iterator[RouteEntry]:
        """Yield everything that may answer a request, 404 and its like included."""
        yield from self._entries
        yield from self._others
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
        """Return the match for a request; every request has one, unless a neighbour knows its path."""
        found = self.find(request)
        if found is None:
            return await self._elsewhere(request)
        if found[0].allow:
            return await self._beside(request, *found), set()
        return _match(*found), set()

    def find(self, request: web.Request) -> tuple[RouteEntry, Sequence[str]] | None:
        """Return what answers a request and the texts of its placeholders; ``None`` where no path fits."""
        url = request.rel_url
        host = request.headers.get(hdrs.HOST)
        query = url.raw_query_string
        if request.version.major != 1:
            return self._refusals.version, ()
        if host not in self.hosts and not self._remember(host):
            return self._refusals.host, ()
        if query and not _is_text(query):
            return self._refusals.query, ()
        if hdrs.EXPECT in request.headers and not _is_expected(request):
            return self._refusals.expectation, ()
        # RFC 9110, section 4.2.3: an empty path is the same as "/".
        return self._look_up(url.raw_path or "/", request.method)

    def _look_up(self, path: str, method: str) -> tuple[RouteEntry, Sequence[str]] | None:
        """Return what answers a method on a raw path, host and query being well formed."""
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
        """Return what is known of a raw path and the texts of its placeholders; raises UndecodablePathError."""
        return self.table.find(_below(path, self._depth) if self._depth else path)

    def _remember(self, host: str | None) -> bool:
        if host is not None and not _is_host(host):
            return False
        if len(self.hosts) < _HOSTS_REMEMBERED:
            self.hosts.add(host)
        return True

    async def _elsewhere(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        # Resources beside this one may know the path under another method, or stand behind this one.
        allowed: set[str] = set()
        for resource in self._neighbours:
            if resource is self or (isinstance(resource, ControllerResource) and resource.find(request) is None):
                continue
            match, methods = await resource.resolve(request)
            if match is not None:
                return match, set()
            allowed |= methods
        if allowed:
            return None, allowed
        return UrlMappingMatchInfo({}, self.nowhere(request)), set()

    async def _beside(self, request: web.Request, route: RouteEntry, captures: Sequence[str]) -> UrlMappingMatchInfo:
        """Return the match of a method that the path has not here: a neighbour's, or one that tells all methods."""
        allowed: set[str] = set()
        for resource in self._neighbours:
            if isinstance(resource, ControllerResource):
                # Not resolve(), which would ask its neighbours, and so this one.
                found = resource._at(request.rel_url.raw_path or "/")  # noqa: SLF001  of this class
                if found is None:
                    continue
                entry, texts = found
                own = entry.methods.get(request.method)
                if own is not None and not own.allow:
                    return _match(own, texts)
                methods = set(entry.other.allow.split(", "))
            else:
                match, methods = await resource.resolve(request)
                if match is not None:
                    return match
            allowed |= methods
        return _match(route.allowing(allowed) if allowed else route, captures)

    def nowhere(self, request: web.Request) -> RouteEntry:
        """Return what answers a request whose path nobody knows."""
        return self._refusals.not_found if request.method in self._methods else self._refusals.method

    def url_for(self, **kwargs: str) -> URL:
        """Refuse: a catch-all has no URL; ``App.url_for`` builds those of routes."""
        raise NotImplementedError("use App.url_for(handler, ...)")

    def add_prefix(self, prefix: str) -> None:
        self._prefix = prefix + self._prefix
        self._depth = self._prefix.count("/")

    def get_info(self) -> Any:
        return {"path": self._prefix + "/"}

    def raw_match(self, path: str) -> bool:  # noqa: ARG002  the signature is aiohttp's
        return False

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(self._entries)


def _match(route: RouteEntry, captures: Sequence[str]) -> UrlMappingMatchInfo:
    return UrlMappingMatchInfo(dict(zip(route.placeholders, captures, strict=True)), route)


def _below(path: str, depth: int) -> str:
    """Return what stands behind the first segments, which a client may have percent-encoded: ``/%61pi/x`` -> ``/x``."""
    parts = path.split("/", depth + 1)
    return "/" + parts[-1] if len(parts) > depth + 1 else ""


def _is_host(host: str) -> bool:
    match = _HOST.match(host)
    return match is not None and (not match.group(1) or int(match.group(1)) <= _LAST_PORT)


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
