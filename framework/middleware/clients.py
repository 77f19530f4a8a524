"""Who sends a request: what separates the stored responses of different clients."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

from aiohttp import web

from framework.errors import InvalidLayerError
from framework.layers import headers_of
from framework.middleware.session_cookies import cookie_name, cookie_values
from framework.middleware.sessions import Sessions
from framework.routing import RouteInfo

__all__ = ("IDENTIFYING", "Clients", "clients_of", "digest", "header_parts")

Clients: TypeAlias = Callable[[web.Request], Sequence[str]]
"""Returns strings that are the same for all requests of a client, and for no other client."""

IDENTIFYING = ("authorization", "cookie")
"""The headers that identify clients of routes that do not declare their credentials."""


def clients_of(route: RouteInfo, client: Callable[[web.Request], str] | None, layer: str) -> Clients:
    """Return how the clients of a route are told apart.

    By the function that is given; by the headers of the credentials that the route requires, with the cookies of its
    sessions; or by all headers that it reads, with Authorization and Cookie. Raises InvalidLayerError if it may read
    others.
    """
    if client is not None:
        return lambda request: (_checked(client(request), layer),)
    if not route.credential_headers and route.takes_request:
        takers = " and ".join(route.takes_request)
        raise InvalidLayerError(
            f"{route.handler} ({route.method} {route.template})",
            f"it is covered by {layer}, and {takers} may identify clients by headers that are not declared",
            hint=f"declare the credentials, or tell clients apart: {layer}(client=lambda request: ...)",
        )
    names = route.credential_headers or tuple(dict.fromkeys((*IDENTIFYING, *route.request_headers)))
    keys = route.credential_query
    cookies = () if "cookie" in names else _session_cookies(route)
    if not keys and not cookies:
        return lambda request: tuple(header_parts(request, names))
    return lambda request: (
        *header_parts(request, names),
        *_query_parts(request, keys),
        *_cookie_parts(request, cookies),
    )


def _session_cookies(route: RouteInfo) -> Sequence[str]:
    return [one.cookie for one in route.middlewares if isinstance(one, Sessions) and one.is_used(route)]


def _cookie_parts(request: web.Request, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        values = list(cookie_values(request, cookie_name(name, request)))
        yield str(len(values))
        yield from values


def _checked(client: Any, layer: str) -> str:
    """Return what ``client=`` has returned; raises TypeError unless it is a string."""
    if not isinstance(client, str):
        raise TypeError(f"{layer}(client=...) has returned a {type(client).__qualname__}; return a string")
    return client


def header_parts(request: web.Request, names: Iterable[str]) -> Iterable[str]:
    """Yield the values of headers, each after their number."""
    headers = headers_of(request)
    for name in names:
        values = headers.getall(name, ())
        yield str(len(values))
        yield from values


def _query_parts(request: web.Request, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        values = request.query.getall(name, ())
        yield str(len(values))
        yield from values


def digest(parts: Iterable[str]) -> str:
    """Return a digest that is different for different sequences of strings."""
    # With its length, so that ("a", "bc") and ("ab", "c") differ.
    joined = "".join([f"{len(one)}:{one}" for one in parts])
    return sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()
