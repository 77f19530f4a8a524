"""Ids of requests: the same one in a response, its problem, and every line that is logged for the request."""

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from aiohttp import web

__all__ = (
    "REQUEST_ID",
    "UNHANDLED",
    "RequestIDFilter",
    "current_request_id",
    "in_brackets",
    "request_id",
    "restore_request_id",
    "set_request_id",
)

REQUEST_ID = web.RequestKey("request_id", str)
"""Where a middleware may keep an id for the log of background tasks; :func:`set_request_id` is for all of the log."""

UNHANDLED: Mapping[str, bool] = {"framework_unhandled": True}
"""An attribute of log records of unhandled exceptions, which error trackers report with their request."""

_current: ContextVar[str | None] = ContextVar("framework_request_id", default=None)


def set_request_id(request: web.BaseRequest, known: str) -> None:
    """Give a request its id, for its log lines and problems; to be called in the task of the request."""
    given: Any = request
    try:
        # PERF: requests of the framework's protocol have the attribute; in the dictionary it would cost 2 500
        # instructions, under a RequestKey as many.
        given._known_id  # noqa: B018, SLF001  as said
    except AttributeError:
        vars(request)["_known_id"] = known
    else:
        given._known_id = known  # noqa: SLF001  as above
    _current.set(known)


def restore_request_id(known: str | None) -> None:
    """Continue with the id of another request in this task, for work that a request has left behind."""
    _current.set(known)


def request_id(request: web.BaseRequest) -> str | None:
    """Return the id of a request, ``None`` if it has none."""
    given: Any = request
    # PERF: half the cost of getattr() with a default.
    try:
        known: str | None = given._known_id  # noqa: SLF001  as above
    except AttributeError:
        return None
    return known


def in_brackets(request: web.BaseRequest) -> str:
    """Return the end of a log message about a request: `` [f3a1]``, nothing if it has no id."""
    known = request_id(request) or request.get(REQUEST_ID)
    return f" [{known}]" if known else ""


def current_request_id() -> str | None:
    """Return the id of the request that is served, ``None`` outside of one.

    Threads and background tasks of the request have it, too.
    """
    return _current.get()


class RequestIDFilter(logging.Filter):
    """Gives log records the attribute ``request_id``, ``-`` outside of requests; to be added to a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id to a record that has none, and let it pass."""
        if not hasattr(record, "request_id"):
            record.request_id = _current.get() or "-"
        return True
