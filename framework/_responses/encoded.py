"""What emitted handlers answer with: an encoded body and a ready-made head, sent in one write."""

from collections.abc import Awaitable
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from framework._private import SUPPORTED, serialize_headers
from framework._responses.header_check import are_tokens
from framework._responses.response import Response
from framework._responses.wire import LENGTH_LINES, date, drain, has_signals
from framework.http_errors import reason_phrase

# ruff: noqa: SLF001  those of aiohttp are read as framework._private tells, the others are of the same house

__all__ = ("EncodedResponse", "Head")


_DATE, _CONNECTION = hdrs.DATE, hdrs.CONNECTION
_LENGTH, _CODING = hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING
# What somebody has asked of a response: nothing, its headers, or more.
_UNTOUCHED, _HEADERS, _MORE = range(3)


class _Done:
    """What may be awaited and is done: an iterator of nothing, without a coroutine."""

    __slots__ = ()
    __await__ = ().__iter__


_DONE: Awaitable[None] = _Done()  # type: ignore[assignment]  # __await__ of C, which takes no self


class Head:
    """Status, media type and fixed headers of an encoded response, with the bytes that they come to."""

    __slots__ = ("begin", "bytes", "has_length", "headers", "media_type", "status")

    def __init__(self, status: int, media_type: str | None, fixed: tuple[tuple[str, str], ...] = ()) -> None:
        self.status = status
        self.media_type = media_type
        content_type = () if media_type is None else ((hdrs.CONTENT_TYPE, media_type),)
        self.headers: CIMultiDict[str] = CIMultiDict((*content_type, *fixed))
        line = f"HTTP/1.1 {status} {reason_phrase(status)}"
        self.begin = f"{line}\r\n".encode()
        """The status line."""
        lines = [line, *map(": ".join, self.headers.items()), ""]
        # RFC 9110, section 8.6: no Content-Length with 1xx and 204.
        self.has_length = status >= 200 and status != 204  # noqa: PLR2004
        usual = status >= 200 and status != 304  # noqa: PLR2004
        self.bytes = "\r\n".join(lines).encode() if usual else None
        """The lines; ``None`` where more than lines of their own decides about the body."""


class _OnDemand:
    """Makes the headers of a response when they are asked for first; then they are a plain attribute."""

    # PERF: a property would be a call for each middleware that adds a header.
    def __get__(self, response: "EncodedResponse", _: type) -> CIMultiDict[str]:
        made = response._head.headers.copy()
        # What stands in the response itself comes before this descriptor from now on.
        response._headers = made
        response.headers = made  # pyright: ignore[reportAttributeAccessIssue]  as said
        if response._touched == _UNTOUCHED:
            response._touched = _HEADERS
        return made


class _StatusOfHead:
    """The status of a response as long as nobody sets another."""

    def __get__(self, response: "EncodedResponse", _: type) -> int:
        return response._head.status


class EncodedResponse(Response[Any]):
    """An encoded body behind a ready-made head.

    It turns into a stock response as soon as somebody looks at its headers or changes anything but its body; until then
    head and body go out in one write, without a header dictionary.
    """

    _body: Any = None
    _pending = False
    _touched = _UNTOUCHED
    value = None  # What the body was made from is not kept.
    _zlib_executor_size = 1024
    _zlib_executor = None

    _head: Head

    # PERF: none of aiohttp's constructors run (1.5 us of a 10 us request); what they set is made when asked for.
    def __init__(self, body: bytes | None, head: Head) -> None:
        self._body = body
        self._head = head

    # Attributes of aiohttp's, made on demand here.
    _status = _StatusOfHead()  # pyright: ignore[reportAssignmentType]  gives what the declared type says
    _headers = _OnDemand()  # pyright: ignore[reportAssignmentType]  gives what the declared type says
    headers = _OnDemand()  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  as above

    @property
    def _state(self) -> dict[Any, Any]:  # type: ignore[override]  # as above
        made: dict[Any, Any] = self.__dict__.setdefault("_made_state", {})
        return made

    @property
    def _reason(self) -> str:
        return self.__dict__.get("_made_reason") or reason_phrase(self._status)

    @_reason.setter
    def _reason(self, reason: str) -> None:
        self._touched = _MORE
        self.__dict__["_made_reason"] = reason

    @property
    def cookies(self) -> SimpleCookie:
        """The cookies, which may be set in place."""
        self._touched = _MORE
        return super().cookies

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Set a cookie as :class:`Response` does."""
        self._touched = _MORE
        super().set_cookie(name, value, **attributes)

    def force_close(self) -> None:
        """Close the connection after this response."""
        self._touched = _MORE
        super().force_close()

    def enable_compression(self, *args: Any, **keywords: Any) -> None:
        """Compress the body as aiohttp does."""
        self._touched = _MORE
        super().enable_compression(*args, **keywords)

    def enable_chunked_encoding(self, *args: Any, **keywords: Any) -> None:
        """Send the body in chunks as aiohttp does."""
        self._touched = _MORE
        super().enable_chunked_encoding(*args, **keywords)

    def prepare(self, request: BaseRequest) -> Awaitable[AbstractStreamWriter | None]:  # type: ignore[override]  # as good
        """Write the ready-made head and the body, or as any response where the head or the request is not plain."""
        if not self.write_whole(request):
            return super().prepare(request)
        return drain(request) if request.protocol.writing_paused else _DONE

    def write_whole(self, request: BaseRequest) -> bool:
        """Write the response at once where the head and the request are plain, or else nothing.

        Where writing is paused then, the caller is to wait. Raises ClientConnectionResetError.
        """
        # PERF: one plain function, and the parser's own record of the request; six calls and two coroutines less are
        # 8 % of a plain request. isinstance() with a union would make that union each time, and a comparison of
        # versions one of tuples.
        message = request._message  # what the properties of the request read, one call each
        try:
            # A match of the short way knows since start-up that nobody wants to see the response.
            plain: bool = request._match_info.plain  # type: ignore[attr-defined]
        except AttributeError:
            plain = not has_signals(request)
        head = self._head
        body = self._body
        if (
            not plain
            or self._touched == _MORE
            or head.bytes is None
            or self._eof_sent
            or message.should_close
            or message.version is not HttpVersion11
            or request._method == "HEAD"
            or not (body.__class__ is bytes or body is None)
        ):
            return False
        body = body or b""
        length = LENGTH_LINES[len(body)] if head.has_length else b""
        if self._touched == _UNTOUCHED:
            data = b"".join((head.bytes, length, date().last_line, body))
        else:
            lines = self._lines()
            if lines is None:
                return False
            data = b"".join((head.begin, length, date().line, lines, body))
        transport = request._protocol.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        self._keep_alive = True
        self._answered = message
        self._eof_sent = True
        self._body_length = len(data)
        transport.write(data)
        return True

    def write_eof(self, data: bytes = b"") -> Awaitable[None]:  # type: ignore[override]  # as good
        """End the response, which ``prepare`` may have done."""
        return _DONE if self._eof_sent else super().write_eof(data)

    def _lines(self) -> bytes | None:
        """Return the lines of the headers; ``None`` where they ask for more than being written."""
        headers = self.headers
        # PERF: four look-ups in C; a set of names would have to be compared in Python.
        if _DATE in headers or _CONNECTION in headers or _LENGTH in headers or _CODING in headers:
            return None
        return serialize_headers(headers) if are_tokens(headers) else None


class _PublicResponse(Response[Any]):
    """An encoded response that is made by aiohttp's constructor and sent by aiohttp."""

    def __init__(self, body: bytes | None, head: Head) -> None:
        super().__init__(status=head.status)
        self.body = body
        self.headers.extend(head.headers)

    def write_whole(self, request: BaseRequest) -> bool:  # noqa: ARG002  as above
        """Write nothing."""
        return False


if not SUPPORTED:
    EncodedResponse = _PublicResponse  # type: ignore[assignment, misc]
