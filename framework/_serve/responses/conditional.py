"""Conditional and range requests (RFC 9110, sections 13 and 14)."""

from datetime import datetime
from hashlib import blake2b
from typing import Any

from aiohttp import hdrs, web

from framework._plan import ResponsePlan
from framework._serve.responses.ranges import UNSATISFIABLE, content_range, requested_range
from framework._serve.responses.response import Response
from framework.caching import ETag, evaluate, http_date
from framework.http_errors import PreconditionFailed, PreconditionRequired, RangeNotSatisfiable, reason_phrase

__all__ = ("Revalidation", "not_modified", "require_precondition", "value_of")

_CONDITIONS = (hdrs.IF_MATCH, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_NONE_MATCH)


def require_precondition(request: web.BaseRequest) -> None:
    """Raise PreconditionRequired if a request has no precondition."""
    headers = request.headers
    if not any(name in headers for name in _CONDITIONS):
        raise PreconditionRequired("Send the version to change in If-Match")


def value_of(result: Any) -> Any:
    """Return the value of a response that a handler made, and any other value unchanged."""
    return result.value if isinstance(result, Response) else result


class Revalidation:
    """Applies conditional requests: ``revalidate(request, response, etag, modified)`` returns the response to send.

    Raises PreconditionFailed and RangeNotSatisfiable.
    """

    def __init__(self, plan: ResponsePlan) -> None:
        self._tags_bytes = plan.etag is True or (plan.ranges and not plan.conditional)
        self._ranges = plan.ranges

    def __call__(
        self, request: web.BaseRequest, response: web.StreamResponse, etag: Any, modified: datetime | None
    ) -> web.StreamResponse:
        """Return the response, or its replacement: without a body (304), or with a part of it (206)."""
        if response.status != 200 or not isinstance(response, Response):  # noqa: PLR2004
            return response
        body = response.body
        if not isinstance(body, bytes | None):
            return response
        tag = self._validators(response, body or b"", etag, modified)
        status = evaluate(request.method, request.headers, tag, modified)
        if status == 412:  # noqa: PLR2004
            raise PreconditionFailed("It is not in the state that the request names")
        if status == 304:  # noqa: PLR2004
            return not_modified(response)
        return self._part(request, response, body or b"", tag, modified) if self._ranges else response

    def _validators(self, response: Response[Any], body: bytes, etag: Any, modified: datetime | None) -> ETag | None:
        tag = None if etag is None else ETag.of(etag)
        if self._tags_bytes:
            # Of the bytes, so each format has its own strong tag.
            tag = ETag(blake2b(body, digest_size=16).hexdigest())
        own = response.headers.get(hdrs.ETAG)
        if own is not None:
            tag = ETag.of(own)
        elif tag is not None:
            response.headers[hdrs.ETAG] = str(tag)
        if modified is not None:
            response.headers.setdefault(hdrs.LAST_MODIFIED, http_date(modified))
        return tag

    def _part(
        self, request: web.BaseRequest, response: Response[Any], body: bytes, tag: ETag | None, modified: Any
    ) -> web.StreamResponse:
        response.headers[hdrs.ACCEPT_RANGES] = "bytes"
        part = requested_range(request, len(body), tag, modified)
        if part is None:
            return response
        if part is UNSATISFIABLE:
            raise RangeNotSatisfiable(headers={hdrs.CONTENT_RANGE: f"bytes */{len(body)}"})
        response.set_status(206, reason_phrase(206))
        response.headers[hdrs.CONTENT_RANGE] = content_range(part, len(body))
        response.body = body[part.start : part.stop]
        return response


def not_modified(response: Response[Any]) -> Response[Any]:
    """Turn a response into a 304; the headers that describe the body are removed."""
    response.set_status(304, reason_phrase(304))
    response.body = None
    for name in (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING, hdrs.CONTENT_LENGTH, hdrs.CONTENT_RANGE):
        response.headers.popall(name, None)
    return response
