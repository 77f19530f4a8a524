"""Which responses a shared cache may store, and for how long (RFC 9111, section 3)."""

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from aiohttp import hdrs, web

from framework import clock
from framework.caching import may_be_stored, parse_http_date
from framework.middleware.stored_responses import StoredResponse, keep_response

__all__ = ("Rules", "Storable", "storable")

# RFC 9111, section 5.2: a token, and a value that is a token or a quoted string.
_DIRECTIVE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+)))?")
_FORBIDDING = ("private", "no-store", "no-cache")
_NEVER_STALE = ("must-revalidate", "proxy-revalidate")


class Rules(NamedTuple):
    """What a cache stores."""

    ttl: float
    stale: float
    """Seconds after its lifetime in which a response may be sent while it is made anew."""
    statuses: Collection[int]
    maximum_size: int


class Storable(NamedTuple):
    """A response that may be stored."""

    response: StoredResponse
    lifetime: float
    """Seconds after it was made."""
    stale: float
    vary: tuple[str, ...]
    """The request headers that it depends on, in lower case."""


def storable(request: web.Request, response: web.StreamResponse, rules: Rules) -> Storable | None:
    """Return the response to a GET as it may be stored, ``None`` if it may not be stored."""
    headers = response.headers
    is_other = response.status not in rules.statuses
    if is_other or response.cookies or hdrs.SET_COOKIE in headers or not may_be_stored(request):
        return None
    directives, vary, kept = _directives(headers), _vary_names(headers), keep_response(response)
    if vary is None or kept is None or len(kept.body) > rules.maximum_size:
        return None
    lifetime = _lifetime(headers, directives, rules.ttl)
    stale = 0.0 if any(name in directives for name in _NEVER_STALE) else rules.stale
    return Storable(kept, lifetime, stale, vary) if lifetime > 0 else None


def _vary_names(headers: Any) -> tuple[str, ...] | None:
    """Return the names of ``Vary`` in lower case; ``None`` if it varies by more than headers (``*``)."""
    names = [one.strip().lower() for line in headers.getall(hdrs.VARY, ()) for one in line.split(",")]
    return None if "*" in names else tuple(sorted({one for one in names if one}))


def _lifetime(headers: Any, directives: Mapping[str, str], ttl: float) -> float:
    """Return for how many seconds a response is fresh; 0 if it may not be stored."""
    if any(name in directives for name in _FORBIDDING):
        return 0.0
    return min(ttl, _declared(headers, directives, ttl))


def _directives(headers: Any) -> Mapping[str, str]:
    """Return the directives of ``Cache-Control`` by their names in lower case; of repeated ages, the least."""
    found: dict[str, str] = {}
    for line in headers.getall(hdrs.CACHE_CONTROL, ()):
        for name, quoted, plain in _DIRECTIVE.findall(line):
            key, value = name.lower(), quoted or plain
            known = found.get(key)
            found[key] = value if known is None else min(known, value, key=_seconds)
    return found


def _declared(headers: Any, directives: Mapping[str, str], ttl: float) -> float:
    """Return the lifetime that a response declares (RFC 9111, section 4.2.1), ``ttl`` if it declares none."""
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _seconds(directives[name]) - _seconds(headers.get(hdrs.AGE, "0"))
    if hdrs.EXPIRES not in headers:
        return ttl
    expires, made = parse_http_date(headers[hdrs.EXPIRES]), parse_http_date(headers.get(hdrs.DATE))
    if expires is None:
        return 0.0
    return expires.timestamp() - (clock.time() if made is None else made.timestamp())


def _seconds(text: str) -> float:
    """Return a number of seconds; 0 for what is none, because such a response is stale (section 4.2.1)."""
    return float(text) if text.isascii() and text.isdigit() else 0.0
