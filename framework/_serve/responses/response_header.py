"""A single header of responses, set without the dictionary of headers where that is possible."""

import functools
from collections.abc import Mapping
from typing import Any

from aiohttp import hdrs, web

from framework._http.tokens import is_token
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.head import Head

# ruff: noqa: SLF001  of the same package

__all__ = ("ResponseHeader", "set_header")

# Headers that are written in another way, or decide how the response is written.
_WRITTEN = frozenset(one.lower() for one in (hdrs.DATE, hdrs.CONNECTION, hdrs.CONTENT_LENGTH, hdrs.TRANSFER_ENCODING))
_REMEMBERED = 256
_NOTHING: Mapping[str, str] = {}


class ResponseHeader:
    """A header that is set on responses, at less cost than in ``response.headers``; created once.

    With ``plain``, all values must be printable ASCII; otherwise each value is checked. ``beside`` has constant headers
    that ``add`` adds with it, in plain ASCII too.
    """

    __module__ = "framework.responses"
    __slots__ = ("_begin", "_beside", "_heads", "_name", "_plain", "_usual", "_whole")

    def __init__(self, name: str, *, plain: bool = False, beside: Mapping[str, str] = _NOTHING) -> None:
        if not all(map(is_token, (name, *beside))):
            raise ValueError(f"{name!r} is not the name of a header")
        self._name = name
        self._plain = plain
        self._begin = f"\r\n{name}: "
        self._beside = dict(beside)
        self._whole = "".join(f"\r\n{one}: {value}" for one, value in beside.items()) + self._begin
        self._usual = not any(one.lower() in _WRITTEN for one in (name, *beside))
        self._heads: set[Head] = set()
        """The heads that do not have the header."""

    def get(self, response: Any) -> str:
        """Return the value of the header, several lines joined by commas; empty if it is missing."""
        # PERF: as in set().
        if response.__class__ is EncodedResponse and not response._touched and self._begin not in response._added:
            return "" if response._head in self._heads else self._value_of(response._head)
        return ", ".join(response.headers.getall(self._name, ()))

    def _value_of(self, head: Head) -> str:
        return "" if self._is_absent(head) else ", ".join(head.headers.getall(self._name, ()))

    def set(self, response: Any, value: str) -> None:
        """Set the header, and replace an existing one."""
        # PERF: the dictionary of headers would be 14 % of a small response; this is 3 %.
        if (
            response.__class__ is EncodedResponse
            and not response._touched
            and (response._head in self._heads or self._is_absent(response._head))
            and (self._plain or (value.isascii() and value.isprintable()))
            and not ((added := response._added) and self._begin in added)
        ):
            response._added = f"{added}{self._begin}{value}"
        else:
            response.headers[self._name] = value

    def add(self, response: Any, value: str) -> None:
        """Add a line with the header to existing lines; clients read all of them as one list."""
        # PERF: as above.
        fast = response.__class__ is EncodedResponse and not response._touched and self._usual
        if fast and (self._plain or (value.isascii() and value.isprintable())):
            response._added = f"{response._added}{self._whole}{value}"
        else:
            for name, constant in self._beside.items():
                response.headers.add(name, constant)
            response.headers.add(self._name, value)

    def _is_absent(self, head: Head) -> bool:
        absent = self._name not in head.headers and self._usual
        # Heads that are made for a request, such as that of an origin, must not be kept forever.
        if absent and len(self._heads) < _REMEMBERED:
            self._heads.add(head)
        return absent


def set_header(response: web.StreamResponse, name: str, value: str) -> None:
    """Set a header as :class:`ResponseHeader` does."""
    _header(name).set(response, value)


@functools.lru_cache(1024)
def _header(name: str) -> ResponseHeader:
    return ResponseHeader(name)
