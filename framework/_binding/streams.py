"""Bodies that a handler reads itself: as they arrive, as bytes, or as text."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import msgspec
from aiohttp import hdrs, web
from msgspec import DecodeError

from framework._binding.accepting import Check, charset_of, make_type_check
from framework._binding.arrival import Arrival, decode_text
from framework._binding.multipart import MultipartStream, Parts
from framework._plan import BodyPlan
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError, UnsupportedMediaType
from framework.limits import Limits

__all__ = ("BodyStream", "make_text_check", "parts_opener", "raw_decoder", "read_text")


class BodyStream:
    """The body of a request as it arrives: ``async for chunk in stream``, or ``await stream.read()``.

    What is not read makes the client wait. Each read raises ContentTooLarge beyond the limit of the route, BadRequest
    where the body is broken off, and RequestTimeout where the client keeps the server waiting.
    """

    def __init__(self, request: web.Request, limits: Limits) -> None:
        self._arrival = Arrival(request, limits)
        self.content_type: str | None = request.headers.get(hdrs.CONTENT_TYPE)
        """The Content-Type with its parameters, where the client gave one."""
        self.length: int | None = request.content_length
        """The bytes that the client announces, encoded as they are sent; ``None`` where it does not know before."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._arrival.next()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes:
        """Return all that is left of it."""
        return await self._arrival.whole()


def raw_decoder(plan: BodyPlan) -> Callable[[Any], Any]:
    """Return what takes bytes or a text as they are: only whether they are there, and their constraints, count."""
    constrained = plan.annotation not in {bytes, str}

    def take(data: Any) -> Any:
        if not data:
            if plan.required:
                raise DecodeError
            return plan.default
        return msgspec.convert(data, plan.annotation) if constrained else data

    return take


def make_text_check(media_types: Sequence[str], limit: int) -> Check:
    """Return the check of a text: its charset must be known."""
    check_type = make_type_check(media_types, limit)

    def check(request: web.Request) -> str:
        name: str = check_type(request)
        try:
            decode_text(b"", _charset(request))
        except LookupError:
            raise UnsupportedMediaType("The charset is not supported", headers={"Accept-Charset": "utf-8"}) from None
        return name

    return check


def read_text(request: web.Request, data: bytes) -> str:
    """Decode a body by the charset of its Content-Type, UTF-8 where there is none; raises BadRequest."""
    try:
        return decode_text(data, _charset(request))
    except UnicodeDecodeError as error:
        detail = f"Not valid {error.encoding.upper()} (byte {error.start})"
        raise BadRequest("The body is not text", errors=(FieldError("body", "", "syntax", detail),)) from None


def _charset(request: web.Request) -> str:
    return charset_of(request.headers.get(hdrs.CONTENT_TYPE, ""))


def parts_opener(limits: Limits, formats: Sequence[Format]) -> Callable[[web.Request], MultipartStream]:
    """Return what makes the stream of parts of a request; raises BadRequest where there is no boundary."""

    def open_parts(request: web.Request) -> MultipartStream:
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        return MultipartStream(Parts(Arrival(request, limits), content_type, limits, formats))

    return open_parts
