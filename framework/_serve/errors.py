"""Turns exceptions into responses: by the nearest exception handler, or as a problem."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from aiohttp import web

from framework._inspect.names import describe
from framework._serve.problems import from_aiohttp, problem_response
from framework._serve.requests.arrival import unreadable
from framework._serve.responses.response import BrokenResponse, Response
from framework.http_errors import HTTPError, InternalServerError
from framework.openapi import declared_by
from framework.request_ids import UNHANDLED, in_brackets
from framework.typedefs import ExceptionHandler

__all__ = ("ErrorResponder", "HandlerTable", "report_rest", "require_response")

_LOGGER = logging.getLogger("framework")
_UNREPORTED = "framework_unreported"

HandlerTable: TypeAlias = Mapping[type[Exception] | int, str]
"""The exception handlers of one level: exception class or status -> the variable that holds the handler."""


class ErrorResponder:
    """Turns an exception of a layer into a response: ``await responder(request, error)``.

    The levels are those of the layer and of all layers around it, innermost first. On each level, the handler of the
    most specific class is used, else that of the status. Without a handler, the response is a problem: an HTTPError its
    own, any other exception a 500 without detail, which is logged once with its request.
    """

    def __init__(
        self,
        levels: Sequence[HandlerTable] = (),
        seen_outside: Callable[[web.Request], bool] = lambda _: False,
    ) -> None:
        self._levels = levels
        self._seen_outside = seen_outside
        self._live: Mapping[str, ExceptionHandler] = {}

    def start(self, live: Mapping[str, Any]) -> None:
        """Take the exception handlers from the objects of this process."""
        self._live = live

    async def __call__(self, request: web.Request, error: Exception) -> web.StreamResponse:
        """Return the response for an exception."""
        if request.writer.output_size:
            # A response has begun: a second response would be written into the middle of it.
            self.report(request, error, "failed after its response had begun")
            broken = _ended_by(error, BrokenResponse())
            return broken if isinstance(error, HTTPError | web.HTTPException) else _made_from(error, broken)
        meaning = self._meaning(request, error)
        found = self._find(error, meaning)
        if found is None:
            return self._default(request, meaning, error)
        variable, seen = found
        try:
            handler = self._live[variable]
            response = require_response(await handler(request, seen), handler)
            seen = meaning if isinstance(meaning, Exception) else seen
            return _ended_by(error, _complete(response, handler, seen))
        except Exception as other:  # noqa: BLE001  every exception gets a response
            return self._default(request, self._meaning(request, other), other)

    def _meaning(self, request: web.Request, error: Exception) -> Exception | web.StreamResponse:
        """Return the error or response that an HTTP exception of aiohttp stands for, and other exceptions unchanged."""
        if isinstance(error, web.HTTPException):
            return from_aiohttp(error)
        return error if isinstance(error, HTTPError) else unreadable(request, error) or error

    def _find(self, error: Exception, meaning: object) -> tuple[str, Exception] | None:
        """Return the best exception handler, and the exception in the form that it handles."""
        if not self._levels:
            return None
        keys: list[tuple[Any, Exception]] = []
        if isinstance(error, web.HTTPException):
            keys += [(one, error) for one in type(error).__mro__ if issubclass(one, web.HTTPException)]
        if isinstance(meaning, Exception):
            status = meaning.status if isinstance(meaning, HTTPError) else 500
            keys += [(one, meaning) for one in (*type(meaning).__mro__, status)]
        return next(((level[key], seen) for level in self._levels for key, seen in keys if key in level), None)

    def _default(
        self, request: web.Request, meaning: Exception | web.StreamResponse, error: Exception
    ) -> web.StreamResponse:
        if isinstance(meaning, web.StreamResponse):
            return _made_from(error, meaning)
        if isinstance(meaning, HTTPError):
            try:
                return _made_from(error, problem_response(meaning, request))
            except Exception as other:  # noqa: BLE001  a member that cannot be encoded
                meaning = error = other
        self.report(request, error)
        return _made_from(error, problem_response(InternalServerError(), request))

    def report(self, request: web.Request, error: Exception, what: str = "failed") -> None:
        """Log an unhandled exception, now or when it leaves aiohttp's middlewares and tracers.

        A tracer that also reads the log must see the exception first, or it treats the exception as handled.
        """
        vars(request)[_UNREPORTED] = error, what
        if not self._seen_outside(request):
            report_rest(request)


def report_rest(request: web.BaseRequest) -> None:
    """Log the postponed exception of a request, if there is one."""
    error, what = vars(request).pop(_UNREPORTED, (None, ""))
    if error is not None:
        line, path = "%s %s %s%s", request.rel_url.raw_path
        _LOGGER.error(line, request.method, path, what, in_brackets(request), exc_info=error, extra=UNHANDLED)


def _made_from(error: Exception, response: web.StreamResponse) -> web.StreamResponse:
    """Return a response that keeps its error, which aiohttp's own middlewares see instead."""
    vars(response)["_made_from"] = error
    return response


def _ended_by(error: Exception, response: web.StreamResponse) -> web.StreamResponse:
    """Return a response that keeps the handled error, for observers."""
    vars(response)["_ended_by"] = error
    return response


def require_response(response: object, returned_by: Any) -> web.StreamResponse:
    """Return the response of a layer or a handler; raises TypeError if it is not a response.

    ``returned_by`` is the function that returned it, or a string that names its place.
    """
    if isinstance(response, web.StreamResponse):
        return response
    where = returned_by if isinstance(returned_by, str) else describe(returned_by)
    hint = "" if isinstance(returned_by, str) else "; return a Response, or what call_next gives"
    raise TypeError(f"{where} returned {type(response).__name__}, not a response{hint}")


def _complete(response: web.StreamResponse, handler: Any, error: Exception) -> web.StreamResponse:
    """Give a response the status and media type that its exception handler declares, or the status of its error."""
    if isinstance(response, Response):
        declared = declared_by(handler)
        status = error.status if declared.status is None and isinstance(error, HTTPError) else declared.status
        response.complete(status, declared.media_type)
    return response
