"""Which exceptions of requests and jobs are errors of the application."""

from aiohttp import web

from framework.http_errors import HTTPError
from framework.job_observers import JobEnd, OutcomeKind
from framework.jobs import Discard, RetryLater
from framework.observers import Observation

__all__ = ("unhandled_error", "unhandled_job_error")

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


def unhandled_job_error(end: JobEnd) -> BaseException | None:
    """Return the exception of an attempt that is not expected, ``None`` if there is none.

    ``Discard`` is expected, and so is ``RetryLater`` unless it was the last attempt.
    """
    if end.lost or end.kind not in (OutcomeKind.FAILED, OutcomeKind.DEAD) or isinstance(end.exception, Discard):
        return None
    if isinstance(end.exception, RetryLater) and end.kind is OutcomeKind.FAILED:
        return None
    return end.exception
