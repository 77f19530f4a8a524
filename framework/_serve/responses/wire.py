"""Head and body of a response as the bytes of one write."""

import asyncio
import socket
import struct
import time
from contextlib import suppress
from email.utils import formatdate
from http.cookies import SimpleCookie
from typing import Any

from aiohttp import ClientConnectionResetError, HttpVersion10, HttpVersion11, hdrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web_request import BaseRequest
from msgspec import Struct
from multidict import CIMultiDict

from framework._serve.aiohttp_names import SUPPORTED
from framework._serve.responses.header_check import are_tokens, has_control_characters
from framework.limits import DEFAULT_LIMITS, Limits

__all__ = (
    "LEFT_OVER",
    "LENGTH_LINES",
    "WriteWatch",
    "break_off",
    "date",
    "drain",
    "has_signals",
    "header_lines",
    "send",
    "unsent",
    "whole_head",
    "write_timeout_of",
)

_WITHOUT_LENGTH = frozenset({204, 304})
_SMALL = 1024
_RESET = struct.pack("ii", 1, 0)
LEFT_OVER = 1
"""The size of the write buffer from which on a transport pauses writing: any unwritten byte."""


def has_signals(request: BaseRequest) -> bool:
    """Return whether a signal handler (aiohttp's ``on_response_prepare``) needs the response before it is written.

    Also True if this aiohttp does not have all private names: then it prepares all responses itself.
    """
    match: Any = getattr(request, "_match_info", None)
    return not SUPPORTED or match is None or any(app.on_response_prepare for app in match.apps)


def whole_head(
    request: BaseRequest,
    status_line: str,
    headers: CIMultiDict[str],
    cookies: SimpleCookie | None,
    *,
    status: int,
    length: int,
    keep_alive: bool,
) -> bytes | None:
    """Complete the headers as aiohttp does and return the head, or ``None`` if it cannot be written.

    ``length`` is that of the body, whether it is sent (GET) or not (HEAD).
    """
    if not status_line.isprintable():
        return None
    _complete(request, headers, status=status, length=length, keep_alive=keep_alive)
    lines = header_lines(headers, cookies)
    return None if lines is None else b"%s\r\n%s\r\n" % (status_line.encode(), lines)


def header_lines(headers: CIMultiDict[str], cookies: SimpleCookie | None) -> bytes | None:
    """Return headers and cookies as lines, or ``None`` if one of them is not a string or not allowed in HTTP."""
    lines: list[str] = []
    try:
        lines += map(": ".join, headers.items())
        if cookies:
            lines += [f"Set-Cookie: {one.OutputString()}" for one in cookies.values()]
        data = "\r\n".join([*lines, ""]).encode()
    except (TypeError, UnicodeEncodeError):
        return None
    if has_control_characters(data, len(lines)) or not are_tokens(headers):
        return None
    return data


def _complete(request: BaseRequest, headers: CIMultiDict[str], *, status: int, length: int, keep_alive: bool) -> None:
    # RFC 9110, section 8.6: never with 1xx and 204; with HEAD only the length that GET would have; none with 304, whose
    # body need not be that of GET.
    if status < 200 or status in {204, 304}:  # noqa: PLR2004
        headers.popall(hdrs.CONTENT_LENGTH, None)
    elif length or request.method != hdrs.METH_HEAD:
        headers[hdrs.CONTENT_LENGTH] = str(length)
    headers.popall(hdrs.TRANSFER_ENCODING, None)
    if length and hdrs.CONTENT_TYPE not in headers:
        headers[hdrs.CONTENT_TYPE] = "application/octet-stream"
    if hdrs.DATE not in headers:
        headers[hdrs.DATE] = date().text
    if hdrs.CONNECTION not in headers:
        if not keep_alive and request.version == HttpVersion11:
            headers[hdrs.CONNECTION] = "close"
        elif keep_alive and request.version == HttpVersion10:
            headers[hdrs.CONNECTION] = "keep-alive"


def send(request: BaseRequest, data: bytes) -> None:
    """Write to the client; raises ClientConnectionResetError if it has disconnected."""
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ClientConnectionResetError("Cannot write to closing transport")
    transport.write(data)


def break_off(request: BaseRequest) -> None:
    """Reset the connection if its end would be read as the end of the body (RFC 9112, section 6.3).

    HTTP/1.1 has chunks, whose end is missing then: a closed connection is enough there.
    """
    transport = request.transport
    if transport is None or request.version >= HttpVersion11:
        return
    own = transport.get_extra_info("socket")
    if own is not None:
        # Closed without lingering, a socket sends RST instead of FIN.
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def write_timeout_of(request: BaseRequest) -> float | None:
    """Return the limit of the route for the seconds in which the client may read nothing of its response."""
    match: Any = getattr(request, "_match_info", None)
    limits: Limits = getattr(getattr(match, "route", None), "limits", DEFAULT_LIMITS)
    return limits.write_timeout


def unsent(transport: asyncio.WriteTransport) -> int:
    """Return how many bytes a transport has not written yet, 0 if its connection is lost."""
    try:
        return transport.get_write_buffer_size()
    except AttributeError:
        # asyncio's TLS transport raises it if close() was called after the connection was lost, or was called twice.
        return 0


async def drain(request: BaseRequest) -> None:
    """Wait until the transport accepts more, and disconnect a client that reads nothing for too long.

    Raises ClientConnectionResetError if the client has disconnected or was disconnected.
    """
    transport, seconds = request.transport, write_timeout_of(request)
    if transport is None:
        raise ClientConnectionResetError("Cannot write to closing transport")
    watch = None if seconds is None else WriteWatch(transport, seconds, request.writer)
    try:
        await request.writer.drain()
    finally:
        if watch is not None:
            watch.end()
    if request.transport is None:
        raise ClientConnectionResetError("The client has disconnected, or does not read its response")


class WriteWatch:
    """Aborts a transport if the client reads none of its data for some seconds.

    ``writer`` counts the bytes that are written meanwhile, so that new data does not hide what the client reads.
    """

    def __init__(self, transport: asyncio.WriteTransport, seconds: float, writer: AbstractStreamWriter) -> None:
        self._transport = transport
        self._writer = writer
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._taken = self._count(unsent(transport))
        self._taken_at = self._loop.time()
        self._timer = self._loop.call_later(seconds / 4, self._look)

    def end(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def _count(self, left: int) -> int:
        return self._writer.output_size - left

    def _look(self) -> None:
        left, now = unsent(self._transport), self._loop.time()
        if not left:
            return
        taken = self._count(left)
        if taken > self._taken:
            self._taken, self._taken_at = taken, now
        elif now - self._taken_at >= self._seconds:
            # Not close(), which would wait for the client to read the rest.
            self._transport.abort()
            return
        self._timer = self._loop.call_later(self._seconds / 4, self._look)


class _LengthLines(dict[int, bytes]):
    """The Content-Length line of each length; the lines of small bodies are cached."""

    def __missing__(self, length: int) -> bytes:
        line = b"Content-Length: %d\r\n" % length
        if length <= _SMALL:
            self[length] = line
        return line


# PERF: formatting a number costs as much as all the rest of a head.
LENGTH_LINES = _LengthLines()


class _Date(Struct):
    """The Date header of one second."""

    text: str
    line: bytes
    """Without the line end."""
    last_line: bytes
    """With the end of the head."""
    begin: float
    end: float
    """Until when it is valid, by the clock of the process."""


def _date_of(now: float) -> _Date:
    begin = now // 1
    # Not strftime, which writes the names of days and months in the locale of the process.
    text = formatdate(begin, usegmt=True)
    line = f"Date: {text}".encode()
    return _Date(text, line, line + b"\r\n\r\n", begin, begin + 1)


def date() -> _Date:
    """Return the current Date header (RFC 9110, section 6.6.1)."""
    # PERF: formatted once a second instead of once a response; a clock may be set back.
    global _date  # noqa: PLW0603  shared by all responses of this process
    now = time.time()
    if not _date.begin <= now < _date.end:
        _date = _date_of(now)
    return _date


_date = _date_of(0.0)
