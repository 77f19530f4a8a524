"""Connections in memory to an application; one that has served a request serves the next of the same client."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, TypeAlias

from aiohttp import web

from framework._asgi.scopes import Scope
from framework._asgi.transport import MemoryTransport
from framework._prefix import set_prefix

__all__ = ("SCOPE", "Connections")

SCOPE = "asgi.scope"
"""The name under which a transport has the scope of its request."""
_MOST = 256
"""Connections that wait for a request."""
_SECURE = frozenset({"https", "wss"})

_Key: TypeAlias = tuple[Any, ...]
_Handle: TypeAlias = Callable[[Any], Awaitable[web.StreamResponse]]


@cache
def _tls() -> ssl.SSLContext:
    # By its presence, aiohttp knows that a request came over TLS.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


class Connections:
    """The connections to an application that has started."""

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self.loop = asyncio.get_running_loop()
        self._idle: dict[_Key, MemoryTransport] = {}

    def take(self, scope: Scope) -> MemoryTransport:
        """Return a connection for a request."""
        transport = self._idle.pop(_key(scope), None)
        if transport is None or transport.is_closing():
            return self.open(scope)
        transport.describe(SCOPE, scope)
        return transport

    def open(self, scope: Scope) -> MemoryTransport:
        """Return a new connection."""
        key = _key(scope)
        extra: dict[str, Any] = {SCOPE: scope, "peername": key[0], "sockname": key[1]}
        if key[2]:
            extra["sslcontext"] = _tls()
        transport = MemoryTransport(self.loop, extra, self._forget)
        connection: Any = self._server()
        transport.key = key
        transport.connect(connection)
        if key[3]:
            connection._request_handler = _below(key[3], connection._request_handler)  # noqa: SLF001  in aiohttp_names
        return transport

    def _forget(self, transport: MemoryTransport) -> None:
        if self._idle.get(transport.key) is transport:
            del self._idle[transport.key]

    def is_reusable(self, transport: MemoryTransport) -> bool:
        """Return whether a connection can serve another request now."""
        return _is_waiting(transport.connection) and not transport.is_closing()

    async def release(self, transport: MemoryTransport, *, reusable: bool) -> None:
        """Wait for the end of a request, and keep its connection for the next, if it can serve one."""
        connection = transport.connection
        if not reusable:
            transport.lose()
        elif not _is_waiting(connection) and not _is_lean(connection):
            connection.close()
        task = transport.task or connection._task_handler  # noqa: SLF001  in aiohttp_names
        if task is not None and not task.done() and not _is_waiting(connection):
            await asyncio.wait({task})
        if reusable and self.is_reusable(transport):
            self.keep(transport)
        else:
            transport.lose()

    def keep(self, transport: MemoryTransport) -> None:
        """Keep a connection for the next request."""
        transport.receiver = None
        known = self._idle.pop(transport.key, None)
        if known is None and len(self._idle) >= _MOST:
            known = self._idle.pop(next(iter(self._idle)))
        if known is not None:
            known.lose()
        self._idle[transport.key] = transport


def _is_lean(connection: Any) -> bool:
    return hasattr(connection, "is_waiting")


def _is_waiting(connection: Any) -> bool:
    return _is_lean(connection) and connection.is_waiting()


def _key(scope: Scope) -> _Key:
    client, server = scope.get("client"), scope.get("server")
    return (
        client if client.__class__ is tuple else tuple(client or ()) or None,
        server if server.__class__ is tuple else tuple(server or ()) or None,
        scope.get("scheme", "http") in _SECURE,
        (scope.get("root_path") or "").rstrip("/"),
    )


def _below(prefix: str, handle: _Handle) -> _Handle:
    def handle_below(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        set_prefix(request, prefix)
        return handle(request)

    return handle_below
