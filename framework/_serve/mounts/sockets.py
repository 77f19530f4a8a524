"""One web socket that a mounted ASGI application handles."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from framework._serve.mounts.calls import headers_from
from framework._serve.sockets.response import UpgradedResponse
from framework.http_errors import Forbidden
from framework.limits import Limits

__all__ = ("SocketCall",)

_LOGGER = logging.getLogger("framework")
_HEARTBEAT = 30.0
"""Seconds between two looks whether the client is still there."""
_NO_CODE = 1005
_DATA = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


class SocketCall:
    """Passes messages between the application and a client."""

    def __init__(self, request: web.Request, limits: Limits, sockets: set["SocketCall"]) -> None:
        self._request = request
        self._limits = limits
        self._sockets = sockets
        self._connected = False
        self._socket: UpgradedResponse | None = None
        self._refusal: dict[str, Any] | None = None
        self._body = b""
        self._code: int | None = None
        """With which the server closes the socket."""

    async def respond(self, run: Callable[[Any, Any], Awaitable[None]]) -> web.StreamResponse:
        """Run the application to the end of the socket; raises what it raises before it has accepted."""
        self._sockets.add(self)
        try:
            await run(self._receive, self._send)
        except Exception:
            if self._socket is None:
                raise
            _LOGGER.exception("An ASGI application failed on a web socket")
            await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            self._sockets.discard(self)
        if self._socket is not None:
            await self._socket.close()
            return self._socket
        if self._refusal is None:
            raise Forbidden("The web socket is not accepted")
        return web.Response(status=self._refusal["status"], headers=headers_from(self._refusal), body=self._body)

    async def close(self, code: int) -> None:
        """Close the socket, because the server stops."""
        if self._socket is not None:
            self._code = code
            await self._socket.close(code=code)

    async def _receive(self) -> dict[str, Any]:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        socket = self._socket
        if socket is None:
            return {"type": "websocket.disconnect", "code": WSCloseCode.ABNORMAL_CLOSURE, "reason": ""}
        message = await socket.receive()
        if message.type not in _DATA:
            return {"type": "websocket.disconnect", "code": self._code or socket.close_code or _NO_CODE, "reason": ""}
        name = "text" if message.type is WSMsgType.TEXT else "bytes"
        return {"type": "websocket.receive", name: message.data}

    async def _send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        socket = self._socket
        if kind == "websocket.accept":
            await self._accept(message)
        elif kind == "websocket.http.response.start":
            self._refusal = message
        elif kind == "websocket.http.response.body":
            self._body += message.get("body", b"")
        elif socket is None:
            # Closed before it was accepted: the handshake is rejected.
            return
        elif kind == "websocket.close":
            await socket.close(code=message.get("code", 1000), message=(message.get("reason") or "").encode())
        elif socket.closed:
            raise OSError("The web socket is closed")
        elif message.get("text") is not None:
            await socket.send_str(message["text"])
        else:
            await socket.send_bytes(message.get("bytes") or b"")

    async def _accept(self, message: dict[str, Any]) -> None:
        protocol = message.get("subprotocol")
        socket = UpgradedResponse(
            protocols=() if protocol is None else (protocol,),
            heartbeat=_HEARTBEAT,
            max_msg_size=self._limits.message + 1,
        )
        socket.headers.extend(headers_from(message))
        await socket.prepare(self._request)
        self._socket = socket
