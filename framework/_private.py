"""The private names of aiohttp that the framework reads for speed, and whether this aiohttp has them.

Each stands for a public property that costs a call of Python's on every request. Where aiohttp is of another series
than those tested, the public names serve instead, requests go through ``Application._handle``, and one warning says so.
"""

import warnings
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

import aiohttp
from aiohttp import hdrs, http_writer, web
from multidict import CIMultiDict

try:
    _parse_cookies: Callable[[str], Any] = import_module("aiohttp._cookie_helpers").parse_cookie_header
except (ImportError, AttributeError):  # pragma: no cover  no release of the tested series

    def _parse_cookies(text: str) -> Any:
        return SimpleCookie(text).items()


__all__ = ("HEADERS", "MATCH", "QUERY", "SUPPORTED", "TESTED", "cookies_of", "frame_sender", "serialize_headers")

TESTED = ("3.14",)
"""The series of aiohttp with which all tests pass."""

SUPPORTED = aiohttp.__version__.rpartition(".")[0] in TESTED
if not SUPPORTED:
    warnings.warn(
        f"aiohttp {aiohttp.__version__} is not among those tested ({', '.join(TESTED)}): its public names serve",
        RuntimeWarning,
        stacklevel=2,
    )

# As emitted code spells them.
HEADERS = "request._headers" if SUPPORTED else "request.headers"
MATCH = "request._match_info" if SUPPORTED else "request.match_info"
QUERY = "request._rel_url.raw_query_string" if SUPPORTED else "request.rel_url.raw_query_string"


def serialize_headers(headers: CIMultiDict[str]) -> bytes | None:
    r"""Return the lines of headers behind the end of another line, and the empty line; ``None`` where one is no text.

    ``X-A: b`` -> ``\r\nX-A: b\r\n\r\n``. Refuses what would split the response.
    """
    try:
        return http_writer._serialize_headers("", headers)  # noqa: SLF001  written in C
    except (TypeError, ValueError):
        return None


def frame_sender(response: web.WebSocketResponse[Any]) -> Callable[[bytes, Any], Awaitable[None]]:
    """Return what sends a frame on a socket that is accepted: ``await send(data, opcode)``."""
    writer = response._writer if SUPPORTED else None  # noqa: SLF001  one coroutine less for each message
    return response.send_frame if writer is None else writer.send_frame


def cookies_of(request: web.Request) -> Mapping[str, str]:
    """Return the cookies of all Cookie headers (RFC 9113, section 8.2.3); raises CookieError."""
    values = request.headers.getall(hdrs.COOKIE, ())
    if len(values) < 2:  # noqa: PLR2004  aiohttp reads the first one
        return request.cookies
    return {name: one.value for name, one in _parse_cookies("; ".join(values))}
