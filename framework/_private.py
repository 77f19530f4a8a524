"""The private names of aiohttp that the framework uses for speed, and whether this aiohttp has all of them.

Each stands for public names that cost more on every request. All are looked up when the framework is imported: with one
missing, or a method with other parameters, requests go through ``Application._handle`` and aiohttp's own protocol,
responses are prepared by aiohttp, and one warning says what is missing.
"""

import warnings
from collections.abc import Awaitable, Callable, Iterator, Mapping
from http.cookies import SimpleCookie
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import hdrs, http_writer, web
from multidict import CIMultiDict

__all__ = (
    "HEADERS",
    "MATCH",
    "QUERY",
    "SUPPORTED",
    "cookies_of",
    "frame_sender",
    "has_name",
    "missing_names",
    "serialize_headers",
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
"""What must be in aiohttp: the names of a module, of a class, or of its instances."""

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
"""The first parameters of what is called or overridden; more may follow."""


def has_name(owner: Any, name: str) -> bool:
    """Return whether a module or class has a name, or a constructor of the class gives it to instances."""
    return hasattr(owner, name) or any(
        name in code.co_names
        for one in getattr(owner, "__mro__", ())
        for method in ("__init__", "_set_status")
        if (code := getattr(vars(one).get(method), "__code__", None)) is not None
    )


def missing_names(is_there: Callable[[str, str], bool] | None = None) -> Iterator[str]:
    """Yield what this aiohttp does not have: ``web_protocol.RequestHandler._waiter``."""
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

    It may be written in C, or a tracer may have put its own function in the place of aiohttp's.
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_filename.startswith(_FOLDER):
        return None
    names: tuple[str, ...] = code.co_varnames
    return names[: code.co_argcount + code.co_kwonlyargcount]


_MISSING = tuple(missing_names())
SUPPORTED = not _MISSING
"""Whether this aiohttp has all names: otherwise its public names are used."""
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
    r"""Return the lines of headers behind the end of another line, and the empty line; ``None`` where one is not text.

    ``X-A: b`` -> ``\r\nX-A: b\r\n\r\n``. Refuses what would split the response.
    """
    try:
        return http_writer._serialize_headers("", headers)  # noqa: SLF001  written in C
    except (TypeError, ValueError):
        return None


def frame_sender(response: web.WebSocketResponse[Any]) -> Callable[[bytes, Any], Awaitable[None]]:
    """Return what sends a frame on a socket that is accepted: ``await send(data, opcode)``."""
    writer = response._writer if SUPPORTED else None  # noqa: SLF001  one coroutine less for each message
    return response.send_frame if writer is None else writer.send_frame


def cookies_of(request: web.Request) -> Mapping[str, str]:
    """Return the cookies of all Cookie headers (RFC 9113, section 8.2.3); raises CookieError."""
    values = request.headers.getall(hdrs.COOKIE, ())
    if len(values) < 2:  # noqa: PLR2004  aiohttp reads the first one
        return request.cookies
    return {name: one.value for name, one in _parse_cookies("; ".join(values))}
