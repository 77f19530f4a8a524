"""What the headers of a request show of the page that has sent it: the same origin, another one, or nothing."""

from collections.abc import Callable
from functools import lru_cache

from aiohttp import hdrs, web

from framework.layers import headers_of, is_secure, plain_host
from framework.middleware.origins import origin_of

__all__ = ("SAFE", "foreign_sign", "is_bearer_only", "own_origin", "same_origin")

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
_SITE = "Sec-Fetch-Site"
_OWN = frozenset({"same-origin", "none"})
"""``none`` is a request of the user, not of a page."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

Allows = Callable[[str], bool]


def own_origin(request: web.Request) -> str:
    """Return the origin of a request's own URL, as browsers send it: ``https://shop.example``."""
    return _origin("https" if is_secure(request) else "http", plain_host(request) or request.host)


@lru_cache(256)
def _origin(scheme: str, host: str) -> str:
    return f"{scheme}://{host.lower().removesuffix(_DEFAULT_PORTS[scheme])}"


def same_origin(request: web.Request, allows: Allows) -> bool:
    """Return whether Sec-Fetch-Site, or else Origin, shows the same origin or an allowed one."""
    headers = headers_of(request)
    sites, origins = headers.getall(_SITE, ()), headers.getall(hdrs.ORIGIN, ())
    if len(sites) == 1 and sites[0] in _OWN:
        return True
    if len(origins) != 1 or len(sites) > 1:
        return False
    return allows(origins[0]) or (not sites and origins[0] == own_origin(request))


def foreign_sign(request: web.Request, allows: Allows) -> str | None:
    """Return which header shows another origin, given that none shows the same; ``None`` if no header shows any."""
    headers = headers_of(request)
    for name in (_SITE, hdrs.ORIGIN):
        if name in headers:
            return f"{name} is {', '.join(headers.getall(name))!r:.200}"
    referrers = headers.getall(hdrs.REFERER, ())
    own = own_origin(request)
    for one in referrers:
        origin = origin_of(one)
        if origin != own and not (origin and allows(origin)):
            return "Referer is of another origin"
    return None


def is_bearer_only(request: web.Request) -> bool:
    """Return whether a request has a bearer token and no cookies: a page cannot send a token of the user.

    Basic is ignored, because browsers add it by themselves.
    """
    headers = headers_of(request)
    given = headers.getall(hdrs.AUTHORIZATION, ())
    return hdrs.COOKIE not in headers and len(given) == 1 and given[0][:7].lower() == "bearer "
