"""The bytes of a request body as they arrive: counted against the limit, and with a time limit on the client."""

import asyncio
import codecs

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from framework._serve.requests.deadlines import deadlines_of
from framework.http_errors import BadRequest, ContentTooLarge, FieldError, HTTPError, RequestTimeout
from framework.limits import Limits

__all__ = ("BROKEN", "CLOSE", "Arrival", "arrived_body", "decode_text", "read_body", "too_large", "unreadable")

CLOSE = {"Connection": "close"}
"""In every response that leaves a part of the request unread."""

BROKEN = (HttpProcessingError, ClientPayloadError, web.RequestPayloadError)
"""The exceptions of aiohttp for a body with broken framing or coding; an OSError if the client has disconnected."""


class Arrival:
    """One body as it arrives: ``await arrival.next()`` returns the next bytes, and ``b""`` at the end.

    Raises BadRequest for a body that is incomplete or not encoded as declared, ContentTooLarge for a body beyond
    ``limits.body``, and RequestTimeout for a client that keeps the server waiting. Only the time in which the server
    waits for the client is measured, not the time of a handler between two chunks.
    """

    __slots__ = ("_chunked", "_content", "_known", "_limits", "_request", "_waited", "received")

    def __init__(self, request: web.Request, limits: Limits) -> None:
        self._request = request
        self._content = request.content
        self._chunked = hdrs.TRANSFER_ENCODING in request.headers
        self._limits = limits
        self._waited = 0.0
        # A body that was read before is where aiohttp itself keeps it.
        self._known: bytes | None = getattr(request, "_read_bytes", None)
        self.received = 0
        """The number of decoded bytes so far."""

    async def next(self) -> bytes:
        """Return the bytes that have arrived, waiting only if there are none; ``b""`` at the end."""
        if self._known is not None:
            data, self._known = self._known, b""
        else:
            data = await self._next()
        self.received += len(data)
        if self.received > self._limits.body:
            raise too_large(self._limits.body)
        return data

    async def _next(self) -> bytes:
        try:
            return self._content.read_nowait() or await self._wait()
        except BROKEN as error:
            raise _broken(self._request) from error
        except OSError as error:
            raise BadRequest("The client has gone", headers=CLOSE) from error

    async def whole(self) -> bytes:
        """Return the whole body."""
        chunks = bytearray()
        while chunk := await self.next():
            chunks += chunk
        return bytes(chunks)

    async def _wait(self) -> bytes:
        content, limits = self._content, self._limits
        if content.is_eof():
            return b""
        if not limits.body_rate:
            return await self._read()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        deadline = begun + limits.body_grace + content.total_raw_bytes / limits.body_rate - self._waited
        waits = deadlines_of(loop).add(self, deadline)
        try:
            return await self._read()
        finally:
            waits.discard(self)
            self._waited += loop.time() - begun

    async def _read(self) -> bytes:
        # PERF: readany() joins pieces with a copy. A chunked body may consist of tiny pieces.
        if self._chunked:
            return await self._content.readany()
        return (await self._content.readchunk())[0]

    def expire(self) -> None:
        """Stop reading from a client that keeps the server waiting (RFC 9110, section 15.5.9)."""
        if not self._content.is_eof():
            self._content.set_exception(RequestTimeout("The body arrives too slowly", headers=CLOSE))
            _stop(self._request)


def arrived_body(request: web.Request, limits: Limits) -> bytes | None:
    """Return the decoded body if all of it has arrived, else ``None``; raises what :class:`Arrival` raises."""
    # A body that was read before, or may be read again later, is where aiohttp itself keeps it.
    try:
        known: bytes | None = request._read_bytes  # noqa: SLF001  request.read() would copy the body, without waiting
    except AttributeError:  # This aiohttp keeps it elsewhere; then only the framework keeps it here.
        known = None
    if known is None:
        content = request.content
        if not content.is_eof():
            return None
        try:
            request._read_bytes = known = content.read_nowait()  # noqa: SLF001  as above
        except BROKEN as error:
            raise _broken(request) from error
    if len(known) > limits.body:
        raise too_large(limits.body)
    return known


async def read_body(request: web.Request, limits: Limits) -> bytes:
    """Return the decoded body of a request, which is kept for the handler; ``route_of(request).limits`` are its limits.

    Raises BadRequest for a body that is incomplete or not encoded as declared, ContentTooLarge for a body beyond
    ``limits.body``, and RequestTimeout for a client that sends it too slowly.
    """
    known = arrived_body(request, limits)
    if known is None:
        request._read_bytes = known = await Arrival(request, limits).whole()  # noqa: SLF001  as above
    return known


def too_large(limit: int) -> HTTPError:
    """Return the 413 for a body beyond its limit."""
    return ContentTooLarge(f"The body exceeds {limit} bytes", headers=CLOSE)


def _stop(request: web.Request) -> None:
    """Stop reading from a connection."""
    request.protocol.close()
    # aiohttp waits up to 10 seconds after the response for the end of a body.
    request.content.feed_eof()


def _broken(request: web.Request) -> HTTPError:
    _stop(request)
    field_error = FieldError("body", "", "syntax", "The body cannot be decoded")
    return BadRequest("The body cannot be read", errors=(field_error,), headers=CLOSE)


def unreadable(request: web.Request, error: Exception) -> HTTPError | None:
    """Return the 400 for an error of ``request.content`` with a broken body; ``None`` for any other error."""
    # The response of an HTTP client that the handler uses may raise errors of the same classes.
    broken = isinstance(request.content.exception(), web.RequestPayloadError) and isinstance(error, BROKEN)
    return _broken(request) if broken else None


# Codecs of Python that are not charsets of text, or take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7", "mbcs"})


def decode_text(data: bytes, charset: str | None) -> str:
    """Decode bytes; raises LookupError for an unknown charset, and UnicodeDecodeError."""
    codec = codecs.lookup(charset or "utf-8")
    # bytes.decode() itself checks the private name; hex and rot13 do not decode to text.
    if codec.name.replace("-", "_") in _NO_CHARSETS or not codec._is_text_encoding:  # noqa: SLF001  as said
        raise LookupError(charset)
    return data.decode(codec.name)
