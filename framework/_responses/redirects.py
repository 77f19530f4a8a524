"""Redirects that lead nowhere but where they may."""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import hdrs
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from yarl import URL

from framework._responses.cookies import SetCookie
from framework._responses.response import Response
from framework.http_errors import BadRequest

__all__ = ("REDIRECTS", "Redirect", "permanent_redirect", "see_other", "temporary_redirect")

_LOGGER = logging.getLogger("framework")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Browsers drop some of these, and read a backslash as a slash.
_TREACHEROUS = re.compile(r"[\x00-\x20\x7f\\]")
# RFC 3986: what a URI may hold as it is; % stays, since a path may be encoded already.
_SAFE = "/?#[]@!$&'()*+,;=:%-._~"
_PORTS = {"http": ":80", "https": ":443"}
_REFUSED = "The target of the redirect is refused"


class Redirect(Response[None]):
    """Send a client elsewhere on this host, or on one of ``hosts`` (``example.com``, ``example.com:8443``).

    A target on another host, one that a browser might take for such (``//evil.com``, a backslash, user info), another
    scheme than http and https, and control characters are refused: the client gets 400, since such a target comes from
    clients, and one line in the log names it. The status is that of the route, or 303.
    """

    def __init__(
        self,
        to: str | URL,
        *,
        status: int | None = None,
        hosts: Collection[str] = (),
        headers: Mapping[str, str] | Struct | None = None,
        cookies: Mapping[str, str] | Iterable[SetCookie] | None = None,
    ) -> None:
        if status is not None and status not in REDIRECTS:
            raise ValueError(f"{status} is not a redirect")
        text = str(to)
        self._authority = _authority(text, {one.lower() for one in hosts})
        super().__init__(status=status, headers=headers, cookies=cookies, location=quote(text, safe=_SAFE))

    def encode(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> None:
        """Take the status of the route, if it is that of a redirect."""
        super().encode(encode, media_type, status if status in REDIRECTS else 303)

    def _settle(self, request: BaseRequest) -> None:
        if self._pending or (not self._status_given and self.status not in REDIRECTS):
            # No handler returned it.
            self.encode(None, None, 303)
        if self._authority is not None and self._authority != _plain(request.host, request.scheme):
            _log(self.headers.get(hdrs.LOCATION, ""))
            self.fail(request, 400, _REFUSED, errors=[])
        super()._settle(request)


def see_other(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Send the client to another resource, which it gets with GET (303): the answer to a form that was posted."""
    return Redirect(to, status=303, hosts=hosts)


def temporary_redirect(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Send the client elsewhere this time, with the same method and body (307)."""
    return Redirect(to, status=307, hosts=hosts)


def permanent_redirect(to: str | URL, *, hosts: Collection[str] = ()) -> Redirect:
    """Send the client elsewhere for good, with the same method and body (308); browsers remember it."""
    return Redirect(to, status=308, hosts=hosts)


def _authority(text: str, hosts: Collection[str]) -> str | None:
    """Return the host that a target names, ``None`` where it names none or one that is allowed; raises BadRequest."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  raises where it is not a number
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
    _LOGGER.warning("A redirect to %.200r is refused; name its host in hosts= if it is meant", text)
