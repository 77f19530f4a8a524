"""Passes errors through aiohttp's own middlewares as exceptions, as in any aiohttp application.

Inside the framework, an error is a response from the moment it leaves the endpoint. aiohttp's middlewares, and tracers
that wrap ``Application._handle``, expect exceptions. So ``raising`` turns such a response back into its exception,
below the middlewares: an HTTPException of aiohttp and an unhandled exception are raised unchanged, and an
HTTPError is raised as the HTTPException of its status, which carries the problem. ``settling`` is called around the
middlewares, and returns the response again if the exception reaches it.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import SystemRoute
from msgspec import Struct, field
from multidict import CIMultiDict

from framework._serve.errors import report_rest
from framework._serve.problems import class_for
from framework._serve.routing.entries import RefusalEntry, RouteEntry
from framework.http_errors import HTTPError

__all__ = ("Watch", "is_of_controller", "name_after", "raising", "settling")

_DefaultResponse: TypeAlias = Callable[[web.Request, Exception], Awaitable[web.StreamResponse]]


class Watch:
    """Whether tracers and observers see the exceptions of an application; decided when it starts."""

    __slots__ = ("observed", "traced")

    def __init__(self) -> None:
        self.traced = False
        self.observed = False
        """Whether the server of the application lets its observers see all requests."""

    def sees(self, request: web.Request) -> bool:
        """Return whether any code outside the framework sees exceptions of this request."""
        return self.traced or any(app.middlewares for app in request.match_info.apps)


class _Raised(Struct, frozen=True, eq=False):
    """The exception that was raised instead of a response."""

    error: Exception
    response: web.StreamResponse
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    """The headers of the exception when it was raised, if it is itself a response; likewise cookies and body."""
    cookies: frozenset[str] = frozenset()
    body: Any = None


_RAISED = web.RequestKey("framework.raised", _Raised)


def raising(endpoint: Handler, watch: Watch, *, refuses: bool = False) -> Handler:
    """Return a handler that raises the error of a response, if code outside the framework sees exceptions.

    ``refuses`` is for requests without a route: aiohttp raises their exceptions in a system route.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        response: Any = await endpoint(request)
        if getattr(response, "_made_from", None) is None or not watch.sees(request):
            # A layer may have replaced the response of the error by another response.
            report_rest(request)
            return response  # type: ignore[no-any-return]  # what the endpoint gave
        error = _remember(request, response)
        try:
            if refuses and isinstance(error, web.HTTPException):
                # Tracers wrap this method to distinguish unknown paths from errors.
                return await SystemRoute(error).handler(request)
            raise error
        finally:
            del error, response  # Its traceback holds this frame.

    name_after(handler, _system_handler() if refuses else endpoint)
    return handler


@cache
def _system_handler() -> Handler:
    return SystemRoute(web.HTTPNotFound()).handler


def _remember(request: web.Request, response: Any) -> Exception:
    """Return the exception to raise instead of a response, and keep both."""
    error: Exception = response._made_from  # noqa: SLF001  set by the pipeline
    if isinstance(error, HTTPError):
        carrying = _carrying(response, request)
        # The traceback must lead to the handler.
        carrying.__cause__, error = error, carrying.with_traceback(error.__traceback__)
    if isinstance(error, web.HTTPException):
        request[_RAISED] = _Raised(error, response, CIMultiDict(error.headers), frozenset(error.cookies), error.body)
    else:
        request[_RAISED] = _Raised(error, response)
    return error


def settling(handle: Handler, default: _DefaultResponse, watch: Watch) -> Handler:
    """Return a handler around aiohttp's middlewares that returns the responses of the framework's own errors."""

    async def settle(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except Exception as error:
            response = await _response_for(request, error, default, watch)
            if response is None:
                raise
            return response

    return settle


async def _response_for(
    request: web.Request, error: Exception, default: _DefaultResponse, watch: Watch
) -> web.StreamResponse | None:
    """Return the response for an exception, ``None`` if the framework has no response for it."""
    raised = request.pop(_RAISED, None)
    if raised is not None and raised.error is error:
        report_rest(request)
        if not watch.observed:
            # The traceback refers to frames that refer to the response.
            vars(raised.response).pop("_made_from", None)
        return _merged(raised, error) if isinstance(error, web.HTTPException) else raised.response
    if isinstance(error, web.HTTPException) or not is_of_controller(request):
        return None
    return await default(request, error)


def is_of_controller(request: web.Request) -> bool:
    """Return whether a request is handled by a route of the framework, and not by one of aiohttp's own."""
    match: Any = getattr(request, "_match_info", None)
    return match is not None and isinstance(match.route, RouteEntry | RefusalEntry)


def _merged(raised: _Raised, error: web.HTTPException) -> web.StreamResponse | None:
    """Return the response with the headers and cookies that middlewares added to the exception."""
    if error.body is not raised.body or error.prepared:
        return None  # It has become a response of the middleware's own.
    response = raised.response
    for name in set(error.headers):
        values = error.headers.getall(name)
        if values != raised.headers.getall(name, []):
            response.headers.popall(name, None)
            response.headers.extend((name, value) for value in values)
    for name in set(raised.headers) - set(error.headers):
        response.headers.popall(name, None)
    for name in set(error.cookies) - raised.cookies:
        response.cookies[name] = error.cookies[name]
    return response


def _carrying(response: Any, request: web.Request) -> web.HTTPException:
    """Return the exception of a response's status, with its headers and body."""
    made = class_for(response.status)
    error: Any = made.__new__(made)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = response.headers.get("Allow", "").split(", ")
        web.HTTPMethodNotAllowed.__init__(error, request.method, allowed, reason=response.reason)
    else:
        # Some classes have more required arguments, which the problem contains.
        web.HTTPException.__init__(error, reason=response.reason)
    error.body = response.body
    error.headers.clear()
    error.headers.extend(response.headers)
    return error  # type: ignore[no-any-return]  # an instance of that class


def name_after(function: Any, written: Any) -> None:
    """Give a function the module and the names of another function, which tracers report."""
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        value = getattr(written, attribute, None)
        if isinstance(value, str):
            setattr(function, attribute, value)
