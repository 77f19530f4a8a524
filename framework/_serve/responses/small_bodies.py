"""Leaves small bodies alone, at the least cost."""

from collections.abc import Callable, Collection
from typing import Any

from aiohttp import web

from framework._serve.aiohttp_names import SUPPORTED
from framework._steps import After

# ruff: noqa: SLF001  the private names are read only where framework._serve.aiohttp_names knows them

__all__ = ("unless_small",)


def unless_small(
    minimum_size: int, after: After, *, header: str, values: Collection[str | None], without: str
) -> After:
    """Return what calls ``after(request, response)`` unless the body of the response is known to be smaller.

    It is called for small bodies, too, if the value of a request header (``None`` if it is missing) is not one of the
    ``values``, or if the request has the header ``without``.
    """

    def look(request: web.Request, response: web.StreamResponse) -> Any:
        # PERF: properties, and functions that read an attribute, were 1 000 instructions more for each response.
        body = response._body
        if type(body) is bytes and len(body) < minimum_size:
            headers = request._headers
            if headers.get(header) in values and without not in headers:
                return response
        return after(request, response)

    def look_with_public_names(request: web.Request, response: web.StreamResponse) -> Any:
        body = getattr(response, "body", None)
        is_small = isinstance(body, bytes) and len(body) < minimum_size
        leaves = is_small and request.headers.get(header) in values and without not in request.headers
        return response if leaves else after(request, response)

    chosen: Callable[..., Any] = look if SUPPORTED else look_with_public_names
    return chosen
