"""Redirects, only to allowed hosts."""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Unpack
from urllib.parse import quote, urlsplit

from aiohttp import hdrs
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from yarl import URL

from framework._inspect.calls import NoOptions, refuse_options
from framework._serve.responses.cookies import SetCookie
from framework._serve.responses.response import Response
from framework.http_errors import BadRequest

__all__ = ("REDIRECTS", "Redirect", "permanent_redirect", "see_other", "temporary_redirect")

_LOGGER = logging.getLogger("framework")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Browsers drop some of these, and read a backslash as a slash.
_TREACHEROUS = re.compile(r"[\x00-\x20\x7f\\]")
# RFC 3986: the characters that a URI may contain; % stays, because a path may be encoded already.
_SAFE = "/?#[]@!$&'()*+,;=:%-._~"
_PORTS = {"http": ":80", "https": ":443"}
_REFUSED = "The target of the redirect is not allowed"


class Redirect(Response[None]):
    """Redirect a client on this host, or to one of ``hosts`` (``example.com``, ``example.com:8443``).

    A target on another host, a target that a browser might read as such (``//evil.com``, a backslash, user info),
    another scheme than http and https, and control characters are rejected: the client gets 400, because such a target
    comes from clients, and one log line names it. The status is that of the route, or 303.
    """

    __module__ = "framework.responses"

    def __init__(
        self,
        to: str | URL,
        *,
        status: int | None = None,
        hosts: Collection[str] = (),
        headers: Mapping[str, str] | Struct | None = None,
        cookies: Mapping[str, str] | Iterable[SetCookie] | None = None,
        **unknown: Unpack[NoOptions],
    ) -> None:
        if unknown:
            refuse_options(unknown, "Redirect", Redirect.__init__)
        if status is not None and status not in REDIRECTS:
            raise ValueError(f"{status} is not a redirect")
        text = str(to)
        self._authority = _authority(text, {one.lower() for one in hosts})
        super().__init__(status=status, headers=headers, cookies=cookies, location=quote(text, safe=_SAFE))

    def encode(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> None:
        """Take the status of the route, if it is a redirect status."""
        super().encode(encode, media_type, status if status in REDIRECTS else 303)

    def _settle(self, request: BaseRequest) -> None:
        if self._pending or (not self._status_given and self.status not in REDIRECTS):
            # It was not returned by a handler.
            self.encode(None, None, 303)
        if self._authority is not None and self._authority != _plain(request.host, request.scheme):
            _log(self.headers.get(hdrs.LOCATION, ""))
            self.fail(request, 400, _REFUSED, errors=[])
        super()._settle(request)


def see_other(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Redirect the client to another resource, which it requests with GET (303): the response to a posted form."""
    return Redirect(to, status=303, hosts=hosts)


def temporary_redirect(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Redirect the client temporarily, with the same method and body (307)."""
    return Redirect(to, status=307, hosts=hosts)


def permanent_redirect(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Redirect the client permanently, with the same method and body (308); browsers cache it."""
    return Redirect(to, status=308, hosts=hosts)


def _authority(text: str, hosts: Collection[str]) -> str | None:
    """Return the host of a target, ``None`` if it has none or an allowed one; raises BadRequest."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  raises if it is not a number
    except ValueError:
        raise _refusal(text) from None
    named = bool(parts.scheme or parts.netloc)
    if not text or _TREACHEROUS.search(text) or (text.startswith("//") and not parts.netloc):
        raise _refusal(text)
    if not named:
        return None
    if parts.scheme not in {"", *_PORTS} or not parts.hostname or "@" in parts.netloc or not parts.netloc.isascii():
        raise _refusal(text)
    host = _plain(parts.netloc, parts.scheme)
    return None if host in hosts or parts.netloc.lower() in hosts else host


def _plain(netloc: str, scheme: str) -> str:
    return netloc.lower().removesuffix(_PORTS.get(scheme, ":443"))


def _refusal(text: str) -> BadRequest:
    _log(text)
    return BadRequest(_REFUSED)


def _log(text: str) -> None:
    _LOGGER.warning("A redirect to %.200r was rejected; add its host to hosts= if it is intended", text)
