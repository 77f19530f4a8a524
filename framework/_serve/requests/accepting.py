"""Checks the head of a request: bodies that a route does not read are rejected before a byte of them is read."""

import functools
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

from aiohttp import hdrs, web
from aiohttp.compression_utils import HAS_BROTLI, HAS_ZSTD
from msgspec import Struct

from framework._http.media_types import essence
from framework._serve.requests.arrival import too_large
from framework._serve.requests.decoding import decoder_for
from framework.formats import Format
from framework.http_errors import UnsupportedMediaType

__all__ = (
    "JSON_TYPE",
    "Check",
    "Reader",
    "as_utf8",
    "charset_of",
    "make_check",
    "make_type_check",
    "reader_for",
    "undecodable",
)

Check: TypeAlias = Callable[[web.Request], Any]
"""Rejects a request by its head: too large (413), or an unsupported type, charset or coding (415)."""

JSON_TYPE = "application/json"
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_CODINGS = ("gzip", "deflate", *(("br",) if HAS_BROTLI else ()), *(("zstd",) if HAS_ZSTD else ()))
_DECODED = frozenset({*_CODINGS, "identity"})


class Reader(Struct, frozen=True, eq=False):
    """One way to read the body of a route."""

    format: Format
    decode: Callable[[bytes], Any]
    unchecked: Callable[[bytes], Any]
    """Decodes bytes that are known to be UTF-8."""


def reader_for(format_: Format, annotation: Any) -> Reader:
    """Return the reader of a type; JSON that is not UTF-8 is rejected, also in skipped fields."""
    decode = decoder_for(format_, annotation)
    return Reader(format_, as_utf8(decode) if format_.media_type == JSON_TYPE else decode, decode)


def as_utf8(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Restrict a decoder to UTF-8: msgspec's decoder skips other bytes in fields that it ignores."""

    def decode_text(data: bytes) -> Any:
        if not data.isascii():
            data.decode()
        return decode(data)

    return decode_text


def make_check(
    readers: Sequence[Reader], media_types: Sequence[str], limit: int, *, refused: Collection[str] = ()
) -> Check:
    """Return the check of a typed body: ``check(request)`` returns the reader, ``None`` for the first reader.

    ``media_types`` are those that clients see in a 415: for each reader, its own or a narrower one. ``refused`` are not
    read although a format would read them.
    """
    find = functools.partial(_find, readers, tuple(media_types), frozenset(refused))
    first, first_type = readers[0], media_types[0]

    def check(request: web.Request) -> Reader | None:
        length = request.content_length
        if length is not None and length > limit:
            raise too_large(limit)
        headers = request.headers
        content_type = headers.get(hdrs.CONTENT_TYPE)
        other = None
        if content_type != first_type:
            if not request.can_read_body:
                return None  # An empty body has no wrong type; whether a body is required is decided when it is read.
            found = find(content_type)
            other = None if found is first else found
        if hdrs.CONTENT_ENCODING in headers:
            _check_coding(request)
        return other

    return check


def _find(
    readers: Sequence[Reader], media_types: Sequence[str], refused: Collection[str], content_type: str | None
) -> Reader:
    """Return the reader for a Content-Type; raises UnsupportedMediaType."""
    if content_type is None:
        raise _unsupported("A body needs a Content-Type", media_types)
    name = essence(content_type)
    # If the app's formats decide, their aliases and suffixes are read as well.
    is_open = all(reader.format.media_type in media_types for reader in readers)
    reader = next((one for one in readers if one.format.reads(name)), None)
    if reader is None or name in refused or not (is_open or name in media_types):
        raise _unsupported("The Content-Type is not supported", media_types)
    if reader.format.media_type == JSON_TYPE and charset_of(content_type) not in _CHARSETS:
        raise UnsupportedMediaType(
            "The charset is not supported; JSON is UTF-8 (RFC 8259)", headers=_accept(media_types)
        )
    return reader


def make_type_check(media_types: Sequence[str], limit: int, *, as_utf8: Collection[str] = ()) -> Check:
    """Return the check of a body that no format decodes; ``*/*`` and ``image/*`` match many types.

    ``check(request)`` returns the Content-Type without parameters. Types in ``as_utf8`` are only read as UTF-8.
    """
    names = frozenset(media_types)
    ranges = tuple(one[:-1] for one in media_types if one.endswith("/*") and one != "*/*")

    def check(request: web.Request) -> str:
        length = request.content_length
        if length is not None and length > limit:
            raise too_large(limit)
        if not request.can_read_body:
            return essence(request.headers.get(hdrs.CONTENT_TYPE, ""))
        if hdrs.CONTENT_ENCODING in request.headers:
            _check_coding(request)
        content_type = request.headers.get(hdrs.CONTENT_TYPE)
        if "*/*" in names:
            return essence(content_type or "")
        if content_type is None:
            raise _unsupported("A body needs a Content-Type", media_types)
        name = essence(content_type)
        if name not in names and not (ranges and name.startswith(ranges)):
            raise _unsupported("The Content-Type is not supported", media_types)
        if ";" in content_type and name in as_utf8 and charset_of(content_type) not in _CHARSETS:
            raise UnsupportedMediaType(f"The charset is not supported; {name} is UTF-8", headers=_accept(media_types))
        return name

    return check


def undecodable() -> tuple[Sequence[str], frozenset[str]]:
    """Return the codings that are decoded, and those that aiohttp would decode if a package were installed."""
    return _CODINGS, frozenset({"br", "zstd"}.difference(_CODINGS))


def _check_coding(request: web.Request) -> None:
    # aiohttp decodes by the first header, and does not decode several codings.
    codings = [one.strip().lower() for one in request.headers.getall(hdrs.CONTENT_ENCODING)]
    if len(codings) > 1 or codings[0] not in _DECODED:
        raise UnsupportedMediaType(
            "The Content-Encoding is not supported", headers={"Accept-Encoding": ", ".join(_CODINGS)}
        )


def _unsupported(what: str, media_types: Sequence[str]) -> UnsupportedMediaType:
    *others, last = media_types
    names = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return UnsupportedMediaType(f"{what}; {names} read here", headers=_accept(media_types))


def _accept(media_types: Sequence[str]) -> dict[str, str]:
    # RFC 9110, section 12.5.1: a 415 may name the types that are accepted.
    return {"Accept": ", ".join(media_types)}


def charset_of(content_type: str) -> str:
    """Return the charset parameter of a Content-Type in lower case, or an empty string."""
    for one in content_type.split(";")[1:]:
        name, _, value = one.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
