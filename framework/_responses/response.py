"""The response classes: what users return, and what emitted handlers answer with, written in one piece."""

import copy
import logging
from collections.abc import Callable, Iterable, Mapping
from http.cookies import SimpleCookie
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

from aiohttp import ClientConnectionResetError, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from yarl import URL

from framework._private import SUPPORTED, has_name
from framework._responses.cookies import SetCookie, check_cookie, morsel_for, needs_https
from framework._responses.encoders import encode_bytes, encode_untyped
from framework._responses.header_check import broken_header
from framework._responses.headers import header_texts
from framework._responses.public_names import add_missing_names
from framework._responses.wire import break_off, drain, has_signals, header_lines, send, whole_head
from framework.caching import CacheControl
from framework.http_errors import reason_phrase

__all__ = ("BrokenResponse", "Response", "SafeCookies", "convert_value", "instance_of")

_T = TypeVar("_T")
_R = TypeVar("_R", bound="Response[Any]")
# What sending leaves behind in a response.
_SENDING = (
    "_answered", "_body_length", "_compressed_body", "_eof_sent", "_must_be_empty_body",
    "_payload_writer", "_req",
)  # fmt: skip
_ABSENT: Any = object()
# Texts, bytes and what has no annotation know no null.
_WITHOUT_NULL = frozenset({None, str.encode, encode_bytes})
_LOGGER = logging.getLogger("framework")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# RFC 3986: what a path may hold as it is; % stays, since the path is encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
# RFC 9110, section 15: their answers have no body.
_BODILESS = frozenset({100, 101, 102, 103, 204, 304})


def instance_of(request: BaseRequest) -> str:
    """Return the percent-encoded path of a request."""
    path = request.rel_url.raw_path
    # aiohttp's Python parser lets raw bytes pass, as surrogates where they are not UTF-8.
    return path if path.isascii() else quote(path.encode(errors="surrogateescape"), safe=_PATH_SAFE)


class SafeCookies(web.StreamResponse):
    """A response whose cookies are HttpOnly and SameSite=Lax, and Secure but for loopback hosts, unless said."""

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Set a cookie as aiohttp does, HttpOnly and SameSite=Lax unless said otherwise.

        Raises ValueError where a browser would ignore it: a name or value that cannot be, a ``__Host-`` or
        ``__Secure-`` name without what it promises, SameSite=None or Partitioned without Secure.
        """
        said = {key: one for key, one in attributes.items() if one is not None}
        check_cookie(name, value, said)
        if said.get("partitioned"):
            morsel_for(self.cookies, name)
        elif "partitioned" in said:
            del said["partitioned"]
        if needs_https(name, said):
            said["secure"] = True
        super().set_cookie(name, value, **{"httponly": True, "samesite": "Lax", **said})
        if "secure" not in said:
            # Decided when the request is known; a flag that aiohttp itself does not look at.
            self._secure_later = {*getattr(self, "_secure_later", ()), name}

    def settle_headers(self, request: BaseRequest) -> None:
        """Decide what waited for the request: the Secure of cookies, and whether the connection stays open."""
        for name in getattr(self, "_secure_later", ()):
            if name in self.cookies:
                self.cookies[name]["secure"] = request.secure or not _is_loopback(request.host)
        if self.headers.get(hdrs.CONNECTION, "").lower() == "close":
            # The header alone tells the client, and leaves the connection open.
            self.force_close()

    async def _prepare_headers(self) -> None:
        # aiohttp announces itself and its version in a Server header that nobody asked for.
        announced = hdrs.SERVER in self.headers
        await super()._prepare_headers()
        if not announced:
            self.headers.popall(hdrs.SERVER, None)


if not SUPPORTED:
    add_missing_names(SafeCookies)


class Response(SafeCookies, web.Response, Generic[_T]):
    """An answer with more than a value: a status, headers, cookies or a media type of its own.

    The value is encoded as the handler's return annotation says (``-> Response[Order]``); outside handlers ``str`` is
    text/plain, ``bytes`` application/octet-stream, ``None`` no body and all else JSON. Cookies are HttpOnly,
    SameSite=Lax, and Secure unless the request came over plain HTTP to a loopback host. Headers may be a Struct, whose
    ``x_total`` is the header ``x-total``. ``location`` says where what was made is (RFC 9110, section 10.2.2).

    A handler may return one object for many requests: each gets a copy, as it was when it was returned first.
    """

    _given: "_Given | None" = None
    _answered: object = None
    """The message of the request that this was sent to."""

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
    ) -> None:
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
        # Whoever looks at the body of a response that no handler returned wants it encoded.
        if self._pending:
            self.encode(None, None, self.status)
        return self.__dict__.get("_made_body")

    @_body.setter
    def _body(self, body: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  made when asked for
        self._pending = False
        self.__dict__["_made_body"] = body

    @property
    def has_value(self) -> bool:
        """Whether there is a value that is not encoded yet; None stands for no body if the status has none."""
        return self._pending and not (self.value is None and self._status in _BODILESS)

    def for_request(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> Self:
        """Return what a handler returned, encoded as its route decided: itself, or a copy from the second time on.

        What middlewares put into the head, a cookie of somebody's session for example, is for one request alone.
        """
        if self._given is not None:
            return self._given.renew(self)
        self.encode(encode, media_type, status)
        self._given = _Given(self)
        return self

    def complete(self, status: int | None, media_type: str | None) -> None:
        """Take a status and a media type in the place of those that were not given."""
        if status is not None and not self._status_given:
            self.set_status(status, reason_phrase(status))
        if media_type is not None and self.has_value:
            self.headers.setdefault(hdrs.CONTENT_TYPE, media_type)

    def encode(self, encode: Callable[[Any], bytes] | None, media_type: str | None, status: int) -> None:
        """Encode the value as a route's return annotation decided; what was given to the constructor stays."""
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
        """Write head and body at once, or as aiohttp does where signals, compression or a payload ask for more.

        Headers that would split the response turn it into a 500.
        """
        message = getattr(request, "_message", request)
        if self._eof_sent or self._payload_writer is not None:
            # The message is another one if the end of the connection was announced since; its headers are the same.
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
        """Answer a second request with a response that is spent, and may hold what is for the first alone."""
        line = "%s %s: a response that was sent already is answered once more; make a new one for each request"
        _LOGGER.error(line, request.method, request.rel_url.raw_path)
        response: Response[Any] = Response()
        response.fail(request)
        await response.prepare(request)
        await response.write_eof()

    def _settle(self, request: BaseRequest) -> None:
        """Decide what waited for the request."""
        try:
            if self._pending:
                self.encode(None, None, self.status)
        except Exception:
            _LOGGER.exception("%s %s: a response cannot be encoded", request.method, request.rel_url.raw_path)
            self.fail(request)
        self.settle_headers(request)

    def _whole(self, request: BaseRequest) -> bytes:
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        # What is not of version 1 is refused in the newest that is spoken.
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
        """Make it a 500, since its headers cannot be written."""
        why = broken_header(self.headers, self._cookies)
        _LOGGER.error("%s %s: %s", request.method, request.rel_url.raw_path, why)
        self.fail(request)

    def fail(self, request: BaseRequest, status: int = 500, detail: str | None = None, **members: Any) -> None:
        """Make it a problem, whatever it was."""
        self.headers.clear()
        self._cookies = None
        self.set_status(status, reason_phrase(status))
        problem = {"type": "about:blank", "title": self.reason, "status": status}
        if detail is not None:
            problem["detail"] = detail
        self.body, _ = encode_untyped({**problem, "instance": instance_of(request), **members})
        self.headers[hdrs.CONTENT_TYPE] = "application/problem+json"


class _Given:
    """A response as a handler returned it first."""

    __slots__ = ("attributes", "cookies", "headers", "keep_alive", "reason", "status")

    def __init__(self, response: Response[Any]) -> None:
        self.status = response.status
        self.reason = response.reason
        self.keep_alive = response.keep_alive
        self.headers = response.headers.copy()
        # PERF: most have no cookie, and deepcopy() of None takes a third of a microsecond.
        cookies = response._cookies  # noqa: SLF001  of the same house
        self.cookies = None if cookies is None else copy.deepcopy(cookies)
        self.attributes = {} if SUPPORTED else _with_copied_cookies(vars(response))
        """All that the response held before it was sent, if the names of what sending leaves behind are not known."""

    def renew(self, response: _R) -> _R:
        """Return a response that is as that one was, and was not sent."""
        made = object.__new__(type(response))
        if not SUPPORTED:
            return self._renew_with_public_names(made)
        vars(made).update(vars(response))
        for name in _SENDING:
            vars(made).pop(name, None)
        state: dict[str, Any] = {
            "_status": self.status,
            "_reason": self.reason,
            "_keep_alive": self.keep_alive,
            "_headers": self.headers.copy(),
            "_cookies": copy.deepcopy(self.cookies),
            "_state": {},
        }
        vars(made).update(state)
        return made

    def _renew_with_public_names(self, made: _R) -> _R:
        vars(made).update(_with_copied_cookies(self.attributes), _given=self)
        web.StreamResponse.__init__(made, status=self.status, reason=self.reason, headers=self.headers.copy())
        return made


def convert_value(response: web.StreamResponse, convert: Callable[[Any], Any]) -> None:
    """Convert the value of a response that is not encoded yet, if it has one."""
    if isinstance(response, Response) and response.has_value:
        response.value = convert(response.value)


class BrokenResponse(web.StreamResponse):
    """Stands for a response that has begun and cannot be completed: the connection is cut, so that the client knows."""

    def __init__(self) -> None:
        super().__init__(status=500)

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Make aiohttp close the connection, as it does for a client that has gone."""
        break_off(request)
        raise ClientConnectionResetError("The response has begun and cannot be completed")


def _with_copied_cookies(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: copy.deepcopy(one) if isinstance(one, SimpleCookie) else one for name, one in attributes.items()}


def _body_of(response: Response[Any]) -> Any:
    """Return the body of a response, encoded if it was not yet, if aiohttp does not keep it in ``_body``."""
    if response._pending:  # noqa: SLF001  of this module
        response.encode(None, None, response.status)
    return _STOCK_BODY.fget(response)


_STOCK_BODY: Any = web.Response.body
if not has_name(web.Response, "_body"):
    Response.body = property(_body_of, _STOCK_BODY.fset)  # type: ignore[assignment, method-assign]


def _is_loopback(host: str) -> bool:
    name, bracket, _ = host.partition("]")
    return (name + bracket if bracket else name.partition(":")[0]).lower() in _LOOPBACK
