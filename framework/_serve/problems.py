"""RFC 9457 problem details of HTTPErrors and of aiohttp's own HTTP exceptions."""

import functools
import json
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import hdrs, web, web_exceptions
from multidict import CIMultiDict

from framework._hooks import encode_hook
from framework._inspect.names import type_name
from framework._inspect.signatures import class_hints
from framework._serve.conversion.output import Output
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.encoders import encode_msgspec
from framework._serve.responses.head import Head
from framework._serve.responses.response import Response, instance_of
from framework.errors import ResponseMismatchError
from framework.http_errors import HTTPError, InternalServerError, reason_phrase
from framework.request_ids import current_request_id

__all__ = ("class_for", "from_aiohttp", "problem_of", "problem_response")

_LOGGER = logging.getLogger("framework")

_HEADS: dict[int, Head] = {}
# These headers describe the body that is replaced.
_BODY_HEADERS = frozenset({hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH})


@functools.cache
def _member_outputs(error: Any) -> dict[str, Output]:
    """Return the converters of an error's members to their types; none for types that cannot be decoded."""
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError):
        return {}
    named = error.renamed
    return {named.get(name, name): Output(hints[name], f"{type_name(error)}.{name}") for name in error.members}


def problem_of(error: HTTPError, instance: str) -> dict[str, object]:
    """Return the body of a problem: members converted to their annotations, and the id of the request if it has one.

    A member that cannot be converted is logged, and the response becomes an InternalServerError.
    """
    problem = error.problem(instance)
    try:
        for name, output in _member_outputs(type(error)).items():  # type: ignore[arg-type]  # classes are hashable
            problem[name] = output(problem[name])
    except ResponseMismatchError:
        _LOGGER.exception("%s cannot be sent", type_name(type(error)))
        problem = InternalServerError().problem(instance)
    known = current_request_id()
    if known is not None:
        problem.setdefault("request_id", known)
    return problem


def problem_response(error: HTTPError, request: web.BaseRequest) -> Response[object]:
    """Return the problem+json response of an error."""
    problem = problem_of(error, instance_of(request))
    if problem["status"] != error.status:
        error = InternalServerError()
    try:
        body = encode_msgspec(problem)
    except UnicodeEncodeError:
        # A string from a header that is not UTF-8, which msgspec cannot encode.
        body = json.dumps(msgspec.to_builtins(problem, enc_hook=encode_hook), ensure_ascii=False).encode(
            errors="replace"
        )
    head = _HEADS.get(error.status) or _HEADS.setdefault(error.status, Head(error.status, "application/problem+json"))
    response = EncodedResponse(body, head)
    if error.headers:
        response.headers.extend(error.headers)
    return response


def from_aiohttp(error: web.HTTPException) -> HTTPError | web.StreamResponse:
    """Return the response for an HTTP exception of aiohttp: a problem from status 400 on, below that itself."""
    headers = CIMultiDict(error.headers)
    for cookie in error.cookies.values():
        headers.add(hdrs.SET_COOKIE, cookie.OutputString())
    custom = error.text is not None and error.text != f"{error.status}: {error.reason}"
    if error.status < 400 and custom:  # noqa: PLR2004
        return Response(error.text, status=error.status, headers=headers)
    for name in _BODY_HEADERS:
        headers.popall(name, None)
    if error.status < 400:  # noqa: PLR2004
        return Response(status=error.status, headers=headers)
    return _with_status(HTTPError(error.text if custom else None, headers=headers), error.status)


def _with_status(error: HTTPError, status: int) -> HTTPError:
    # An instance with its own status: not every number has a class.
    error.__dict__["status"] = status
    error.__dict__["title"] = reason_phrase(status)
    return error


_CLASSES: Mapping[int, type[web.HTTPException]] = {
    one.status_code: one
    for one in vars(web_exceptions).values()
    if isinstance(one, type) and issubclass(one, web.HTTPError) and one.status_code > 0
}
_OTHERS: dict[int, type[web.HTTPException]] = {}


def class_for(status: int) -> type[web.HTTPException]:
    """Return aiohttp's exception class of a status."""
    known = _CLASSES.get(status) or _OTHERS.get(status)
    if known is None:
        base = web.HTTPClientError if status < 500 else web.HTTPServerError  # noqa: PLR2004
        made: Any = type(base.__name__, (base,), {"status_code": status})
        known = _OTHERS[status] = made
    return known
