"""One observer, and what is written by hand in its place: a middleware of aiohttp that records the same."""

from collections import deque
from time import perf_counter
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from framework import Observation, Observer

__all__ = ("SEEN", "Recorder", "record")

SEEN: deque[Any] = deque(maxlen=100)
"""Method, template, status, bytes of the body and seconds of the last requests."""


class Recorder(Observer):
    """Records each request."""

    def end(self, observation: Observation, state: Any) -> None:  # noqa: ARG002  it has none
        """Record a request that has ended."""
        SEEN.append(observation)


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record a request whose handler has returned."""
    begin = perf_counter()
    status, size = 500, 0
    try:
        response = await handler(request)
        status = response.status
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            size = len(response.body)
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        template = None if resource is None else resource.canonical
        SEEN.append((request.method, template, status, size, perf_counter() - begin))
    return response
