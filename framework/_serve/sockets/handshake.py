"""Checks the handshake of RFC 6455, section 4.2, before anything else is done for a request."""

import base64
import binascii
import re
from collections.abc import Mapping

from aiohttp import HttpVersion11, hdrs, web

from framework._serve.sockets.terms import SocketTerms
from framework.http_errors import BadRequest, FieldError, Forbidden, HTTPError, UpgradeRequired

__all__ = ("ANY_ORIGIN", "check_handshake", "is_handshake", "parse_origin")

ANY_ORIGIN = "*"
_VERSION = "13"
_KEY_BYTES = 16
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
# RFC 6454, section 6.2, and RFC 3986, section 3.2.2.
_ORIGIN = r"([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?"
_UPGRADE: Mapping[str, str] = {hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "Upgrade"}
_UPGRADE_AND_CLOSE: Mapping[str, str] = {hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "Upgrade, close"}


def parse_origin(text: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an origin, ``None`` if it is invalid: ``https://a.b`` -> https, a.b, 443."""
    match = re.fullmatch(_ORIGIN, text)
    if match is None:
        return None
    scheme = match[1].lower()
    return scheme, match[2].lower(), int(match[3]) if match[3] else _PORTS.get(scheme)


def is_handshake(request: web.Request) -> bool:
    """Return whether a request is a web socket handshake, valid or not."""
    return request.method == hdrs.METH_GET and request.headers.get(hdrs.UPGRADE, "").strip().lower() == "websocket"


def check_handshake(request: web.Request, terms: SocketTerms) -> None:
    """Raise the HTTPError of a request that cannot become a web socket of this route."""
    if not is_handshake(request):
        raise UpgradeRequired("This is a web socket", headers=_UPGRADE if request.keep_alive else _UPGRADE_AND_CLOSE)
    if not _admits(request, terms.origins):
        raise Forbidden("The Origin of the request may not open this web socket")
    refusal = _refusal(request)
    if refusal is not None:
        raise refusal


def _admits(request: web.Request, origins: tuple[str, ...] | None) -> bool:
    """Return whether the origin of the page may connect; a client that sends no Origin is not a browser."""
    given = request.headers.getall(hdrs.ORIGIN, ())
    if not given or (origins is not None and ANY_ORIGIN in origins):
        return True
    if len(given) > 1:
        return False
    (one,) = given
    parsed = parse_origin(one)
    if origins is None:
        return parsed is not None and parsed == parse_origin(f"{request.scheme}://{request.host}")
    # "null" is the origin of sandboxed frames and local files; only a list can allow it.
    return one in origins if parsed is None else parsed in map(parse_origin, origins)


def _refusal(request: web.Request) -> HTTPError | None:
    headers = request.headers
    if headers.get(hdrs.SEC_WEBSOCKET_VERSION) != _VERSION:
        # RFC 6455, section 4.4.
        return _bad("/sec-websocket-version", f"Expected {_VERSION}", {hdrs.SEC_WEBSOCKET_VERSION: _VERSION})
    tokens = ",".join(headers.getall(hdrs.CONNECTION, ())).lower().split(",")
    if "upgrade" not in map(str.strip, tokens) or request.version < HttpVersion11:
        return _bad("/connection", "Expected Upgrade, over HTTP/1.1")
    if not _is_key(headers.getall(hdrs.SEC_WEBSOCKET_KEY, ())):
        return _bad("/sec-websocket-key", "Expected 16 bytes in base64")
    return None


def _bad(pointer: str, detail: str, headers: Mapping[str, str] | None = None) -> BadRequest:
    return BadRequest(
        "The handshake of a web socket is not valid",
        errors=(FieldError("header", pointer, "syntax", detail),),
        headers=headers,
    )


def _is_key(given: list[str] | tuple[()]) -> bool:
    if len(given) != 1:
        return False
    try:
        return len(base64.b64decode(given[0], validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False
