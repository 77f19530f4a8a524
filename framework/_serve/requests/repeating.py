"""Runs the route of a request once more, without sending its response."""

from typing import Any

from aiohttp import web
from aiohttp.http import StreamWriter

from framework._serve.aiohttp_names import SUPPORTED

# ruff: noqa: SLF001  known to framework._serve.aiohttp_names

__all__ = ("repeat",)


class _Detached:
    """The protocol of a connection on which nothing can be written."""

    transport = None
    writing_paused = False

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)


async def repeat(request: web.Request) -> web.StreamResponse:
    """Run the route of a request with a copy of it, through all layers, and return the response, which is not sent.

    The request must have no body. A handler that writes to the connection itself fails. Observers do not see it.
    """
    copy = request.clone()
    if SUPPORTED:
        detached: Any = _Detached(request.protocol)
        copy._protocol = detached
        copy._payload_writer = StreamWriter(detached, copy._loop)
    route: Any = request.match_info.route
    response: web.StreamResponse = await route.endpoint(copy)
    return response
