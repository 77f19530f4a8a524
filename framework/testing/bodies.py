"""Decodes response bodies into the values that their schemas describe."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from framework.formats import JSON, Format

__all__ = ("media_type_in", "read_values")

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# Keywords that a schema of plain strings does not have: the data of an event is such a string, or JSON.
_OF_JSON = frozenset({"format", "enum", "const", "contentEncoding"})


def media_type_in(content: Mapping[str, Any], media_type: str) -> str | None:
    """Return the key of a media type: itself, its group (``image/*``), or ``*/*``."""
    group = f"{media_type.partition('/')[0]}/*"
    return next((one for one in (media_type, group, "*/*") if one in content), None)


def read_values(body: bytes, media_type: str, schema: Any, formats: Iterable[Format]) -> Iterator[Any]:
    """Yield the values that a schema describes: the value of a body, or each item of a stream.

    Raises msgspec.DecodeError and UnicodeDecodeError.
    """
    if media_type == "application/jsonl":
        yield from (msgspec.json.decode(line) for line in body.splitlines() if line)
    elif media_type == "text/event-stream":
        is_text = schema.get("type") == "string" and _OF_JSON.isdisjoint(schema)
        yield from (data if is_text else msgspec.json.decode(data) for data in _events(body.decode()))
    else:
        parse = next((one.parse for one in (*formats, JSON) if one.reads(media_type)), None)
        # A schema describes JSON values; other formats have bytes and datetimes.
        yield body.decode() if parse is None else msgspec.to_builtins(parse(body), str_keys=True)


def _events(text: str) -> Iterator[str]:
    """Yield the data of each server-sent event with data (WHATWG HTML, section 9.2.6)."""
    data: list[str] = []
    for line in _LINE_ENDS.split(text):
        name, _, value = line.partition(":")
        if not line and data:
            yield "\n".join(data)
            data = []
        elif name == "data":
            data.append(value.removeprefix(" "))
