"""Widens a document to all values that an app accepts, for a tool that sends requests that must be rejected.

An app accepts everything that its document allows, and some values beyond it. Accepting these is not an error.
"""

from collections.abc import Mapping
from typing import Any

from framework.formats import JSON

__all__ = ("FORMATS", "as_accepted")

_BASE64 = "framework-base64"
_DURATION = "framework-duration"
FORMATS = {"base64": _BASE64, "duration": _DURATION}
"""Formats that only the widened document has: strings with an encoding, and durations as in ISO 8601."""


def as_accepted(node: Any) -> Any:
    """Return (a part of) a document whose schemas describe all accepted values."""
    if isinstance(node, list):
        return [as_accepted(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    widened = {key: as_accepted(one) for key, one in node.items()}
    if "type" in widened:
        _widen(widened)
    if "content" in widened.get("requestBody", ()):
        _keep_json(widened["requestBody"]["content"])
        for media in widened["requestBody"]["content"].values():
            _keep_json_of_parts(media.get("encoding", {}))
    return widened


def _keep_json(content: dict[str, Any]) -> None:
    """Remove other formats if JSON is accepted.

    A schema describes JSON values. MessagePack has bytes in place of base64, and no integers beyond 64 bits. Tools
    cannot encode custom formats.
    """
    if any(JSON.reads(one) for one in content):
        for one in [one for one in content if not JSON.reads(one)]:
            del content[one]


def _keep_json_of_parts(encoding: Mapping[str, Any]) -> None:
    """Remove other formats if the parts of a form may be JSON."""
    for one in encoding.values():
        if JSON.media_type in [kind.strip() for kind in one.get("contentType", "").split(",")]:
            one["contentType"] = JSON.media_type


def _widen(schema: dict[str, Any]) -> None:
    # Any bytes are valid. The tool knows files of OpenAPI 3.0, and would write JSON that is not text.
    if "contentMediaType" in schema:
        del schema["contentMediaType"]
        schema["format"] = "binary"
    # A set accepts duplicates and keeps one.
    schema.pop("uniqueItems", None)
    # msgspec accepts a number for a Decimal too; a Decimal is written as a string.
    if schema.get("format") == "decimal":
        del schema["format"]
        schema["anyOf"] = [{"type": "number"}, {"type": "string", "format": "decimal"}]
        if isinstance(schema.pop("type"), list):
            schema["anyOf"].append({"type": "null"})
    # Durations in RFC 3339 have neither fractions nor signs; in ISO 8601 they have.
    elif schema.get("format") == "duration":
        schema["format"] = _DURATION
    elif schema.get("contentEncoding") == "base64":
        schema["format"] = _BASE64
