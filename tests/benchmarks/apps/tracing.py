"""One middleware of aiohttp, as a tracer has it; the same around the framework and around what is written by hand."""

from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler

__all__ = ("SEEN", "trace")

SEEN: Counter[tuple[str, str, str | None, int]] = Counter()
"""How often which method, path, template and status was seen."""


@web.middleware
async def trace(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count a request by what a tracer reports of it."""
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        SEEN[request.method, request.path, None if resource is None else resource.canonical, status] += 1
    return response
