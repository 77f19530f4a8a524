"""Web sockets with typed messages."""

from framework._serve.sockets.outgoing import SocketClosedError
from framework._serve.sockets.websocket import WebSocket

__all__ = ("SocketClosedError", "WebSocket")
