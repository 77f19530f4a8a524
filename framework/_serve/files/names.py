"""File names: their media type, and the header that sends them to a client."""

import mimetypes
import re
from pathlib import PurePath
from urllib.parse import quote

__all__ = ("content_disposition", "media_type_of")

# RFC 8187, section 3.2.1: attr-char.
_ATTRIBUTE_CHARACTERS = "!#$&+-.^_`|~"
_UNQUOTABLE = r'[^\x20-\x7e]|["\\%]'
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
_TYPES = mimetypes.MimeTypes()
# Not known to every system, and to Python only since a later version.
for _media_type, _suffix in (
    ("text/javascript", ".js"), ("text/javascript", ".mjs"), ("application/wasm", ".wasm"), ("text/markdown", ".md"),
    ("image/webp", ".webp"), ("image/avif", ".avif"), ("font/woff2", ".woff2"), ("font/woff", ".woff"),
    ("application/manifest+json", ".webmanifest"), ("application/gzip", ".gz"), ("application/zstd", ".zst"),
    ("application/x-brotli", ".br"),
):  # fmt: skip
    _TYPES.add_type(_media_type, _suffix)
_TYPES.encodings_map.clear()


def media_type_of(path: str) -> str:
    """Return the media type for a file name: ``a.css`` -> ``text/css; charset=utf-8``."""
    guessed, _ = _TYPES.guess_type("x" + PurePath(path).suffix.lower())
    if guessed is None:
        return "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """Return the header with a file name (RFC 6266): in ASCII, and in UTF-8 for clients that support RFC 8187."""
    name = re.sub(_CONTROL, "", re.split(r"[/\\]", filename)[-1]).strip() or "file"
    kind = "inline" if inline else "attachment"
    plain = re.sub(_UNQUOTABLE, "_", name)
    if plain == name:
        return f'{kind}; filename="{name}"'
    encoded = quote(name.encode(errors="replace"), safe=_ATTRIBUTE_CHARACTERS)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
