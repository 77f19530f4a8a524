"""The header Idempotency-Key, and its errors (draft-ietf-httpapi-idempotency-key-header-06)."""

import re
from typing import ClassVar

from aiohttp import web

from framework.http_errors import BadRequest, Conflict, FieldError, UnprocessableContent
from framework.layers import headers_of

__all__ = ("HEADER", "KeyReused", "RequestInProgress", "ResponseNotKept", "read_key")

HEADER = "Idempotency-Key"
_LONGEST = 255
# RFC 9651, section 3.3.3: a string, and parameters, which have no meaning here.
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"(?: *; *[a-z*][a-z0-9_.*-]*(?:=[!#-+\--:<-~]+)?)*')
# Sent without quotes by clients of other APIs; with a comma it could be two keys.
_BARE = re.compile(r"[!#-+\--\[\]-~]+")
_POINTER = f"/{HEADER.lower()}"


class RequestInProgress(Conflict):
    """Another request with the same Idempotency-Key is in progress."""

    header_descriptions: ClassVar = {"Retry-After": "Seconds after which to repeat the request."}


class ResponseNotKept(Conflict):
    """The request was executed, and its response cannot be repeated."""


class KeyReused(UnprocessableContent):
    """The Idempotency-Key was used for another request."""


def read_key(request: web.Request, *, required: bool) -> str | None:
    """Return the key of a request: ``"k"`` and ``k`` are the same key. ``None`` if there is none.

    Raises BadRequest for a missing or malformed key.
    """
    values = headers_of(request).getall(HEADER, [])
    if not values:
        if not required:
            return None
        raise _refused("missing", f"Send a unique {HEADER} with the request, and the same one when you repeat it")
    if len(values) > 1:
        raise _refused("value", f"There is more than one {HEADER}")
    (value,) = values
    quoted = _STRING.fullmatch(value)
    if quoted is None and not _BARE.fullmatch(value):
        raise _refused("syntax", "Not a string of visible ASCII characters in quotes (RFC 9651, section 3.3.3)")
    key = value if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
    if not 0 < len(key) <= _LONGEST:
        raise _refused("constraint", f"The length is not from 1 to {_LONGEST}")
    return key


def _refused(code: str, detail: str) -> BadRequest:
    error = FieldError("header", _POINTER, code, detail)
    return BadRequest("1 error in the request", errors=(error,))
