"""What emitted handlers answer with: an encoded body and a ready-made head, sent in one write."""

from http.cookies import SimpleCookie
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from framework._responses.response import Response
from framework._responses.wire import HIGH_WATER, date_lines, has_signals
from framework.http_errors import reason_phrase

__all__ = ("EncodedResponse", "Head")


class Head:
    """Status and media type of an encoded response, with the bytes that they come to."""

    __slots__ = ("bytes", "has_length", "media_type", "status", "unusual")

    def __init__(self, status: int, media_type: str | None) -> None:
        self.status = status
        self.media_type = media_type
        text = f"HTTP/1.1 {status} {reason_phrase(status)}\r\n"
        if media_type is not None:
            text += f"Content-Type: {media_type}\r\n"
        # RFC 9110, section 8.6: no Content-Length with 1xx and 204.
        self.has_length = status >= 200 and status != 204  # noqa: PLR2004
        self.bytes = text.encode() + (b"Content-Length: " if self.has_length else b"")
        self.unusual = status < 200 or status == 304  # noqa: PLR2004


class EncodedResponse(Response[Any]):
    """An encoded body behind a ready-made head.

    It turns into a stock response as soon as somebody looks at its headers or changes anything but its body; until then
    head and body go out in one write, without a header dictionary.
    """

    _body: Any = None
    _pending = False
    _touched = False
    value = None  # What the body was made from is not kept.
    _zlib_executor_size = 1024
    _zlib_executor = None

    # PERF: none of aiohttp's constructors run (1.5 us of a 10 us request); what they set is made when asked for.
    def __init__(self, body: bytes | None, head: Head) -> None:
        self._body = body
        self._head = head
        self._status = head.status

    @property
    def _headers(self) -> CIMultiDict[str]:  # type: ignore[override]  # an attribute in aiohttp, made on demand here
        self._touched = True
        made: CIMultiDict[str] | None = self.__dict__.get("_made_headers")
        if made is None:
            made = self.__dict__["_made_headers"] = CIMultiDict()
            if self._head.media_type is not None:
                made[hdrs.CONTENT_TYPE] = self._head.media_type
        return made

    @property
    def headers(self) -> CIMultiDict[str]:
        """The headers, which are written in the order in which they were set."""
        # PERF: middlewares ask for them; the first of them makes them.
        return self.__dict__.get("_made_headers") or self._headers

    @property
    def _state(self) -> dict[Any, Any]:  # type: ignore[override]  # as above
        made: dict[Any, Any] = self.__dict__.setdefault("_made_state", {})
        return made

    @property
    def _reason(self) -> str:
        return self.__dict__.get("_made_reason") or reason_phrase(self._status)

    @_reason.setter
    def _reason(self, reason: str) -> None:
        self._touched = True
        self.__dict__["_made_reason"] = reason

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies, which may be set in place."""
        self._touched = True
        return super().cookies

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Set a cookie as :class:`Response` does."""
        self._touched = True
        super().set_cookie(name, value, **attributes)

    def force_close(self) -> None:
        """Close the connection after this response."""
        self._touched = True
        super().force_close()

    def enable_compression(self, *args: Any, **keywords: Any) -> None:
        """Compress the body as aiohttp does."""
        self._touched = True
        super().enable_compression(*args, **keywords)

    def enable_chunked_encoding(self, *args: Any, **keywords: Any) -> None:
        """Send the body in chunks as aiohttp does."""
        self._touched = True
        super().enable_chunked_encoding(*args, **keywords)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write the ready-made head and the body, or as any response where the head or the request is not plain."""
        # PERF: one function, and the parser's own record of the request; six calls less are 6 % of a plain request.
        message = request._message  # noqa: SLF001  what the properties of the request read, one call each
        body = self._body
        if (
            self._touched
            or self._eof_sent
            or message.should_close
            or message.version != HttpVersion11
            or message.method == hdrs.METH_HEAD
            or has_signals(request)
            or self._head.unusual
            or not isinstance(body, bytes | None)
        ):
            return await super().prepare(request)
        transport = request._protocol.transport  # noqa: SLF001  as above
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        if not self._head.has_length or body is None:
            body = b""
        length = b"%d\r\n" % len(body) if self._head.has_length else b""
        data = b"".join((self._head.bytes, length, date_lines(), body))
        self._keep_alive = True
        self._eof_sent = True
        self._body_length = len(data)
        transport.write(data)
        if len(data) > HIGH_WATER:
            await request.writer.drain()
        return None
