"""Media types (RFC 9110, section 8.3.1)."""

import re

from framework._http.tokens import TOKEN

__all__ = ("essence", "is_media_type")

_MEDIA_TYPE = re.compile(rf'{TOKEN}/{TOKEN}(?:[ \t]*;[ \t]*{TOKEN}=(?:{TOKEN}|"[^"\\\x00-\x1f\x7f]*"))*\Z')


def essence(media_type: str) -> str:
    """Return type and subtype without parameters: ``text/plain; charset=utf-8`` -> ``text/plain``."""
    return media_type.partition(";")[0].strip().lower()


def is_media_type(text: str) -> bool:
    """Return whether a string is a single media type and not a range."""
    return "*" not in essence(text) and _MEDIA_TYPE.match(text) is not None
