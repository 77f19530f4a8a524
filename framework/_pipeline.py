"""Exceptions become responses: by the nearest exception handler, or as a problem."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from aiohttp import web

from framework._inspect.names import describe
from framework.http_errors import HTTPError, InternalServerError
from framework.typedefs import ExceptionHandler

__all__ = ("ErrorAnswer", "HandlerTable", "Rendering", "report_rest", "require_response")

_LOGGER = logging.getLogger("framework")
_UNREPORTED = "framework_unreported"

HandlerTable: TypeAlias = Mapping[type[Exception] | int, str]
"""The exception handlers of one level: exception class or status -> the variable that holds the handler."""


class Rendering:
    """How errors are rendered; given by the compiler, so that this floor knows no response class."""

    __slots__ = ("broken", "complete", "problem", "translate", "unreadable")

    def __init__(
        self,
        problem: Callable[[HTTPError, web.Request], web.StreamResponse],
        translate: Callable[[web.HTTPException], HTTPError | web.StreamResponse],
        broken: Callable[[], web.StreamResponse],
        unreadable: Callable[[web.Request, Exception], HTTPError | None],
        complete: Callable[[web.StreamResponse, Any, Exception], web.StreamResponse],
    ) -> None:
        self.problem = problem
        self.translate = translate
        self.broken = broken
        self.unreadable = unreadable
        self.complete = complete


class ErrorAnswer:
    """Answers an exception that came out of a layer: ``await answer(request, error)`` gives the response.

    The levels are those of the layer and all around it, innermost first. On each level the handler of the most
    specific class counts, then that of the status. What no handler takes is a problem: an HTTPError its own, anything
    else a 500 without detail, logged once with its request.
    """

    def __init__(
        self,
        levels: Sequence[HandlerTable],
        rendering: Rendering,
        seen_outside: Callable[[web.Request], bool] = lambda _: False,
    ) -> None:
        self._levels = levels
        self._rendering = rendering
        self._seen_outside = seen_outside
        self._live: Mapping[str, ExceptionHandler] = {}

    def start(self, live: Mapping[str, Any]) -> None:
        """Take the handlers from what is open in this process."""
        self._live = live

    async def __call__(self, request: web.Request, error: Exception) -> web.StreamResponse:
        """Return the response that an exception becomes."""
        if request.writer.output_size:
            # A response has begun: whatever is written now would stand in the middle of it.
            self.report(request, error, "failed amid its response")
            broken = _ended_by(error, self._rendering.broken())
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
            return _ended_by(error, self._rendering.complete(response, handler, seen))
        except Exception as other:  # noqa: BLE001  whatever it is, it is answered
            return self._default(request, self._meaning(request, other), other)

    def _meaning(self, request: web.Request, error: Exception) -> Exception | web.StreamResponse:
        """Return what an exception of aiohttp's means here, and any other as it is."""
        if isinstance(error, web.HTTPException):
            return self._rendering.translate(error)
        return error if isinstance(error, HTTPError) else self._rendering.unreadable(request, error) or error

    def _find(self, error: Exception, meaning: object) -> tuple[str, Exception] | None:
        """Return the exception handler that fits best, and the exception as it wants to see it."""
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
                return _made_from(error, self._rendering.problem(meaning, request))
            except Exception as other:  # noqa: BLE001  a member that cannot be encoded
                meaning = error = other
        self.report(request, error)
        return _made_from(error, self._rendering.problem(InternalServerError(), request))

    def report(self, request: web.Request, error: Exception, what: str = "failed") -> None:
        """Log an unhandled exception, now or when it comes out of aiohttp's middlewares and tracers.

        A tracer that also reads the log must see the exception itself first, or it takes it for one that was handled.
        """
        vars(request)[_UNREPORTED] = error, what
        if not self._seen_outside(request):
            report_rest(request)


def report_rest(request: web.BaseRequest) -> None:
    """Log the exception of a request that was left for later, if there is one."""
    error, what = vars(request).pop(_UNREPORTED, (None, ""))
    if error is not None:
        _LOGGER.error("%s %s %s", request.method, request.rel_url.raw_path, what, exc_info=error)


def _made_from(error: Exception, response: web.StreamResponse) -> web.StreamResponse:
    """Return a response that remembers its error, which aiohttp's own middlewares will see in its place."""
    vars(response)["_made_from"] = error
    return response


def _ended_by(error: Exception, response: web.StreamResponse) -> web.StreamResponse:
    """Return a response that remembers the error which was handled, for observers."""
    vars(response)["_ended_by"] = error
    return response


def require_response(response: object, asked: Any) -> web.StreamResponse:
    """Return what a layer or a handler answered; raises TypeError if it is not a response.

    ``asked`` is what returned it, or a text that says where it stands.
    """
    if isinstance(response, web.StreamResponse):
        return response
    where = asked if isinstance(asked, str) else describe(asked)
    hint = "" if isinstance(asked, str) else "; return a Response, or what call_next gives"
    raise TypeError(f"{where} returned {type(response).__name__}, not a response{hint}")
