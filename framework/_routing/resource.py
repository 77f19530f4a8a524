"""The table's place in aiohttp's router: one catch-all resource, tried after aiohttp's own."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import UrlMappingMatchInfo
from yarl import URL

from framework._routing.table import PathTable, UndecodablePathError
from framework._routing.template import PathTemplate
from framework.limits import DEFAULT_LIMITS

__all__ = ("ControllerResource", "PathEntry", "RouteEntry")

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
        self, method: str, handler: Handler, template: PathTemplate, name: str | None, *, allow: str = ""
    ) -> None:
        super().__init__(method, handler, resource=_TemplateResource(template))
        self._name = name
        self.allow = allow
        """The methods of the path, where this route tells them."""
        self.template = template
        self.placeholders = template.placeholders
        self.write_timeout = DEFAULT_LIMITS.write_timeout
        """Seconds for which the client may take nothing of the answer."""

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


class ControllerResource(web.AbstractResource):
    """Resolves every path of the controllers, and answers what nobody knows with problems of the framework's own."""

    def __init__(
        self,
        table: PathTable[PathEntry],
        *,
        methods: frozenset[str],
        not_found: RouteEntry,
        unreadable: Mapping[str, RouteEntry],
        unknown_method: RouteEntry,
        neighbours: Iterable[web.AbstractResource],
    ) -> None:
        super().__init__()
        self.table = table
        self._methods = methods
        self._not_found = not_found
        self._bad_path = unreadable["path"]
        self._bad_query = unreadable["query"]
        self._bad_host = unreadable["header"]
        self._unknown_method = unknown_method
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
        yield from (self._not_found, self._bad_path, self._bad_query, self._bad_host, self._unknown_method)

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
        route, captures = found
        return UrlMappingMatchInfo(dict(zip(route.placeholders, captures, strict=True)), route), set()

    def find(self, request: web.Request) -> tuple[RouteEntry, Sequence[str]] | None:
        """Return what answers a request and the texts of its placeholders; ``None`` where no path fits."""
        url = request.rel_url
        host = request.headers.get(hdrs.HOST)
        query = url.raw_query_string
        if host not in self.hosts and not self._remember(host):
            return self._bad_host, ()
        if query and not _is_text(query):
            return self._bad_query, ()
        return self._look_up(url.raw_path, request.method)

    def _look_up(self, path: str, method: str) -> tuple[RouteEntry, Sequence[str]] | None:
        """Return what answers a method on a raw path, host and query being well formed."""
        try:
            found = self.table.find(_below(path, self._depth) if self._depth else path)
        except UndecodablePathError:
            return self._bad_path, ()
        if found is None:
            return None
        entry, captures = found
        route = entry.methods.get(method)
        if route is not None:
            return route, captures
        return (entry.other, captures) if method in self._methods else (self._unknown_method, ())

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
        known = request.method in self._methods
        return UrlMappingMatchInfo({}, self._not_found if known else self._unknown_method), set()

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


def _below(path: str, depth: int) -> str:
    """Return what stands behind the first segments, which a client may have percent-encoded: ``/%61pi/x`` -> ``/x``."""
    parts = path.split("/", depth + 1)
    return "/" + parts[-1] if len(parts) > depth + 1 else ""


def _is_host(host: str) -> bool:
    match = _HOST.match(host)
    return match is not None and (not match.group(1) or int(match.group(1)) <= _LAST_PORT)


def _is_text(query: str) -> bool:
    if "%" not in query and query.isascii():
        return True
    try:
        unquote_to_bytes(query).decode()
    except UnicodeError:
        return False
    return True
