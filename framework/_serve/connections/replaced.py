"""Finds out whether a tracer has patched methods and classes of aiohttp that the fast path bypasses.

A tracer patches classes, before or after the framework is imported. A definition of aiohttp is a plain function whose
code is in aiohttp's own folder; a wrapper is another type, or has its code elsewhere, whatever its name.
"""

import os
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from aiohttp import web, web_protocol, web_request, web_urldispatcher
from aiohttp import web_server as _web_server

__all__ = ("is_routing_replaced", "is_serving_replaced", "is_traced")

# It exports fewer names than it has.
web_server: Any = _web_server
# Not the path of the package: code that was compiled elsewhere may have another.
_FOLDER = os.path.dirname(web.HTTPException.__init__.__code__.co_filename) + os.sep  # noqa: PTH120  a prefix
_ROUTING = {
    web.Application: ("_handle",),
    web_urldispatcher.UrlDispatcher: ("resolve",),
    web_urldispatcher.UrlMappingMatchInfo: ("add_app", "freeze"),
}
_PROTOCOL = (
    "__init__", "_handle_request", "_make_error_handler", "_process_keepalive", "close", "connection_lost",
    "connection_made", "data_received", "finish_response", "force_close", "handle_error", "keep_alive", "log_access",
    "shutdown", "start",
)  # fmt: skip


def is_routing_replaced(application: web.Application) -> bool:
    """Return whether requests must go through ``Application._handle`` and aiohttp's router."""
    own = {type(application): ("_handle",), type(application.router): ("resolve",)}
    return "_handle" in vars(application) or any(_replaced(kind, names) for kind, names in (_ROUTING | own).items())


def is_serving_replaced(application: web.Application, server: web.Server) -> bool:
    """Return whether connections must be served by aiohttp's own protocol."""
    protocol: Any = web_protocol.RequestHandler
    return (
        type(server) is not web_server.Server
        or protocol is not web_server.RequestHandler
        or protocol.__module__ != "aiohttp.web_protocol"
        or "_make_request" in vars(application)
        or _replaced(type(application), ("_make_request",))
        or _replaced(protocol, _PROTOCOL)
        or _replaced(web_server.Server, ("__call__", "__init__", "_make_request", "connection_lost", "connection_made"))
        or any(_replaced(kind, ("__init__",)) for kind in (web_request.BaseRequest, web_request.Request))
    )


def is_traced(application: web.Application) -> bool:
    """Return whether a tracer may see the exceptions of an application."""
    protocol: Any = web_server.RequestHandler
    return (
        is_routing_replaced(application)
        or protocol.__module__ != "aiohttp.web_protocol"
        or _replaced(protocol, _PROTOCOL)
    )


def _replaced(kind: type[Any], names: Iterable[str]) -> bool:
    return not all(_is_aiohttps(getattr(kind, name, None)) for name in names)


def _is_aiohttps(value: Any) -> bool:
    # Not isinstance(): a wrapper may imitate the class of the wrapped object.
    return type(value) is FunctionType and value.__code__.co_filename.startswith(_FOLDER)
