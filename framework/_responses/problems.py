"""RFC 9457 problem details from HTTPErrors, and from aiohttp's own HTTP exceptions."""

import functools
import json
import logging
from typing import Any

import msgspec
from aiohttp import hdrs, web
from multidict import CIMultiDict

from framework._hooks import encode_hook
from framework._inspect.hints import class_hints
from framework._inspect.names import type_name
from framework._responses.encoded import EncodedResponse, Head
from framework._responses.encoders import encode_msgspec
from framework._responses.output import Output
from framework._responses.response import Response, instance_of
from framework.errors import ResponseMismatchError
from framework.http_errors import HTTPError, InternalServerError, reason_phrase

__all__ = ("from_aiohttp", "problem_of", "problem_response")

_LOGGER = logging.getLogger("framework")

_HEADS: dict[int, Head] = {}
# These describe the body that is replaced.
_BODY_HEADERS = frozenset({hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH})


@functools.cache
def _member_outputs(error: Any) -> dict[str, Output]:
    """Return what converts the members of an error to their types; nothing for types that nobody can read."""
    try:
        hints = class_hints(error) if error.members else {}
    except (NameError, TypeError, AttributeError):
        return {}
    return {name: Output(hints[name], f"{type_name(error)}.{name}") for name in error.members}


def problem_of(error: HTTPError, instance: str) -> dict[str, object]:
    """Return the body of a problem, its members as they are annotated.

    A member that cannot be converted is logged, and makes it an InternalServerError.
    """
    problem = error.problem(instance)
    try:
        for name, output in _member_outputs(type(error)).items():  # type: ignore[arg-type]  # classes are hashable
            problem[name] = output(problem[name])
    except ResponseMismatchError:
        _LOGGER.exception("%s cannot be sent", type_name(type(error)))
        return InternalServerError().problem(instance)
    return problem


def problem_response(error: HTTPError, request: web.BaseRequest) -> Response[object]:
    """Return the problem+json answer for an error."""
    problem = problem_of(error, instance_of(request))
    if problem["status"] != error.status:
        error = InternalServerError()
    try:
        body = encode_msgspec(problem)
    except UnicodeEncodeError:
        # A text made from a header that is not UTF-8; msgspec writes such a text nowhere.
        body = json.dumps(msgspec.to_builtins(problem, enc_hook=encode_hook), ensure_ascii=False).encode(
            errors="replace"
        )
    head = _HEADS.get(error.status) or _HEADS.setdefault(error.status, Head(error.status, "application/problem+json"))
    response = EncodedResponse(body, head)
    if error.headers:
        response.headers.extend(error.headers)
    return response


def from_aiohttp(error: web.HTTPException) -> HTTPError | web.StreamResponse:
    """Return what an HTTP exception of aiohttp's means here: a problem from 400 on, and itself as a response below."""
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
    # An instance of its own status: there is no class for every number.
    error.__dict__["status"] = status
    error.__dict__["title"] = reason_phrase(status)
    return error
