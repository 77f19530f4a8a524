"""Creates the servers of an application with the lean protocol and the lean request.

The private names are read only where :mod:`framework._serve.aiohttp_names` knows them.
"""

from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from framework._serve.connections.keys import HEAD_TIMEOUT
from framework._serve.connections.observed import ObservedRequest, observed_protocol
from framework._serve.connections.protocol import LeanProtocol
from framework._serve.connections.request import LeanRequest
from framework._serve.observing.calls import Observing
from framework.limits import DEFAULT_LIMITS

# ruff: noqa: SLF001  see above

__all__ = ("lean_server",)


def lean_server(
    application: web.Application, stock: web.Server, handle: Any, observing: Observing | None = None
) -> web.Server:
    """Return a server like that of ``Application._make_handler``, with the lean protocol.

    ``handle`` returns the response to a request; ``observing`` are its observers.
    """
    if observing is None:
        return _Server(application, stock, handle)
    return _ObservedServer(application, stock, handle, observing)


class _Server(web.Server):
    """Creates the protocol of each connection."""

    protocol_class: type[LeanProtocol] = LeanProtocol
    request_base: type[LeanRequest] = LeanRequest

    def __init__(self, application: web.Application, stock: web.Server, handle: Any) -> None:
        fixed = {
            "_client_max_size": application._client_max_size,
            "_client_max_fields": application._client_max_fields,
            "_loop": stock._loop,
        }
        self.head_timeout = application.get(HEAD_TIMEOUT, DEFAULT_LIMITS.head_timeout)
        self.request_class: Any = type("Request", (self.request_base,), fixed)
        super().__init__(
            handle,
            request_factory=partial(application._make_request, _cls=self.request_class),
            handler_cancellation=stock.handler_cancellation,
            loop=stock._loop,
            **stock._kwargs,
        )

    def __call__(self) -> RequestHandler:
        try:
            return self.protocol_class(self, loop=self._loop, **self._kwargs)
        except TypeError:
            # Settings that aiohttp does not know: it warns, and ignores them.
            return self._stock_protocol()

    def _stock_protocol(self) -> RequestHandler:
        return super().__call__()


class _ObservedServer(_Server):
    """Creates the protocol of each connection of an application with observers."""

    request_base = ObservedRequest

    def __init__(self, application: web.Application, stock: web.Server, handle: Any, observing: Observing) -> None:
        self._stock_handler = stock.request_handler
        self.protocol_class = observed_protocol(observing)
        super().__init__(application, stock, handle)

    def _stock_protocol(self) -> RequestHandler:
        protocol = super()._stock_protocol()
        protocol._request_handler = self._stock_handler
        return protocol
