"""Gives each request an id, which stands in its answer and in every line that is logged for it."""

import re
from contextvars import ContextVar
from uuid import uuid4

from aiohttp import web

from framework import Request
from framework.typedefs import CallNext

__all__ = ("HEADER", "add_request_id", "current_request_id")

HEADER = "X-Request-ID"

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")

# What comes from outside goes into the logs: no spaces, no line breaks, no essays.
_ACCEPTED = re.compile(r"[\w.-]{1,64}", re.ASCII)


async def add_request_id(request: Request, call_next: CallNext) -> web.StreamResponse:
    """Keep the id that the client or a proxy sent, or make one."""
    sent = request.headers.get(HEADER, "")
    request_id = sent if _ACCEPTED.fullmatch(sent) else uuid4().hex
    token = current_request_id.set(request_id)
    try:
        response = await call_next(request)
    finally:
        current_request_id.reset(token)
    response.headers[HEADER] = request_id
    return response
