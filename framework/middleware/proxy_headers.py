"""ProxyHeaders: use what trusted proxies report about a request's client."""

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

from aiohttp import web
from multidict import CIMultiDictProxy, istr

from framework.layers import Layer, Steps, headers_of, remote_of, set_client
from framework.middleware.forwarded import last_elements, read_forwarded, read_prefix, read_scheme, walk
from framework.middleware.hosts import read_host
from framework.middleware.networks import UNIX, network_error, network_matcher
from framework.option_errors import explained_class
from framework.routing import RouteInfo

__all__ = ("ProxyHeaders",)

_FOR, _PROTO = istr("X-Forwarded-For"), istr("X-Forwarded-Proto")
_HOST, _PREFIX = istr("X-Forwarded-Host"), istr("X-Forwarded-Prefix")
_FORWARDED = istr("Forwarded")
_KNOWN = {one.lower(): one for one in (_FOR, _PROTO, _HOST, _PREFIX, _FORWARDED)}
# Forwarded has the same information.
_BESIDE = frozenset({_FOR, _PROTO, _HOST})

_REMEMBERED = 1024

_IsProxy: TypeAlias = Callable[[str], bool]
_Found: TypeAlias = dict[str, str | None]


@explained_class("ProxyHeaders", 'ProxyHeaders(trusted=("10.0.0.0/8",))')
@dataclass(frozen=True, kw_only=True)
class ProxyHeaders(Layer):
    """Takes the client's address, scheme, host and prefix from the headers of trusted proxies.

    ``trusted`` are the proxies: networks, addresses, and ``"unix"`` for peers on a unix socket. ``headers`` are those
    that these proxies set on every request, in place of headers of the client.
    """

    rank: ClassVar = 10
    nearest: ClassVar = True

    trusted: Sequence[str]
    headers: Sequence[str] = ("X-Forwarded-For", "X-Forwarded-Proto")

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Yield the errors in networks and headers."""
        trusted = _listed(self.trusted)
        if not trusted:
            what = f"ProxyHeaders(trusted={self.trusted!r}) names no networks"
            yield what, 'write it as trusted=("10.0.0.0/8",), or leave the piece out'
        for one in trusted:
            wrong = network_error(one)
            if wrong is not None:
                yield f"ProxyHeaders(trusted=…): {wrong[0]}", wrong[1]
        yield from self._wrong_headers()

    def _wrong_headers(self) -> Iterator[tuple[str, str]]:
        names, hint = _listed(self.headers), f"name those that the proxies set: {', '.join(_KNOWN.values())}"
        if not names:
            yield f"ProxyHeaders(headers={self.headers!r}) names no headers", hint
        unknown = [one for one in names if not isinstance(one, str) or one.lower() not in _KNOWN]
        for one in unknown:
            yield f"ProxyHeaders(headers=…) has {one!r}, which is not read", hint
        named = {_KNOWN[one.lower()] for one in names if one not in unknown}
        if _FORWARDED in named and named & _BESIDE:
            what = "ProxyHeaders(headers=…) has Forwarded beside X-Forwarded headers that say the same"
            yield what, "name those alone that the proxies set; clients may send the others"

    def compile(self, route: RouteInfo | None) -> Steps:  # noqa: ARG002  the same everywhere
        """Return the step that reads the headers."""
        return Steps(before=self._read)

    @cached_property
    def _read(self) -> Callable[[web.Request], None]:
        is_proxy = network_matcher(self.trusted)
        trusts_unix = UNIX in self.trusted
        named = frozenset(_KNOWN[one.lower()] for one in self.headers)

        # PERF: nearly all requests come from few peers.
        known: dict[str, bool] = {}

        def read(request: web.Request) -> None:
            peer = remote_of(request) or ""
            believed = known.get(peer)
            if believed is None:
                believed = is_proxy(peer)
                if len(known) < _REMEMBERED:
                    known[peer] = believed
            if believed or (trusts_unix and _is_unix(request)):
                reported = _reported(headers_of(request), named, is_proxy)
                if reported:
                    set_client(request, **reported)

        return read


def _reported(headers: CIMultiDictProxy[str], named: frozenset[str], is_proxy: _IsProxy) -> dict[str, str]:
    """Return what the proxies report, as arguments of ``set_client``; malformed values are left out."""
    read = _from_forwarded if _FORWARDED in named else _from_x_forwarded
    found = read(headers, named, is_proxy)
    if _PREFIX in named:
        found["prefix"] = next(map(read_prefix, last_elements(headers.getall(_PREFIX, ()))), None)
    return {name: text for name, text in found.items() if text is not None}


def _from_x_forwarded(headers: CIMultiDictProxy[str], named: frozenset[str], is_proxy: _IsProxy) -> _Found:
    hops = last_elements(headers.getall(_FOR, ())) if _FOR in named else []
    schemes = last_elements(headers.getall(_PROTO, ())) if _PROTO in named else []
    hosts = last_elements(headers.getall(_HOST, ())) if _HOST in named else []
    chain = walk(hops, is_proxy)
    # If proxies add to both lists, each hop has its own scheme; otherwise the header has that of the nearest proxy.
    scheme = schemes[chain.last if len(schemes) == len(hops) else 0] if schemes else ""
    return {
        "remote": None if chain.client is None else str(chain.client),
        "scheme": read_scheme(scheme),
        "host": _host(hosts[0]) if hosts else None,
    }


def _from_forwarded(headers: CIMultiDictProxy[str], _: frozenset[str], is_proxy: _IsProxy) -> _Found:
    elements = read_forwarded(headers.getall(_FORWARDED, ()))
    if not elements:
        return {}
    chain = walk((one.get("for", "") for one in elements), is_proxy)
    hop = elements[chain.last]
    return {
        "remote": None if chain.client is None else str(chain.client),
        "scheme": read_scheme(hop.get("proto", "")),
        "host": _host(hop.get("host", "")),
    }


def _host(text: str) -> str | None:
    return None if read_host(text) is None else text


def _listed(value: object) -> Sequence[Any]:
    """Return the members of a sequence; a string is not one."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _is_unix(request: web.Request) -> bool:
    transport = request.transport
    peer = None if transport is None else transport.get_extra_info("socket")
    return peer is not None and peer.family == getattr(socket, "AF_UNIX", None)
