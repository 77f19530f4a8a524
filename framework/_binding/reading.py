"""What emitted code calls to read the head of a request: query, headers, cookies."""

from collections.abc import Mapping
from http.cookies import CookieError
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from framework._private import cookies_of
from framework.http_errors import BadRequest, FieldError

__all__ = (
    "Texts",
    "deep_object",
    "parse_query",
    "read_cookies",
    "read_header",
    "read_header_list",
)

Texts: TypeAlias = str | list[str]
"""One text, or all of a name that came more than once."""


def parse_query(text: str) -> dict[str, Texts]:
    """Part a raw query string or an urlencoded body into names and texts (WHATWG URL, section 5.1).

    ``a=1&b=2&b=%33`` -> ``{"a": "1", "b": ["2", "3"]}``. Raises UnicodeDecodeError for escapes that are not UTF-8.
    """
    found: dict[str, Texts] = {}
    if not text:
        return found
    escaped = "%" in text or "+" in text
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if escaped:
            name, value = _unescaped(name), _unescaped(value)
        if name not in found:
            found[name] = value
            continue
        known = found[name]
        if isinstance(known, list):
            known.append(value)
        else:
            found[name] = [known, value]
    return found


def _unescaped(text: str) -> str:
    text = text.replace("+", " ")
    # PERF: half of what unquote() takes, which also looks for what is not an ASCII between the escapes.
    return unquote_to_bytes(text).decode() if "%" in text else text


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
    """Return the cookies of a request, those of several Cookie headers too (RFC 9113, section 8.2.3).

    Raises BadRequest if a header is not UTF-8 or does not hold cookies.
    """
    for value in request.headers.getall(hdrs.COOKIE, ()):
        _require_text(value, "header", "cookie")
    try:
        return cookies_of(request)
    except CookieError as error:
        fault = FieldError("header", "/cookie", "syntax", "Not a valid Cookie header")
        raise BadRequest("The Cookie header cannot be parsed", errors=(fault,)) from error


def _require_text(value: str, location: str, name: str) -> None:
    # Bytes that are not UTF-8 arrive as lone surrogates.
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            fault = FieldError(location, f"/{name}", "syntax", "Not valid UTF-8")
            raise BadRequest("The request is not valid UTF-8", errors=(fault,)) from error
