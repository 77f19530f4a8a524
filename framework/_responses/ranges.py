"""The part of a body that a client asks for (RFC 9110, section 14): one range of bytes."""

import re
from datetime import datetime
from typing import Final

from aiohttp import hdrs, web

from framework.caching import ETag, http_date, parse_http_date

__all__ = ("UNSATISFIABLE", "content_range", "requested_range")

UNSATISFIABLE: Final = range(0)
"""A range that begins behind the end."""

# A number of more digits than any file has bytes is as good as the largest.
_ONE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]*)|-([0-9]+))[ \t]*\Z", re.IGNORECASE)
_DIGITS = 18


def requested_range(request: web.BaseRequest, size: int, etag: ETag | None, modified: datetime | None) -> range | None:
    """Return the bytes that are asked for, ``None`` for all of them, UNSATISFIABLE where there are no such.

    Several ranges, another unit, and what cannot be parsed ask for everything, as RFC 9110, section 14.2, has it; so
    does an ``If-Range`` that does not name this version.
    """
    headers = request.headers
    text = headers.get(hdrs.RANGE)
    if text is None or request.method != hdrs.METH_GET or len(headers.getall(hdrs.RANGE)) > 1:
        return None
    found = _ONE.match(text)
    if found is None or not _is_current(headers.get(hdrs.IF_RANGE), etag, modified):
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        length = min(_number(suffix), size)
        return range(size - length, size) if length else UNSATISFIABLE
    start = int(first)
    stop = min(_number(last) + 1, size) if last else size
    if last and _number(last) < start:
        return None
    return range(start, stop) if start < size else UNSATISFIABLE


def content_range(part: range, size: int) -> str:
    """Return the header that says which part is sent: ``bytes 0-1/9``."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS


def _is_current(if_range: str | None, etag: ETag | None, modified: datetime | None) -> bool:
    if if_range is None:
        return True
    if '"' in if_range:
        return etag is not None and not etag.weak and if_range.strip(" \t") == str(etag)
    moment = parse_http_date(if_range)
    # RFC 9110, section 13.1.5: exactly the same moment.
    return moment is not None and modified is not None and moment == parse_http_date(http_date(modified))
