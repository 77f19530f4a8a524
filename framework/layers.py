"""Middlewares that are compiled into the routes that they cover, instead of being called around them.

A middleware of the catalogue (:mod:`framework.middleware`) is a :class:`Layer`, and your own may be one too: it is in
``middlewares=`` of an app, router, controller or route, and returns its steps for each route at start-up.
"""

import ipaddress
from collections.abc import Iterable

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from framework._prefix import prefix_of, set_prefix
from framework._serve.aiohttp_names import (
    headers_of,
    is_secure,
    logged_facts,
    plain_host,
    remote_of,
    replace_headers,
    set_reported,
    target_of,
)
from framework._serve.connections.draining import requests_in_progress, server_of
from framework._serve.requests.repeating import repeat
from framework._steps import After, Before, ChooseHeaders, Layer, Steps

__all__ = (
    "After",
    "Before",
    "ChooseHeaders",
    "Layer",
    "Steps",
    "client_address",
    "headers_of",
    "is_secure",
    "logged_facts",
    "plain_host",
    "prefix_of",
    "remote_of",
    "remove_headers",
    "repeat",
    "replace_header",
    "requests_in_progress",
    "server_of",
    "set_client",
    "target_of",
)

_REMEMBERED = 4_096
"""The most addresses whose keys are kept."""


def set_client(
    request: web.Request,
    *,
    remote: str | None = None,
    scheme: str | None = None,
    host: str | None = None,
    prefix: str | None = None,
) -> None:
    """Set ``remote``, ``scheme``, ``host`` and ``url`` of a request to what a trusted proxy reported.

    ``prefix`` is what the proxy removed from the path: ``instance`` of problems, documents and ``App.url_for`` begin
    with it.
    """
    given = {"remote": remote, "scheme": scheme, "host": host}
    set_reported(request, {name: value for name, value in given.items() if value is not None})
    if prefix is not None:
        set_prefix(request, prefix)


def replace_header(request: web.Request, name: str, value: str) -> None:
    """Let inner layers and the handler see another value of a request header."""
    headers = CIMultiDict(headers_of(request))
    headers[name] = value
    replace_headers(request, CIMultiDictProxy(headers))


def client_address(request: web.Request) -> str:
    """Return the address of the client: an IPv4 address, or the /64 network of an IPv6 address (one subscriber).

    Without ProxyHeaders, it is the address of the last proxy. All clients on a Unix socket have the same key.
    """
    return _SUBSCRIBERS[remote_of(request) or ""]


class _Subscribers(dict[str, str]):
    """Maps addresses to keys."""

    # PERF: parsing an address takes longer than counting, and lru_cache() longer than a look-up.
    def __missing__(self, remote: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        key = self[remote] = _subscriber(remote)
        return key


_SUBSCRIBERS = _Subscribers()


def _subscriber(remote: str) -> str:
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return remote or "unix"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # RFC 4291, section 2.5.5.2: IPv4 on a socket of IPv6. RFC 6177: a site has at least a /64.
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))


def remove_headers(request: web.Request, names: Iterable[str]) -> None:
    """Hide request headers from inner layers and the handler."""
    headers = CIMultiDict(headers_of(request))
    for name in names:
        headers.popall(name, None)
    replace_headers(request, CIMultiDictProxy(headers))
