"""Reads multipart/form-data (RFC 7578) part by part, as it arrives."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar

from aiohttp import hdrs
from msgspec import DecodeError
from multidict import CIMultiDict, CIMultiDictProxy
from multipart import MultipartError, MultipartSegment, parse_options_header

from framework._http.media_types import essence
from framework._http.pointers import step as pointer_step
from framework._serve.requests.accepting import charset_of
from framework._serve.requests.arrival import Arrival, decode_text
from framework._serve.requests.form_errors import broken_form, too_large_part, too_many_parts
from framework._serve.requests.form_validation import decoder, explain_part, format_of_part
from framework._serve.requests.multipart_parser import PaddingParser, extended_filename
from framework._serve.requests.uploads import base_name
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError
from framework.limits import Limits

__all__ = ("MULTIPART", "MultipartStream", "Part", "Parts")

T = TypeVar("T")

MULTIPART = "multipart/form-data"
# RFC 2046, section 5.1.1.
_BOUNDARY_LENGTH = 70
# Longer than the end of a part: CRLF, two hyphens, the boundary, two bytes.
_DELIMITER_LENGTH = 128
# Fewer bytes are parsed together with the rest.
_WORTH = 4096
_END = object()


def _boundary(content_type: str) -> str:
    _, options = parse_options_header(content_type)
    boundary = str(options.get("boundary", ""))
    if not 0 < len(boundary) <= _BOUNDARY_LENGTH or not boundary.isascii() or not boundary.isprintable():
        field_error = FieldError("header", "/content-type", "syntax", "Expected a boundary of 1 to 70 characters")
        raise BadRequest("The form has no boundary", errors=(field_error,))
    return boundary


class Part:
    """One part of a multipart form, read while it arrives; unread content is skipped with the next part.

    Each read raises ContentTooLarge beyond the limits of the route, BadRequest if the form is incomplete, and
    RequestTimeout if the client keeps the server waiting.
    """

    __module__ = "framework.requests"

    def __init__(self, segment: MultipartSegment, parts: "Parts") -> None:
        headers = CIMultiDict(segment.headerlist)
        self.name: str = segment.name or ""
        """The name of the field."""
        filename = extended_filename(headers) if segment.filename is None else segment.filename
        self.filename: str | None = None if filename is None else base_name(filename)
        """The base name of a file, like :attr:`UploadFile.filename`; ``None`` if the part is not a file."""
        self.headers: Mapping[str, str] = CIMultiDictProxy(headers)
        """The headers of the part, with case-insensitive names."""
        self.given_type: str | None = headers.get(hdrs.CONTENT_TYPE)
        """The Content-Type with its parameters, if the client sent one."""
        self.size = 0
        """The number of bytes that were read so far."""
        self.is_empty_file = segment.filename == ""
        """Whether a browser sends a file input without a file in this form, if the content is empty."""
        self._parts = parts

    @property
    def content_type(self) -> str:
        """The Content-Type without parameters; default: text/plain, or for a file application/octet-stream."""
        if self.given_type is None:
            return "text/plain" if self.filename is None else "application/octet-stream"
        return essence(self.given_type)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the content in chunks, as it arrives."""
        while chunk := await self._parts.content(self):
            yield chunk

    async def read(self) -> bytes:
        """Return the content, or the rest of it."""
        chunks = [chunk async for chunk in self]
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def text(self) -> str:
        """Return the content decoded by the charset of its Content-Type; raises BadRequest if it cannot be decoded."""
        return self.to_text(await self.read())

    def to_text(self, data: bytes) -> str:
        """Decode the content; raises BadRequest."""
        try:
            return decode_text(data, None if self.given_type is None else charset_of(self.given_type))
        except LookupError:
            raise broken_form("The charset is not known", self.pointer) from None
        except UnicodeDecodeError as error:
            raise broken_form(f"Not valid {error.encoding.upper()} (byte {error.start})", self.pointer) from None

    async def decode(self, type: type[T]) -> T:  # noqa: A002  named as in msgspec
        """Return the content as a value of a type, decoded by the format of its Content-Type.

        A part without Content-Type is decoded by the first format of the app. Raises UnprocessableContent with every
        validation error, and BadRequest if it cannot be parsed.
        """
        return self._parts.decode(self, type, await self.read())

    @property
    def pointer(self) -> str:
        """The pointer of its errors."""
        return pointer_step(self.name)


class _Scanner:
    """Parses a form, and passes on content in which no delimiter can begin: every delimiter begins with CR."""

    # PERF: searching for one byte takes 0.02 ms for 1 MiB, searching for a delimiter 0.1 to 0.7 ms.
    def __init__(self, boundary: str) -> None:
        self._parser = PaddingParser(boundary)
        self._in_content = False
        self._passes = False
        """Whether the parser is inside the content of a part, and holds back no bytes that may be a delimiter."""

    def scan(self, chunk: bytes) -> Iterator[Any]:
        """Yield the events of a chunk: the head of a part, chunks of its content, ``None`` at its end."""
        begin = chunk.find(b"\r") if self._passes else 0
        if begin < 0:
            yield chunk
            return
        if begin >= _WORTH:
            yield chunk[:begin]
        else:
            begin = 0
        end = chunk.rfind(b"\r") + 1 + _DELIMITER_LENGTH
        if end + _WORTH > len(chunk):
            end = len(chunk)
        yield from self._parse(chunk[begin:end])
        if end < len(chunk):
            rest = chunk[end:]
            if self._passes:
                yield rest
            else:
                yield from self._parse(rest)

    def close(self) -> None:
        """End the form; raises MultipartError if it is incomplete."""
        self._parser.close()

    def _parse(self, data: bytes) -> Iterator[Any]:
        self._passes = False
        for event in self._parser.parse(data):
            if not isinstance(event, bytes):
                # It compares the length that a part declares with the bytes that it has read.
                self._in_content = event is not None and event.header(hdrs.CONTENT_LENGTH) is None
            yield event
        self._passes = self._in_content and len(data) >= _DELIMITER_LENGTH and b"\r" not in data[-_DELIMITER_LENGTH:]


class Parts:
    """The parts of one form as they arrive: ``await parts.next()`` returns a part, ``None`` at the end of the form."""

    def __init__(self, arrival: Arrival, content_type: str, limits: Limits, formats: Sequence[Format] = ()) -> None:
        self._scanner = _Scanner(_boundary(content_type))
        self._arrival = arrival
        self._limits = limits
        self._formats = formats
        self._events: Iterator[Any] = iter(())
        self._count = 0
        self._part: Part | None = None

    async def next(self) -> Part | None:
        """Return the next part; the rest of the previous part is skipped."""
        while self._part is not None:
            await self.content(self._part)
        event = await self._event()
        if event is _END:
            return None
        self._count += 1
        if self._count > self._limits.parts:
            raise too_many_parts(self._limits.parts)
        part = Part(event, self)
        if part.content_type.startswith("multipart/"):
            raise broken_form("Expected no multipart in a part", part.pointer)
        self._part = part
        return part

    async def content(self, part: Part) -> bytes:
        """Return the next chunk of a part, ``b""`` at its end."""
        if part is not self._part:
            return b""
        event = await self._event()
        if event is None:
            self._part = None
            return b""
        chunk: bytes = event
        part.size += len(chunk)
        limit = self._limits.field if part.filename is None else self._limits.file
        if limit is not None and part.size > limit:
            raise too_large_part(part.name, limit, is_file=part.filename is not None)
        return chunk

    async def _event(self) -> Any:
        """Return the parser's next event: a part's head, a chunk of its content, ``None`` at its end, or _END."""
        try:
            while True:
                for event in self._events:
                    return event
                chunk = await self._arrival.next()
                if not chunk:
                    self._scanner.close()
                    return _END
                self._events = self._scanner.scan(chunk)
        except MultipartError as error:
            raise broken_form(str(error.args[0])) from error

    def decode(self, part: Part, annotation: type[T], data: bytes) -> T:
        """Decode a part by its own Content-Type."""
        found = format_of_part(part.given_type or self._formats[0].media_type, self._formats)
        if found is not None:
            try:
                value: T = decoder(found, annotation)(data)  # type: ignore[arg-type]  # most types are hashable
            except (DecodeError, UnicodeDecodeError, RecursionError, TypeError):
                pass
            else:
                return value
        raise explain_part(found, self._formats, annotation, data, part.pointer)


class MultipartStream:
    """The parts of a multipart form as they arrive, for content that need not be stored in memory or on disk.

    ``async for part in parts`` yields each :class:`Part`; the next part skips what was not read of the previous one.
    The client waits while the handler does not read.
    """

    __module__ = "framework.requests"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Part:
        part = await self._parts.next()
        if part is None:
            raise StopAsyncIteration
        return part
