"""Which exceptions of requests are errors of the application."""

from aiohttp import web

from framework.http_errors import HTTPError
from framework.observers import Observation

__all__ = ("unhandled_error",)

_REDIRECT, _SERVER_ERROR = 300, 500


def unhandled_error(observation: Observation) -> BaseException | None:
    """Return the exception of a request that is not expected, ``None`` if there is none.

    HTTP errors are expected, as is an exception that an exception handler has turned into a redirect or a response with
    a status below 500. An exception that ended a stream or a web socket is not.
    """
    error, status = observation.exception, observation.status
    if error is None or isinstance(error, HTTPError | web.HTTPException):
        return None
    return None if status is not None and _REDIRECT <= status < _SERVER_ERROR else error
