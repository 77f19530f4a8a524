"""HTTPSRedirect: serve over HTTPS only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote

from aiohttp import hdrs, web

from framework.http_errors import HTTPError
from framework.layers import Layer, Steps, is_secure, plain_host, prefix_of
from framework.middleware.hosts import Host, is_loopback, origin_form, read_host
from framework.middleware.probes import is_probe
from framework.option_errors import explained_class
from framework.responses import Response
from framework.routing import RouteInfo

__all__ = ("HTTPSRedirect", "HTTPSRequired")

_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
# Printable ASCII characters stay as the client wrote them.
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_LAST_PORT = 65_535
# PERF: the usual hosts of developers; other loopback hosts are parsed.
_LOCAL = frozenset({"localhost", "localhost:8000", "127.0.0.1", "127.0.0.1:8000"})
_REDIRECT: Mapping[str, Any] = {
    "description": "The request came over plain HTTP.",
    "headers": {
        "Location": {
            "description": "The same URL with the scheme https.",
            "required": True,
            "schema": {"type": "string", "format": "uri"},
        }
    },
}


class HTTPSRequired(HTTPError, status=403):
    """The request came over plain HTTP: its content was readable on the network."""


@explained_class("HTTPSRedirect", "HTTPSRedirect()")
@dataclass(frozen=True, kw_only=True)
class HTTPSRedirect(Layer):
    """Redirects (308) GET and HEAD over plain HTTP to HTTPS, and refuses (403) all other methods.

    Requests to loopback hosts are served, and so are probes. ``port`` is the port of the redirect.
    """

    rank: ClassVar = 40
    nearest: ClassVar = True

    port: int = 443

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the port."""
        port: object = self.port
        if not isinstance(port, int) or isinstance(port, bool) or not 0 < port <= _LAST_PORT:
            yield f"HTTPSRedirect(port={port!r}) is not a port", "give a number from 1 to 65535, or none for 443"

    def compile(self, route: RouteInfo | None) -> Steps | None:
        """Return the check of the scheme; probes have none."""
        if is_probe(route):
            return None
        if route is not None and route.method in _SAFE:
            return Steps(before=self._check, responses={308: _REDIRECT})
        return Steps(before=self._check, raises=(HTTPSRequired,))

    @cached_property
    def _check(self) -> Callable[[web.Request], web.StreamResponse | None]:
        port = self.port

        def check(request: web.Request) -> web.StreamResponse | None:
            if is_secure(request) or plain_host(request) in _LOCAL:
                return None
            return _respond(request, port)

        return check


def _respond(request: web.Request, port: int) -> web.StreamResponse | None:
    """Redirect or refuse a request over plain HTTP; ``None`` if it is for a loopback host."""
    host = _host_of(request)
    if host is not None and is_loopback(host.name):
        return None
    if host is None or request.method not in _SAFE:
        raise HTTPSRequired
    authority = host.name if port == HTTPSRedirect.port else f"{host.name}:{port}"
    # Not as a URL: yarl would rewrite some escapes.
    target = quote(origin_form(request.raw_path).encode(errors="surrogateescape"), safe=_PRINTABLE)
    return Response(status=308, headers={hdrs.LOCATION: f"https://{authority}{prefix_of(request)}{target}"})


def _host_of(request: web.Request) -> Host | None:
    try:
        return read_host(request.url.raw_authority)
    except ValueError:
        return None
