"""The response classes: what users return, and what emitted handlers answer with, written in one piece."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from framework._responses.encoders import encode_untyped
from framework.http_errors import reason_phrase

__all__ = ("EncodedResponse", "Head", "Response", "instance_of")

_T = TypeVar("_T")
_LOGGER = logging.getLogger("framework")
# A body beyond this waits until the transport takes more.
_HIGH_WATER = 65_536
_FORBIDDEN = frozenset("\r\n\0")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# RFC 3986: what a path may hold as it is; % stays, since the path is encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"


def instance_of(request: BaseRequest) -> str:
    """Return the percent-encoded path of a request."""
    path = request.rel_url.raw_path
    # aiohttp's Python parser lets raw bytes pass, as surrogates where they are not UTF-8.
    return path if path.isascii() else quote(path.encode(errors="surrogateescape"), safe=_PATH_SAFE)


class Response(web.Response, Generic[_T]):
    """An answer with more than a value: a status, headers, cookies or a media type of its own.

    The value is encoded as the handler's return annotation says (``-> Response[Order]``); outside handlers ``str`` is
    text/plain, ``bytes`` application/octet-stream, ``None`` no body and all else JSON. Cookies are HttpOnly,
    SameSite=Lax, and Secure unless the request came over plain HTTP to a loopback host.
    """

    def __init__(
        self,
        value: _T | None = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(status=status or 200, reason=reason_phrase(status or 200), headers=headers)
        self.value = value
        self._status_given = status is not None
        self._pending = value is not None
        if media_type is not None:
            self.headers[hdrs.CONTENT_TYPE] = media_type
        for name, text in (cookies or {}).items():
            self.set_cookie(name, text)

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Set a cookie as aiohttp does, HttpOnly and SameSite=Lax unless said otherwise."""
        said = {key: one for key, one in attributes.items() if one is not None}
        super().set_cookie(name, value, **{"httponly": True, "samesite": "Lax", **said})
        if "secure" not in said:
            # Decided when the request is known; a flag that aiohttp itself does not look at.
            self._secure_later = {*getattr(self, "_secure_later", ()), name}

    def encode(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> None:
        """Encode the value as a route's return annotation decided; what was given to the constructor stays."""
        if not self._status_given:
            self.set_status(status, reason_phrase(status))
        if not self._pending:
            return
        self._pending = False
        if encode is None or media_type is None:
            self.body, media_type = encode_untyped(self.value)
        else:
            self.body = encode(self.value)
        self.headers.setdefault(hdrs.CONTENT_TYPE, media_type)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write the head; headers that would split the response turn it into a 500."""
        if self._pending:
            self.encode(None, None, self.status)
        for name in getattr(self, "_secure_later", ()):
            if name in self.cookies:
                self.cookies[name]["secure"] = request.secure or not _is_loopback(request.host)
        if not all(map(_FORBIDDEN.isdisjoint, self._header_texts())):
            self._refuse(request)
        if self.headers.get(hdrs.CONNECTION, "").lower() == "close":
            # The header alone tells the client, and leaves the connection open.
            self.force_close()
        return await super().prepare(request)

    def _header_texts(self) -> Iterator[str]:
        for name, value in self.headers.items():
            yield name + value
        for cookie in (self._cookies or {}).values():
            yield cookie.OutputString()

    def _refuse(self, request: BaseRequest) -> None:
        _LOGGER.error("%s %s: a response header holds CR, LF or NUL", request.method, request.rel_url.raw_path)
        self.headers.clear()
        self._cookies = None
        self.set_status(500, reason_phrase(500))
        problem = {"type": "about:blank", "title": self.reason, "status": 500, "instance": instance_of(request)}
        self.body, _ = encode_untyped(problem)
        self.headers[hdrs.CONTENT_TYPE] = "application/problem+json"

    async def _prepare_headers(self) -> None:
        # aiohttp announces itself and its version in a Server header that nobody asked for.
        announced = hdrs.SERVER in self.headers
        await super()._prepare_headers()
        if not announced:
            self.headers.popall(hdrs.SERVER, None)


def _is_loopback(host: str) -> bool:
    name, bracket, _ = host.partition("]")
    return (name + bracket if bracket else name.partition(":")[0]).lower() in _LOOPBACK


class Head:
    """Status and media type of an encoded response, with the bytes that they come to."""

    __slots__ = ("bytes", "media_type", "status")

    def __init__(self, status: int, media_type: str | None) -> None:
        self.status = status
        self.media_type = media_type
        text = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n"
        if media_type is not None:
            text += f"Content-Type: {media_type}\r\n"
        # RFC 9110, section 8.6: no Content-Length with 1xx and 204.
        self.bytes = text.encode() + (b"" if status < 200 or status == 204 else b"Content-Length: ")  # noqa: PLR2004


class EncodedResponse(Response[Any]):
    """What emitted handlers answer with: an encoded body and a ready-made head.

    It turns into a stock response as soon as somebody looks at its headers; until then head and body go out in one
    write, without a header dictionary.
    """

    # PERF: none of aiohttp's constructors run (1.5 us of a 10 us request); what they set is made when asked for.
    def __init__(self, body: bytes | None, head: Head) -> None:
        self._body = body
        self._head = head
        self._status = head.status
        self._made_headers: CIMultiDict[str] | None = None
        self._pending = False
        self.value = body  # What it was made from is not kept.

    @property
    def _headers(self) -> CIMultiDict[str]:  # type: ignore[override]  # an attribute in aiohttp, made on demand here
        if self._made_headers is None:
            self._made_headers = CIMultiDict()
            if self._head.media_type is not None:
                self._made_headers[hdrs.CONTENT_TYPE] = self._head.media_type
        return self._made_headers

    @property
    def _state(self) -> dict[Any, Any]:  # type: ignore[override]  # as above
        made: dict[Any, Any] = self.__dict__.setdefault("_made_state", {})
        return made

    @property
    def _reason(self) -> str:
        return self.__dict__.get("_made_reason") or reason_phrase(self._status)

    @_reason.setter
    def _reason(self, reason: str) -> None:
        self.__dict__["_made_reason"] = reason

    _zlib_executor_size = 1024
    _zlib_executor = None

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write head and body at once, or as aiohttp does where more than that is asked for."""
        if self._eof_sent or not self._is_plain(request):
            return await super().prepare(request)
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        body = self.value or b""
        head = self._head
        length = b"" if head.status == 204 else b"%d\r\n" % len(body)  # noqa: PLR2004
        data = b"".join((head.bytes, length, _date(), body))
        self._keep_alive = True
        self._eof_sent = True
        self._body_length = len(data)
        transport.write(data)
        if len(data) > _HIGH_WATER:
            await request.writer.drain()
        return None

    def _is_plain(self, request: BaseRequest) -> bool:
        return (
            self._made_headers is None
            and self._cookies is None
            and not self._compression
            and not self._chunked
            and self._keep_alive is None
            and self._status == self._head.status
            and self._status not in _BODILESS
            and request.keep_alive
            and request.version == HttpVersion11
            and request.method != hdrs.METH_HEAD
            and not _signals(request)
        )


_BODILESS = frozenset({100, 101, 102, 103, 304})


def _signals(request: BaseRequest) -> bool:
    match = getattr(request, "match_info", None)
    return match is None or any(app.on_response_prepare for app in match.apps)


class _Clock:
    second = 0
    line = b""


def _date() -> bytes:
    # PERF: formatted once a second instead of once a response.
    now = int(time.time())
    if now != _Clock.second:
        _Clock.second = now
        # Not strftime, which writes the names of days and months in the language of the process.
        _Clock.line = f"Date: {formatdate(now, usegmt=True)}\r\n\r\n".encode()
    return _Clock.line
