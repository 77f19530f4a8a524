"""Bodies that a handler reads itself: as they arrive, as bytes, or as text."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import msgspec
from aiohttp import hdrs, web
from msgspec import DecodeError

from framework._plan import BodyPlan
from framework._serve.requests.accepting import Check, charset_of, make_type_check
from framework._serve.requests.arrival import Arrival, decode_text
from framework._serve.requests.multipart import MultipartStream, Parts
from framework.formats import Format
from framework.http_errors import BadRequest, FieldError, UnsupportedMediaType
from framework.limits import Limits

__all__ = ("BodyStream", "make_text_check", "parts_opener", "raw_decoder", "read_text")


class BodyStream:
    """The body of a request as it arrives: ``async for chunk in stream``, or ``await stream.read()``.

    The client waits while the handler does not read. Each read raises ContentTooLarge beyond the limit of the route,
    BadRequest if the body is incomplete, and RequestTimeout if the client keeps the server waiting.
    """

    __module__ = "framework.requests"

    def __init__(self, request: web.Request, limits: Limits) -> None:
        self._arrival = Arrival(request, limits)
        self.content_type: str | None = request.headers.get(hdrs.CONTENT_TYPE)
        """The Content-Type with its parameters, if the client sent one."""
        self.length: int | None = request.content_length
        """The length that the client declares, in encoded bytes; ``None`` if it declares none."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._arrival.next()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes:
        """Return the rest of the body."""
        return await self._arrival.whole()


def raw_decoder(plan: BodyPlan) -> Callable[[Any], Any]:
    """Return the check of raw bytes or a string: only presence and constraints are checked."""
    constrained = plan.annotation not in {bytes, str}

    def take(data: Any) -> Any:
        if not data:
            if plan.required:
                raise DecodeError
            return plan.default
        return msgspec.convert(data, plan.annotation) if constrained else data

    return take


def make_text_check(media_types: Sequence[str], limit: int) -> Check:
    """Return the check of a body that is read as text: its charset must be known."""
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
    """Decode a body by the charset of its Content-Type, default UTF-8; raises BadRequest."""
    try:
        return decode_text(data, _charset(request))
    except UnicodeDecodeError as error:
        detail = f"Not valid {error.encoding.upper()} (byte {error.start})"
        raise BadRequest("The body is not text", errors=(FieldError("body", "", "syntax", detail),)) from None


def _charset(request: web.Request) -> str:
    return charset_of(request.headers.get(hdrs.CONTENT_TYPE, ""))


def parts_opener(limits: Limits, formats: Sequence[Format]) -> Callable[[web.Request], MultipartStream]:
    """Return the function that creates the parts of a request; raises BadRequest without a boundary."""

    def open_parts(request: web.Request) -> MultipartStream:
        content_type = request.headers.get(hdrs.CONTENT_TYPE, "")
        return MultipartStream(Parts(Arrival(request, limits), content_type, limits, formats))

    return open_parts
