"""RFC 9457 problem details from HTTPErrors, and from aiohttp's own HTTP exceptions."""

from urllib.parse import quote

from aiohttp import hdrs, web

from framework._responses.encoders import encode_msgspec
from framework._responses.response import EncodedResponse, Head, Response
from framework.http_errors import HTTPError, reason_phrase

__all__ = ("from_aiohttp", "instance_of", "problem_response")

_HEADS: dict[int, Head] = {}
# RFC 3986: what a path may hold as it is; % stays, since the path is encoded already.
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"
# These describe the body that is replaced.
_BODY_HEADERS = frozenset({hdrs.CONTENT_TYPE, hdrs.CONTENT_LENGTH})


def instance_of(request: web.BaseRequest) -> str:
    """Return the percent-encoded path of a request."""
    path = request.rel_url.raw_path
    return path if path.isascii() else quote(path, safe=_PATH_SAFE, errors="replace")


def problem_response(error: HTTPError, request: web.BaseRequest) -> Response[object]:
    """Return the problem+json answer for an error."""
    problem = error.problem(instance_of(request))
    try:
        body = encode_msgspec(problem)
    except UnicodeEncodeError:
        # A detail made from a header that is not UTF-8.
        problem["detail"] = str(error.detail).encode(errors="replace").decode()
        body = encode_msgspec(problem)
    head = _HEADS.get(error.status) or _HEADS.setdefault(error.status, Head(error.status, "application/problem+json"))
    response = EncodedResponse(body, head)
    if error.headers:
        response.headers.extend(error.headers)
    return response


def from_aiohttp(error: web.HTTPException) -> HTTPError | web.StreamResponse:
    """Return what an HTTP exception of aiohttp's means here: a problem from 400 on, and itself as a response below."""
    headers = {name: value for name, value in error.headers.items() if name not in _BODY_HEADERS}
    if error.status < 400:  # noqa: PLR2004
        return Response(status=error.status, headers=headers)
    custom = error.text is not None and error.text != f"{error.status}: {error.reason}"
    made = HTTPError(error.text if custom else None, headers=headers)
    return _with_status(made, error.status)


def _with_status(error: HTTPError, status: int) -> HTTPError:
    # An instance of its own status: there is no class for every number.
    error.__dict__["status"] = status
    error.__dict__["title"] = reason_phrase(status)
    return error
