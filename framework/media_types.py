"""Media types as RFC 9110, section 8.3.1 writes them."""

import re

__all__ = ("essence", "is_media_type")

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  no secret
_MEDIA_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*{_TOKEN}=(?:{_TOKEN}|"[^"\\\x00-\x1f\x7f]*"))*\Z')


def essence(media_type: str) -> str:
    """Return type and subtype without parameters: ``text/plain; charset=utf-8`` -> ``text/plain``."""
    return media_type.partition(";")[0].strip().lower()


def is_media_type(text: str) -> bool:
    """Tell whether a text is one media type, and no range of them."""
    return "*" not in essence(text) and _MEDIA_TYPE.match(text) is not None
