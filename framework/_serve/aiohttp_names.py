"""The private names of aiohttp that the framework uses for speed, and whether this aiohttp has all of them.

Each replaces public names that cost more on every request. All are looked up when the framework is imported: if one
is missing, or a method has other parameters, requests go through ``Application._handle`` and aiohttp's own protocol,
responses are prepared by aiohttp, and one warning names what is missing.
"""

import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http.cookies import SimpleCookie
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import hdrs, http_writer, web
from multidict import CIMultiDict, CIMultiDictProxy

from framework.request_ids import request_id

__all__ = (
    "HEADERS",
    "MATCH",
    "QUERY",
    "SUPPORTED",
    "cookies_of",
    "frame_sender",
    "has_name",
    "headers_of",
    "is_secure",
    "missing_names",
    "note_other_host",
    "plain_host",
    "remote_of",
    "replace_headers",
    "serialize_headers",
    "set_reported",
    "target_of",
)

NAMES: Mapping[str, str] = {
    "helpers": "ceil_timeout",
    "http_exceptions.HttpProcessingError": "__init__",
    "http_parser": "DeflateBuffer",
    "http_parser.HttpRequestParser": "feed_data message_consumed",
    "http_parser.RawRequestMessage": "_replace chunked headers method path should_close upgrade url version",
    "http_writer": "_serialize_headers StreamWriter",
    "streams": "EMPTY_PAYLOAD",
    "streams.StreamReader": (
        "_eof _protocol exception is_eof read_nowait readany readchunk set_exception total_raw_bytes wait_eof"
    ),
    "web_app.Application": "_client_max_fields _client_max_size _handle _make_handler _make_request",
    "web_protocol": "ERROR _ErrInfo _PAYLOAD_ACCESS_ERROR",
    "web_protocol.RequestHandler": (
        "_buffer_paused _close _current_request _data_received_cb _force_close _handle_request"
        " _handler_waiter _keepalive _keepalive_handle _keepalive_timeout _lingering_time _logging_enabled"
        " _loop _make_error_handler _manager _max_msg_queue_size _message_tail _messages"
        " _msg_queue_resume_size _next_keepalive_close_time _parser _pause_reading_for_buffer _paused"
        " _payload_parser _process_keepalive _read_bufsize _reading_paused _request_count _request_handler"
        " _request_in_progress _resume_reading_if_drained _task_handler _upgraded _waiter close data_received"
        " force_close log_debug log_exception pause_writing peername resume_reading resume_writing sockname"
        " ssl_context start transport writing_paused"
    ),
    "web_request.BaseRequest": (
        "_cache _cancel _client_max_fields _client_max_size _headers _loop _message _method _payload"
        " _payload_writer _post _protocol _read_bytes _rel_url _state _task _transport_peername"
        " _transport_sockname _transport_sslcontext _version"
    ),
    "web_request.Request": "_match_info _prepare_hook",
    "web_response.Response": "_compressed_body _zlib_executor _zlib_executor_size",
    "web_response.StreamResponse": (
        "_body _body_length _chunked _compression _cookies _eof_sent _headers _keep_alive _must_be_empty_body"
        " _payload_writer _prepare_headers _reason _req _state _status"
    ),
    "web_server.Server": "_kwargs _loop handler_cancellation request_factory request_handler requests_count",
    "web_urldispatcher.UrlMappingMatchInfo": "_apps _current_app _frozen _route",
    "web_ws.WebSocketResponse": "_post_start _writer",
}
"""The names that aiohttp must have: of a module, of a class, or of its instances."""

SIGNATURES: Mapping[str, str] = {
    "helpers.ceil_timeout": "delay",
    "http_writer.StreamWriter.__init__": "self protocol loop",
    "web_app.Application._handle": "self request",
    "web_app.Application._make_handler": "self loop",
    "web_app.Application._make_request": "self message payload protocol writer task _cls",
    "web_protocol.RequestHandler.__init__": "self manager loop",
    "web_protocol.RequestHandler._handle_request": "self request start_time request_handler",
    "web_protocol.RequestHandler._make_error_handler": "self err_info",
    "web_protocol.RequestHandler._pause_reading_for_buffer": "self",
    "web_protocol.RequestHandler._process_keepalive": "self",
    "web_protocol.RequestHandler._resume_reading_if_drained": "self",
    "web_protocol.RequestHandler.close": "self",
    "web_protocol.RequestHandler.data_received": "self data",
    "web_protocol.RequestHandler.force_close": "self",
    "web_protocol.RequestHandler.pause_writing": "self",
    "web_protocol.RequestHandler.resume_reading": "self resume_parser",
    "web_protocol.RequestHandler.resume_writing": "self",
    "web_protocol.RequestHandler.start": "self",
    "web_request.BaseRequest.__init__": "self message payload protocol payload_writer task loop",
    "web_response.StreamResponse._prepare_headers": "self",
    "web_server.Server.__init__": "self handler request_factory handler_cancellation loop",
}
"""The first parameters of the functions that are called or overridden; more may follow."""


def has_name(owner: Any, name: str) -> bool:
    """Return whether a module or class has a name, or a constructor of the class gives it to instances."""
    return hasattr(owner, name) or any(
        name in code.co_names
        for one in getattr(owner, "__mro__", ())
        for method in ("__init__", "_set_status")
        if (code := getattr(vars(one).get(method), "__code__", None)) is not None
    )


def missing_names(is_there: Callable[[str, str], bool] | None = None) -> Iterator[str]:
    """Yield the names that this aiohttp does not have: ``web_protocol.RequestHandler._waiter``."""
    is_there = is_there or _is_there
    for place, names in NAMES.items():
        yield from (f"{place}.{name}" for name in names.split() if not is_there(place, name))
    for place, wanted in SIGNATURES.items():
        if not is_there(place, wanted):
            yield f"{place}({', '.join(wanted.split())})"


def _is_there(place: str, name: str) -> bool:
    found = _find(place)
    if place not in SIGNATURES:
        return found is not None and has_name(found, name)
    parameters, wanted = _parameters(found), tuple(name.split())
    return parameters is None or parameters[: len(wanted)] == wanted


def _find(place: str) -> Any:
    module, *names = place.split(".")
    try:
        found: Any = import_module(f"aiohttp.{module}")
    except ImportError:
        return None
    for name in names:
        found = getattr(found, name, None)
    return found


def _parse_plainly(text: str) -> Any:
    return SimpleCookie(text).items()


try:
    _parse_cookies: Callable[[str], Any] = import_module("aiohttp._cookie_helpers").parse_cookie_header
except (ImportError, AttributeError):  # pragma: no cover  no release of the tested series
    _parse_cookies = _parse_plainly

_FOLDER = str(Path(aiohttp.__file__).parent)


def _parameters(function: Any) -> tuple[str, ...] | None:
    """Return the names of a function's parameters in order; ``None`` if they cannot be read.

    It may be written in C, or a tracer may have replaced aiohttp's function by its own.
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_filename.startswith(_FOLDER):
        return None
    names: tuple[str, ...] = code.co_varnames
    return names[: code.co_argcount + code.co_kwonlyargcount]


_MISSING = tuple(missing_names())
SUPPORTED = not _MISSING
"""Whether this aiohttp has all names; otherwise its public names are used."""
if _MISSING:
    warnings.warn(
        f"aiohttp {aiohttp.__version__} does not have {', '.join(_MISSING)}: requests take aiohttp's own, slower path",
        RuntimeWarning,
        stacklevel=2,
    )

# As emitted code spells them.
HEADERS = "request._headers" if SUPPORTED else "request.headers"
MATCH = "request._match_info" if SUPPORTED else "request.match_info"
QUERY = "request._rel_url.raw_query_string" if SUPPORTED else "request.rel_url.raw_query_string"


def serialize_headers(headers: CIMultiDict[str]) -> bytes | None:
    r"""Return a line end, the lines of headers and the empty line; ``None`` if a value is not a string.

    ``X-A: b`` -> ``\r\nX-A: b\r\n\r\n``. Rejects values that would split the response.
    """
    try:
        return http_writer._serialize_headers("", headers)  # noqa: SLF001  written in C
    except (TypeError, ValueError):
        return None


def frame_sender(response: web.WebSocketResponse[Any]) -> Callable[[bytes, Any], Awaitable[None]]:
    """Return the function that sends a frame on an accepted web socket: ``await send(data, opcode)``."""
    writer = response._writer if SUPPORTED else None  # noqa: SLF001  one coroutine less for each message
    return response.send_frame if writer is None else writer.send_frame


def cookies_of(request: web.Request) -> Mapping[str, str]:
    """Return the cookies of all Cookie headers (RFC 9113, section 8.2.3); raises CookieError."""
    values = request.headers.getall(hdrs.COOKIE, ())
    if len(values) < 2:  # noqa: PLR2004  aiohttp reads the first one
        return request.cookies
    return {name: one.value for name, one in _parse_cookies("; ".join(values))}


def set_reported(request: Any, values: Mapping[str, str]) -> None:
    """Give attributes of a request that aiohttp computes once (``remote``, ``scheme``, ``host``) other values."""
    cache: dict[str, object] = request._cache  # noqa: SLF001  where aiohttp keeps them
    cache.update(values)
    # It is computed from the others.
    cache.pop("url", None)
    if hasattr(request, "_other_host"):
        for name, value in values.items():
            setattr(request, f"_reported_{name}", value)
        request._other_host = request._other_host or "host" in values  # noqa: SLF001  of the lean request


def note_other_host(request: Any) -> None:
    """Record that the Host header alone does not determine the host of a request."""
    if hasattr(request, "_other_host"):
        request._other_host = True  # noqa: SLF001  of the lean request


def plain_host(request: Any) -> str | None:
    """Return the Host header if it alone determines the host: no absolute target, no proxy, no middleware."""
    # PERF: `request.host` makes a cache for the request first, 3 000 instructions.
    try:
        return None if request._other_host else request._headers.get(hdrs.HOST)  # noqa: SLF001  of the lean request
    except AttributeError:
        # A request of aiohttp's own protocol: the caller uses the public attributes.
        return None


def is_secure(request: Any) -> bool:
    """Return whether a request uses HTTPS, as ``request.secure`` does."""
    # PERF: as above.
    try:
        scheme = request._reported_scheme or request._protocol.scheme  # noqa: SLF001  of the lean protocol
    except AttributeError:
        scheme = None
    return (scheme or request.scheme) == "https"  # type: ignore[no-any-return]  # aiohttp declares it


def target_of(request: Any) -> str:
    """Return the target of a request as the client wrote it, without scheme and authority."""
    # PERF: as above.
    target: str = request._message.path if SUPPORTED else request.raw_path  # noqa: SLF001  in NAMES
    return target if target[:1] == "/" else request.path_qs


def remote_of(request: Any) -> str | None:
    """Return the address of the client as ``request.remote`` does."""
    # PERF: as above.
    try:
        reported: str | None = request._reported_remote  # noqa: SLF001  of the lean request
    except AttributeError:
        return request.remote  # type: ignore[no-any-return]  # as aiohttp declares it
    if reported is not None:
        return reported
    peer = request._protocol.peername  # noqa: SLF001  in NAMES
    if peer.__class__ is tuple and peer:
        return peer[0]  # type: ignore[no-any-return]  # the address
    return request.remote  # type: ignore[no-any-return]  # as aiohttp declares it


def logged_facts(request: Any) -> tuple[str, str | None, str | None, CIMultiDictProxy[str]]:
    """Return the target, the address of the client, the request id and the headers of a request."""
    # PERF: one call instead of four: 3 % of a small response.
    try:
        target = request._message.path  # noqa: SLF001  in NAMES
        remote = request._reported_remote or request._protocol.peername[0]  # noqa: SLF001  as in remote_of
        if target[:1] == "/" and remote.__class__ is str:
            return target, remote, request._known_id, request._headers  # noqa: SLF001  of the lean request
    except (AttributeError, TypeError, IndexError):
        # A request of aiohttp's own protocol, a Unix socket, or a client that has disconnected.
        pass
    return target_of(request), remote_of(request), request_id(request), headers_of(request)


# PERF: request.headers makes the dictionary of all that a request keeps, 2 000 instructions on the first access.
headers_of: Callable[[web.BaseRequest], CIMultiDictProxy[str]] = attrgetter("_headers" if SUPPORTED else "headers")
"""Returns the headers of a request."""


def replace_headers(request: web.BaseRequest, headers: CIMultiDictProxy[str]) -> None:
    """Give a request other headers; its message keeps those that arrived."""
    request._headers = headers  # noqa: SLF001  what request.headers reads
    # The cache of aiohttp's request; a request without a cache has its own headers.
    cache: dict[str, object] = getattr(request, "_cache", {})
    cache.pop("headers", None)
