"""A plugin for pytest that puts uvicorn's protocols and the ASGI bridge between clients and all apps.

``python -m pytest -p tests.asgi_path tests/http/test_forms.py``. The application is started as ever; only what listens
is uvicorn: each of its requests goes through a connection in memory to the application.
"""

import asyncio
import functools
import logging
from email.utils import formatdate
from typing import Any

import uvicorn
from aiohttp import hdrs, web, web_runner
from multidict import CIMultiDict
from uvicorn.server import ServerState

from framework._asgi.connections import Connections
from framework._asgi.http import serve_http
from framework._asgi.sockets import serve_socket
from tests.http import raw

__all__ = ()

# ruff: noqa: SLF001  it replaces what is private

_start: Any = web_runner.SockSite.start
_parse_plainly: Any = raw._parse_head
_cleanup: Any = web_runner.BaseRunner.cleanup
logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


_NAMES: dict[str, str] = {name.lower(): name for name in vars(hdrs).values() if isinstance(name, str)}


def _parse_head(head: bytes) -> tuple[str, int, str, CIMultiDict[str]]:
    """Read a head as aiohttp would have written it: uvicorn has names in lower case, and its date stands first."""
    version, status, reason, headers = _parse_plainly(head)
    date = headers.popall("Date", [])
    usual = CIMultiDict[str]()
    for name, value in headers.items():
        usual.add(_NAMES.get(name) or name.title(), value)
    for one in date:
        usual.add("Date", one)
    return version, status, reason, usual


class _Listener:
    """Makes the protocol of each connection."""

    def __init__(self, server: web.Server) -> None:
        connections = Connections(server)

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            one = serve_socket if scope["type"] == "websocket" else serve_http
            await one(connections, scope, receive, send)

        self._config = uvicorn.Config(
            serve,
            lifespan="off",
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
            ws="wsproto",
        )
        self._config.load()
        self.state = ServerState()
        # uvicorn's server renews it once a second.
        self.state.default_headers = [(b"date", formatdate(usegmt=True).encode())]

    def __call__(self) -> asyncio.BaseProtocol:
        make: Any = self._config.http_protocol_class
        return make(config=self._config, server_state=self.state, app_state={})  # type: ignore[no-any-return]  # uvicorn's


_listeners: dict[int, _Listener] = {}


@functools.wraps(_start)
async def _start_listener(site: Any) -> None:
    runner = site._runner
    server = runner._server
    _listeners[id(runner)] = runner._server = _Listener(server)
    try:
        await _start(site)
    finally:
        runner._server = server


@functools.wraps(_cleanup)
async def _cleanup_listener(runner: Any) -> None:
    await _cleanup(runner)
    listener = _listeners.pop(id(runner), None)
    if listener is not None:
        for one in list(listener.state.connections):
            one.transport.abort()
        if listener.state.tasks:
            await asyncio.wait(listener.state.tasks, timeout=5)


raw._parse_head = _parse_head
web_runner.SockSite.start = _start_listener  # type: ignore[method-assign, assignment]
web_runner.BaseRunner.cleanup = _cleanup_listener  # type: ignore[method-assign, assignment]
