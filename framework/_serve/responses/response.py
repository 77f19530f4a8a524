"""The response classes: those that users return, and those of emitted handlers, written in one piece."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar, Unpack
from urllib.parse import quote

from aiohttp import ClientConnectionResetError, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from yarl import URL

from framework._inspect.calls import NoOptions, refuse_options
from framework._prefix import prefix_of
from framework._serve.aiohttp_names import has_name
from framework._serve.responses.cookies import SafeCookies, SetCookie
from framework._serve.responses.copies import FirstState
from framework._serve.responses.encoders import encode_bytes, encode_untyped
from framework._serve.responses.header_check import broken_header
from framework._serve.responses.headers import header_texts
from framework._serve.responses.wire import break_off, drain, has_signals, header_lines, send, whole_head
from framework.caching import CacheControl
from framework.http_errors import reason_phrase
from framework.request_ids import in_brackets

__all__ = ("BrokenResponse", "Response", "convert_value", "instance_of")

_T = TypeVar("_T")
_ABSENT: Any = object()
# Strings, bytes and values without an annotation have no null.
_WITHOUT_NULL = frozenset({None, str.encode, encode_bytes})
_VALUE = "give the value first: Response(value)"
# Headers that are set in another way here.
_WAYS = {
    **dict.fromkeys(("body", "content", "data", "json", "text"), _VALUE),
    "background": "take tasks: BackgroundTasks in the handler, and add the work to it",
    "charset": 'write it into media_type="text/html; charset=utf-8"',
    "reason": "leave it out: the phrase is that of the status",
}
_LOGGER = logging.getLogger("framework")
# RFC 3986: the characters of a path that are not percent-encoded; % stays, because the path is encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
# RFC 9110, section 15: these statuses have no body.
_BODILESS = frozenset({100, 101, 102, 103, 204, 304})


def instance_of(request: BaseRequest) -> str:
    """Return the percent-encoded path of a request, as its client sent it."""
    path = prefix_of(request) + request.rel_url.raw_path
    # aiohttp's Python parser accepts raw bytes; if they are not UTF-8, they are surrogates.
    return path if path.isascii() else quote(path.encode(errors="surrogateescape"), safe=_PATH_SAFE)


class Response(SafeCookies, web.Response, Generic[_T]):
    """A response with more than a value: a status, headers, cookies or a media type.

    The value is encoded by the handler's return annotation (``-> Response[Order]``); outside handlers ``str`` is
    text/plain, ``bytes`` application/octet-stream, ``None`` no body and all else JSON. Cookies are HttpOnly,
    SameSite=Lax, and Secure unless the request came over plain HTTP to a loopback host. Headers may be a Struct, whose
    ``x_total`` is the header ``x-total``. ``location`` is the URL of a created resource (RFC 9110, section 10.2.2).

    A handler may return one object for many requests: each gets a copy, as it was when it was returned first.
    """

    __module__ = "framework.responses"

    ready: ClassVar[bool] = False
    """Whether its body does not come from a value, so that nothing is encoded."""
    _given: FirstState | None = None
    _answered: object = None
    """The message of the request to which this was sent."""

    def __init__(
        self,
        value: _T | None = _ABSENT,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | Struct | None = None,
        cookies: Mapping[str, str] | Iterable[SetCookie] | None = None,
        media_type: str | None = None,
        location: str | URL | None = None,
        cache_control: CacheControl | None = None,
        **unknown: Unpack[NoOptions],
    ) -> None:
        if unknown:
            refuse_options(unknown, "Response", Response.__init__, _WAYS)
        if status is not None and not 200 <= status <= 599:  # noqa: PLR2004  RFC 9110, section 15: final ones
            raise ValueError(f"{status} is not a final status of HTTP")
        made = None if headers is None else header_texts(headers)
        super().__init__(status=status or 200, reason=reason_phrase(status or 200), headers=made)
        self._pending = value is not _ABSENT
        self.value = value if self._pending else None
        self._status_given = status is not None
        if media_type is not None:
            self.headers[hdrs.CONTENT_TYPE] = media_type
        if location is not None:
            self.headers[hdrs.LOCATION] = str(location)
        if cache_control is not None:
            self.headers[hdrs.CACHE_CONTROL] = str(cache_control)
        given: Any = cookies or ()
        for cookie in given:
            if isinstance(cookie, SetCookie):
                self.set_cookie(cookie.name, cookie.value, **cookie.attributes)
            else:
                self.set_cookie(cookie, given[cookie])

    @property
    def _body(self) -> Any:
        # Code that reads the body of a response that no handler returned expects it to be encoded.
        if self._pending:
            self.encode(None, None, self.status)
        return self.__dict__.get("_made_body")

    @_body.setter
    def _body(self, body: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  made on demand
        self._pending = False
        self.__dict__["_made_body"] = body

    @property
    def has_value(self) -> bool:
        """Whether there is a value that is not encoded yet; None stands for no body if the status has none."""
        return self._pending and not (self.value is None and self._status in _BODILESS)

    def for_request(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> Self:
        """Return what a handler returned, encoded as its route defines: itself, or a copy from the second time on.

        Headers that middlewares add, for example the cookie of a session, are for one request only.
        """
        if self._given is not None:
            return self._given.renew(self)
        self.encode(encode, media_type, status)
        self._given = FirstState(self)
        return self

    def complete(self, status: int | None, media_type: str | None) -> None:
        """Set the status and the media type unless they were given."""
        if status is not None and not self._status_given:
            self.set_status(status, reason_phrase(status))
        if media_type is not None and self.has_value:
            self.headers.setdefault(hdrs.CONTENT_TYPE, media_type)

    def encode(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> None:
        """Encode the value by a route's return annotation; status and media type of the constructor stay."""
        if not self._status_given:
            self.set_status(status, reason_phrase(status))
        if not self._pending:
            return
        self._pending = False
        if self.value is None and encode in _WITHOUT_NULL:
            return
        if encode is None or media_type is None:
            self.body, media_type = encode_untyped(self.value)
        else:
            self.body = encode(self.value)
        self.headers.setdefault(hdrs.CONTENT_TYPE, media_type)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write head and body at once, or as aiohttp does if signals, compression or a payload require it.

        Headers that would split the response turn it into a 500.
        """
        message = getattr(request, "_message", request)
        if self._eof_sent or self._payload_writer is not None:
            # The message differs if the end of the connection was announced in the meantime; its headers are the same.
            same = getattr(self._answered, "headers", None) is message.headers
            return await (super().prepare(request) if same else self._again(request))
        self._answered = message
        self._settle(request)
        if self._compression or self._chunked or not isinstance(self._body, bytes | None) or has_signals(request):
            if header_lines(self.headers, self._cookies) is None:
                self.refuse(request)
            return await super().prepare(request)
        data = self._whole(request)
        self._eof_sent = True
        self._body_length = len(data)
        send(request, data)
        if request.protocol.writing_paused:
            await drain(request)
        return None

    async def _again(self, request: BaseRequest) -> None:
        """Log that this response was sent already, and send a 500: its content may be for the first request only."""
        line = "%s %s: a response that was sent already is answered once more; make a new one for each request%s"
        _LOGGER.error(line, request.method, request.rel_url.raw_path, in_brackets(request))
        response: Response[Any] = Response()
        response.fail(request)
        await response.prepare(request)
        await response.write_eof()

    def _settle(self, request: BaseRequest) -> None:
        """Decide what depends on the request."""
        try:
            if self._pending:
                self.encode(None, None, self.status)
        except Exception:
            line, path = "%s %s: a response cannot be encoded%s", request.rel_url.raw_path
            _LOGGER.exception(line, request.method, path, in_brackets(request))
            self.fail(request)
        self.settle_headers(request)

    def _whole(self, request: BaseRequest) -> bytes:
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        # Requests of another major version are refused in the newest supported version.
        minor = request.version.minor if request.version.major == 1 else 1
        while True:
            body = self._body if isinstance(self._body, bytes) else b""
            head = whole_head(
                request,
                f"HTTP/1.{minor} {self._status} {self._reason}",
                self.headers,
                self._cookies,
                status=self._status,
                length=len(body),
                keep_alive=self._keep_alive,
            )
            if head is not None:
                break
            self.refuse(request)
        bodiless = request.method == hdrs.METH_HEAD or self._status in _BODILESS
        return head if bodiless else head + body

    def refuse(self, request: BaseRequest) -> None:
        """Make it a 500, because its headers cannot be written."""
        why = broken_header(self.headers, self._cookies)
        _LOGGER.error("%s %s: %s%s", request.method, request.rel_url.raw_path, why, in_brackets(request))
        self.fail(request)

    def fail(self, request: BaseRequest, status: int = 500, detail: str | None = None, **members: Any) -> None:
        """Replace it by a problem."""
        self.headers.clear()
        self._cookies = None
        self.set_status(status, reason_phrase(status))
        problem = {"type": "about:blank", "title": self.reason, "status": status}
        if detail is not None:
            problem["detail"] = detail
        self.body, _ = encode_untyped({**problem, "instance": instance_of(request), **members})
        self.headers[hdrs.CONTENT_TYPE] = "application/problem+json"


def convert_value(response: web.StreamResponse, convert: Callable[[Any], Any]) -> None:
    """Convert the value of a response that is not encoded yet, if it has one."""
    if isinstance(response, Response) and response.has_value:
        response.value = convert(response.value)


class BrokenResponse(web.StreamResponse):
    """Replaces a response that has begun and cannot be completed: the connection is cut, so that the client notices."""

    def __init__(self) -> None:
        super().__init__(status=500)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Make aiohttp close the connection, as it does for a client that has disconnected."""
        break_off(request)
        raise ClientConnectionResetError("The response has begun and cannot be completed")


def _body_of(response: Response[Any]) -> Any:
    """Return the body of a response, encoded on the first access, if aiohttp does not keep it in ``_body``."""
    if response._pending:  # noqa: SLF001  of this module
        response.encode(None, None, response.status)
    return _STOCK_BODY.fget(response)


_STOCK_BODY: Any = web.Response.body
if not has_name(web.Response, "_body"):
    Response.body = property(_body_of, _STOCK_BODY.fset)  # type: ignore[assignment, method-assign]
