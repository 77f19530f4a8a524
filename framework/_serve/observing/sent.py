"""What was sent in a response, for observers: its status, its error, the number of bytes of its body.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

import asyncio
from typing import Any, NamedTuple

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.files.response import FileResponse
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.response import BrokenResponse, Response
from framework._serve.streams.response import StreamedResponse
from framework.http_errors import HTTPError

# ruff: noqa: SLF001  see above

__all__ = ("Sent", "note_begun", "what_was_sent")

_BEGUN = "framework_begun"
# RFC 9110, sections 15.3.5 and 15.4.5: their responses have no body.
_BODILESS = frozenset({101, 204, 304})
# RFC 6455, section 7.1.5: the connection was lost.
_LOST = frozenset({None, 1006})


class Sent(NamedTuple):
    """The outcome of a response."""

    status: int | None
    exception: BaseException | None
    body_size: int
    client_gone: bool
    close_code: int | None = None


def note_begun(request: BaseRequest, response: web.StreamResponse) -> None:
    """Keep the response that begins, because an error may replace it before it ends."""
    vars(request)[_BEGUN] = response


def what_was_sent(request: Any, response: Any, error: BaseException | None, *, reset: bool) -> Sent:
    """Return the outcome of a request.

    ``response`` is the last response, ``error`` the exception that was raised instead, ``reset`` whether the response
    could not be written completely.
    """
    if response.__class__ is EncodedResponse and SUPPORTED and response._eof_sent and not reset:
        # PERF: nearly all responses.
        status, body = response._status, response._body
        size = len(body) if body and request._method != hdrs.METH_HEAD and status not in _BODILESS else 0
        known = response.__dict__
        return Sent(status, known.get("_made_from") or known.get("_ended_by"), size, client_gone=False)
    error, lost = _error_of(response, error), _is_lost(request)
    if lost and isinstance(error, asyncio.CancelledError):
        # A cancellation that only means that the client has disconnected.
        error = None
    if response is None or isinstance(response, BrokenResponse):
        response = vars(request).get(_BEGUN)
    if isinstance(response, web.WebSocketResponse):
        code = response.close_code
        if code not in _LOST:
            code = vars(response).get("_closed_with", code)
        return Sent(101 if response.prepared else None, error, 0, code in _LOST, None if code is None else int(code))
    gone = lost or (reset and error is None)
    if response is None:
        return Sent(None, error, 0, gone)
    return Sent(response.status, error, _body_size(request, response, complete=not (reset or gone)), gone)


def _error_of(response: Any, error: BaseException | None) -> BaseException | None:
    """Return the original exception."""
    known = {} if response is None else vars(response)
    found = error or known.get("_made_from") or known.get("_ended_by")
    if found is None and isinstance(response, BaseException):
        found = response
    if isinstance(found, web.HTTPException) and isinstance(found.__cause__, HTTPError):
        # The exception that aiohttp's middlewares see.
        return found.__cause__
    return found


def _is_lost(request: BaseRequest) -> bool:
    protocol: Any = request.protocol
    # A connection that the server has closed also has no transport.
    return (protocol._manager if SUPPORTED else protocol.transport) is None


def _body_size(request: BaseRequest, response: web.StreamResponse, *, complete: bool) -> int:
    if isinstance(response, StreamedResponse):
        return response.body_length
    if not response.prepared or request.method == hdrs.METH_HEAD or response.status in _BODILESS:
        return 0
    length = response.headers.get(hdrs.CONTENT_LENGTH)
    in_one_piece = isinstance(response, Response) and not isinstance(response, FileResponse)
    if length is not None and (complete or in_one_piece):
        return int(length)
    return max(0, request.writer.output_size - _head_size(request, response))


def _head_size(request: BaseRequest, response: web.StreamResponse) -> int:
    version = request.version
    line = f"HTTP/{version.major}.{version.minor} {response.status} {response.reason}\r\n\r\n"
    return len(line.encode()) + sum(len(f"{name}: {value}\r\n".encode()) for name, value in response.headers.items())
