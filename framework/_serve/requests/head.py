"""The functions with which emitted code reads the head of a request: query, headers, cookies."""

from collections.abc import Mapping
from http.cookies import CookieError
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from framework._serve.aiohttp_names import cookies_of
from framework.http_errors import BadRequest, FieldError

__all__ = ("Texts", "deep_object", "parse_query", "read_cookies", "read_header", "read_header_list", "split_texts")

Texts: TypeAlias = str | list[str]
"""One string, or all strings of a repeated name."""


def parse_query(text: str) -> dict[str, Texts]:
    """Split a raw query string or an urlencoded body into names and strings (WHATWG URL, section 5.1).

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
    # PERF: half the time of unquote(), which also looks for non-ASCII characters between the escapes.
    return unquote_to_bytes(text).decode() if "%" in text else text


def deep_object(query: Mapping[str, Texts], name: str) -> dict[str, Texts] | None:
    """Collect ``name[key]=value`` pairs (OpenAPI's deepObject); ``None`` if there are none."""
    start = f"{name}["
    found = {key[len(start) : -1]: value for key, value in query.items() if key.startswith(start) and key[-1] == "]"}
    return found or None


def read_header(headers: CIMultiDictProxy[str], name: str) -> Texts | None:
    """Return a header's value, a list if it is repeated; raises BadRequest if it is not UTF-8."""
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
    """Return the cookies of all Cookie headers of a request (RFC 9113, section 8.2.3).

    Raises BadRequest if a header is not UTF-8 or not a valid Cookie header.
    """
    for value in request.headers.getall(hdrs.COOKIE, ()):
        _require_text(value, "header", "cookie")
    try:
        return cookies_of(request)
    except CookieError as error:
        field_error = FieldError("header", "/cookie", "syntax", "Not a valid Cookie header")
        raise BadRequest("The Cookie header cannot be parsed", errors=(field_error,)) from error


def _require_text(value: str, location: str, name: str) -> None:
    # Bytes that are not UTF-8 arrive as lone surrogates.
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            field_error = FieldError(location, f"/{name}", "syntax", "Not valid UTF-8")
            raise BadRequest("The request is not valid UTF-8", errors=(field_error,)) from error


def split_texts(value: str | list[str], separator: str) -> list[str]:
    """Return the items of a delimited parameter: ``"a,b"`` -> ``["a", "b"]``."""
    # OpenAPI 3.1, "Style Values": ``name=`` is an empty array.
    if isinstance(value, str):
        return value.split(separator) if value else []
    return [part for one in value if one for part in one.split(separator)]
