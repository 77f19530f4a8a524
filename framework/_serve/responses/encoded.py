"""The responses of emitted handlers: an encoded body and a prepared head, sent in one write."""

from collections.abc import Awaitable
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion11, hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from multidict import CIMultiDict

from framework._serve.aiohttp_names import SUPPORTED, serialize_headers
from framework._serve.responses.head import Head
from framework._serve.responses.header_check import are_tokens
from framework._serve.responses.response import Response
from framework._serve.responses.wire import LENGTH_LINES, date, drain, has_signals
from framework.http_errors import reason_phrase

# ruff: noqa: SLF001  those of aiohttp are known to framework._serve.aiohttp_names, the others are of the same package

__all__ = ("EncodedResponse",)


_DATE, _CONNECTION = hdrs.DATE, hdrs.CONNECTION
_LENGTH, _CODING = hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING
_END_OF_HEAD = b"\r\n\r\n"
# What has been accessed of a response: nothing, its headers, or more.
_UNTOUCHED, _HEADERS, _MORE = range(3)


class _Done:
    """An awaitable that is done: an empty iterator, without a coroutine."""

    __slots__ = ()
    __await__ = ().__iter__


_DONE: Awaitable[None] = _Done()  # type: ignore[assignment]  # __await__ of C, which takes no self


class _OnDemand:
    """Creates the headers of a response on the first access; then they are a plain attribute."""

    # PERF: a property would be a call for each middleware that adds a header.
    def __get__(self, response: "EncodedResponse", _: type) -> CIMultiDict[str]:
        made = response._head.headers.copy()
        for line in response._added.split("\r\n")[1:]:
            name, value = line.split(": ", 1)
            made.add(name, value)
        # Now the attribute of the response itself is found before this descriptor.
        response._headers = made
        response.headers = made  # pyright: ignore[reportAttributeAccessIssue]  as above
        if response._touched == _UNTOUCHED:
            response._touched = _HEADERS
        return made


class _StatusOfHead:
    """The status of a response until another is set."""

    def __get__(self, response: "EncodedResponse", _: type) -> int:
        return response._head.status


class EncodedResponse(Response[Any]):
    """An encoded body with a prepared head.

    It turns into a stock response when its headers are accessed or anything but its body is changed; until then
    head and body go out in one write, without a header dictionary.
    """

    _body: Any = None
    _pending = False
    _touched = _UNTOUCHED
    _added = ""
    """Lines of headers that were set without creating the dictionary; added to it on the first access."""
    value = None  # The value of the body is not kept.
    _zlib_executor_size = 1024
    _zlib_executor = None

    _head: Head

    # PERF: none of aiohttp's constructors run (1.5 us of a 10 us request); their attributes are created on demand.
    def __init__(self, body: bytes | None, head: Head) -> None:
        self._body = body
        self._head = head
        # PERF: reading the default of a class costs five times as much as an attribute of the object.
        self._touched = _UNTOUCHED
        self._added = ""
        self._eof_sent = False

    # Attributes of aiohttp, created on demand here.
    _status = _StatusOfHead()  # pyright: ignore[reportAssignmentType]  has the declared type
    _headers = _OnDemand()  # pyright: ignore[reportAssignmentType]  has the declared type
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
        """Write the prepared head and the body, or as any response if the head or the request is not plain."""
        if not self.write_whole(request):
            return super().prepare(request)
        return drain(request) if request.protocol.writing_paused else _DONE

    def write_whole(self, request: BaseRequest) -> bool:
        """Write the response at once if the head and the request are plain, otherwise write nothing.

        If writing is paused afterwards, the caller must wait. Raises ClientConnectionResetError.
        """
        # PERF: one plain function, and the parser's own record of the request; six calls and two coroutines less are
        # 8 % of a plain request. isinstance() with a union would make that union each time, and a comparison of
        # versions one of tuples.
        message = request._message  # read by properties of the request, one call each
        try:
            # A match of the fast path knows since start-up that no signal handler needs the response.
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
            added = self._added
            if added:
                data = b"".join((head.bytes, length, date().line, added.encode(), _END_OF_HEAD, body))
            else:
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
        """Return the lines of the headers; ``None`` if they must be handled by aiohttp."""
        headers = self.headers
        # PERF: most middlewares add the same headers to each response. Checking and writing six of them takes ten
        # times as long as comparing them.
        known, lines = self._head.known
        if headers == known:
            return lines
        # PERF: four look-ups in C; a set of names would have to be compared in Python.
        if _DATE in headers or _CONNECTION in headers or _LENGTH in headers or _CODING in headers:
            return None
        if not are_tokens(headers):
            return None
        written = serialize_headers(headers)
        if written is not None:
            self._head.learn(headers, written)
        return written


class _PublicResponse(Response[Any]):
    """An encoded response that is made by aiohttp's constructor and sent by aiohttp."""

    _touched = _MORE

    def __init__(self, body: bytes | None, head: Head) -> None:
        super().__init__(status=head.status)
        self._head = head
        self.body = body
        self.headers.extend(head.headers)

    def write_whole(self, request: BaseRequest) -> bool:  # noqa: ARG002  as above
        """Write nothing."""
        return False


if not SUPPORTED:
    EncodedResponse = _PublicResponse  # type: ignore[assignment, misc]
