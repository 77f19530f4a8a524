"""What an app reads beyond what its document promises, for a tool that sends what must be refused.

Whoever follows the document is understood; these are things that are understood as well, and no mistake of the app's.
"""

from collections.abc import Mapping
from typing import Any

from framework.formats import JSON

__all__ = ("FORMATS", "as_accepted")

_BASE64 = "framework-base64"
_DURATION = "framework-duration"
FORMATS = {"base64": _BASE64, "duration": _DURATION}
"""Formats of the widened document that are no others': texts with an encoding, and durations as ISO 8601 has them."""


def as_accepted(node: Any) -> Any:
    """Return (a part of) a document with schemas that say all that is read."""
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
    """Leave other formats out where JSON is read as well.

    A schema describes values as JSON has them: MessagePack has bytes in the place of base64, and no integers beyond 64
    bits; how a format of the app's own is written, no tool knows.
    """
    if any(JSON.reads(one) for one in content):
        for one in [one for one in content if not JSON.reads(one)]:
            del content[one]


def _keep_json_of_parts(encoding: Mapping[str, Any]) -> None:
    """Leave other formats out where the parts of a form may be JSON."""
    for one in encoding.values():
        if JSON.media_type in [kind.strip() for kind in one.get("contentType", "").split(",")]:
            one["contentType"] = JSON.media_type


def _widen(schema: dict[str, Any]) -> None:
    # Any bytes will do. The tool knows files as OpenAPI 3.0 has them, and would write JSON that is not text.
    if "contentMediaType" in schema:
        del schema["contentMediaType"]
        schema["format"] = "binary"
    # A set takes what is sent twice once.
    schema.pop("uniqueItems", None)
    # msgspec reads a Decimal from a number too; it is written as a text.
    if schema.get("format") == "decimal":
        del schema["format"]
        schema["anyOf"] = [{"type": "number"}, {"type": "string", "format": "decimal"}]
        if isinstance(schema.pop("type"), list):
            schema["anyOf"].append({"type": "null"})
    # RFC 3339 knows neither fractions nor signs of durations, which ISO 8601 does.
    elif schema.get("format") == "duration":
        schema["format"] = _DURATION
    elif schema.get("contentEncoding") == "base64":
        schema["format"] = _BASE64
