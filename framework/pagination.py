"""Pagination: the requested page of a list, the response, and links to the other pages (RFC 8288)."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from framework._hooks import decode_hook, encode_hook, raise_broken
from framework.http_errors import FieldError, UnprocessableContent

__all__ = ("Cursor", "CursorPaging", "Page", "Paging", "decode_cursor", "encode_cursor")

_T = TypeVar("_T")
_C = TypeVar("_C")

_Limit = Annotated[int, Meta(ge=1, le=100, description="The most items that are returned.")]
_LINK = {"Link": "The other parts of the list, each a URL with its relation (RFC 8288)."}


class Paging(Struct, frozen=True):
    """The requested page of a list, by position: ``paging: Annotated[Paging, Query()]``."""

    limit: _Limit = 20
    offset: Annotated[int, Meta(ge=0, le=2_147_483_647, description="How many items are skipped.")] = 0

    def page(self, items: list[_T], total: int) -> "Page[_T]":
        """Return the response: the items of this page and the total number of items."""
        return Page(items=items, total=total, limit=self.limit, offset=self.offset)


class Page(Struct, Generic[_T], frozen=True, kw_only=True):
    """A page of a list, by position.

    A response with a Page has a Link header: ``first``, ``prev``, ``next`` and ``last``.
    """

    header_descriptions: ClassVar[Mapping[str, str]] = _LINK

    items: list[_T]
    total: Annotated[int, Meta(ge=0, description="The number of items in the whole list.")]
    limit: Annotated[int, Meta(ge=1, description="The most items of a part.")]
    offset: Annotated[int, Meta(ge=0, description="The number of items before this page.")]

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the Link header of the response to a request."""
        return _link_header(request, self._offsets())

    def _offsets(self) -> Iterator[tuple[str, dict[str, str]]]:
        # If the offset is not a multiple of the limit, the other pages keep this shift.
        start = self.offset % self.limit
        last = start + max(0, self.total - 1 - start) // self.limit * self.limit if self.total > start else 0
        found = {"first": 0}
        if self.offset > 0:
            found["prev"] = max(0, min(self.offset - self.limit, last))
        if self.offset + self.limit < self.total:
            found["next"] = self.offset + self.limit
        found["last"] = last
        for relation, offset in found.items():
            yield relation, {"limit": str(self.limit), "offset": str(offset)}


class CursorPaging(Struct, frozen=True):
    """The requested page of a list, by the item before it: ``paging: Annotated[CursorPaging, Query()]``."""

    limit: _Limit = 20
    cursor: Annotated[str, Meta(max_length=1024, description="What another part gave.")] | None = None

    def after(self, kind: type[_C], *, secret: bytes | None = None) -> _C | None:
        """Return the value of the cursor, or None for the first page. Raises what decode_cursor raises."""
        return None if self.cursor is None else decode_cursor(self.cursor, kind, secret=secret)


class Cursor(Struct, Generic[_T], frozen=True, kw_only=True):
    """A page of a list, with the cursors of its neighbours.

    A response with a Cursor has a Link header: ``first``, ``prev`` and ``next``.
    """

    header_descriptions: ClassVar[Mapping[str, str]] = _LINK

    items: list[_T]
    next: Annotated[str, Meta(description="The cursor of the next part; null at the end.")] | None = None
    previous: Annotated[str, Meta(description="The cursor of the previous page; null if it is unknown.")] | None = None

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the Link header of the response to a request."""
        known = {"first": None, "prev": self.previous, "next": self.next}
        links = [(name, {"cursor": one}) for name, one in known.items() if one is not None or name == "first"]
        return _link_header(request, iter(links))


def _link_header(request: web.Request, links: Iterator[tuple[str, Mapping[str, str | None]]]) -> dict[str, str]:
    """Return links to the path of the request, with some parameters changed and all others kept."""
    # Relative to the host, because a client chooses the Host header.
    url = request.rel_url
    found: list[str] = []
    for relation, parameters in links:
        other = url.without_query_params(*parameters)
        given = {name: one for name, one in parameters.items() if one is not None}
        found.append(f'<{other.extend_query(given)}>; rel="{relation}"')
    return {"Link": ", ".join(found)}


_SIGNATURE = 16
"""The size of a signature in bytes."""


def encode_cursor(value: Any, *, secret: bytes | None = None) -> str:
    """Return a value, such as the sort key of the last item, as a string for URLs.

    With a ``secret`` the string is signed, which prevents forgery. Its content is readable in any case.
    """
    data = msgspec.json.encode(value, enc_hook=encode_hook)
    return urlsafe_b64encode(_signature(data, secret) + data).rstrip(b"=").decode()


def decode_cursor(cursor: str, kind: type[_C], *, secret: bytes | None = None) -> _C:
    """Return the value of a cursor as a type. Raises UnprocessableContent, with an error at ``/cursor``."""
    try:
        return msgspec.json.decode(_content(cursor, secret), type=kind, dec_hook=decode_hook)
    except (ValueError, msgspec.DecodeError, RecursionError) as error:
        raise_broken(error)
        field_error = FieldError("query", "/cursor", "value", "Expected a cursor of this list")
        raise UnprocessableContent("1 error in the request", errors=(field_error,)) from error


def _content(cursor: str, secret: bytes | None) -> bytes:
    """Return the bytes of a value. Raises ValueError for strings that encode_cursor has not made."""
    text = cursor.encode("ascii")
    data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    signed = 0 if secret is None else _SIGNATURE
    # Base64 is decoded leniently, so a value could have several spellings.
    genuine = hmac.compare_digest(_signature(data[signed:], secret), data[:signed])
    if not genuine or urlsafe_b64encode(data).rstrip(b"=") != text:
        raise ValueError(cursor)
    return data[signed:]


def _signature(data: bytes, secret: bytes | None) -> bytes:
    return b"" if secret is None else hmac.digest(secret, data, hashlib.sha256)[:_SIGNATURE]
