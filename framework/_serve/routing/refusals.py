"""The responses without a handler: 400, 404, 405, 417, 501 and 505, and the automatic OPTIONS."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from aiohttp import web

from framework._serve.problems import class_for
from framework._serve.responses.encoded import EncodedResponse
from framework._serve.responses.head import Head
from framework._serve.routing.entries import RefusalEntry, RouteEntry
from framework.http_errors import (
    BadRequest,
    ExpectationFailed,
    FieldError,
    MethodNotAllowed,
    NotFound,
    NotImplementedMethod,
    VersionNotSupported,
)

__all__ = ("REFUSALS", "Refusal", "method_not_allowed", "no_such_method", "options_response")

_NO_CONTENT = Head(204, None)


class Refusal:
    """Raises an HTTPError."""

    def __init__(self, error: type[Any], *, detail: str | None = None, **members: Any) -> None:
        self._error = error
        self._detail = detail
        self._members = members

    def __call__(self, _: web.Request) -> NoReturn:
        raise self._error(self._detail, **self._members)

    def native(self, _: str, __: Iterable[str]) -> web.HTTPException:
        """Return aiohttp's exception for it."""
        return class_for(self._error.status)()


def _unreadable(detail: str, error: FieldError) -> Refusal:
    return Refusal(BadRequest, detail=detail, errors=(error,))


REFUSALS: Mapping[str, Refusal] = {
    "not_found": Refusal(NotFound),
    "method": Refusal(NotImplementedMethod),
    # The status line of the response is one of HTTP/1.1, for every version of the request.
    "version": Refusal(VersionNotSupported, detail="HTTP/1.1 is spoken here", headers={"Connection": "close"}),
    "expectation": Refusal(ExpectationFailed, detail="Only 100-continue can be expected"),
    "path": _unreadable(
        "The path cannot be decoded", FieldError("path", "", "syntax", "Not valid UTF-8, or with a NUL")
    ),
    "query": _unreadable("The query is not valid UTF-8", FieldError("query", "", "syntax", "Not valid UTF-8")),
    "host": _unreadable(
        "The Host header cannot be parsed", FieldError("header", "/host", "syntax", "Not a valid Host header")
    ),
}


def _allow(request: web.Request) -> str:
    route = request.match_info.route
    return ", ".join(sorted(route.allowed)) if isinstance(route, RouteEntry | RefusalEntry) else ""


def method_not_allowed(request: web.Request) -> NoReturn:
    """Reject a method; the methods of the path are in ``Allow``."""
    raise MethodNotAllowed(headers={"Allow": _allow(request)})


def no_such_method(method: str, allowed: Iterable[str]) -> web.HTTPException:
    return web.HTTPMethodNotAllowed(method, sorted(allowed))


def options_response(request: web.Request) -> EncodedResponse:
    """Respond to OPTIONS with the methods of the path."""
    response = EncodedResponse(None, _NO_CONTENT)
    response.headers["Allow"] = _allow(request)
    return response
