"""Makes the servers of an application with the lean protocol and the lean request.

The private names are read only where :mod:`framework._private` knows them.
"""

from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from framework._compiler.keys import HEAD_TIMEOUT
from framework._compiler.lean_request import LeanRequest
from framework._compiler.protocol import LeanProtocol
from framework.limits import DEFAULT_LIMITS

# ruff: noqa: SLF001  see above

__all__ = ("lean_server",)


def lean_server(application: web.Application, stock: web.Server) -> web.Server:
    """Return a server like that which ``Application._make_handler`` has made, with the lean protocol."""
    return _Server(application, stock)


class _Server(web.Server):
    """Makes the protocol of each connection."""

    def __init__(self, application: web.Application, stock: web.Server) -> None:
        fixed = {
            "_client_max_size": application._client_max_size,
            "_client_max_fields": application._client_max_fields,
            "_loop": stock._loop,
        }
        self.head_timeout = application.get(HEAD_TIMEOUT, DEFAULT_LIMITS.head_timeout)
        self.request_class: Any = type("Request", (LeanRequest,), fixed)
        super().__init__(
            stock.request_handler,
            request_factory=partial(application._make_request, _cls=self.request_class),
            handler_cancellation=stock.handler_cancellation,
            loop=stock._loop,
            **stock._kwargs,
        )

    def __call__(self) -> RequestHandler:
        try:
            return LeanProtocol(self, loop=self._loop, **self._kwargs)
        except TypeError:
            # Settings that aiohttp does not know: it warns, and goes on without them.
            return super().__call__()
