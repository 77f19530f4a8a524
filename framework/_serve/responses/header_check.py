"""Checks response headers before they are written (RFC 9110, sections 5.1 and 5.5)."""

import re
from collections.abc import Iterable
from http.cookies import SimpleCookie
from typing import Any

from multidict import CIMultiDict

from framework._http.tokens import is_token

__all__ = ("are_tokens", "broken_header", "has_control_characters")

# All control characters except the tab.
_CONTROL = bytes({*range(0x20), 0x7F} - {0x09})
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAMES_REMEMBERED = 1024
_LINE_END = 2

_tokens: set[str] = set()
"""Header names that were already checked."""


def are_tokens(names: Iterable[str]) -> bool:
    """Return whether all of them are valid header names."""
    # PERF: one call in C for names that were checked before.
    if _tokens.issuperset(names):
        return True
    for name in names:
        if not is_token(name):
            return False
        if len(_tokens) < _NAMES_REMEMBERED:
            _tokens.add(name)
    return True


def has_control_characters(data: bytes, lines: int) -> bool:
    """Return whether encoded header lines contain a control character other than the tab and the CRLF of each line."""
    return len(data) - len(data.translate(None, _CONTROL)) != _LINE_END * lines


def broken_header(headers: CIMultiDict[str], cookies: SimpleCookie | None) -> str:
    """Return the part of a head that cannot be written: a header, a cookie, or else the reason."""
    for name, value in headers.items():
        why = _why(name, value)
        if why is not None:
            return f"the response header {str(name)[:100]!r} {why}"
    for cookie in (cookies or {}).values():
        if _why(cookie.key, cookie.OutputString()) is not None:
            return f"the cookie {cookie.key[:100]!r} cannot be encoded or holds a control character"
    return "the reason of the response holds a control character"


def _why(name: Any, value: Any) -> str | None:
    if not is_token(name):
        return "has a name that is not a token (RFC 9110, section 5.1)"
    if not isinstance(value, str):
        return f"is a {type(value).__name__}, not a string"
    if _CONTROL_IN_TEXT.search(value):
        return "holds a control character (RFC 9110, section 5.5)"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "cannot be encoded in UTF-8"
    return None
