"""Errors of forms that cannot be read, and the part that is decoded later."""

from collections.abc import Sequence

from msgspec import Struct

from framework._http.pointers import step as pointer_step
from framework._serve.requests.arrival import CLOSE
from framework.formats import Format
from framework.http_errors import BadRequest, ContentTooLarge, FieldError, HTTPError

__all__ = ("EncodedPart", "broken_form", "too_large_part", "too_many_parts", "unread_part")


class EncodedPart(Struct, frozen=True):
    """A part that is decoded by its own Content-Type, ``None`` if it has none."""

    data: bytes
    content_type: str | None


def broken_form(detail: str, pointer: str = "") -> HTTPError:
    """Return the 400 for a form that cannot be parsed."""
    return BadRequest("The form cannot be parsed", errors=(FieldError("form", pointer, "syntax", detail),))


def too_many_parts(limit: int) -> HTTPError:
    """Return the 413 for a form with too many fields and files."""
    return ContentTooLarge(f"The form has more than {limit} fields and files", headers=CLOSE)


def too_large_part(name: str, limit: int, *, is_file: bool) -> HTTPError:
    """Return the 413 for a field or file beyond its limit."""
    what = "file" if is_file else "field"
    return ContentTooLarge(f"The {what} {pointer_step(name)[1:]!r} exceeds {limit} bytes", headers=CLOSE)


def unread_part(pointer: str, formats: Sequence[Format]) -> FieldError:
    """Return the error of a part whose Content-Type no format reads."""
    names = " or ".join(f"`{one.media_type}`" for one in formats)
    return FieldError("form", pointer, "type", f"Expected a part of type {names}")
