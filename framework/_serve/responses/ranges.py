"""The part of a body that a client requests (RFC 9110, section 14): one range of bytes."""

import re
from datetime import datetime
from typing import Final

from aiohttp import hdrs, web

from framework.caching import ETag, http_date, parse_http_date

__all__ = ("UNSATISFIABLE", "content_range", "requested_range")

UNSATISFIABLE: Final = range(0)
"""The result for a range that begins behind the end."""

# A number with more digits than any file size is treated as the largest.
_ONE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]*)|-([0-9]+))[ \t]*\Z", re.IGNORECASE)
_DIGITS = 18


def requested_range(request: web.BaseRequest, size: int, etag: ETag | None, modified: datetime | None) -> range | None:
    """Return the requested bytes, ``None`` for all, UNSATISFIABLE if there are no such bytes.

    Several ranges, another unit, and malformed ranges request everything (RFC 9110, section 14.2); so does an
    ``If-Range`` that does not match this version.
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
    """Return the header that describes the sent part: ``bytes 0-1/9``."""
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
