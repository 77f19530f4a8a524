"""Serves one web socket of an ASGI server."""

import asyncio
import contextlib
from typing import Any

from framework._asgi.connections import Connections
from framework._asgi.delivery import Delivery, Receive, Send
from framework._asgi.frames import Opcode, client_frame, close_payload, read_close, server_frames
from framework._asgi.responses import Message, ResponseReader, read_head
from framework._asgi.scopes import Scope, socket_head
from framework._asgi.transport import MemoryTransport

__all__ = ("serve_socket",)

_ENDED = 1.0
"""Seconds that an ASGI server has to cancel what waits for a message."""
_SWITCHING = b"HTTP/1.1 101 "
_END_OF_HEAD = b"\r\n\r\n"
_LOST = 1006
_HANDSHAKE = frozenset({b"upgrade", b"sec-websocket-accept", b"sec-websocket-protocol", b"sec-websocket-extensions"})
_REFUSAL = "websocket.http.response"
"""The extension with which a server sends the response of a rejected handshake."""


async def serve_socket(connections: Connections, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a web socket to its end."""
    if (await receive())["type"] != "websocket.connect":
        return
    transport = connections.open(scope)
    exchange = _Exchange(transport, scope, asyncio.get_running_loop())
    task = asyncio.create_task(_pump(exchange, receive))
    try:
        transport.feed(socket_head(scope))
        await exchange.run(send)
    except OSError:
        # What a server raises if its client has disconnected.
        transport.lose()
    except BaseException:
        transport.cancel()
        raise
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=_ENDED)
        await connections.release(transport, reusable=False)
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error


async def _pump(exchange: "_Exchange", receive: Receive) -> None:
    """Pass on what the client sends."""
    transport = exchange.transport
    await exchange.accepted.wait()
    while not exchange.ended:
        await transport.readable()
        message = await receive()
        if message["type"] == "websocket.disconnect":
            exchange.client_closed(message.get("code"), message.get("reason"))
            return
        text = message.get("text")
        if text is None:
            transport.feed(client_frame(Opcode.BINARY, message.get("bytes") or b""))
        else:
            transport.feed(client_frame(Opcode.TEXT, text.encode("utf-8", "surrogatepass")))


class _Exchange(Delivery):
    """Turns the response to a handshake, and then frames, into messages."""

    __slots__ = ("_closed", "_data", "_refusal", "_sends_refusal", "accepted")

    def __init__(self, transport: MemoryTransport, scope: Scope, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(transport, loop)
        self._data = bytearray()
        self._sends_refusal = _REFUSAL in (scope.get("extensions") or ())
        self._refusal: ResponseReader | None = None
        self._closed = False
        """Whether one side has closed the socket."""
        self.accepted = asyncio.Event()

    def feed(self, data: bytes, /) -> None:
        """Accept a part of the response, or of frames."""
        if self._refusal is not None:
            self._refuse(data)
            return
        self._data += data
        if not self.accepted.is_set() and not self._begin():
            return
        for opcode, payload in server_frames(self._data):
            self._take(opcode, payload)

    def _begin(self) -> bool:
        """Read the head of the response; return whether the socket is accepted."""
        end = self._data.find(_END_OF_HEAD)
        if end < 0:
            return False
        if not self._data.startswith(_SWITCHING):
            self._refusal = ResponseReader("GET", keeps_close=False)
            self._refuse(bytes(self._data))
            return False
        head = bytes(self._data[:end])
        del self._data[: end + len(_END_OF_HEAD)]
        self.put(_accept(head), 0)
        self.accepted.set()
        return True

    def _refuse(self, data: bytes) -> None:
        reader: Any = self._refusal
        for message in reader.feed(data):
            if self._sends_refusal:
                self.complete = reader.complete
                self.put({**message, "type": message["type"].replace("http", "websocket.http", 1)}, 0)
        if reader.complete and not self.complete:
            # The server rejects the handshake with 403.
            self.complete = True
            self.put({"type": "websocket.close", "code": 1008, "reason": ""}, 0)

    def _take(self, opcode: int, payload: bytes) -> None:
        if self._closed:
            return
        if opcode == Opcode.TEXT:
            self.put({"type": "websocket.send", "text": payload.decode("utf-8", "surrogatepass")}, len(payload))
        elif opcode == Opcode.BINARY:
            self.put({"type": "websocket.send", "bytes": payload}, len(payload))
        elif opcode == Opcode.PING:
            # The server looks after the real connection.
            self._respond(Opcode.PONG, payload)
        elif opcode == Opcode.CLOSE:
            code, reason = read_close(payload)
            self._closed = True
            self.put({"type": "websocket.close", "code": code, "reason": reason}, 0)
            # The server does the handshake of the end; the application need not wait for it.
            self._respond(Opcode.CLOSE, payload[:2])

    def _is_cut_off(self) -> bool:
        return not self._closed

    def _respond(self, opcode: Opcode, payload: bytes) -> None:
        # Not while it writes.
        self._loop.call_soon(self.transport.feed, client_frame(opcode, payload))

    def client_closed(self, code: int | None, reason: str | None) -> None:
        """Report to the application that the client has closed the socket, or has disconnected."""
        if self._closed:
            return
        self._closed = True
        if code == _LOST:
            self.transport.lose()
        else:
            self.transport.feed(client_frame(Opcode.CLOSE, close_payload(code, reason)))


def _accept(head: bytes) -> Message:
    _, _, lines = head.partition(b"\r\n")
    protocol = None
    for line in lines.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-protocol":
            protocol = value.strip().decode("latin-1")
    headers = [one for one in read_head(head).headers if one[0] not in _HANDSHAKE]
    return {"type": "websocket.accept", "subprotocol": protocol, "headers": headers}
