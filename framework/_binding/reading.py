"""What emitted code calls to read a request: query, headers, cookies, body."""

from collections.abc import Callable, Iterable, Mapping
from http.cookies import CookieError
from operator import methodcaller
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from aiohttp import ClientPayloadError, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy

from framework.http_errors import BadRequest, ContentTooLarge, Fault, UnsupportedMediaType

__all__ = (
    "Texts",
    "check_body",
    "deep_object",
    "parse_query",
    "read_body",
    "read_cookies",
    "read_header",
    "read_header_list",
)

Texts: TypeAlias = str | list[str]
"""One text, or all of a name that came more than once."""

_SPLIT: Callable[[str], Any] = methodcaller("split", "=", 1)
_CODINGS_DECODED = frozenset({"gzip", "deflate", "br", "zstd", "identity"})
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


def parse_query(text: str) -> dict[str, Texts]:
    """Part a raw query string into names and texts: ``a=1&b=2&b=3`` -> ``{"a": "1", "b": ["2", "3"]}``."""
    if not text:
        return {}
    pairs = text.split("&")
    if "%" not in text and "+" not in text:
        # PERF: a query without escapes, repeated names and bare names, that is most of them, is parted in C.
        try:
            plain: dict[str, Texts] = dict(map(_SPLIT, pairs))
        except ValueError:
            return _parse_pairs(pairs)
        if len(plain) == len(pairs):
            return plain
    return _parse_pairs(pairs)


def _parse_pairs(pairs: Iterable[str]) -> dict[str, Texts]:
    found: dict[str, Texts] = {}
    for pair in pairs:
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = unquote_plus(name), unquote_plus(value)
        known = found.get(name)
        if known is None:
            found[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def deep_object(query: Mapping[str, Texts], name: str) -> dict[str, Texts] | None:
    """Collect ``name[key]=value`` pairs (OpenAPI's deepObject); ``None`` where there is none."""
    start = f"{name}["
    found = {key[len(start) : -1]: value for key, value in query.items() if key.startswith(start) and key[-1] == "]"}
    return found or None


def read_header(headers: CIMultiDictProxy[str], name: str) -> Texts | None:
    """Return a header's text, all texts where it came more than once; raises BadRequest where it is not UTF-8."""
    values = headers.getall(name, None)
    if values is None:
        return None
    for value in values:
        _require_text(value, "header", name)
    return values[0] if len(values) == 1 else values


def read_header_list(headers: CIMultiDictProxy[str], name: str) -> list[str] | None:
    """Return the elements of a list header (RFC 9110, section 5.6.1): ``a, b`` and ``c`` -> ``["a", "b", "c"]``."""
    values = headers.getall(name, None)
    if values is None:
        return None
    for value in values:
        _require_text(value, "header", name)
    elements = (one.strip() for value in values for one in value.split(","))
    return [one for one in elements if one]


def read_cookies(request: web.Request) -> Mapping[str, str]:
    """Return the cookies of a request; raises BadRequest where the header is no text or no cookies."""
    for value in request.headers.getall(hdrs.COOKIE, ()):
        _require_text(value, "header", "cookie")
    try:
        return request.cookies
    except CookieError as error:
        fault = Fault("header", "/cookie", "syntax", "Not a valid Cookie header")
        raise BadRequest("The Cookie header cannot be parsed", errors=(fault,)) from error


def _require_text(value: str, location: str, name: str) -> None:
    # Bytes that are not UTF-8 arrive as lone surrogates.
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            fault = Fault(location, f"/{name}", "syntax", "Not valid UTF-8")
            raise BadRequest("The request is not valid UTF-8", errors=(fault,)) from error


def check_body(request: web.Request, limit: int) -> None:
    """Refuse a body before it is read: too large (413), or in a type, charset or coding that is not read (415)."""
    length = request.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    headers = request.headers
    content_type = headers.get(hdrs.CONTENT_TYPE)
    if content_type != "application/json":
        if not request.can_read_body:
            return  # An empty body is none of another type; whether one is needed is decided when it is parsed.
        _require_json(content_type)
    coding = headers.get(hdrs.CONTENT_ENCODING)
    if coding is not None and coding.strip().lower() not in _CODINGS_DECODED:
        raise UnsupportedMediaType(
            "The Content-Encoding is not supported", headers={"Accept-Encoding": "gzip, deflate"}
        )


def _require_json(content_type: str | None) -> None:
    if content_type is None:
        raise UnsupportedMediaType("A body needs a Content-Type; application/json is read here", headers=_ACCEPT)
    essence, _, parameters = content_type.partition(";")
    essence = essence.strip().lower()
    if essence != "application/json" and not (essence.startswith("application/") and essence.endswith("+json")):
        raise UnsupportedMediaType("The Content-Type is not supported; application/json is read here", headers=_ACCEPT)
    if _charset(parameters) not in _CHARSETS:
        raise UnsupportedMediaType("The charset is not supported; JSON is UTF-8 (RFC 8259)", headers=_ACCEPT)


# RFC 9110, section 12.5.1: what a 415 may say about what would have been read.
_ACCEPT: Mapping[str, str] = {"Accept": "application/json"}


def _charset(parameters: str) -> str:
    for one in parameters.split(";"):
        name, _, value = one.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


async def read_body(request: web.Request, limit: int) -> bytes:
    """Return the decoded body; raises ContentTooLarge and BadRequest."""
    # What somebody has read before us, or may want to read after us, lies where aiohttp itself keeps it.
    known: bytes | None = request._read_bytes  # noqa: SLF001  request.read() would copy the body and wait for nothing
    if known is None:
        try:
            known = await _read(request.content, limit)
        except (HttpProcessingError, ClientPayloadError, web.RequestPayloadError) as error:
            fault = Fault("body", "", "syntax", "The body cannot be decoded")
            raise BadRequest("The body cannot be read", errors=(fault,), headers={"Connection": "close"}) from error
        request._read_bytes = known  # noqa: SLF001  as above
    if len(known) > limit:
        raise _too_large(limit)
    return known


async def _read(content: Any, limit: int) -> bytes:
    if content.is_eof():
        # PERF: a body that has arrived is taken without a coroutine per chunk.
        return bytes(content.read_nowait())
    chunks = bytearray()
    while chunk := await content.readany():
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit)
    return bytes(chunks)


def _too_large(limit: int) -> ContentTooLarge:
    return ContentTooLarge(f"The body exceeds {limit} bytes", headers={"Connection": "close"})
