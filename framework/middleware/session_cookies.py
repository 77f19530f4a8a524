"""The cookies of sessions: their names, their flags, and how they are read."""

from collections.abc import Iterator
from functools import lru_cache

from aiohttp import hdrs, web

from framework.layers import headers_of, is_secure, plain_host
from framework.middleware.hosts import is_loopback, read_host
from framework.responses import ResponseHeader

__all__ = ("PREFIX", "cookie_name", "cookie_values", "is_plain", "make_private", "set_cookie")

PREFIX = "__Host-"
"""Browsers accept such a cookie only with Secure, Path=/ and no Domain (RFC 6265bis, section 4.1.3.2)."""
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
_CACHE_CONTROL = ResponseHeader(hdrs.CACHE_CONTROL, plain=True)
_TRIED = 8
"""How many cookies of one name are tried; a browser sends several if another host of the domain has set one."""


def is_plain(request: web.Request) -> bool:
    """Return whether a request came over plain HTTP to a loopback host, where browsers may refuse Secure cookies."""
    return not is_secure(request) and _is_loopback(plain_host(request) or request.host)


@lru_cache(256)
def _is_loopback(text: str) -> bool:
    host = read_host(text)
    return host is not None and is_loopback(host.name)


def cookie_name(base: str, request: web.Request) -> str:
    """Return the name of a cookie for a request: with the prefix, except over plain HTTP to a loopback host."""
    return base if is_plain(request) else PREFIX + base


def cookie_values(request: web.Request, name: str) -> Iterator[str]:
    """Yield the values of all cookies of a name, in the order in which they were sent."""
    begin, left = f"{name}=", _TRIED
    for header in headers_of(request).getall(hdrs.COOKIE, ()):
        if begin not in header:
            continue
        for part in header.split(";"):
            pair = part.strip(" \t")
            if pair.startswith(begin) and left:
                left -= 1
                yield pair[len(begin) :]


def set_cookie(
    request: web.Request,
    response: web.StreamResponse,
    base: str,
    value: str,
    *,
    samesite: str = "Lax",
    max_age: int | None = None,
) -> None:
    """Set a cookie with all flags; an empty value deletes it."""
    response.set_cookie(
        cookie_name(base, request),
        value,
        path="/",
        secure=not is_plain(request),
        httponly=True,
        samesite=samesite,
        max_age=max_age if value else 0,
        expires=None if value else _LONG_AGO,
    )


def make_private(response: web.StreamResponse, wanted: str = "private") -> None:
    """Add ``private`` or ``no-store`` to Cache-Control, and remove what lets shared caches store the response."""
    given = _CACHE_CONTROL.get(response)
    # PERF: a route with a session has this value in its prepared head.
    if given == wanted:
        return
    made = _restricted(given, wanted)
    if made != given:
        _CACHE_CONTROL.set(response, made)


@lru_cache(256)
def _restricted(given: str, wanted: str) -> str:
    # A quoted argument may hold commas; nothing that is only restricted in parts is kept.
    parts = [] if '"' in given else [one.strip() for one in given.split(",") if one.strip()]
    names = {one.lower() for one in parts}
    if "no-store" in names:
        return given
    if wanted == "no-store":
        return wanted
    kept = [one for one in parts if one.lower() not in {"private", "public"} and not one.lower().startswith("s-maxage")]
    return given if "private" in names and len(kept) == len(parts) - 1 else ", ".join([wanted, *kept])
