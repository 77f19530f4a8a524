"""The bytes of a request body as they arrive: counted against the limit, and waited for no longer than is fair."""

import asyncio
import codecs

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from framework._binding.deadlines import deadlines_of
from framework.http_errors import BadRequest, ContentTooLarge, FieldError, HTTPError, RequestTimeout
from framework.limits import Limits

__all__ = ("BROKEN", "CLOSE", "Arrival", "arrived_body", "decode_text", "read_body", "too_large", "unreadable")

CLOSE = {"Connection": "close"}
"""With every answer that leaves a part of the request unread."""

BROKEN = (HttpProcessingError, ClientPayloadError, web.RequestPayloadError)
"""What aiohttp raises for a body that breaks its framing or coding; an OSError if the client has gone."""


class Arrival:
    """One body on its way: ``await arrival.next()`` gives what has come, and nothing at its end.

    Raises BadRequest for a body that is broken off or not encoded as it says, ContentTooLarge for one beyond
    ``limits.body``, and RequestTimeout for a client that keeps the server waiting. Only the time in which the server
    waits for the client counts: that of a handler between two chunks does not.
    """

    __slots__ = ("_chunked", "_content", "_known", "_limits", "_request", "_waited", "received")

    def __init__(self, request: web.Request, limits: Limits) -> None:
        self._request = request
        self._content = request.content
        self._chunked = hdrs.TRANSFER_ENCODING in request.headers
        self._limits = limits
        self._waited = 0.0
        # What somebody has read before us lies where aiohttp itself keeps it.
        self._known: bytes | None = getattr(request, "_read_bytes", None)
        self.received = 0
        """Bytes, decoded, so far."""

    async def next(self) -> bytes:
        """Return what has arrived, waiting only where there is nothing; ``b""`` at the end."""
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
        """Return all that comes."""
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
        # PERF: readany() copies what has come in several pieces into one. Of a chunked body the pieces may be tiny.
        if self._chunked:
            return await self._content.readany()
        return (await self._content.readchunk())[0]

    def expire(self) -> None:
        """Stop listening to a client that keeps the server waiting (RFC 9110, section 15.5.9)."""
        if not self._content.is_eof():
            self._content.set_exception(RequestTimeout("The body arrives too slowly", headers=CLOSE))
            _stop(self._request)


def arrived_body(request: web.Request, limits: Limits) -> bytes | None:
    """Return the decoded body if all of it has arrived, else ``None``; raises what :class:`Arrival` raises."""
    # What somebody has read before us, or may want to read after us, lies where aiohttp itself keeps it.
    try:
        known: bytes | None = request._read_bytes  # noqa: SLF001  request.read() would copy the body, waiting for nothing
    except AttributeError:  # This aiohttp keeps it elsewhere; then the framework alone keeps it here.
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
    """Return the decoded body; raises what :class:`Arrival` raises."""
    known = arrived_body(request, limits)
    if known is None:
        request._read_bytes = known = await Arrival(request, limits).whole()  # noqa: SLF001  as above
    return known


def too_large(limit: int) -> HTTPError:
    """Return the 413 for a body beyond its limit."""
    return ContentTooLarge(f"The body exceeds {limit} bytes", headers=CLOSE)


def _stop(request: web.Request) -> None:
    """Read nothing more of a connection."""
    request.protocol.close()
    # As long as a body has no end, aiohttp waits for it after the answer, up to 10 seconds.
    request.content.feed_eof()


def _broken(request: web.Request) -> HTTPError:
    _stop(request)
    fault = FieldError("body", "", "syntax", "The body cannot be decoded")
    return BadRequest("The body cannot be read", errors=(fault,), headers=CLOSE)


def unreadable(request: web.Request, error: Exception) -> HTTPError | None:
    """Return the 400 for what a handler got from ``request.content`` of a broken body; ``None`` for any other error."""
    # Errors of the same classes may come from a client's response that the handler reads.
    broken = isinstance(request.content.exception(), web.RequestPayloadError) and isinstance(error, BROKEN)
    return _broken(request) if broken else None


# Codecs of Python's that are no charsets of texts, or take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7", "mbcs"})


def decode_text(data: bytes, charset: str | None) -> str:
    """Decode a text; raises LookupError for a charset that is not known and UnicodeDecodeError."""
    codec = codecs.lookup(charset or "utf-8")
    # The private name is what bytes.decode() itself goes by; hex and rot13 are no texts.
    if codec.name.replace("-", "_") in _NO_CHARSETS or not codec._is_text_encoding:  # noqa: SLF001  as said
        raise LookupError(charset)
    return data.decode(codec.name)
